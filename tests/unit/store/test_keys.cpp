// test_keys.cpp: keys as names that come back.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "store/keys.hpp"

using namespace neurolake;
using namespace neurolake::store;

TEST_CASE("ordinary keys stay as they are", "[store]") {
    for (const char* key : {"p/bucket/a b.csv", "100%/x", "50% off.csv", "größe/日本.csv", "a+b=c&d"}) {
        CHECK(escape_key(key, KeyPlace::object) == key);
        CHECK(escape_key(key, KeyPlace::folder) == key);
    }
}

TEST_CASE("every key comes back from its escaped form", "[store]") {
    const std::string nasty[] = {
        "a\nb",         "\x1b[31m", "a%41b", "a%~b",  "bad\xff\xfe", "x/../y",        ".",
        "..",           "trail. ",  "CON",   "con.x", "com1.txt",    "a:b|c?*<>\"\\", ".neurolake-objects/x",
        "half\xe6\x97", "%",        "%%41",  "%2F",   "a/%7E",       "aux/nul/lpt9"};
    for (const std::string& key : nasty) {
        for (const KeyPlace place : {KeyPlace::object, KeyPlace::folder}) {
            const std::string escaped = escape_key(key, place);
            CAPTURE(key, escaped);
            CHECK(unescape_key(escaped) == key);
        }
    }
}

TEST_CASE("names that leave the folder or meet our records are escaped in folders", "[store]") {
    CHECK(escape_key("../x", KeyPlace::folder) == ".%2E/x");
    CHECK(escape_key(".", KeyPlace::folder) == "%2E");
    CHECK(escape_key(".neurolake-objects/x", KeyPlace::folder) == "%2Eneurolake-objects/x");
    CHECK(escape_key("NUL.csv", KeyPlace::folder) == "%4EUL.csv");
    CHECK(escape_key("a?.", KeyPlace::folder) == "a%3F%2E");
}

TEST_CASE("long components are shortened to distinct names", "[store]") {
    const std::string a = std::string(300, 'a') + "1", b = std::string(300, 'a') + "2";
    const auto short_a = shorten_components("x/" + a), short_b = shorten_components("x/" + b);
    REQUIRE(short_a);
    REQUIRE(short_b);
    CHECK(*short_a != *short_b);
    CHECK(short_a->size() <= 2 + 250);
    CHECK(has_shortened_component(*short_a));
    CHECK_FALSE(has_shortened_component(escape_key("x/a%~b", KeyPlace::folder)));
    CHECK(*shorten_components("x/short") == "x/short");
}

TEST_CASE("keys no store can hold are refused", "[store]") {
    CHECK(check_key("a/b", KeyPlace::object, 1024));
    for (const std::string& key : {std::string(), std::string("a//b"), std::string("/a"), std::string("a/"),
                                   std::string("a\0b", 3), std::string(1025, 'k')}) {
        const auto checked = check_key(key, KeyPlace::object, 1024);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == Errc::usage);
    }
}
