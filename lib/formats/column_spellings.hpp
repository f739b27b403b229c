// column_spellings.hpp: what a column's cells say together: the meaning of commas, day and month, words for no value.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "formats/column_scan.hpp"
#include "formats/local_spelling.hpp"

namespace neurolake::formats {

// Facts beside those of a ColumnScan, kept only for a column that has such cells. Nothing is guessed: a column whose
// cells leave two readings open is text, and the reason says so.
class ColumnSpellings {
public:
    static bool takes(CellClass type) {
        return type == CellClass::null_word || type == CellClass::local_number || type == CellClass::local_date;
    }
    void note(const Cell& cell, std::string_view text, std::uint64_t row);
    void merge(const ColumnSpellings& other, std::uint64_t row_offset);

    // The column whose other facts are `scan`; nullopt: these cells change nothing, it is text anyway.
    std::optional<model::Column> verdict(const ColumnScan& scan, const std::string& name, std::uint64_t rows,
                                         std::uint64_t first_row_number, DecimalComma comma) const;
    bool has_decimal_commas(const ColumnScan& scan) const;  // of a column that they make a number

private:
    static constexpr std::uint64_t k_never = ~std::uint64_t{0};
    struct Sightings {
        std::uint64_t count = 0, first = k_never;
        void note(std::uint64_t row) {
            if (row < first) first = row;
            ++count;
        }
        void merge(const Sightings& other, std::uint64_t row_offset) {
            if (other.count > 0 && other.first + row_offset < first) first = other.first + row_offset;
            count += other.count;
        }
    };
    struct Range {
        bool any = false;
        std::pair<std::int64_t, std::uint32_t> min, max;
        void note(std::int64_t seconds, std::uint32_t nanos);
        void merge(const Range& other);
    };
    // What the cells turned out to be: another column, or why they stay text.
    struct Reading {
        bool text = false;
        std::string why;
        std::uint64_t row = k_never;
    };

    void note_number(std::string_view text, std::uint64_t row);
    void note_date(std::string_view text, std::uint64_t row);
    Reading read_numbers(const ColumnScan& plain, DecimalComma comma, ColumnScan& into) const;
    ColumnScan without_spellings(const ColumnScan& scan) const;
    Reading read_dates(const ColumnScan& plain) const;
    void fill_dates(model::Column& column) const;
    void explain(const Reading& reading, bool text, std::uint64_t first_row_number, model::Evidence& evidence) const;
    std::string null_words_text() const;
    bool only_certain_null_words() const;

    std::uint32_t m_null_words = 0;  // one bit a word seen
    std::uint64_t m_nulls = 0;

    Sightings m_open_numbers, m_only_groups, m_only_decimal;
    Sightings m_addresses;  // of these, four groups as in 192.168.100.200
    ColumnScan m_as_groups{false}, m_as_decimal{false};

    Sightings m_day_first, m_month_first, m_open_dates, m_year_first, m_dates, m_times;
    std::uint32_t m_separators = 0;
    Range m_range_day_first, m_range_month_first;
};

}  // namespace neurolake::formats
