// view_readers.cpp: files in groups that are read alike, and the SELECT over each.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/view_readers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "exchange/sql_words.hpp"
#include "exchange/view_formats.hpp"

namespace neurolake::exchange {

using formats::Profile;
using model::TypeKind;

namespace {

Result<ViewGroup> parquet_group(const ViewFile& file, const model::Table& table) {
    for (const model::Column& column : table.columns) {
        if (has_odd_fields(column.type))
            return not_exact(fmt::format("DuckDB cannot tell the fields of {} apart", column.name), "rename them");
        if (column.type.kind == TypeKind::timestamp_tz && is_finer_than_microseconds(column))
            return not_exact(fmt::format("DuckDB would cut the nanoseconds of {}", column.name),
                             "ask another engine, or keep that time without its zone");
    }
    ViewGroup group;
    group.kind = ViewGroup::Kind::parquet;
    group.paths = {file.path};
    group.options = ", union_by_name=true";
    return group;
}

Result<ViewGroup> group_of_format(const ViewFile& file, const model::Table& table) {
    const std::string& format = file.profile.format;
    if (format.empty()) return not_exact("it was not read yet, or changed since", "neurolake catalog index");
    for (const model::Finding& finding : file.profile.findings)
        if (finding.severity == model::Finding::Severity::error)
            return not_exact(finding.message, "mend the file or take it away, then: neurolake catalog index");
    if (!file.profile.rows_exact && !is_sampled(file.profile, table))
        return not_exact("its rows could not be counted", "neurolake catalog explain " + table.full_name());
    if (format == "csv" || format == "tsv") return csv_group(file, table);
    if (format == "json" || format == "json_lines") return json_group(file, table);
    if (format == "parquet") return parquet_group(file, table);
    return not_exact("DuckDB does not read " + format, "put it beside as Parquet, then: neurolake catalog index");
}

constexpr std::string_view k_row = "\"__row\"";

// A value that a reader knows by the column's name, or that stands in a row of a list.
std::string value_of(const ViewGroup& group, const model::Column& column) {
    const std::string name = quoted_name(column.name);
    if (group.list.empty()) return name;
    if (!group.features) return fmt::format("{}.{}", k_row, name);
    const std::string property = fmt::format("{}.\"properties\".{}", k_row, name);
    const bool own = column.name == "id" || column.name == "geometry";
    return own ? fmt::format("coalesce({}.{}, {})", k_row, name, property) : property;
}

// Text of which the numbers were not looked at: a double may have been spelled in another way.
std::string guarded_cell(const std::string& value, const model::Column& column) {
    return fmt::format(
        "CASE json_type({0}) WHEN 'VARCHAR' THEN {0} ->> '$' WHEN 'DOUBLE' THEN "
        "CASE WHEN regexp_full_match(CAST({0} AS VARCHAR), '-?[0-9]+') THEN CAST({0} AS VARCHAR) ELSE error({1}) END "
        "ELSE CAST({0} AS VARCHAR) END",
        value,
        quoted_text(fmt::format("{}: a fraction stands among texts, and DuckDB may spell it in another way, such as "
                                "1.5 for 1.50; write it in quotes, or put the table beside as Parquet",
                                column.name)));
}

std::string named_cell(const ViewGroup& group, const model::Column& column) {
    const std::string value = value_of(group, column);
    if (group.kind == ViewGroup::Kind::json && is_guarded(group, column)) return guarded_cell(value, column);
    const bool time = column.type.kind == TypeKind::timestamp || column.type.kind == TypeKind::time;
    if (group.kind == ViewGroup::Kind::json && stays_json(column.type)) return value;
    if (group.kind == ViewGroup::Kind::json) return cast_of(value, column);
    if (group.kind == ViewGroup::Kind::parquet && time) return value;  // in the file's own unit
    return fmt::format("CAST({} AS {})", value, column_type(column, SqlDialect::duckdb));
}

std::string partition_cell(const ViewGroup& group, const model::Column& column) {
    const bool known = std::ranges::find(group.partition_keys, column.name) != group.partition_keys.end();
    const auto word = group.null_words.find(column.name);
    const std::string value = word != group.null_words.end() ? quoted_text(word->second)
                              : known                        ? quoted_name(column.name)
                                                             : "NULL";
    return fmt::format("CAST({} AS {})", value, sql_type(column.type, SqlDialect::duckdb));
}

}  // namespace

Error not_exact(std::string why, std::string hint) { return Error(Errc::unsupported, std::move(why), std::move(hint)); }

bool has_finding(const Profile& profile, std::string_view code) {
    return std::ranges::find(profile.findings, code, &model::Finding::code) != profile.findings.end();
}

Status refuse_findings(const Profile& profile, std::initializer_list<std::string_view> codes, std::string_view hint) {
    for (const model::Finding& finding : profile.findings)
        if (std::ranges::find(codes, finding.code) != codes.end()) return not_exact(finding.message, std::string(hint));
    return {};
}

// By a name such as x.csv.gz DuckDB inflates what may be plain.
std::string compression_option(const ViewFile& file) {
    const std::string& packed = file.profile.compression;
    if (!packed.empty()) return fmt::format(", compression={}", quoted_text(packed));
    const std::string name = text::lower(file.path);
    return name.ends_with(".gz") || name.ends_with(".zst") ? ", compression='uncompressed'" : "";
}

bool is_sampled(const Profile& profile, const model::Table& table) {
    return table.sampled_rows > 0 && !profile.rows_exact;
}

bool has_odd_fields(const model::Type& type) {
    UniqueNames names(SqlDialect::duckdb);
    for (const model::Field& field : type.fields) {
        if (type.kind == TypeKind::structure && names.take(field.name, "empty") != field.name) return true;
        if (has_odd_fields(field.type)) return true;
    }
    return false;
}

std::string cast_of(const std::string& text, const model::Column& column) {
    const std::string type = column_type(column, SqlDialect::duckdb);
    const bool time = column.type.kind == TypeKind::timestamp || column.type.kind == TypeKind::timestamp_tz;
    if (!time) return fmt::format("CAST({} AS {})", text, type);
    return fmt::format(
        "coalesce(TRY_CAST({0} AS {1}), CAST(regexp_replace(replace(upper(trim({0})), ',', '.'), "
        "'^(.{{16}})([^:].*)$', '\\1:00\\2') AS {1}))",
        text, type);
}

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
    TRY(ViewGroup group, group_of_format(file, table));
    TRY_DO(set_partition_keys(group, file.path, table));
    return group;
}

bool may_join(const ViewGroup& group, const ViewGroup& other) {
    return group.kind == other.kind && group.options == other.options && group.where == other.where && !group.rows &&
           !other.rows && group.list == other.list && group.features == other.features &&
           group.partition_keys == other.partition_keys && group.null_words == other.null_words &&
           std::ranges::equal(group.columns, other.columns, same_spelling);
}

std::string select_of(const ViewGroup& group, const model::Table& table, const std::vector<std::string>& names) {
    std::string cells, paths;
    std::size_t n = 0;
    const auto add = [&](const std::string& cell) {
        cells += fmt::format("{}{} AS {}", n ? ", " : "", cell, quoted_name(names[n]));
        ++n;
    };
    for (const model::Column& column : table.columns)
        add(group.kind == ViewGroup::Kind::csv ? csv_cell(group, column) : named_cell(group, column));
    for (const model::Column& column : table.partition_columns) add(partition_cell(group, column));
    for (const std::string& path : group.paths)
        paths += fmt::format("{}    {}", paths.empty() ? "" : ",\n", path_text(path));
    constexpr std::string_view k_calls[] = {"read_csv", "read_json", "read_parquet"};
    std::string call = fmt::format("{}([\n{}\n  ]{}{})", k_calls[static_cast<std::size_t>(group.kind)], paths,
                                   group.options, partition_options(group.partition_keys, table));
    if (!group.list.empty())
        call = fmt::format("(SELECT *, unnest({}) AS {} FROM {})", quoted_name(group.list), k_row, call);
    const std::string where = group.where.empty() ? "" : "\nWHERE " + group.where;
    if (!group.rows) return fmt::format("SELECT {}\nFROM {}{}", cells, call, where);
    return fmt::format("SELECT {}\nFROM (SELECT * FROM {}{} LIMIT {})", cells, call, where, *group.rows);
}

}  // namespace neurolake::exchange
