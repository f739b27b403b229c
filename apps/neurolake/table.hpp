// table.hpp: columns of text for people, fitted to the terminal's width.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "output.hpp"

namespace neurolake::apps {

struct TableColumn {
    std::string title;
    enum class Align { left, right } align = Align::left;
    bool shrinks = false;  // may be made narrower when the terminal is too narrow, never below 8 columns
    // How: cut with "…" at the end, or at the start where names differ at their end; or the words go on in the next
    // line. A word that is too wide itself keeps its end there; in the last column it stays whole, a path to copy.
    // Or what people copy: a cell that is too wide stands whole in a line of its own above the rest of its row.
    enum class Narrow { cut, cut_start, wrap, own_line } narrow = Narrow::cut;
    bool last = false;  // shrinks only when no other column can any more: what the table is about
};

// Collects rows, then prints them with a header line (none when all titles are empty). On a terminal no line is wider
// than it, as far as shrinking columns allow, the widest first; through a pipe nothing is ever cut. Cells must already
// be safe to show (Output::name).
class Table {
public:
    explicit Table(std::vector<TableColumn> columns) : m_columns(std::move(columns)) {}
    void row(std::vector<std::string> cells);
    void below(std::string words) { m_below[m_rows.size()].push_back(std::move(words)); }  // a line below the last row
    bool fits(const Output& out) const;  // no column has to be narrower than its cells
    bool empty() const { return m_rows.empty(); }
    void print(Output& out) const;

private:
    std::vector<std::size_t> whole_widths() const;
    std::vector<std::size_t> widths(const Output& out) const;
    bool give_way(std::vector<std::size_t>& floors) const;
    std::size_t widest_that_fits(std::size_t column, std::size_t width) const;
    void print_below(Output& out, std::size_t row) const;
    std::size_t floor_of(std::size_t column, std::size_t limit) const;
    std::vector<std::string> lines_of(const std::string& cell, std::size_t column, std::size_t width, bool utf8) const;

    std::vector<TableColumn> m_columns;
    std::vector<std::vector<std::string>> m_rows;
    std::map<std::size_t, std::vector<std::string>> m_below;  // by number of the row, from 1
};

// The first columns of `text` that fit, with "…" (three dots in ASCII) where it was cut; the last ones.
std::string fit(std::string_view text, std::size_t width, bool utf8);
std::string fit_end(std::string_view text, std::size_t width, bool utf8);

}  // namespace neurolake::apps
