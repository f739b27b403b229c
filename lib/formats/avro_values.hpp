// avro_values.hpp: the values of a block of an Avro file, as cells for people.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "formats/avro_schema.hpp"

namespace neurolake::formats {

// Reads one value after the other. Never outside its bytes; what nests deeper than 64 or has more parts than a person
// would look at is guard, what does not fit the schema corrupt.
class AvroValues {
public:
    AvroValues(const AvroSchema& schema, std::string_view bytes) : m_schema(schema), m_rest(bytes) {}

    // The next value as JSON: what has no form of its own there (dates, bytes, decimals ...) is its text.
    Result<json::Value> next(std::size_t node) { return value(node, 0); }
    // Steps over the next value, wherever it does not fit the schema corrupt. guard when the bytes have far more parts
    // than there are bytes: what takes none of them could be any number.
    Status pass(std::size_t node);
    void begin_row() { m_parts = m_text = 0; }  // the limits are those of one row
    bool at_end() const { return m_rest.empty(); }
    // What the values since begin_row() took, in bytes, roughly.
    std::size_t work() const { return m_text + m_parts * sizeof(json::Value); }

private:
    enum class Passed : unsigned char { whole, misfit, too_much };  // one for each of very many values
    Passed pass(std::size_t node, int depth);
    Passed pass_items(std::size_t node, bool with_keys, int depth);
    bool skip(std::uint64_t size);
    bool take_number(std::int64_t& value);
    Result<json::Value> value(std::size_t node, int depth);
    Result<json::Value> record(const AvroNode& node, int depth);
    Result<json::Value> array(const AvroNode& node, int depth);
    Result<json::Value> map(const AvroNode& node, int depth);
    Result<json::Value> one_of(const AvroNode& node, int depth);
    Result<json::Value> shown(const AvroNode& node, std::string_view bytes);
    Status make_room(std::string_view text, bool nested);  // guard: the row has no more room for text
    Result<std::uint64_t> begin_items();                   // of an array or map; 0: no more
    Result<std::int64_t> number();
    Result<std::string_view> bytes(std::uint64_t size);
    Result<std::string_view> sized();

    const AvroSchema& m_schema;
    std::string_view m_rest;
    std::size_t m_parts = 0, m_text = 0;
    std::size_t m_passed = 0, m_most_passed = 1000 + 8 * m_rest.size();
};

}  // namespace neurolake::formats
