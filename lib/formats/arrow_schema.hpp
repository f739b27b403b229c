// arrow_schema.hpp: the schema of an Arrow file or stream as columns of ours.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "formats/flatbuffer.hpp"
#include "model/type.hpp"

namespace neurolake::formats {

struct ArrowColumn {
    std::string name, declared, description;  // declared: for people, "timestamp[us, UTC]"
    model::Type type;
    bool nullable = true;
    bool nulls_below = false;  // unions and run ends have none of their own: they stand in the values below them
    std::size_t node = 0;      // its place among the nodes of a record batch
};

struct ArrowSchema {
    std::vector<ArrowColumn> columns;
    std::size_t nodes = 0;  // of each record batch
};

// Source: the Arrow columnar format 1.5, Schema.fbs. Unions are json; an extension that we know (uuid, json, bool8) is
// what it means, others are what they are stored as. corrupt, or guard when it is larger than we read.
Result<ArrowSchema> read_arrow_schema(const FlatTable& schema);

}  // namespace neurolake::formats
