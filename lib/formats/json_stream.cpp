// json_stream.cpp: values by their brackets; the members before and behind a list of rows are checked as an object.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/byte_count.hpp"
#include "formats/findings.hpp"
#include "formats/json_profile.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_look_far = k_max_json_bytes + 4096;  // the largest object that can be a row, and what follows

std::size_t blanks_before(std::string_view s) { return std::min(s.find_first_not_of(" \t\r\n"), s.size()); }
bool is_blank(std::string_view s) { return blanks_before(s) == s.size(); }

}  // namespace

void JsonStream::drop(std::size_t bytes) {
    m_window.drop(bytes);
    m_offset += bytes;
}

void JsonStream::skip_blanks() {
    const std::size_t blanks = blanks_before(m_window.data());
    m_lines_before += count_byte(m_window.data().substr(0, blanks), '\n');
    drop(blanks);
}

Status JsonStream::begin(RowPlace place, bool look_far) {
    TRY_DO(m_window.fill());
    if (m_window.data().starts_with("\xEF\xBB\xBF")) drop(3);
    skip_blanks();
    if (m_window.data().starts_with('[')) {
        m_closing = ']';
        drop(1);
    } else if (m_window.data().starts_with('{') && place != RowPlace::documents) {
        enter_list(place, look_far);
    }
    return {};
}

void JsonStream::enter_list(RowPlace place, bool look_far) {
    FirstObject object = look_at_first_object(m_window.data(), m_window.at_end());
    while (look_far && object.records && !object.whole && m_window.grow(k_look_far)) {
        if (!m_window.fill()) break;  // damage: the reading will come to it
        FirstObject more = look_at_first_object(m_window.data(), m_window.at_end());
        if (more.whole) object = std::move(more);
    }
    m_records = std::move(object.records);
    m_sure = object.whole || place != RowPlace::as_it_begins;
    if (!m_records) return;
    if (place != RowPlace::as_it_begins) m_records->is_geojson = place == RowPlace::features;
    const std::string_view before = m_window.data().substr(0, m_records->begin);
    m_good_before = is_object(before, "]}");
    m_lines_before += count_byte(before, '\n');
    m_object_begin = m_offset;
    drop(m_records->begin);
    m_list_begin = m_offset - 1;
    m_closing = ']';
}

// The split of the window's next whole values; nothing of it when the text ends.
Result<JsonSplit> JsonStream::next_split(char closing) {
    while (true) {
        const Status filled = m_window.fill();  // what stands before a damaged place is taken first
        const std::string_view data = m_window.data();
        if (!filled && (!is_damage(filled.error()) || data.empty())) return filled.error();
        if (m_window.at_end() && is_blank(data)) return JsonSplit();
        // Whole values first, also at the end: a file that was cut loses only its last one.
        JsonSplit split = split_values(data, closing, false);
        if (split.behind == 0 && (m_window.at_end() || split.broken)) split = split_values(data, closing, true);
        if (split.behind > 0) return split;
        if (!filled) return filled.error();
        if (!m_window.grow(k_max_json_bytes))
            return Error(Errc::guard, fmt::format("a single JSON value is larger than {} MiB", k_max_json_bytes >> 20));
    }
}

Result<std::string_view> JsonStream::next() {
    drop(m_taken);
    m_taken = 0;
    while (!m_closed) {
        TRY(const JsonSplit split, next_split(m_closing));
        if (split.behind == 0) break;
        const std::string_view data = m_window.data(), values = data.substr(0, split.whole);
        const bool ends_with_comma = in_list() && !split.closed && split.behind > split.whole;
        m_closed = split.closed;
        m_list_end = m_offset + split.behind;
        if (is_blank(values)) {
            // A comma with no value before it, or before the bracket, is no JSON, as who takes it will see.
            m_taken = split.behind;
            if (ends_with_comma || (m_closed && m_behind_comma)) return data.substr(0, split.behind);
            drop(std::exchange(m_taken, 0));
            continue;
        }
        m_behind_comma = ends_with_comma;
        m_taken = split.behind;
        return values;
    }
    if (in_list() && !m_closed) return Error(Errc::corrupt, "the JSON list is never closed: the file was cut");
    if (in_list()) TRY_DO(read_end());
    return std::string_view();
}

// The next character that is no blank; 0 at the end.
Result<char> JsonStream::next_character() {
    while (true) {
        const Status filled = m_window.fill();
        drop(blanks_before(m_window.data()));
        if (!m_window.data().empty()) return m_window.data().front();
        if (!filled) return filled.error();
        if (m_window.at_end()) return '\0';
    }
}

// Is it an object, with what it lacks?
bool JsonStream::is_object(std::string_view beginning, std::string_view ending) {
    std::string object(beginning);
    object += ending;
    const std::size_t size = object.size();
    object.resize(size + k_padding);
    if (!m_checked) m_checked.emplace();
    return m_checked->take_documents(std::string_view(object).substr(0, size), false);
}

// Behind the closing bracket of the list: the rest of the object it stands in, and nothing more.
Status JsonStream::read_end() {
    if (m_records) TRY_DO(read_members());
    const std::uint64_t object_bytes = m_offset - m_object_begin;
    TRY(const char behind, next_character());
    const bool another_value = m_records && (behind == '{' || behind == '[');
    if (behind != '\0' && !another_value)
        return Error(Errc::corrupt, fmt::format("something stands behind the end of the JSON {} and is not read",
                                                m_records ? "object" : "list"));
    if (!m_records || m_sure) return {};
    return judge(another_value, object_bytes);
}

Status JsonStream::read_members() {
    const Error damaged(Errc::corrupt, fmt::format("damaged JSON {} the list of objects in {}",
                                                   m_good_before ? "behind" : "before", m_records->name));
    const Error cut(Errc::corrupt, "the JSON object is never closed: the file was cut");
    if (!m_good_before) return damaged;
    TRY(const char first, next_character());
    if (first == '\0') return cut;
    if (first != ',' && first != '}') return damaged;
    drop(1);
    for (bool closed = first == '}'; !closed;) {
        TRY(const JsonSplit split, next_split('}'));
        if (split.behind == 0) return cut;
        const std::string members = "{" + std::string(m_window.data().substr(0, split.whole));
        if (is_blank(std::string_view(members).substr(1)) || !is_object(members, "}")) return damaged;
        const MembersSeen seen = look_at_members(members);
        m_behind.lists += seen.lists;
        m_behind.is_collection |= seen.is_collection;
        closed = split.closed;
        drop(split.behind);
    }
    return {};
}

// All of the object is known now. Is it as its beginning said?
Status JsonStream::judge(bool another_value, std::uint64_t object_bytes) {
    const bool is_collection = m_records->is_collection || m_behind.is_collection;
    const bool is_geojson = is_collection && m_records->name == "features";
    const std::uint64_t list_bytes = m_list_end - m_list_begin;
    const bool is_small = !is_geojson && list_bytes * 2 < object_bytes;
    if (another_value || m_behind.lists > 0 || is_small) {
        if (object_bytes <= k_max_json_bytes) {
            m_better = RowPlace::documents;
            return {};
        }
        const char* why = another_value        ? "another value stands behind it"
                          : m_behind.lists > 0 ? "it holds another list of objects"
                                               : "less than half of it is its list of objects";
        return Error(Errc::guard,
                     fmt::format("the JSON object is larger than {} MiB, and {}: only the objects in {} are read",
                                 k_max_json_bytes >> 20, why, m_records->name));
    }
    if (is_geojson != m_records->is_geojson) m_better = is_geojson ? RowPlace::features : RowPlace::list;
    return {};
}

}  // namespace neurolake::formats
