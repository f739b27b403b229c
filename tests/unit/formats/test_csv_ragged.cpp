// test_csv_ragged.cpp: tables whose lines end at their last filled cell, and text that only looks like them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

// Lines with so many cells, names in the first.
std::string ragged(const std::vector<int>& widths, char delimiter = ',') {
    std::string text;
    for (std::size_t line = 0; line < widths.size(); ++line)
        for (int i = 0; i < widths[line]; ++i)
            text += fmt::format("{}{}{}", line == 0 ? "c" : "", line * 100 + static_cast<std::size_t>(i) + 1,
                                i + 1 < widths[line] ? delimiter : '\n');
    return text;
}

}  // namespace

TEST_CASE("names in the first line say the delimiter where lines end at their last filled cell", "[formats]") {
    for (const std::vector<int>& widths :
         {std::vector{4, 2, 3}, {5, 2, 3, 4, 5}, {4, 2, 3, 4, 2, 3}, {5, 4, 3, 5, 4, 3}})
        for (const char delimiter : {',', '\t', ';', '|'}) {
            const std::string text = ragged(widths, delimiter);
            INFO(text);
            const Profile profile = profile_of(text, delimiter == '\t' ? "t.tsv" : "t.csv");
            CHECK(profile.rows == widths.size() - 1);
            REQUIRE(profile.columns.size() == static_cast<std::size_t>(widths[0]));
            CHECK(profile.columns.back().name == fmt::format("c{}", widths[0]));
            CHECK(find_code(profile, "short_row") != nullptr);
            CHECK(find_code(profile, "name_differs") == nullptr);
        }
    const Profile releases = profile_of(
        "version,codename,created,release,eol,eol-lts\n1.1,Buzz,1993-08-16,1996-06-17,1997-06-05\n"
        "1.2,Rex,1996-06-17,1996-12-12,1998-06-05\n10,Buster,2017-06-17,2019-07-06,2022-09-10,2024-06-30\n"
        "13,Trixie,2023-06-10\n,Sid,1993-08-16\n",
        "t.csv");
    CHECK(releases.rows == 5);
    REQUIRE(releases.columns.size() == 6);
    CHECK(type_of(releases, "created") == "date");
    CHECK(evidence_of(releases, "eol-lts").values == 1);
    const Profile quoted = profile_of("# as of May\n\"id, no\",a,b,c\r\n1,\"x,y\"\r\n2,\"z\",3\r\n", "t.csv");
    CHECK(quoted.rows == 2);
    REQUIRE(quoted.columns.size() == 4);
    CHECK(quoted.columns[0].name == "id, no");
    // The name of the file counts: commas stand within the cells.
    CHECK(profile_of("id\tplace\tn\tnote\n1\tRome, Italy\n2\tOslo, Norway\t5\n3\tBonn, Germany\t6\n", "t.tsv")
              .columns.size() == 4);
}

TEST_CASE("lines that only hold commas are one column", "[formats]") {
    const auto is_one_column = [](const std::string& text) {
        INFO(text);
        CHECK(profile_of(text, "t.csv").columns.size() == 1);
    };
    is_one_column("text\nWell, I went, saw\nand came, back, at, last\nonce\n");
    is_one_column("First, second, third, and last\nOf these, some\nare here, others, not\n");
    is_one_column("Dear Sir, dear Madam, dear all, hello\nThank you, again\nBest wishes, yours, Ann\n");
    is_one_column("bread,milk,eggs,tea\nmilk,tea\nrum,tea,ale\n");  // lists of things: tea is no name
    is_one_column("rum,milk,eggs,tea\nbread,ale\nbeer,gin,cake,salt,jam\nx,y,z\n");
    is_one_column("1,2,3,4\n5,6\n7,8,9\n");  // numbers name nothing
    is_one_column("a,,c,d\n1,2\n1,2,3\n");
    is_one_column("a,b,b,d\n1,2\n1,2,3\n");
    is_one_column("a,b,c,d\n1\n2\n1,2\n1,2,3\n");  // half of the lines have one cell
    is_one_column("level=info,a=1,b=2,c=3\nlevel=warn,a=4\nlevel=info,a=1,b=5\n");
    is_one_column("{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":1,\"b\":2}\n{}\n");
    CHECK(profile_of("The ships, boats, rafts\nsail,on\nand,on, and,on\n", "t.txt").format == "unknown");
}
