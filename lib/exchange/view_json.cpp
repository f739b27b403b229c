// view_json.cpp: read_json with the columns of the catalog, for the files it reads value by value as we do.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "exchange/sql_words.hpp"
#include "exchange/view_formats.hpp"
#include "exchange/view_look.hpp"
#include "exchange/view_numbers.hpp"

namespace neurolake::exchange {

using formats::Profile;
using model::TypeKind;

namespace {

// Below, one thread reads a file as quickly as several would; above, rows must end with lines to be told apart.
constexpr std::uint64_t k_one_thread_bytes = 32u << 20;

// What one whole object may have, so that DuckDB holds it in memory at once; unasked it takes 16 MiB.
constexpr std::uint64_t k_largest_object = 256u << 20, k_object_unasked = 16u << 20;
constexpr std::uint64_t k_inflates = 16;  // of a compressed file nobody knows how large it is; beyond, a query fails

// One value a line, and no object, is a row of one column of this name; so may be an object with such a key.
Result<bool> holds_values(const Profile& profile, const ViewFile& file) {
    if (profile.format != "json_lines" || profile.columns.size() != 1 || profile.columns[0].name != "value")
        return false;
    TRY(const char first, first_character(file));
    return first != '{';
}

// The rows of an object that holds them in a list.
std::optional<JsonPlace> list_in_object(const Profile& profile) {
    constexpr std::string_view k_list = "list of objects in ";
    if (profile.dialect == "GeoJSON features") return JsonPlace{3, "features", true};
    if (profile.dialect.starts_with(k_list)) return JsonPlace{3, profile.dialect.substr(k_list.size()), false};
    return std::nullopt;
}

JsonPlace place_of(const Profile& profile) {
    if (const auto place = list_in_object(profile)) return *place;
    const bool values = profile.columns.size() == 1 && profile.columns[0].name == "value";
    if (profile.dialect == "values" || (values && profile.format == "json_lines")) return JsonPlace{0, "", false};
    return JsonPlace{profile.dialect == "list of objects" ? std::size_t{2} : 1, "", false};
}

Result<std::string> size_option(const ViewFile& file) {
    const std::uint64_t bytes = file.profile.compression.empty() ? file.bytes : file.bytes * k_inflates;
    if (bytes > k_largest_object)
        return not_exact(fmt::format("it is one object of {}, which DuckDB would hold in memory as a whole",
                                     text::size_text(file.bytes)),
                         "write one object a line, then: neurolake catalog index");
    return bytes > k_object_unasked ? fmt::format(", maximum_object_size={}", bytes) : std::string();
}

Result<std::string> format_option(const ViewFile& file) {
    const std::string& dialect = file.profile.dialect;
    if (list_in_object(file.profile)) {
        TRY(const std::string size, size_option(file));
        return "'unstructured', records=true" + size;
    }
    TRY(const bool values, holds_values(file.profile, file));
    if (values) return std::string("'newline_delimited', records=false");
    if (file.profile.format == "json_lines")
        return std::string(file.bytes > k_one_thread_bytes ? "'newline_delimited', records=true"
                                                           : "'unstructured', records=true");
    if (dialect == "objects after each other" || dialect == "one object")
        return std::string("'unstructured', records=true");
    if (dialect == "list of objects") return std::string("'array', records=true");
    if (dialect == "values") {
        TRY(const char first, first_character(file));
        if (first == '[') return std::string("'array', records=false");
    }
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

// Numbers in columns of text: looked for in the file, or where it is not here or large by the query itself.
Status keep_numbers(const ViewFile& file, const model::Table& table, ViewGroup& group) {
    constexpr std::uint64_t k_looked_at = 256u << 20;  // an export is not to read a lake of terabytes
    const auto columns = number_columns(file.profile, table);
    if (!file.here.empty() && file.bytes <= k_looked_at) return check_numbers(file, place_of(file.profile), columns);
    for (const NumberColumn& column : columns)
        if (column.keep == Digits::spelling) group.guarded.push_back(column.name);
    return {};
}

// Times are read as text, in which spellings are told apart that DuckDB's reader does not know.
std::string json_type(const model::Column& column, const ViewGroup& group) {
    if (is_guarded(group, column)) return "JSON";
    if (is_time(column.type)) return "VARCHAR";
    return stays_json(column.type) ? "JSON" : column_type(column, SqlDialect::duckdb);
}

// "STRUCT(...)[]" of the rows in a list, as far as they are columns.
std::string rows_type(const model::Table& table, const ViewGroup& group) {
    std::string members, properties;
    for (const model::Column& column : table.columns) {
        const std::string member = fmt::format("{} {}", quoted_name(column.name), json_type(column, group));
        const bool own = column.name == "id" || column.name == "geometry";
        if (!group.features || own) members += (members.empty() ? "" : ", ") + member;
        if (group.features) properties += (properties.empty() ? "" : ", ") + member;
    }
    if (group.features) members += fmt::format("{}\"properties\" STRUCT({})", members.empty() ? "" : ", ", properties);
    return fmt::format("STRUCT({})[]", members);
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

// DuckDB reads JSON in UTF-8 only. Of a file that is not here nothing tells; a query would fail, not lie.
Status refuse_utf16(const ViewFile& file) {
    if (file.here.empty()) return {};
    TRY(const bool utf16, is_utf16(file));
    if (!utf16) return {};
    return not_exact("DuckDB does not read JSON in UTF-16", "save it as UTF-8, then: neurolake catalog index");
}

}  // namespace

bool is_guarded(const ViewGroup& group, const model::Column& column) {
    return std::ranges::find(group.guarded, column.name) != group.guarded.end();
}

bool stays_json(const model::Type& type) { return has_odd_fields(type) || holds_times(type); }

Result<ViewGroup> json_group(const ViewFile& file, const model::Table& table) {
    const auto list = list_in_object(file.profile);
    TRY_DO(refuse_utf16(file));
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
    TRY_DO(keep_numbers(file, table, group));
    group.kind = ViewGroup::Kind::json;
    group.paths = {file.path};
    group.options = fmt::format(", format={}", format) + compression_option(file);
    std::string columns;
    if (list) {
        group.list = list->list;
        group.features = list->features;
        columns = fmt::format("{}: {}", quoted_text(list->list), quoted_text(rows_type(table, group)));
    } else {
        for (const model::Column& column : table.columns)
            columns += fmt::format("{}{}: {}", columns.empty() ? "" : ", ", quoted_text(column.name),
                                   quoted_text(json_type(column, group)));
    }
    group.options += fmt::format(", columns={{{}}}", columns);
    return group;
}

}  // namespace neurolake::exchange
