// avro_schema.cpp: from JSON to nodes; what the nodes are as types of ours.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/json.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;
using Kind = AvroNode::Kind;

namespace {

constexpr int k_max_depth = 60;                // of a type of ours; deeper is json
constexpr std::size_t k_max_types = 1u << 20;  // bytes of all types of a file, roughly as their text
constexpr std::size_t k_max_nodes = 100000;

constexpr std::array<std::string_view, 8> k_primitives{"null",  "boolean", "int",   "long",
                                                       "float", "double",  "bytes", "string"};

std::optional<Kind> primitive(std::string_view name) {
    const auto at = std::find(k_primitives.begin(), k_primitives.end(), name);
    if (at == k_primitives.end()) return std::nullopt;
    return static_cast<Kind>(at - k_primitives.begin());
}

struct Logical {
    std::string_view name;
    Kind on;
    TypeKind type;
    std::uint32_t per_second;
};
constexpr std::array<Logical, 12> k_logical{{
    {"date", Kind::int32, TypeKind::date, 0},
    {"time-millis", Kind::int32, TypeKind::time, 1000},
    {"time-micros", Kind::int64, TypeKind::time, 1000000},
    {"timestamp-millis", Kind::int64, TypeKind::timestamp_tz, 1000},
    {"timestamp-micros", Kind::int64, TypeKind::timestamp_tz, 1000000},
    {"timestamp-nanos", Kind::int64, TypeKind::timestamp_tz, 1000000000},
    {"local-timestamp-millis", Kind::int64, TypeKind::timestamp, 1000},
    {"local-timestamp-micros", Kind::int64, TypeKind::timestamp, 1000000},
    {"local-timestamp-nanos", Kind::int64, TypeKind::timestamp, 1000000000},
    {"uuid", Kind::string, TypeKind::uuid, 0},
    {"uuid", Kind::fixed, TypeKind::uuid, 0},
    {"duration", Kind::fixed, TypeKind::interval, 0},
}};

// A logical type that does not fit what it stands on is to be ignored, says the specification.
void take_logical(AvroNode& node, const json::Value& from) {
    const std::string name = from.text("logicalType");
    if (name.empty()) return;
    node.declared += ", " + name;
    if (name == "decimal" && (node.kind == Kind::bytes || node.kind == Kind::fixed)) {
        const std::int64_t precision = from.integer("precision"), scale = from.integer("scale");
        constexpr std::int64_t k_widest = 76;
        if (precision >= 1 && precision <= k_widest && scale >= 0 && scale <= precision)
            node.logical = Type::decimal(static_cast<int>(precision), static_cast<int>(scale));
        return;
    }
    for (const Logical& each : k_logical) {
        if (each.name != name || each.on != node.kind) continue;
        if (node.kind == Kind::fixed && node.size != (each.type == TypeKind::uuid ? 16u : 12u)) continue;
        node.logical = each.type;
        node.per_second = each.per_second;
    }
}

class SchemaParser {
public:
    Result<std::size_t> node(const json::Value& from, const std::string& space, int depth) {
        if (depth > 200 || m_schema.nodes.size() >= k_max_nodes)
            return Error(Errc::guard, "the schema is deeper or larger than we read");
        if (const std::string* name = from.as_string()) return named(*name, space);
        if (const json::Array* branches = from.as_array()) return one_of(*branches, space, depth);
        if (!from.is_object()) return Error(Errc::corrupt, "the schema holds something that is no type");
        const json::Value* type = from.find("type");
        if (type == nullptr) return Error(Errc::corrupt, "the schema holds an object without a type");
        if (const std::string* word = type->as_string()) {
            if (*word == "record" || *word == "error") return record(from, space, depth);
            if (*word == "enum") return enumeration(from, space);
            if (*word == "fixed") return fixed(from, space);
            if (*word == "array") return container(from, Kind::array, "items", space, depth);
            if (*word == "map") return container(from, Kind::map, "values", space, depth);
            if (const auto kind = primitive(*word)) {
                const std::size_t at = add(*kind, *word);
                take_logical(m_schema.nodes[at], from);
                return at;
            }
            return named(*word, space);
        }
        return node(*type, space, depth + 1);  // {"type": {"type": "long"}}
    }

    AvroSchema take(std::size_t root) {
        m_schema.root = root;
        return std::move(m_schema);
    }

private:
    using Names = std::map<std::string, std::size_t, std::less<>>;

    std::size_t add(Kind kind, std::string_view declared) {
        AvroNode node;
        node.kind = kind;
        node.declared = declared;
        m_schema.nodes.push_back(std::move(node));
        return m_schema.nodes.size() - 1;
    }

    Result<std::size_t> named(const std::string& name, const std::string& space) {
        if (const auto kind = primitive(name)) return add(*kind, name);
        for (const Names* names : {&m_named, &m_aliases}) {  // a name goes before another type's alias
            if (name.find('.') == std::string::npos && !space.empty())
                if (const auto near = names->find(space + "." + name); near != names->end()) return near->second;
            if (const auto known = names->find(name); known != names->end()) return known->second;
        }
        return Error(Errc::corrupt, fmt::format("the schema uses a type {} that it does not define", name));
    }

    // Gives a named type its full name, and the name space of what stands in it.
    std::string define(const json::Value& from, const std::string& space, std::size_t at) {
        std::string name = from.text("name");
        const std::size_t dot = name.rfind('.');
        std::string own = dot != std::string::npos ? name.substr(0, dot) : from.text("namespace", space);
        if (dot == std::string::npos && !own.empty()) name = own + "." + name;
        m_named.emplace(std::move(name), at);
        if (const json::Value* aliases = from.find("aliases"); aliases != nullptr && aliases->as_array() != nullptr)
            for (const json::Value& alias : *aliases->as_array())
                if (const std::string* text = alias.as_string())
                    m_aliases.emplace(text->find('.') != std::string::npos || own.empty() ? *text : own + "." + *text,
                                      at);
        return own;
    }

    Result<std::size_t> record(const json::Value& from, const std::string& space, int depth) {
        const std::size_t at = add(Kind::record, "record " + from.text("name"));
        const std::string own = define(from, space, at);
        const json::Value* fields = from.find("fields");
        if (fields == nullptr || fields->as_array() == nullptr)
            return Error(Errc::corrupt, fmt::format("the schema's record {} has no fields", from.text("name")));
        for (const json::Value& field : *fields->as_array()) {
            const json::Value* type = field.find("type");
            if (!field.is_object() || type == nullptr)
                return Error(Errc::corrupt, fmt::format("a field of record {} has no type", from.text("name")));
            TRY(const std::size_t child, node(*type, own, depth + 1));
            m_schema.nodes[at].children.push_back(child);
            m_schema.nodes[at].names.push_back(field.text("name"));
            m_schema.nodes[at].docs.push_back(field.text("doc"));
        }
        return at;
    }

    Result<std::size_t> enumeration(const json::Value& from, const std::string& space) {
        const std::size_t at = add(Kind::enumeration, "enum " + from.text("name"));
        define(from, space, at);
        for (const json::Value& symbol : from.items("symbols"))
            m_schema.nodes[at].names.push_back(symbol.as_string() != nullptr ? *symbol.as_string() : std::string());
        return at;
    }

    Result<std::size_t> fixed(const json::Value& from, const std::string& space) {
        const auto size = from.find("size") != nullptr ? from.find("size")->as_uint() : std::nullopt;
        if (!size) return Error(Errc::corrupt, fmt::format("the schema's fixed {} has no size", from.text("name")));
        const std::size_t at = add(Kind::fixed, fmt::format("fixed({})", *size));
        m_schema.nodes[at].size = *size;
        take_logical(m_schema.nodes[at], from);
        define(from, space, at);
        return at;
    }

    Result<std::size_t> container(const json::Value& from, Kind kind, const char* key, const std::string& space,
                                  int depth) {
        const json::Value* inner = from.find(key);
        if (inner == nullptr) return Error(Errc::corrupt, fmt::format("a type of the schema has no {}", key));
        const std::size_t at = add(kind, kind == Kind::array ? "array" : "map");
        TRY(const std::size_t child, node(*inner, space, depth + 1));
        m_schema.nodes[at].children.push_back(child);
        return at;
    }

    Result<std::size_t> one_of(const json::Array& branches, const std::string& space, int depth) {
        const std::size_t at = add(Kind::one_of, "");
        for (const json::Value& branch : branches) {
            TRY(const std::size_t child, node(branch, space, depth + 1));
            m_schema.nodes[at].children.push_back(child);
        }
        std::string declared;
        for (const std::size_t child : m_schema.nodes[at].children) {
            if (declared.size() > 100) break;  // for people
            declared += (declared.empty() ? "union of " : " or ") + m_schema.nodes[child].declared;
        }
        m_schema.nodes[at].declared = declared.empty() ? "union of nothing" : declared;
        return at;
    }

    AvroSchema m_schema;
    Names m_named, m_aliases;
};

// Walks the graph into types, which are trees: what is met again inside itself, or grows too large, is json.
class Typing {
public:
    explicit Typing(const AvroSchema& schema) : m_schema(schema), m_open(schema.nodes.size()) {}

    // One of so many that share the room; what it leaves of its share is for those behind it.
    Type column(std::size_t at, std::size_t sharers) {
        const std::size_t share = m_room / sharers;
        m_room -= share;
        m_left = share;
        Type type = of(at, 0);
        m_room += m_left;
        return type;
    }
    bool out_of_room() const { return m_out_of_room; }

private:
    static constexpr std::size_t k_node = 16;

    // A word and a union of a few are always told: they take no more room than json does.
    bool is_small(const AvroNode& node) const {
        constexpr std::size_t k_few = 8;
        return node.kind == Kind::one_of ? node.children.size() <= k_few
                                         : node.children.empty() && node.kind != Kind::record;
    }

    void take(std::size_t bytes) { m_left -= std::min(m_left, bytes); }

    Type of(std::size_t at, int depth) {
        if (m_open[at] || depth > k_max_depth) return TypeKind::json;
        take(k_node);
        if (m_left == 0 && !is_small(m_schema[at])) {
            m_out_of_room = true;
            return TypeKind::json;
        }
        m_open[at] = true;
        Type type = closed(m_schema[at], depth);
        m_open[at] = false;
        return type;
    }

    model::Field field(std::string name, std::size_t at, int depth) {
        take(name.size());
        return {std::move(name), of(at, depth + 1), m_schema.is_nullable(at)};
    }

    Type closed(const AvroNode& node, int depth) {
        if (node.logical.kind != TypeKind::unknown) return node.logical;
        constexpr std::array<TypeKind, 8> k_kinds{TypeKind::unknown, TypeKind::boolean, TypeKind::int32,
                                                  TypeKind::int64,   TypeKind::float32, TypeKind::float64,
                                                  TypeKind::binary,  TypeKind::text};
        switch (node.kind) {
            case Kind::record: {
                Type type(TypeKind::structure);
                for (std::size_t i = 0; i < node.children.size(); ++i)
                    type.fields.push_back(field(node.names[i], node.children[i], depth));
                return type;
            }
            case Kind::enumeration:
                return TypeKind::text;
            case Kind::fixed:
                return TypeKind::binary;
            case Kind::array: {
                Type type(TypeKind::list);
                type.fields.push_back(field("element", node.children[0], depth));
                return type;
            }
            case Kind::map: {
                Type type(TypeKind::map);
                type.fields.push_back({"key", TypeKind::text, false});
                type.fields.push_back(field("value", node.children[0], depth));
                return type;
            }
            case Kind::one_of: {
                Type type;
                for (const std::size_t branch : node.children) type = model::widen(type, of(branch, depth + 1));
                return type;
            }
            default:
                return k_kinds[static_cast<std::size_t>(node.kind)];
        }
    }

    const AvroSchema& m_schema;
    std::vector<bool> m_open;
    std::size_t m_room = k_max_types, m_left = 0;  // of all columns, of the one at hand
    bool m_out_of_room = false;
};

class Measure {
public:
    explicit Measure(const AvroSchema& schema) : m_schema(schema), m_known(schema.nodes.size()) {}

    std::uint64_t of(std::size_t at) {
        constexpr int k_deepest = 200;  // names reach further down than the JSON is deep
        if (m_known[at]) return *m_known[at];
        if (m_depth >= k_deepest) return 0;
        m_known[at] = 0;  // inside itself
        ++m_depth;
        const std::uint64_t least = closed(m_schema[at]);
        --m_depth;
        m_known[at] = least;
        return least;
    }

private:
    std::uint64_t closed(const AvroNode& node) {
        constexpr std::array<std::uint64_t, 8> k_least{0, 1, 1, 1, 4, 8, 1, 1};
        constexpr std::uint64_t k_most = std::uint64_t{1} << 40;
        std::uint64_t least = 0;
        switch (node.kind) {
            case Kind::record:
                for (const std::size_t child : node.children) least = std::min(k_most, least + of(child));
                return least;
            case Kind::one_of:
                for (std::size_t i = 0; i < node.children.size(); ++i)
                    least = i == 0 ? of(node.children[i]) : std::min(least, of(node.children[i]));
                return least + 1;
            case Kind::fixed:
                return std::min(node.size, k_most);
            case Kind::enumeration:
            case Kind::array:
            case Kind::map:
                return 1;
            default:
                return k_least[static_cast<std::size_t>(node.kind)];
        }
    }

    const AvroSchema& m_schema;
    std::vector<std::optional<std::uint64_t>> m_known;
    int m_depth = 0;
};

}  // namespace

std::vector<std::size_t> AvroSchema::columns() const {
    return nodes[root].kind == Kind::record ? nodes[root].children : std::vector<std::size_t>{root};
}

model::Type AvroSchema::type_of(std::size_t node) const { return Typing(*this).column(node, 1); }

std::vector<model::Type> AvroSchema::types() const {
    const std::vector<std::size_t> all = columns();
    std::vector<model::Type> types;
    for (const bool fair : {false, true}) {  // shares are for those only that need more than there is
        types.clear();
        Typing typing(*this);
        for (std::size_t i = 0; i < all.size(); ++i) types.push_back(typing.column(all[i], fair ? all.size() - i : 1));
        if (!typing.out_of_room()) break;
    }
    return types;
}

bool AvroSchema::is_nullable(std::size_t at) const {
    const AvroNode& node = nodes[at];
    if (node.kind == Kind::null) return true;
    return node.kind == Kind::one_of && std::any_of(node.children.begin(), node.children.end(),
                                                    [&](std::size_t child) { return nodes[child].kind == Kind::null; });
}

std::size_t AvroSchema::without_null(std::size_t at) const {
    const AvroNode& node = nodes[at];
    if (node.kind != Kind::one_of || node.children.size() != 2 || !is_nullable(at)) return at;
    return nodes[node.children[0]].kind == Kind::null ? node.children[1] : node.children[0];
}

std::uint64_t AvroSchema::least_bytes(std::size_t node) const { return Measure(*this).of(node); }

Result<AvroSchema> parse_avro_schema(std::string_view json) {
    if (json.size() > k_avro_max_schema)
        return Error(Errc::guard, fmt::format("the schema has {} bytes: more than we read", json.size()));
    const auto parsed = json::parse(json);
    if (!parsed) return Error(Errc::corrupt, "the schema is no JSON: " + parsed.error().message);
    SchemaParser parser;
    TRY(const std::size_t root, parser.node(*parsed, "", 0));
    return parser.take(root);
}

}  // namespace neurolake::formats
