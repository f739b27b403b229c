// csv_rows.cpp: positions of separators in, facts of columns out; odd rows go the slow way.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "formats/byte_count.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_first_window = 64u << 10;
constexpr std::size_t k_many_columns = 4096;  // beyond, a sketch a column would be too much memory

constexpr std::size_t k_max_separators = 1u << 21;  // of one row; 8 MiB

// Rows are taken column by column in batches that stay in a core's first cache.
constexpr std::size_t k_batch_rows = 256, k_batch_bytes = 16u << 10;

// Does `a` or `b` stand in [p, end)? Eight bytes at a time; the padding rule of cell.hpp holds.
bool has_either(const char* p, const char* end, char a, char b) {
    constexpr std::uint64_t k_ones = 0x0101010101010101u, k_highs = 0x8080808080808080u;
    const std::uint64_t as = k_ones * static_cast<unsigned char>(a), bs = k_ones * static_cast<unsigned char>(b);
    for (; p < end; p += 8) {
        const std::uint64_t v = load8(p), x = v ^ as, y = v ^ bs;
        std::uint64_t found = (((x - k_ones) & ~x) | ((y - k_ones) & ~y)) & k_highs;
        if (end - p < 8) found &= (std::uint64_t{1} << (8 * (end - p))) - 1;
        if (found != 0) return true;
    }
    return false;
}

std::uint64_t count_newlines(std::string_view s, char newline) {
    return s.find(newline) == std::string_view::npos ? 0 : count_byte(s, newline);
}

}  // namespace

CsvRows::CsvRows(const CsvDialect& dialect, bool capture_first)
    : m_dialect(dialect), m_window(k_first_window), m_capture_next(capture_first) {
    m_columns.reserve(dialect.columns);
    for (std::size_t i = 0; i < dialect.columns; ++i) m_columns.emplace_back(dialect.columns <= k_many_columns);
}

std::size_t CsvRows::take(std::string_view data, std::size_t limit, bool at_end) {
    limit = std::min(limit, data.size());
    std::size_t at = 0;
    while (at < limit && !is_full()) {
        if (m_dialect.set.escape != '\0') {
            const std::size_t bytes = take_by_hand(data.substr(at), at_end);
            if (bytes == 0) return at;
            at += bytes;
            continue;
        }
        const char* row = data.data() + at;
        const std::size_t left = data.size() - at;
        const std::size_t window = std::min(left, m_window);
        if (m_separators.size() < window / 4 + 128) m_separators.resize(window / 4 + 128);
        const SeparatorSpan span =
            find_separators(row, window, m_dialect.set, m_separators.data(), m_separators.size());
        const Taken taken = take_regular(row, span, limit - at);
        at += taken.bytes;
        if (taken.full) return at;
        if (span.irregular) {
            // Rows before the odd one are taken; the row it stands in begins at `at`.
            if (at >= limit) break;
            const std::size_t bytes = take_by_hand(data.substr(at), at_end);
            if (bytes == 0) return at;
            at += bytes;
        } else if (taken.bytes == 0) {
            if (span.scanned < window && m_separators.size() >= k_max_separators) {
                const std::size_t bytes = take_by_hand(data.substr(at), at_end);
                if (bytes == 0) return at;
                at += bytes;
            } else if (span.scanned < window) {
                m_separators.resize(m_separators.size() * 2);
            } else if (window < left) {
                m_window *= 2;
            } else if (!at_end) {
                return at;
            } else if (span.open_quote) {
                std::size_t bytes = 0;
                take_unterminated(data.substr(at), true, bytes);
                at += bytes;
            } else {
                take_last(row, left, span);
                return data.size();
            }
        }
    }
    return at;
}

CsvRows::Taken CsvRows::take_regular(const char* begin, const SeparatorSpan& span, std::size_t limit) {
    const char newline = m_dialect.set.newline;
    const std::size_t columns = m_columns.size();
    const char* cell = begin;
    std::size_t column = 0;
    Taken taken;
    // Cells of a row that is not whole yet must not be looked at: they come again.
    std::size_t whole = span.found;
    while (whole > 0 && begin[m_separators[whole - 1]] != newline) --whole;
    bool is_row = true;
    for (std::size_t i = 0; i < whole; ++i) {
        if (const std::size_t rows = column == 0 ? plain_rows(begin, i, whole, limit) : 0; rows > 0) {
            take_plain_rows(begin, i, rows);
            i += rows * columns - 1;
            cell = begin + m_separators[i] + 1;
            taken.bytes = static_cast<std::size_t>(cell - begin);
            if (taken.bytes >= limit || is_full()) {
                taken.full = true;
                return taken;
            }
            continue;
        }
        const char* end = begin + m_separators[i];
        if (*end != newline) {
            if (column == 0 && is_padded_note(begin, i, whole, 0)) {
                take_padded_note({cell, static_cast<std::size_t>(end - cell)});
                i += columns - 1;
                cell = begin + m_separators[i] + 1;
                taken.bytes = static_cast<std::size_t>(cell - begin);
                if ((taken.full = taken.bytes >= limit)) return taken;
                continue;
            }
            if (column == 0) {
                is_row = !is_comment(cell);
                if (is_row && !m_lone.empty()) lone_are_rows();
                if ((taken.full = is_full())) return taken;
            }
            if (m_capture_next)
                capture(cell, end);
            else if (column < columns && is_row)
                observe(column, cell, end);
            ++column;
            cell = end + 1;
            continue;
        }
        const char* last = end;
        if (newline == '\n' && last > cell && last[-1] == '\r') --last;
        if (column == 0 && last == cell) {
            // A blank line is no row, but in a table of one column it is a null.
            if (columns == 1 && !m_capture_next) ++m_rows;
            m_after_blank = true;
        } else if (column == 0 ? is_comment(cell) : !is_row) {
            // a comment
        } else if (column == 0 && columns > 1 && !m_capture_next) {
            take_lone({cell, static_cast<std::size_t>(last - cell)});
        } else if (m_capture_next) {
            capture(cell, last);
            m_capture_next = false;
        } else {
            if (column < columns) observe(column, cell, last);
            end_row(column + 1);
        }
        ++m_lines;
        column = 0;
        cell = end + 1;
        taken.bytes = static_cast<std::size_t>(cell - begin);
        if (taken.bytes >= limit || is_full()) {
            taken.full = true;
            return taken;
        }
    }
    return taken;
}

// How many rows from separator `first` on, which ends the first cell of one, are as rows should be: as many cells as
// columns, no comment, not blank. At most a batch, and none behind the one that reaches `limit`.
std::size_t CsvRows::plain_rows(const char* begin, std::size_t first, std::size_t whole, std::size_t limit) const {
    const bool few_wanted = m_max_rows != ~std::uint64_t{0};
    if (m_capture_next || (few_wanted && !m_lone.empty())) return 0;
    const char newline = m_dialect.set.newline;
    const std::size_t columns = m_columns.size();
    const std::uint32_t* ends = m_separators.data();
    const std::size_t batch_begin = first == 0 ? 0 : ends[first - 1] + std::size_t{1};
    const std::size_t stop = std::min(limit, batch_begin + k_batch_bytes);
    const std::uint64_t most = std::min<std::uint64_t>(k_batch_rows, m_max_rows - m_rows);
    const bool look_for_notes = may_be_padded();
    std::size_t rows = 0;
    for (std::size_t row = batch_begin; rows < most && row < stop && first + columns <= whole; ++rows) {
        if (begin[row] == newline || is_comment(begin + row)) break;
        if (look_for_notes && ends[first + columns - 1] - ends[first] <= columns &&
            is_padded_note(begin, first, whole, 0))
            break;
        for (std::size_t i = 0; i + 1 < columns; ++i)
            if (begin[ends[first + i]] == newline) return rows;
        const std::size_t end = ends[first + columns - 1];
        const bool blank = columns == 1 && end == row + 1 && begin[row] == '\r';
        if (begin[end] != newline || blank) break;
        row = end + 1;
        first += columns;
    }
    return rows;
}

void CsvRows::take_plain_rows(const char* begin, std::size_t first, std::size_t rows) {
    const std::size_t columns = m_columns.size();
    if (!m_lone.empty()) lone_are_rows();
    for (std::size_t column = 0; column < columns; ++column) take_column(column, begin, first + column, rows);
    m_after_blank = false;
    if (columns > 1) {
        m_lone_run = 0;
        m_has_wide_row = true;
    }
    m_rows += rows;
    m_lines += rows;
}

// The cells of one column: separator `first` ends that of the first row.
void CsvRows::take_column(std::size_t column, const char* begin, std::size_t first, std::size_t rows) {
    const std::size_t columns = m_columns.size();
    const bool may_end_in_cr = column + 1 == columns && m_dialect.set.newline == '\n';
    const char quote = m_dialect.set.quote, newline = m_dialect.set.newline;
    const std::uint32_t* const ends = m_separators.data();
    ColumnScan& scan = m_columns[column];
    std::array<TextCell, k_batch_rows> cells;
    std::size_t count = 0;
    const auto observe_cells = [&] { scan.observe_all({cells.data(), std::exchange(count, 0)}, m_rows); };
    for (std::size_t row = 0; row < rows; ++row, first += columns) {
        const char* p = first == 0 ? begin : begin + ends[first - 1] + 1;
        const char* end = begin + ends[first];
        if (may_end_in_cr && end > p && end[-1] == '\r') --end;
        if (p == end) continue;
        if (*p == quote && end - p > 2 && end[-1] == quote && !has_either(p + 1, end - 1, quote, newline)) {
            ++p;
            --end;
        } else if (*p == quote) {
            observe_cells();
            observe_quoted(column, p, end, m_rows + row);
            continue;
        }
        cells[count++] = {p, static_cast<std::uint32_t>(end - p), static_cast<std::uint32_t>(row)};
    }
    observe_cells();
}

// The last row of the file, without a newline.
void CsvRows::take_last(const char* begin, std::size_t size, const SeparatorSpan& span) {
    if (is_comment(begin)) {
        ++m_lines;
        return;
    }
    const char* cell = begin;
    std::size_t column = 0;
    const auto cell_ends = [&](const char* end) {
        if (m_capture_next)
            capture(cell, end);
        else if (column < m_columns.size())
            observe(column, cell, end);
    };
    if (is_padded_note(begin, 0, span.found, size)) return take_padded_note({begin, m_separators[0]});
    if (span.found > 0 && !m_lone.empty()) lone_are_rows();
    if (is_full()) return;
    for (std::size_t i = 0; i < span.found; ++i, ++column) {
        cell_ends(begin + m_separators[i]);
        cell = begin + m_separators[i] + 1;
    }
    const char* end = begin + size;
    if (m_dialect.set.newline == '\n' && end > cell && end[-1] == '\r') --end;
    if (column == 0 && end == cell) return;
    if (column == 0 && m_columns.size() > 1 && !m_capture_next) {
        take_lone({cell, static_cast<std::size_t>(end - cell)});
        ++m_lines;
        return;
    }
    cell_ends(end);
    if (m_capture_next)
        m_capture_next = false;
    else
        end_row(column + 1);
    ++m_lines;
}

// A line of one cell where rows have more.
void CsvRows::take_lone(std::string_view cell) {
    if (++m_lone_run > k_max_footnotes || cell.size() > k_max_footnote_bytes) {
        lone_are_rows();
        if (is_full()) return;
        observe(0, cell.data(), cell.data() + cell.size());
        return end_row(1);
    }
    m_lone.push_back({std::string(cell), m_lines, m_after_blank});
    m_lines += count_newlines(cell, m_dialect.set.newline);
}

void CsvRows::lone_are_rows(std::size_t count) {
    const std::uint64_t line = m_lines;
    std::vector<Footnote> lones = std::exchange(m_lone, {});
    count = std::min(count, lones.size());
    for (std::size_t i = 0; i < count && !is_full(); ++i) {
        const Footnote& lone = lones[i];
        m_lines = lone.line;
        HandRow row = split_row(lone.text, m_dialect.set, true, Quotes::known);
        if (row.bytes == 0) row = split_row(lone.text, m_dialect.set, true, Quotes::literal);
        if (!row.cells.empty() && !m_columns.empty()) observe_text(0, row.cells[0].text, row.cells[0].quoted);
        end_row(lone.padded ? m_columns.size() : 1);
    }
    m_lone.assign(std::make_move_iterator(lones.begin() + static_cast<std::ptrdiff_t>(count)),
                  std::make_move_iterator(lones.end()));
    m_lines = line;
}

// Words alone behind the table are footnotes: after a blank line, or where the first column has no other words.
void CsvRows::finish() {
    if (!padded_are_notes()) lone_are_rows(padded_behind());
    const bool first_column_has_words = m_columns.empty() || m_columns[0].seen(CellClass::text);
    const bool footnotes = std::all_of(m_lone.begin(), m_lone.end(), [&](const Footnote& lone) {
        return (m_lone.front().after_blank || (!first_column_has_words && m_rows > 0)) && is_word(lone.text);
    });
    if (!footnotes) lone_are_rows();
}

void CsvRows::end_row(std::size_t cells) {
    if (cells != m_columns.size())
        m_oddities.note(cells < m_columns.size() ? Oddity::short_row : Oddity::long_row, m_lines, cells);
    m_after_blank = false;
    if (cells > 1) {
        m_lone_run = 0;
        m_has_wide_row = true;
    }
    ++m_rows;
}

inline void CsvRows::observe(std::size_t column, const char* begin, const char* end) {
    if (begin == end) return;
    if (*begin == m_dialect.set.quote) return observe_quoted(column, begin, end, m_rows);
    m_columns[column].observe(begin, static_cast<std::size_t>(end - begin), m_rows);
}

void CsvRows::observe_quoted(std::size_t column, const char* begin, const char* end, std::uint64_t row) {
    const char quote = m_dialect.set.quote;
    if (end - begin < 2 || end[-1] != quote) {
        m_columns[column].observe(begin, static_cast<std::size_t>(end - begin), row);
        return;
    }
    const std::string_view inner(begin + 1, static_cast<std::size_t>(end - begin) - 2);
    m_lines += count_newlines(inner, m_dialect.set.newline);
    if (inner.empty()) return m_columns[column].observe_quoted_empty();
    if (inner.find(quote) == std::string_view::npos) {
        m_columns[column].observe(inner.data(), inner.size(), row);
        return;
    }
    m_scratch.clear();
    m_scratch.reserve(inner.size() + k_padding);  // at once: a cell may have megabytes
    for (std::size_t i = 0; i < inner.size(); ++i) {
        m_scratch += inner[i];
        if (inner[i] == quote) ++i;  // doubled: the regular path knows no other
    }
    const std::size_t size = m_scratch.size();
    m_scratch.resize(size + k_padding);
    m_columns[column].observe(m_scratch.data(), size, row);
}

void CsvRows::observe_text(std::size_t column, std::string_view text, bool quoted) {
    if (text.empty()) {
        if (quoted) m_columns[column].observe_quoted_empty();
        return;
    }
    m_scratch.assign(text);
    m_scratch.resize(text.size() + k_padding);
    m_columns[column].observe(m_scratch.data(), text.size(), m_rows);
}

void CsvRows::capture(const char* begin, const char* end) {
    if (!m_first_row) m_first_row.emplace();
    if (m_dialect.spread_names && begin == end) return;
    ++m_first_cells;
    if (m_first_row->size() > m_columns.size()) return;
    std::string_view cell(begin, static_cast<std::size_t>(end - begin));
    if (cell.size() < 2 || cell.front() != m_dialect.set.quote || cell.back() != m_dialect.set.quote) {
        m_first_row->emplace_back(cell);
        return;
    }
    m_lines += count_newlines(cell, m_dialect.set.newline);
    const HandRow row = split_row(cell, m_dialect.set, true, Quotes::known);
    m_first_row->push_back(row.cells.empty() ? std::string(cell) : row.cells.front().text);
}

std::size_t CsvRows::take_by_hand(std::string_view data, bool at_end) {
    bool tired = m_oddities.count(Oddity::unterminated_quote) >= k_max_unterminated;
    tired |= is_comment(data.data());
    const HandRow row = split_row(data, m_dialect.set, at_end, tired ? Quotes::literal : Quotes::known);
    if (row.bytes > 0) {
        if (is_comment(data.data()))
            ++m_lines;
        else
            take_pieces(row);
        return row.bytes;
    }
    std::size_t bytes = 0;
    if (at_end) take_unterminated(data, true, bytes);
    return bytes;
}

bool CsvRows::take_unterminated(std::string_view data, bool at_end, std::size_t& bytes) {
    const HandRow row = split_row(data, m_dialect.set, true, Quotes::literal);
    const bool whole_line = row.bytes > 0 && data[row.bytes - 1] == m_dialect.set.newline;
    if (!whole_line && !at_end) return false;
    bytes = row.bytes;
    m_oddities.note(Oddity::unterminated_quote, m_lines);
    take_pieces(row);
    return true;
}

void CsvRows::take_pieces(const HandRow& row) {
    if (row.stray_quote) m_oddities.note(Oddity::stray_quote, m_lines);
    const bool blank = row.cells.size() == 1 && row.cells[0].text.empty() && !row.cells[0].quoted;
    if (!blank && !m_lone.empty()) lone_are_rows();  // a cell so odd is a row's
    if (is_full()) return;
    if (blank) m_after_blank = true;
    if (m_capture_next && !blank) {
        m_first_row.emplace();
        m_first_cells = row.cell_count;
        for (const HandRow::Piece& piece : row.cells)
            if (!m_dialect.spread_names || !piece.text.empty()) m_first_row->push_back(piece.text);
        m_capture_next = false;
    } else if (!blank || (m_columns.size() == 1 && !m_capture_next)) {
        for (std::size_t i = 0; i < row.cells.size() && i < m_columns.size(); ++i)
            observe_text(i, row.cells[i].text, row.cells[i].quoted);
        end_row(row.cell_count);
    }
    m_lines += std::max<std::uint64_t>(row.lines, 1);
}

void CsvRows::count_huge_row() {
    m_oddities.note(Oddity::huge_row, m_lines);
    if (m_capture_next) {
        m_capture_next = false;
        m_first_row.emplace(1, std::string());
        m_first_cells = 1;
    } else {
        ++m_rows;
    }
    ++m_lines;
}

void CsvRows::merge(CsvRows& next) {
    if (next.m_rows > 0) lone_are_rows();
    m_lone_run = next.m_has_wide_row ? next.m_lone_run : m_lone_run + next.m_lone_run;
    m_has_wide_row |= next.m_has_wide_row;
    for (Footnote& lone : next.m_lone) {
        lone.line += m_lines;
        lone.after_blank |= m_lone.empty() && m_after_blank;
        m_lone.push_back(std::move(lone));
    }
    m_after_blank = next.m_after_blank;
    for (std::size_t i = 0; i < m_columns.size(); ++i) m_columns[i].merge(next.m_columns[i], m_rows);
    m_oddities.merge(next.m_oddities, m_lines);
    m_valid_utf8 += next.m_valid_utf8;
    m_rows += next.m_rows;
    m_lines += next.m_lines;
    if (m_lone_run > k_max_footnotes || padded_count() > k_max_padded) lone_are_rows();
}

void CsvRows::adopt_first_row() {
    if (!m_first_row) return;
    CsvRows whole(m_dialect, false);
    for (std::size_t i = 0; i < m_first_row->size() && i < m_columns.size(); ++i)
        whole.observe_text(i, (*m_first_row)[i], false);
    if (m_first_cells != m_columns.size())
        m_oddities.note(m_first_cells < m_columns.size() ? Oddity::short_row : Oddity::long_row,
                        m_dialect.preamble_lines, m_first_cells);
    for (std::size_t i = 0; i < m_columns.size(); ++i) whole.m_columns[i].merge(m_columns[i], 1);
    m_columns = std::move(whole.m_columns);
    ++m_rows;
    m_first_row.reset();
}

}  // namespace neurolake::formats
