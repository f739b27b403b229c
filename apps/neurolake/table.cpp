// table.cpp: widths, cutting and padding of text columns.
// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
#include <numeric>

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

std::vector<std::size_t> Table::whole_widths() const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < m_columns.size(); ++c) {
        std::size_t width = text::display_width(m_columns[c].title);
        for (const auto& row : m_rows) width = std::max(width, text::display_width(row[c]));
        widths.push_back(width);
    }
    return widths;
}

namespace {

std::size_t sum_of(const std::vector<std::size_t>& widths) {
    return std::accumulate(widths.begin(), widths.end(), widths.empty() ? 0 : (widths.size() - 1) * k_gap);
}

}  // namespace

bool Table::fits(const Output& out) const {
    return !out.stdout_is_terminal() || sum_of(whole_widths()) <= static_cast<std::size_t>(out.width());
}

// Below the floors there are others: first those of cells that may have a line of their own. False: there are none.
bool Table::give_way(std::vector<std::size_t>& floors) const {
    bool lower = false;
    for (std::size_t c = 0; c < floors.size(); ++c) {
        if (m_columns[c].narrow != TableColumn::Narrow::own_line || floors[c] <= floor_of(c, 0)) continue;
        floors[c] = floor_of(c, 0);
        lower = true;
    }
    if (lower) return true;
    if (std::ranges::all_of(floors, [](std::size_t floor) { return floor <= k_narrowest; })) return false;
    std::ranges::fill(floors, k_narrowest);
    return true;
}

std::size_t Table::widest_that_fits(std::size_t column, std::size_t width) const {
    std::size_t widest = std::min(width, text::display_width(m_columns[column].title));
    for (const auto& row : m_rows)
        if (const auto own = text::display_width(row[column]); own <= width) widest = std::max(widest, own);
    return widest;
}

std::vector<std::size_t> Table::widths(const Output& out) const {
    std::vector<std::size_t> widths = whole_widths();
    if (!out.stdout_is_terminal()) return widths;
    const auto limit = static_cast<std::size_t>(out.width());
    std::vector<std::size_t> floors;  // as long as that is enough
    for (std::size_t c = 0; c < widths.size(); ++c)
        floors.push_back(m_columns[c].last ? widths[c] : floor_of(c, limit));
    for (std::size_t total = sum_of(widths); total > limit;) {
        std::size_t widest = widths.size();
        for (std::size_t c = 0; c < widths.size(); ++c) {
            if (!m_columns[c].shrinks || widths[c] <= floors[c]) continue;
            const bool better = widest == widths.size() || m_columns[c].last < m_columns[widest].last ||
                                (m_columns[c].last == m_columns[widest].last && widths[c] > widths[widest]);
            if (better) widest = c;
        }
        if (widest == widths.size()) {
            if (!give_way(floors)) break;
            continue;
        }
        --widths[widest];
        --total;
    }
    for (std::size_t c = 0; c < widths.size(); ++c)
        if (m_columns[c].narrow == TableColumn::Narrow::own_line) widths[c] = widest_that_fits(c, widths[c]);
    return widths;
}

std::vector<std::string> Table::lines_of(const std::string& cell, std::size_t column, std::size_t width,
                                         bool utf8) const {
    using Narrow = TableColumn::Narrow;
    const Narrow how = m_columns[column].narrow;
    if (text::display_width(cell) <= width || how == Narrow::cut) return {fit(cell, width, utf8)};
    if (how == Narrow::own_line) return {""};
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
            const bool own_line = m_columns[c].narrow == TableColumn::Narrow::own_line;
            if (own_line && text::display_width(cells[c]) > width[c]) out.exact(cells[c]);
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
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        print_row(m_rows[i], false);
        print_below(out, i + 1);
    }
}

void Table::print_below(Output& out, std::size_t row) const {
    constexpr std::size_t k_indent = 4;
    const auto lines = m_below.find(row);
    if (lines == m_below.end()) return;
    const auto width = static_cast<std::size_t>(out.width());
    for (const auto& line : lines->second)
        out.exact(std::string(k_indent, ' ') +
                  (out.stdout_is_terminal() ? text::wrapped(line, width, k_indent, k_indent) : line));
}

}  // namespace neurolake::apps
