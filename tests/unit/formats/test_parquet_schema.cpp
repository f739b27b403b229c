// test_parquet_schema.cpp: each physical type with each annotation, and the format's rules for lists and maps.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <limits>

#include "formats/parquet_bounds.hpp"
#include "formats/parquet_footer.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using P = ParquetPhysical;

namespace {

constexpr int k_required = 0, k_optional = 1, k_repeated = 2;

ParquetElement group(std::string name, int repetition, std::int64_t children, int converted = -1) {
    ParquetElement e;
    e.name = std::move(name);
    e.repetition = repetition;
    e.children = children;
    e.converted = converted;
    return e;
}

ParquetElement leaf(std::string name, int repetition, P physical, int converted = -1, int logical = 0) {
    ParquetElement e;
    e.name = std::move(name);
    e.repetition = repetition;
    e.physical = physical;
    e.converted = converted;
    e.logical = logical;
    return e;
}

std::string type_of(std::vector<ParquetElement> below) {
    below.insert(below.begin(), group("schema", k_required, 1));
    std::size_t leaves = 0;
    const auto columns = parquet_columns(below, leaves);
    if (!columns) return columns.error().message;
    REQUIRE(columns->size() == 1);
    return model::to_string(columns->front().type);
}

std::string plain(P physical, int converted, int logical = 0, int length = 0, int precision = 0, int scale = 0) {
    ParquetElement e = leaf("c", k_required, physical, converted, logical);
    e.type_length = length;
    e.precision = precision;
    e.scale = scale;
    return type_of({e});
}

constexpr int k_list = 3, k_map = 1, k_map_key_value = 2;

}  // namespace

TEST_CASE("each stored type of Parquet is what it is without an annotation", "[formats]") {
    CHECK(plain(P::boolean, -1) == "boolean");
    CHECK(plain(P::int32, -1) == "int32");
    CHECK(plain(P::int64, -1) == "int64");
    CHECK(plain(P::int96, -1) == "timestamp");
    CHECK(plain(P::float32, -1) == "float");
    CHECK(plain(P::float64, -1) == "double");
    CHECK(plain(P::byte_array, -1) == "binary");
    CHECK(plain(P::fixed, -1, 0, 7) == "binary");
}

TEST_CASE("the older annotations of Parquet have types", "[formats]") {
    const std::vector<std::tuple<P, int, std::string>> expected{
        {P::byte_array, 0, "text"},     {P::byte_array, 4, "text"},   {P::int32, 6, "date"},
        {P::int32, 7, "time"},          {P::int64, 8, "time"},        {P::int64, 9, "timestamp_tz"},
        {P::int64, 10, "timestamp_tz"}, {P::int32, 11, "uint8"},      {P::int32, 12, "uint16"},
        {P::int32, 13, "uint32"},       {P::int64, 14, "uint64"},     {P::int32, 15, "int8"},
        {P::int32, 16, "int16"},        {P::int32, 17, "int32"},      {P::int64, 18, "int64"},
        {P::byte_array, 19, "json"},    {P::byte_array, 20, "binary"}};
    for (const auto& [physical, converted, type] : expected) {
        INFO(converted);
        CHECK(plain(physical, converted) == type);
    }
    CHECK(plain(P::fixed, 21, 0, 12) == "interval");
}

TEST_CASE("the newer annotations of Parquet have types", "[formats]") {
    CHECK(plain(P::byte_array, -1, 1) == "text");
    CHECK(plain(P::byte_array, -1, 4) == "text");
    CHECK(plain(P::int32, -1, 6) == "date");
    CHECK(plain(P::int64, -1, 7) == "time");
    CHECK(plain(P::int64, -1, 8) == "timestamp");
    CHECK(plain(P::int32, -1, 11) == "unknown");
    CHECK(plain(P::byte_array, -1, 12) == "json");
    CHECK(plain(P::byte_array, -1, 13) == "binary");
    CHECK(plain(P::fixed, -1, 14, 16) == "uuid");
    CHECK(plain(P::fixed, -1, 15, 2) == "float");
    ParquetElement utc = leaf("c", k_required, P::int64, -1, 8);
    utc.utc = true;
    CHECK(type_of({utc}) == "timestamp_tz");
    ParquetElement variant = group("v", k_optional, 2);
    variant.logical = 16;
    CHECK(type_of({variant, leaf("metadata", k_required, P::byte_array), leaf("value", k_required, P::byte_array)}) ==
          "json");
}

TEST_CASE("decimals of Parquet stand on four stored types", "[formats]") {
    for (const P physical : {P::int32, P::int64, P::byte_array, P::fixed}) {
        CHECK(plain(physical, 5, 0, 5, 9, 2) == "decimal(9,2)");
        CHECK(plain(physical, -1, 5, 5, 9, 2) == "decimal(9,2)");
    }
    ParquetElement e = leaf("c", k_required, P::fixed, 5);
    const auto text = [&](std::string_view bytes) {
        return parquet_value_text(e, model::Type::decimal(9, 2),
                                  decode_parquet_value(e, model::Type::decimal(9, 2), bytes));
    };
    CHECK(text(std::string_view("\x00\x00\x04\xD2", 4)) == "12.34");
    CHECK(text("\xFF\xFF\xFB\x2E") == "-12.34");
    e.physical = P::int32;
    CHECK(text(std::string_view("\xD2\x04\x00\x00", 4)) == "12.34");
    CHECK(plain(P::int32, 5, 0, 0, 0, 0) == "int32");
    CHECK(plain(P::int64, 5, 0, 0, 5, 9) == "int64");
    CHECK(plain(P::float64, 5, 0, 0, 5, 2) == "double");
}

TEST_CASE("an annotation that does not fit what is stored does not count", "[formats]") {
    CHECK(plain(P::int64, 6) == "int64");
    CHECK(plain(P::float64, -1, 6) == "double");
    CHECK(plain(P::int32, 0) == "int32");
    CHECK(plain(P::boolean, -1, 1) == "boolean");
    CHECK(plain(P::byte_array, 10) == "binary");
    CHECK(plain(P::fixed, -1, 14, 15) == "binary");
    CHECK(plain(P::float32, 11) == "float");
}

// The examples of LogicalTypes.md, "Nested types".
TEST_CASE("lists of Parquet are read by the rules for old writers, too", "[formats]") {
    const auto text = [](std::string name, int repetition) {
        return leaf(std::move(name), repetition, P::byte_array, 0);
    };
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("list", k_repeated, 1),
                   text("element", k_optional)}) == "list<text>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("bag", k_repeated, 1),
                   text("array_element", k_optional)}) == "list<text>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), leaf("element", k_repeated, P::int32)}) == "list<int32>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("element", k_repeated, 2), text("str", k_required),
                   leaf("num", k_required, P::int32)}) == "list<struct<str:text!,num:int32!>>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("array", k_repeated, 1), text("str", k_required)}) ==
          "list<struct<str:text!>>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("my_list_tuple", k_repeated, 1),
                   text("str", k_required)}) == "list<struct<str:text!>>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("array", k_repeated, 1),
                   leaf("item", k_repeated, P::int32)}) == "list<struct<item:list<int32>>>");
    CHECK(type_of({group("my_list", k_optional, 1, k_list), group("odd", k_repeated, 1),
                   leaf("item", k_repeated, P::int32)}) == "list<struct<item:list<int32>>>");
    CHECK(type_of({leaf("f", k_repeated, P::int32)}) == "list<int32>");
    CHECK(type_of({group("outer", k_optional, 1, k_list), group("list", k_repeated, 1),
                   group("element", k_required, 1, k_list), group("list", k_repeated, 1),
                   leaf("element", k_required, P::int64)}) == "list<list<int64>>");
}

TEST_CASE("maps of Parquet are read in both spellings", "[formats]") {
    for (const int converted : {k_map, k_map_key_value})
        for (const char* inner : {"key_value", "map", "entries"})
            CHECK(type_of({group("m", k_optional, 1, converted), group(inner, k_repeated, 2, k_map_key_value),
                           leaf("key", k_required, P::byte_array, 0), leaf("value", k_optional, P::int32)}) ==
                  "map<text!,int32>");
}

TEST_CASE("a tree of Parquet that does not add up is corrupt", "[formats]") {
    CHECK(type_of({group("g", k_optional, 3), leaf("a", k_required, P::int32)}).find("add up") != std::string::npos);
    CHECK(type_of({group("g", k_optional, -1)}).find("add up") != std::string::npos);
    CHECK(type_of({leaf("a", k_required, P::int32), leaf("b", k_required, P::int32)}).find("add up") !=
          std::string::npos);
}

TEST_CASE("bounds that a writer cut are no bounds", "[formats]") {
    const ParquetElement e = leaf("c", k_required, P::byte_array, 0);
    ParquetChunk chunk;
    chunk.statistics.nulls = 0;
    chunk.statistics.has_bounds = true;
    chunk.statistics.min = "a";
    chunk.statistics.max = "b";
    ParquetBounds known;
    known.add(e, model::TypeKind::text, chunk, 5);
    CHECK(known.max(e, model::TypeKind::text) == "b");
    chunk.statistics.has_bounds = false;
    known.add(e, model::TypeKind::text, chunk, 5);
    CHECK_FALSE(known.max(e, model::TypeKind::text).has_value());
    const ParquetElement date = leaf("d", k_required, P::int64, 6);
    CHECK(parquet_value_text(date, model::TypeKind::date, WideInteger{INT64_MAX}) == "9223372036854775807");
}

namespace {

std::string stored(std::int64_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

ParquetChunk chunk_with(std::optional<std::int64_t> nulls, std::string min = {}, std::string max = {}) {
    ParquetChunk chunk;
    chunk.statistics.nulls = nulls;
    chunk.statistics.has_bounds = !min.empty();
    chunk.statistics.min = std::move(min);
    chunk.statistics.max = std::move(max);
    return chunk;
}

}  // namespace

TEST_CASE("nulls are known when every row group says a number that can be", "[formats]") {
    const ParquetElement e = leaf("c", k_optional, P::int64);
    const model::Type type = model::TypeKind::int64;
    ParquetBounds sum;
    sum.add(e, type, chunk_with(2, stored(1), stored(5)), 10);
    sum.add(e, type, chunk_with(10), 10);  // all null: it has no bounds, and spoils none
    sum.add(e, type, chunk_with(0, stored(-3), stored(4)), 10);
    CHECK(sum.nulls_known());
    CHECK(sum.nulls() == 12);
    CHECK(sum.min(e, type) == "-3");
    CHECK(sum.max(e, type) == "5");
    for (const std::optional<std::int64_t> nulls :
         {std::optional<std::int64_t>(), std::optional<std::int64_t>(-1), std::optional<std::int64_t>(11)}) {
        ParquetBounds other;
        other.add(e, type, chunk_with(nulls, stored(1), stored(5)), 10);
        CHECK_FALSE(other.nulls_known());
    }
}

TEST_CASE("bounds are told only where both are known and compared as the type is", "[formats]") {
    const auto known = [](const ParquetElement& e, model::Type type, const ParquetChunk& chunk) {
        ParquetBounds bounds;
        bounds.add(e, type, chunk, 10);
        return bounds.min(e, type).has_value() || bounds.max(e, type).has_value();
    };
    const ParquetElement number = leaf("c", k_required, P::int64), text = leaf("c", k_required, P::byte_array, 0),
                         fraction = leaf("c", k_required, P::float64);
    CHECK(known(number, model::TypeKind::int64, chunk_with(0, stored(1), stored(5))));
    CHECK_FALSE(known(number, model::TypeKind::int64, chunk_with(0, stored(1), "cut")));
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    const std::string nan(reinterpret_cast<const char*>(&not_a_number), sizeof not_a_number);
    CHECK_FALSE(known(fraction, model::TypeKind::float64, chunk_with(0, nan, nan)));
    // Older writers compared bytes as signed ones.
    ParquetChunk old = chunk_with(0, "a", "b"), old_number = chunk_with(0, stored(1), stored(5));
    old.statistics.legacy_bounds = old_number.statistics.legacy_bounds = true;
    CHECK_FALSE(known(text, model::TypeKind::text, old));
    CHECK_FALSE(known(number, model::TypeKind::uint64, old_number));
    CHECK(known(number, model::TypeKind::int64, old_number));
    std::int32_t noon = 43'200'000;
    const std::string millis(reinterpret_cast<const char*>(&noon), sizeof noon);
    const ParquetElement time = leaf("c", k_required, P::int32, 7);
    ParquetBounds bounds;
    bounds.add(time, model::TypeKind::time, chunk_with(0, millis, millis), 10);
    CHECK(bounds.min(time, model::TypeKind::time) == "12:00:00");
}
