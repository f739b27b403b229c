// test_json.cpp: JSON Lines and JSON: schemas with nested values, damage told and contained.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/compress.hpp"
#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

TEST_CASE("JSON Lines give columns with nested types from all rows", "[formats]") {
    const Profile profile = profile_of(
        R"({"id":1,"name":"a","price":1.5,"ok":true,"at":"2024-01-02T03:04:05Z","tags":["x","y"],"who":{"n":1,"m":"q"},"none":null})"
        "\n"
        R"({"id":2,"name":"b","price":2,"ok":false,"at":"2024-01-03T03:04:05+02:00","tags":[],"who":{"n":2.5},"extra":"05"})"
        "\n",
        "events.jsonl");
    CHECK(profile.format == "json_lines");
    CHECK(profile.rows == 2);
    CHECK(profile.rows_exact);
    CHECK(profile.findings.empty());
    CHECK(type_of(profile, "id") == "int64");
    CHECK(type_of(profile, "name") == "text");
    CHECK(type_of(profile, "price") == "double");
    CHECK(evidence_of(profile, "price").reason == "fraction first at row 1");
    CHECK(type_of(profile, "ok") == "boolean");
    CHECK(type_of(profile, "at") == "timestamp_tz");
    CHECK(evidence_of(profile, "at").max == "2024-01-03 01:04:05Z");
    CHECK(type_of(profile, "tags") == "list<text>");
    CHECK(type_of(profile, "who") == "struct<n:double,m:text>");
    CHECK(type_of(profile, "none") == "unknown");
    CHECK(type_of(profile, "extra") == "text");  // a number in quotes is text
    CHECK(evidence_of(profile, "extra").nulls == 1);
}

TEST_CASE("kinds that do not go together become text or json, and the row is named", "[formats]") {
    const Profile profile = profile_of(
        "{\"a\":1,\"b\":1,\"c\":[1],\"d\":{\"x\":1}}\n"
        "{\"a\":\"one\",\"b\":{\"x\":2},\"c\":[\"t\"],\"d\":{\"x\":true}}\n"
        "{\"a\":3,\"b\":4,\"c\":[2],\"d\":{\"x\":3}}\n",
        "m.jsonl");
    CHECK(type_of(profile, "a") == "text");
    CHECK(evidence_of(profile, "a").reason == "text first at row 2");
    CHECK(type_of(profile, "b") == "json");
    CHECK(evidence_of(profile, "b").reason == "object first at row 2");
    CHECK(type_of(profile, "c") == "list<text>");
    CHECK(type_of(profile, "d") == "struct<x:text>");
}

TEST_CASE("numbers in JSON keep their digits", "[formats]") {
    const Profile profile = profile_of(
        "{\"big\":12345678901234567890,\"exact\":0.12345678901234567890,\"nan\":1.5}\n"
        "{\"big\":1,\"exact\":1,\"nan\":NaN}\n",
        "n.jsonl");
    CHECK(profile.rows == 2);
    CHECK(type_of(profile, "big") == "decimal(20,0)");
    CHECK(type_of(profile, "exact") == "decimal(21,20)");
    CHECK(type_of(profile, "nan") == "double");
}

TEST_CASE("a bad line costs only itself and is named", "[formats]") {
    std::string lines;
    for (int i = 1; i <= 5000; ++i) {
        if (i == 1234)
            lines += "{\"id\":1234,\"broken\":[1,2}\n";
        else if (i == 2000)
            lines += "not json at all\n";
        else if (i == 3000)
            lines += "\n";
        else
            lines += fmt::format("{{\"id\":{},\"s\":\"line {}\"}}\n", i, i);
    }
    const Profile profile = profile_of(lines, "e.jsonl");
    CHECK(profile.rows == 4997);
    CHECK_FALSE(profile.rows_exact);
    CHECK(profile.columns.size() == 2);
    CHECK(evidence_of(profile, "id").values == 4997);
    CHECK(evidence_of(profile, "id").nulls == 0);
    const model::Finding* bad = find_code(profile, "bad_line");
    REQUIRE(bad != nullptr);
    CHECK(bad->line == 1234);
    CHECK(bad->message == "2 lines are not JSON and are not counted: lines 1234 and 2000");
}

TEST_CASE("every way to break a JSON line is seen", "[formats]") {
    for (const char* line : {"{\"a\":1", "{\"a\" 1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}",
                             "{\"a\":tru}", "{\"a\":1,}", "{,}", "{\"a\":\"x}", "{\"a\":\"\\q\"}", "{\"a\":[1,]}",
                             "{a:1}", "}", "{\"a\":\"\x01\"}", "{\"a\":1}}", "{\"a\":- 1}"}) {
        INFO(line);
        const Profile profile = profile_of(std::string("{\"a\":1}\n") + line + "\n{\"a\":2}\n", "b.jsonl");
        CHECK(find_code(profile, "bad_line") != nullptr);
        CHECK(profile.rows >= 2);
        CHECK(evidence_of(profile, "a").max == "2");
    }
}

TEST_CASE("a line that is not JSON to its end counts in nothing", "[formats]") {
    const auto check = [](std::string_view text, std::uint64_t rows, std::string_view told) {
        INFO(text);
        const Profile profile = profile_of(text, "t.jsonl");
        CHECK(profile.rows == rows);
        CHECK(evidence_of(profile, "id").values == rows);
        REQUIRE((find_code(profile, "bad_line") != nullptr) == !told.empty());
        if (!told.empty()) CHECK(find_code(profile, "bad_line")->message == told);
    };
    const std::string one_bad = "1 line is not JSON and is not counted: line 2";
    const std::string two_bad = "2 lines are not JSON and are not counted: lines 2 and 3";
    check("{\"id\":1}\n{\"id\":2},\n{\"id\":3},\n{\"id\":4}", 2, two_bad);
    check("{\"id\":1}\n{\"id\":2}}\n{\"id\":3}\n", 2, one_bad);
    check("{\"id\":1}\n{\"id\":2}\xC2\xA0\n{\"id\":3}\n", 2, one_bad);
    check("{\"id\":1}\n{\"id\":2}{\"id\":3}x\n{\"id\":4}\n", 2, one_bad);
    check("{\"id\":1}\nx\n{\"id\":2,\n\"b\":2}\n", 1, "3 lines are not JSON and are not counted: lines 2, 3 and 4");
    check("{\"id\":1}\n{\"id\":2}{\"id\":3} \r\n\n  {\"id\":4} \n \n", 4, "");
    check("\n\n{\"id\":1}\r\n\r\n{\"id\":2}", 2, "");
    // Where all is good, documents may have several lines: then they are what counts, and not lines.
    for (const std::string& name : {std::string("t.jsonl"), std::string("t.json")}) {
        const std::string text = "{\"id\":1}\n{\"id\":2,\n\"b\":2}\n{\"id\":3}\n";
        const Profile profile = profile_of(text, name);
        CHECK(profile.rows == 3);
        CHECK(profile.rows_exact);
        CHECK(profile.dialect == "objects after each other");
        CHECK(find_code(profile, "bad_line") == nullptr);
        CHECK(rows_of(text, name).cells.size() == 3);
        CHECK(profile_of(text + "x\n" + text, name).rows == 4);
        CHECK(rows_of(text + "x\n" + text, name).cells.size() == 4);
    }
}

TEST_CASE("escapes in keys and strings are understood", "[formats]") {
    const Profile profile =
        profile_of("{\"na\\u006de\":\"line\\nbreak \\\"quoted\\\"\"}\n{\"name\":\"z\"}\n", "e.jsonl");
    REQUIRE(profile.columns.size() == 1);
    CHECK(profile.columns[0].name == "name");
    CHECK(profile.columns[0].evidence.min == "line\nbreak \"quoted\"");
}

TEST_CASE("blanks are part of a key", "[formats]") {
    const Profile profile = profile_of("{\"a \":1,\"a\":\"x\",\" b\":2}\n", "t.jsonl");
    CHECK(profile.columns.size() == 3);
    CHECK(type_of(profile, "a ") == "int64");
    CHECK(type_of(profile, "a") == "text");
    CHECK(type_of(profile, " b") == "int64");
    CHECK(profile.findings.empty());
    const Rows rows = rows_of("{\"a \":1,\"a\":\"x\"}\n", "t.jsonl");
    CHECK(rows.columns == std::vector<std::string>{"a ", "a"});
    CHECK(rows.cells[0][1] == "x");
}

TEST_CASE("a JSON list, one object and objects after each other are rows too", "[formats]") {
    const Profile list = profile_of("[\n  {\"id\": 1, \"t\": \"a\"},\n  {\"id\": 2, \"t\": \"b\"}\n]\n", "l.json");
    CHECK(list.format == "json");
    CHECK(list.rows == 2);
    CHECK(list.findings.empty());
    CHECK(type_of(list, "id") == "int64");
    const Profile one = profile_of("{\n \"id\": 1,\n \"nested\": {\"deep\": [1, 2]}\n}", "o.json");
    CHECK(one.format == "json");
    CHECK(one.rows == 1);
    CHECK(type_of(one, "nested") == "struct<deep:list<int64>>");
    const Profile many = profile_of("{\n \"id\": 1\n}\n{\n \"id\": 2\n}\n", "m.json");
    CHECK(many.rows == 2);
    CHECK(many.format == "json");
    const Profile lines = profile_of("{\"id\":1}\n{\"id\":2}\n", "lines.json");
    CHECK(lines.format == "json_lines");
    CHECK(lines.rows == 2);
    CHECK(profile_of("[]", "empty.json").rows == 0);
    CHECK(profile_of("{\"a\":1}\n", "one.jsonl").format == "json_lines");
    CHECK(profile_of("{\"a\":1}", "one.jsonl").format == "json_lines");
}

TEST_CASE("a JSON list larger than a window has all its rows", "[formats]") {
    std::string list = "[";
    for (int i = 0; i < 60000; ++i)
        list += fmt::format("{}{{\"id\":{},\"text\":\"some, [text] {{here}} {}\"}}", i ? ",\n" : "", i, i);
    list += "]";
    REQUIRE(list.size() > (2u << 20));
    const Profile profile = profile_of(list, "big.json");
    CHECK(profile.rows == 60000);
    CHECK(profile.rows_exact);
    CHECK(evidence_of(profile, "id").max == "59999");
    SECTION("cut in the middle it says so and keeps what was whole") {
        const Profile cut = profile_of(std::string_view(list).substr(0, list.size() - 30), "big.json");
        CHECK_FALSE(cut.rows_exact);
        CHECK(find_code(cut, "damaged") != nullptr);
        CHECK(cut.rows >= 30000);
    }
}

TEST_CASE("200,000 nested brackets neither crash nor take memory", "[formats]") {
    const std::string deep = "{\"a\":" + std::string(200000, '[') + std::string(200000, ']') + "}\n";
    const Profile lines = profile_of("{\"a\":1}\n" + deep, "deep.jsonl");
    CHECK(lines.rows == 2);
    CHECK(type_of(lines, "a") == "json");
    CHECK(find_code(lines, "too_deep") != nullptr);
    const Profile unclosed = profile_of(std::string(200000, '['), "deep.json");
    CHECK_FALSE(unclosed.rows_exact);
    const Profile objects = profile_of("[" + deep + "]", "deep.json");
    CHECK(objects.rows == 1);
}

TEST_CASE("one endless line is counted and told", "[formats]") {
    std::string lines = "{\"a\":1}\n{\"a\":\"" + std::string(9u << 20, 'x') + "\"}\n{\"a\":2}\n";
    const Profile profile = profile_of(lines, "long.jsonl");
    CHECK(profile.rows == 3);
    REQUIRE(find_code(profile, "huge_row") != nullptr);
    CHECK(find_code(profile, "huge_row")->line == 2);
    CHECK(type_of(profile, "a") == "int64");
}

TEST_CASE("objects with more keys than a table has columns stay bounded", "[formats]") {
    std::string lines;
    for (int i = 0; i < 200; ++i) {
        lines += "{\"id\":1";
        for (int k = 0; k < 100; ++k) lines += fmt::format(",\"key{}\":{}", i * 100 + k, k);
        lines += "}\n";
    }
    const Profile profile = profile_of(lines, "wide.jsonl");
    CHECK(profile.rows == 200);
    CHECK(profile.columns.size() <= 4096);
    CHECK(find_code(profile, "too_many_columns") != nullptr);
}

TEST_CASE("invalid UTF-8 in a JSON line is told and the row counts", "[formats]") {
    const Profile profile = profile_of("{\"a\":\"ok\"}\n{\"a\":\"\xff\xfe\"}\n", "u.jsonl");
    CHECK(profile.rows == 2);
    REQUIRE(find_code(profile, "invalid_utf8") != nullptr);
    CHECK(find_code(profile, "invalid_utf8")->line == 2);
}

TEST_CASE("large JSON Lines give the same from one thread and from several", "[formats][threads]") {
    std::string lines;
    lines.reserve(6u << 20);
    for (int i = 0; lines.size() < (5u << 20); ++i)
        lines += fmt::format("{{\"id\":{},\"v\":{},\"t\":\"{}\",\"n\":{{\"k\":[{}]}}}}\n", i, i % 7 == 0 ? "0.5" : "3",
                             std::string(static_cast<std::size_t>(i % 50), 'x'), i);
    const std::size_t rows = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    lines.insert(lines.find('\n', 4u << 20) + 1, "broken line\n");
    const ScratchFile file(lines);
    const CancelFlag cancel;
    Options one, four;
    one.threads = 1;
    four.threads = 4;
    four.segment_bytes = 1u << 20;
    const auto a = profile(file.fd(), "big.jsonl", one, cancel), b = profile(file.fd(), "big.jsonl", four, cancel);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(a->rows == rows);
    CHECK(b->rows == rows);
    CHECK(a->columns == b->columns);
    CHECK(a->findings == b->findings);
}

TEST_CASE("the first JSON rows are shown as cells", "[formats]") {
    const ScratchFile file("{\"a\":1,\"b\":\"x\"}\n{\"a\":2.5,\"c\":[1,{\"k\":null}]}\n{\"a\":3}\n");
    const auto rows = head(file.fd(), "h.jsonl", 2);
    REQUIRE(rows.has_value());
    CHECK(rows->columns == std::vector<std::string>{"a", "b", "c"});
    REQUIRE(rows->cells.size() == 2);
    CHECK(rows->cells[0][0] == "1");
    CHECK(rows->cells[0][1] == "x");
    CHECK_FALSE(rows->cells[0][2].has_value());
    CHECK(rows->cells[1][2] == "[1,{\"k\":null}]");
    const ScratchFile list("[{\"a\":1},{\"a\":2}]");
    const auto listed = head(list.fd(), "h.json", 5);
    REQUIRE(listed.has_value());
    CHECK(listed->cells.size() == 2);
}

TEST_CASE("the rows shown are those that count, with every digit of the file", "[formats]") {
    const std::string lines =
        "{\"n\":123456789012345678901234567890,\"x\":1e400,\"l\":[NaN, -Infinity],\"\":1.10}\n"
        "not json\n"
        "{\"n\":0.1000000000000000055511151231257827,\"o\":{ \"k\" : \"\\u00e9 \\\"\", \"b\":18446744073709551616}}\n";
    const Profile profile = profile_of(lines, "t.jsonl");
    const Rows shown = rows_of(lines, "t.jsonl");
    REQUIRE(profile.rows == 2);
    REQUIRE(shown.cells.size() == 2);
    REQUIRE(shown.columns.size() == profile.columns.size());
    for (std::size_t i = 0; i < shown.columns.size(); ++i) CHECK(shown.columns[i] == profile.columns[i].name);
    CHECK(shown.cells[0][0] == "123456789012345678901234567890");
    CHECK(shown.cells[0][1] == "1e400");
    CHECK(shown.cells[0][2] == "[NaN,-Infinity]");
    CHECK(shown.columns[3] == "column4");
    CHECK(shown.cells[0][3] == "1.10");
    CHECK(shown.cells[1][0] == "0.1000000000000000055511151231257827");
    CHECK(shown.cells[1][4] == "{\"k\":\"\xC3\xA9 \\\"\",\"b\":18446744073709551616}");

    const Rows listed = rows_of("[{\"a\":123456789012345678901,\"v\":[NaN]},{\"a\":1e999}]", "t.json");
    REQUIRE(listed.cells.size() == 2);
    CHECK(listed.cells[0] == std::vector<std::optional<std::string>>{"123456789012345678901", "[NaN]"});
    CHECK(listed.cells[1][0] == "1e999");
    const Rows values = rows_of("[1.50,\"a\\tb\",null]", "t.json");
    CHECK(values.cells == std::vector<std::vector<std::optional<std::string>>>{{"1.50"}, {"a\tb"}, {std::nullopt}});
}

TEST_CASE("a list on one line is a list, with and without a line end", "[formats]") {
    for (const std::string& text : {std::string("[\"May\",\"June\"]"), std::string("[\"May\",\"June\"]\n"),
                                    std::string("[{\"a\":1},{\"a\":2}]\r\n")}) {
        CHECK(profile_of(text, "t.json").format == "json");
        CHECK(profile_of(text, "t.json").rows == 2);
        CHECK(profile_of(*gzip(text), "t.json.gz").rows == 2);
    }
}

TEST_CASE("JSON Lines may end in CR alone, however long the file is", "[formats]") {
    std::string lines;
    for (int i = 0; i < 200000; ++i) lines += fmt::format("{{\"id\":{},\"word\":\"some text\"}}\r", i);
    REQUIRE(lines.size() > (4u << 20));
    const Profile profile = profile_of(lines, "mac.jsonl");
    CHECK(profile.rows == 200000);
    CHECK(profile.findings.empty());
    const Rows shown = rows_of(lines, "mac.jsonl", 3);
    REQUIRE(shown.cells.size() == 3);
    CHECK(shown.cells[2][0] == "2");
}

TEST_CASE("a compressed file gives what its content gives", "[formats]") {
    const std::string lines = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n";
    const Profile plain = profile_of(lines, "x.jsonl");
    for (const auto& [bytes, kind] : {std::pair(*gzip(lines), "gzip"), std::pair(*zstd(lines), "zstd")}) {
        const Profile inflated = profile_of(bytes, "x.jsonl.gz");
        CHECK(inflated.compression == kind);
        CHECK(inflated.columns == plain.columns);
        CHECK(inflated.rows == plain.rows);
    }
}

TEST_CASE("what follows compressed data is told, and the rows before it count", "[formats]") {
    std::string rows;
    for (int i = 0; i < 20000; ++i) rows += fmt::format("{},word{}\n", i, i % 977);
    const std::string table = "id,word\n" + rows;
    for (const std::string& junk : {std::string("junk"), std::string(1000, '\0'), std::string("\x1f\x8f....")})
        for (const auto& [packed, kind] : {std::pair(*gzip(table), "gzip"), std::pair(*zstd(table), "zstd")}) {
            const Profile profile = profile_of(packed + junk, std::string("t.csv.") + kind);
            CHECK(profile.rows == 20000);
            CHECK(profile.rows_exact);
            REQUIRE(find_code(profile, "trailing_bytes") != nullptr);
            CHECK(find_code(profile, "trailing_bytes")->message ==
                  fmt::format("{} bytes after the end of the {} data are not {}", junk.size(), kind, kind));
            CHECK(rows_of(packed + junk, "t.csv.gz").cells.size() == 10);
            CHECK(profile_of(packed + packed, std::string("t.csv.") + kind).findings.empty());
        }
    const std::string lines = "{\"a\":1}\n{\"a\":2}\n";
    CHECK(find_code(profile_of(*gzip(lines) + "x", "t.jsonl.gz"), "trailing_bytes")->message ==
          "1 byte after the end of the gzip data is not gzip");
    CHECK(profile_of(*zstd(lines) + "x", "t.jsonl.zst").rows == 2);
    // The rows before a damaged place count as well.
    std::string unproven = *gzip(table);
    unproven[unproven.size() - 8] = static_cast<char>(unproven[unproven.size() - 8] ^ 1);  // its checksum
    for (const std::string& bytes : {gzip(table)->substr(0, 20000), zstd(table)->substr(0, 40000), unproven}) {
        const Profile damaged = profile_of(bytes, "t.csv.gz");
        CHECK(find_code(damaged, "damaged") != nullptr);
        CHECK_FALSE(damaged.rows_exact);
        CHECK(damaged.rows > 1000);
        CHECK(type_of(damaged, "id") == "int64");
    }
    std::string list = "[{\"a\":0}";
    for (int i = 0; i < 20000; ++i) list += fmt::format(",{{\"a\":{}}}", i * 7919 % 10007);
    CHECK(profile_of(gzip(list + "]")->substr(0, 20000), "t.json.gz").rows > 1000);
    // A further member that is cut is damage, not junk.
    const Profile cut = profile_of(*gzip(lines) + gzip(lines)->substr(0, 15), "t.jsonl.gz");
    CHECK(find_code(cut, "damaged") != nullptr);
    CHECK(find_code(cut, "trailing_bytes") == nullptr);
    const Profile skippable = profile_of(*zstd(lines) + std::string("\x50\x2a\x4d\x18\x02\0\0\0xy", 10), "t.jsonl.zst");
    CHECK(skippable.rows == 2);
    CHECK(skippable.findings.empty());
}

TEST_CASE("what JSON writes in its own way is what it means", "[formats]") {
    const Profile mixed = profile_of("{\"a\":1,\"b\":{},\"c\":12E5}\n{\"a\":{\"x\":1},\"b\":{},\"c\":3}\n", "x.jsonl");
    CHECK(type_of(mixed, "a") == "json");
    CHECK(evidence_of(mixed, "a").reason == "scalar first at row 1");
    CHECK(evidence_of(mixed, "a").forced_row == 1);
    CHECK(type_of(mixed, "b") == "json");  // nobody knows its fields
    CHECK(type_of(mixed, "c") == "double");
    const Profile marked = profile_of("\xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n", "x.jsonl");
    CHECK(marked.rows == 2);
    CHECK(marked.findings.empty());
}
