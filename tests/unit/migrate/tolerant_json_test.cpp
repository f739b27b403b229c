// tolerant_json_test.cpp: what Python writes and JSON forbids is read; what is damaged is not.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/tolerant_json.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace neurolake;
using migrate::parse_tolerantly;

namespace {

std::string read(std::string_view text) {
    const auto value = parse_tolerantly(text);
    return value ? json::dump(*value) : "error: " + std::string(to_string(value.error().code));
}

}  // namespace

TEST_CASE("a byte order mark and numbers that JSON does not know are taken", "[migrate]") {
    CHECK(read("\xEF\xBB\xBF{\"a\":1}") == R"({"a":1})");
    CHECK(read(R"([NaN, Infinity, -Infinity, {"x": NaN}])") == R"([null,null,null,{"x":null}])");
    CHECK(read(R"({"NaN": "Infinity and \"NaN\" -Infinity \\", "a\\": NaN})") ==
          R"({"NaN":"Infinity and \"NaN\" -Infinity \\","a\\":null})");
}

TEST_CASE("of a key that stands twice the last one counts, at any depth", "[migrate]") {
    CHECK(read(R"({"a":1,"b":2,"a":3})") == R"({"b":2,"a":3})");
    CHECK(read(R"([{"x":{"a":1,"a":{"b":1,"b":2}}}])") == R"([{"x":{"a":{"b":2}}}])");
}

TEST_CASE("lone surrogates become the replacement character, pairs stay", "[migrate]") {
    CHECK(read(R"(["\ud83d","\ude00","\ud83d\ude00","\ud83dx","\ud83d\ud83d\ude00","\ud83"])").starts_with("error"));
    CHECK(
        read(R"(["\ud83d","\ude00","\ud83d\ude00","\ud83dx","\ud83d\ud83d\ude00"])") ==
        "[\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\",\"\xF0\x9F\x98\x80\",\"\xEF\xBF\xBDx\",\"\xEF\xBF\xBD\xF0\x9F\x98\x80\"]");
}

TEST_CASE("two second halves of a pair are no pair", "[migrate]") {
    CHECK(read(R"(["\ude00\ude01"])") == "[\"\xEF\xBF\xBD\xEF\xBF\xBD\"]");
}

TEST_CASE("every cut of a document is an error", "[migrate]") {
    const std::string whole = R"({"a":[1,{"b":"\ud83d\ude00 x"}],"c":NaN,"d":"\\"})";
    REQUIRE_FALSE(read(whole).starts_with("error"));
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK(read(whole.substr(0, size)) == "error: corrupt");
}

TEST_CASE("depth is bounded", "[migrate]") {
    CHECK(read(std::string(100000, '[') + std::string(100000, ']')) == "error: corrupt");
}
