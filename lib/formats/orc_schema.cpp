// orc_schema.cpp: ORC's types as ours, node by node.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "formats/orc_footer.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;

namespace {

constexpr int k_max_depth = 64;

struct Kind {
    std::string_view name;  // as Hive and ORC's tools write it
    TypeKind ours;
};
constexpr std::array<Kind, 20> k_kinds{{
    {"boolean", TypeKind::boolean},
    {"tinyint", TypeKind::int8},
    {"smallint", TypeKind::int16},
    {"int", TypeKind::int32},
    {"bigint", TypeKind::int64},
    {"float", TypeKind::float32},
    {"double", TypeKind::float64},
    {"string", TypeKind::text},
    {"binary", TypeKind::binary},
    {"timestamp", TypeKind::timestamp},
    {"array", TypeKind::list},
    {"map", TypeKind::map},
    {"struct", TypeKind::structure},
    {"uniontype", TypeKind::json},
    {"decimal", TypeKind::decimal},
    {"date", TypeKind::date},
    {"varchar", TypeKind::text},
    {"char", TypeKind::text},
    {"timestamp with local time zone", TypeKind::timestamp_tz},
    {"a type of a newer ORC", TypeKind::unknown},
}};
const Kind& known(OrcKind kind) { return k_kinds[static_cast<std::size_t>(kind)]; }

std::string declared(const OrcType& type) {
    std::string out(known(type.kind).name);
    if (type.kind == OrcKind::decimal && type.precision > 0) out += fmt::format("({},{})", type.precision, type.scale);
    if (type.kind == OrcKind::varchar || type.kind == OrcKind::character) out += fmt::format("({})", type.length);
    return out;
}

Error broken() { return {Errc::corrupt, "the footer's types do not add up"}; }

// Each node has one parent, with a lower number: so there is neither a circle nor a tree that grows by sharing.
class TreeReader {
public:
    explicit TreeReader(const std::vector<OrcType>& types) : m_types(types), m_seen(types.size(), false) {}

    Result<Type> child(std::uint32_t node, std::uint32_t parent, int depth) {
        if (node <= parent || node >= m_types.size() || m_seen[node]) return broken();
        return type(node, depth);
    }

    Result<Type> type(std::uint32_t node, int depth) {
        if (depth > k_max_depth) return Error(Errc::guard, "the types are nested deeper than we read");
        m_seen[node] = true;
        const OrcType& from = m_types[node];
        switch (from.kind) {
            case OrcKind::decimal:
                return decimal(from);
            case OrcKind::one_of: {
                TRY([[maybe_unused]] const Type unused, nested(from, node, depth));
                return Type(TypeKind::json);
            }
            case OrcKind::newer:
                return Type(TypeKind::unknown);
            case OrcKind::list:
            case OrcKind::map:
            case OrcKind::structure:
                return nested(from, node, depth);
            default:
                return from.children.empty() ? Result<Type>(Type(known(from.kind).ours)) : broken();
        }
    }

private:
    static Result<Type> decimal(const OrcType& from) {
        if (!from.is_sized_decimal()) return Type(TypeKind::text);
        return Type::decimal(static_cast<int>(from.precision), static_cast<int>(from.scale));
    }

    Result<Type> nested(const OrcType& from, std::uint32_t node, int depth) {
        Type type(known(from.kind).ours);
        const std::size_t expected = from.kind == OrcKind::list  ? 1
                                     : from.kind == OrcKind::map ? 2
                                                                 : from.children.size();
        if (from.children.size() != expected) return broken();
        if (from.kind == OrcKind::structure && from.names.size() != from.children.size()) return broken();
        for (std::size_t i = 0; i < from.children.size(); ++i) {
            model::Field field;
            TRY(field.type, child(from.children[i], node, depth + 1));
            if (from.kind == OrcKind::structure) field.name = from.names[i];
            if (from.kind == OrcKind::list) field.name = "element";
            if (from.kind == OrcKind::map) field.name = i == 0 ? "key" : "value";
            type.fields.push_back(std::move(field));
        }
        return type;
    }

    const std::vector<OrcType>& m_types;
    std::vector<bool> m_seen;
};

}  // namespace

Result<std::vector<OrcColumn>> orc_columns(const OrcFooter& footer) {
    TreeReader reader(footer.types);
    std::vector<OrcColumn> out;
    const OrcType& row = footer.types.front();
    if (row.kind != OrcKind::structure) {
        OrcColumn only{"value", declared(row), {}, 0};
        TRY(only.type, reader.type(0, 0));
        out.push_back(std::move(only));
        return out;
    }
    if (row.names.size() != row.children.size()) return broken();
    for (std::size_t i = 0; i < row.children.size(); ++i) {
        TRY(Type type, reader.child(row.children[i], 0, 1));
        const std::uint32_t node = row.children[i];
        out.push_back({std::string(row.names[i]), declared(footer.types[node]), std::move(type), node});
    }
    return out;
}

}  // namespace neurolake::formats
