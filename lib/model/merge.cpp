// merge.cpp: merging columns and their evidence.
// SPDX-License-Identifier: Apache-2.0
#include "model/merge.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <unordered_map>

#include "base/clock.hpp"
#include "model/meaning.hpp"
#include "model/row_sum.hpp"

namespace neurolake::model {
namespace {

enum class Order { number, instant, bytes };

Order order_of(TypeKind kind) {
    switch (kind) {
        case TypeKind::int8:
        case TypeKind::int16:
        case TypeKind::int32:
        case TypeKind::int64:
        case TypeKind::uint8:
        case TypeKind::uint16:
        case TypeKind::uint32:
        case TypeKind::uint64:
        case TypeKind::float32:
        case TypeKind::float64:
        case TypeKind::decimal:
            return Order::number;
        case TypeKind::timestamp_tz:
            return Order::instant;
        default:
            return Order::bytes;
    }
}

bool is_integer(TypeKind kind) { return order_of(kind) == Order::number && kind < TypeKind::float32; }

// A number in plain decimal notation, cut into sign, whole and fraction without idle zeros.
struct Plain {
    bool negative = false;
    std::string_view whole, fraction;
    bool zero() const { return whole.empty() && fraction.empty(); }
};

bool split_plain(std::string_view s, Plain& out) {
    if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
        out.negative = s[0] == '-';
        s.remove_prefix(1);
    }
    const std::size_t dot = s.find('.');
    out.whole = s.substr(0, dot);
    out.fraction = dot == std::string_view::npos ? std::string_view{} : s.substr(dot + 1);
    const auto digits = [](std::string_view part) {
        return std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c); });
    };
    if (s.empty() || !digits(out.whole) || !digits(out.fraction)) return false;
    while (!out.whole.empty() && out.whole.front() == '0') out.whole.remove_prefix(1);
    while (!out.fraction.empty() && out.fraction.back() == '0') out.fraction.remove_suffix(1);
    if (out.zero()) out.negative = false;
    return true;
}

int sign(int c) { return (c > 0) - (c < 0); }

int compare_numbers(std::string_view a, std::string_view b) {
    Plain x, y;
    if (!split_plain(a, x) || !split_plain(b, y)) {  // exponents, inf, nan
        const long double p = std::strtold(std::string(a).c_str(), nullptr);
        const long double q = std::strtold(std::string(b).c_str(), nullptr);
        return (p > q) - (p < q);
    }
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int c = (x.whole.size() > y.whole.size()) - (x.whole.size() < y.whole.size());
    if (c == 0) c = sign(x.whole.compare(y.whole));
    if (c == 0) c = sign(x.fraction.compare(y.fraction));
    return x.negative ? -c : c;
}

bool is_number(const Column& c) { return order_of(c.type.kind) == Order::number; }

// int64 by declaration, but decimal(2,0) when its values are 1..99; of a decimal, the fraction stays as wide as it is.
Type by_evidence(const Column& c) {
    Plain low, high;
    if (!is_integer(c.type.kind) && c.type.kind != TypeKind::decimal) return c.type;
    if (!c.evidence.min || !c.evidence.max) return c.type;
    if (!split_plain(*c.evidence.min, low) || !split_plain(*c.evidence.max, high)) return c.type;
    const auto whole = static_cast<int>(std::max(low.whole.size(), high.whole.size()));
    return Type::decimal(std::max(whole + c.type.scale, 1), c.type.scale);
}

// Declared types may be too wide to go together where the values are not.
Type widen_columns(const Column& a, const Column& b) {
    const Type wide = widen(a.type, b.type);
    if (wide.kind != TypeKind::text || !is_number(a) || !is_number(b)) return wide;
    const auto integer = [](const Column& c) { return is_integer(c.type.kind) ? by_evidence(c) : c.type; };
    const Type narrower = widen(integer(a), integer(b));
    return narrower.kind != TypeKind::text ? narrower : widen(by_evidence(a), by_evidence(b));
}

void take_reason(Evidence& out, const Evidence& from) {
    out.reason = from.reason;
    out.forced_row = from.forced_row;
    out.forced_path = from.forced_path;
}

std::string side(const Column& c) {
    return to_string(c.type) + (c.evidence.forced_path.empty() ? "" : " in " + c.evidence.forced_path);
}

void merge_reason(Evidence& out, const Column& a, const Column& b, const Type& type) {
    const bool a_final = a.type == type, b_final = b.type == type;
    if (a_final && (!b_final || !a.evidence.reason.empty())) return take_reason(out, a.evidence);
    if (b_final) return take_reason(out, b.evidence);
    out.reason = side(a) + ", " + side(b);
    out.forced_row = b.evidence.forced_row;
    out.forced_path = b.evidence.forced_path;
}

// No one counted this side's values: it has some, and they are not known. "declared as" is what formats say that tell
// types and no more.
bool is_uncounted(const Column& c) {
    return c.evidence.values + c.evidence.nulls == 0 && c.evidence.reason.starts_with("declared as ");
}

// A bound survives only as a value of the final type. The bounds of all but text are not how the file writes them: a
// column that becomes text has none.
bool bounds_hold(const Column& c, const Type& type) {
    if (c.evidence.values == 0 || c.type.kind == type.kind) return true;
    if (c.type.kind == TypeKind::date && type.kind == TypeKind::timestamp) return true;
    return order_of(c.type.kind) == Order::number && order_of(type.kind) == Order::number;
}

// A day among timestamps is its first moment.
std::optional<std::string> as_type(const std::optional<std::string>& bound, const Column& from, const Type& type) {
    const bool widened = from.type.kind == TypeKind::date && type.kind == TypeKind::timestamp;
    return bound && widened ? *bound + " 00:00:00" : bound;
}

void merge_bounds(Evidence& out, const Column& a, const Column& b, const Type& type) {
    if (is_uncounted(a) || is_uncounted(b)) return;
    if (!bounds_hold(a, type) || !bounds_hold(b, type)) return;
    const auto pick = [&](const auto& of_a, const auto& of_b, int wanted) {
        const auto x = as_type(of_a, a, type), y = as_type(of_b, b, type);
        if (a.evidence.values == 0) return y;
        if (b.evidence.values == 0) return x;
        if (!x || !y) return std::optional<std::string>{};  // one side could not tell
        return compare_values(type, *x, *y) * wanted >= 0 ? x : y;
    };
    out.min = pick(a.evidence.min, b.evidence.min, -1);
    out.max = pick(a.evidence.max, b.evidence.max, 1);
}

}  // namespace

int compare_values(const Type& type, std::string_view a, std::string_view b) {
    switch (order_of(type.kind)) {
        case Order::number:
            return compare_numbers(a, b);
        case Order::instant: {
            const auto x = parse_rfc3339(a), y = parse_rfc3339(b);
            if (x && y) return (*x > *y) - (*x < *y);
            return sign(a.compare(b));
        }
        case Order::bytes:
            return sign(a.compare(b));
    }
    return 0;
}

bool holds_values(const Type& to, const Column& from) {
    const Type wide = widen(to, from.type);
    if (wide.kind != TypeKind::text || order_of(to.kind) != Order::number || !is_number(from)) return wide == to;
    return holds(to, by_evidence(from));
}

Column merge(const Column& a, const Column& b) {
    Column out;
    out.name = a.name;
    out.type = widen_columns(a, b);
    out.nullable = a.nullable || b.nullable;
    out.semantic = a.semantic == b.semantic || b.semantic.empty() ? a.semantic : a.semantic.empty() ? b.semantic : "";
    out.pii = a.pii || b.pii;
    out.description = a.description.empty() ? b.description : a.description;
    out.semantic_evidence = merge(a.semantic_evidence, b.semantic_evidence);
    Evidence& e = out.evidence;
    e.values = a.evidence.values;
    e.nulls = a.evidence.nulls;
    add_rows(e.values, b.evidence.values);
    add_rows(e.nulls, b.evidence.nulls);
    e.longest = std::max(a.evidence.longest, b.evidence.longest);
    if (a.evidence.values == 0) e.distinct = b.evidence.distinct;  // counts of two files do not add up
    if (b.evidence.values == 0) e.distinct = a.evidence.distinct;
    merge_reason(e, a, b, out.type);
    merge_bounds(e, a, b, out.type);
    return out;
}

namespace {

bool same_names(const std::vector<Column>& a, const std::vector<Column>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Column& x, const Column& y) { return x.name == y.name; });
}

}  // namespace

void merge_into(std::vector<Column>& columns, const std::vector<Column>& more) {
    if (same_names(columns, more)) {  // the common case, a hundred thousand files of one table
        for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = merge(columns[i], more[i]);
        return;
    }
    std::unordered_map<std::string_view, std::size_t> place;
    const std::vector<Column> before = columns;
    for (std::size_t i = 0; i < before.size(); ++i) place.emplace(before[i].name, i);
    std::vector<bool> met(before.size(), false);
    for (const Column& c : more) {
        const auto known = place.find(c.name);
        if (known == place.end()) {
            columns.push_back(c);
            columns.back().nullable = true;
        } else if (!met[known->second]) {
            columns[known->second] = merge(columns[known->second], c);
            met[known->second] = true;
        }
    }
    for (std::size_t i = 0; i < before.size(); ++i)
        if (!met[i]) columns[i].nullable = true;
}

}  // namespace neurolake::model
