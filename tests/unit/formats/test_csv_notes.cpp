// test_csv_notes.cpp: footnotes that a spreadsheet filled up with empty cells, and rows that only look like them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

constexpr std::string_view k_table = "id,city,n,day\n1,Rome,5,2024-01-01\n2,Bonn,6,2024-01-02\n3,Oslo,7,2024-01-03\n";

std::string with_crlf(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, 1, '\r');
    return text;
}

}  // namespace

TEST_CASE("a line of words filled up with empty cells behind the table is a footnote", "[formats]") {
    for (const std::string notes :
         {"Source: ERP 2024,,,\n", "Source: ERP 2024,,,", "\"Source: ERP, 2024\",,,\n", "*preliminary,,,\n",
          "Notes:,,,\n", "Source: ERP 2024,,,\n\"As of\nMay 2024\",,,\n", "\nSource: ERP 2024,,,\n",
          "Source: ERP 2024,,,\n\n", "Source: ERP 2024,,,\nAs of May\n", "As of May\nSource: ERP 2024,,,\n"})
        for (const std::string& text : {std::string(k_table) + notes, with_crlf(std::string(k_table) + notes)}) {
            INFO(text);
            const Profile profile = profile_of(text, "t.csv");
            CHECK(profile.rows == 3);
            CHECK(type_of(profile, "id") == "int64");
            CHECK(type_of(profile, "day") == "date");
            CHECK(evidence_of(profile, "n").nulls == 0);
            REQUIRE(find_code(profile, "footnote") != nullptr);
            CHECK(profile.findings.size() == 1);
            CHECK(rows_of(text, "t.csv").cells.size() == 3);
        }
    const Profile told = profile_of(std::string(k_table) + "Source: ERP 2024,,,\n", "t.csv");
    CHECK(find_code(told, "footnote")->message == "a line behind the table is no row of it: Source: ERP 2024");
    CHECK(find_code(told, "footnote")->line == 5);
    for (const std::string first :
         {"2024-01-0{}", "2024-01-0{} 10:00:00", "{}.5", "1f0e5ac2-9b9f-4a39-8f5e-0242ac12000{}"}) {
        std::string text = "k;a;b\n";
        for (int i = 1; i <= 4; ++i) text += fmt::format(fmt::runtime(first), i) + ";x;2\n";
        CHECK(profile_of(text + "Made by hand;;\n", "t.csv").rows == 4);
    }
}

TEST_CASE("a row that is sparse is a row as long as it could be one", "[formats]") {
    const auto rows = [](const std::string& text) {
        const Profile profile = profile_of(text, "t.csv");
        CHECK(find_code(profile, "footnote") == nullptr);
        CHECK(rows_of(text, "t.csv", 100).cells.size() == profile.rows);
        return profile.rows;
    };
    const std::string table(k_table);
    CHECK(rows(table + "Source: ERP 2024,,,\n4,Kiel,8,2024-01-04\n") == 5);  // others follow
    CHECK(rows(table + "Source: ERP 2024,,,\n,,,\n") == 5);
    CHECK(rows(table + "Source: ERP 2024,,5,\n") == 4);  // another cell is filled
    CHECK(rows(table + "Source: ERP 2024,\"\",,\n") == 4);
    CHECK(rows(table + "Source: ERP 2024, ,,\n") == 4);
    CHECK(rows(table + "Source: ERP 2024,,,,\n") == 4);  // more cells than columns
    CHECK(rows(table + "Source: ERP 2024,,\n") == 4);    // fewer
    for (const std::string cell :
         {"Unknown", "NULL", "n/a", "true", "4", "2024-01-05", "4 5", "ann@x.org", "-", "NaN"}) {
        INFO(cell);
        CHECK(rows(table + cell + ",,,\n") == 4);
    }
    CHECK(rows("id,city,n\n1,Rome,5\n2,Bonn,6\nSource: ERP 2024,,\n") == 3);           // few rows
    CHECK(rows("id,n\n1,5\n2,6\n3,7\n4,8\nSource: ERP 2024,\n") == 5);                 // few columns
    CHECK(rows("id,city,n\n1,Rome,5\n,Bonn,6\n3,Oslo,7\n4,x,1\nNew York,,\n") == 5);   // a row above has no value
    CHECK(rows("id,city,n\n1,Rome,5\nx,Bonn,6\n3,Oslo,7\n4,x,1\nNew York,,\n") == 5);  // or words
    CHECK(rows("id,city,n\n01,Rome,5\n02,Bonn,6\n03,Oslo,7\nNew York,,\n") == 4);      // or is text
    CHECK(rows("id,city,n\n1,Rome,5\n2024-01-01,B,6\n3,Oslo,7\nNew York,,\n") == 4);   // of several kinds
    CHECK(rows("id,city,n\nNA,Rome,5\nNA,B,6\nNA,Oslo,7\nNew York,,\n") == 4);         // or nothing
    CHECK(rows("name,city,n\nthe a,Rome,5\nthe b,B,6\nthe c,Oslo,7\nthe d,,\n") == 4);
    CHECK(rows("a,b,c\n1,2,3\n4,5,6\n7,8,9\n7\nSource: ERP 2024,,\n") == 5);  // a short row stands before it
    std::string many = table;
    for (int i = 0; i < 20; ++i) many += "Source: ERP 2024,,,\n";
    CHECK(rows(many) == 23);
    CHECK(rows(table + "Source: " + std::string(5000, 'x') + ",,,\n") == 4);
    const Profile as_before = profile_of(table + "Source: ERP 2024,,,\n4,Kiel,8,2024-01-04\n", "t.csv");
    CHECK(evidence_of(as_before, "id").reason == "text first at row 4");
    CHECK(evidence_of(as_before, "n").nulls == 1);
}

TEST_CASE("padded footnotes and rows are told apart the same by any number of threads", "[formats][threads]") {
    std::string body = "id,a,b\n";
    for (int i = 1; body.size() < (1150u << 10); ++i)  // a MiB goes to one thread
        body += fmt::format("{},word {},{}\n", i, i, i % 7);
    const std::string word_above = "id,a,b\n1,x,2\nno number,,\n" + body.substr(7);
    for (const std::string& text :
         {body + "Source: x y,,\nAs of May,,\n", body + "\nSource: x y,,\n\nAs of May\n",
          word_above + "Source: x y,,\n", word_above + "Source: x y,,\n\nAs of May\n",
          word_above + "As of May\nSource: x y,,\n", body + "Source: x y,,\n" + body.substr(7)}) {
        std::optional<Profile> first;
        for (const unsigned threads : {1u, 3u}) {
            Options options;
            options.threads = threads;
            options.segment_bytes = 30000;
            const Profile profile = profile_of(text, "t.csv", options);
            if (!first) first = profile;
            CHECK(profile.rows == first->rows);
            CHECK(profile.columns == first->columns);
            CHECK(profile.findings == first->findings);
        }
    }
}
