// view_readers.cpp: read_csv, read_json and read_parquet with nothing left to be guessed.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/view_readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "exchange/sql_words.hpp"
#include "formats/csv_description.hpp"
#include "formats/csv_dialect.hpp"
#include "formats/local_spelling.hpp"

namespace neurolake::exchange {

using formats::Profile;
using model::TypeKind;

namespace {

std::string character(char c) { return quoted_text(std::string_view(&c, 1)); }

Error unreadable(std::string why) { return Error(Errc::unsupported, std::move(why)); }

std::string compression_option(const Profile& profile) {
    return profile.compression.empty() ? "" : fmt::format(", compression={}", quoted_text(profile.compression));
}

// How many lines DuckDB must skip before the table, as the finding tells it. With `comments` it does not count those.
// nullopt: the finding is from a time when they were not counted.
std::optional<std::uint64_t> lines_to_skip(const Profile& profile, bool comments) {
    constexpr std::string_view k_begins = "the table begins at line ", k_comments = " rows of it (";
    const auto number_behind = [](std::string_view text, std::size_t at) {
        std::uint64_t number = 0;
        std::from_chars(text.data() + at, text.data() + text.size(), number);
        return number;
    };
    for (const model::Finding& finding : profile.findings) {
        if (finding.code != "preamble" || !finding.message.starts_with(k_begins)) continue;
        const std::uint64_t line = number_behind(finding.message, k_begins.size());
        const std::uint64_t lines = line > 0 ? line - 1 : 0;
        if (!comments) return lines;
        const std::size_t at = finding.message.find(k_comments);
        if (at == std::string::npos) return std::nullopt;
        return lines - std::min(lines, number_behind(finding.message, at + k_comments.size()));
    }
    return 0;
}

// "#CHROM": a header that DuckDB takes for a comment.
bool header_is_comment(const Profile& profile, char comment) {
    return comment != '\0' && !profile.columns.empty() && profile.columns[0].name.starts_with(comment);
}

bool has_footnotes(const Profile& profile) {
    return std::ranges::find(profile.findings, "footnote", &model::Finding::code) != profile.findings.end();
}

// DuckDB's own Latin-1 refuses what Windows-1252 has beyond it: read right or not at all.
Result<std::string> encoding_option(const std::string& encoding) {
    if (encoding == "utf-8") return std::string();
    if (encoding == "utf-16le") return std::string(", encoding='utf-16'");
    if (encoding == "windows-1252") return std::string(", encoding='latin-1'");
    return unreadable("DuckDB does not read the encoding " + encoding);
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

Result<ViewGroup> csv_group(const ViewFile& file, const model::Table& table) {
    const auto dialect = formats::read_description(file.profile.dialect);
    if (!dialect) return unreadable("its dialect is not known: neurolake catalog index --full");
    if (dialect->mixed_line_ends) return unreadable("DuckDB does not read a file with several kinds of line ends");
    TRY(const std::string encoding, encoding_option(dialect->encoding));
    ViewGroup group;
    group.columns = columns_to_read(file.profile, table);
    group.paths = {file.path};
    const bool comments = dialect->comment != '\0';
    const auto skipped = lines_to_skip(file.profile, comments);
    if (!skipped)
        return unreadable("how many comments stand before its rows is not known: neurolake catalog index --full");
    const bool header = dialect->header && !header_is_comment(file.profile, dialect->comment);
    group.options = fmt::format(", auto_detect=false, header={}", header);
    if (dialect->delimiter != formats::k_no_delimiter) group.options += ", delim=" + character(dialect->delimiter);
    group.options += fmt::format(", quote={}, escape={}", character(dialect->quote),
                                 character(dialect->escape == '\0' ? dialect->quote : dialect->escape));
    if (comments) group.options += ", comment=" + character(dialect->comment);
    if (*skipped > 0) group.options += fmt::format(", skip={}", *skipped);
    if (dialect->cr_line_ends) group.options += ", new_line='\\r'";
    group.options += encoding + compression_option(file.profile);
    group.options += ", nullstr='', null_padding=true, strict_mode=false";
    std::string columns;
    for (std::size_t i = 0; i < group.columns.size(); ++i)
        columns += fmt::format("{}'__{}': 'VARCHAR'", i ? ", " : "", i + 1);
    group.options += fmt::format(", columns={{{}}}", columns);
    if (has_footnotes(file.profile)) group.rows = file.profile.rows;
    return group;
}

Result<ViewGroup> json_group(const ViewFile& file, const model::Table& table) {
    const std::string& dialect = file.profile.dialect;
    ViewGroup group;
    group.kind = ViewGroup::Kind::json;
    group.paths = {file.path};
    if (file.profile.format == "json_lines" || dialect == "objects after each other" || dialect == "one object")
        group.options =
            file.profile.format == "json_lines" ? ", format='newline_delimited'" : ", format='unstructured'";
    else if (dialect == "list of objects")
        group.options = ", format='array'";
    else
        return unreadable(fmt::format("DuckDB does not find its rows ({})", dialect));
    group.options += ", records=true" + compression_option(file.profile);
    std::string columns;
    for (const model::Column& column : table.columns)
        columns += fmt::format("{}{}: {}", columns.empty() ? "" : ", ", quoted_text(column.name),
                               quoted_text(sql_type(column.type, SqlDialect::duckdb)));
    group.options += fmt::format(", columns={{{}}}", columns);
    return group;
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

std::string csv_cell(const ViewGroup& group, const model::Column& column, const std::string& type) {
    const auto at = std::ranges::find(group.columns, column.name, &model::Column::name);
    if (at == group.columns.end()) return fmt::format("CAST(NULL AS {})", type);
    const std::string cell = fmt::format("\"__{}\"", at - group.columns.begin() + 1);
    if (column.type.kind == TypeKind::text || column.type.kind == TypeKind::unknown) return cell;
    const std::string plain = at->type.kind == TypeKind::text ? cell : plain_spelling(cell, *at);
    return fmt::format("CAST({} AS {})", plain, type);
}

std::string partition_options(const model::Table& table) {
    if (table.partition_columns.empty()) return {};
    std::string types;
    for (const model::Column& column : table.partition_columns)
        types += fmt::format("{}{}: {}", types.empty() ? "" : ", ", quoted_text(column.name),
                             quoted_text(sql_type(column.type, SqlDialect::duckdb)));
    return fmt::format(", hive_partitioning=true, hive_types={{{}}}", types);
}

}  // namespace

std::string path_text(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c == '*' || c == '?' || c == '[')
            out += {'[', c, ']'};
        else
            out += c;
    }
    return quoted_text(out);
}

Result<ViewGroup> group_of(const ViewFile& file, const model::Table& table) {
    const std::string& format = file.profile.format;
    if (format == "csv" || format == "tsv") return csv_group(file, table);
    if (format == "json" || format == "json_lines") return json_group(file, table);
    if (format.empty()) return unreadable("it was not read yet: neurolake catalog index");
    if (format != "parquet") return unreadable("DuckDB does not read " + format);
    ViewGroup group;
    group.kind = ViewGroup::Kind::parquet;
    group.paths = {file.path};
    group.options = ", union_by_name=true";
    return group;
}

namespace {

// Whether two files' column says the same of how its cells are to be read.
bool same_spelling(const model::Column& a, const model::Column& b) {
    if (a.name != b.name || (a.type.kind == TypeKind::text) != (b.type.kind == TypeKind::text)) return false;
    return plain_spelling("x", a) == plain_spelling("x", b);
}

}  // namespace

bool may_join(const ViewGroup& group, const ViewGroup& other) {
    return group.kind == other.kind && group.options == other.options && !group.rows && !other.rows &&
           std::ranges::equal(group.columns, other.columns, same_spelling);
}

std::string select_of(const ViewGroup& group, const model::Table& table, const std::vector<std::string>& names) {
    std::string cells, paths;
    std::size_t n = 0;
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns) {
            const std::string type = sql_type(column.type, SqlDialect::duckdb);
            const bool csv = group.kind == ViewGroup::Kind::csv && columns == &table.columns;
            const std::string cell =
                csv ? csv_cell(group, column, type) : fmt::format("CAST({} AS {})", quoted_name(column.name), type);
            cells += fmt::format("{}{} AS {}", n ? ", " : "", cell, quoted_name(names[n]));
            ++n;
        }
    for (const std::string& path : group.paths)
        paths += fmt::format("{}    {}", paths.empty() ? "" : ",\n", path_text(path));
    constexpr std::string_view k_calls[] = {"read_csv", "read_json", "read_parquet"};
    const std::string call = fmt::format("{}([\n{}\n  ]{}{})", k_calls[static_cast<std::size_t>(group.kind)], paths,
                                         group.options, partition_options(table));
    if (!group.rows) return fmt::format("SELECT {}\nFROM {}", cells, call);
    return fmt::format("SELECT {}\nFROM (SELECT * FROM {} LIMIT {})", cells, call, *group.rows);
}

}  // namespace neurolake::exchange
