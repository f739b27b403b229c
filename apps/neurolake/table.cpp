// table.cpp: widths, cutting and padding of text columns.
// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::apps {

namespace {

constexpr std::size_t k_gap = 2;
constexpr std::size_t k_narrowest = 8;

std::size_t next_character(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;) ++at;
    return at;
}

std::string padded(std::string_view text, std::size_t width, TableColumn::Align align) {
    const std::size_t own = text::display_width(text);
    const std::string spaces(width > own ? width - own : 0, ' ');
    return align == TableColumn::Align::right ? spaces + std::string(text) : std::string(text) + spaces;
}

}  // namespace

std::string fit(std::string_view text, std::size_t width, bool utf8) {
    if (text::display_width(text) <= width) return std::string(text);
    const std::string_view mark = utf8 ? "…" : "...";
    const std::size_t mark_width = utf8 ? 1 : 3;
    if (width <= mark_width) return std::string(mark.substr(0, utf8 ? mark.size() : width));
    std::size_t end = 0;
    for (std::size_t next = next_character(text, 0); next <= text.size(); next = next_character(text, next)) {
        if (text::display_width(text.substr(0, next)) + mark_width > width) break;
        end = next;
    }
    return std::string(text.substr(0, end)) + std::string(mark);
}

std::string fit_end(std::string_view text, std::size_t width, bool utf8) {
    if (text::display_width(text) <= width) return std::string(text);
    const std::string_view mark = utf8 ? "…" : "...";
    const std::size_t mark_width = utf8 ? 1 : 3;
    if (width <= mark_width) return std::string(mark.substr(0, utf8 ? mark.size() : width));
    std::size_t begin = 0;
    while (begin < text.size() && text::display_width(text.substr(begin)) + mark_width > width)
        begin = next_character(text, begin);
    return std::string(mark) + std::string(text.substr(begin));
}

void Table::row(std::vector<std::string> cells) {
    cells.resize(m_columns.size());
    m_rows.push_back(std::move(cells));
}

// Its title stays whole, and the words of cells that go on in the next line, unless they take half the terminal.
std::size_t Table::floor_of(std::size_t column, std::size_t limit) const {
    std::size_t floor = std::max(k_narrowest, text::display_width(m_columns[column].title));
    if (m_columns[column].narrow != TableColumn::Narrow::wrap) return floor;
    for (const auto& row : m_rows)
        for (const auto word : text::split(row[column], ' '))
            if (const auto width = text::display_width(word); width <= limit / 2) floor = std::max(floor, width);
    return floor;
}

std::vector<std::size_t> Table::widths(const Output& out) const {
    std::vector<std::size_t> widths;
    std::size_t total = 0;
    for (std::size_t c = 0; c < m_columns.size(); ++c) {
        std::size_t width = text::display_width(m_columns[c].title);
        for (const auto& row : m_rows) width = std::max(width, text::display_width(row[c]));
        widths.push_back(width);
        total += width + (c ? k_gap : 0);
    }
    const auto limit = static_cast<std::size_t>(out.width());
    std::vector<std::size_t> floors;  // as long as that is enough
    for (std::size_t c = 0; c < widths.size() && out.stdout_is_terminal(); ++c)
        floors.push_back(m_columns[c].last ? widths[c] : floor_of(c, limit));
    while (out.stdout_is_terminal() && total > limit) {
        std::size_t widest = widths.size();
        for (std::size_t c = 0; c < widths.size(); ++c) {
            if (!m_columns[c].shrinks || widths[c] <= floors[c]) continue;
            const bool better = widest == widths.size() || m_columns[c].last < m_columns[widest].last ||
                                (m_columns[c].last == m_columns[widest].last && widths[c] > widths[widest]);
            if (better) widest = c;
        }
        if (widest == widths.size()) {
            if (std::ranges::all_of(floors, [](std::size_t floor) { return floor <= k_narrowest; })) break;
            std::ranges::fill(floors, k_narrowest);
            continue;
        }
        --widths[widest];
        --total;
    }
    return widths;
}

std::vector<std::string> Table::lines_of(const std::string& cell, std::size_t column, std::size_t width,
                                         bool utf8) const {
    using Narrow = TableColumn::Narrow;
    const Narrow how = m_columns[column].narrow;
    if (text::display_width(cell) <= width || how == Narrow::cut) return {fit(cell, width, utf8)};
    if (how == Narrow::cut_start) {
        const std::size_t indent = std::min(cell.find_first_not_of(' '), cell.size());
        return {cell.substr(0, indent) + fit_end(cell.substr(indent), width - indent, utf8)};
    }
    std::vector<std::string> lines;
    const std::string words = text::wrapped(cell, width, 0, 0);
    const bool last = column + 1 == m_columns.size();  // a path to copy may run over the edge there
    for (const auto line : text::split(words, '\n'))
        lines.push_back(last ? std::string(line) : fit_end(line, width, utf8));
    return lines;
}

void Table::print(Output& out) const {
    const auto width = widths(out);
    const auto print_row = [&](const std::vector<std::string>& cells, bool header) {
        std::vector<std::vector<std::string>> parts;
        std::size_t height = 1;
        for (std::size_t c = 0; c < cells.size(); ++c) {
            parts.push_back(lines_of(cells[c], c, width[c], out.utf8()));
            height = std::max(height, parts.back().size());
        }
        for (std::size_t at = 0; at < height; ++at) {
            std::string line;
            for (std::size_t c = 0; c < cells.size(); ++c) {
                if (c) line.append(k_gap, ' ');
                line += padded(at < parts[c].size() ? parts[c][at] : "", width[c], m_columns[c].align);
            }
            line.erase(line.find_last_not_of(' ') + 1);
            out.exact(header ? out.paint(Style::bold, line) : line);
        }
    };
    std::vector<std::string> titles;
    for (const auto& column : m_columns) titles.push_back(column.title);
    if (std::any_of(titles.begin(), titles.end(), [](const auto& t) { return !t.empty(); })) print_row(titles, true);
    for (const auto& row : m_rows) print_row(row, false);
}

}  // namespace neurolake::apps
