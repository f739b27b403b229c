// csv_row.cpp: one row of delimited text, character by character.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/csv_dialect.hpp"

namespace neurolake::formats {
namespace {

// The next quote at or behind `i`, and the text before it without escapes.
std::size_t find_quote(std::string_view s, std::size_t i, const SeparatorSet& set, std::string& text) {
    if (set.escape == '\0') {
        const std::size_t at = s.find(set.quote, i);
        if (at != std::string_view::npos) text.append(s, i, at - i);
        return at;
    }
    for (; i < s.size(); ++i) {
        if (s[i] == set.quote) return i;
        if (s[i] == set.escape && i + 1 < s.size()) ++i;
        text += s[i];
    }
    return std::string_view::npos;
}

}  // namespace

HandRow split_row(std::string_view s, const SeparatorSet& set, bool at_end, Quotes quotes) {
    HandRow row;
    const auto is_end = [&](std::size_t i) { return s[i] == set.delimiter || s[i] == set.newline; };
    const auto closes = [&](std::size_t i) {  // may a quote before `i` close a cell?
        return i >= s.size() || is_end(i) || (s[i] == '\r' && i + 1 < s.size() && s[i + 1] == set.newline);
    };
    std::size_t i = 0;
    std::size_t line_end = 0;    // of the line of the last odd quote
    std::size_t none_until = 0;  // no quote before it closes a cell
    while (true) {
        HandRow::Piece piece;
        if (quotes == Quotes::known && i < s.size() && s[i] == set.quote) {
            piece.quoted = true;
            std::size_t known_later = 0;  // a line of nothing but quotes must not be searched again for each of them
            for (++i;;) {
                const std::size_t at = find_quote(s, i, set, piece.text);
                if (at == std::string_view::npos || (at + 1 >= s.size() && !at_end)) return {};
                row.lines +=
                    static_cast<std::uint64_t>(std::count(s.begin() + static_cast<std::ptrdiff_t>(i),
                                                          s.begin() + static_cast<std::ptrdiff_t>(at), set.newline));
                i = at + 1;
                if (closes(i)) break;
                piece.text += set.quote;
                if (s[i] == set.quote) {
                    ++i;
                    continue;
                }
                // An odd quote. If this line closes the cell properly further on, it was a plain character; else the
                // cell goes on without quotes.
                row.stray_quote = true;
                if (i <= known_later) continue;
                if (i < none_until) break;
                if (i >= line_end) line_end = std::min(s.find(set.newline, i), s.size());
                std::size_t later = s.find(set.quote, i);
                while (later < line_end && !closes(later + 1)) later = s.find(set.quote, later + 1);
                if (later >= line_end) {
                    none_until = line_end;
                    break;
                }
                known_later = later;
            }
        }
        std::size_t end = i;
        while (end < s.size() && !is_end(end)) ++end;
        if (end == s.size() && !at_end) return {};
        std::string_view rest = s.substr(i, end - i);
        const bool last = end == s.size() || s[end] == set.newline;
        if (last && set.newline == '\n' && rest.ends_with('\r')) rest.remove_suffix(1);
        if (!piece.quoted && rest.find(set.quote) != std::string_view::npos) row.stray_quote = true;
        piece.text += rest;
        if (row.cells.size() <= k_max_columns) row.cells.push_back(std::move(piece));
        ++row.cell_count;
        i = std::min(end + 1, s.size());
        if (!last) continue;
        row.bytes = i;
        row.lines += end < s.size();
        return row;
    }
}

}  // namespace neurolake::formats
