// type.cpp: names of types, their parser, and the widening lattice.
// SPDX-License-Identifier: Apache-2.0
#include "model/type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace neurolake::model {
namespace {

struct KindName {
    TypeKind kind;
    std::string_view name;
};

constexpr std::array<KindName, 24> k_names{{
    {TypeKind::unknown, "unknown"},     {TypeKind::boolean, "boolean"},   {TypeKind::int8, "int8"},
    {TypeKind::int16, "int16"},         {TypeKind::int32, "int32"},       {TypeKind::int64, "int64"},
    {TypeKind::uint8, "uint8"},         {TypeKind::uint16, "uint16"},     {TypeKind::uint32, "uint32"},
    {TypeKind::uint64, "uint64"},       {TypeKind::float32, "float"},     {TypeKind::float64, "double"},
    {TypeKind::decimal, "decimal"},     {TypeKind::date, "date"},         {TypeKind::time, "time"},
    {TypeKind::timestamp, "timestamp"}, {TypeKind::interval, "interval"}, {TypeKind::timestamp_tz, "timestamp_tz"},
    {TypeKind::uuid, "uuid"},           {TypeKind::text, "text"},         {TypeKind::binary, "binary"},
    {TypeKind::json, "json"},           {TypeKind::list, "list"},         {TypeKind::map, "map"},
}};
constexpr std::string_view k_struct = "struct";
constexpr int k_max_precision = 38;
constexpr int k_max_depth = 100;  // a hostile type name must not exhaust the stack

struct IntShape {
    int bits = 0, digits = 0;
    bool is_signed = true;
};

// Bits 0: not an integer.
IntShape int_shape(TypeKind kind) {
    switch (kind) {
        case TypeKind::int8:
            return {8, 3, true};
        case TypeKind::int16:
            return {16, 5, true};
        case TypeKind::int32:
            return {32, 10, true};
        case TypeKind::int64:
            return {64, 19, true};
        case TypeKind::uint8:
            return {8, 3, false};
        case TypeKind::uint16:
            return {16, 5, false};
        case TypeKind::uint32:
            return {32, 10, false};
        case TypeKind::uint64:
            return {64, 20, false};
        default:
            return {};
    }
}

TypeKind int_kind(int bits, bool is_signed) {
    switch (bits) {
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

bool is_nested(TypeKind kind) {
    return kind == TypeKind::json || kind == TypeKind::list || kind == TypeKind::map || kind == TypeKind::structure;
}

bool is_float(TypeKind kind) { return kind == TypeKind::float32 || kind == TypeKind::float64; }

Type widen_integers(const IntShape& a, const IntShape& b) {
    if (a.is_signed == b.is_signed) return int_kind(std::max(a.bits, b.bits), a.is_signed);
    const IntShape& s = a.is_signed ? a : b;
    const IntShape& u = a.is_signed ? b : a;
    if (u.bits == 64) return Type::decimal(20, 0);
    return int_kind(std::max(s.bits, u.bits * 2), true);
}

// Digits before and after the decimal point that a number type may need.
struct Digits {
    int whole = 0, fraction = 0;
};
Digits digits_of(const Type& t) {
    if (t.kind == TypeKind::decimal) return {t.precision - t.scale, t.scale};
    return {int_shape(t.kind).digits, 0};
}

Type widen_numbers(const Type& a, const Type& b) {
    if (is_float(a.kind) && is_float(b.kind)) return TypeKind::float64;
    if (is_float(a.kind) || is_float(b.kind)) {
        constexpr int k_double_digits = 15;  // a double gives back any number of so many digits
        const Digits exact = digits_of(is_float(a.kind) ? b : a);
        return exact.whole + exact.fraction <= k_double_digits ? TypeKind::float64 : TypeKind::text;
    }
    const IntShape ia = int_shape(a.kind), ib = int_shape(b.kind);
    if (ia.bits && ib.bits) return widen_integers(ia, ib);
    const Digits da = digits_of(a), db = digits_of(b);
    const int whole = std::max(da.whole, db.whole), fraction = std::max(da.fraction, db.fraction);
    if (whole + fraction > k_max_precision) return TypeKind::text;
    return Type::decimal(whole + fraction, fraction);
}

bool is_number(TypeKind kind) { return int_shape(kind).bits || is_float(kind) || kind == TypeKind::decimal; }

Type widen_structures(const Type& a, const Type& b) {
    Type out(TypeKind::structure);
    for (const Field& fa : a.fields) {
        const auto fb =
            std::find_if(b.fields.begin(), b.fields.end(), [&](const Field& f) { return f.name == fa.name; });
        if (fb == b.fields.end())
            out.fields.push_back({fa.name, fa.type, true});
        else
            out.fields.push_back({fa.name, widen(fa.type, fb->type), fa.nullable || fb->nullable});
    }
    for (const Field& fb : b.fields) {
        const auto known =
            std::any_of(a.fields.begin(), a.fields.end(), [&](const Field& f) { return f.name == fb.name; });
        if (!known) out.fields.push_back({fb.name, fb.type, true});
    }
    return out;
}

Type widen_nested(const Type& a, const Type& b) {
    if (a.kind != b.kind || a.kind == TypeKind::json) return TypeKind::json;
    if (a.kind == TypeKind::structure) return widen_structures(a, b);
    if (a.fields.size() != b.fields.size()) return TypeKind::json;
    Type out(a.kind);
    for (std::size_t i = 0; i < a.fields.size(); ++i)
        out.fields.push_back({a.fields[i].name, widen(a.fields[i].type, b.fields[i].type),
                              a.fields[i].nullable || b.fields[i].nullable});
    return out;
}

bool is_plain_name(std::string_view name) {
    if (name.empty()) return false;
    return std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return std::isalnum(c) || c == '_' || c >= 0x80; });
}

void append_name(std::string& out, std::string_view name) {
    if (is_plain_name(name)) {
        out += name;
        return;
    }
    out += '"';
    for (char c : name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void append_type(std::string& out, const Type& type);

void append_field(std::string& out, const Field& field) {
    append_type(out, field.type);
    if (!field.nullable) out += '!';
}

void append_fields(std::string& out, const Type& type, bool with_names) {
    out += '<';
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
        if (i) out += ',';
        if (with_names) {
            append_name(out, type.fields[i].name);
            out += ':';
        }
        append_field(out, type.fields[i]);
    }
    out += '>';
}

void append_type(std::string& out, const Type& type) {
    if (type.kind == TypeKind::structure) {
        out += k_struct;
        append_fields(out, type, true);
        return;
    }
    for (const KindName& n : k_names)
        if (n.kind == type.kind) out += n.name;
    if (type.kind == TypeKind::decimal) out += fmt::format("({},{})", type.precision, type.scale);
    if (type.kind == TypeKind::list || type.kind == TypeKind::map) append_fields(out, type, false);
}

// Recursive descent over the text that to_string writes.
class Parser {
public:
    explicit Parser(std::string_view text) : m_text(text) {}

    Result<Type> whole() {
        TRY(Type type, one(0));
        if (m_at != m_text.size()) return fail("unexpected text after the type");
        return type;
    }

private:
    Error fail(std::string_view why) const {
        return Error(Errc::usage, "read type \"" + std::string(m_text) + "\": " + std::string(why) + " at character " +
                                      std::to_string(m_at + 1));
    }

    bool eat(char c) {
        if (m_at >= m_text.size() || m_text[m_at] != c) return false;
        ++m_at;
        return true;
    }

    std::string_view word() {
        const std::size_t start = m_at;
        while (m_at < m_text.size() && is_plain_name(m_text.substr(m_at, 1))) ++m_at;
        return m_text.substr(start, m_at - start);
    }

    Result<int> number() {
        const std::string_view digits = word();
        const bool good = !digits.empty() && digits.size() <= 4 &&
                          std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); });
        if (!good) return fail("a number is missing");
        return std::stoi(std::string(digits));
    }

    Result<std::string> name() {
        if (!eat('"')) {
            const std::string_view plain = word();
            if (plain.empty()) return fail("a field name is missing");
            return std::string(plain);
        }
        std::string out;
        while (m_at < m_text.size() && m_text[m_at] != '"') {
            if (m_text[m_at] == '\\' && m_at + 1 < m_text.size()) ++m_at;
            out += m_text[m_at++];
        }
        if (!eat('"')) return fail("a quote is not closed");
        return out;
    }

    Result<Type> decimal() {
        if (!eat('(')) return fail("decimal needs (precision,scale)");
        TRY(const int precision, number());
        if (!eat(',')) return fail("a comma is missing");
        TRY(const int scale, number());
        if (!eat(')')) return fail("a ) is missing");
        if (precision < 1 || scale > precision) return fail("precision and scale do not fit");
        return Type::decimal(precision, scale);
    }

    Result<Type> fields(Type type, bool with_names, std::size_t want, int depth) {
        static constexpr std::string_view k_list[] = {"element"}, k_map[] = {"key", "value"};
        if (!eat('<')) return fail("a < is missing");
        while (!eat('>')) {
            if (!type.fields.empty() && !eat(',')) return fail("a comma or > is missing");
            Field field;
            if (with_names) {
                TRY(field.name, name());
                if (!eat(':')) return fail("a : is missing");
            } else if (type.fields.size() < want) {
                field.name = want == 1 ? k_list[0] : k_map[type.fields.size()];
            }
            TRY(field.type, one(depth + 1));
            field.nullable = !eat('!');
            type.fields.push_back(std::move(field));
        }
        if (want && type.fields.size() != want) return fail("the number of inner types is wrong");
        return type;
    }

    Result<Type> one(int depth) {
        if (depth > k_max_depth) return fail("nested too deep");
        const std::string_view kind = word();
        if (kind == k_struct) return fields(TypeKind::structure, true, 0, depth);
        const auto known =
            std::find_if(k_names.begin(), k_names.end(), [&](const KindName& n) { return n.name == kind; });
        if (known == k_names.end()) return fail("no such type");
        if (known->kind == TypeKind::decimal) return decimal();
        if (known->kind == TypeKind::list) return fields(TypeKind::list, false, 1, depth);
        if (known->kind == TypeKind::map) return fields(TypeKind::map, false, 2, depth);
        return Type(known->kind);
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

}  // namespace

Type Type::decimal(int precision, int scale) {
    Type t(TypeKind::decimal);
    t.precision = precision;
    t.scale = scale;
    return t;
}

Type Type::list_of(Type element) {
    Type t(TypeKind::list);
    t.fields.push_back({"element", std::move(element), true});
    return t;
}

// Element, key and value have no names of their own: writers spell them differently.
bool operator==(const Type& a, const Type& b) {
    if (a.kind != b.kind || a.precision != b.precision || a.scale != b.scale) return false;
    if (a.kind == TypeKind::structure) return a.fields == b.fields;
    return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                      [](const Field& x, const Field& y) { return x.type == y.type && x.nullable == y.nullable; });
}

std::string to_string(const Type& type) {
    std::string out;
    append_type(out, type);
    return out;
}

Result<Type> parse_type(std::string_view text) { return Parser(text).whole(); }

Type widen(const Type& a, const Type& b) {
    if (a.kind == TypeKind::unknown || a == b) return b;
    if (b.kind == TypeKind::unknown) return a;
    if (is_nested(a.kind) || is_nested(b.kind)) return widen_nested(a, b);
    if (is_number(a.kind) && is_number(b.kind)) return widen_numbers(a, b);
    // Text cannot hold any bytes, so bytes are the top of the scalars.
    if (a.kind == TypeKind::binary || b.kind == TypeKind::binary) return TypeKind::binary;
    const auto pair = [&](TypeKind x, TypeKind y) {
        return (a.kind == x && b.kind == y) || (a.kind == y && b.kind == x);
    };
    if (pair(TypeKind::date, TypeKind::timestamp)) return TypeKind::timestamp;
    return TypeKind::text;
}

bool holds(const Type& to, const Type& from) { return widen(to, from) == to; }

}  // namespace neurolake::model
