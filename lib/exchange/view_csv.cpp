// view_csv.cpp: read_csv with nothing left to be guessed, for the files whose every row it reads as the catalog does.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "exchange/sql_words.hpp"
#include "exchange/view_formats.hpp"
#include "exchange/view_look.hpp"
#include "formats/csv_description.hpp"
#include "formats/csv_dialect.hpp"
#include "formats/local_spelling.hpp"

namespace neurolake::exchange {

using formats::Profile;
using model::TypeKind;

namespace {

constexpr std::uint64_t k_line_of_duckdb = 1900000;  // a little less than the longest that it reads unasked

std::string character(char c) {
    if (c == formats::k_no_delimiter) return R"(E'\x1f')";
    return quoted_text(std::string_view(&c, 1));
}

// The table begins at line ...
std::uint64_t lines_before(const Profile& profile) {
    constexpr std::string_view k_begins = "the table begins at line ";
    for (const model::Finding& finding : profile.findings) {
        if (finding.code != "preamble" || !finding.message.starts_with(k_begins)) continue;
        std::uint64_t line = 0;
        const char* const digits = finding.message.data() + k_begins.size();
        std::from_chars(digits, finding.message.data() + finding.message.size(), line);
        return line > 0 ? line - 1 : 0;
    }
    return 0;
}

Result<std::string> encoding_option(const std::string& encoding) {
    if (encoding == "utf-8") return std::string();
    if (encoding == "utf-16le") return std::string(", encoding='utf-16'");
    if (encoding == "windows-1252") return std::string(", encoding='latin-1'");
    return not_exact("DuckDB does not read the encoding " + encoding, "save it as UTF-8");
}

// Of each column what decides how its cells are read: for a text column nothing but its name.
std::vector<model::Column> columns_to_read(const Profile& profile, const model::Table& table) {
    std::vector<model::Column> out;
    for (const model::Column& column : profile.columns) {
        model::Column bare;
        bare.name = column.name;
        bare.type = TypeKind::text;
        const auto whole = std::ranges::find(table.columns, column.name, &model::Column::name);
        if (whole != table.columns.end() && whole->type.kind != TypeKind::text) {
            bare.type = column.type.kind == TypeKind::text ? TypeKind::text : TypeKind::unknown;
            bare.evidence.reason = column.evidence.reason;
        }
        out.push_back(std::move(bare));
    }
    return out;
}

bool any_text(const std::vector<model::Column>& columns) {
    return std::ranges::any_of(columns, [](const model::Column& c) { return c.type.kind == TypeKind::text; });
}

// The last column got its name from its place: the header may have fewer cells than the rows.
bool has_short_header(const Profile& profile) {
    return !profile.columns.empty() && profile.columns.back().name == fmt::format("column{}", profile.columns.size());
}

// What DuckDB must be told of the rows: how many cells they have, and whether their quotes are as they should be.
struct RowRules {
    bool padding = false;  // lines may have fewer cells
    bool strict = true;    // every quote opens and closes a cell; false: lines may have more cells and end differently
    bool parallel = true;
};

Result<RowRules> rules_of(const ViewFile& file, const formats::CsvDescription& dialect, bool sampled) {
    const Profile& profile = file.profile;
    TRY_DO(refuse_findings(profile, {"unterminated_quote", "huge_row", "zero_byte", "invalid_utf8"},
                           "mend the file, or put it beside as Parquet; then: neurolake catalog index"));
    const bool comments = dialect.comment != '\0', stray = has_finding(profile, "stray_quote");
    RowRules rules;
    const bool one_end = dialect.cr_line_ends;
    TRY(const bool two_ends, one_end ? Result<bool>(false) : has_two_line_ends(file));
    rules.strict = !comments && !has_finding(profile, "long_row") && !two_ends;
    rules.padding = comments || sampled || has_short_header(profile) || has_finding(profile, "short_row") ||
                    has_finding(profile, "footnote");
    rules.parallel = rules.strict && !rules.padding;
    if (stray && !rules.strict)
        return not_exact("quotes stand inside cells of lines that are not alike, which DuckDB takes in another way",
                         "mend the file, then: neurolake catalog index");
    if (stray || comments || dialect.encoding != "utf-8") TRY_DO(check_odd_lines(file, dialect, lines_before(profile)));
    return rules;
}

std::string rules_text(const RowRules& rules) {
    std::string out;
    if (rules.padding) out += ", null_padding=true";
    if (!rules.strict) out += ", strict_mode=false";
    if (!rules.parallel) out += ", parallel=false";
    return out;
}

std::string longest_line_option(const Profile& profile) {
    std::uint64_t longest = 0;
    for (const model::Column& column : profile.columns) longest += 2 * column.evidence.longest + 3;
    return longest < k_line_of_duckdb ? "" : fmt::format(", max_line_size={}", longest + 2);
}

// What people of one country write, as SQL reads it; in the words in which the evidence tells it.
std::string plain_spelling(std::string text, const model::Column& column) {
    const auto says = [&](std::string_view words) { return column.evidence.reason.find(words) != std::string::npos; };
    if (says(" is no value")) {
        std::string words;
        for (unsigned i = 0; i < formats::k_null_words; ++i)
            words += fmt::format("{}{}", i ? ", " : "", quoted_text(formats::null_word_text(i)));
        text = fmt::format("CASE WHEN trim({0}) IN ({1}) THEN NULL ELSE {0} END", text, words);
    }
    if (says("decimal comma")) return fmt::format("replace(replace({}, '.', ''), ',', '.')", text);
    if (says("commas between thousands")) return fmt::format("replace({}, ',', '')", text);
    const bool year_first = says("dates are written year, month, day");
    const bool month_first = says("dates are written month, day, year");
    const bool day_first = says("dates are written day, month, year") || says("day and month are alike in all dates");
    if (!year_first && !month_first && !day_first) return text;
    const std::string_view day = year_first ? "%Y-%m-%d" : month_first ? "%m-%d-%Y" : "%d-%m-%Y";
    std::string formats;
    for (const std::string_view time : {"", " %H:%M", " %H:%M:%S", " %H:%M:%S.%g", " %I:%M %p", " %I:%M:%S %p"})
        formats += fmt::format("{}'{}{}'", formats.empty() ? "" : ", ", day, time);
    return fmt::format("strptime(regexp_replace(trim({}), '^(\\d+)[./-](\\d+)[./-](\\d+)', '\\1-\\2-\\3'), [{}])", text,
                       formats);
}

}  // namespace

Result<ViewGroup> csv_group(const ViewFile& file, const model::Table& table) {
    const Profile& profile = file.profile;
    const auto dialect = formats::read_description(profile.dialect);
    if (!dialect) return not_exact("its dialect is not known", "neurolake catalog index --full");
    if (dialect->mixed_line_ends)
        return not_exact("DuckDB does not read a file with several kinds of line ends", "save it with one kind");
    TRY(const std::string encoding, encoding_option(dialect->encoding));
    TRY(const RowRules rules, rules_of(file, *dialect, is_sampled(profile, table)));
    ViewGroup group;
    group.columns = columns_to_read(profile, table);
    group.paths = {file.path};
    group.options = fmt::format(", auto_detect=false, header={}, delim={}, quote={}, escape={}", dialect->header,
                                character(dialect->delimiter), character(dialect->quote),
                                character(dialect->escape == '\0' ? dialect->quote : dialect->escape));
    TRY(const std::uint64_t skipped, lines_to_skip(file, *dialect, lines_before(profile)));
    if (skipped > 0) group.options += fmt::format(", skip={}", skipped);
    if (dialect->cr_line_ends) group.options += ", new_line='\\r'";
    group.options += encoding + compression_option(file) + ", nullstr=''";
    if (any_text(group.columns)) group.options += ", allow_quoted_nulls=false";
    group.options += rules_text(rules) + longest_line_option(profile);
    std::string columns;
    for (std::size_t i = 0; i < group.columns.size(); ++i)
        columns += fmt::format("{}'__{}': 'VARCHAR'", i ? ", " : "", i + 1);
    group.options += fmt::format(", columns={{{}}}", columns);
    if (dialect->comment != '\0')
        group.where = fmt::format("\"__1\" IS NULL OR NOT starts_with(\"__1\", {})", character(dialect->comment));
    if (has_finding(profile, "footnote")) group.rows = profile.rows;
    return group;
}

std::string csv_cell(const ViewGroup& group, const model::Column& column) {
    const std::string type = column_type(column, SqlDialect::duckdb);
    const auto at = std::ranges::find(group.columns, column.name, &model::Column::name);
    if (at == group.columns.end()) return fmt::format("CAST(NULL AS {})", type);
    std::string cell = fmt::format("\"__{}\"", at - group.columns.begin() + 1);
    if (type == "VARCHAR") return cell;
    if (any_text(group.columns)) cell = fmt::format("nullif({}, '')", cell);
    std::string plain = at->type.kind == TypeKind::text ? cell : plain_spelling(cell, *at);
    if (column.type.kind == TypeKind::boolean) plain = fmt::format("trim({})", plain);
    return plain.starts_with("strptime") ? fmt::format("CAST({} AS {})", plain, type) : cast_of(plain, column);
}

bool same_spelling(const model::Column& a, const model::Column& b) {
    if (a.name != b.name || (a.type.kind == TypeKind::text) != (b.type.kind == TypeKind::text)) return false;
    return plain_spelling("x", a) == plain_spelling("x", b);
}

}  // namespace neurolake::exchange
