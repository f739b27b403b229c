// column_scan.cpp: keeping the bounds of a column, and merging scans of parts.
// SPDX-License-Identifier: Apache-2.0
#include "formats/column_scan.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "formats/column_spellings.hpp"
#include "formats/quick_cell.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {
namespace {

// Longer texts are compared and kept by so many bytes: a bound is a hint for people and planners, not a copy of the
// data.

}  // namespace

int ColumnScan::Bound::compare(const char* p, std::size_t n, std::uint64_t other_key) const {
    const auto by_size = [&] { return n == text.size() ? 0 : n < text.size() ? -1 : 1; };
    if (other_key != key) return other_key < key ? -1 : 1;
    if (n <= 8 && text.size() <= 8) return by_size();
    const std::uint64_t other_next = n > 8 ? prefix_key(p + 8, n - 8) : 0;
    if (other_next != next_key) return other_next < next_key ? -1 : 1;
    if (n <= 16 && text.size() <= 16) return by_size();
    return std::string_view(p, n).compare(text);
}

void ColumnScan::Bound::set(const char* p, std::size_t n, std::uint64_t new_key) {
    key = new_key;
    next_key = n > 8 ? prefix_key(p + 8, n - 8) : 0;
    text.assign(p, n);
}

void ColumnScan::note_bounds(const char* p, std::size_t n, std::uint64_t key) {
    n = std::min(n, k_bound_bytes);
    if (!m_has_text_bounds || m_min.compare(p, n, key) < 0) m_min.set(p, n, key);
    if (!m_has_text_bounds || m_max.compare(p, n, key) > 0) m_max.set(p, n, key);
    m_has_text_bounds = true;
}

void ColumnScan::observe_all(std::span<const TextCell> cells, std::uint64_t first_row) {
    const std::size_t plain = seen(CellClass::text) ? 0 : note_classes(cells, first_row);
    if (plain > 0) note_texts(cells.first(plain), true);
    if (plain < cells.size()) note_texts(cells.subspan(plain), false);
}

std::size_t ColumnScan::note_classes(std::span<const TextCell> cells, std::uint64_t first_row) {
    std::size_t plain = cells.size();
    for (const TextCell& at : cells) {
        if (seen(CellClass::text)) break;
        const char* const p = at.text;
        const std::size_t n = at.size;
        const std::uint64_t row = first_row + at.row;
        Cell cell;
        bool boolean;
        if (short_number(p, n, cell)) {
            if (cell.type == CellClass::integer)
                note_integer(cell.integer, n, row);
            else
                note_fraction(cell, p, n, row);
        } else if (quick_time(p, n, cell)) {
            count_class(cell.type, row);
            note_time(cell);
        } else if (read_boolean(p, n, boolean)) {
            note_boolean(boolean, row);
        } else {
            plain = std::min<std::size_t>(plain, static_cast<std::size_t>(&at - cells.data()));
            observe_slowly(p, n, row);
        }
    }
    return plain;
}

void ColumnScan::note_texts(std::span<const TextCell> cells, bool have_no_shape) {
    if (!m_distinct) {
        for (const TextCell& cell : cells) note_text(cell.text, cell.size, have_no_shape);
        return;
    }
    const std::uint64_t left = MeaningScan::k_all_of - std::min(m_values, MeaningScan::k_all_of);
    const std::size_t early = std::min<std::uint64_t>(cells.size(), left);
    note_texts_by_hash(cells.first(early), true, have_no_shape);
    note_texts_by_hash(cells.subspan(early), false, have_no_shape);
}

// note_text() for many.
void ColumnScan::note_texts_by_hash(std::span<const TextCell> cells, bool early, bool have_no_shape) {
    DistinctSketch& distinct = *m_distinct;
    std::uint64_t longest = m_longest;
    for (const TextCell& cell : cells) {
        const char* const p = cell.text;
        const std::size_t n = cell.size;
        longest = std::max<std::uint64_t>(longest, n);
        const std::uint64_t first = first_bytes(p, n);
        note_order(p, n, first);
        const std::uint64_t hash = hash_bytes(p, n, first);
        const bool raised = distinct.add(hash);
        if (raised) m_meaning.take_over(hash);
        if (!have_no_shape && (early | raised) && may_have_shape(p, n)) look(p, n, hash, raised);
    }
    m_longest = longest;
    m_values += cells.size();
}

void ColumnScan::observe_slowly(const char* p, std::size_t n, std::uint64_t row) {
    note_cell(classify_slowly(p, n), p, n, row);
}

void ColumnScan::note_string_class(const char* p, std::size_t n, std::uint64_t row) {
    Cell cell;
    if (quick_time(p, n, cell)) {
        count_class(cell.type, row);
        return note_time(cell);
    }
    const bool like_date = n >= 10 && n <= 40 && p[4] == '-' && p[7] == '-';
    const bool like_uuid = n == 36 && p[8] == '-';
    if (like_date || like_uuid) cell = classify_slowly(p, n);
    constexpr std::uint32_t k_allowed =
        bit(CellClass::date) | bit(CellClass::timestamp) | bit(CellClass::timestamp_tz) | bit(CellClass::uuid);
    if ((bit(cell.type) & k_allowed) == 0) cell.type = CellClass::text;
    note_cell(cell, p, n, row);
}

void ColumnScan::observe_boolean(bool value, std::uint64_t row) {
    alignas(8) static constexpr char k_words[2][k_padding] = {"false", "true"};
    bool& saw = value ? m_saw_true : m_saw_false;
    if (!std::exchange(saw, true)) {
        note_text(k_words[value], value ? 4 : 5);
    } else {  // of the same word there is nothing more to know but that it was there
        ++m_values;
        if (!m_distinct) m_meaning.count_early(m_values <= MeaningScan::k_all_of);
    }
    if (!seen(CellClass::text)) note_boolean(value, row);
}

void ColumnScan::note_value(const Cell& cell, const char* p, std::size_t n, std::uint64_t row) {
    switch (cell.type) {
        case CellClass::integer:
        case CellClass::long_integer:
        case CellClass::boolean:
            m_min_integer = std::min(m_min_integer, cell.integer);
            m_max_integer = std::max(m_max_integer, cell.integer);
            break;
        case CellClass::fraction:
        case CellClass::exponent:
        case CellClass::code:
        case CellClass::special:
            if (cell.type == CellClass::fraction) note_scale(cell, std::string_view(p, n), row);
            note_number(cell.number);
            break;
        case CellClass::big_integer:
        case CellClass::precise:
            note_decimal(std::string_view(p, n));
            break;
        case CellClass::date:
        case CellClass::timestamp:
        case CellClass::timestamp_tz:
            note_time(cell);
            break;
        case CellClass::null_word:
        case CellClass::local_number:
        case CellClass::local_date:
            if (!m_spellings) m_spellings = std::make_shared<ColumnSpellings>();
            m_spellings->note(cell, std::string_view(p, n), row);
            break;
        case CellClass::uuid:
            for (const char c : std::string_view(p, n)) {
                m_small_digits |= c >= 'a';
                m_capital_digits |= c >= 'A' && c <= 'F';
            }
            break;
        case CellClass::text:
            m_text_kind = text_kind(std::string_view(p, n));
            break;
        default:
            break;
    }
    note_digits(cell);
}

void ColumnScan::note_time(const Cell& cell) {
    const auto time = std::tie(cell.seconds, cell.nanos);
    if (!m_has_time || time < std::tie(m_min_seconds, m_min_nanos)) std::tie(m_min_seconds, m_min_nanos) = time;
    if (!m_has_time || time > std::tie(m_max_seconds, m_max_nanos)) std::tie(m_max_seconds, m_max_nanos) = time;
    m_has_time = true;
}

void ColumnScan::note_decimal(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    text = text.substr(first, text.find_last_not_of(' ') - first + 1);
    if (m_min_decimal.empty() || compare_decimals(text, m_min_decimal) < 0) m_min_decimal = text;
    if (m_max_decimal.empty() || compare_decimals(text, m_max_decimal) > 0) m_max_decimal = text;
}

void ColumnScan::merge(const ColumnScan& other, std::uint64_t row_offset) {
    if (other.seen(CellClass::text) &&
        (!seen(CellClass::text) || other.first_of(bit(CellClass::text)) + row_offset < first_of(bit(CellClass::text))))
        m_text_kind = other.m_text_kind;
    if (other.m_spellings) {
        if (!m_spellings) m_spellings = std::make_shared<ColumnSpellings>();
        m_spellings->merge(*other.m_spellings, row_offset);
    }
    m_values += other.m_values;
    m_quoted_empty += other.m_quoted_empty;
    m_longest = std::max(m_longest, other.m_longest);
    if (other.m_has_text_bounds) {
        // Bounds are kept with padding by std::string's own storage only up to their size: copy before the 8-byte load.
        std::array<char, k_bound_bytes + k_padding> padded{};
        for (const std::string* text : {&other.m_min.text, &other.m_max.text}) {
            std::copy(text->begin(), text->end(), padded.begin());
            note_bounds(padded.data(), text->size(), prefix_key(padded.data(), text->size()));
        }
    }
    m_seen |= other.m_seen;
    for (std::size_t c = 0; c < k_cell_classes; ++c) {
        if (other.m_count[c] > 0) m_first_row[c] = std::min(m_first_row[c], other.m_first_row[c] + row_offset);
        m_count[c] += other.m_count[c];
    }
    m_min_integer = std::min(m_min_integer, other.m_min_integer);
    m_max_integer = std::max(m_max_integer, other.m_max_integer);
    m_integer_digits = std::max(m_integer_digits, other.m_integer_digits);
    m_scale = std::max(m_scale, other.m_scale);
    m_min_scale = std::min(m_min_scale, other.m_min_scale);
    m_below_one |= other.m_below_one;
    m_small_digits |= other.m_small_digits;
    m_capital_digits |= other.m_capital_digits;
    if (other.m_first_zero != k_never) m_first_zero = std::min(m_first_zero, other.m_first_zero + row_offset);
    if (other.m_has_number) {
        m_min_number = m_has_number ? std::min(m_min_number, other.m_min_number) : other.m_min_number;
        m_max_number = m_has_number ? std::max(m_max_number, other.m_max_number) : other.m_max_number;
        m_has_number = true;
    }
    if (!other.m_min_decimal.empty()) {
        note_decimal(other.m_min_decimal);
        note_decimal(other.m_max_decimal);
    }
    if (other.m_has_time) {
        if (!m_has_time || std::tie(other.m_min_seconds, other.m_min_nanos) < std::tie(m_min_seconds, m_min_nanos))
            std::tie(m_min_seconds, m_min_nanos) = std::tie(other.m_min_seconds, other.m_min_nanos);
        if (!m_has_time || std::tie(other.m_max_seconds, other.m_max_nanos) > std::tie(m_max_seconds, m_max_nanos))
            std::tie(m_max_seconds, m_max_nanos) = std::tie(other.m_max_seconds, other.m_max_nanos);
        m_has_time = true;
    }
    m_meaning.merge(other.m_meaning, m_distinct.get(), other.m_distinct.get());
    if (m_distinct && other.m_distinct) m_distinct->merge(*other.m_distinct);
}

}  // namespace neurolake::formats
