// column_scan.hpp: all a column's cells in a few hundred bytes: enough to decide its type and to prove it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "formats/cell.hpp"
#include "formats/distinct.hpp"
#include "formats/meaning_scan.hpp"
#include "formats/profile.hpp"
#include "model/table.hpp"

namespace neurolake::formats {

class ColumnSpellings;

// One of several cells of a column: its text, and its row counted from the first one's.
struct TextCell {
    const char* text;
    std::uint32_t size, row;
};

// What a comma in a number is in the file at hand: 1,5 may be a number where cells are not separated by commas, and
// where one column is of such numbers, a point in another may stand between thousands.
enum class DecimalComma { no, possible, proven };

// Facts about the cells seen, never a running verdict: so the verdict does not depend on the order of rows, and scans
// of parts of a file can be merged. Rows are counted from 0.
class ColumnScan {
public:
    explicit ColumnScan(bool count_distinct = true) {
        m_first_row.fill(k_never);
        if (count_distinct) m_distinct = std::make_unique<DistinctSketch>();
    }

    // One cell that is not empty. The padding rule of cell.hpp holds.
    void observe(const char* p, std::size_t n, std::uint64_t row) {
        note_text(p, n);
        note_class(p, n, row);
    }
    // The same for each of some cells in the order of their rows, in less time: cells of one column are mostly alike.
    void observe_all(std::span<const TextCell> cells, std::uint64_t first_row);
    // The same for a JSON string: only what JSON has no token for is read out of it, so a number in quotes stays text.
    // May be empty.
    void observe_string(const char* p, std::size_t n, std::uint64_t row) {
        note_text(p, n);
        if (!seen(CellClass::text)) note_string_class(p, n, row);
    }
    void observe_boolean(bool value, std::uint64_t row);
    // A JSON number whose spelling is known already.
    void observe_number(const Cell& cell, const char* p, std::size_t n, std::uint64_t row) {
        const bool has_no_shape = n <= 8 && (cell.type == CellClass::integer || cell.type == CellClass::fraction);
        note_text(p, n, has_no_shape);
        if (seen(CellClass::text)) return;
        if (cell.type == CellClass::integer) return note_integer(cell.integer, cell.integer_digits, row);
        if (cell.type == CellClass::fraction) return note_fraction(cell, p, n, row);
        note_cell(cell, p, n, row);
    }
    // An empty cell in quotes: a value if the column is text, else as good as nothing.
    void observe_quoted_empty() { ++m_quoted_empty; }

    // `other` scanned rows that follow `row_offset` rows of this scan's.
    void merge(const ColumnScan& other, std::uint64_t row_offset);

    std::uint64_t values() const { return m_values; }
    bool seen(CellClass c) const { return (m_seen & bit(c)) != 0; }
    bool saw_nothing() const { return m_seen == 0; }
    bool only_years() const {
        return m_seen == bit(CellClass::integer) && m_min_integer >= 1900 && m_max_integer <= 2100;
    }
    bool counts_distinct() const { return m_distinct != nullptr; }
    std::uint64_t first_row() const { return first_of(m_seen); }  // of any value

    // The type and its evidence. Data row numbers are scanned row + `first_row_number`; `rows` is how many rows the
    // file has (values are missing in some).
    model::Column verdict(std::string name, std::uint64_t rows, std::uint64_t first_row_number,
                          DecimalComma comma = DecimalComma::no) const;
    WrittenAs written() const;
    bool has_decimal_commas() const;  // in a column that is a number by them

private:
    friend class ColumnSpellings;
    static constexpr std::uint64_t k_never = ~std::uint64_t{0};
    struct Reason;

    // A number of up to 8 bytes, a date, a boolean has no shape: nobody needs to look.
    void note_text(const char* p, std::size_t n, bool has_no_shape = false) {
        ++m_values;
        if (n > m_longest) m_longest = n;
        const std::uint64_t first = first_bytes(p, n);
        note_order(p, n, first);
        const bool early = m_values <= MeaningScan::k_all_of;
        if (!m_distinct) return look_without_sketch(p, n, early && !has_no_shape, early);
        const std::uint64_t hash = hash_bytes(p, n, first);
        const bool raised = m_distinct->add(hash);
        if (raised) m_meaning.take_over(hash);
        if (!has_no_shape && (early | raised) && may_have_shape(p, n)) look(p, n, hash, raised);
    }
    void note_order(const char* p, std::size_t n, std::uint64_t first) {
        const std::uint64_t key = __builtin_bswap64(first);
        if (key > m_min.key && key < m_max.key) return;
        const std::uint64_t next_key = n > 8 ? prefix_key(p + 8, n - 8) : 0;
        const bool not_below = m_min.is_first(key, next_key, n), not_above = m_max.is_last(key, next_key, n);
        if (!(not_below & not_above)) note_bounds(p, n, key);
    }
    void note_texts(std::span<const TextCell> cells, bool have_no_shape);
    void note_texts_by_hash(std::span<const TextCell> cells, bool early, bool have_no_shape);
    // Once text is seen nothing can take it back: the verdict is text and its row is the first one of text.
    void note_class(const char* p, std::size_t n, std::uint64_t row) {
        if (seen(CellClass::text)) return;
        std::int64_t integer;
        if (!short_integer(p, n, integer)) return observe_slowly(p, n, row);
        note_integer(integer, n, row);
    }
    // How many of the first cells are known to have no shape.
    std::size_t note_classes(std::span<const TextCell> cells, std::uint64_t first_row);
    void note_integer(std::int64_t value, std::size_t digits, std::uint64_t row) {
        count_class(CellClass::integer, row);
        if (value < m_min_integer) m_min_integer = value;
        if (value > m_max_integer) m_max_integer = value;
        if (digits > m_integer_digits) m_integer_digits = static_cast<std::uint8_t>(digits);
    }
    void note_fraction(const Cell& cell, const char* p, std::size_t n, std::uint64_t row) {
        count_class(CellClass::fraction, row);
        note_scale(cell, {p, n}, row);
        note_number(cell.number);
        note_digits(cell);
    }
    void note_boolean(bool value, std::uint64_t row) {
        count_class(CellClass::boolean, row);
        m_min_integer = std::min<std::int64_t>(m_min_integer, value);
        m_max_integer = std::max<std::int64_t>(m_max_integer, value);
    }
    void note_number(double value) {
        if (value != value) return;
        m_min_number = m_has_number ? std::min(m_min_number, value) : value;
        m_max_number = m_has_number ? std::max(m_max_number, value) : value;
        m_has_number = true;
    }
    void note_digits(const Cell& cell) {
        m_integer_digits = std::max(m_integer_digits, cell.integer_digits);
        m_scale = std::max(m_scale, cell.scale);
    }
    void note_time(const Cell& cell);
    // What the value looks like. Whatever its class: rows may come in any order.
    void look(const char* p, std::size_t n, std::uint64_t hash, bool raised) {
        if (n > 0) m_meaning.look_closely(p, n, hash, raised);
    }
    void look_without_sketch(const char* p, std::size_t n, bool wanted, bool early) {
        if (wanted && may_have_shape(p, n)) look(p, n, m_values, false);
        m_meaning.count_early(early);
    }
    // The first 8 bytes as a number that orders like the text.
    static std::uint64_t prefix_key(const char* p, std::size_t n) { return __builtin_bswap64(first_bytes(p, n)); }

    // The least or greatest text, with its first 16 bytes as numbers: most comparisons end there.
    struct Bound {
        std::uint64_t key, next_key;
        std::string text;  // at most k_bound_bytes of it

        // Does it surely stand before (behind) another text, or is it surely that text? So with most of them.
        bool is_first(std::uint64_t other_key, std::uint64_t other_next, std::size_t n) const {
            const Wide mine = wide(key, next_key), other = wide(other_key, other_next);
            return (mine < other) | ((mine == other) & (n == text.size()) & (n <= 16));
        }
        bool is_last(std::uint64_t other_key, std::uint64_t other_next, std::size_t n) const {
            const Wide mine = wide(key, next_key), other = wide(other_key, other_next);
            return (mine > other) | ((mine == other) & (n == text.size()) & (n <= 16));
        }
        static Wide wide(std::uint64_t high, std::uint64_t low) { return (static_cast<Wide>(high) << 64) | low; }
        int compare(const char* p, std::size_t n, std::uint64_t other_key) const;  // of the other text with this one
        void set(const char* p, std::size_t n, std::uint64_t new_key);
    };
    model::Column typed(std::string name, std::uint64_t rows, std::uint64_t first_row_number, DecimalComma comma) const;
    void note_bounds(const char* p, std::size_t n, std::uint64_t key);
    void note_string_class(const char* p, std::size_t n, std::uint64_t row);
    void observe_slowly(const char* p, std::size_t n, std::uint64_t row);
    void note_first(CellClass type, std::uint64_t row) {
        m_seen |= bit(type);
        m_first_row[static_cast<std::size_t>(type)] = row;
    }
    void count_class(CellClass type, std::uint64_t row) {
        if (m_count[static_cast<std::size_t>(type)]++ == 0) note_first(type, row);
    }
    void note_cell(const Cell& cell, const char* p, std::size_t n, std::uint64_t row) {
        count_class(cell.type, row);
        note_value(cell, p, n, row);
    }
    void note_value(const Cell& cell, const char* p, std::size_t n, std::uint64_t row);
    void note_decimal(std::string_view text);
    // 1.0 is how programs write whole numbers; the zero of 1.10 was put there on purpose.
    void note_scale(const Cell& cell, std::string_view text, std::uint64_t row) {
        m_min_scale = std::min(m_min_scale, cell.scale);
        m_below_one |= cell.integer_digits == 0;
        if (cell.scale < 2 || row >= m_first_zero) return;
        if (text[text.find_last_not_of(' ')] == '0') m_first_zero = row;
    }
    // Have fractions different numbers of digits, and some a zero at the end that no program puts there?
    bool has_kept_zeros() const {
        const bool differ = m_min_scale != m_scale || seen(CellClass::integer);
        return m_first_zero != k_never && differ;
    }

    // Are all fractions as 1.234, which is 1234 to who writes 1,5?
    bool points_may_group() const;

    model::Type decide(Reason& reason, DecimalComma comma) const;
    model::Type decide_number(Reason& reason, DecimalComma comma) const;
    std::uint64_t first_of(std::uint32_t classes) const;
    std::uint64_t count_of(std::uint32_t classes) const;
    void fill_bounds(const model::Type& type, model::Evidence& evidence) const;
    std::string decimal_bound(int sign) const;

    std::uint64_t m_values = 0, m_quoted_empty = 0, m_longest = 0;
    std::uint32_t m_seen = 0;
    std::uint8_t m_integer_digits = 0, m_scale = 0, m_min_scale = 255;
    bool m_small_digits = false, m_capital_digits = false;  // of UUIDs: letters of which case there are
    bool m_below_one = false;                               // some fraction is 0.125 or the like
    bool m_has_text_bounds = false, m_saw_false = false, m_saw_true = false;  // JSON's words
    std::uint32_t m_min_nanos = 0, m_max_nanos = 0;
    std::int64_t m_min_integer = INT64_MAX, m_max_integer = INT64_MIN;
    std::uint64_t m_first_zero = k_never;  // row of the first fraction such as 1.10
    double m_min_number = 0, m_max_number = 0;
    bool m_has_number = false, m_has_time = false;
    std::int64_t m_min_seconds = 0, m_max_seconds = 0;
    std::array<std::uint64_t, k_cell_classes> m_first_row;
    std::array<std::uint64_t, k_cell_classes> m_count{};
    Bound m_min{~std::uint64_t{0}, ~std::uint64_t{0}, {}}, m_max{0, 0, {}};
    std::string m_min_decimal, m_max_decimal;  // of big_integer and precise
    std::string_view m_text_kind = "text";     // what the first text looks like
    std::unique_ptr<DistinctSketch> m_distinct;
    std::shared_ptr<ColumnSpellings> m_spellings;  // once a cell is local or a null word; never shared
    MeaningScan m_meaning;
};

}  // namespace neurolake::formats
