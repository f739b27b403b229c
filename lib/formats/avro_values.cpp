// avro_values.cpp: Avro's binary encoding.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro_values.hpp"

#include <fmt/format.h>

#include <cstring>

#include "formats/value_json.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

using model::TypeKind;
using Kind = AvroNode::Kind;

namespace {

constexpr int k_max_depth = 64;
constexpr std::size_t k_max_parts = 100000;   // of one row
constexpr std::size_t k_max_text = 4u << 20;  // of one row

Error too_much() { return {Errc::guard, "a row holds more than can be shown"}; }
Error misfit() { return {Errc::corrupt, "a block does not hold what the schema says"}; }

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

}  // namespace

bool AvroValues::take_number(std::int64_t& value) {
    std::uint64_t raw = 0;
    for (unsigned shift = 0; shift < 64 && !m_rest.empty(); shift += 7) {
        const auto b = static_cast<unsigned char>(m_rest.front());
        m_rest.remove_prefix(1);
        raw |= static_cast<std::uint64_t>(b & 0x7F) << shift;
        if (b >= 0x80) continue;
        value = static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
        return true;
    }
    return false;
}

Result<std::int64_t> AvroValues::number() {
    std::int64_t value = 0;
    return take_number(value) ? Result<std::int64_t>(value) : misfit();
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

// Inside what nests, text is spelled as JSON spells it.
Status AvroValues::make_room(std::string_view text, bool nested) {
    constexpr std::size_t k_escape = 6;  // \u0001
    m_text += text.size();
    for (std::size_t i = 0; nested && i < text.size(); ++i)
        if (static_cast<unsigned char>(text[i]) < ' ') m_text += k_escape - 1;
    return m_text > k_max_text ? Status(too_much()) : Status();
}

Result<json::Value> AvroValues::shown(const AvroNode& node, std::string_view bytes) {
    json::Value text = bytes_value(node, bytes);
    TRY_DO(make_room(*text.as_string(), false));
    return text;
}

Result<json::Value> AvroValues::record(const AvroNode& node, int depth) {
    json::Object object;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        TRY_DO(make_room(node.names[i], true));  // each value of the record carries them
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
            TRY_DO(make_room(key, true));
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
            return float_json(little_endian<float>(b));
        }
        case Kind::float64: {
            TRY(const std::string_view b, bytes(8));
            return double_json(little_endian<double>(b));
        }
        case Kind::string: {
            TRY(const std::string_view text, sized());
            TRY_DO(make_room(text, depth > 0));
            return json::Value(text);
        }
        case Kind::bytes: {
            TRY(const std::string_view b, sized());
            return shown(node, b);
        }
        case Kind::fixed: {
            TRY(const std::string_view b, bytes(node.size));
            return shown(node, b);
        }
        case Kind::enumeration: {
            TRY(const std::int64_t symbol, number());
            if (symbol < 0 || static_cast<std::uint64_t>(symbol) >= node.names.size()) return misfit();
            const std::string& name = node.names[static_cast<std::size_t>(symbol)];
            TRY_DO(make_room(name, depth > 0));
            return json::Value(name);
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

bool AvroValues::skip(std::uint64_t size) {
    if (size > m_rest.size()) return false;
    m_rest.remove_prefix(static_cast<std::size_t>(size));
    return true;
}

AvroValues::Passed AvroValues::pass_items(std::size_t node, bool with_keys, int depth) {
    while (true) {
        std::int64_t count = 0, size = 0;
        if (!take_number(count) || (count < 0 && !take_number(size))) return Passed::misfit;
        if (count == 0) return Passed::whole;
        for (std::uint64_t left = count < 0 ? ~static_cast<std::uint64_t>(count) + 1
                                            : static_cast<std::uint64_t>(count);
             left > 0; --left) {
            if (with_keys && !(take_number(size) && size >= 0 && skip(static_cast<std::uint64_t>(size))))
                return Passed::misfit;
            if (const Passed item = pass(node, depth); item != Passed::whole) return item;
        }
    }
}

AvroValues::Passed AvroValues::pass(std::size_t at, int depth) {
    if (depth > k_max_depth || ++m_passed > m_most_passed) return Passed::too_much;
    const AvroNode& node = m_schema[at];
    const auto fits = [](bool whole) { return whole ? Passed::whole : Passed::misfit; };
    std::int64_t n = 0;
    switch (node.kind) {
        case Kind::null:
            return Passed::whole;
        case Kind::boolean:
            return fits(skip(1));
        case Kind::float32:
            return fits(skip(4));
        case Kind::float64:
            return fits(skip(8));
        case Kind::fixed:
            return fits(skip(node.size));
        case Kind::int32:
        case Kind::int64:
            return fits(take_number(n));
        case Kind::string:
        case Kind::bytes:
            return fits(take_number(n) && n >= 0 && skip(static_cast<std::uint64_t>(n)));
        case Kind::enumeration:
            return fits(take_number(n) && n >= 0 && static_cast<std::uint64_t>(n) < node.names.size());
        case Kind::record:
            for (const std::size_t child : node.children)
                if (const Passed field = pass(child, depth + 1); field != Passed::whole) return field;
            return Passed::whole;
        case Kind::array:
        case Kind::map:
            return pass_items(node.children[0], node.kind == Kind::map, depth + 1);
        case Kind::one_of:
            if (!take_number(n) || n < 0 || static_cast<std::uint64_t>(n) >= node.children.size())
                return Passed::misfit;
            return pass(node.children[static_cast<std::size_t>(n)], depth + 1);
    }
    return Passed::misfit;
}

Status AvroValues::pass(std::size_t node) {
    const Passed passed = pass(node, 0);
    if (passed == Passed::whole) return {};
    return passed == Passed::misfit ? misfit() : too_much();
}

}  // namespace neurolake::formats
