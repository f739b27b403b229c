// csv_sample.cpp: the beginning of delimited text, character by character, by the rules of split_row.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_sample.hpp"

#include <algorithm>

namespace neurolake::formats {
namespace {

enum Kind : std::uint8_t { k_plain = 0, k_newline = 100, k_quote, k_candidate_base };
using Characters = std::array<std::uint8_t, 256>;

Characters character_table(const SeparatorSet& set) {
    Characters table{};
    for (std::size_t i = 0; i < k_candidates.size(); ++i)
        table[static_cast<unsigned char>(k_candidates[i])] = static_cast<std::uint8_t>(k_candidate_base + i);
    table[static_cast<unsigned char>(set.newline)] = k_newline;
    table[static_cast<unsigned char>(set.quote)] = k_quote;
    return table;
}

void note_quoted(std::string_view inner, const SeparatorSet& set, Sample& sample) {
    ++sample.quoted_cells;
    for (std::size_t i = 0; i < k_candidates.size(); ++i)
        sample.enclosing[i] += inner.find(k_candidates[i]) != std::string_view::npos;
    sample.enclosing_newline += inner.find(set.newline) != std::string_view::npos;
}

// Finds where quoted cells end, by the rules of split_row.
class QuotedCells {
public:
    QuotedCells(std::string_view s, bool whole, const SeparatorSet& set, const Characters& table)
        : m_text(s), m_whole(whole), m_set(set), m_table(table) {}

    // The offset behind the quotes of a cell that opens at `i`; npos if they are not closed in the text.
    std::size_t skip(std::size_t i, Sample& sample) {
        const std::string_view s = m_text;
        std::size_t known_later = 0;
        for (std::size_t at = find(i + 1); at != std::string_view::npos; at = find(at + 1)) {
            if (m_set.escape != '\0' && s[at - 1] == m_set.escape) {
                std::size_t before = at;
                while (before > i + 1 && s[before - 1] == m_set.escape) --before;
                if ((at - before) % 2 == 1) {
                    sample.escapes += !ends_cell(at + 1);
                    continue;
                }
            }
            if (at + 1 >= s.size() && !m_whole) break;
            if (at + 1 < s.size() && s[at + 1] == m_set.quote) {
                ++at;
                continue;
            }
            if (ends_cell(at + 1)) {
                note_quoted(s.substr(i + 1, at - i - 1), m_set, sample);
                return at + 1;
            }
            if (at < known_later) continue;
            const std::size_t later = close_in_line(at);
            if (later == std::string_view::npos) return at + 1;
            known_later = later;
        }
        return std::string_view::npos;
    }

private:
    std::size_t find(std::size_t from) const { return m_text.find(m_set.quote, from); }
    bool ends_cell(std::size_t at) const {
        if (at >= m_text.size() || m_text[at] == '\r') return true;
        const std::uint8_t kind = m_table[static_cast<unsigned char>(m_text[at])];
        return kind >= k_newline && kind != k_quote;
    }
    // The quote that closes the cell further on in this line, behind the odd quote at `at`.
    std::size_t close_in_line(std::size_t at) {
        if (at < m_none_until) return std::string_view::npos;
        if (at >= m_line_end) m_line_end = std::min(m_text.find(m_set.newline, at), m_text.size());
        std::size_t later = find(at + 1);
        while (later < m_line_end && !ends_cell(later + 1)) later = find(later + 1);
        if (later < m_line_end) return later;
        m_none_until = m_line_end;
        return std::string_view::npos;
    }

    std::string_view m_text;
    bool m_whole;
    const SeparatorSet& m_set;
    const Characters& m_table;
    // A line full of odd quotes is searched once: where it ends, and before what no quote closes a cell.
    std::size_t m_line_end = 0, m_none_until = 0;
};

// A quote that the line opens and does not close goes on behind the line's end: such a line is a row,
// "#general,"first".
bool may_be_comment(std::string_view s, std::size_t begin, char quote) {
    if (s[begin] != '#') return false;
    const std::string_view line = s.substr(begin, s.find_first_of("\r\n", begin) - begin);
    return std::count(line.begin(), line.end(), quote) % 2 == 0;
}

}  // namespace

Sample sample_rows(std::string_view s, bool whole, const SeparatorSet& set, std::size_t max_rows, OpenQuote open) {
    const Characters table = character_table(set);
    QuotedCells quoted(s, whole, set, table);
    Sample sample;
    std::vector<SampledRow>& rows = sample.rows;
    SampledRow row;
    bool cell_begins = true;
    std::size_t i = 0;
    while (i < s.size() && rows.size() < max_rows) {
        if (i == row.begin) row.hash = may_be_comment(s, i, set.quote);
        const std::uint8_t kind = table[static_cast<unsigned char>(s[i])];
        if (kind == k_quote && cell_begins && !row.hash) {
            const std::size_t behind = quoted.skip(i, sample);
            if (behind == std::string_view::npos && !whole && open == OpenQuote::goes_on) {
                row.end = i;
                sample.open = row;
                return sample;
            }
            i = behind == std::string_view::npos ? i + 1 : behind;
            cell_begins = false;
            continue;
        }
        ++i;
        cell_begins = kind >= k_newline && kind != k_quote;
        if (kind >= k_candidate_base) ++row.counts[kind - k_candidate_base];
        if (kind == k_newline) {
            row.end = i;
            rows.push_back(row);
            row = SampledRow{{}, i, i, false};
        }
    }
    if (i == s.size() && whole && row.begin < i && rows.size() < max_rows) {
        row.end = i;
        rows.push_back(row);
    }
    return sample;
}

bool only_cr_ends_lines(std::string_view s, char quote) {
    SeparatorSet set;
    set.quote = quote;
    const Characters table = character_table(set);
    QuotedCells quoted(s, true, set, table);
    Sample unused;
    bool any = false, cell_begins = true;
    for (std::size_t i = 0; i < s.size();) {
        if (s[i] == set.quote && cell_begins) {
            const std::size_t behind = quoted.skip(i, unused);
            i = behind == std::string_view::npos ? i + 1 : behind;
            cell_begins = false;
            continue;
        }
        if (s[i] == '\n') return false;
        any |= s[i] == '\r';
        cell_begins = s[i] == '\r' || table[static_cast<unsigned char>(s[i])] >= k_candidate_base;
        ++i;
    }
    return any;
}

}  // namespace neurolake::formats
