// json.cpp: JSON that is not one object a line, value by value; and the first rows of both kinds.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "formats/findings.hpp"
#include "formats/json_profile.hpp"
#include "formats/json_records.hpp"
#include "formats/json_split.hpp"

namespace neurolake::formats {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";

std::string_view without_blanks_before(std::string_view s) {
    return s.substr(std::min(s.find_first_not_of(k_blanks), s.size()));
}

// Values of a stream, a window at a time.
class JsonStream {
public:
    JsonStream(ByteSource& source, std::size_t window) : m_window(source, window) {}

    // Skips a BOM and finds out whether the file is one list.
    Status begin() {
        TRY_DO(m_window.fill());
        if (m_window.data().starts_with("\xEF\xBB\xBF")) m_window.drop(3);
        skip_blanks();
        m_in_list = m_window.data().starts_with('[');
        if (m_in_list) m_window.drop(1);
        if (!m_window.data().starts_with('{')) return {};
        m_records = find_record_list(m_window.data(), m_window.at_end());
        if (!m_records) return {};
        const std::string_view before = m_window.data().substr(0, m_records->begin);
        m_lines_before += static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
        m_window.drop(m_records->begin);
        m_in_list = true;
        return {};
    }

    // The next whole values (valid until the next call), "" at the end. corrupt: the stream ends inside a value, or a
    // value is larger than we look at.
    Result<std::string_view> next(std::size_t max_values = ~std::size_t{0}) {
        m_window.drop(m_taken);
        m_taken = 0;
        while (!m_closed) {
            const Status filled = m_window.fill();  // what stands before a damaged place is taken first
            const std::string_view data = m_window.data();
            if (!filled && (!is_damage(filled.error()) || data.empty())) return filled.error();
            if (without_blanks_before(data).empty() && m_window.at_end()) break;
            // Whole values first, also at the end: a file that was cut loses only its last one.
            JsonSplit split = split_values(data, m_in_list, false, max_values);
            if (split.behind == 0 && m_window.at_end()) split = split_values(data, m_in_list, true, max_values);
            if (split.behind > 0) {
                m_taken = split.behind;
                m_closed = split.closed;
                return data.substr(0, split.whole);
            }
            if (!filled) return filled.error();
            if (m_window.at_end()) break;
            if (!m_window.grow(k_max_json_bytes))
                return Error(Errc::guard,
                             fmt::format("a single JSON value is larger than {} MiB", k_max_json_bytes >> 20));
        }
        if (m_closed) {
            TRY_DO(m_window.fill());
        }
        if (m_closed && !m_records && !without_blanks_before(m_window.data()).empty())
            return Error(Errc::corrupt, "something stands behind the end of the JSON list and is not read");
        if (m_in_list && !m_closed) return Error(Errc::corrupt, "the JSON list is never closed: the file was cut");
        return std::string_view();
    }

    bool in_list() const { return m_in_list; }
    const std::optional<RecordList>& records() const { return m_records; }
    std::uint64_t lines_before() const { return m_lines_before; }  // the first value

private:
    void skip_blanks() {
        const std::string_view data = m_window.data();
        const std::string_view before = data.substr(0, data.size() - without_blanks_before(data).size());
        m_lines_before += static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
        m_window.drop(before.size());
    }

    Window m_window;
    std::size_t m_taken = 0;
    std::optional<RecordList> m_records;
    std::uint64_t m_lines_before = 0;
    bool m_in_list = false, m_closed = false;
};

Status take_values(JsonStream& stream, JsonRows& rows, const CancelFlag& cancel) {
    rows.skip_lines(stream.lines_before());
    if (stream.records() && stream.records()->is_geojson) rows.spread();
    while (!rows.is_full()) {
        if (cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const std::string_view values, stream.next());
        if (values.empty()) return {};
        const std::uint64_t row = rows.rows();
        if (without_blanks_before(values).empty()) continue;
        if (!rows.take_documents(values, stream.in_list()))
            return Error(Errc::corrupt, fmt::format("damaged JSON at line {}, after {} rows", rows.lines() + 1,
                                                    std::max(row, rows.rows())));
        rows.skip_lines(static_cast<std::uint64_t>(std::count(values.begin(), values.end(), '\n')));
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
    for (const JsonColumn& column : json_columns(rows.root(), geojson, profile.findings))
        profile.columns.push_back(column.field->shape->verdict(column.name, profile.rows));
    if (rows.root().opaque)
        profile.findings.push_back(warning(
            "too_many_columns", fmt::format("objects have more than {} different keys: the keys beyond are not columns",
                                            JsonShape::k_max_fields)));
    rows.oddities().report(profile.findings, profile.columns.size());
    if (rows.oddities().count(Oddity::bad_line) > 0) profile.rows_exact = false;
    return profile;
}

Result<Profile> profile_json(const Input& input) {
    InputSource source(input);
    JsonStream stream(source, window_bytes(input, k_window_bytes));
    JsonRows rows;
    if (input.options.sample_rows > 0) rows.stop_after(input.options.sample_rows);
    Status status = stream.begin();
    if (status) status = take_values(stream, rows, input.cancel);
    if (!status && !is_damage(status.error())) return status.error();
    const std::optional<RecordList>& records = stream.records();
    const bool geojson = records && records->is_geojson;
    Profile profile = json_profile(input, "json", rows, source.bytes_read(), geojson);
    profile.dialect = geojson                  ? "GeoJSON features"
                      : records                ? fmt::format("list of objects in {}", records->name)
                      : rows.has_only_values() ? "values"
                      : stream.in_list()       ? "list of objects"
                      : rows.rows() == 1       ? "one object"
                                               : "objects after each other";
    if (!status) note_damage(profile, status.error());
    return profile;
}

Result<Rows> head_json(const Input& input, std::size_t count) {
    InputSource source(input);
    JsonStream stream(source, window_bytes(input, k_window_bytes));
    TRY_DO(stream.begin());
    JsonRows rows;
    JsonCells cells(count, stream.records() && stream.records()->is_geojson);
    show_first_rows(rows, cells, count);
    const Status status = take_values(stream, rows, input.cancel);
    if (!status && (rows.rows() + rows.value_rows() == 0 || !is_damage(status.error()))) return status.error();
    return cells.rows(rows);
}

bool holds_whole_value(std::string_view text) { return split_values(text, false, false, 1).whole > 0; }

bool looks_like_lines(std::string_view beginning, bool whole) {
    const std::size_t end = beginning.find('\n');
    if (end == std::string_view::npos) return false;
    if (!holds_whole_value(beginning.substr(0, end))) return false;
    const std::string_view rest = without_blanks_before(beginning.substr(end));
    return rest.empty() ? !whole : rest.starts_with(beginning[std::min(beginning.find_first_not_of(k_blanks), end)]);
}

}  // namespace neurolake::formats
