// test_parquet.cpp: footers of independent writers are read right, and footers that lie are caught.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "fixture.hpp"
#include "formats/parquet_footer.hpp"
#include "support/parquet_maker.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;
using neurolake::test::ParquetTestFile;
using neurolake::test::ThriftWriter;
namespace fs = std::filesystem;

namespace {

std::string sample(const std::string& name) {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    auto bytes = read_file(fs::path(tests ? tests : "tests") / "support" / "samples" / "parquet" / (name + ".parquet"));
    REQUIRE(bytes.has_value());
    return std::move(bytes).value();
}

Profile sample_profile(const std::string& name) { return profile_of(sample(name), name + ".parquet"); }

std::string with_footer(std::string footer, std::int64_t length_lie = 0) {
    std::string file = "PAR1" + footer;
    const auto size = static_cast<std::uint32_t>(static_cast<std::int64_t>(footer.size()) + length_lie);
    file.append(reinterpret_cast<const char*>(&size), 4);
    return file + "PAR1";
}

}  // namespace

TEST_CASE("a Parquet footer gives columns, rows, nulls and bounds", "[formats]") {
    const Profile plain = sample_profile("plain");
    CHECK(plain.format == "parquet");
    CHECK(plain.rows == 3);
    CHECK(plain.rows_exact);
    CHECK(plain.findings.empty());
    REQUIRE(plain.columns.size() == 3);
    CHECK(type_of(plain, "id") == "int64");
    CHECK(type_of(plain, "name") == "text");
    CHECK(type_of(plain, "price") == "double");
    CHECK(evidence_of(plain, "price").max == "4.5");
    CHECK(evidence_of(plain, "id").reason == "footer");

    const Profile other = sample_profile("other_writer");
    CHECK(other.rows == 3);
    CHECK(type_of(other, "at") == "timestamp_tz");
    CHECK(evidence_of(other, "at").max == "2024-01-03 00:00:00Z");
    CHECK(evidence_of(other, "name").nulls == 1);
    CHECK(evidence_of(other, "name").values == 2);

    const Profile groups = sample_profile("groups");
    CHECK(groups.rows == 10000);
    CHECK(evidence_of(groups, "id").min == "0");
    CHECK(evidence_of(groups, "id").max == "9999");
    CHECK(groups.dialect.starts_with("5 row groups"));
    CHECK(plain.dialect.starts_with("1 row group,"));
    CHECK(sample_profile("empty").rows == 0);
    CHECK(sample_profile("empty").columns.size() == 2);
}

TEST_CASE("all of Parquet's types have theirs here", "[formats]") {
    const Profile types = sample_profile("types");
    const std::vector<std::pair<std::string, std::string>> expected{
        {"a", "int8"},          {"b", "int16"},         {"c", "int32"},     {"d", "int64"},        {"e", "uint8"},
        {"f", "uint16"},        {"g", "uint32"},        {"h", "uint64"},    {"k", "float"},        {"l", "double"},
        {"m", "boolean"},       {"n", "date"},          {"o", "timestamp"}, {"p", "timestamp_tz"}, {"q", "time"},
        {"r", "decimal(10,2)"}, {"s", "decimal(30,3)"}, {"t", "uuid"},      {"u", "binary"},       {"v", "int64"},
        {"w", "json"},          {"x", "interval"}};
    REQUIRE(types.columns.size() == expected.size());
    for (const auto& [name, type] : expected) {
        INFO(name);
        CHECK(type_of(types, name) == type);
    }
    CHECK(evidence_of(types, "n").min == "2024-02-29");
    CHECK(evidence_of(types, "o").min == "2024-02-28 13:00:00.5");
    CHECK(evidence_of(types, "r").max == "0.38");
    CHECK(evidence_of(types, "s").max == "3.000");
    CHECK(evidence_of(types, "v").nulls == 1);

    const Profile nested = sample_profile("nested");
    CHECK(type_of(nested, "list") == "list<int64>");
    CHECK(type_of(nested, "st") == "struct<a:int64,b:text>");
    CHECK(type_of(nested, "mp").starts_with("map<text"));
    CHECK(type_of(nested, "deep") == "list<struct<p:list<int64>>>");
}

TEST_CASE("an encrypted footer is named as such", "[formats]") {
    const Profile profile = sample_profile("encrypted");
    CHECK(profile.format == "parquet");
    CHECK(profile.columns.empty());
    CHECK_FALSE(profile.rows_exact);
    CHECK(find_code(profile, "encrypted") != nullptr);
}

TEST_CASE("a file of our own maker is read back", "[formats]") {
    ParquetTestFile file;
    file.columns = {{"id", std::vector<std::int64_t>{1, 2, 3}},
                    {"price", std::vector<double>{1.5, 2.5, 3.5}},
                    {"name", std::vector<std::string>{"a", "b", "c"}}};
    const Profile profile = profile_of(file.bytes(), "made.parquet");
    CHECK(profile.rows == 3);
    CHECK(profile.findings.empty());
    CHECK(type_of(profile, "name") == "text");

    SECTION("a row count that its row groups contradict is told") {
        file.claimed_rows = 1000000;
        const Profile lie = profile_of(file.bytes(), "made.parquet");
        CHECK_FALSE(lie.rows_exact);
        CHECK(find_code(lie, "row_count_mismatch") != nullptr);
    }
    SECTION("pages outside the file are told") {
        for (const std::int64_t shift : {std::int64_t{1} << 40, -(std::int64_t{1} << 40), INT64_MAX - 100}) {
            file.page_offset_shift = shift;
            const Profile lie = profile_of(file.bytes(), "made.parquet");
            CHECK_FALSE(lie.rows_exact);
            CHECK(find_code(lie, "bad_offset") != nullptr);
        }
    }
}

TEST_CASE("a Parquet file cut or changed anywhere is read without harm", "[formats]") {
    for (const char* name : {"types", "nested", "other_writer", "encrypted"}) {
        const std::string bytes = sample(name);
        for (std::size_t size = 0; size < bytes.size(); size += 11) {
            const Profile cut = profile_of(std::string_view(bytes).substr(0, size), "cut.parquet");
            INFO(name << " cut to " << size);
            CHECK_FALSE(cut.findings.empty());
        }
        const CancelFlag cancel;
        for (std::size_t at = 0; at < bytes.size(); at += 2) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ 0xFF);
            const ScratchFile file(changed);
            CHECK(profile(file.fd(), "changed.parquet", {}, cancel).has_value());
        }
    }
}

TEST_CASE("footers that lie about lengths and counts cost nothing", "[formats]") {
    const auto is_told = [](const std::string& bytes) {
        const Profile profile = profile_of(bytes, "lie.parquet");
        CHECK(profile.format == "parquet");
        CHECK_FALSE(profile.rows_exact);
        CHECK_FALSE(profile.findings.empty());
    };
    is_told(with_footer("", 1));
    is_told(with_footer("abc", -1));
    is_told(with_footer(std::string("\0", 1), 1 << 30));
    is_told("PAR1");
    is_told("PAR1PAR1");
    {
        ThriftWriter w;  // a schema of four thousand million elements
        w.integer(1, 1, 5);
        w.bytes() += "\x19\xFC";
        w.varint(0xFFFFFFFF);
        is_told(with_footer(w.bytes()));
    }
    {
        ThriftWriter w;  // children that never come
        w.begin_list(2, 12, 1);
        w.begin_element();
        w.binary(4, "schema");
        w.integer(5, INT64_MAX);
        w.end_struct();
        w.end_struct();
        is_told(with_footer(w.bytes()));
    }
    {
        ThriftWriter w;  // groups in groups in groups
        constexpr std::size_t k_deep = 50000;
        w.begin_list(2, 12, k_deep);
        for (std::size_t i = 0; i < k_deep; ++i) {
            w.begin_element();
            w.binary(4, "g");
            w.integer(5, i + 1 < k_deep ? 1 : 0);
            w.end_struct();
        }
        w.end_struct();
        is_told(with_footer(w.bytes()));
    }
    is_told(with_footer(std::string(100000, '\x1C')));  // structures in structures
    is_told(with_footer(std::string(100000, '\x19')));  // lists in lists
    is_told(with_footer(std::string(50, '\xFF')));
}

TEST_CASE("the same three columns come out of every format", "[formats]") {
    ParquetTestFile parquet;
    parquet.columns = {{"id", std::vector<std::int64_t>{1, 2, 3}},
                       {"name", std::vector<std::string>{"a", "b", "c"}},
                       {"price", std::vector<double>{1.5, 2.5, 3.5}}};
    const std::vector<std::pair<std::string, std::string>> files{
        {"t.csv", "id,name,price\n1,a,1.5\n2,b,2.5\n3,c,3.5\n"},
        {"t.tsv", "id\tname\tprice\n1\ta\t1.5\n2\tb\t2.5\n3\tc\t3.5\n"},
        {"t.jsonl",
         "{\"id\":1,\"name\":\"a\",\"price\":1.5}\n{\"id\":2,\"name\":\"b\",\"price\":2.5}\n{\"id\":3,\"name\":\"c\","
         "\"price\":3.5}\n"},
        {"t.json",
         "[{\"id\":1,\"name\":\"a\",\"price\":1.5},{\"id\":2,\"name\":\"b\",\"price\":2.5},"
         "{\"id\":3,\"name\":\"c\",\"price\":3.5}]"},
        {"t.parquet", parquet.bytes()}};
    for (const auto& [name, bytes] : files) {
        INFO(name);
        const Profile profile = profile_of(bytes, name);
        CHECK(profile.rows == 3);
        CHECK(profile.rows_exact);
        REQUIRE(profile.columns.size() == 3);
        CHECK(type_of(profile, "id") == "int64");
        CHECK(type_of(profile, "name") == "text");
        CHECK(type_of(profile, "price") == "double");
    }
}

TEST_CASE("statistics that a writer cut, or that are too long for people, are no bounds", "[formats]") {
    const auto kept = [](std::string_view min, std::string_view max, const char* exact, bool legacy = false) {
        ThriftWriter w;
        w.begin_list(2, 12, 1);
        w.begin_element();
        w.binary(4, "schema");
        w.end_struct();
        w.begin_list(4, 12, 1);
        w.begin_element();  // a row group
        w.begin_list(1, 12, 1);
        w.begin_element();  // a chunk
        w.begin_struct(3);
        w.begin_struct(12);
        w.binary(legacy ? 1 : 5, max);
        w.binary(legacy ? 2 : 6, min);
        w.bytes() += exact;  // is_max_value_exact
        w.end_struct();
        w.end_struct();
        w.end_struct();
        w.end_struct();
        w.end_struct();
        ParquetStatistics out;
        const auto footer = decode_parquet_footer(
            w.bytes(), [&](const ParquetRowGroup& group) { out = group.chunks.at(0).statistics; });
        REQUIRE(footer.has_value());
        return out;
    };
    const std::string long_text(257, 'x');
    CHECK(kept("a", "b", "").has_bounds);
    CHECK(kept("a", "b", "\x11").has_bounds);
    CHECK_FALSE(kept("a", "b", "\x12").has_bounds);
    CHECK_FALSE(kept("a", long_text, "").has_bounds);
    CHECK_FALSE(kept(long_text, "b", "").has_bounds);
    CHECK_FALSE(kept("a", "b", "").legacy_bounds);
    const ParquetStatistics old = kept("a", "b", "", true);
    CHECK(old.has_bounds);
    CHECK(old.legacy_bounds);
    CHECK(old.max == "b");
}
