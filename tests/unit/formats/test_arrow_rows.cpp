// test_arrow_rows.cpp: the first rows of Arrow files and streams of independent writers, and what their values mean.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "formats/arrow_body_source.hpp"
#include "formats/value_text.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

std::string sample(const std::string& name) { return sample_of("arrow", name); }

std::string text_of(const std::optional<std::string>& cell) { return cell.value_or("null"); }

using Lines = std::vector<std::vector<std::string>>;

// The columns from `first` on, row by row.
Lines lines_of(const Rows& rows, std::size_t first = 0) {
    Lines out;
    for (const auto& row : rows.cells) {
        std::vector<std::string>& line = out.emplace_back();
        for (std::size_t i = first; i < row.size(); ++i) line.push_back(text_of(row[i]));
    }
    return out;
}

Error refusal_of(std::string_view bytes, std::string_view name, std::size_t count = 10) {
    const ScratchFile file(bytes);
    const auto rows = head(file.fd(), name, count);
    REQUIRE_FALSE(rows.has_value());
    return rows.error();
}

}  // namespace

TEST_CASE("rows of every type of Arrow are shown as Parquet's, in files and streams alike", "[formats]") {
    const Rows rows = rows_of(sample("types.arrow"), "types.arrow");
    REQUIRE(rows.cells.size() == 6);
    CHECK_FALSE(rows.cut);
    const Lines lines = lines_of(rows);
    const std::string clock = "1970-01-01 00:00:0";
    CHECK(lines[0] == std::vector<std::string>{"true",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "1",
                                               "a",
                                               "a",
                                               "0x01",
                                               "0x01020304",
                                               "1970-01-01",
                                               "1970-01-01",
                                               clock + "1",
                                               clock + "0.001",
                                               clock + "0.001",
                                               clock + "0.001",
                                               clock + "0.001Z",
                                               "00:00:01",
                                               "00:00:00.001",
                                               "00:00:00.000001",
                                               "00:00:00.000000001",
                                               "0 months 0 days 0 ms",
                                               "1 ms",
                                               "0.01",
                                               "x",
                                               "[1,2]",
                                               "[1.0,2.0]",
                                               R"({"a":1,"b":"x"})",
                                               R"({"k":1})",
                                               R"([{"p":["a"]}])",
                                               "null"});
    CHECK(lines[2] == std::vector<std::string>{"false",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "3",
                                               "c",
                                               "c",
                                               "0x02",
                                               "0x01020304",
                                               "null",
                                               "null",
                                               clock + "3",
                                               clock + "0.003",
                                               clock + "0.003",
                                               clock + "0.003",
                                               clock + "0.003Z",
                                               "00:00:03",
                                               "00:00:00.003",
                                               "00:00:00.000003",
                                               "00:00:00.000000003",
                                               "0 months 0 days 0 ms",
                                               "3 ms",
                                               "0.02",
                                               "x",
                                               "[]",
                                               "[3.0,4.0]",
                                               R"({"a":3,"b":null})",
                                               "{}",
                                               "[]",
                                               "null"});
    std::size_t nulls = 0;
    for (const std::string& cell : lines[1]) nulls += cell == "null";
    CHECK(nulls == 13);
    CHECK(std::vector<std::vector<std::string>>(lines.begin() + 3, lines.end()) ==
          Lines(lines.begin(), lines.begin() + 3));
    CHECK(rows_of(sample("types.arrows"), "types.arrows").cells == rows.cells);
    CHECK(rows_of(*gzip(sample("types.arrow")), "types.arrow.gz").cells == rows.cells);
    CHECK(rows_of(*zstd(sample("types.arrows")), "types.arrows.zst").cells == rows.cells);
}

TEST_CASE("views, list views and run ends of Arrow are read", "[formats]") {
    for (const char* name : {"views.arrow", "views.arrows"}) {
        const Rows rows = rows_of(sample(name), name);
        CHECK(rows.columns == std::vector<std::string>{"runs", "list", "large", "text", "bytes", "d32", "d64"});
        std::string many = "0x";
        for (int i = 0; i < 64; ++i) many += "ff";
        CHECK(lines_of(rows) ==
              Lines{{"red", "[30,40]", "[1]", "short", "0x0102", "123.45", "-0.001"},
                    {"null", "[]", "[4]", "a text that is longer", many + "...", "-0.05", "123456789012.345"},
                    {"null", "null", "[2,3,4]", "", "0x", "0.00", "1.000"},
                    {"null", "[20]", "[]", "null", "0x07070707070707070707070707", "1.00", "0.000"}});
    }
}

TEST_CASE("unions of Arrow show the value they have", "[formats]") {
    CHECK(lines_of(rows_of(sample("unions.arrow"), "unions.arrow")) ==
          Lines{{"7", "y", R"(["y",7])"}, {"null", "7", "[]"}, {"y", "null", "[null]"}});
    CHECK(lines_of(rows_of(sample("unions_v4.arrows"), "x.arrows")) ==
          Lines{{"one", "1"}, {"42", "b"}, {"two", "null"}});
}

TEST_CASE("intervals, wide decimals and small floats of Arrow are shown exactly", "[formats]") {
    CHECK(lines_of(rows_of(sample("intervals.arrow"), "intervals.arrow")) ==
          Lines{{"1 months 2 days 3.5 ms", "0 months 3 days 500 ms", "14 months 0 days 0 ms", "500",
                 "6277101735386680763835789423207666416102355444464034512.897", "1.5", "9999-12-31 23:59:59"},
                {"-1 months 0 days 0.000001 ms", "0 months -1 days 0 ms", "-2 months 0 days 0 ms", "0", "-0.001",
                 "-Infinity", "1969-12-31 23:59:59"}});
    CHECK(wide_text(std::string_view()) == "0");
    CHECK(wide_text(std::string_view("\x80", 1)) == "-128");
    CHECK(wide_text(std::string_view("\0\xCA\x9A\x3B", 4)) == "1000000000");
    CHECK(wide_text(std::string_view("\0\x36\x65\xC4", 4)) == "-1000000000");
    CHECK(wide_text(std::string_view("\0\0\0\0\0\0\0\x80", 8)) == "-9223372036854775808");
}

TEST_CASE("dictionaries of an Arrow stream grow, and give way to others", "[formats]") {
    const Lines all{{"1", "Rome"}, {"2", "Berlin"}, {"3", "Oslo"}, {"4", "Rome"},
                    {"5", "Lima"}, {"6", "Quito"},  {"7", "null"}};
    CHECK(lines_of(rows_of(sample("dictionaries.arrows"), "x.arrows")) == all);
    CHECK(lines_of(rows_of(*gzip(sample("dictionaries.arrows")), "x.arrows.gz")) == all);
    const Lines four(all.begin(), all.begin() + 4);
    CHECK(lines_of(rows_of(sample("dictionaries.arrow"), "x.arrow")) == four);
    CHECK(lines_of(rows_of(*zstd(sample("dictionaries.arrow")), "x.arrow.zst")) == four);
}

TEST_CASE("compressed bodies of Arrow are read, as far as the rows need them", "[formats]") {
    for (const char* name : {"packed_lz4.arrow", "packed_zstd.arrow"}) {
        INFO(name);
        const Rows rows = rows_of(sample(name), name, 9000);
        REQUIRE(rows.cells.size() == 9000);
        for (std::size_t i = 0; i < rows.cells.size(); ++i) {
            REQUIRE(text_of(rows.cells[i][0]) == std::to_string(i >> 9));
            const bool null = (i >> 8 & 1) == 0 || i >= 300;
            REQUIRE(text_of(rows.cells[i][1]) == (null ? "null" : "a text of more than twelve bytes"));
        }
        // Damage behind what is wanted is not met; within it, it is told.
        std::string bytes = sample(name);
        const std::size_t magic =
            bytes.find(std::strcmp(name, "packed_lz4.arrow") == 0 ? std::string_view("\x04\x22\x4D\x18")
                                                                  : std::string_view("\x28\xB5\x2F\xFD"));
        REQUIRE(magic != std::string::npos);
        bytes[magic] = 'x';
        const Error refused = refusal_of(bytes, name);
        CHECK(refused.code == Errc::corrupt);
        CHECK(refused.message.find("column n: record batch 1: its buffer at byte ") != std::string::npos);
    }
}

TEST_CASE("Feather 2 of its first writers, who named the compression elsewhere, is read", "[formats]") {
    const Rows rows = rows_of(sample("early_lz4.feather"), "early_lz4.feather", 40);
    REQUIRE(rows.cells.size() == 40);
    CHECK(lines_of(rows)[39] == std::vector<std::string>{"39", "text 0"});
    CHECK(lines_of(rows)[4] == std::vector<std::string>{"4", "null"});
}

TEST_CASE("only as many record batches are read as the rows take", "[formats]") {
    const std::string whole = sample("batches.arrows");
    const Rows rows = rows_of(whole, "x.arrows", 150);
    CHECK(rows.cells.size() == 150);
    CHECK_FALSE(rows.cut);
    const std::string half = whole.substr(0, whole.size() / 2);
    CHECK(rows_of(half, "x.arrows", 150).cells == rows.cells);
    CHECK(refusal_of(half, "x.arrows", 1500).message.find("it was cut") != std::string::npos);
    CHECK(rows_of(sample("batches.arrow"), "x.arrow", 5000).cells.size() == 2000);
    CHECK(rows_of(sample("empty.arrow"), "x.arrow").cells.empty());
    CHECK(rows_of(sample("empty.arrows"), "x.arrows").columns.size() == 2);
    CHECK(rows_of(sample("plain.feather"), "x.feather", 0).cells.empty());
}

TEST_CASE("of a record batch that is too large to be kept the beginnings of its buffers are", "[formats]") {
    const Rows rows = rows_of(sample("large.arrows.zst"), "large.arrows.zst");
    CHECK(rows.cells.size() == 10);
    CHECK_FALSE(rows.cut);
    // A body of three buffers, of which there is room for twelve bytes.
    const ScratchFile file(*gzip("aaaaaaaabb......cccccccc"));
    const CancelFlag never;
    const Input input{file.fd(), 24, {}, {}, Compression::gzip, {}, never};
    const auto number = [](std::uint64_t n) { return std::string(reinterpret_cast<const char*>(&n), sizeof n); };
    const std::string buffers = number(16) + number(8) + number(0) + number(8) + number(8) + number(2);
    ForwardReader reader(input);
    const auto kept = ArrowBodySource::kept(reader, 24, buffers, 12);
    REQUIRE(kept.has_value());
    CHECK(kept->kept_bytes() == 12);
    CHECK(*kept->bytes(0, 4) == "aaaa");
    CHECK(*kept->bytes(8, 2) == "bb");
    CHECK(*kept->bytes(17, 5) == "ccccc");
    const auto missing = kept->bytes(0, 5);
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == Errc::guard);
    CHECK(missing.error().message.find("behind byte 4") != std::string::npos);
    CHECK(missing.error().hint.find("inflate the file") != std::string::npos);
    CHECK(*reader.at_end());
}

TEST_CASE("a row of Arrow that holds more values than anyone can see is refused", "[formats]") {
    const Error refused = refusal_of(sample("doubling.arrows"), "doubling.arrows");
    CHECK(refused.code == Errc::guard);
    CHECK(refused.message == "show the first rows: column a: a row holds more than can be shown");
    const Profile profile = profile_of(sample("doubling.arrows"), "doubling.arrows");
    CHECK(profile.rows == 20);
    CHECK(profile.findings.empty());
}

TEST_CASE("values of Arrow with the highest byte first are refused by name", "[formats]") {
    const Error refused = refusal_of(sample("big_endian.arrows"), "x.arrows");
    CHECK(refused.code == Errc::unsupported);
    CHECK(refused.message.find("highest byte first") != std::string::npos);
    CHECK(profile_of(sample("big_endian.arrows"), "x.arrows").rows == 3);
}

TEST_CASE("rows of an Arrow file that was cut or changed anywhere are shown or refused", "[formats]") {
    for (const char* name :
         {"types.arrow", "views.arrows", "unions.arrow", "dictionaries.arrows", "packed_lz4.arrow"}) {
        const std::string bytes = sample(name);
        constexpr int k_changes[] = {0xFF, 0x01, 0x80};
        constexpr std::size_t k_step = 28;  // the fuzzer takes smaller ones
        for (std::size_t at = 0; at < bytes.size(); at += k_step) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ k_changes[at / k_step % 3]);
            const ScratchFile file(changed);
            const auto rows = head(file.fd(), name, 20);
            if (!rows) continue;
            for (const auto& row : rows->cells) REQUIRE(row.size() == rows->columns.size());
        }
        for (std::size_t size = 0; size < bytes.size() - 16; size += 5 * k_step) {
            const ScratchFile file(std::string_view(bytes).substr(0, size));
            const auto rows = head(file.fd(), name, 20);
            if (!rows) CHECK_FALSE(rows.error().message.empty());
        }
    }
}

TEST_CASE("values of an Arrow file tell what a column means, those of dictionaries and inside lists too", "[formats]") {
    const Profile people = profile_of(sample("people.arrow"), "people.arrow");
    REQUIRE(people.columns.size() == 4);
    CHECK(people.findings.empty());
    CHECK_FALSE(people.columns[0].pii);
    CHECK(people.columns[1].pii);
    CHECK(people.columns[1].semantic == "email");
    CHECK(people.columns[1].semantic_evidence.checked == 20);
    CHECK(people.columns[2].pii);
    CHECK(people.columns[2].semantic_evidence.field == "[].mail");
    CHECK(people.columns[3].semantic.empty());  // its name says one thing, its values another
    CHECK(profile_of(*gzip(sample("people.arrow")), "people.arrow.gz").columns[1].pii);
}

TEST_CASE("an Arrow file whose values are damaged keeps its columns and says so", "[formats]") {
    std::string bytes = sample("people.arrow");
    const std::size_t at = bytes.find("ann0@");
    REQUIRE(at != std::string::npos);
    const std::size_t offsets = bytes.rfind(std::string("\0\0\0\0\x10\0\0\0", 8), at);
    REQUIRE(offsets != std::string::npos);
    bytes.replace(offsets + 4, 4, 4, '\xFF');  // where the second value begins
    const Profile profile = profile_of(bytes, "people.arrow");
    CHECK(profile.rows == 20);
    CHECK(profile.rows_exact);
    const model::Finding* damage = find_code(profile, "damaged_rows");
    REQUIRE(damage != nullptr);
    CHECK(damage->message.find("column contact: dictionary batch 1 is damaged") != std::string::npos);
}

TEST_CASE("nulls that an Arrow writer did not count are unknown, and shown by the bitmap", "[formats]") {
    std::string bytes = sample("plain.feather");
    const std::string counted("\x03\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 16);
    const std::size_t node = bytes.find(counted);
    REQUIRE(node != std::string::npos);
    bytes.replace(node + 8, 8, 8, '\xFF');
    const Profile profile = profile_of(bytes, "plain.feather");
    CHECK(profile.rows == 3);
    CHECK(profile.rows_exact);
    CHECK(profile.findings.empty());
    CHECK(profile.columns[0].evidence.values == 3);
    CHECK(profile.columns[1].evidence.values == 0);
    CHECK(profile.columns[1].evidence.nulls == 0);
    const Profile views = profile_of(sample("views.arrow"), "views.arrow");
    CHECK(evidence_of(views, "runs").values == 0);  // a null run is counted nowhere
    CHECK(evidence_of(views, "text").values == 3);
    CHECK(rows_of(bytes, "plain.feather").cells == rows_of(sample("plain.feather"), "plain.feather").cells);
}
