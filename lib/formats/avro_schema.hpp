// avro_schema.hpp: an Avro schema as a graph of nodes: names are resolved, so that a record may contain itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/type.hpp"

namespace neurolake::formats {

struct AvroNode {
    // In this order: primitives by their names first.
    enum class Kind {
        null,
        boolean,
        int32,
        int64,
        float32,
        float64,
        bytes,
        string,
        record,
        enumeration,
        array,
        map,
        one_of,
        fixed
    };
    Kind kind = Kind::null;
    model::Type logical;                // kind unknown: no logical type, or one that does not fit what it stands on
    std::uint32_t per_second = 0;       // of times: units a second
    std::uint64_t size = 0;             // of fixed, bytes
    std::vector<std::size_t> children;  // of record, array, map, one_of: places in AvroSchema::nodes
    std::vector<std::string> names;     // of record: its fields; of enumeration: its symbols
    std::vector<std::string> docs;      // of record: what its fields mean, in its writer's words
    std::string declared;               // for people: "long, timestamp-micros"
};

struct AvroSchema {
    std::vector<AvroNode> nodes;
    std::size_t root = 0;

    const AvroNode& operator[](std::size_t at) const { return nodes[at]; }
    model::Type type_of(std::size_t node) const;
    // The nodes of the columns: the fields of a record, else the root itself.
    std::vector<std::size_t> columns() const;
    // Their types. A record that contains itself is json, and so is what would become too large: named types may stand
    // in each other, and double each time, so that all columns together have room for what a schema could spell out.
    std::vector<model::Type> types() const;
    // [null, T]: T; the node itself when it is no union with null.
    std::size_t without_null(std::size_t node) const;
    bool is_nullable(std::size_t node) const;
    // The fewest bytes that a value takes.
    std::uint64_t least_bytes(std::size_t node) const;
};

inline constexpr std::size_t k_avro_max_schema = 1u << 20;  // bytes of JSON

// corrupt when it is no Avro schema; guard when it is larger than we read.
Result<AvroSchema> parse_avro_schema(std::string_view json);

}  // namespace neurolake::formats
