// json.cpp: JSON that is not one object a line, value by value; and the first rows of both kinds.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "formats/byte_count.hpp"
#include "formats/findings.hpp"
#include "formats/json_profile.hpp"
#include "formats/json_split.hpp"
#include "formats/json_stream.hpp"

namespace neurolake::formats {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";

std::string_view without_blanks_before(std::string_view s) {
    return s.substr(std::min(s.find_first_not_of(k_blanks), s.size()));
}

Status take_values(JsonStream& stream, JsonRows& rows, const CancelFlag& cancel) {
    rows.skip_lines(stream.lines_before());
    if (stream.records() && stream.records()->is_geojson) rows.spread();
    while (!rows.is_full()) {
        if (cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const std::string_view values, stream.next());
        if (values.empty()) return {};
        const std::uint64_t row = rows.rows();
        if (!rows.take_documents(values, stream.in_list()))
            return Error(Errc::corrupt, fmt::format("damaged JSON at line {}, after {} rows", rows.lines() + 1,
                                                    std::max(row, rows.rows())));
        rows.skip_lines(count_byte(values, '\n'));
    }
    return {};
}

// No objects: each document is a row of one value.
Profile values_profile(Profile profile, JsonRows& rows) {
    profile.rows = rows.value_rows();
    profile.columns.push_back(rows.values().verdict("value", profile.rows));
    rows.oddities().forget(Oddity::not_an_object);
    rows.oddities().report(profile.findings, 1);
    if (rows.oddities().count(Oddity::bad_line) > 0) profile.rows_exact = false;
    return profile;
}

// Keys for which there was no room.
void tell_keys_left_out(Profile& profile, const JsonShape& root, bool geojson) {
    const JsonShape* columns = &root;
    for (const JsonField& field : root.fields)
        if (geojson && field.name == "properties") columns = field.shape.get();
    if (!root.wide && !columns->wide) return;
    const bool many = std::max(root.fields.size(), columns->fields.size()) >= JsonShape::k_max_fields;
    profile.findings.push_back(warning(
        "too_many_columns",
        many ? fmt::format("objects have more than {} different keys: the keys beyond are not columns",
                           JsonShape::k_max_fields)
             : fmt::format("the keys of objects are longer than {} MiB together: the keys beyond are not columns",
                           ShapeBudget::k_name_bytes >> 20)));
}

bool has_wide_place(const JsonShape& shape) {
    const auto& fields = shape.fields;
    return shape.wide || (shape.items && has_wide_place(*shape.items)) ||
           std::any_of(fields.begin(), fields.end(), [](const JsonField& f) { return has_wide_place(*f.shape); });
}

void tell_wide_columns(Profile& profile, const std::vector<std::string>& names) {
    if (names.empty()) return;
    const std::string first = text::escape_controls(std::string_view(names[0]).substr(0, 100));
    const std::string where = names.size() == 1 ? fmt::format("column {}", first)
                                                : fmt::format("{} columns, {} among them,", names.size(), first);
    profile.findings.push_back(
        note("too_many_keys", fmt::format("objects in {} have too many different keys to follow: json there", where)));
}

}  // namespace

Profile json_profile(const Input& input, std::string_view format, JsonRows& rows, std::uint64_t bytes_read,
                     bool geojson) {
    Profile profile;
    profile.format = format;
    profile.compression = to_string(input.compression);
    profile.bytes_read = bytes_read;
    profile.rows = rows.rows();
    profile.rows_exact = !rows.is_full();
    if (rows.has_only_values()) return values_profile(std::move(profile), rows);
    std::vector<std::string> wide;
    for (const JsonColumn& column : json_columns(rows.root(), geojson, profile.findings)) {
        profile.columns.push_back(column.field->shape->verdict(column.name, profile.rows));
        if (rows.left_keys_out() && has_wide_place(*column.field->shape)) wide.push_back(column.name);
    }
    tell_wide_columns(profile, wide);
    tell_keys_left_out(profile, rows.root(), geojson);
    rows.oddities().report(profile.findings, profile.columns.size());
    if (rows.oddities().count(Oddity::bad_line) > 0) profile.rows_exact = false;
    return profile;
}

Result<Profile> profile_json(const Input& input) {
    std::uint64_t bytes_read = 0;
    for (RowPlace place = RowPlace::as_it_begins;;) {
        InputSource source(input);
        JsonStream stream(source, window_bytes(input, k_window_bytes));
        JsonRows rows;
        if (input.options.sample_rows > 0) rows.stop_after(input.options.sample_rows);
        Status status = stream.begin(place);
        if (status) status = take_values(stream, rows, input.cancel);
        if (!status && !is_damage(status.error())) return status.error();
        bytes_read += source.bytes_read();
        if (stream.better_place()) {
            place = *stream.better_place();
            continue;
        }
        const std::optional<RecordList>& records = stream.records();
        const bool geojson = records && records->is_geojson;
        Profile profile = json_profile(input, "json", rows, bytes_read, geojson);
        profile.dialect = geojson                  ? "GeoJSON features"
                          : records                ? fmt::format("list of objects in {}", records->name)
                          : rows.has_only_values() ? "values"
                          : stream.in_list()       ? "list of objects"
                          : rows.rows() == 1       ? "one object"
                                                   : "objects after each other";
        if (!status) note_damage(profile, status.error());
        return profile;
    }
}

namespace {

Result<Rows> head_of(const Input& input, std::size_t count, bool may_be_damaged) {
    InputSource source(input);
    JsonStream stream(source, window_bytes(input, k_window_bytes));
    TRY_DO(stream.begin(RowPlace::as_it_begins, true));
    JsonRows rows;
    JsonCells cells(count, stream.records() && stream.records()->is_geojson);
    show_first_rows(rows, cells, count);
    const Status status = take_values(stream, rows, input.cancel);
    const bool has_rows = rows.rows() + rows.value_rows() > 0;
    if (!status && !(may_be_damaged && has_rows && is_damage(status.error()))) return status.error();
    return cells.rows(rows);
}

}  // namespace

Result<Rows> head_json(const Input& input, std::size_t count) { return head_of(input, count, true); }

std::optional<Rows> head_documents(const Input& input, std::size_t count) {
    auto rows = head_of(input, count, false);
    return rows ? std::optional(std::move(rows).value()) : std::nullopt;
}

bool holds_whole_value(std::string_view text) { return split_values(text, '\0', false, 1).whole > 0; }

bool looks_like_lines(std::string_view beginning, bool whole) {
    const std::size_t end = beginning.find('\n');
    if (end == std::string_view::npos) return false;
    if (!holds_whole_value(beginning.substr(0, end))) return false;
    const std::string_view rest = without_blanks_before(beginning.substr(end));
    return rest.empty() ? !whole : rest.starts_with(beginning[std::min(beginning.find_first_not_of(k_blanks), end)]);
}

}  // namespace neurolake::formats
