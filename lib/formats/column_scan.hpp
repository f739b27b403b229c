// column_scan.hpp: all a column's cells in a few hundred bytes: enough to decide its type and to prove it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <memory>
#include <string>
#include <string_view>

#include "formats/cell.hpp"
#include "formats/distinct.hpp"
#include "formats/meaning_scan.hpp"
#include "model/table.hpp"

namespace neurolake::formats {

class ColumnSpellings;

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
        // Once text is seen nothing can take it back: the verdict is text and its row is the first one of text.
        if (seen(CellClass::text)) return;
        std::int64_t integer;
        if (!short_integer(p, n, integer)) return observe_slowly(p, n, row);
        if (m_count[0]++ == 0) note_first(CellClass::integer, row);
        if (integer < m_min_integer) m_min_integer = integer;
        if (integer > m_max_integer) m_max_integer = integer;
        if (n > m_integer_digits) m_integer_digits = static_cast<std::uint8_t>(n);
    }
    // The same for a JSON string: only what JSON has no token for is read out of it, so a number in quotes stays text.
    // May be empty.
    void observe_string(const char* p, std::size_t n, std::uint64_t row);
    void observe_boolean(bool value, std::uint64_t row);
    // A JSON number whose spelling is known already.
    void observe_number(const Cell& cell, const char* p, std::size_t n, std::uint64_t row) {
        note_text(p, n);
        if (!seen(CellClass::text)) note_cell(cell, p, n, row);
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
    // file has (values are missing in some). With `decimal_comma` 1,5 may be a number.
    model::Column verdict(std::string name, std::uint64_t rows, std::uint64_t first_row_number,
                          bool decimal_comma = false) const;

private:
    friend class ColumnSpellings;
    static constexpr std::uint64_t k_never = ~std::uint64_t{0};
    struct Reason;

    void note_text(const char* p, std::size_t n) {
        ++m_values;
        if (n > m_longest) m_longest = n;
        const std::uint64_t key = prefix_key(p, n);
        if (key <= m_min.key || key >= m_max.key) note_bounds(p, n, key);
        const bool early = m_values <= MeaningScan::k_all_of;
        if (!m_distinct) return look_without_sketch(p, n, early);
        const std::uint64_t hash = hash_bytes(p, n);
        const bool raised = m_distinct->add(hash);
        if (early | raised) [[unlikely]]
            look(p, n, hash, raised);
    }
    // What the value looks like. Whatever its class: rows may come in any order. Not inlined: few values of many.
    [[gnu::noinline]] void look(const char* p, std::size_t n, std::uint64_t hash, bool raised);
    void look_without_sketch(const char* p, std::size_t n, bool early) {
        if (early && n > 0) look(p, n, m_values, false);
        m_meaning.count_early(early);
    }
    // The first 8 bytes as a number that orders like the text.
    static std::uint64_t prefix_key(const char* p, std::size_t n) {
        const std::uint64_t keep = n >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * n)) - 1;
        return __builtin_bswap64(load8(p) & keep);
    }

    // The least or greatest text, with its first 16 bytes as numbers: most comparisons end there.
    struct Bound {
        std::uint64_t key, next_key;
        std::string text;  // at most k_bound_bytes of it

        int compare(const char* p, std::size_t n, std::uint64_t other_key) const;  // of the other text with this one
        void set(const char* p, std::size_t n, std::uint64_t new_key);
    };
    model::Column typed(std::string name, std::uint64_t rows, std::uint64_t first_row_number, bool decimal_comma) const;
    void note_bounds(const char* p, std::size_t n, std::uint64_t key);
    void observe_slowly(const char* p, std::size_t n, std::uint64_t row);
    void note_first(CellClass type, std::uint64_t row) {
        m_seen |= bit(type);
        m_first_row[static_cast<std::size_t>(type)] = row;
    }
    void note_cell(const Cell& cell, const char* p, std::size_t n, std::uint64_t row) {
        if (m_count[static_cast<std::size_t>(cell.type)]++ == 0) note_first(cell.type, row);
        note_value(cell, p, n, row);
    }
    void note_value(const Cell& cell, const char* p, std::size_t n, std::uint64_t row);
    void note_decimal(std::string_view text);
    void note_scale(const Cell& cell, std::string_view text, std::uint64_t row);
    // Have fractions different numbers of digits, and some a zero at the end that no program puts there?
    bool has_kept_zeros() const {
        const bool differ = m_min_scale != m_scale || seen(CellClass::integer);
        return m_first_zero != k_never && differ;
    }

    model::Type decide(Reason& reason) const;
    model::Type decide_number(Reason& reason) const;
    std::uint64_t first_of(std::uint32_t classes) const;
    std::uint64_t count_of(std::uint32_t classes) const;
    void fill_bounds(const model::Type& type, model::Evidence& evidence) const;
    std::string decimal_bound(int sign) const;

    std::uint64_t m_values = 0, m_quoted_empty = 0, m_longest = 0;
    std::uint32_t m_seen = 0;
    std::uint8_t m_integer_digits = 0, m_scale = 0, m_min_scale = 255;
    bool m_has_text_bounds = false;
    std::uint32_t m_min_nanos = 0, m_max_nanos = 0;
    std::int64_t m_min_integer = INT64_MAX, m_max_integer = INT64_MIN;
    std::uint64_t m_first_zero = k_never;  // row of the first fraction such as 1.10
    double m_min_number = 0, m_max_number = 0;
    bool m_has_number = false, m_has_time = false;
    std::int64_t m_min_seconds = 0, m_max_seconds = 0;
    std::array<std::uint64_t, k_cell_classes> m_first_row;
    std::array<std::uint64_t, k_cell_classes> m_count{};
    Bound m_min{~std::uint64_t{0}, 0, {}}, m_max{0, 0, {}};
    std::string m_min_decimal, m_max_decimal;  // of big_integer and precise
    std::string_view m_text_kind = "text";     // what the first text looks like
    std::unique_ptr<DistinctSketch> m_distinct;
    std::shared_ptr<ColumnSpellings> m_spellings;  // once a cell is local or a null word; never shared
    MeaningScan m_meaning;
};

}  // namespace neurolake::formats
