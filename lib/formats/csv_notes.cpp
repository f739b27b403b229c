// csv_notes.cpp: lines behind a table that a spreadsheet filled up with empty cells: `Source: the office,,,`.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/csv_rows.hpp"
#include "formats/value_shapes.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_least_columns = 3;  // in fewer, and below fewer rows, such a line says too little
constexpr std::uint64_t k_least_rows = 3;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// Several words, or one that is marked as a note.
bool is_note(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return false;
    text = text.substr(first, text.find_last_not_of(' ') - first + 1);
    if (std::ranges::none_of(text, is_letter) || !is_word(text) || looks_personal(text)) return false;
    return text.find(' ') != std::string_view::npos || text.front() == '*' || text.back() == ':' || text.back() == '.';
}

}  // namespace

// Once the first column has words, such a line is a row like others.
bool CsvRows::may_be_padded() const {
    return m_columns.size() >= k_least_columns && !m_capture_next && !m_columns[0].seen(CellClass::text);
}

// Does the row whose first cell ends at separator `first` hold nothing but words in it? `size`: of a last row without a
// newline, else 0.
bool CsvRows::is_padded_note(const char* begin, std::size_t first, std::size_t found, std::size_t size) const {
    const std::size_t last = first + m_columns.size() - 1;
    if (!may_be_padded() || (size == 0 ? last >= found : last != found)) return false;
    const std::size_t cell = first == 0 ? 0 : m_separators[first - 1] + std::size_t{1}, cell_end = m_separators[first];
    std::size_t end = size == 0 ? m_separators[last] : size;
    if (size == 0 && begin[end] != m_dialect.set.newline) return false;
    if (m_dialect.set.newline == '\n' && end > cell_end && begin[end - 1] == '\r') --end;
    if (end - cell_end != m_columns.size() - 1 || cell == cell_end || cell_end - cell > k_max_footnote_bytes)
        return false;
    const std::string_view padding(begin + cell_end, end - cell_end);
    const char c = begin[cell + (begin[cell] == m_dialect.set.quote)];
    return padding.find_first_not_of(m_dialect.set.delimiter) == std::string_view::npos && !is_comment(begin + cell) &&
           (is_letter(c) || c == '*' || c == ' ' || c == '(');
}

// As all lines here it waits for what follows; but else it is a row, which ends a run of lines of one cell.
void CsvRows::take_padded_note(std::string_view cell) {
    if (padded_count() >= k_max_padded) lone_are_rows();
    m_lone.push_back({std::string(cell), m_lines, m_after_blank, true});
    m_lines += 1 + static_cast<std::uint64_t>(std::ranges::count(cell, m_dialect.set.newline));
    m_after_blank = false;
    m_lone_run = 0;
    m_has_wide_row = true;
}

std::size_t CsvRows::padded_count() const {
    return static_cast<std::size_t>(std::ranges::count(m_lone, true, &Footnote::padded));
}

std::size_t CsvRows::padded_behind() const {
    const auto last = std::find_if(m_lone.rbegin(), m_lone.rend(), [](const Footnote& lone) { return lone.padded; });
    return static_cast<std::size_t>(m_lone.rend() - last);
}

// No row may be lost: every row above has a value in the first column that is no text, as the words here are.
bool CsvRows::padded_are_notes() const {
    if (padded_behind() == 0) return true;
    if (m_rows < k_least_rows || m_columns[0].values() != m_rows) return false;
    const auto kind = m_columns[0].verdict({}, m_rows, 1).type.kind;
    if (kind == model::TypeKind::text || kind == model::TypeKind::unknown) return false;
    return std::ranges::all_of(m_lone, [&](const Footnote& lone) {
        const HandRow row = split_row(lone.text, m_dialect.set, true, Quotes::known);
        return row.bytes > 0 && (lone.padded ? is_note(row.cells[0].text) : is_word(lone.text));
    });
}

void CsvRows::settle_padded() {
    if (m_rows < k_least_rows) lone_are_rows(padded_behind());
}

}  // namespace neurolake::formats
