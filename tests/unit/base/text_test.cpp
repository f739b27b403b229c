// text_test.cpp: sizes, durations, globs, escapes, suggestions.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace neurolake;

TEST_CASE("sizes are exact in both kinds of units", "[base]") {
    CHECK(*text::parse_size("80GB") == 80'000'000'000ull);
    CHECK(*text::parse_size("80GiB") == 80ull << 30);
    CHECK(*text::parse_size(" 1.5 kib ") == 1536);
    CHECK(*text::parse_size("0") == 0);
    CHECK(*text::parse_size("4096") == 4096);
    for (const char* bad : {"", "GB", "-1GB", "1e30GB", "12XB", "nan", "inf"}) {
        INFO(bad);
        CHECK_FALSE(text::parse_size(bad));
    }
}

TEST_CASE("durations", "[base]") {
    CHECK(*text::parse_duration("26h") == 26 * 3600);
    CHECK(*text::parse_duration("7d") == 7 * 86400);
    CHECK(*text::parse_duration("30") == 30);
    CHECK_FALSE(text::parse_duration("soon"));
    CHECK(text::duration_text(90061) == "1 d 1 h");
}

TEST_CASE("sizes and counts for people", "[base]") {
    CHECK(text::size_text(0) == "0 B");
    CHECK(text::size_text(1023) == "1023 B");
    CHECK(text::size_text(1536) == "1.5 KiB");
    CHECK(text::size_text(13421772800ull) == "12.5 GiB");
    CHECK(text::size_text((1ull << 20) - 1) == "1.0 MiB");
    CHECK(text::with_thousands(1234) == "1,234");
    CHECK(text::with_thousands(123) == "123");
    CHECK(text::with_thousands(1234567) == "1,234,567");
}

TEST_CASE("globs know folders", "[base]") {
    struct Row {
        const char *pattern, *path;
        bool hit;
    };
    for (const Row& r :
         {Row{"*.csv", "a/b.csv", true}, Row{"a/*.csv", "a/b.csv", true}, Row{"a/*.csv", "a/c/b.csv", false},
          Row{"a/**", "a/c/b.csv", true}, Row{"**/b.csv", "b.csv", true}, Row{"**/b.csv", "x/y/b.csv", true},
          Row{"a/**/b", "a/b", true}, Row{"a/**/b", "a/x/y/b", true}, Row{"a/**/b", "ax/b", false},
          Row{"a/?.c", "a/x.c", true}, Row{"a/[a-c]x", "a/bx", true}, Row{"a/[!a-c]x", "a/bx", false},
          Row{"a/[", "a/[", true}, Row{"raw-data/*", "raw-data/x", true}, Row{"raw-data/*", "raw-data/x/y", false},
          Row{"**", "any/thing", true}, Row{"", "", true},
          Row{"*a*a*a*a*b/x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa/x", false}}) {
        INFO(r.pattern << " on " << r.path);
        CHECK(text::glob_match(r.pattern, r.path) == r.hit);
    }
}

TEST_CASE("UTF-8 is checked strictly", "[base]") {
    CHECK(text::is_utf8("grün 日本 \xF0\x9F\x98\x80"));
    for (const char* bad : {"\xff", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80"})
        CHECK_FALSE(text::is_utf8(bad));
    CHECK(text::to_valid_utf8("a\xff"
                              "b") ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(text::display_width("日本") == 4);
    CHECK(text::display_width("e\xCC\x81") == 1);
    CHECK(text::ascii_only("grün") == "gr?n");
}

TEST_CASE("names cannot drive a terminal", "[base]") {
    CHECK(text::escape_controls("a\x1b]0;x\x07\n") == "a\\x1b]0;x\\x07\\n");
    CHECK(text::escape_controls("\xE2\x80\xAE") == "\\u202e");
    CHECK(text::escape_controls("\xff") == "\\xff");
}

TEST_CASE("suggestions are near, not far", "[base]") {
    const std::array<std::string, 3> known{"raw-data", "processed", "archive"};
    CHECK(text::closest("raw-dat", known) == "raw-data");
    CHECK(text::closest("procesed", known) == "processed");
    CHECK(text::closest("raw", known) == "raw-data");
    CHECK(text::closest("rwa-data", known) == "raw-data");
    CHECK_FALSE(text::closest("zebra", known));
    CHECK_FALSE(text::closest("limit", std::vector<std::string>{"wait", "help"}));
    CHECK_FALSE(text::closest("deep", std::vector<std::string>{"help"}));
    CHECK_FALSE(text::closest("", known));
}

TEST_CASE("percent-encoding goes there and back for every byte", "[base]") {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    CHECK(*text::percent_decode(text::percent_encode(all, false)) == all);
    CHECK(text::percent_encode("a b/ü~", true) == "a%20b/%C3%BC~");
    for (const char* bad : {"%", "%2", "%zz", "a%2"}) CHECK_FALSE(text::percent_decode(bad));
}

TEST_CASE("folders are compared by whole names", "[base]") {
    CHECK(text::starts_with_folder("a/b", "a"));
    CHECK(text::starts_with_folder("a", "a"));
    CHECK_FALSE(text::starts_with_folder("ab", "a"));
    CHECK(text::starts_with_folder("x", ""));
}

TEST_CASE("sentences are broken at spaces, commands are not", "[base]") {
    CHECK(text::wrapped("one two three", 80, 0, 2) == "one two three");
    CHECK(text::wrapped("one two three", 9, 0, 2) == "one two\n  three");
    CHECK(text::wrapped("one two three", 9, 4, 4) == "one\n    two\n    three");
    CHECK(text::wrapped("an-endless-word then", 6, 0, 0) == "an-endless-word\nthen");
    CHECK(text::wrapped("first: neurolake catalog index, then more", 20, 0, 0) ==
          "first:\nneurolake catalog index,\nthen more");
    CHECK(text::wrapped("\xC3\xA4\xC3\xB6\xC3\xBC x", 5, 0, 0) == "\xC3\xA4\xC3\xB6\xC3\xBC x");
    CHECK(text::wrapped("rename it: mv 'a b' c", 12, 0, 0) == "rename it:\nmv 'a b' c");
    CHECK(text::wrapped("", 5, 0, 0).empty());
    CHECK(text::wrapped("a  b", 80, 0, 0) == "a  b");
    CHECK(text::wrapped("one   two", 5, 0, 2) == "one\n  two");
}
