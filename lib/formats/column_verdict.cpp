// column_verdict.cpp: from the facts of a column to its type, the row that forced it, and its evidence.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "formats/column_scan.hpp"
#include "formats/column_spellings.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;

namespace {

constexpr std::uint32_t k_integers =
    bit(CellClass::integer) | bit(CellClass::long_integer) | bit(CellClass::big_integer);
constexpr std::uint32_t k_exponents = bit(CellClass::exponent) | bit(CellClass::code);
constexpr std::uint32_t k_floats = bit(CellClass::fraction) | k_exponents | bit(CellClass::special);
constexpr std::uint32_t k_numbers = k_integers | k_floats | bit(CellClass::precise);
constexpr std::uint32_t k_local_times = bit(CellClass::date) | bit(CellClass::timestamp);
constexpr int k_max_precision = 38;

// Classes that live together without becoming text.
struct Family {
    std::uint32_t classes;
    std::string_view name;
};
constexpr std::array<Family, 5> k_families{{
    {k_numbers, "number"},
    {k_local_times, "date"},
    {bit(CellClass::timestamp_tz), "timestamp with zone"},
    {bit(CellClass::boolean), "boolean"},
    {bit(CellClass::uuid), "uuid"},
}};

// The family that comes second, and the row where it does: what mixes families is text from there on. `first_rows` is
// parallel to k_families, `never` stands for none.
std::pair<std::string_view, std::uint64_t> second_family(const std::array<std::uint64_t, k_families.size()>& first_rows,
                                                         std::uint64_t never) {
    std::uint64_t first = never;
    std::pair<std::string_view, std::uint64_t> second{{}, never};
    std::string_view of_first;
    for (std::size_t i = 0; i < first_rows.size(); ++i) {
        if (first_rows[i] < first) {
            second = {of_first, first};
            first = first_rows[i];
            of_first = k_families[i].name;
        } else if (first_rows[i] < second.second) {
            second = {k_families[i].name, first_rows[i]};
        }
    }
    return second;
}

}  // namespace

struct ColumnScan::Reason {
    std::string what;             // "fraction"
    std::uint64_t row = k_never;  // k_never: nothing forced it, `what` is the whole sentence

    std::string sentence(std::uint64_t first_row_number) const {
        return row == k_never ? what : fmt::format("{} first at row {}", what, row + first_row_number);
    }
};

std::uint64_t ColumnScan::first_of(std::uint32_t classes) const {
    std::uint64_t first = k_never;
    for (std::size_t c = 0; c < k_cell_classes; ++c)
        if (classes & (1u << c)) first = std::min(first, m_first_row[c]);
    return first;
}

std::uint64_t ColumnScan::count_of(std::uint32_t classes) const {
    std::uint64_t count = 0;
    for (std::size_t c = 0; c < k_cell_classes; ++c)
        if (classes & (1u << c)) count += m_count[c];
    return count;
}

bool ColumnScan::points_may_group() const {
    constexpr std::int64_t k_ungrouped = 9999;  // longer ones would have groups
    const bool whole_ones_fit =
        m_min_integer > m_max_integer || (m_max_integer <= k_ungrouped && m_min_integer >= -k_ungrouped);
    constexpr std::uint32_t k_allowed = bit(CellClass::integer) | bit(CellClass::fraction) | bit(CellClass::null_word);
    return (m_seen & ~k_allowed) == 0 && seen(CellClass::fraction) && m_min_scale == 3 && m_scale == 3 &&
           whole_ones_fit && std::abs(m_max_number) < 1000 && std::abs(m_min_number) < 1000 &&
           !m_below_one;  // 0.125 has no group
}

// Numbers alone: the narrowest type that gives every digit back.
Type ColumnScan::decide_number(Reason& reason, DecimalComma comma) const {
    if ((m_seen & ~(bit(CellClass::integer) | bit(CellClass::long_integer))) == 0) {
        reason = {"all values are integers", k_never};
        return TypeKind::int64;
    }
    if (comma == DecimalComma::proven && points_may_group()) {
        reason = {"number such as 1.234 that is 1234 or 1.234, in a file with decimal commas,",
                  first_of(bit(CellClass::fraction))};
        return TypeKind::text;
    }
    // 12E5 is a number only beside numbers that are surely none of a code.
    constexpr std::uint32_t k_surely =
        bit(CellClass::fraction) | bit(CellClass::exponent) | bit(CellClass::special) | bit(CellClass::precise);
    if (seen(CellClass::code) && (m_seen & k_surely) == 0) {
        reason = {"code of digits and E, such as 12E5,", first_of(bit(CellClass::code))};
        return TypeKind::text;
    }
    constexpr std::uint32_t long_ones =
        bit(CellClass::long_integer) | bit(CellClass::big_integer) | bit(CellClass::precise);
    if ((m_seen & long_ones) == 0) {
        const int digits = m_integer_digits + m_scale;
        if (has_kept_zeros() && (m_seen & (k_exponents | bit(CellClass::special))) == 0 && digits <= k_max_precision) {
            reason = {"fraction such as 1.10, whose last zero a double would not keep,", m_first_zero};
            return Type::decimal(digits, m_scale);
        }
        constexpr std::array<std::pair<std::uint32_t, std::string_view>, 3> k_words{
            {{bit(CellClass::fraction), "fraction"},
             {k_exponents, "exponent"},
             {bit(CellClass::special), "NaN or infinity"}}};
        for (const auto& [types, word] : k_words)
            if (m_seen & types) {
                reason = {std::string(word), first_of(types)};
                break;
            }
        // NaN alone is a word, not a number.
        if ((m_seen & ~bit(CellClass::special)) == 0) return TypeKind::text;
        return TypeKind::float64;
    }
    const bool binary_only = (m_seen & (k_exponents | bit(CellClass::special))) != 0;
    const int precision = m_integer_digits + m_scale;
    if (binary_only || precision > k_max_precision) {
        reason = {"more digits than a double keeps", first_of(long_ones)};
        return TypeKind::text;
    }
    if ((m_seen & ~k_integers) == 0)
        reason = {"integer beyond int64", first_of(bit(CellClass::big_integer))};
    else if (seen(CellClass::precise))
        reason = {"more than 15 digits", first_of(bit(CellClass::precise))};
    else
        reason = {"fraction", first_of(bit(CellClass::fraction))};
    return Type::decimal(std::max(precision, 1), m_scale);
}

Type ColumnScan::decide(Reason& reason, DecimalComma comma) const {
    if (m_seen == 0) {
        reason = {m_quoted_empty > 0 ? "only empty values" : "no value seen", k_never};
        return m_quoted_empty > 0 ? TypeKind::text : TypeKind::unknown;
    }
    const std::uint64_t text_row = first_of(bit(CellClass::text)), zero_row = first_of(bit(CellClass::leading_zero));
    if (text_row != k_never || zero_row != k_never) {  // nothing takes it back: the first that made it text is the one
        std::array<std::uint64_t, k_families.size()> first_rows;
        std::ranges::transform(k_families, first_rows.begin(), [&](const Family& f) { return first_of(f.classes); });
        const auto [mixed, mixed_row] = second_family(first_rows, k_never);
        if (mixed_row < std::min(text_row, zero_row)) {
            reason = {std::string(mixed), mixed_row};
        } else if (zero_row < text_row) {
            reason = {"leading zero", zero_row};
        } else {
            reason = {std::string(m_text_kind), text_row};
            // Beside text alone "None" is a value, too; until then it could have meant nothing.
            if (first_of(m_seen & ~bit(CellClass::null_word)) == reason.row && first_of(m_seen) < reason.row)
                reason.what += " (before it only words that may mean nothing)";
        }
        return TypeKind::text;
    }
    const Family* most = nullptr;
    std::size_t families = 0;
    for (const Family& family : k_families) {
        if ((m_seen & family.classes) == 0) continue;
        ++families;
        if (most == nullptr || count_of(family.classes) > count_of(most->classes)) most = &family;
    }
    if (families > 1) {  // the first of the few among the many is who to look at
        for (const Family& family : k_families)
            if (&family != most && (m_seen & family.classes) != 0) {
                reason = {std::string(family.name), first_of(family.classes)};
                break;
            }
        return TypeKind::text;
    }
    if (m_seen & k_numbers) return decide_number(reason, comma);
    if (seen(CellClass::timestamp) && seen(CellClass::date)) {
        reason = {"time of day", first_of(bit(CellClass::timestamp))};
        return TypeKind::timestamp;
    }
    constexpr std::array<std::tuple<CellClass, TypeKind, std::string_view>, 5> k_single{{
        {CellClass::boolean, TypeKind::boolean, "all values are booleans"},
        {CellClass::date, TypeKind::date, "all values are dates"},
        {CellClass::timestamp, TypeKind::timestamp, "all values are timestamps"},
        {CellClass::timestamp_tz, TypeKind::timestamp_tz, "all values are timestamps with zone"},
        {CellClass::uuid, TypeKind::uuid, "all values are UUIDs"},
    }};
    for (const auto& [type, kind, sentence] : k_single)
        if (seen(type)) {
            reason = {std::string(sentence), k_never};
            return kind;
        }
    return TypeKind::text;
}

std::string ColumnScan::decimal_bound(int sign) const {
    std::string best = sign < 0 ? m_min_decimal : m_max_decimal;
    const auto consider = [&](std::string candidate) {
        if (best.empty() || compare_decimals(candidate, best) * sign > 0) best = std::move(candidate);
    };
    if (m_min_integer <= m_max_integer) consider(std::to_string(sign < 0 ? m_min_integer : m_max_integer));
    if (m_has_number) consider(plain_double_text(sign < 0 ? m_min_number : m_max_number));
    return best;
}

void ColumnScan::fill_bounds(const Type& type, model::Evidence& evidence) const {
    if (m_values == 0) return;
    switch (type.kind) {
        case TypeKind::boolean:
            evidence.min = m_min_integer ? "true" : "false";
            evidence.max = m_max_integer ? "true" : "false";
            return;
        case TypeKind::int64:
            evidence.min = std::to_string(m_min_integer);
            evidence.max = std::to_string(m_max_integer);
            return;
        case TypeKind::float64: {
            const bool integers = m_min_integer <= m_max_integer;
            if (!integers && !m_has_number) return;
            double low = m_has_number ? m_min_number : static_cast<double>(m_min_integer);
            double high = m_has_number ? m_max_number : static_cast<double>(m_max_integer);
            if (integers) low = std::min(low, static_cast<double>(m_min_integer));
            if (integers) high = std::max(high, static_cast<double>(m_max_integer));
            evidence.min = double_text(low);
            evidence.max = double_text(high);
            return;
        }
        case TypeKind::decimal:
            evidence.min = decimal_bound(-1);
            evidence.max = decimal_bound(1);
            return;
        case TypeKind::date:
            evidence.min = date_text(m_min_seconds);
            evidence.max = date_text(m_max_seconds);
            return;
        case TypeKind::timestamp:
        case TypeKind::timestamp_tz: {
            const char* zone = type.kind == TypeKind::timestamp_tz ? "Z" : "";
            evidence.min = timestamp_text(m_min_seconds, m_min_nanos) + zone;
            evidence.max = timestamp_text(m_max_seconds, m_max_nanos) + zone;
            return;
        }
        case TypeKind::unknown:
            return;
        case TypeKind::uuid: {
            constexpr std::uint64_t k_bare = 36;
            // Blanks around some of them, letters of both cases: the texts are not ordered as the values.
            if (m_longest != k_bare || (m_small_digits && m_capital_digits)) return;
            evidence.min = m_min.text;
            evidence.max = m_max.text;
            return;
        }
        default:
            evidence.min = m_quoted_empty > 0 ? std::string() : whole_characters(m_min.text);
            evidence.max = whole_characters(m_max.text);
    }
}

model::Column ColumnScan::typed(std::string name, std::uint64_t rows, std::uint64_t first_row_number,
                                DecimalComma comma) const {
    if (m_spellings)
        if (auto column = m_spellings->verdict(*this, name, rows, first_row_number, comma)) return std::move(*column);
    model::Column column;
    column.name = std::move(name);
    Reason reason;
    column.type = decide(reason, comma);
    model::Evidence& evidence = column.evidence;
    evidence.values = m_values + (column.type.kind == TypeKind::text ? m_quoted_empty : 0);
    evidence.nulls = rows > evidence.values ? rows - evidence.values : 0;
    evidence.longest = m_longest;
    fill_bounds(column.type, evidence);
    if (m_distinct && m_values > 0) evidence.distinct = std::min(m_distinct->estimate(), m_values);
    evidence.reason = reason.sentence(first_row_number);
    evidence.forced_row = reason.row == k_never ? 0 : reason.row + first_row_number;
    return column;
}

model::Column ColumnScan::verdict(std::string name, std::uint64_t rows, std::uint64_t first_row_number,
                                  DecimalComma comma) const {
    model::Column column = typed(std::move(name), rows, first_row_number, comma);
    column.semantic_evidence = m_meaning.counts(m_values, m_distinct.get());
    column.semantic_evidence.distinct = column.evidence.distinct.value_or(0);
    return column;
}

WrittenAs ColumnScan::written() const {
    WrittenAs out;
    out.empty = m_quoted_empty;
    if (m_has_text_bounds) out.max = whole_characters(m_max.text);
    if (m_has_text_bounds) out.min = whole_characters(m_min.text);
    if (m_quoted_empty > 0) out.min = "";
    if (m_quoted_empty > 0 && !out.max) out.max = "";
    const std::uint32_t values = m_seen & ~bit(CellClass::null_word);
    constexpr std::uint32_t k_plain = k_integers | bit(CellClass::fraction) | bit(CellClass::precise);
    out.plain = values != 0 && (values & ~k_plain) == 0;
    if (!out.plain) return out;
    out.whole = m_integer_digits;
    out.scale = m_scale;
    out.may_group = points_may_group();
    return out;
}

bool ColumnScan::has_decimal_commas() const { return m_spellings && m_spellings->has_decimal_commas(*this); }

}  // namespace neurolake::formats
