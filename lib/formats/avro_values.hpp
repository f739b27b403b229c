// avro_values.hpp: the values of a block of an Avro file, as cells for people.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "formats/avro_schema.hpp"
#include "formats/first_values.hpp"
#include "formats/input.hpp"

namespace neurolake::formats {

// Reads one value after the other. Never outside its bytes; what nests deeper than 64 or has more parts than a person
// would look at is guard, what does not fit the schema corrupt.
class AvroValues {
public:
    AvroValues(const AvroSchema& schema, std::string_view bytes) : m_schema(schema), m_rest(bytes) {}

    // The next value as JSON: what has no form of its own there (dates, bytes, decimals ...) is its text.
    Result<json::Value> next(std::size_t node) { return value(node, 0); }
    void begin_row() { m_parts = m_text = 0; }  // the limits are those of one row

private:
    Result<json::Value> value(std::size_t node, int depth);
    Result<json::Value> record(const AvroNode& node, int depth);
    Result<json::Value> array(const AvroNode& node, int depth);
    Result<json::Value> map(const AvroNode& node, int depth);
    Result<json::Value> one_of(const AvroNode& node, int depth);
    Result<std::uint64_t> begin_items();  // of an array or map; 0: no more
    Result<std::int64_t> number();
    Result<std::string_view> bytes(std::uint64_t size);
    Result<std::string_view> sized();

    const AvroSchema& m_schema;
    std::string_view m_rest;
    std::size_t m_parts = 0, m_text = 0;
};

// Shows the first rows to `into`, those before damage too. Errors: as head_avro.
Status look_at_avro(const Input& input, FirstValues& into);

// null, or the text of a cell.
std::optional<std::string> cell_of(const json::Value& value);

}  // namespace neurolake::formats
