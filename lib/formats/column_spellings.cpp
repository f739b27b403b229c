// column_spellings.cpp: from commas, day and month, and null words to one column, or to text with the reason.
// SPDX-License-Identifier: Apache-2.0
#include "formats/column_spellings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "formats/value_shapes.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;

namespace {

constexpr std::uint32_t k_plain_numbers = bit(CellClass::integer) | bit(CellClass::long_integer) |
                                          bit(CellClass::big_integer) | bit(CellClass::fraction) |
                                          bit(CellClass::precise) | bit(CellClass::exponent) | bit(CellClass::special);
constexpr std::uint32_t k_dots = 2;  // among the separators of dates
constexpr std::uint32_t k_points = bit(CellClass::fraction) | bit(CellClass::precise);

std::string_view trimmed(std::string_view s) {
    const std::size_t first = s.find_first_not_of(' ');
    return s.substr(first, s.find_last_not_of(' ') - first + 1);
}

void observe_padded(ColumnScan& scan, std::string text, std::uint64_t row) {
    const std::size_t size = text.size();
    text.resize(size + k_padding);
    scan.observe(text.data(), size, row);
}

}  // namespace

void ColumnSpellings::Range::note(std::int64_t seconds, std::uint32_t nanos) {
    const std::pair time(seconds, nanos);
    if (!any || time < min) min = time;
    if (!any || time > max) max = time;
    any = true;
}
void ColumnSpellings::Range::merge(const Range& other) {
    if (!other.any) return;
    note(other.min.first, other.min.second);
    note(other.max.first, other.max.second);
}

void ColumnSpellings::note(const Cell& cell, std::string_view text, std::uint64_t row) {
    if (cell.type == CellClass::null_word) {
        m_null_words |= 1u << cell.integer;
        ++m_nulls;
    } else if (cell.type == CellClass::local_number) {
        note_number(trimmed(text), row);
    } else {
        note_date(trimmed(text), row);
    }
}

void ColumnSpellings::note_number(std::string_view text, std::uint64_t row) {
    LocalNumber number;
    if (!read_local_number(text, number)) return;
    if (bool wide = false; is_ipv4(text, wide)) m_addresses.note(row);
    if (number.comma_groups) observe_padded(m_as_groups, number.plain_of_groups, row);
    if (number.comma_decimal) observe_padded(m_as_decimal, number.plain_of_decimal, row);
    if (number.comma_groups && number.comma_decimal)
        m_open_numbers.note(row);
    else
        (number.comma_groups ? m_only_groups : m_only_decimal).note(row);
}

void ColumnSpellings::note_date(std::string_view text, std::uint64_t row) {
    LocalDate date;
    if (!read_local_date(text, date)) return;
    m_dates.note(row);
    if (date.has_time) m_times.note(row);
    m_separators |= date.separator == '/' ? 1u : date.separator == '.' ? k_dots : 4u;
    if (date.year_first) {
        m_year_first.note(row);
        m_range_day_first.note(date.day_first_seconds, date.nanos);
        return;
    }
    if (date.day_first) m_range_day_first.note(date.day_first_seconds, date.nanos);
    if (date.month_first) m_range_month_first.note(date.month_first_seconds, date.nanos);
    if (date.day_first != date.month_first)
        (date.day_first ? m_day_first : m_month_first).note(row);
    else if (!date.same)
        m_open_dates.note(row);
}

void ColumnSpellings::merge(const ColumnSpellings& other, std::uint64_t row_offset) {
    m_null_words |= other.m_null_words;
    m_nulls += other.m_nulls;
    m_open_numbers.merge(other.m_open_numbers, row_offset);
    m_only_groups.merge(other.m_only_groups, row_offset);
    m_addresses.merge(other.m_addresses, row_offset);
    m_only_decimal.merge(other.m_only_decimal, row_offset);
    m_as_groups.merge(other.m_as_groups, row_offset);
    m_as_decimal.merge(other.m_as_decimal, row_offset);
    m_day_first.merge(other.m_day_first, row_offset);
    m_month_first.merge(other.m_month_first, row_offset);
    m_open_dates.merge(other.m_open_dates, row_offset);
    m_year_first.merge(other.m_year_first, row_offset);
    m_dates.merge(other.m_dates, row_offset);
    m_times.merge(other.m_times, row_offset);
    m_separators |= other.m_separators;
    m_range_day_first.merge(other.m_range_day_first);
    m_range_month_first.merge(other.m_range_month_first);
}

// `plain` are the numbers without a comma; `into` becomes all numbers by the one reading that is left.
ColumnSpellings::Reading ColumnSpellings::read_numbers(const ColumnScan& plain, DecimalComma comma,
                                                       ColumnScan& into) const {
    const auto rarer = [](const Sightings& a, const Sightings& b) { return a.count < b.count ? a.first : b.first; };
    if ((plain.m_seen & ~k_plain_numbers) != 0) {  // the first of the few among the many is who to look at
        Sightings commas = m_open_numbers;
        commas.merge(m_only_groups, 0);
        commas.merge(m_only_decimal, 0);
        if (commas.count <= plain.count_of(~k_plain_numbers)) return {true, "number with a comma", commas.first};
        return {true, "value in another spelling", plain.first_of(~k_plain_numbers)};
    }
    if (m_addresses.count > 0 && m_addresses.count == m_open_numbers.count + m_only_groups.count + m_only_decimal.count)
        return {true, "IPv4 address", m_addresses.first};
    if (m_only_decimal.count > 0) {
        if (m_only_groups.count > 0) return {true, "comma with another meaning", rarer(m_only_groups, m_only_decimal)};
        if (comma == DecimalComma::no)
            return {true, "comma that may be decimal or stand between two values", m_only_decimal.first};
        if ((plain.m_seen & k_points) != 0) {
            const Sightings points{plain.count_of(k_points), plain.first_of(k_points)};
            if (plain.points_may_group()) return {true, "number such as 1.234 that is 1234 or 1.234", points.first};
            return {true, "decimal point among decimal commas", rarer(points, m_only_decimal)};
        }
        into.merge(m_as_decimal, 0);
        return {false, "decimal comma", k_never};
    }
    // A point before any number of digits but three is no group: so the commas are groups.
    const bool point_is_decimal = (plain.m_seen & k_points) != 0 && plain.m_scale != 3;
    const bool plain_too_long =
        plain.m_min_integer <= plain.m_max_integer && (plain.m_max_integer > 9999 || plain.m_min_integer < -9999);
    if ((m_only_groups.count > 0 || point_is_decimal) && !plain_too_long) {
        into.merge(m_as_groups, 0);
        return {false, "commas between thousands", k_never};
    }
    if (m_only_groups.count > 0)
        return {true, "commas between groups of three digits in some numbers only", m_only_groups.first};
    return {true, "number such as 1,234 that is 1234 or 1.234", m_open_numbers.first};
}

ColumnSpellings::Reading ColumnSpellings::read_dates(const ColumnScan& plain) const {
    if (plain.m_seen != 0) {
        const std::uint64_t others = plain.count_of(~0u);
        if (others >= m_dates.count) return {true, "date in another spelling", m_dates.first};
        return {true, "value in another spelling", plain.first_of(~0u)};
    }
    const bool one_separator = (m_separators & (m_separators - 1)) == 0;
    if (!one_separator || (m_year_first.count > 0 && m_year_first.count < m_dates.count))
        return {true, "dates are spelled in more than one way", k_never};
    if (m_year_first.count > 0) return {false, "dates are written year, month, day", k_never};
    if (m_day_first.count > 0 && m_month_first.count > 0) {
        const bool days = m_day_first.count < m_month_first.count;
        return {true, days ? "day before month" : "month before day", days ? m_day_first.first : m_month_first.first};
    }
    if (m_separators == k_dots) {  // nobody writes the month first between dots
        if (m_month_first.count > 0) return {true, "month before day between dots", m_month_first.first};
        if (m_day_first.count == 0) return {false, "dates are written day, month, year, by the dots", k_never};
    }
    if (m_day_first.count > 0)
        return {false, "dates are written day, month, year: proven by a day beyond 12", m_day_first.first};
    if (m_month_first.count > 0)
        return {false, "dates are written month, day, year: proven by a day beyond 12", m_month_first.first};
    if (m_open_dates.count > 0)
        return {true, "date such as 1/2/2024 that may be in January or February", m_open_dates.first};
    return {false, "day and month are alike in all dates", k_never};
}

void ColumnSpellings::fill_dates(model::Column& column) const {
    const Range& range = m_month_first.count > 0 ? m_range_month_first : m_range_day_first;
    column.type = m_times.count > 0 ? TypeKind::timestamp : TypeKind::date;
    const auto text = [&](const std::pair<std::int64_t, std::uint32_t>& time) {
        return m_times.count > 0 ? timestamp_text(time.first, time.second) : date_text(time.first);
    };
    column.evidence.min = text(range.min);
    column.evidence.max = text(range.max);
}

std::string ColumnSpellings::null_words_text() const {
    std::string out;
    for (unsigned i = 0; i < k_null_words; ++i)
        if (m_null_words & (1u << i)) out += fmt::format("{}{}", out.empty() ? "" : ", ", null_word_text(i));
    return out;
}

bool ColumnSpellings::only_certain_null_words() const {
    for (unsigned i = 0; i < k_null_words; ++i)
        if ((m_null_words & (1u << i)) != 0 && !is_certain_null_word(i)) return false;
    return true;
}

// The other cells of the column.
ColumnScan ColumnSpellings::without_spellings(const ColumnScan& scan) const {
    ColumnScan plain(false);
    plain.merge(scan, 0);
    plain.m_spellings.reset();
    for (const CellClass type : {CellClass::null_word, CellClass::local_number, CellClass::local_date}) {
        plain.m_seen &= ~bit(type);
        plain.m_count[static_cast<std::size_t>(type)] = 0;
        plain.m_first_row[static_cast<std::size_t>(type)] = k_never;
    }
    return plain;
}

bool ColumnSpellings::has_decimal_commas(const ColumnScan& scan) const {
    if (m_only_decimal.count == 0 || scan.seen(CellClass::text) || scan.seen(CellClass::leading_zero)) return false;
    if (scan.seen(CellClass::local_date)) return false;
    ColumnScan numbers = without_spellings(scan);
    return !read_numbers(numbers, DecimalComma::possible, numbers).text;
}

std::optional<model::Column> ColumnSpellings::verdict(const ColumnScan& scan, const std::string& name,
                                                      std::uint64_t rows, std::uint64_t first_row_number,
                                                      DecimalComma comma) const {
    if (scan.seen(CellClass::text) || scan.seen(CellClass::leading_zero)) return std::nullopt;
    ColumnScan plain = without_spellings(scan);
    const bool numbers = scan.seen(CellClass::local_number), dates = scan.seen(CellClass::local_date);
    Reading reading;
    if (numbers && dates)
        reading = {true, "date", m_dates.first};
    else if (numbers)
        reading = read_numbers(plain, comma, plain);
    else if (dates)
        reading = read_dates(plain);
    else if (plain.m_seen == 0 && !only_certain_null_words())
        reading = {true, fmt::format("no value but {}", null_words_text()), k_never};

    model::Column column = plain.verdict(name, rows, first_row_number, comma);
    model::Evidence& evidence = column.evidence;
    evidence.longest = scan.m_longest;
    const bool only_dates = dates && plain.m_seen == 0;  // beside them at most cells of nothing but quotes
    const bool text = reading.text || (column.type.kind == TypeKind::text && !only_dates);
    if (text) {  // then the null words are values as any other text
        column.type = TypeKind::text;
        scan.fill_bounds(column.type, evidence);
        evidence.values = scan.m_values + scan.m_quoted_empty;
    } else {
        if (dates) fill_dates(column);
        if (column.type.kind == TypeKind::uuid && m_nulls > 0) evidence.min = evidence.max = std::nullopt;
        evidence.values = scan.m_values - m_nulls;
    }
    evidence.nulls = rows > evidence.values ? rows - evidence.values : 0;
    if (scan.m_distinct && evidence.values > 0) {
        const auto words = text ? 0 : static_cast<std::uint64_t>(std::popcount(m_null_words));
        const std::uint64_t estimate = scan.m_distinct->estimate();
        evidence.distinct = std::min(estimate > words ? estimate - words : 1, evidence.values);
    }
    explain(reading, text, first_row_number, evidence);
    return column;
}

// The reason so far is that of the values as plain numbers.
void ColumnSpellings::explain(const Reading& reading, bool text, std::uint64_t first_row_number,
                              model::Evidence& evidence) const {
    if (!reading.why.empty()) {
        const bool has_row = reading.row != k_never;
        const std::string why =
            has_row ? fmt::format("{} first at row {}", reading.why, reading.row + first_row_number) : reading.why;
        if (reading.text || has_row || m_dates.count > 0) {
            evidence.reason = why;
            evidence.forced_row = has_row ? reading.row + first_row_number : 0;
        } else {
            evidence.reason = fmt::format("{}; {}", evidence.reason, why);
        }
    }
    if (m_nulls > 0 && !text)
        evidence.reason += fmt::format("; {} in {} is no value", null_words_text(),
                                       m_nulls == 1 ? "1 row" : fmt::format("{} rows", m_nulls));
}

}  // namespace neurolake::formats
