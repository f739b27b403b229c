// csv_dialect.cpp: counts what could be delimiters, row by row, and takes the one the rows agree on.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_dialect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "formats/cell.hpp"
#include "formats/csv_ragged.hpp"
#include "formats/csv_sample.hpp"
#include "formats/local_spelling.hpp"
#include "formats/text_encoding.hpp"
#include "formats/value_shapes.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_quick_rows = 10;   // enough when they all agree
constexpr std::size_t k_many_rows = 1000;  // else
constexpr std::size_t k_max_preamble = 64;
constexpr std::size_t k_newline_bytes = 64u << 10;  // looked at for kinds of line ends

bool is_blank(std::string_view s, const SampledRow& row) {
    return s.substr(row.begin, row.end - row.begin).find_first_not_of("\r\n") == std::string_view::npos;
}

struct Agreement {
    std::uint32_t delimiters = 0;  // what most rows have
    std::size_t rows = 0;          // that have it
    double share = 0;              // of the rows

    bool decides() const { return delimiters > 0 && share >= 0.5; }
};

// Lines that begin with # may be comments: they have no say as long as there are others.
Agreement agreement(std::string_view s, const std::vector<SampledRow>& rows, std::size_t candidate) {
    std::map<std::uint32_t, std::size_t> histogram;
    std::size_t total = 0;
    const auto count = [&](bool hash) {
        for (const SampledRow& row : rows) {
            if (is_blank(s, row) || row.hash != hash) continue;
            ++histogram[row.counts[candidate]];
            ++total;
        }
    };
    count(false);
    if (total == 0) count(true);
    Agreement best;
    for (const auto& [delimiters, same] : histogram)
        if (delimiters > 0 && same >= best.rows) {
            best.delimiters = delimiters;
            best.rows = same;
        }
    best.share = total == 0 ? 0 : static_cast<double>(best.rows) / static_cast<double>(total);
    return best;
}

// What the names in the first line say: fewer rows than half have as many cells.
Agreement ragged_agreement(std::string_view s, const std::vector<SampledRow>& rows, std::size_t candidate,
                           const SeparatorSet& set) {
    Agreement out;
    out.delimiters = ragged_delimiters(s, rows, candidate, set);
    if (out.delimiters == 0) return out;
    const auto is_as_wide = [&](const auto& row) { return !row.hash && row.counts[candidate] == out.delimiters; };
    out.rows = static_cast<std::size_t>(std::ranges::count_if(rows, is_as_wide));
    out.share = static_cast<double>(out.rows) / static_cast<double>(rows.size());
    return out;
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
    SeparatorSet set;
    Sample sample;
    Agreement agreement;
    std::size_t index = 0;  // of the delimiter among the candidates
    bool is_cut = false;    // a cell goes on behind the sample, and few rows stand before it
};

void choose_delimiter(std::string_view s, char prefer, Choice& best) {
    const std::vector<SampledRow>& rows = best.sample.rows;
    best.set.delimiter = k_no_delimiter;
    best.agreement = {};
    const auto take = [&](std::size_t candidate, const Agreement& a) {
        best.set.delimiter = k_candidates[candidate];
        best.agreement = a;
        best.index = candidate;
    };
    for (std::size_t i = 0; i < k_candidates.size(); ++i) {
        Agreement a = agreement(s, rows, i);
        const bool preferred = k_candidates[i] == prefer;
        if (preferred && !a.decides()) a = ragged_agreement(s, rows, i, best.set);
        if (preferred && a.delimiters > 0) return take(i, a);
        if (!a.decides()) continue;
        bool better = a.share > best.agreement.share;
        if (a.share == best.agreement.share) better = a.delimiters > best.agreement.delimiters;
        if (k_candidates[i] == ',' && best.set.delimiter == ';' && better) {
            const std::size_t end = rows.empty() ? 0 : rows.back().end;
            better = !commas_are_decimal(s.substr(0, end));
        }
        if (better || best.set.delimiter == k_no_delimiter) take(i, a);
    }
    if (best.set.delimiter != k_no_delimiter) return;
    for (std::size_t i = 0; i < k_candidates.size(); ++i)
        if (const Agreement a = ragged_agreement(s, rows, i, best.set); a.delimiters > best.agreement.delimiters)
            take(i, a);
}

// The best delimiter for one way of quoting.
Choice choose(std::string_view s, bool whole, const SeparatorSet& set, char prefer, OpenQuote open) {
    Choice choice{set, sample_rows(s, whole, set, k_quick_rows, open), {}, 0};
    choose_delimiter(s, prefer, choice);
    if (choice.sample.rows.size() < k_quick_rows) return choice;
    const bool may_have_comments = s.find('#') != std::string_view::npos && s.find("\n#") != std::string_view::npos;
    const bool all_agree = choice.agreement.share == 1 && !may_have_comments;
    if (all_agree) return choice;
    choice.sample = sample_rows(s, whole, set, k_many_rows, open);
    choose_delimiter(s, prefer, choice);
    return choice;
}

// Are the lines behind a quote that is not closed rows, as the line that opens it and the one before are? Else they are
// the text of a cell.
bool are_rows(const Choice& plain, const SampledRow& open, const std::vector<SampledRow>& before) {
    if (plain.agreement.share < 0.9) return false;
    const auto fits = [&](const SampledRow& row) { return row.counts[plain.index] == plain.agreement.delimiters; };
    const auto opens = std::ranges::find(plain.sample.rows, open.begin, &SampledRow::begin);
    return opens != plain.sample.rows.end() && fits(*opens) && (before.empty() || fits(before.back()));
}

// Where a cell is longer than the sample, the few rows before it decide.
Choice choose(std::string_view s, bool whole, const SeparatorSet& set, char prefer) {
    Choice choice = choose(s, whole, set, prefer, OpenQuote::goes_on);
    std::vector<SampledRow>& rows = choice.sample.rows;
    if (!choice.sample.open || rows.size() >= k_quick_rows) return choice;
    Choice plain = choose(s, whole, set, prefer, OpenQuote::plain);
    plain.is_cut = choice.is_cut = true;
    if (are_rows(plain, *choice.sample.open, rows)) return plain;
    if (rows.empty()) {  // the cells before the long one are all that is known
        rows.push_back(*choice.sample.open);
        choose_delimiter(s, prefer, choice);
    }
    return choice.agreement.delimiters > 0 ? choice : plain;
}

// Do the rows need the apostrophes to be rows, or is every cell, the names too, in them? Else they are text.
bool needs_quotes(const Choice& choice) {
    const Sample& sample = choice.sample;
    if (sample.enclosing_newline > 0 || sample.enclosing[choice.index] > 0) return true;
    const std::size_t cells = sample.rows.size() * (choice.agreement.delimiters + 1);
    return choice.agreement.share == 1 && sample.quoted_cells >= cells;
}

// Backslashes and apostrophes only when the rows agree on them at least as well, and something says so.
Choice choose_quoting(std::string_view s, bool whole, const SeparatorSet& plain, char prefer) {
    Choice best = choose(s, whole, plain, prefer);
    if (s.find("\\\"") != std::string_view::npos) {
        SeparatorSet set = plain;
        set.escape = '\\';
        Choice other = choose(s, whole, set, prefer);
        const bool better = other.agreement.share > best.agreement.share;
        other.is_cut |= best.is_cut;
        best.is_cut = other.is_cut;
        if (better || (other.sample.escapes > 0 && other.agreement.share >= best.agreement.share))
            best = std::move(other);
    }
    if (best.sample.quoted_cells == 0 && s.find('\'') != std::string_view::npos) {
        const auto look = [&](char quote) {  // at many rows: the first that needs them may stand late
            Choice choice{plain, {}, {}, 0};
            choice.set.quote = quote;
            choice.sample = sample_rows(s, whole, choice.set, k_many_rows, OpenQuote::plain);
            choose_delimiter(s, prefer, choice);
            return choice;
        };
        Choice other = look('\'');
        if (other.sample.quoted_cells > 1 && other.agreement.delimiters > 0 && needs_quotes(other) &&
            other.agreement.share >= look(plain.quote).agreement.share)
            best = std::move(other);
    }
    return best;
}

std::vector<HandRow::Piece> cells_of(std::string_view s, const SampledRow& row, const SeparatorSet& set) {
    return split_row(s.substr(row.begin, row.end - row.begin), set, true, Quotes::known).cells;
}
bool all_words(const std::vector<HandRow::Piece>& cells) {
    return std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return is_word(cell.text); });
}
std::size_t filled(const std::vector<HandRow::Piece>& cells) {
    return static_cast<std::size_t>(
        std::count_if(cells.begin(), cells.end(), [](const auto& cell) { return !cell.text.empty(); }));
}

class TableStart {
public:
    TableStart(std::string_view s, const Choice& choice) : m_text(s), m_choice(choice), m_rows(choice.sample.rows) {}

    // Comments are lines that begin with # and have another number of cells than rows have.
    bool has_comments() const {
        std::size_t like_rows = 0, unlike = 0, others = 0;
        for (const SampledRow& row : m_rows) {
            if (!row.hash)
                others += !is_blank(m_text, row);
            else
                ++(is_full(row) ? like_rows : unlike);
        }
        if (others == 0) return false;
        return unlike > 0 ? like_rows <= 1 : like_rows == 1 && m_rows.front().hash && header_follows(0);
    }

    std::size_t first_row(bool comments) const {
        std::size_t at = 0;
        while (at < m_rows.size() && is_before_table(at, comments)) ++at;
        // Title lines with delimiters in them: what stands before a blank line and has fewer cells than rows have.
        for (std::size_t i = at; i < m_rows.size() && i < k_max_preamble && !is_full(m_rows[i]); ++i)
            if (is_blank(m_text, m_rows[i])) at = i + 1;
        while (at < m_rows.size() && is_before_table(at, comments)) ++at;
        if (at + 1 < m_rows.size() && is_title(at)) ++at;
        return behind_padded_titles(at);
    }

private:
    std::uint32_t delimiters(const SampledRow& row) const { return row.counts[m_choice.index]; }
    bool is_full(const SampledRow& row) const {
        return m_choice.agreement.delimiters == 0 ? !is_blank(m_text, row)
                                                  : delimiters(row) >= m_choice.agreement.delimiters;
    }
    bool is_before_table(std::size_t i, bool comments) const {
        const SampledRow& row = m_rows[i];
        if (is_blank(m_text, row)) return true;
        if (comments && row.hash) return !is_full(row) || header_follows(i) || m_choice.agreement.delimiters == 0;
        return m_choice.agreement.delimiters > 0 && delimiters(row) == 0;
    }
    // The line behind `i` names the columns: words, and a value in the line behind that.
    bool header_follows(std::size_t i) const {
        if (i + 2 >= m_rows.size() || m_rows[i + 1].hash) return false;
        return all_words(cells_of(m_text, m_rows[i + 1], m_choice.set)) &&
               !all_words(cells_of(m_text, m_rows[i + 2], m_choice.set));
    }
    bool is_title(std::size_t i) const {
        const std::uint32_t all = m_choice.agreement.delimiters, mine = delimiters(m_rows[i]);
        return mine + 1 < all && mine * 2 <= all && delimiters(m_rows[i + 1]) == all;
    }

    // Spreadsheets fill up title lines with empty cells. Only what says so clearly is a title, as else a row is lost:
    // each line has words in its first cell alone; or lines end in an empty cell, and an empty line stands under them.
    std::size_t behind_padded_titles(std::size_t at) const {
        constexpr std::size_t k_least_columns = 3;
        std::size_t end = at, last_filled = 0;
        bool titles = true;
        for (; end < m_rows.size() && end < k_max_preamble && !m_rows[end].hash; ++end) {
            const auto cells = cells_of(m_text, m_rows[end], m_choice.set);
            const bool is_padded = cells.size() >= k_least_columns && cells.back().text.empty();
            if (!is_padded && !is_blank(m_text, m_rows[end])) break;
            last_filled = filled(cells);
            const bool is_named = is_title_word(cells.front().text);
            if (end == at && !is_named) return at;
            titles &= last_filled == 0 || (last_filled == 1 && is_named);
        }
        return end > at && (titles || last_filled == 0) && names_columns(end) ? end : at;
    }
    static bool is_title_word(std::string_view text) {
        return !text.empty() && is_word(text) && null_word(text) < 0 && !looks_personal(text);
    }
    // Words in every cell, none of which stands below as a value, and something else than words in the line behind.
    bool names_columns(std::size_t i) const {
        if (!header_follows(i - 1)) return false;
        const auto names = cells_of(m_text, m_rows[i], m_choice.set),
                   values = cells_of(m_text, m_rows[i + 1], m_choice.set);
        for (std::size_t c = 0; c < names.size(); ++c)
            if (!is_title_word(names[c].text) || (c < values.size() && values[c].text == names[c].text)) return false;
        return true;
    }

    std::string_view m_text;
    const Choice& m_choice;
    const std::vector<SampledRow>& m_rows;
};

// A comment with more cells than any row, of which some are values, or some are empty as tabs stand there for the eye:
// the rows number the columns.
void fit_to_rows(std::string_view s, const Choice& choice, const SampledRow& comment, CsvDialect& dialect) {
    std::size_t widest = 1;
    for (const SampledRow& row : choice.sample.rows)
        if (!row.hash) widest = std::max(widest, std::size_t{row.counts[choice.index]} + 1);
    const auto cells = cells_of(s, comment, choice.set);
    const std::size_t words = filled(cells);
    const bool laid_out = choice.set.delimiter == '\t' && words < cells.size();
    if (widest == 1 || cells.size() <= widest || (!laid_out && all_words(cells))) return;
    dialect.columns = widest;
    dialect.spread_names = laid_out && words == widest;
}

void find_table(std::string_view s, const Choice& choice, CsvDialect& dialect) {
    const std::vector<SampledRow>& rows = choice.sample.rows;
    const TableStart start(s, choice);
    const bool comments = start.has_comments();
    if (comments) dialect.comment = '#';
    if (choice.set.delimiter == k_no_delimiter && !comments) return;
    const std::size_t first = start.first_row(comments);
    if (first >= rows.size() || first >= k_max_preamble) return;
    dialect.preamble_lines += static_cast<std::uint64_t>(
        std::count(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(rows[first].begin), choice.set.newline));
    if (comments)
        for (std::size_t i = 0; i < first; ++i)
            dialect.preamble_comments += rows[i].hash && (i > 0 || !dialect.has_bom);
    if (first > 0) dialect.preamble_bytes += rows[first].begin;
    if (choice.set.delimiter == k_no_delimiter) return;
    dialect.columns = std::max(dialect.columns, std::size_t{rows[first].counts[choice.index]} + 1);
    if (comments && rows[first].hash) fit_to_rows(s, choice, rows[first], dialect);
}

std::string with_one_newline(std::string_view s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '\r' && i + 1 < s.size() && s[i + 1] == '\n') continue;
        out += s[i] == '\r' ? '\n' : s[i];
    }
    return out;
}

}  // namespace

namespace {

// Excel's first line sep=; says what separates cells. Takes it off the text.
char take_directive(std::string_view& s, CsvDialect& dialect) {
    const bool quoted = s.starts_with('"');
    const std::string_view word = s.substr(quoted, 4);
    const std::size_t end = 5 + 2 * std::size_t{quoted};
    if ((word != "sep=" && word != "SEP=" && word != "Sep=") || s.size() < end || (quoted && s[6] != '"')) return '\0';
    const char delimiter = s[end - 1 - quoted];
    std::size_t behind = end;
    if (behind < s.size() && s[behind] == '\r') ++behind;
    if (behind < s.size() && s[behind] == '\n') ++behind;
    if ((behind == end && end < s.size()) || delimiter == '\n' || delimiter == '\r') return '\0';
    dialect.preamble_bytes += behind;
    dialect.preamble_lines = 1;
    s.remove_prefix(behind);
    return delimiter;
}

// One that is no candidate changes places with one that is.
std::string with_swapped(std::string_view s, char a, char b) {
    std::string out(s);
    for (char& c : out) c = c == a ? b : c == b ? a : c;
    return out;
}

}  // namespace

CsvDialect detect_dialect(std::string_view sample, bool sample_is_whole, char prefer) {
    CsvDialect dialect;
    if (sample.starts_with("\xEF\xBB\xBF")) {
        dialect.has_bom = true;
        dialect.preamble_bytes = 3;
        sample.remove_prefix(3);
    }
    std::string swapped;
    const char said = take_directive(sample, dialect);
    const bool is_candidate = std::find(k_candidates.begin(), k_candidates.end(), said) != k_candidates.end();
    if (said != '\0') prefer = is_candidate ? said : k_candidates.back();
    if (said != '\0' && !is_candidate) sample = swapped = with_swapped(sample, said, prefer);
    const std::string_view beginning = sample.substr(0, k_newline_bytes);
    const bool has_lf =
        sample.find('\n') != std::string_view::npos &&
        !(has_lone_cr(beginning) && (only_cr_ends_lines(sample, '"') || only_cr_ends_lines(sample, '\'')));
    if (!has_lf && sample.find('\r') != std::string_view::npos) dialect.set.newline = '\r';
    Choice choice = choose_quoting(sample, sample_is_whole, dialect.set, prefer);
    if (has_lf && has_lone_cr(beginning)) {
        const bool whole = sample_is_whole && beginning.size() == sample.size();
        const Choice plain = choose_quoting(beginning, whole, dialect.set, prefer);
        const Choice other = choose_quoting(with_one_newline(beginning), whole, dialect.set, prefer);
        dialect.mixed_newlines =
            other.agreement.share >= plain.agreement.share && other.agreement.rows > plain.agreement.rows;
    }
    dialect.set = choice.set;
    dialect.is_cut = choice.is_cut;
    if (said != '\0' && dialect.set.delimiter == prefer) dialect.set.delimiter = said;
    dialect.columns = std::size_t{choice.agreement.delimiters} + 1;
    dialect.convincing = dialect.columns > 1 && choice.sample.rows.size() > 1 && choice.agreement.share >= 0.9;
    find_table(sample, choice, dialect);
    return dialect;
}

std::string describe(const CsvDialect& dialect, bool header, std::string_view encoding) {
    std::string out = "one column";
    if (dialect.set.delimiter == '\t')
        out = "delimiter tab";
    else if (dialect.set.delimiter != k_no_delimiter)
        out = fmt::format("delimiter {}", dialect.set.delimiter);
    out += fmt::format(", quote {}", dialect.set.quote);
    if (dialect.set.escape != '\0') out += fmt::format(", escape {}", dialect.set.escape);
    out += fmt::format(", {}", header ? "header" : "no header");
    if (dialect.comment != '\0') out += fmt::format(", comments {}", dialect.comment);
    out += fmt::format(", {}", encoding);
    if (dialect.has_bom) out += " with BOM";
    if (dialect.set.newline == '\r') out += ", CR line ends";
    return out;
}

bool is_word(std::string_view text) {
    if (text.empty()) return true;
    std::string padded(text);
    padded.resize(text.size() + k_padding);
    const CellClass type = classify(padded.data(), text.size()).type;
    return type == CellClass::text || type == CellClass::null_word;
}

}  // namespace neurolake::formats
