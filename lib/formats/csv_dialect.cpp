// csv_dialect.cpp: counts what could be delimiters, row by row, and takes the one the rows agree on.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_dialect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace neurolake::formats {
namespace {

constexpr std::array<char, 4> k_candidates{'\t', '|', ';', ','};
constexpr std::size_t k_quick_rows = 10;   // enough when they all agree
constexpr std::size_t k_many_rows = 1000;  // else
constexpr std::size_t k_max_preamble = 32;

using Counts = std::array<std::uint32_t, k_candidates.size()>;

struct SampledRow {
    Counts counts{};
    std::size_t begin = 0, end = 0;  // with the newline
};

enum Kind : std::uint8_t { k_plain = 0, k_newline = 100, k_quote, k_candidate_base };

std::array<std::uint8_t, 256> character_table(char newline) {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 0; i < k_candidates.size(); ++i)
        table[static_cast<unsigned char>(k_candidates[i])] = static_cast<std::uint8_t>(k_candidate_base + i);
    table[static_cast<unsigned char>(newline)] = k_newline;
    table[static_cast<unsigned char>('"')] = k_quote;
    return table;
}

// The offset behind the closing quote of a cell that opens at `i`; npos if it is not closed in the sample.
std::size_t skip_quoted(std::string_view s, std::size_t i, const std::array<std::uint8_t, 256>& table) {
    for (std::size_t at = s.find('"', i + 1); at != std::string_view::npos; at = s.find('"', at + 1)) {
        if (at + 1 >= s.size()) return at + 1;
        const char next = s[at + 1];
        if (next == '"')
            ++at;
        else if (next == '\r' || table[static_cast<unsigned char>(next)] != k_plain)
            return at + 1;
    }
    return std::string_view::npos;
}

std::vector<SampledRow> sample_rows(std::string_view s, bool whole, char newline, std::size_t max_rows) {
    const auto table = character_table(newline);
    std::vector<SampledRow> rows;
    SampledRow row;
    bool cell_begins = true;
    std::size_t i = 0;
    while (i < s.size() && rows.size() < max_rows) {
        const std::uint8_t kind = table[static_cast<unsigned char>(s[i])];
        if (kind == k_quote && cell_begins) {
            const std::size_t behind = skip_quoted(s, i, table);
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
            row = SampledRow{{}, i, i};
        }
    }
    if (i == s.size() && whole && row.begin < i && rows.size() < max_rows) {
        row.end = i;
        rows.push_back(row);
    }
    return rows;
}

bool is_blank(std::string_view s, const SampledRow& row) {
    return s.substr(row.begin, row.end - row.begin).find_first_not_of("\r\n") == std::string_view::npos;
}

struct Agreement {
    std::uint32_t delimiters = 0;  // what most rows have
    double share = 0;              // of the rows
};

Agreement agreement(std::string_view s, const std::vector<SampledRow>& rows, std::size_t candidate) {
    std::map<std::uint32_t, std::size_t> histogram;
    std::size_t total = 0;
    for (const SampledRow& row : rows) {
        if (is_blank(s, row)) continue;
        ++histogram[row.counts[candidate]];
        ++total;
    }
    Agreement best;
    std::size_t best_rows = 0;
    for (const auto& [delimiters, count] : histogram)
        if (delimiters > 0 && count >= best_rows) {
            best.delimiters = delimiters;
            best_rows = count;
        }
    best.share = total == 0 ? 0 : static_cast<double>(best_rows) / static_cast<double>(total);
    return best;
}

// "1,5;2,5": every comma between digits is a decimal comma.
bool commas_are_decimal(std::string_view s) {
    const auto digit = [&](std::size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; };
    bool any = false;
    for (std::size_t at = s.find(','); at != std::string_view::npos; at = s.find(',', at + 1)) {
        if (at == 0 || !digit(at - 1) || !digit(at + 1)) return false;
        any = true;
    }
    return any;
}

struct Choice {
    char delimiter = k_no_delimiter;
    Agreement agreement;
    std::size_t index = 0;
};

Choice choose(std::string_view s, const std::vector<SampledRow>& rows, char prefer) {
    Choice best;
    for (std::size_t i = 0; i < k_candidates.size(); ++i) {
        const Agreement a = agreement(s, rows, i);
        if (a.delimiters == 0 || a.share < 0.5) continue;
        if (k_candidates[i] == prefer) return {prefer, a, i};
        bool better = a.share > best.agreement.share;
        if (a.share == best.agreement.share) better = a.delimiters > best.agreement.delimiters;
        if (k_candidates[i] == ',' && best.delimiter == ';' && better) {
            const std::size_t end = rows.empty() ? 0 : rows.back().end;
            better = !commas_are_decimal(s.substr(0, end));
        }
        if (better || best.delimiter == k_no_delimiter) best = {k_candidates[i], a, i};
    }
    return best;
}

void skip_preamble(std::string_view s, const std::vector<SampledRow>& rows, const Choice& choice, CsvDialect& dialect) {
    std::size_t lines = 0;
    while (lines < rows.size() && lines < k_max_preamble &&
           (is_blank(s, rows[lines]) || (choice.agreement.delimiters > 0 && rows[lines].counts[choice.index] == 0)))
        ++lines;
    if (lines == rows.size() || lines == k_max_preamble) return;
    dialect.preamble_lines = lines;
    if (lines > 0) dialect.preamble_bytes += rows[lines].begin;
    dialect.columns = std::max(dialect.columns, std::size_t{rows[lines].counts[choice.index]} + 1);
}

}  // namespace

CsvDialect detect_dialect(std::string_view sample, bool sample_is_whole, char prefer) {
    CsvDialect dialect;
    if (sample.starts_with("\xEF\xBB\xBF")) {
        dialect.has_bom = true;
        dialect.preamble_bytes = 3;
        sample.remove_prefix(3);
    }
    if (sample.find('\n') == std::string_view::npos && sample.find('\r') != std::string_view::npos)
        dialect.set.newline = '\r';
    std::vector<SampledRow> rows = sample_rows(sample, sample_is_whole, dialect.set.newline, k_quick_rows);
    Choice choice = choose(sample, rows, prefer);
    if (choice.agreement.share < 1 && rows.size() == k_quick_rows) {
        rows = sample_rows(sample, sample_is_whole, dialect.set.newline, k_many_rows);
        choice = choose(sample, rows, prefer);
    }
    dialect.set.delimiter = choice.delimiter;
    dialect.columns = std::size_t{choice.agreement.delimiters} + 1;
    dialect.convincing = dialect.columns > 1 && rows.size() > 1 && choice.agreement.share >= 0.9;
    if (choice.delimiter != k_no_delimiter) skip_preamble(sample, rows, choice, dialect);
    return dialect;
}

std::string describe(const CsvDialect& dialect, bool header) {
    std::string out = "one column";
    if (dialect.set.delimiter == '\t')
        out = "delimiter tab";
    else if (dialect.set.delimiter != k_no_delimiter)
        out = fmt::format("delimiter {}", dialect.set.delimiter);
    out += fmt::format(", quote {}, {}, utf-8", dialect.set.quote, header ? "header" : "no header");
    if (dialect.has_bom) out += " with BOM";
    if (dialect.set.newline == '\r') out += ", CR line ends";
    return out;
}

HandRow split_row(std::string_view s, const SeparatorSet& set, bool at_end, Quotes quotes) {
    HandRow row;
    const auto is_end = [&](std::size_t i) { return s[i] == set.delimiter || s[i] == set.newline; };
    const auto closes = [&](std::size_t i) {  // may a quote before `i` close a cell?
        return i >= s.size() || is_end(i) || (s[i] == '\r' && i + 1 < s.size() && s[i + 1] == set.newline);
    };
    std::size_t i = 0;
    while (true) {
        HandRow::Piece piece;
        if (quotes == Quotes::known && i < s.size() && s[i] == set.quote) {
            piece.quoted = true;
            for (++i;;) {
                const std::size_t at = s.find(set.quote, i);
                if (at == std::string_view::npos || (at + 1 >= s.size() && !at_end)) return {};
                row.lines +=
                    static_cast<std::uint64_t>(std::count(s.begin() + static_cast<std::ptrdiff_t>(i),
                                                          s.begin() + static_cast<std::ptrdiff_t>(at), set.newline));
                piece.text.append(s, i, at - i);
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
                const std::size_t line_end = std::min(s.find(set.newline, i), s.size());
                std::size_t later = s.find(set.quote, i);
                while (later < line_end && !closes(later + 1)) later = s.find(set.quote, later + 1);
                if (later >= line_end) break;
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
        row.cells.push_back(std::move(piece));
        i = std::min(end + 1, s.size());
        if (!last) continue;
        row.bytes = i;
        row.lines += end < s.size();
        return row;
    }
}

}  // namespace neurolake::formats
