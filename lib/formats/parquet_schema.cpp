// parquet_schema.cpp: Parquet's physical and logical types as ours; nested groups by the format's list and map rules.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <utility>

#include "formats/parquet_footer.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;

namespace {

constexpr int k_max_depth = 64;

enum Logical : int {
    k_string = 1,
    k_map,
    k_list,
    k_enum,
    k_decimal,
    k_date,
    k_time,
    k_timestamp,
    k_integer = 10,
    k_unknown,
    k_json,
    k_bson,
    k_uuid,
    k_float16,
    k_variant,
};

// ConvertedType, the older spelling of the same.
enum Converted : int {
    c_utf8,
    c_map,
    c_map_key_value,
    c_list,
    c_enum,
    c_decimal,
    c_date,
    c_time_millis,
    c_time_micros,
    c_timestamp_millis,
    c_timestamp_micros,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_int8,
    c_int16,
    c_int32,
    c_int64,
    c_json,
    c_bson,
    c_interval,
};

Type integer_type(int bits, bool is_signed) {
    constexpr std::array<std::pair<int, std::pair<TypeKind, TypeKind>>, 4> k_kinds{{
        {8, {TypeKind::int8, TypeKind::uint8}},
        {16, {TypeKind::int16, TypeKind::uint16}},
        {32, {TypeKind::int32, TypeKind::uint32}},
        {64, {TypeKind::int64, TypeKind::uint64}},
    }};
    for (const auto& [width, kinds] : k_kinds)
        if (width == bits) return is_signed ? kinds.first : kinds.second;
    return TypeKind::int64;
}

Type physical_type(const ParquetElement& e) {
    constexpr std::array<TypeKind, 8> k_kinds{TypeKind::boolean,   TypeKind::int32,   TypeKind::int64,
                                              TypeKind::timestamp, TypeKind::float32, TypeKind::float64,
                                              TypeKind::binary,    TypeKind::binary};
    return k_kinds[static_cast<std::size_t>(e.physical)];
}

// What a decimal claims must be possible, or it is shown as what is stored.
Type decimal_type(const ParquetElement& e) {
    constexpr int k_widest = 76;
    const bool number = e.physical == ParquetPhysical::int32 || e.physical == ParquetPhysical::int64 ||
                        e.physical == ParquetPhysical::byte_array || e.physical == ParquetPhysical::fixed;
    const bool sane = number && e.precision >= 1 && e.precision <= k_widest && e.scale >= 0 && e.scale <= e.precision;
    return sane ? Type::decimal(e.precision, e.scale) : physical_type(e);
}

bool is_bytes(const ParquetElement& e) {
    return e.physical == ParquetPhysical::byte_array || e.physical == ParquetPhysical::fixed;
}
bool is_fixed(const ParquetElement& e, int length) {
    return e.physical == ParquetPhysical::fixed && e.type_length == length;
}
bool is_integer(const ParquetElement& e) {
    return e.physical == ParquetPhysical::int32 || e.physical == ParquetPhysical::int64;
}

// An annotation that does not fit what is stored does not count.
Type fitting(bool fits, Type type, const ParquetElement& e) { return fits ? type : physical_type(e); }

Type converted_type(const ParquetElement& e) {
    if (e.converted >= c_uint8 && e.converted <= c_uint64)
        return fitting(is_integer(e), integer_type(8 << (e.converted - c_uint8), false), e);
    if (e.converted >= c_int8 && e.converted <= c_int64)
        return fitting(is_integer(e), integer_type(8 << (e.converted - c_int8), true), e);
    switch (e.converted) {
        case c_utf8:
        case c_enum:
            return fitting(is_bytes(e), TypeKind::text, e);
        case c_decimal:
            return decimal_type(e);
        case c_date:
            return fitting(e.physical == ParquetPhysical::int32, TypeKind::date, e);
        case c_time_millis:
        case c_time_micros:
            return fitting(is_integer(e), TypeKind::time, e);
        case c_timestamp_millis:
        case c_timestamp_micros:
            return fitting(e.physical == ParquetPhysical::int64, TypeKind::timestamp_tz, e);  // by definition UTC
        case c_json:
            return fitting(is_bytes(e), TypeKind::json, e);
        case c_interval:
            return fitting(is_fixed(e, 12), TypeKind::interval, e);
        default:
            return physical_type(e);
    }
}

Type leaf_type(const ParquetElement& e) {
    switch (e.logical) {
        case k_string:
        case k_enum:
            return fitting(is_bytes(e), TypeKind::text, e);
        case k_decimal:
            return decimal_type(e);
        case k_date:
            return fitting(e.physical == ParquetPhysical::int32, TypeKind::date, e);
        case k_time:
            return fitting(is_integer(e), TypeKind::time, e);
        case k_timestamp:
            return fitting(e.physical == ParquetPhysical::int64, e.utc ? TypeKind::timestamp_tz : TypeKind::timestamp,
                           e);
        case k_integer:
            return fitting(is_integer(e), integer_type(e.bit_width, e.is_signed), e);
        case k_unknown:
            return TypeKind::unknown;
        case k_json:
            return fitting(is_bytes(e), TypeKind::json, e);
        case k_uuid:
            return fitting(is_fixed(e, 16), TypeKind::uuid, e);
        case k_float16:
            return fitting(is_fixed(e, 2), TypeKind::float32, e);
        default:
            return converted_type(e);
    }
}

// Walks the tree once, in the order of the footer.
class Tree {
public:
    explicit Tree(const std::vector<ParquetElement>& schema) : m_schema(schema) {}

    // The node at the cursor with all below it; its repetition is the caller's business.
    Type node(int depth) {
        if (m_at >= m_schema.size() || depth > k_max_depth) return fail();
        const ParquetElement& e = m_schema[m_at++];
        if (!e.is_group()) {
            ++m_leaves;
            return leaf_type(e);
        }
        if (e.children < 0 || static_cast<std::uint64_t>(e.children) > m_schema.size() - m_at) return fail();
        if ((e.logical == k_list || e.converted == c_list) && e.children == 1) return list(e, depth);
        const bool is_map = e.logical == k_map || e.converted == c_map || e.converted == c_map_key_value;
        if (is_map && e.children == 1) return map(depth);
        Type type = structure(e.children, depth);
        return e.logical == k_variant ? Type(TypeKind::json) : type;
    }

    // The node at the cursor as a field: a repeated one outside list and map groups is a list of itself.
    model::Field field(int depth) {
        if (m_at >= m_schema.size()) return {{}, fail(), true};
        const ParquetElement& e = m_schema[m_at];
        Type type = node(depth);
        if (e.repetition == 2) type = Type::list_of(std::move(type));
        return {e.name, std::move(type), e.repetition != 0};
    }

    bool ok() const { return m_ok; }
    std::size_t position() const { return m_at; }
    void begin_at(std::size_t at) { m_at = at; }
    std::size_t leaves() const { return m_leaves; }

private:
    Type fail() {
        m_ok = false;
        return {};
    }

    Type structure(std::int64_t children, int depth) {
        Type type(TypeKind::structure);
        for (std::int64_t i = 0; i < children && m_ok; ++i) type.fields.push_back(field(depth + 1));
        return type;
    }

    // The middle group of the three-level form is dropped; the backward compatibility rules keep it where it is the
    // element.
    Type list(const ParquetElement& outer, int depth) {
        if (m_at >= m_schema.size()) return fail();
        const ParquetElement& repeated = m_schema[m_at];
        const bool only_child_repeats = m_at + 1 < m_schema.size() && m_schema[m_at + 1].repetition == 2;
        const bool is_element = !repeated.is_group() || repeated.children != 1 || only_child_repeats ||
                                repeated.name == "array" || repeated.name == outer.name + "_tuple";
        if (is_element) return Type::list_of(node(depth + 1));
        ++m_at;
        model::Field element = field(depth + 1);
        return Type::list_of(std::move(element.type));
    }

    Type map(int depth) {
        if (m_at >= m_schema.size()) return fail();
        const ParquetElement& pair = m_schema[m_at];
        if (!pair.is_group() || pair.children < 1 || pair.children > 2) return Type::list_of(node(depth + 1));
        ++m_at;
        Type type(TypeKind::map);
        for (std::int64_t i = 0; i < pair.children; ++i) type.fields.push_back(field(depth + 1));
        if (pair.children == 1) type.fields.push_back({"value", TypeKind::unknown, true});
        return type;
    }

    const std::vector<ParquetElement>& m_schema;
    std::size_t m_at = 0, m_leaves = 0;
    bool m_ok = true;
};

}  // namespace

model::Type parquet_leaf_type(const ParquetElement& element) { return leaf_type(element); }

Result<std::vector<ParquetColumn>> parquet_columns(const std::vector<ParquetElement>& schema, std::size_t& leaves) {
    std::vector<ParquetColumn> columns;
    const ParquetElement& root = schema.front();
    Tree tree(schema);
    tree.begin_at(1);
    for (std::int64_t i = 0; i < root.children && tree.ok(); ++i) {
        ParquetColumn column;
        column.element = tree.position();
        const std::size_t leaf = tree.leaves();
        const bool plain = column.element < schema.size() && !schema[column.element].is_group() &&
                           schema[column.element].repetition != 2;
        model::Field field = tree.field(0);
        column.name = std::move(field.name);
        column.type = std::move(field.type);
        column.nullable = field.nullable;
        if (plain) column.leaf = leaf;
        columns.push_back(std::move(column));
    }
    if (!tree.ok() || root.children < 0 || tree.position() != schema.size())
        return Error(Errc::corrupt, "the footer's schema does not add up");
    leaves = tree.leaves();
    return columns;
}

}  // namespace neurolake::formats
