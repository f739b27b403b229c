// csv.cpp: from the first window (dialect, header) over all rows to the profile.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "formats/csv_stream.hpp"
#include "formats/findings.hpp"
#include "formats/value_shapes.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_parallel_columns = 1024;  // more would make each thread's facts too large
constexpr unsigned k_max_threads = 8;

std::string_view trimmed(std::string_view s) {
    const std::size_t first = s.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

// Nobody calls a column by somebody's address or number.
bool is_value(std::string_view cell) { return !is_word(cell) || looks_personal(trimmed(cell)); }

// Statistical offices pad years with blanks: "2019 ".
std::optional<long> year_in(std::string_view cell) {
    const std::string_view year = trimmed(cell);
    if (year.size() != 4 || year.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    return std::stol(std::string(year));
}

// Years side by side, each the same step from the one before, are names of columns: country,1990,1991,1992.
bool are_years(const std::vector<std::string>& cells) {
    std::vector<long> years;
    for (const std::string& cell : cells) {
        if (!is_value(cell)) continue;
        const auto year = year_in(cell);
        if (!year) return false;
        years.push_back(*year);
    }
    if (years.size() < 3 || years.size() == cells.size()) return false;
    const long step = years[1] - years[0];
    for (std::size_t i = 1; i < years.size(); ++i)
        if (years[i] - years[i - 1] != step) return false;
    return step != 0 && std::min(years.front(), years.back()) >= 1500 && std::max(years.front(), years.back()) <= 2200;
}

// country,2020,2021 above France,1,2: words, then years in order, above columns of numbers that are no years.
bool are_years_above_others(const std::vector<std::string>& cells, const std::vector<ColumnScan>& columns) {
    if (cells.empty() || is_value(cells[0]) || trimmed(cells[0]).empty()) return false;
    std::vector<long> years;
    bool others = false;
    for (std::size_t i = 1; i < cells.size(); ++i) {
        if (!is_value(cells[i])) continue;
        const auto year = year_in(cells[i]);
        if (!year) return false;
        years.push_back(*year);
        if (years.back() < 1900 || years.back() > 2100) return false;
        if (i >= columns.size() || columns[i].saw_nothing()) continue;
        if (columns[i].only_years() || columns[i].seen(CellClass::text)) return false;
        others = true;
    }
    const auto in_order = [&](auto before) {
        return std::adjacent_find(years.begin(), years.end(), std::not_fn(before)) == years.end();
    };
    return others && years.size() >= 2 && (in_order(std::less<>()) || in_order(std::greater<>()));
}

// Is the first row the names of the columns? Yes when no cell of it is a value by its spelling, and either some column
// below is no text, or the cells could be names: none empty but the first (an index), none twice.
bool first_row_is_header(const CsvRows& rows) {
    if (!rows.first_row()) return false;
    const bool years = are_years(*rows.first_row()) || are_years_above_others(*rows.first_row(), rows.columns());
    std::unordered_set<std::string_view> seen;
    bool typed_column = false, empties = false, twice = false, any = false;
    for (std::size_t i = 0; i < rows.first_row()->size(); ++i) {
        const std::string& cell = (*rows.first_row())[i];
        if (trimmed(cell).empty()) {
            empties |= i > 0;
            continue;
        }
        any = true;
        if (is_value(cell) && !years) return false;
        twice |= !seen.insert(cell).second;
        if (i >= rows.columns().size()) continue;
        const ColumnScan& column = rows.columns()[i];
        typed_column |= !column.saw_nothing() && !column.seen(CellClass::text);
    }
    if (!any) return false;
    return typed_column || rows.rows() == 0 || (!empties && !twice);
}

Profile binary_profile(const Input& input, std::uint64_t offset) {
    Profile profile;
    profile.format = "unknown";
    profile.compression = to_string(input.compression);
    profile.rows_exact = false;
    profile.findings.push_back(
        warning("binary_zeros", fmt::format("not text: a binary zero stands at byte {}", offset)));
    return profile;
}

// The scan of one file, from its first window to its last row.
class CsvScan {
public:
    explicit CsvScan(const Input& input)
        : m_input(input), m_source(input), m_stream(m_source, 0, first_window(input)) {}

    // With `beginning`, only as far as the header is known.
    Status run(bool beginning = false) {
        TRY_DO(m_stream.fill());
        if (m_stream.data().empty() || m_stream.binary_zero()) return {};
        if (m_stream.at_end() && m_stream.data() == "\xEF\xBB\xBF") return {};  // a mark and no text
        TRY_DO(begin());
        if (m_other_newlines) return {};
        const bool comment = begins_with_comment();
        const std::optional<bool> header = m_input.options.sample_rows > 0 ? header_of_beginning() : std::nullopt;
        const bool first_is_row = !header.value_or(true) && !comment;
        if (first_is_row) start_rows(dialect(), false);  // so that it is one of those that are wanted
        TRY(bool more, m_stream.step(*m_rows));
        m_rows->settle_padded();
        m_header = header ? *header : first_row_is_header(*m_rows);
        if (!m_header && comment)
            m_rows->drop_first_row();
        else if (!m_header)
            m_rows->adopt_first_row();
        m_whole = !more || (m_stream.at_end() && m_stream.data().empty());
        if (beginning) return {};
        if (more && parallel_pays()) {
            TRY(m_part_zero, scan_csv_parts(m_input, m_stream.position(), threads(), *m_rows));
            return {};
        }
        while (more) {
            if (m_input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
            auto step = m_stream.step(*m_rows);
            if (!step) return std::move(step).error();
            more = *step;
        }
        return {};
    }

    // Words laid out for the eye above the columns, behind other comments: where they are no header, they are no row.
    bool begins_with_comment() const {
        const char comment = m_rows->dialect().comment;
        const std::string_view text = m_stream.data();
        const std::size_t first = text.find_first_not_of("\r\n");
        return comment != '\0' && first != std::string_view::npos && text[first] == comment;
    }

    // How the file must be opened instead, if what was read says so.
    std::optional<Input> better_input() const {
        Input other = m_input;
        if (m_other_newlines) {
            other.mixed_newlines = true;
            return other;
        }
        if (!m_rows || m_input.encoding != TextEncoding::utf8 || !m_rows->is_other_encoding()) return std::nullopt;
        other.encoding = TextEncoding::windows_1252;
        return other;
    }

    // As much as is known, also after a failure half-way.
    Profile profile() {
        if (const auto zero = m_part_zero ? m_part_zero : m_stream.binary_zero()) return binary_profile(m_input, *zero);
        Profile out;
        out.format = m_rows ? (m_rows->dialect().set.delimiter == '\t' ? "tsv" : "csv") : "empty";
        out.compression = to_string(m_input.compression);
        out.bytes_read = m_input.is_plain() ? m_input.size : m_source.bytes_read();
        if (!m_rows) return out;
        m_rows->finish();
        const CsvDialect& dialect = m_rows->dialect();
        out.dialect = describe(dialect, m_header, to_string(m_input.encoding));
        if (m_input.mixed_newlines) out.dialect += ", mixed line ends";
        out.rows = m_rows->rows();
        out.rows_exact = !m_rows->is_full();
        if (dialect.preamble_lines > 0)
            out.findings.push_back(
                note("preamble", fmt::format("the table begins at line {}: the lines before it are no "
                                             "rows of it{}",
                                             dialect.preamble_lines + 1, comments_before(dialect))));
        if (m_too_wide > 0)
            out.findings.push_back(warning(
                "too_many_columns", fmt::format("line {} has {} cells: the columns beyond {} are not in the catalog",
                                                dialect.preamble_lines + 1, m_too_wide, k_max_columns)));
        note_encoding(out);
        note_footnotes(out);
        const std::vector<std::string> names = column_names(out.findings);
        const DecimalComma comma = meaning_of_commas();
        for (std::size_t i = 0; i < names.size(); ++i) {
            out.columns.push_back(m_rows->columns()[i].verdict(names[i], out.rows, 1, comma));
            out.written.push_back(m_rows->columns()[i].written());
        }
        m_rows->oddities().report(out.findings, out.columns.size());
        return out;
    }

    DecimalComma meaning_of_commas() const {
        if (dialect().set.delimiter != ';') return DecimalComma::no;
        const auto& scans = m_rows->columns();
        const bool proven =
            std::any_of(scans.begin(), scans.end(), [](const auto& scan) { return scan.has_decimal_commas(); });
        return proven ? DecimalComma::proven : DecimalComma::possible;
    }
    bool has_header() const { return m_header; }
    bool has_table() const { return m_rows.has_value(); }
    // How many rows there are at most, as far as was read.
    std::size_t rows_known() {
        if (!m_whole) return ~std::size_t{0};
        m_rows->finish();
        return m_rows->rows();
    }
    const CsvDialect& dialect() const { return m_rows->dialect(); }
    std::vector<std::string> column_names(std::vector<model::Finding>& findings) {
        return usable_names(m_header ? *m_rows->first_row() : std::vector<std::string>(), m_rows->columns().size(),
                            findings);
    }

private:
    // Whoever skips lines may not count those that are comments.
    static std::string comments_before(const CsvDialect& dialect) {
        if (dialect.comment == '\0') return {};
        if (dialect.preamble_comments == 0) return " (none of them is a comment)";
        return fmt::format(" ({} of them {})", dialect.preamble_comments,
                           dialect.preamble_comments == 1 ? "is a comment" : "are comments");
    }
    void note_encoding(Profile& out) const {
        if (m_input.encoding == TextEncoding::windows_1252)
            out.findings.push_back(note("encoding", "not UTF-8: read as Windows-1252"));
    }
    void note_footnotes(Profile& out) const {
        const auto& lines = m_rows->footnotes();
        if (lines.empty()) return;
        std::string first = text::to_valid_utf8(lines.front().text.substr(0, 60));
        out.findings.push_back(
            note("footnote",
                 fmt::format("{} behind the table {} of it: {}", lines.size() == 1 ? "a line" : "lines",
                             lines.size() == 1 ? "is no row" : "are no rows", first),
                 lines.front().line + 1));
    }

    static std::size_t first_window(const Input& input) {
        if (!input.is_plain()) return k_window_bytes;
        return static_cast<std::size_t>(std::min<std::uint64_t>(input.size + 1, k_window_bytes));
    }

    Status begin() {
        // The first line may be longer than a window.
        while (!m_stream.at_end() && m_stream.data().find_first_of("\r\n") == std::string_view::npos &&
               m_stream.grow(k_max_row_bytes))
            TRY_DO(m_stream.fill());
        const char prefer = m_input.format_hint == "tsv" ? '\t' : '\0';
        CsvDialect dialect = detect_dialect(m_stream.data(), m_stream.at_end(), prefer);
        // And so may be a cell of the first rows.
        while (dialect.is_cut && !m_stream.at_end() && m_stream.grow(k_max_row_bytes)) {
            if (m_input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
            m_stream.grow(k_max_row_bytes);                         // each look is at all of it: four times as much
            if (!m_stream.fill() || m_stream.binary_zero()) break;  // the rows come to it, too
            dialect = detect_dialect(m_stream.data(), m_stream.at_end(), prefer);
        }
        m_other_newlines = dialect.mixed_newlines && !m_input.mixed_newlines;
        if (m_other_newlines) return {};
        if (dialect.columns > k_max_columns) m_too_wide = std::exchange(dialect.columns, k_max_columns);
        start_rows(dialect, true);
        m_stream.drop(dialect.preamble_bytes);
        return {};
    }

    void start_rows(const CsvDialect dialect, bool capture_first) {
        m_rows.emplace(dialect, capture_first);
        m_rows->skip_lines(dialect.preamble_lines);
        if (m_input.options.sample_rows > 0) m_rows->stop_after(m_input.options.sample_rows);
    }

    // Also where few rows are wanted, all of the beginning says whether the first one is the header: a sample has the
    // names that the whole table has.
    std::optional<bool> header_of_beginning() const {
        CsvRows rows(m_rows->dialect(), true);
        rows.take(m_stream.data(), m_stream.data().size(), m_stream.at_end());
        if (!rows.first_row()) return std::nullopt;
        rows.settle_padded();
        return first_row_is_header(rows);
    }

    unsigned threads() const {
        return std::min(std::max(m_input.options.threads > 0 ? m_input.options.threads : usable_threads(), 1u),
                        k_max_threads);
    }
    bool parallel_pays() const {
        return m_input.worth_several_threads() && m_rows->columns().size() <= k_parallel_columns && threads() > 1;
    }

    const Input& m_input;
    InputSource m_source;
    CsvStream m_stream;
    std::optional<CsvRows> m_rows;
    std::optional<std::uint64_t> m_part_zero;
    bool m_header = false, m_other_newlines = false, m_whole = false;
    std::size_t m_too_wide = 0;  // cells of the first row, when they are too many
};

// A footer or a first line has room for megabytes; names are for people, and stand in every command's memory.
class NameRoom {
public:
    explicit NameRoom(const std::vector<std::string>& raw) {
        constexpr std::size_t k_all = 4u << 20, k_least = 64;
        std::size_t all = 0;
        for (const std::string& name : raw) all += name.size();
        if (all > k_all) m_most = std::clamp(k_all / raw.size(), k_least, m_most);
    }
    std::string_view take(std::string_view name) {
        if (name.size() <= m_most) return name;
        ++m_cut;
        std::size_t end = m_most;
        while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;  // no half characters
        return name.substr(0, end);
    }
    void tell(std::vector<model::Finding>& findings) const {
        if (m_cut > 0)
            findings.push_back(warning(
                "long_column_name",
                fmt::format("{} longer than {} bytes: the rest is left out",
                            m_cut == 1 ? "a column name is" : fmt::format("{} column names are", m_cut), m_most)));
    }

private:
    std::size_t m_most = k_name_bytes, m_cut = 0;
};

}  // namespace

std::vector<std::string> usable_names(const std::vector<std::string>& raw, std::size_t columns,
                                      std::vector<model::Finding>& findings, bool declared) {
    NameRoom room(raw);
    std::vector<std::string> names;
    names.reserve(columns);
    std::unordered_set<std::string> taken;
    std::unordered_map<std::string, std::size_t> last_number;
    std::size_t empties = 0, twice = 0;
    std::string first_twice;
    for (std::size_t i = 0; i < columns; ++i) {
        const std::string_view written = i < raw.size() ? std::string_view(raw[i]) : std::string_view();
        std::string name(room.take(declared ? written : trimmed(written)));
        if (name.empty()) {
            name = fmt::format("column{}", i + 1);
            empties += !raw.empty();
        }
        if (taken.count(name) > 0) {
            if (twice++ == 0) first_twice = name;
            std::size_t& k =
                last_number.try_emplace(name, 1).first->second;  // 100,000 alike are told apart in one pass
            do ++k;
            while (taken.count(fmt::format("{}_{}", name, k)) > 0);
            name = fmt::format("{}_{}", name, k);
        }
        taken.insert(name);
        names.push_back(std::move(name));
    }
    room.tell(findings);
    if (empties > 0)
        findings.push_back(
            note("empty_column_name", empties == 1
                                          ? "a column name is empty: named by its place"
                                          : fmt::format("{} column names are empty: named by their place", empties)));
    if (twice > 0)
        findings.push_back(warning(
            "duplicate_column",
            twice == 1 ? fmt::format("the column name {} stands twice: the later one got a number", first_twice)
                       : fmt::format("{} column names stand twice, the first is {}: the later ones got a number", twice,
                                     first_twice)));
    return names;
}

Result<Profile> profile_csv(const Input& input) {
    CsvScan scan(input);
    const Status status = scan.run();
    if (!status && !is_damage(status.error())) return status.error();
    if (const auto better = scan.better_input()) return profile_csv(*better);
    Profile profile = scan.profile();
    if (!status) note_damage(profile, status.error());
    return profile;
}

Result<Rows> head_csv(const Input& input, std::size_t count) {
    std::optional<CsvScan> scan(std::in_place, input);
    const Status status = scan->run(true);
    if (!status && !is_damage(status.error())) return status.error();
    if (const auto better = scan->better_input()) return head_csv(*better, count);
    Rows rows;
    if (!scan->has_table()) return rows;
    std::vector<model::Finding> ignored;
    rows.columns = scan->column_names(ignored);
    count = std::min(count, scan->rows_known());  // footnotes are no rows
    const CsvDialect table = scan->dialect();
    bool header = scan->has_header(), first = true;
    scan.reset();  // what it read may be 16 MiB, and as much comes now

    InputSource source(input);
    Window window(source, k_window_bytes);
    TRY_DO(window.fill());
    window.drop(table.preamble_bytes);
    while (rows.cells.size() < count && !window.data().empty()) {
        const bool comment = !header && table.comment != '\0' && window.data()[0] == table.comment;
        HandRow row = split_row(window.data(), table.set, window.at_end(), comment ? Quotes::literal : Quotes::known);
        if (row.bytes == 0) {
            if (!window.at_end() && (!window.is_full() || window.grow(k_max_row_bytes))) {
                TRY_DO(window.fill());
                continue;
            }
            // A quote that is never closed is a plain character, as in the scan.
            row = split_row(window.data(), table.set, window.at_end(), Quotes::literal);
            if (row.bytes == 0) break;
        }
        window.drop(row.bytes);
        if (comment) continue;
        const bool blank = row.cells.size() == 1 && row.cells[0].text.empty() && !row.cells[0].quoted;
        if (blank && (first || rows.columns.size() > 1)) continue;
        first = false;
        if (std::exchange(header, false)) continue;
        auto& cells = rows.cells.emplace_back(rows.columns.size());
        for (std::size_t i = 0; i < std::min(row.cells.size(), cells.size()); ++i)
            if (!row.cells[i].text.empty() || row.cells[i].quoted) cells[i] = row.cells[i].text;
    }
    return rows;
}

}  // namespace neurolake::formats
