// view_json.cpp: read_json with the columns of the catalog, for the files it reads value by value as we do.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "exchange/sql_words.hpp"
#include "exchange/view_formats.hpp"
#include "exchange/view_look.hpp"

namespace neurolake::exchange {

using formats::Profile;
using model::TypeKind;

namespace {

// Below, one thread reads a file as quickly as several would; above, rows must end with lines to be told apart.
constexpr std::uint64_t k_one_thread_bytes = 32u << 20;

// One value a line, and no object, is a row of one column of this name; so may be an object with such a key.
Result<bool> holds_values(const Profile& profile, const ViewFile& file) {
    if (profile.format != "json_lines" || profile.columns.size() != 1 || profile.columns[0].name != "value")
        return false;
    TRY(const char first, first_character(file));
    return first != '{';
}

Result<std::string> format_option(const ViewFile& file) {
    const std::string& dialect = file.profile.dialect;
    TRY(const bool values, holds_values(file.profile, file));
    if (values) return std::string("'newline_delimited', records=false");
    if (file.profile.format == "json_lines")
        return std::string(file.bytes > k_one_thread_bytes ? "'newline_delimited', records=true"
                                                           : "'unstructured', records=true");
    if (dialect == "objects after each other" || dialect == "one object")
        return std::string("'unstructured', records=true");
    if (dialect == "list of objects") return std::string("'array', records=true");
    return not_exact(fmt::format("DuckDB does not find its rows ({})", dialect),
                     "write one object a line, then: neurolake catalog index");
}

bool is_time(const model::Type& type) {
    return type.kind == TypeKind::timestamp || type.kind == TypeKind::timestamp_tz;
}

bool holds_times(const model::Type& type) {
    return std::ranges::any_of(type.fields,
                               [](const model::Field& f) { return is_time(f.type) || holds_times(f.type); });
}

// Times are read as text, in which spellings are told apart that DuckDB's reader does not know.
std::string json_type(const model::Column& column) {
    if (is_time(column.type)) return "VARCHAR";
    return stays_json(column.type) ? "JSON" : column_type(column, SqlDialect::duckdb);
}

// DuckDB takes a number with a point for a double, whatever its column is.
bool loses_digits(const model::Column& column) {
    const std::string_view why = column.evidence.reason;
    return why.find("more digits than a double keeps") != std::string_view::npos ||
           (column.type.kind == TypeKind::text && why.find("int64") != std::string_view::npos);
}

bool loses_digits(const model::Type& type) {
    return (type.kind == TypeKind::decimal && type.scale > 0) ||
           std::ranges::any_of(type.fields, [](const model::Field& field) { return loses_digits(field.type); });
}

}  // namespace

bool stays_json(const model::Type& type) { return has_odd_fields(type) || holds_times(type); }

Result<ViewGroup> json_group(const ViewFile& file, const model::Table& table) {
    TRY(const std::string format, format_option(file));
    TRY_DO(refuse_findings(file.profile,
                           {"not_an_object", "duplicate_key", "too_deep", "invalid_utf8", "zero_byte", "huge_row",
                            "empty_column_name", "duplicate_column", "too_many_columns"},
                           "mend the file, or put it beside as Parquet; then: neurolake catalog index"));
    for (const auto* columns : {&table.columns, &file.profile.columns})
        for (const model::Column& column : *columns)
            if (loses_digits(column) || loses_digits(column.type))
                return not_exact(
                    fmt::format("the numbers of {} have more digits than DuckDB keeps of JSON", column.name),
                    "put it beside as Parquet or CSV, then: neurolake catalog index");
    ViewGroup group;
    group.kind = ViewGroup::Kind::json;
    group.paths = {file.path};
    group.options = fmt::format(", format={}", format) + compression_option(file.profile);
    std::string columns;
    for (const model::Column& column : table.columns)
        columns += fmt::format("{}{}: {}", columns.empty() ? "" : ", ", quoted_text(column.name),
                               quoted_text(json_type(column)));
    group.options += fmt::format(", columns={{{}}}", columns);
    return group;
}

}  // namespace neurolake::exchange
