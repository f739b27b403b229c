// parquet_footer.hpp: the footer of a Parquet file as plain structures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/type.hpp"

namespace neurolake::formats {

enum class ParquetPhysical : std::int8_t {
    none = -1,
    boolean,
    int32,
    int64,
    int96,
    float32,
    float64,
    byte_array,
    fixed
};
enum class ParquetUnit : std::uint8_t { none, millis, micros, nanos };

// One node of the schema tree, in the footer's depth-first order.
struct ParquetElement {
    std::string name;
    ParquetPhysical physical = ParquetPhysical::none;
    int type_length = 0, repetition = 0;  // 0 required, 1 optional, 2 repeated
    std::int64_t children = 0;
    int converted = -1;            // ConvertedType, -1 = none
    int logical = 0;               // field id of the LogicalType union, 0 = none
    int precision = 0, scale = 0;  // of decimals
    int bit_width = 0;             // of integers
    bool is_signed = true, utc = false;
    ParquetUnit unit = ParquetUnit::none;

    bool is_group() const { return physical == ParquetPhysical::none; }
};

struct ParquetStatistics {
    std::string min, max;  // as stored; valid where has_bounds
    bool has_bounds = false, legacy_bounds = false;
    std::optional<std::int64_t> nulls, distinct;
};

// What all row groups say of one leaf column.
struct ParquetChunk {
    std::int64_t values = 0, compressed_bytes = 0, first_page = 0;
    int codec = 0;  // CompressionCodec
    bool elsewhere = false, encrypted = false;
    ParquetStatistics statistics;
};

struct ParquetRowGroup {
    std::int64_t rows = 0;
    std::vector<ParquetChunk> chunks;
};

struct ParquetFooter {
    std::vector<ParquetElement> schema;
    std::int64_t rows = 0;
    std::string created_by;
    bool encrypted_columns = false;
    std::uint64_t row_groups = 0;
};

// A column of the table, and its leaf if it is a plain one.
struct ParquetColumn {
    std::string name;
    model::Type type;
    bool nullable = true;
    std::size_t leaf = k_nested;  // index of its chunk in each row group
    std::size_t element = 0;      // of the schema
    static constexpr std::size_t k_nested = ~std::size_t{0};
};

// Decodes the footer; on_group is called for each row group, which is not kept (a footer may have very many). corrupt
// when it is not what it must be.
Result<ParquetFooter> decode_parquet_footer(std::string_view bytes,
                                            const std::function<void(const ParquetRowGroup&)>& on_group);

// The top-level columns with their types, and how many leaves there are. corrupt when the tree does not add up.
Result<std::vector<ParquetColumn>> parquet_columns(const std::vector<ParquetElement>& schema, std::size_t& leaves);

// What a leaf of the schema holds.
model::Type parquet_leaf_type(const ParquetElement& element);

}  // namespace neurolake::formats
