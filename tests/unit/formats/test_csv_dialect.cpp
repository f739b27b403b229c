// test_csv_dialect.cpp: encodings, comments, titles, footnotes, escapes and line ends of delimited text.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/compress.hpp"
#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

TEST_CASE("a file full of binary zeros is unknown, with the reason", "[formats]") {
    std::string text = "a,b\n1,2\n";
    text += std::string("3,\0\x01\n", 5);
    const Profile early = profile_of(text, "t.csv");
    CHECK(early.format == "unknown");
    REQUIRE(find_code(early, "binary_zeros") != nullptr);
    CHECK(find_code(early, "binary_zeros")->message == "not text: a binary zero stands at byte 10");
    std::string late = "a,b\n";
    while (late.size() < (3u << 20)) late += "1,2\n";
    late += std::string(65536, '\0');
    CHECK(profile_of(late, "t.csv").format == "unknown");
}

TEST_CASE("a few binary zeros in text are told by line", "[formats]") {
    const Profile profile = profile_of(std::string("a,b\n1,x\n2,y\0z\n3,\0\n", 18), "t.csv");
    CHECK(profile.format == "csv");
    CHECK(profile.rows == 3);
    CHECK(type_of(profile, "a") == "int64");
    REQUIRE(find_code(profile, "zero_byte") != nullptr);
    CHECK(find_code(profile, "zero_byte")->message == "2 lines have a binary zero in them: lines 3 and 4");
    CHECK(evidence_of(profile, "b").min->find('\0') == std::string::npos);
}

TEST_CASE("a few lines that are no UTF-8 among many that are, are told and kept", "[formats]") {
    const Profile profile = profile_of("a,b\n1,x\n2,\xff\xfe\n3,caf\xc3\xa9\n4,\xe9\n5,ok\n", "t.csv");
    CHECK(profile.rows == 5);
    CHECK(type_of(profile, "b") == "text");
    REQUIRE(find_code(profile, "invalid_utf8") != nullptr);
    CHECK(find_code(profile, "invalid_utf8")->line == 3);
    CHECK(find_code(profile, "invalid_utf8")->message == "2 lines are not valid UTF-8: lines 3 and 5");
}

TEST_CASE("text in the encoding of Windows is read as such, and said so", "[formats]") {
    std::string text =
        "id,stra\xdf"
        "e\n";
    for (int i = 0; i < 5000; ++i) text += fmt::format("{},\xd6rtchen \x80\n", i);
    const Profile profile = profile_of(text, "t.csv");
    CHECK(profile.dialect == "delimiter ,, quote \", header, windows-1252");
    CHECK(profile.rows == 5000);
    REQUIRE(profile.columns.size() == 2);
    CHECK(profile.columns[1].name ==
          "stra\xc3\x9f"
          "e");
    CHECK(profile.columns[1].evidence.min == "\xc3\x96rtchen \xe2\x82\xac");
    CHECK(find_code(profile, "invalid_utf8") == nullptr);
    REQUIRE(find_code(profile, "encoding") != nullptr);
    const ScratchFile file(text);
    const auto shown = head(file.fd(), "t.csv", 1);
    REQUIRE(shown.has_value());
    CHECK(shown->columns[1] ==
          "stra\xc3\x9f"
          "e");
    CHECK(shown->cells[0][1] == "\xc3\x96rtchen \xe2\x82\xac");
}

TEST_CASE("UTF-16 is read with and without its mark, of either byte order, in any text format", "[formats]") {
    const auto utf16 = [](std::u16string_view text, bool big, bool mark) {
        std::string out;
        const auto put = [&](char16_t unit) {
            const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
            out += big ? high : low;
            out += big ? low : high;
        };
        if (mark) put(0xFEFF);
        for (const char16_t unit : text) put(unit);
        return out;
    };
    for (const bool big : {false, true})
        for (const bool mark : {false, true}) {
            const std::string csv = utf16(u"id;name\n1;M\u00fcller \U0001F600\n2;x\n", big, mark);
            const Profile profile = profile_of(csv, "t.csv");
            CHECK(profile.format == "csv");
            CHECK(profile.rows == 2);
            CHECK(type_of(profile, "id") == "int64");
            CHECK(evidence_of(profile, "name").min == "M\xc3\xbcller \xf0\x9f\x98\x80");
            CHECK(profile.dialect.find(big ? "utf-16be" : "utf-16le") != std::string::npos);
            CHECK(profile.findings.empty());
            CHECK(profile_of(gzip(csv).value(), "t.csv.gz").rows == 2);
            CHECK(profile_of(utf16(u"{\"a\": 1}\n{\"a\": 2}\n", big, mark), "t.jsonl").rows == 2);
            CHECK(profile_of(utf16(u"{\"a\": \"\u00fc\"}\n{\"a\": \"\u00df\"}\n", big, mark), "t.jsonl").rows == 2);
            const std::string city = utf16(u"id,city\n1,7\n2,\u00fc\n3,y\n", big, mark);
            CHECK(profile_of(city, "t.csv").rows == 3);
            CHECK(profile_of(utf16(u"\u5e74,\u6708\n1,2\n3,4\n5,6\n", big, mark), "t.csv").rows == 3);
            CHECK(profile_of(utf16(u"[{\"a\": 1},{\"a\": 2}]", big, mark), "t.json").rows == 2);
        }
    std::u16string many = u"a,b\n";
    for (int i = 0; i < 100000; ++i) many += u"1,\u4e2d\n";
    CHECK(profile_of(utf16(many, false, true), "t.csv").rows == 100000);
    const Profile cut = profile_of(utf16(u"a,b\n1,2\n", false, true) + "3", "t.csv");
    CHECK(cut.rows == 1);
    CHECK(type_of(cut, "b") == "int64");
    CHECK(find_code(cut, "half_character") != nullptr);
    CHECK(profile_of(utf16(u"a,b\n1,\xD800\n", false, true) + "x", "t.csv").rows == 1);
}

TEST_CASE("a mark of UTF-16 alone, or before other text, makes no junk", "[formats]") {
    for (const std::string mark : {"\xFF\xFE", "\xFE\xFF", "\xEF\xBB\xBF"}) {
        CHECK(profile_of(mark, "t.csv").format == "empty");
        CHECK(profile_of(mark, "t.jsonl").format == "empty");
        CHECK(rows_of(mark, "t.csv").cells.empty());
    }
    const Profile ascii = profile_of("\xFF\xFEid,x\n1,2\n", "t.csv");
    CHECK(ascii.rows == 1);
    CHECK(type_of(ascii, "x") == "int64");
    CHECK(find_code(ascii, "encoding") != nullptr);
    CHECK(rows_of("\xFF\xFEid,x\n1,2\n", "t.csv").cells[0][1] == "2");
}

TEST_CASE("comments are no rows, and a header may begin as they do", "[formats]") {
    const Profile plain = profile_of("# made by x, on monday, at noon\nid,name\n1,a\n# \"half\n2,b\n", "t.csv");
    CHECK(plain.rows == 2);
    CHECK(type_of(plain, "id") == "int64");
    CHECK(plain.dialect.find("comments #") != std::string::npos);
    CHECK(find_code(plain, "short_row") == nullptr);
    const Profile vcf = profile_of("##version=4\n##source=x\n#CHROM\tPOS\tID\n1\t100\ta\n1\t200\tb\n", "t.tsv");
    CHECK(vcf.rows == 2);
    REQUIRE(vcf.columns.size() == 3);
    CHECK(vcf.columns[0].name == "#CHROM");
    CHECK(type_of(vcf, "POS") == "int64");
    // As Debian's zone.tab: the words stand above the columns for the eye only.
    const std::string zones =
        "# "
        "zones\n#code\tplace\tTZ\t\t\tcomments\nAD\t+4230+00131\tEurope/Andorra\nAQ\t-7750+16636\tAntarctica/"
        "McMurdo\tNew Zealand\n"
        "AE\t+2518+05518\tAsia/Dubai\n";
    const Profile zone = profile_of(zones, "zone.tsv");
    CHECK(zone.rows == 3);
    REQUIRE(zone.columns.size() == 4);
    CHECK(zone.columns[0].name == "#code");
    CHECK(zone.columns[3].name == "comments");
    REQUIRE(find_code(zone, "short_row") != nullptr);
    CHECK(find_code(zone, "short_row")->message.starts_with("2 rows have fewer cells than"));
    CHECK(rows_of(zones, "zone.tsv").columns.back() == "comments");
    // Of words that do not go with the columns, their number says nothing.
    const Profile unlike = profile_of("# as of May\n#a\t\t\tb\t\tc\nx\ty\nz\tw\nu\tv\n", "t.tsv");
    CHECK(unlike.columns.size() == 2);
    CHECK(unlike.rows == 3);
    const Profile unnamed = profile_of("# x\n#a,,b,c\n1,x,2\n3,y,4\n", "t.csv");  // a column without a name
    REQUIRE(unnamed.columns.size() == 4);
    CHECK(type_of(unnamed, "b") == "int64");
    CHECK(profile_of("# x\n# of,2024,5,6\nx,1\ny,2\nz,3\n", "t.csv").columns.size() == 2);
    CHECK(rows_of(zones, "zone.tsv").cells.size() == 3);
    CHECK(profile_of("# a, b\n# \"x\"\n\"#1\",\n\"#2\",\n", "t.csv").rows == 2);
    const Profile like_a_row = profile_of("# one, two\nid,name\n1,a\n2,b\n", "t.csv");
    CHECK(like_a_row.columns[0].name == "id");
    CHECK(like_a_row.rows == 2);
    const Profile colors = profile_of("color,n\n#fff,1\n#000,2\n", "t.csv");
    CHECK(colors.rows == 2);
    CHECK(evidence_of(colors, "color").values == 2);
}

TEST_CASE("words that may mean nothing before the first text are told", "[formats]") {
    const Profile words = profile_of("id,x\n1,None\n2,None\n3,None\n4,some\n5,None\n", "t.csv");
    CHECK(evidence_of(words, "x").reason == "text (before it only words that may mean nothing) first at row 4");
    CHECK(evidence_of(words, "x").values == 5);
    const Profile numbers = profile_of("id,x\n1,None\n2,7\n3,8\n4,some\n", "t.csv");
    CHECK(evidence_of(numbers, "x").reason == "text first at row 4");
}

TEST_CASE("title lines with delimiters in them are no header", "[formats]") {
    const Profile blank = profile_of("Report, of 2024\n\nid,name,price\n1,a,2.5\n2,b,3.5\n", "t.csv");
    REQUIRE(blank.columns.size() == 3);
    CHECK(blank.columns[0].name == "id");
    CHECK(find_code(blank, "preamble")->message == "the table begins at line 3: the lines before it are no rows of it");
    const Profile remarks = profile_of("# title\n\nReport\n# more, so\n\nid,name,n\n1,a,2\n2,b,3\n", "t.csv");
    CHECK(find_code(remarks, "preamble")->message ==
          "the table begins at line 6: the lines before it are no rows of it (2 of them are comments)");
    const Profile marked = profile_of("\xEF\xBB\xBF# title\n# more\nid,name,n\n1,a,2\n2,b,3\n", "t.csv");
    CHECK(find_code(marked, "preamble")->message ==
          "the table begins at line 3: the lines before it are no rows of it (1 of them is a comment)");
    const Profile tight = profile_of("Report, of 2024\nid,name,price,tax\n1,a,2.5,0\n2,b,3.5,0\n", "t.csv");
    CHECK(tight.columns[0].name == "id");
    CHECK(tight.rows == 2);
    const Profile row_names = profile_of("name,price\nx,a,1\ny,b,2\nz,c,3\n", "t.csv");
    CHECK(row_names.rows == 3);
    CHECK(row_names.columns.size() == 3);
}

TEST_CASE("lines of words behind the table are footnotes, of anything else rows", "[formats]") {
    const Profile notes = profile_of("id,qty\n1,2\n3,4\n\nSource: the office\nAs of 2024", "t.csv");
    CHECK(notes.rows == 2);
    CHECK(type_of(notes, "id") == "int64");
    REQUIRE(find_code(notes, "footnote") != nullptr);
    CHECK(find_code(notes, "footnote")->line == 5);
    CHECK(find_code(notes, "footnote")->message == "lines behind the table are no rows of it: Source: the office");
    CHECK(profile_of("id,qty\n1,2\n3,4\nSource: the office\n", "t.csv").rows == 2);
    CHECK(profile_of("name,qty\na,2\nb,4\nc\n", "t.csv").rows == 3);
    CHECK(profile_of("id,qty\n1,2\n3,4\n5", "t.csv").rows == 3);
    const Profile inside = profile_of("id,qty\n1,2\nword\n3,4\n", "t.csv");
    CHECK(inside.rows == 3);
    CHECK(evidence_of(inside, "id").reason == "text first at row 2");
    CHECK(find_code(inside, "short_row")->line == 3);
}

TEST_CASE("backslashes escape quotes where the file says so", "[formats]") {
    const Profile escaped = profile_of("id,text\n1,\"a \\\"b\\\", c\"\n2,\"x\\\\\"\n3,\"d\"\n", "t.csv");
    CHECK(escaped.rows == 3);
    CHECK(escaped.columns.size() == 2);
    CHECK(evidence_of(escaped, "text").min == "a \"b\", c");
    CHECK(evidence_of(escaped, "text").max == "x\\");
    CHECK(escaped.dialect == "delimiter ,, quote \", escape \\, header, utf-8");
    const Profile folders = profile_of("id,path\n1,\"C:\\data\\\"\n2,\"C:\\x\\\"\n3,\"D:\\\"\n", "t.csv");
    CHECK(folders.rows == 3);
    CHECK(folders.columns.size() == 2);
    CHECK(evidence_of(folders, "path").min == "C:\\data\\");
}

TEST_CASE("apostrophes quote where the file says so", "[formats]") {
    const Profile profile = profile_of("id,text\n1,'a, b'\n2,'it''s'\n3,'c'\n", "t.csv");
    CHECK(profile.rows == 3);
    CHECK(profile.columns.size() == 2);
    CHECK(evidence_of(profile, "text").max == "it's");
    CHECK(profile_of("id,text\n1,'tis a day\n2,rock 'n' roll\n3,x\n", "t.csv").dialect.find("quote \"") !=
          std::string::npos);
    CHECK(evidence_of(profile_of("'id','text'\n'1','a'\n'2','b'\n", "t.csv"), "text").max == "b");
    std::string late = "id,text\n";
    for (int i = 0; i < 40; ++i) late += std::to_string(i) + ",'a'\n";
    CHECK(evidence_of(profile_of(late, "t.csv"), "text").max == "'a'");
    CHECK(evidence_of(profile_of(late + "40,'b,c'\n", "t.csv"), "text").max == "b,c");
}

TEST_CASE("apostrophes that no row needs belong to the values", "[formats]") {
    const Profile profile = profile_of("id,text\n1,'a'\n2,'b'\n3,b'c\n", "t.csv");
    CHECK(evidence_of(profile, "text").min == "'a'");
    CHECK(evidence_of(profile, "text").max == "b'c");
    CHECK(profile_of("id,text\n1,'a'\n2,'b'\n", "t.csv").findings.empty());
    CHECK(rows_of("id,text\n1,'a'\n2,'b'\n", "t.csv").cells[0][1] == "'a'");
}

TEST_CASE("a title in quotes is no row and takes none with it", "[formats]") {
    for (const std::string title :
         {"\"Sales, 2024\"\n", "\"Sales\" by region\n", "\"The \"\"sales\"\"\nof 2024\"\n\n"}) {
        const std::string text = title + "\"id\",\"qty\",\"x\"\n\"1\",\"2\",\"3\"\n\"4\",\"5\",\"6\"\n";
        const Profile profile = profile_of(text, "t.csv");
        CHECK(profile.rows == 2);
        CHECK(type_of(profile, "qty") == "int64");
        REQUIRE(find_code(profile, "preamble") != nullptr);
        const auto lines = std::to_string(std::count(title.begin(), title.end(), '\n') + 1);
        CHECK(find_code(profile, "preamble")->message.starts_with("the table begins at line " + lines + ":"));
    }
}

TEST_CASE("title lines filled up with empty cells are no header", "[formats]") {
    for (const std::string title : {"Report 2024,,\n", "\"Sales, by region\",,\n,,\n", "Report,,\n\nby,,\n,,\n"}) {
        const Profile profile = profile_of(title + "name,n,city\na,1,x\nb,2,y\n", "t.csv");
        INFO(title);
        REQUIRE(profile.columns.size() == 3);
        CHECK(profile.columns[1].name == "n");
        CHECK(type_of(profile, "n") == "int64");
        CHECK(profile.rows == 2);
        REQUIRE(find_code(profile, "preamble") != nullptr);
    }
    const Profile said = profile_of("Made,2024-05-01,,\nBy,Ann,,\n,,,\nid,n,p,q\na,1,2,3\nb,2,3,4\n", "t.csv");
    CHECK(said.columns[1].name == "n");
    CHECK(said.rows == 2);
    const Profile block =
        profile_of("Company:,ACME,\nDate:,2024-01-05,\n,,\nRegion,Units,Price\nN,5,1.5\nS,7,2.5\n", "t.csv");
    REQUIRE(block.columns.size() == 3);
    CHECK(type_of(block, "Units") == "int64");
    CHECK(block.rows == 2);
}

TEST_CASE("a sparse first row is a row as long as nothing says that it is a title", "[formats]") {
    CHECK(profile_of("x,,\na,b,c\nd,e,f\n", "t.csv").rows >= 2);  // no values: who knows
    CHECK(find_code(profile_of("x,,\na,b,c\nd,e,f\n", "t.csv"), "preamble") == nullptr);
    CHECK(find_code(profile_of("1,,\n2,3,4\n5,6,7\n", "t.csv"), "preamble") == nullptr);
    CHECK(find_code(profile_of("name,n,city,zip\nx,,,\na,b,c,d\ne,5,6,7\n", "t.csv"), "preamble") == nullptr);
    CHECK(find_code(profile_of("a,1,,\nname,n,p,q\nb,2,3,4\n", "t.csv"), "preamble") == nullptr);
    CHECK(profile_of("a,b,\nx,1,\ny,2,\nz,3,w\n", "t.csv").rows == 3);
    // A named vector without a name for its names, keys and values, logs, no values at all, people.
    for (const std::string text :
         {",price\nAAPL,NA\nMSFT,310.5\n", "\"\",\"x\"\n\"alice\",\"NA\"\n\"bob\",\"5\"\n",
          "motd,\nuser,root\nport,22\nttl,60\n", "WARN,,\nalice,login,ok\nbob,login,5\n",
          "name,,\nNULL,NULL,NULL\na,1,2\n", "comment,,,\nnone,n/a,-,-\nok,1,2,3\n", "x@y.de,,\nb,c,d\nf,1,2\n",
          "5,,,\n6,,,\n,,,\na,b,c,d\nx,1,2,3\n", ",,price\nb,c,NA\nd,e,5\n"}) {
        INFO(text);
        CHECK(find_code(profile_of(text, "t.csv"), "preamble") == nullptr);
    }
}

TEST_CASE("line ends in quotes do not decide what ends lines", "[formats]") {
    const Profile profile = profile_of("id,t\r1,\"a\nb\"\r2,\"c\r\nd\"\r3,x\r", "t.csv");
    CHECK(profile.rows == 3);
    CHECK(evidence_of(profile, "t").min == "a\nb");
    CHECK(evidence_of(profile, "t").max == "x");
    CHECK(rows_of("id,t\r1,\"a\nb\"\r2,\"c\r\nd\"\r3,x\r", "t.csv").cells[1][1] == "c\r\nd");
    CHECK(profile_of("name\r\"a\nb\"\rc\r", "t.csv").rows == 2);
    CHECK(rows_of("a,b\r1,'x\r\ny'\r2,'z,z'\r", "t.csv").cells ==
          rows_of("a,b\r1,\"x\r\ny\"\r2,\"z,z\"\r", "t.csv").cells);
    CHECK(profile_of("id,t\n1,\"a\rb\"\n2,\"c\rd\"\n", "t.csv").rows == 2);
}

TEST_CASE("a line full of odd quotes is read in no time", "[formats]") {
    std::string line = "1,\"";
    for (int i = 0; i < 300000; ++i) line += "a\"";
    const Profile profile = profile_of("id,x\n" + line + "b\"\n2,c\n", "t.csv");
    CHECK(profile.rows == 2);
    CHECK(evidence_of(profile, "x").longest == 600001);
}

TEST_CASE("line ends of all kinds in one file end lines", "[formats]") {
    const Profile mixed = profile_of("a,b\r1,2\n3,4\r\n5,6\r7,8", "t.csv");
    CHECK(mixed.rows == 4);
    CHECK(type_of(mixed, "b") == "int64");
    CHECK(mixed.dialect.find("mixed line ends") != std::string::npos);
    const Profile quoted = profile_of("a,b\n1,\"x\ry\"\n2,\"z\rw\"\n", "t.csv");
    CHECK(quoted.rows == 2);
    CHECK(evidence_of(quoted, "b").min == "x\ry");
}

TEST_CASE("a first line such as sep=; says the delimiter and is no row", "[formats]") {
    for (const std::string& text : {std::string("sep=;\nid;price\n1;2,5\n2;3,5\n"),
                                    std::string("\xEF\xBB\xBF\"sep=;\"\r\nid;price\r\n1;2,5\r\n2;3,5\r\n")}) {
        const Profile profile = profile_of(text, "t.csv");
        CHECK(profile.rows == 2);
        CHECK(profile.dialect.starts_with("delimiter ;"));
        CHECK(type_of(profile, "price") == "double");
        REQUIRE(find_code(profile, "preamble") != nullptr);
        CHECK(find_code(profile, "preamble")->message.starts_with("the table begins at line 2"));
        CHECK(rows_of(text, "t.csv").cells[0][1] == "2,5");
    }
    const Profile other = profile_of("sep=^\na^b,c^d|e\n1^2,5^3\n4^5,5^6\n", "t.csv");
    CHECK(other.rows == 2);
    CHECK(other.dialect.starts_with("delimiter ^"));
    CHECK(other.columns[2].name == "d|e");
    CHECK(profile_of("sep=,\na,b;c\n1,2;3\n", "t.csv").dialect.starts_with("delimiter ,"));
    CHECK(profile_of("sep=;", "t.csv").rows == 0);
    CHECK(profile_of("sep=\n1\n", "t.csv").columns[0].name == "sep=");
}

TEST_CASE("years side by side are names", "[formats]") {
    const Profile wide = profile_of("country,1990,1991,1992\nde,1,2,3\nfr,4,5,6\n", "t.csv");
    CHECK(wide.rows == 2);
    CHECK(wide.columns[1].name == "1990");
    CHECK(profile_of("de,1990,1991,5000\nfr,1,2,3\n", "t.csv").rows == 2);
    CHECK(profile_of("1990,1991,1992\n1,2,3\n", "t.csv").rows == 2);
    const Profile two = profile_of("country,2020,2021\nFrance,1,2\n", "t.csv");
    CHECK(two.rows == 1);
    CHECK(two.columns[2].name == "2021");
    CHECK(type_of(two, "2021") == "int64");
    CHECK(profile_of("country,2000,2010,2015\nFrance,1.5,,2\n", "t.csv").rows == 1);
    CHECK(profile_of("France,2020,2021\nSpain,2019,2022\n", "t.csv").rows == 2);
    CHECK(profile_of("France,2020,2020\nSpain,1,2\n", "t.csv").rows == 2);
    CHECK(profile_of("France,2020\nSpain,1\n", "t.csv").rows == 2);
    const Profile padded = profile_of("geo\t2019 \t2020 \t2021 \nDE\t1.5\t2.5\t3.5\nFR\t4\t5\t6\n", "t.tsv");
    CHECK(padded.rows == 2);
    CHECK(padded.columns[1].name == "2019");
    CHECK(type_of(padded, "2021") == "double");
    CHECK(profile_of("country,2020 , 2021\nFrance,1,2\n", "t.csv").rows == 1);
}

TEST_CASE("of a line of five million commas the first columns count, and all rows", "[formats]") {
    const std::string commas(5000000, ',');
    for (const std::string& text : {commas + "\n1,2" + commas + "\n", "\"a\"b" + commas + "\n1,2" + commas + "\n"}) {
        const Profile profile = profile_of(text, "t.csv");
        CHECK(profile.columns.size() == 10000);
        CHECK(profile.rows_exact);
        CHECK(profile.rows >= 1);
        CHECK(profile.rows <= 2);
        REQUIRE(find_code(profile, "too_many_columns") != nullptr);
        CHECK(find_code(profile, "too_many_columns")->message ==
              "line 1 has 5000001 cells: the columns beyond 10000 are not in the catalog");
        CHECK(rows_of(text, "t.csv").cells.size() == profile.rows);
    }
}

TEST_CASE("a line that begins with # and goes on in quotes is a row", "[formats]") {
    const Profile one = profile_of("channel,message,likes\na,x,1\n#b,\"l\nm\",2\nc,y,3\nd,z,4\n", "t.csv");
    CHECK(one.rows == 4);
    CHECK(type_of(one, "likes") == "int64");
    const Profile all =
        profile_of("channel,message\n#general,\"first\nsecond\"\n#general,\"third\nfourth\"\n", "t.csv");
    CHECK(all.columns.size() == 2);
    CHECK(all.rows == 2);
}

TEST_CASE("of two delimiters that all rows have, the one with more cells is taken", "[formats]") {
    const auto dialect = [](const std::string& text) { return profile_of(text, "x.csv").dialect; };
    CHECK(dialect("a|b;c;d\ne|f;g;h\n").starts_with("delimiter ;"));
    CHECK(dialect("x,y;z,w\nq,r;s,t\n").starts_with("delimiter ,"));
    CHECK(dialect("1,5;2,5\n3,5;4,5\n").starts_with("delimiter ;"));  // commas within numbers
    CHECK(dialect("#a,b\n#c,d\n").starts_with("delimiter ,"));
    CHECK(dialect("a\nb\nc,d\ne\nf\n").starts_with("one column"));  // few rows have it
}

TEST_CASE("a row of words is a header unless it could be a row", "[formats]") {
    const auto rows = [](const std::string& text) { return profile_of(text, "x.csv").rows; };
    CHECK(rows("id,NA\n1,2\n") == 1);
    CHECK(rows(",name\nx,a\ny,b\n") == 2);  // an index has no name
    CHECK(rows("name,\nx,a\ny,b\n") == 3);  // other columns have one
    CHECK(rows("a,a\nx,y\nz,w\n") == 3);    // no two have the same
    CHECK(rows("1990,1991,1995,x\n1,2,3,a\n") == 2);
    const Profile twice = profile_of("a,a_2,a\n1,2,3\n", "x.csv");
    REQUIRE(twice.columns.size() == 3);
    CHECK(twice.columns[2].name == "a_3");
    CHECK(rows_of("a,b\n1,2\n\n3,4\n", "x.csv").cells.size() == 2);
}

TEST_CASE("a name that says packed is told where the content is not", "[formats]") {
    const auto told = [](std::string_view bytes, std::string_view name) {
        const Profile profile = profile_of(bytes, name);
        const model::Finding* const finding = find_code(profile, "name_differs");
        return finding ? finding->message : "";
    };
    const std::string text = "a,b\n1,2\n";
    CHECK(told(text, "x.csv.gz") == "the name says gzip, the content is not packed");
    CHECK(told(text, "X.CSV.ZST") == "the name says zstd, the content is not packed");
    CHECK(told(*zstd(text), "x.csv.gz") == "the name says gzip, the content is zstd");
    CHECK(told(*gzip(text), "x.csv.gz").empty());
    CHECK(told(*gzip(text), "x.csv").empty());
    CHECK(told(text, "x.tsv") == "the name says tsv, the content is csv");
}
