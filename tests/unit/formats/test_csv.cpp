// test_csv.cpp: dialects, odd rows and hostile files of delimited text.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "formats/csv_separators.hpp"
#include "support/sanitized.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

TEST_CASE("the same table in any dialect is the same table", "[formats]") {
    const std::string plain = "id,name,price\n1,anna,1.5\n2,bert,2.5\n3,\"c, d\",3.5\n";
    const Profile expected = profile_of(plain, "t.csv");
    REQUIRE(expected.columns.size() == 3);
    CHECK(expected.rows == 3);
    CHECK(expected.dialect == "delimiter ,, quote \", header, utf-8");

    const auto with = [&](char delimiter, const std::string& newline, bool last) {
        std::string out;
        bool quoted = false;
        for (const char c : plain) {
            if (c == '"') quoted = !quoted;
            if (c == '\n')
                out += newline;
            else
                out += c == ',' && !quoted ? delimiter : c;
        }
        if (!last) out.resize(out.size() - newline.size());
        return out;
    };
    for (const char delimiter : {',', ';', '\t', '|'})
        for (const char* newline : {"\n", "\r\n", "\r"})
            for (const bool last : {true, false}) {
                const std::string text = with(delimiter, newline, last);
                INFO(text);
                const Profile profile = profile_of(text, "t.csv");
                CHECK(profile.columns == expected.columns);
                CHECK(profile.rows == 3);
                CHECK(profile.findings.empty());
                CHECK(profile_of("\xEF\xBB\xBF" + text, "t.csv").columns == expected.columns);
            }
    const Profile tabs = profile_of(with('\t', "\n", true), "t.tsv");
    CHECK(tabs.format == "tsv");
    CHECK(tabs.columns == expected.columns);
}

TEST_CASE("a table without a header has its columns numbered and its first row counted", "[formats]") {
    const Profile profile = profile_of("1,anna,1.5\n2,bert,2.5\n", "t.csv");
    CHECK(profile.rows == 2);
    REQUIRE(profile.columns.size() == 3);
    CHECK(profile.columns[0].name == "column1");
    CHECK(type_of(profile, "column1") == "int64");
    CHECK(type_of(profile, "column3") == "double");
    CHECK(evidence_of(profile, "column3").reason == "fraction first at row 1");
    CHECK(evidence_of(profile, "column1").min == "1");
}

TEST_CASE("an address or a number of a person is no name of a column", "[formats]") {
    for (const std::string first : {"ann@example.com", "DE89370400440532013000", "123-45-6789", "+49 30 901820"}) {
        const Profile profile = profile_of(first + "\nx\ny\n", "t.csv");
        CHECK(profile.rows == 3);
        CHECK(profile.columns[0].name == "column1");
        CHECK(profile_of("Anna," + first + "\nBea,x\n", "t.csv").rows == 2);
    }
}

TEST_CASE("a header alone is a table without rows", "[formats]") {
    const Profile profile = profile_of("id,name\n", "t.csv");
    CHECK(profile.rows == 0);
    REQUIRE(profile.columns.size() == 2);
    CHECK(type_of(profile, "id") == "unknown");
}

TEST_CASE("empty files and blank ones are no error", "[formats]") {
    CHECK(profile_of("", "t.csv").format == "empty");
    CHECK(find_code(profile_of("", "t.csv"), "empty_file")->severity == model::Finding::Severity::note);
    CHECK(profile_of("\n\n\n", "t.csv").rows <= 3);
    CHECK(profile_of("\xEF\xBB\xBF", "t.csv").rows == 0);
    CHECK(profile_of("x", "t.csv").rows == 0);
    CHECK(profile_of("\"", "t.csv").columns.size() == 1);
}

TEST_CASE("quotes enclose delimiters, newlines and doubled quotes", "[formats]") {
    const Profile profile =
        profile_of("id,text\n1,\"two\nlines\"\n2,\"a \"\"quoted\"\" word\"\n3,\"x,y\"\n4,plain\n5,short\n6\n", "t.csv");
    CHECK(profile.rows == 6);
    CHECK(type_of(profile, "id") == "int64");
    CHECK(evidence_of(profile, "text").min == "a \"quoted\" word");
    CHECK(evidence_of(profile, "text").longest == 15);
    REQUIRE(find_code(profile, "short_row") != nullptr);
    CHECK(find_code(profile, "short_row")->line == 8);  // a line of the file, not a row
}

TEST_CASE("ragged rows are told with their lines and nothing is dropped", "[formats]") {
    const Profile profile = profile_of("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n13\n", "t.csv");
    CHECK(profile.rows == 5);
    CHECK(profile.columns.size() == 3);
    const model::Finding* few = find_code(profile, "short_row");
    REQUIRE(few != nullptr);
    CHECK(few->line == 3);
    CHECK(few->message == "2 rows have fewer cells than there are columns: lines 3 and 6; the first has 2 of 3");
    const model::Finding* many = find_code(profile, "long_row");
    REQUIRE(many != nullptr);
    CHECK(many->line == 4);
    CHECK(evidence_of(profile, "c").nulls == 2);
}

TEST_CASE("a change of dialect half-way is told by line", "[formats]") {
    std::string text = "a,b,c\n";
    for (int i = 0; i < 100; ++i) text += "1,2,3\n";
    for (int i = 0; i < 100; ++i) text += "1;2;3\n";
    const Profile profile = profile_of(text, "t.csv");
    CHECK(profile.rows == 200);
    REQUIRE(find_code(profile, "short_row") != nullptr);
    CHECK(find_code(profile, "short_row")->line == 102);
}

TEST_CASE("stray quotes are plain characters and rows stay rows", "[formats]") {
    const Profile profile =
        profile_of("size,note\n5\" pipe,x\n3,a \"b\" c\n\"4\" wide\",y\n2,\"odd\"end\n1,z\n", "t.csv");
    CHECK(profile.rows == 5);
    REQUIRE(find_code(profile, "stray_quote") != nullptr);
    CHECK(find_code(profile, "stray_quote")->line == 2);
    CHECK(evidence_of(profile, "size").values == 5);
    CHECK(evidence_of(profile, "note").values == 5);
}

TEST_CASE("a quote that is never closed loses only its own line", "[formats]") {
    std::string text = "id,name\n";
    for (int i = 1; i <= 1000; ++i) text += i == 500 ? "500,\"never closed\n" : fmt::format("{},name{}\n", i, i);
    const Profile profile = profile_of(text, "t.csv");
    CHECK(profile.rows == 1000);
    REQUIRE(find_code(profile, "unterminated_quote") != nullptr);
    CHECK(find_code(profile, "unterminated_quote")->line == 501);
    CHECK(type_of(profile, "id") == "int64");
}

TEST_CASE("title lines before the table are skipped and told", "[formats]") {
    const Profile profile = profile_of("Report of 2024\n\nid,name,price\n1,a,2.5\n2,b,3.5\n", "t.csv");
    CHECK(profile.rows == 2);
    CHECK(profile.columns.size() == 3);
    CHECK(profile.columns[0].name == "id");
    REQUIRE(find_code(profile, "preamble") != nullptr);
}

TEST_CASE("names that are empty or twice are made usable and told", "[formats]") {
    const Profile profile = profile_of("id,,x,x,x\n1,2,3,4,5\n", "t.csv");
    std::vector<std::string> names;
    for (const auto& column : profile.columns) names.push_back(column.name);
    CHECK(names == std::vector<std::string>{"id", "column2", "x", "x_2", "x_3"});
    CHECK(find_code(profile, "duplicate_column") != nullptr);
    CHECK(find_code(profile, "empty_column_name") != nullptr);
}

TEST_CASE("a line of 100 MB is counted, told and never held in memory", "[formats][large]") {
    std::string text = "a,b\n1,2\n";
    text += std::string(100u << 20, 'x');
    text += ",5\n3,4\n";
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    const Profile profile = profile_of(text, "t.csv");
    ::getrusage(RUSAGE_SELF, &after);
    CHECK(profile.rows == 3);
    REQUIRE(find_code(profile, "huge_row") != nullptr);
    CHECK(find_code(profile, "huge_row")->line == 3);
    CHECK(type_of(profile, "a") == "int64");
    if (!neurolake::tests::k_sanitized) CHECK(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
}

TEST_CASE("of 100,000 columns the first 10,000 are in the catalog, and all rows count", "[formats][large]") {
    std::string text;
    for (int row = 0; row < 3; ++row)
        for (int i = 0; i < 100000; ++i) {
            text += row == 0 ? fmt::format("c{}", i) : std::to_string(i);
            text += i + 1 < 100000 ? ',' : '\n';
        }
    const Profile profile = profile_of(text, "wide.csv");
    CHECK(profile.rows == 2);
    REQUIRE(profile.columns.size() == 10000);
    CHECK(type_of(profile, "c9999") == "int64");
    CHECK(find_code(profile, "too_many_columns") != nullptr);
}

TEST_CASE("compressed text is read, and bombs are stopped", "[formats][large]") {
    const std::string text = "id,v\n1,2\n3,4\n";
    const Profile plain = profile_of(text, "t.csv");
    CHECK(profile_of(*gzip(text), "t.csv.gz").columns == plain.columns);
    CHECK(profile_of(*zstd(text), "t.csv.zst").columns == plain.columns);
    CHECK(profile_of(*gzip(text) + *gzip("5,6\n"), "t.csv.gz").rows == 3);  // two members are one stream
    const std::string cut = gzip(std::string(1 << 20, 'a') + text)->substr(0, 500);
    CHECK_FALSE(profile_of(cut, "t.csv.gz").findings.empty());
    CHECK(profile_of("\x1f\x8b\x08 this is no gzip", "t.csv.gz").format == "unknown");

    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    const std::string zeros = *zstd(std::string(256u << 20, '\0'));
    ::getrusage(RUSAGE_SELF, &before);
    std::string bomb;
    for (int i = 0; i < 4; ++i) bomb += zeros;  // 1 GiB
    CHECK(profile_of(bomb, "zeros.csv.zst").format == "unknown");
    std::string rows;
    while (rows.size() < (64u << 20)) rows += "1,2\n";
    const std::string packed = *zstd(rows);
    std::string row_bomb;
    for (int i = 0; i < 16; ++i) row_bomb += packed;
    ::getrusage(RUSAGE_SELF, &before);
    const Profile stopped = profile_of(row_bomb, "rows.csv.zst");
    ::getrusage(RUSAGE_SELF, &after);
    CHECK_FALSE(stopped.rows_exact);
    CHECK(find_code(stopped, "too_large") != nullptr);
    if (!neurolake::tests::k_sanitized) CHECK(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
}

TEST_CASE("large text gives the same from one thread and from several, whatever its quotes", "[formats][threads]") {
    std::mt19937 random(11);
    std::string text = "id,note,v\n";
    text.reserve(7u << 20);
    std::uint64_t rows = 0;
    const bool nasty = GENERATE(false, true);
    while (text.size() < (6u << 20)) {
        ++rows;
        const auto kind = random() % (nasty ? 6 : 2);
        std::string note = kind == 0 ? "plain words" : "\"quoted, words\"";
        if (kind == 2) note = "\"line one\nline, two\n7,\"\"x\"\",8\nend\"";
        if (kind == 3) note = "5\" stray";
        if (kind == 4) note = "\"" + std::string(random() % 3000, '\n') + "\"";
        text += fmt::format("{},{},{}\n", rows, note, random() % 1000);
    }
    const ScratchFile file(text);
    const CancelFlag cancel;
    Options one, four;
    one.threads = 1;
    four.threads = 4;
    four.segment_bytes = 1u << 20;
    const auto a = profile(file.fd(), "big.csv", one, cancel), b = profile(file.fd(), "big.csv", four, cancel);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(a->rows == rows);
    CHECK(a->columns == b->columns);
    CHECK(a->rows == b->rows);
    CHECK(a->findings == b->findings);
    CHECK(type_of(*a, "v") == "int64");
}

TEST_CASE("all instruction paths find the same separators", "[formats]") {
    std::mt19937 random(5);
    constexpr std::string_view k_alphabet = "ab1,,\n\"\r;  ";
    std::size_t compared = 0;
    for (int round = 0; round < 3000; ++round) {
        const std::size_t size = random() % 300;
        std::string text(size + 64, 'x');
        for (std::size_t i = 0; i < size; ++i) {
            const bool quotes = round % 3 != 0;
            const char c = k_alphabet[random() % k_alphabet.size()];
            text[i] = c == '"' && !quotes ? 'q' : c;
        }
        const SeparatorSet set;
        std::vector<std::uint32_t> expected(512), got(512);
        SeparatorSpan want, have;
        REQUIRE(find_separators_by("portable", text.data(), size, set, expected.data(), expected.size(), want));
        for (const char* path : {"sse2", "avx2"}) {
            if (!find_separators_by(path, text.data(), size, set, got.data(), got.size(), have)) continue;
            ++compared;
            REQUIRE(have.found == want.found);
            REQUIRE(have.scanned == want.scanned);
            REQUIRE(have.irregular == want.irregular);
            REQUIRE(have.open_quote == want.open_quote);
            REQUIRE(std::equal(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(have.found), expected.begin()));
        }
    }
    CHECK(compared > 0);
}

TEST_CASE("a file cut anywhere is read without harm", "[formats]") {
    const std::string text = "\xEF\xBB\xBFid;\"na;me\";x\r\n1;\"a\r\nb\";2\r\n2;\"q\"\"q\";\r\n3;c;\"4\"\r\n";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const Profile profile = profile_of(std::string_view(text).substr(0, size), "t.csv");
        INFO(size);
        CHECK(profile.rows <= 4);
    }
}

TEST_CASE("a sample stops early and says that the count is not exact", "[formats]") {
    std::string text = "id\n";
    for (int i = 0; i < 1000; ++i) text += std::to_string(i) + "\n";
    Options options;
    options.sample_rows = 100;
    const Profile profile = profile_of(text, "t.csv", options);
    CHECK(profile.rows == 100);
    CHECK_FALSE(profile.rows_exact);
}

TEST_CASE("a sample holds as many rows as are wanted, of a table without names too", "[formats]") {
    const auto sampled = [](const std::string& text, std::uint64_t rows) {
        Options options;
        options.sample_rows = rows;
        return profile_of(text, "t.csv", options);
    };
    const std::string plain = "1,2\n3,4\n5,6\nword,8\n9,10\n";
    for (std::uint64_t rows = 1; rows <= 4; ++rows) {
        const Profile profile = sampled(plain, rows);
        CHECK(profile.rows == rows);
        CHECK_FALSE(profile.rows_exact);
        CHECK(profile.columns[0].evidence.values == rows);
        CHECK(type_of(profile, "column1") == (rows < 4 ? "int64" : "text"));
        CHECK(sampled("\"a\"\"b\",c\n" + plain, rows).rows == rows);
    }
    CHECK(sampled(plain, 4).columns[0].evidence.forced_row == 4);
    CHECK(sampled(plain, 5).rows == 5);
    for (std::uint64_t rows = 1; rows <= 5; ++rows)  // short rows that may be footnotes until others follow
        CHECK(sampled("id,n\n1,2\n3\n4\n5,6\n\"7\"\"\"\n8,9\n", rows).rows == rows);
    CHECK(sampled("# a,b,c\n1,2\n3,4\n5,6\n", 2).rows == 2);
    // What is a name does not depend on how many rows are wanted.
    const std::string late = "a,,a\nb,5,c\nd,x,e\nf,y,g\n";
    CHECK(sampled(late, 1).columns[0].name == profile_of(late, "t.csv").columns[0].name);
    CHECK(sampled("id,id\nx,y\nz,1\nw,2\n", 1).rows == 1);
}

TEST_CASE("cancelling stops with cancelled", "[formats]") {
    const ScratchFile file("a,b\n1,2\n");
    CancelFlag cancel;
    cancel.cancel();
    const auto result = profile(file.fd(), "t.csv", {}, cancel);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::cancelled);
}

TEST_CASE("the first rows are shown as cells", "[formats]") {
    const ScratchFile file("id,text\n1,\"two\nlines\"\n2,\n3,\"\"\n4,x\n");
    const auto rows = head(file.fd(), "t.csv", 3);
    REQUIRE(rows.has_value());
    CHECK(rows->columns == std::vector<std::string>{"id", "text"});
    REQUIRE(rows->cells.size() == 3);
    CHECK(rows->cells[0][1] == "two\nlines");
    CHECK_FALSE(rows->cells[1][1].has_value());
    CHECK(rows->cells[2][1] == "");
    const ScratchFile bare("1,2\n3,4\n");
    const auto numbers = head(bare.fd(), "t.csv", 10);
    REQUIRE(numbers.has_value());
    CHECK(numbers->cells.size() == 2);
    const ScratchFile packed(*gzip("a,b\n1,2\n"));
    CHECK(head(packed.fd(), "t.csv.gz", 5)->cells.size() == 1);
}

TEST_CASE("blank lines before a table of one column are shown as little as they count", "[formats]") {
    CHECK(profile_of("\n\n1\n\n2\n", "t.csv").rows == 3);
    const Rows rows = rows_of("\n\n1\n\n2\n", "t.csv");
    REQUIRE(rows.cells.size() == 3);
    CHECK(rows.cells[0][0] == "1");
    CHECK_FALSE(rows.cells[1][0].has_value());
    CHECK(rows.cells[2][0] == "2");
}

TEST_CASE("as many rows are shown as count", "[formats]") {
    const std::string long_row = "1,\"" + std::string(2u << 20, 'x') + "\"\n";
    std::string late = "a,,a\n";  // the rows that tell the header stand far below
    for (int i = 0; i < 1200; ++i) late += "1,2,3\n";
    for (int i = 0; i < 10; ++i) late += "x,y,z\n";
    for (const std::string& text : {std::string("a,b\n1,2\n3,4\n\nSource: the office\n"),
                                    std::string("a,b\n\"\"\n1,2\n"), std::string("a\n\n1\n\n2\n"),
                                    std::string("a,b\n1,2\n\n3,4\n"), std::string("# note\na,b\n1,2\n# more\n3,4\n"),
                                    "a,b\n" + long_row + long_row, std::string("a,b\n1,\"open\n2,x\n"), late}) {
        const Profile profile = profile_of(text, "t.csv");
        const Rows shown = rows_of(text, "t.csv", 5000);
        INFO(text.substr(0, 80));
        CHECK(profile.rows == shown.cells.size());
        REQUIRE(profile.columns.size() == shown.columns.size());
        for (std::size_t i = 0; i < shown.columns.size(); ++i) CHECK(shown.columns[i] == profile.columns[i].name);
    }
}

TEST_CASE("content goes before a name that says otherwise, and what nobody knows is unknown", "[formats]") {
    CHECK(profile_of("a,b\n1,2\n3,4\n", "table.txt").format == "csv");
    CHECK(profile_of("Dear reader,\nthis is prose.\n", "letter.txt").format == "unknown");
    CHECK(profile_of("\x89PNG\r\n\x1a\n....", "picture.png").format == "unknown");
    CHECK_FALSE(profile_of("\x89PNG\r\n\x1a\n....", "picture.png").findings.empty());
    CHECK(profile_of("{\"a\":1}\n{\"a\":2}\n", "events").format == "json_lines");
    CHECK(profile_of("[section]\nkey=1\n", "settings.ini").format == "unknown");
    const ScratchFile picture("\x89PNG\r\n\x1a\n....");
    CHECK(head(picture.fd(), "picture.png", 3).error().code == Errc::unsupported);
}

TEST_CASE("a file that shrinks while it is read is shorter, not a crash", "[formats]") {
    const ScratchFile file("a,b\n1,2\n3,4\n");
    REQUIRE(::ftruncate(file.fd(), 6) == 0);
    const CancelFlag cancel;
    CHECK(profile(file.fd(), "t.csv", {}, cancel).has_value());
}
