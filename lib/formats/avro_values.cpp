// avro_values.cpp: Avro's binary encoding, and the first rows of a file.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro_values.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "base/compress.hpp"
#include "base/text.hpp"
#include "formats/avro.hpp"
#include "formats/avro_file.hpp"
#include "formats/cell.hpp"
#include "formats/csv.hpp"
#include "formats/snappy.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

using model::TypeKind;
using Kind = AvroNode::Kind;

namespace {

constexpr int k_max_depth = 64;
constexpr std::size_t k_max_parts = 100000;       // of one row
constexpr std::size_t k_max_text = 4u << 20;      // of one row
constexpr std::size_t k_max_shown = 16u << 20;    // of all rows together
constexpr std::uint64_t k_max_block = 16u << 20;  // bytes, stored and inflated

Error too_much() { return {Errc::guard, "show the first rows: a row holds more than can be shown"}; }
Error misfit() { return {Errc::corrupt, "show the first rows: a block does not hold what the schema says"}; }

template <typename T>
T little_endian(std::string_view bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

json::Value time_value(const AvroNode& node, std::int64_t stored) {
    return stored_time_text(node.logical.kind, stored, node.per_second);
}

std::string duration_text(std::string_view bytes) {
    return fmt::format("{} months {} days {} ms", little_endian<std::uint32_t>(bytes),
                       little_endian<std::uint32_t>(bytes.substr(4)), little_endian<std::uint32_t>(bytes.substr(8)));
}

json::Value bytes_value(const AvroNode& node, std::string_view bytes) {
    if (node.logical.kind == TypeKind::decimal)
        if (const auto number = big_endian_integer(bytes)) return scaled_text(*number, node.logical.scale);
    if (node.logical.kind == TypeKind::uuid && bytes.size() == 16) return uuid_text(bytes);
    if (node.logical.kind == TypeKind::interval && bytes.size() == 12) return duration_text(bytes);
    return bytes_text(bytes);
}

// The number that its shortest text means, so that 0.1f is 0.1; JSON has no infinities.
json::Value real_value(double value, const std::string& text) {
    return std::isfinite(value) ? json::Value(std::strtod(text.c_str(), nullptr)) : json::Value(text);
}

}  // namespace

Result<std::int64_t> AvroValues::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (m_rest.empty()) return misfit();
        const auto b = static_cast<unsigned char>(m_rest.front());
        m_rest.remove_prefix(1);
        value |= static_cast<std::uint64_t>(b & 0x7F) << shift;
        if (b < 0x80) return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    return misfit();
}

Result<std::string_view> AvroValues::bytes(std::uint64_t size) {
    if (size > m_rest.size()) return misfit();
    const std::string_view out = m_rest.substr(0, static_cast<std::size_t>(size));
    m_rest.remove_prefix(out.size());
    return out;
}

Result<std::string_view> AvroValues::sized() {
    TRY(const std::int64_t size, number());
    if (size < 0) return misfit();
    return bytes(static_cast<std::uint64_t>(size));
}

Result<std::uint64_t> AvroValues::begin_items() {
    TRY(const std::int64_t count, number());
    if (count >= 0) return static_cast<std::uint64_t>(count);
    TRY([[maybe_unused]] const std::int64_t size, number());
    return ~static_cast<std::uint64_t>(count) + 1;
}

Result<json::Value> AvroValues::record(const AvroNode& node, int depth) {
    json::Object object;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        TRY(json::Value field, value(node.children[i], depth + 1));
        object.emplace_back(node.names[i], std::move(field));
    }
    return json::Value(std::move(object));
}

Result<json::Value> AvroValues::array(const AvroNode& node, int depth) {
    json::Array items;
    while (true) {
        TRY(std::uint64_t count, begin_items());
        if (count == 0) return json::Value(std::move(items));
        for (; count > 0; --count) {
            TRY(json::Value item, value(node.children[0], depth + 1));
            items.push_back(std::move(item));
        }
    }
}

Result<json::Value> AvroValues::map(const AvroNode& node, int depth) {
    json::Object object;
    while (true) {
        TRY(std::uint64_t count, begin_items());
        if (count == 0) return json::Value(std::move(object));
        for (; count > 0; --count) {
            TRY(const std::string_view key, sized());
            if ((m_text += key.size()) > k_max_text) return too_much();
            TRY(json::Value item, value(node.children[0], depth + 1));
            object.emplace_back(std::string(key), std::move(item));
        }
    }
}

Result<json::Value> AvroValues::one_of(const AvroNode& node, int depth) {
    TRY(const std::int64_t branch, number());
    if (branch < 0 || static_cast<std::uint64_t>(branch) >= node.children.size()) return misfit();
    return value(node.children[static_cast<std::size_t>(branch)], depth + 1);
}

Result<json::Value> AvroValues::value(std::size_t at, int depth) {
    if (depth > k_max_depth || ++m_parts > k_max_parts) return too_much();
    const AvroNode& node = m_schema[at];
    switch (node.kind) {
        case Kind::null:
            return json::Value();
        case Kind::boolean: {
            TRY(const std::string_view b, bytes(1));
            return json::Value(b[0] != 0);
        }
        case Kind::int32:
        case Kind::int64: {
            TRY(const std::int64_t n, number());
            return node.logical.kind == TypeKind::unknown ? json::Value(n) : time_value(node, n);
        }
        case Kind::float32: {
            TRY(const std::string_view b, bytes(4));
            const auto real = little_endian<float>(b);
            return real_value(real, fmt::format("{}", real));
        }
        case Kind::float64: {
            TRY(const std::string_view b, bytes(8));
            const auto real = little_endian<double>(b);
            return real_value(real, double_text(real));
        }
        case Kind::string: {
            TRY(const std::string_view text, sized());
            m_text += text.size();
            return m_text <= k_max_text ? Result<json::Value>(json::Value(text)) : too_much();
        }
        case Kind::bytes: {
            TRY(const std::string_view b, sized());
            return bytes_value(node, b);
        }
        case Kind::fixed: {
            TRY(const std::string_view b, bytes(node.size));
            return bytes_value(node, b);
        }
        case Kind::enumeration: {
            TRY(const std::int64_t symbol, number());
            if (symbol < 0 || static_cast<std::uint64_t>(symbol) >= node.names.size()) return misfit();
            return json::Value(node.names[static_cast<std::size_t>(symbol)]);
        }
        case Kind::record:
            return record(node, depth);
        case Kind::array:
            return array(node, depth);
        case Kind::map:
            return map(node, depth);
        case Kind::one_of:
            return one_of(node, depth);
    }
    return misfit();
}

namespace {

std::size_t bytes_of(const std::vector<std::optional<std::string>>& row) {
    std::size_t bytes = 0;
    for (const auto& cell : row) bytes += cell ? cell->size() : 0;
    return bytes;
}

Result<std::string> inflated(std::string stored, const std::string& codec) {
    if (codec == "null") return stored;
    if (codec == "deflate") return inflate_raw(stored, k_max_block);
    if (codec == "zstandard") return unzstd(stored, k_max_block);
    if (codec == "snappy" && stored.size() >= 4)  // behind it stands a checksum
        return unsnappy(std::string_view(stored).substr(0, stored.size() - 4), k_max_block);
    return Error(Errc::unsupported,
                 fmt::format("show the first rows: the blocks are compressed by {}, which is not read here",
                             text::escape_controls(codec)),
                 "columns, types and the row count: neurolake catalog show; the rows: any Avro reader");
}

Result<std::vector<json::Value>> read_row(AvroValues& values, const AvroSchema& schema) {
    const AvroNode& root = schema[schema.root];
    std::vector<json::Value> row;
    values.begin_row();
    if (root.kind != Kind::record) {
        TRY(json::Value value, values.next(schema.root));
        row.push_back(std::move(value));
        return row;
    }
    for (const std::size_t child : root.children) {
        TRY(json::Value value, values.next(child));
        row.push_back(std::move(value));
    }
    return row;
}

// Row after row, until `take` says no.
Status each_row(AvroFile& file, const AvroHeader& header, const AvroSchema& schema,
                const std::function<bool(const std::vector<json::Value>&)>& take) {
    AvroBlock block;
    while (true) {
        TRY(const bool more, file.next_block(block));
        if (!more) return {};
        TRY(std::string stored, file.block_bytes(block, k_max_block));
        TRY(const std::string bytes, inflated(std::move(stored), header.codec));
        AvroValues values(schema, bytes);
        for (std::uint64_t i = 0; i < block.rows; ++i) {
            TRY(const std::vector<json::Value> row, read_row(values, schema));
            if (!take(row)) return {};
        }
    }
}

}  // namespace

std::optional<std::string> cell_of(const json::Value& value) {
    if (value.is_null()) return std::nullopt;
    if (const std::string* text = value.as_string()) return *text;
    if (value.as_int() || value.as_uint() || value.is_array() || value.is_object()) return json::dump(value);
    if (const auto real = value.as_double()) return double_text(*real);
    return json::dump(value);
}

Result<Rows> head_avro(const Input& input, std::size_t count) {
    AvroFile file(input);
    AvroHeader header;
    TRY_DO(file.read_header(header));
    TRY(const AvroSchema schema, parse_avro_schema(header.schema));
    const AvroNode& root = schema[schema.root];
    Rows rows;
    std::vector<model::Finding> findings;
    rows.columns = root.kind == Kind::record ? usable_names(root.names, root.names.size(), findings, true)
                                             : std::vector<std::string>{"value"};
    std::size_t shown = 0;
    if (count == 0) return rows;
    TRY_DO(each_row(file, header, schema, [&](const std::vector<json::Value>& row) {
        auto& cells = rows.cells.emplace_back();
        for (const json::Value& value : row) cells.push_back(cell_of(value));
        shown += bytes_of(cells);
        return rows.cells.size() < count && shown < k_max_shown;
    }));
    return rows;
}

Status look_at_avro(const Input& input, FirstValues& into) {
    AvroFile file(input);
    AvroHeader header;
    TRY_DO(file.read_header(header));
    TRY(const AvroSchema schema, parse_avro_schema(header.schema));
    std::size_t rows = 0;
    return each_row(file, header, schema, [&](const std::vector<json::Value>& row) {
        for (std::size_t i = 0; i < row.size(); ++i)
            if (into.wants(i)) into.look(i, row[i]);
        return ++rows < k_first_rows;
    });
}

}  // namespace neurolake::formats
