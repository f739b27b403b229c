// arrow_schema.cpp: Arrow's types as ours, field by field.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_schema.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;

namespace {

constexpr std::size_t k_max_fields = 100000;
constexpr std::size_t k_max_names = 8u << 20;  // bytes of all names: many fields may share one text
constexpr int k_max_depth = 64;

// The union Type of Schema.fbs.
enum Stored : std::uint8_t {
    k_null = 1,
    k_int,
    k_float,
    k_binary,
    k_utf8,
    k_bool,
    k_decimal,
    k_date,
    k_time,
    k_timestamp,
    k_interval,
    k_list,
    k_struct,
    k_union,
    k_fixed_binary,
    k_fixed_list,
    k_map,
    k_duration,
    k_large_binary,
    k_large_utf8,
    k_large_list,
    k_run_end,
    k_binary_view,
    k_utf8_view,
    k_list_view,
    k_large_list_view,
};
constexpr std::array<std::string_view, 27> k_names{
    "nothing",    "null",    "int",         "float",     "binary",    "utf8",           "bool",
    "decimal",    "date",    "time",        "timestamp", "interval",  "list",           "struct",
    "union",      "binary",  "list",        "map",       "duration",  "large_binary",   "large_utf8",
    "large_list", "run_end", "binary_view", "utf8_view", "list_view", "large_list_view"};

enum class FieldSlot : unsigned { name, nullable, type_type, type, dictionary, children, metadata };
constexpr unsigned slot(FieldSlot s) { return static_cast<unsigned>(s); }

Type int_type(const FlatTable& type) {
    const bool is_signed = type.number<std::uint8_t>(1, 0) != 0;
    switch (type.number<std::int32_t>(0, 0)) {
        case 8:
            return is_signed ? TypeKind::int8 : TypeKind::uint8;
        case 16:
            return is_signed ? TypeKind::int16 : TypeKind::uint16;
        case 32:
            return is_signed ? TypeKind::int32 : TypeKind::uint32;
        default:
            return is_signed ? TypeKind::int64 : TypeKind::uint64;
    }
}

// A negative scale means zeros before the point, one beyond the precision zeros behind it.
Type decimal_type(const FlatTable& type) {
    constexpr std::int32_t k_widest = 76;
    std::int32_t precision = type.number<std::int32_t>(0, 0), scale = type.number<std::int32_t>(1, 0);
    if (precision < 1 || precision > k_widest || scale < -k_widest || scale > k_widest) return TypeKind::text;
    if (scale < 0) {
        precision -= scale;
        scale = 0;
    }
    precision = std::max(precision, scale);
    return precision <= k_widest ? Type::decimal(precision, scale) : Type(TypeKind::text);
}

// A value of the field's own metadata.
std::string_view metadata(const FlatTable& field, std::string_view key) {
    const std::size_t count = std::min<std::size_t>(field.count(slot(FieldSlot::metadata)), 50);
    for (std::size_t i = 0; i < count; ++i)
        if (const auto pair = field.item(slot(FieldSlot::metadata), i); pair && pair->text(0) == key)
            return pair->text(1);
    return {};
}

class SchemaReader {
public:
    Result<ArrowSchema> read(const FlatTable& schema) {
        ArrowSchema out;
        const std::size_t count = schema.count(1);
        for (std::size_t i = 0; i < count; ++i) {
            const auto field = schema.item(1, i);
            if (!field) return broken();
            ArrowColumn column;
            column.node = m_nodes;
            TRY(model::Field read, this->field(*field, 0, true));
            column.name = std::move(read.name);
            column.type = std::move(read.type);
            column.nullable = read.nullable;
            const auto stored = field->number<std::uint8_t>(slot(FieldSlot::type_type), 0);
            column.nulls_below = stored == k_union || stored == k_run_end;
            column.declared = declared(*field);
            column.description = described(*field);
            out.columns.push_back(std::move(column));
        }
        out.nodes = m_nodes;
        return out;
    }

private:
    static Error broken() { return {Errc::corrupt, "the schema's metadata does not add up"}; }

    Status spend(std::size_t bytes) {
        m_text += bytes;
        if (m_text > k_max_names) return Error(Errc::guard, "the schema's names are longer than we read");
        return {};
    }

    // in_batch: below a dictionary, what is described lies in the dictionary and not in record batches.
    Result<model::Field> field(const FlatTable& field, int depth, bool in_batch) {
        if (depth > k_max_depth || ++m_fields > k_max_fields)
            return Error(Errc::guard, "the schema has more fields, or deeper ones, than we read");
        model::Field out;
        const std::string_view name = field.text(slot(FieldSlot::name));
        TRY_DO(spend(name.size()));
        out.name = name;
        out.nullable = field.number<std::uint8_t>(slot(FieldSlot::nullable), 0) != 0;
        m_nodes += in_batch;
        const bool encoded = field.table(slot(FieldSlot::dictionary)).has_value();
        TRY(out.type, type(field, depth, in_batch && !encoded));
        if (!encoded) apply_extension(field, out.type);
        return out;
    }

    Result<std::vector<model::Field>> children(const FlatTable& field, int depth, bool in_batch) {
        std::vector<model::Field> out;
        const std::size_t count = field.count(slot(FieldSlot::children));
        for (std::size_t i = 0; i < count; ++i) {
            const auto child = field.item(slot(FieldSlot::children), i);
            if (!child) return broken();
            TRY(model::Field read, this->field(*child, depth + 1, in_batch));
            out.push_back(std::move(read));
        }
        return out;
    }

    Result<Type> nested(std::uint8_t stored, const FlatTable& field, int depth, bool in_batch) {
        TRY(std::vector<model::Field> below, children(field, depth, in_batch));
        Type type(TypeKind::structure);
        switch (stored) {
            case k_struct:
                type.fields = std::move(below);
                return type;
            case k_union:
                return Type(TypeKind::json);
            case k_run_end:
                if (below.size() != 2) return broken();
                return std::move(below[1].type);
            case k_map:
                if (below.size() != 1 || below[0].type.fields.size() != 2) return broken();
                type.kind = TypeKind::map;
                type.fields = std::move(below[0].type.fields);
                type.fields[0].name = "key";
                type.fields[1].name = "value";
                return type;
            default:
                if (below.size() != 1) return broken();
                type.kind = TypeKind::list;
                type.fields = std::move(below);
                type.fields[0].name = "element";
                return type;
        }
    }

    Result<Type> type(const FlatTable& field, int depth, bool in_batch) {
        const auto stored = field.number<std::uint8_t>(slot(FieldSlot::type_type), 0);
        const auto details = field.table(slot(FieldSlot::type));
        if (!details || stored == 0) return broken();
        switch (stored) {
            case k_null:
                return Type(TypeKind::unknown);
            case k_int:
                return int_type(*details);
            case k_float:
                return Type(details->number<std::int16_t>(0, 0) == 2 ? TypeKind::float64 : TypeKind::float32);
            case k_bool:
                return Type(TypeKind::boolean);
            case k_decimal:
                return decimal_type(*details);
            case k_date:
                return Type(TypeKind::date);
            case k_time:
                return Type(TypeKind::time);
            case k_timestamp:
                return Type(details->text(1).empty() ? TypeKind::timestamp : TypeKind::timestamp_tz);
            case k_interval:
            case k_duration:
                return Type(TypeKind::interval);
            case k_utf8:
            case k_large_utf8:
            case k_utf8_view:
                return Type(TypeKind::text);
            case k_binary:
            case k_large_binary:
            case k_binary_view:
            case k_fixed_binary:
                return Type(TypeKind::binary);
            default:
                if (stored <= k_large_list_view) return nested(stored, field, depth, in_batch);
                return Error(Errc::unsupported, fmt::format("the schema has a type of a newer Arrow: {}", stored));
        }
    }

    static void apply_extension(const FlatTable& field, Type& type) {
        const std::string_view name = metadata(field, "ARROW:extension:name");
        const auto details = field.table(slot(FieldSlot::type));
        const auto stored = field.number<std::uint8_t>(slot(FieldSlot::type_type), 0);
        if (name == "arrow.uuid" && stored == k_fixed_binary && details->number<std::int32_t>(0, 0) == 16)
            type = TypeKind::uuid;
        if (name == "arrow.json" && type.kind == TypeKind::text) type = TypeKind::json;
        if (name == "arrow.bool8" && type.kind == TypeKind::int8) type = TypeKind::boolean;
    }

    static std::string declared(const FlatTable& field) {
        const auto stored = field.number<std::uint8_t>(slot(FieldSlot::type_type), 0);
        std::string out(k_names[std::min<std::size_t>(stored, k_names.size() - 1)]);
        const auto details = field.table(slot(FieldSlot::type));
        constexpr std::array<std::string_view, 4> k_units{"s", "ms", "us", "ns"};
        if (stored == k_timestamp && details) {
            const auto unit = static_cast<std::size_t>(details->number<std::int16_t>(0, 0)) % k_units.size();
            const std::string zone = text::escape_controls(details->text(1).substr(0, 64));
            out += fmt::format("[{}{}{}]", k_units[unit], zone.empty() ? "" : ", ", zone);
        }
        if (field.table(slot(FieldSlot::dictionary))) out += ", dictionary";
        const std::string_view extension = metadata(field, "ARROW:extension:name");
        if (!extension.empty()) out += ", extension " + text::escape_controls(extension.substr(0, 100));
        return out;
    }

    static std::string described(const FlatTable& field) {
        constexpr std::size_t k_longest = 2000;
        for (const std::string_view key : {"comment", "description"})
            if (const std::string_view words = metadata(field, key); words.size() <= k_longest && text::is_utf8(words))
                if (!words.empty()) return std::string(words);
        return {};
    }

    std::size_t m_nodes = 0, m_fields = 0, m_text = 0;
};

}  // namespace

Result<ArrowSchema> read_arrow_schema(const FlatTable& schema) { return SchemaReader().read(schema); }

}  // namespace neurolake::formats
