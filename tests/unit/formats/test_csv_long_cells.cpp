// test_csv_long_cells.cpp: cells that are longer than what is looked at first, and lines that cost much to look at.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/compress.hpp"
#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

struct Written {
    char delimiter = ',';
    std::string newline = "\n";
    bool header = true;
};

// A cell in quotes that holds all delimiters, quotes and line ends; every line of it has each once.
std::string long_cell(std::size_t bytes, const std::string& newline) {
    std::string out = "\"";
    out.reserve(bytes + 64);
    while (out.size() < bytes) out += "some words, more \"\"quoted\"\" ones; a\ttab" + newline;
    return out + "end\"";
}

std::string row_of(const Written& written, const std::string& first, const std::string& second,
                   const std::string& third) {
    return first + written.delimiter + second + written.delimiter + third + written.newline;
}

// A table in which the long cell stands in the first or in the last row.
std::string table_with(std::size_t bytes, const Written& written, bool last, bool in_the_middle = false) {
    const std::string cell = long_cell(bytes, written.newline);
    const std::string odd =
        in_the_middle ? row_of(written, "0", cell, "0.5") : row_of(written, "0", "2024-01-01", cell);
    std::string out = written.header ? row_of(written, "id", "second", "third") : "";
    if (!last) out += odd;
    for (int i = 1; i <= 100; ++i)
        out += in_the_middle ? row_of(written, std::to_string(i), "text", fmt::format("{}.5", i))
                             : row_of(written, std::to_string(i), "2024-01-02", "text");
    return last ? out + odd : out;
}

// All that does not depend on the order of the rows.
std::string told(const Profile& profile) {
    std::string out = fmt::format("{} {} {}", profile.dialect, profile.rows, profile.rows_exact);
    for (const model::Column& column : profile.columns)
        out += fmt::format(" {} {} {}", column.name, model::to_string(column.type), column.evidence.longest);
    for (const model::Finding& finding : profile.findings) out += " " + finding.code;
    return out;
}

}  // namespace

TEST_CASE("a cell longer than the look at the beginning decides nothing", "[formats]") {
    constexpr std::size_t k_bytes = 1300u << 10;
    const Written plain;
    for (const Written& written : {plain, {';', "\r\n"}, {'\t', "\n"}}) {
        const Profile profile = profile_of(table_with(k_bytes, written, false), "t.csv");
        INFO(profile.dialect);
        CHECK(told(profile) == told(profile_of(table_with(k_bytes, written, true), "t.csv")));
        CHECK(profile.rows == 101);
        CHECK(type_of(profile, "id") == "int64");
        CHECK(type_of(profile, "second") == "date");
    }
    const Profile middle = profile_of(table_with(2200u << 10, plain, false, true), "t.csv");
    CHECK(told(middle) == told(profile_of(table_with(2200u << 10, plain, true, true), "t.csv")));
    CHECK(type_of(middle, "third") == "double");
    CHECK(told(profile_of(gzip(table_with(k_bytes, plain, false), 1).value(), "t.csv.gz")) ==
          told(profile_of(table_with(k_bytes, plain, true), "t.csv")));
    CHECK(rows_of(table_with(k_bytes, plain, false), "t.csv", 2).cells[1][2] == "text");
}

TEST_CASE("a long cell in the first row of a table without names decides nothing, too", "[formats]") {
    const Written written{';', "\n", false};
    const Profile profile = profile_of(table_with(1300u << 10, written, false), "t.csv");
    CHECK(told(profile) == told(profile_of(table_with(1300u << 10, written, true), "t.csv")));
    CHECK(profile.dialect == "delimiter ;, quote \", no header, utf-8");
    CHECK(profile.rows == 101);
}

TEST_CASE("behind a cell that is too long to be looked at the table is as the rows before say", "[formats]") {
    const Profile first = profile_of(table_with(17u << 20, {}, false), "t.csv");
    CHECK(first.dialect == "delimiter ,, quote \", header, utf-8");
    REQUIRE(first.columns.size() == 3);
    CHECK(first.columns[0].name == "id");
}

TEST_CASE("rows behind a quote that is never closed are rows, however many", "[formats]") {
    std::string text = "id,name\n1,\"open\n";
    for (int i = 2; text.size() < (1200u << 10); ++i) text += fmt::format("{},name {}\n", i, i);
    const Profile profile = profile_of(text, "t.csv");
    CHECK(profile.dialect == "delimiter ,, quote \", header, utf-8");
    CHECK(type_of(profile, "id") == "int64");
    REQUIRE(find_code(profile, "unterminated_quote") != nullptr);
    CHECK(find_code(profile, "unterminated_quote")->line == 2);
}

TEST_CASE("a line full of cells that open a quote and do not close it is read in no time", "[formats]") {
    std::string line = "x";
    for (int i = 0; i < 200000; ++i) line += ",\"a";
    CHECK(profile_of("a,b\n" + line + "\n1,2\n", "t.csv").rows == 2);
    CHECK(profile_of(line + "\n" + line, "t.csv").rows >= 1);
    CHECK(rows_of("a,b\n" + line + "\n1,2\n", "t.csv").cells.size() == 2);
}

TEST_CASE("names of columns are cut where they are longer than a person reads", "[formats]") {
    const std::string name(1023, 'n');
    const Profile one = profile_of(name + "\xC3\xA9,id\n1,2\n", "t.csv");
    REQUIRE(one.columns.size() == 2);
    CHECK(one.columns[0].name == name);
    REQUIRE(find_code(one, "long_column_name") != nullptr);
    CHECK(find_code(one, "long_column_name")->message ==
          "a column name is longer than 1024 bytes: the rest is left out");
    CHECK(rows_of(name + "\xC3\xA9,id\n1,2\n", "t.csv").columns == std::vector<std::string>{name, "id"});
    CHECK(find_code(profile_of(name + "n,id\n1,2\n", "t.csv"), "long_column_name") == nullptr);
    std::string many, values;
    for (int i = 0; i < 8192; ++i) {
        many += fmt::format("{}{:04d}{}", i ? "," : "", i, std::string(700, 'x'));
        values += i ? ",1" : "1";
    }
    const Profile all = profile_of(many + "\n" + values + "\n", "t.csv");
    REQUIRE(all.columns.size() == 8192);
    CHECK(all.columns[7].name == "0007" + std::string(508, 'x'));
    CHECK(find_code(all, "long_column_name") != nullptr);
}

TEST_CASE("a line full of quotes behind which something stands is read in no time", "[formats]") {
    for (const char* piece : {"\"\\\"", "\"x\"y\","}) {
        std::string line;
        for (int i = 0; i < 1000000; ++i) line += piece;
        CHECK(profile_of("a,b\n" + line, "t.csv").rows >= 1);
        CHECK(profile_of("a,b\n" + line + "\n1,2\n", "t.csv").rows >= 2);
    }
}
