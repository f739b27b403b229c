// test_parquet_rows.cpp: the first rows of Parquet files of other writers, in each encoding and codec; damage is told.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "fixture.hpp"
#include "formats/parquet_encodings.hpp"
#include "formats/parquet_records.hpp"
#include "formats/parquet_values.hpp"
#include "support/parquet_maker.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;
using neurolake::test::ParquetTestFile;
namespace fs = std::filesystem;

namespace {

using Cells = std::vector<std::optional<std::string>>;

std::string sample(const std::string& name) {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    auto bytes = read_file(fs::path(tests ? tests : "tests") / "support" / "samples" / "parquet" / (name + ".parquet"));
    REQUIRE(bytes.has_value());
    return std::move(bytes).value();
}

Error refusal(std::string_view bytes) {
    const ScratchFile file(bytes);
    const auto rows = head(file.fd(), "x.parquet", 3);
    REQUIRE_FALSE(rows.has_value());
    return rows.error();
}

std::vector<std::string> all_of(std::int64_t encoding, const ParquetElement& element, std::string_view bytes) {
    const auto decoder = parquet_decoder(encoding, element, bytes, nullptr);
    REQUIRE(decoder.has_value());
    std::vector<std::string> out;
    for (std::string_view value; (*decoder)->next(value);) out.emplace_back(value);
    return out;
}

ParquetElement element_of(ParquetPhysical physical, int length = 0) {
    ParquetElement element;
    element.physical = physical;
    element.type_length = length;
    return element;
}

}  // namespace

TEST_CASE("the first rows of a Parquet file are the same under each codec and page version", "[formats]") {
    const Cells third{"2",    "text 0",     "0.50", "2024-02-02 10:00:00.5", "0.5",
                      "true", "[2,null,3]", {},     R"({"k2":2,"z":null})",  R"([{"p":[2]},null,{"p":null}])"};
    const Cells last{"39",
                     "text 1",
                     "46.75",
                     "2024-03-10 10:00:00.5",
                     "9.75",
                     "false",
                     {},
                     R"({"a":39,"b":["x39"]})",
                     R"({"k39":39,"z":null})",
                     R"([{"p":[39]},null,{"p":null}])"};
    for (const char* name : {"rows_plain", "rows_snappy", "rows_gzip", "rows_zstd", "rows_lz4"}) {
        INFO(name);
        const Rows rows = rows_of(sample(name), "x.parquet", 100);
        CHECK(rows.columns ==
              std::vector<std::string>{"i", "word", "price", "since", "part", "even", "list", "st", "mp", "deep"});
        REQUIRE(rows.cells.size() == 40);
        CHECK(rows.cells[2] == third);
        CHECK(rows.cells[39] == last);
        CHECK_FALSE(rows.cells[1][1].has_value());
    }
    CHECK(rows_of(sample("rows_zstd"), "x.parquet", 3).cells.size() == 3);
    CHECK(rows_of(sample("rows_zstd"), "x.parquet", 0).cells.empty());
    const Error brotli = refusal(sample("rows_brotli"));
    CHECK(brotli.code == Errc::unsupported);
    CHECK(brotli.message.find("Brotli") != std::string::npos);
}

TEST_CASE("cells of Parquet are spelled as those of the other formats", "[formats]") {
    const Rows types = rows_of(sample("types"), "types.parquet");
    REQUIRE(types.cells.size() == 3);
    CHECK(types.cells[1] == Cells{"2",
                                  "2",
                                  "2",
                                  "2",
                                  "2",
                                  "2",
                                  "2",
                                  "2",
                                  "2",
                                  "2",
                                  "true",
                                  "2024-03-01",
                                  "2024-02-28 14:00:00.5",
                                  "2024-02-28 14:00:00Z",
                                  "10:00:00",
                                  "0.25",
                                  "2.000",
                                  "123e4567-e89b-12d3-a456-426614174002",
                                  "0x7832",
                                  {},
                                  R"({"a":1})",
                                  "0 months 1 days 0 ms"});
    const Rows nested = rows_of(sample("nested"), "nested.parquet", 1);
    CHECK(nested.cells == std::vector<Cells>{{"1", "[1,2]", R"({"a":1,"b":"x"})", R"({"k":1})", R"([{"p":[1]}])"}});
    CHECK(rows_of(sample("plain"), "plain.parquet").cells.size() == 3);
    CHECK(rows_of(sample("other_writer"), "other.parquet").cells[0][0].has_value());
    CHECK(rows_of(sample("empty"), "empty.parquet").columns.size() == 2);
    CHECK(rows_of(sample("empty"), "empty.parquet").cells.empty());
    const Rows groups = rows_of(sample("groups"), "groups.parquet", 5000);  // of 2048 rows each
    REQUIRE(groups.cells.size() == 5000);
    CHECK(groups.cells[4999][0] == "4999");

    ParquetElement element = element_of(ParquetPhysical::int96);
    const std::string noon_of_1970("\x00\x80\xA7\x48\x4A\x27\x00\x00\x8C\x3D\x25\x00", 12);
    CHECK(*parquet_json(element, model::TypeKind::timestamp, noon_of_1970).as_string() == "1970-01-01 12:00:00");
    element = element_of(ParquetPhysical::int32);
    const std::int32_t ides_of_march = -735525;
    const std::string_view day(reinterpret_cast<const char*>(&ides_of_march), sizeof ides_of_march);
    CHECK(*parquet_json(element, model::TypeKind::date, day).as_string() == "-0044-03-15");
    element = element_of(ParquetPhysical::fixed, 2);
    CHECK(parquet_json(element, model::TypeKind::float32, std::string("\x00\xC1", 2)).as_double() == -2.5);
    CHECK(parquet_json(element, model::TypeKind::float32, std::string("\x01\x00", 2)).as_double() > 0);
    element = element_of(ParquetPhysical::int64);
    const auto greatest = parquet_json(element, model::TypeKind::uint64, std::string(8, '\xFF'));
    CHECK(greatest.as_uint() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("what cannot be shown of a Parquet file is said", "[formats]") {
    const Error encrypted = refusal(sample("encrypted"));
    CHECK(encrypted.code == Errc::unsupported);
    CHECK(encrypted.message.find("encrypted") != std::string::npos);
    CHECK(refusal("PAR1 cut").code == Errc::corrupt);
    ParquetTestFile file;
    file.columns = {{"id", std::vector<std::int64_t>{1, 2, 3}}};
    CHECK(rows_of(file.bytes(), "made.parquet", 2).cells == std::vector<Cells>{{"1"}, {"2"}});
    for (const std::int64_t shift : {std::int64_t{1} << 40, -(std::int64_t{1} << 40), std::int64_t{8}}) {
        file.page_offset_shift = shift;
        CHECK(refusal(file.bytes()).code == Errc::corrupt);
    }
}

TEST_CASE("damaged pages are told with column, place and what to do", "[formats]") {
    for (const char* name : {"rows_snappy", "rows_gzip", "rows_zstd", "rows_lz4"}) {
        INFO(name);
        std::string bytes = sample(name);
        bytes.replace(40, 60, 60, '\xFF');  // of the first two columns
        const Error e = refusal(bytes);
        CHECK(e.code == Errc::corrupt);
        CHECK(e.message.find("column ") != std::string::npos);
        CHECK(e.message.find("byte ") != std::string::npos);
        CHECK_FALSE(e.hint.empty());
    }
}

TEST_CASE("no byte of a compressed page with a checksum is changed unseen", "[formats]") {
    const std::string bytes = sample("rows_gzip");
    const auto rows = rows_of(bytes, "x.parquet", 3);
    std::size_t wrong = 0;
    for (std::size_t page = bytes.find("\x1F\x8B\x08"); page != std::string::npos;
         page = bytes.find("\x1F\x8B\x08", page + 1))
        for (std::size_t at = page + 3; at < page + 20; ++at) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ 4);
            const ScratchFile file(changed);
            const auto now = head(file.fd(), "x.parquet", 3);
            wrong += now && now->cells != rows.cells;
        }
    CHECK(wrong == 0);
    ParquetTestFile file;
    file.columns = {{"id", std::vector<std::int64_t>{1, 2, 3}}};
    file.crc_lie = 0;
    CHECK(rows_of(file.bytes(), "made.parquet", 1).cells == std::vector<Cells>{{"1"}});
    file.crc_lie = 1;
    CHECK(refusal(file.bytes()).message.find("checksum") != std::string::npos);
}

TEST_CASE("a Parquet footer that says more rows than there are is damage, not an empty table", "[formats]") {
    ParquetTestFile file;
    file.columns = {{"id", std::vector<std::int64_t>{}}};
    file.claimed_rows = 500;
    const Error e = refusal(file.bytes());
    CHECK(e.code == Errc::corrupt);
    CHECK(e.message.find("the footer says 500 rows, its row groups 0") != std::string::npos);
    file.columns = {{"id", std::vector<std::int64_t>{1, 2}}};
    CHECK(rows_of(file.bytes(), "x.parquet", 2).cells.size() == 2);
}

TEST_CASE("as many large rows of Parquet are given as there is room for, and the rest is told", "[formats]") {
    ParquetTestFile file;
    file.columns = {{"text", std::vector<std::string>(20, std::string(1u << 20, 'x'))}};
    Rows rows = rows_of(file.bytes(), "x.parquet", 20);
    CHECK(rows.cells.size() == 7);
    CHECK(rows.cut);
    rows = rows_of(file.bytes(), "x.parquet", 7);
    CHECK(rows.cells.size() == 7);
    CHECK_FALSE(rows.cut);
    rows = rows_of(file.bytes(), "x.parquet", 5000);
    CHECK(rows.cells.size() == 20);
    CHECK_FALSE(rows.cut);
}

TEST_CASE("a value that a column of 8 or 16 bits cannot have is damage", "[formats]") {
    const ParquetElement element = element_of(ParquetPhysical::int32);
    const auto fits = [&](model::TypeKind kind, std::int32_t value) {
        return parquet_fits(element, kind, std::string(reinterpret_cast<const char*>(&value), sizeof value));
    };
    CHECK(fits(model::TypeKind::int8, -128));
    CHECK_FALSE(fits(model::TypeKind::int8, 128));
    CHECK_FALSE(fits(model::TypeKind::int16, -32769));
    CHECK(fits(model::TypeKind::uint8, 255));
    CHECK_FALSE(fits(model::TypeKind::uint16, -1));
    CHECK(fits(model::TypeKind::int32, 1 << 30));
}

TEST_CASE("a row of Parquet that grows without end by its names is refused", "[formats]") {
    ParquetNode leaf, pair, list;
    leaf.name = std::string(1u << 20, 'n');
    pair.kind = ParquetNode::Kind::structure;
    pair.children = {leaf};
    list.kind = ParquetNode::Kind::list;
    list.item = list.item_repetition = leaf.present = pair.present = 1;
    list.children = {pair};
    for (const std::uint64_t items : {10, 100}) {
        std::vector<ParquetEntries> leaves(1);
        leaves[0].records = 1;
        for (std::uint64_t i = 0; i < items; ++i)
            leaves[0].entries.push_back({1, static_cast<std::uint8_t>(i > 0), json::Value(i)});
        const auto record = ParquetRecords(list, leaves).next();
        REQUIRE(record.has_value() == (items == 10));
        if (!record) CHECK(record.error().code == Errc::guard);
    }
}

TEST_CASE("rows of Parquet files changed anywhere are read without harm", "[formats]") {
    for (const char* name : {"nested", "rows_zstd", "rows_snappy"}) {
        const std::string bytes = sample(name);
        for (std::size_t at = 4; at < bytes.size(); at += 7) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ 0xFF);
            const ScratchFile file(changed);
            const auto rows = head(file.fd(), "changed.parquet", 5);
            if (!rows) continue;
            for (const auto& row : rows->cells) CHECK(row.size() == rows->columns.size());
        }
    }
}

TEST_CASE("Parquet's encodings give back what they hold and no more", "[formats]") {
    using Words = std::vector<std::string>;
    const ParquetElement number = element_of(ParquetPhysical::int32), text = element_of(ParquetPhysical::byte_array);
    // The specification's example: 7, 5, 3, 1, 2, 3, 4, 5 as differences, least -2, two bits each.
    const std::string deltas("\x80\x01\x04\x08\x0E\x03\x02\x00\x00\x00\xC0\x3F\x00\x00\x00\x00\x00\x00", 18);
    const auto numbers = all_of(5, number, deltas);
    REQUIRE(numbers.size() == 8);
    CHECK(numbers[0] == std::string("\x07\0\0\0", 4));
    CHECK(numbers[3] == std::string("\x01\0\0\0", 4));
    CHECK(numbers[7] == std::string("\x05\0\0\0", 4));
    CHECK(all_of(5, number, deltas.substr(0, 9)).size() < 8);

    // Lengths 2, 1: differences of a block of eight.
    const std::string lengths("\x08\x01\x02\x04\x01\x00", 6);
    CHECK(all_of(6, text, lengths + "abc") == Words{"ab", "c"});
    CHECK(all_of(6, text, lengths + "ab") == Words{"ab"});
    // Beginnings of 0 and 2 bytes.
    const std::string prefixes("\x08\x01\x02\x00\x04\x00", 6);
    CHECK(all_of(7, text, prefixes + lengths + "abc") == Words{"ab", "abc"});
    CHECK(all_of(9, element_of(ParquetPhysical::fixed, 2), "acbd") == Words{"ab", "cd"});

    ParquetRuns runs(std::string_view("\x06\x03\x03\x88\xC6\xFA", 6), 3);  // three times 3, then 0 to 7
    std::uint32_t value = 0;
    for (const std::uint32_t expected : {3u, 3u, 3u, 0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u}) {
        REQUIRE(runs.next(value));
        CHECK(value == expected);
    }
    CHECK_FALSE(runs.next(value));
    CHECK_FALSE(parquet_decoder(99, number, "", nullptr).has_value());
    CHECK_FALSE(parquet_decoder(8, number, "", nullptr).has_value());  // no dictionary
    CHECK(all_of(9, element_of(ParquetPhysical::fixed, 1 << 30), "").empty());
}

TEST_CASE("Parquet's decimals of more than 38 digits are shown as numbers", "[formats]") {
    const ParquetElement element = element_of(ParquetPhysical::fixed, 20);
    const model::Type type = model::Type::decimal(48, 3);
    const auto text = [&](const std::string& bytes) { return *parquet_json(element, type, bytes).as_string(); };
    CHECK(text(std::string(1, '\x01') + std::string(19, '\0')) == "5708990770823839524233143877797980545530986.496");
    CHECK(text(std::string(20, '\xFF')) == "-0.001");
}
