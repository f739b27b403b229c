// csv_rows.hpp: the inner loop over delimited text: rows and cells of a buffer go into one scan per column.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/column_scan.hpp"
#include "formats/csv_dialect.hpp"
#include "formats/oddities.hpp"

namespace neurolake::formats {

// Facts of consecutive rows. A value: scans of consecutive parts of one file merge into the scan of the whole.
class CsvRows {
public:
    // `capture_first`: the first row is kept as text, not scanned and not counted (it may be the header).
    CsvRows(const CsvDialect& dialect, bool capture_first);

    // Takes whole rows from `data`, which begins at a row, as long as they begin before `limit`, and at most `max_rows`
    // in all. Returns how many bytes were taken; 0 when the first row is not whole. `at_end`: nothing follows `data`.
    // k_padding bytes behind `data` must be readable.
    std::size_t take(std::string_view data, std::size_t limit, bool at_end);
    // The row at `data` does not fit any buffer. True: its quote was never closed, so one line of it was taken by its
    // plain meaning, `bytes` long. False: it is one endless line; skip to its newline and call count_huge_row.
    bool take_unterminated(std::string_view data, bool at_end, std::size_t& bytes);
    void count_huge_row();
    void skip_lines(std::uint64_t lines) { m_lines += lines; }
    void stop_after(std::uint64_t rows) { m_max_rows = rows; }
    bool is_full() const { return m_rows >= m_max_rows; }

    void merge(CsvRows& next);
    // Nothing more comes: what stands behind the table is told apart from its last rows.
    void finish();
    struct Footnote {
        std::string text;
        std::uint64_t line = 0;
        bool after_blank = false;
        bool padded = false;  // with empty cells to the number of columns, as spreadsheets do
    };
    const std::vector<Footnote>& footnotes() const { return m_lone; }
    // Few rows stand before lines that a spreadsheet filled up with empty cells: those are rows, too.
    void settle_padded();
    // The captured first row turned out to be data.
    void adopt_first_row();
    void drop_first_row() { m_first_row.reset(); }

    const CsvDialect& dialect() const { return m_dialect; }
    const std::vector<ColumnScan>& columns() const { return m_columns; }
    const std::optional<std::vector<std::string>>& first_row() const { return m_first_row; }
    std::uint64_t rows() const { return m_rows; }
    std::uint64_t lines() const { return m_lines; }
    Oddities& oddities() { return m_oddities; }
    void note_valid_utf8() { ++m_valid_utf8; }
    // Is what is no ASCII no UTF-8 either, but for a few lines by chance?
    bool is_other_encoding() const { return m_oddities.count(Oddity::invalid_utf8) > 10 * m_valid_utf8; }

private:
    struct Taken {
        std::size_t bytes = 0;
        bool full = false;  // stop: the limit or the wanted number of rows was reached
    };
    Taken take_regular(const char* begin, const SeparatorSpan& span, std::size_t limit);
    std::size_t plain_rows(const char* begin, std::size_t first, std::size_t whole, std::size_t limit) const;
    void take_plain_rows(const char* begin, std::size_t first, std::size_t rows);
    void take_column(std::size_t column, const char* begin, std::size_t first, std::size_t rows);
    void take_last(const char* begin, std::size_t size, const SeparatorSpan& span);
    std::size_t take_by_hand(std::string_view data, bool at_end);
    void take_pieces(const HandRow& row);
    void observe(std::size_t column, const char* begin, const char* end);
    void observe_quoted(std::size_t column, const char* begin, const char* end, std::uint64_t row);
    void observe_text(std::size_t column, std::string_view text, bool quoted);
    void end_row(std::size_t cells);
    bool is_comment(const char* row) const {
        return m_dialect.comment != '\0' && *row == m_dialect.comment && !m_capture_next;
    }
    bool may_be_padded() const;
    bool is_padded_note(const char* begin, std::size_t first, std::size_t found, std::size_t size) const;
    void take_padded_note(std::string_view cell);
    void take_lone(std::string_view cell);
    void lone_are_rows(std::size_t count = ~std::size_t{0});
    std::size_t padded_count() const;
    std::size_t padded_behind() const;
    bool padded_are_notes() const;
    void capture(const char* begin, const char* end);

    static constexpr std::size_t k_max_footnotes = 8, k_max_padded = 8, k_max_footnote_bytes = 4096;
    static constexpr std::size_t k_max_unterminated = 16;  // then quotes that do not close at once are taken as plain

    CsvDialect m_dialect;
    std::vector<ColumnScan> m_columns;
    std::vector<std::uint32_t> m_separators;
    std::size_t m_window;
    std::uint64_t m_rows = 0, m_lines = 0, m_max_rows = ~std::uint64_t{0};
    std::uint64_t m_valid_utf8 = 0;  // lines, or windows of them, that have other characters than ASCII and are UTF-8
    bool m_capture_next;
    std::optional<std::vector<std::string>> m_first_row;  // one cell more than columns at most
    std::size_t m_first_cells = 0;                        // of it, all
    std::string m_scratch;
    // Lines of a single cell in a table of more, and such that have words in their first cell alone: rows if others
    // follow, perhaps footnotes if none do.
    std::vector<Footnote> m_lone;
    std::size_t m_lone_run = 0;  // how many stand after each other
    bool m_after_blank = false, m_has_wide_row = false;
    Oddities m_oddities;
};

}  // namespace neurolake::formats
