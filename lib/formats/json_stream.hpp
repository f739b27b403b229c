// json_stream.hpp: whole JSON values of a file, a window at a time; and what stands around a list of rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/input.hpp"
#include "formats/json_records.hpp"
#include "formats/json_rows.hpp"
#include "formats/json_split.hpp"

namespace neurolake::formats {

// What is a row of a file that begins with an object.
enum class RowPlace : std::uint8_t { as_it_begins, documents, list, features };

class JsonStream {
public:
    JsonStream(ByteSource& source, std::size_t window) : m_window(source, window) {}

    // Skips a BOM and finds out whether the file is one list, or holds one. `place`: what a reading to the end taught.
    // `look_far`: this reading will not come to the end, so the whole object is looked at, if it can be a row at all.
    Status begin(RowPlace place = RowPlace::as_it_begins, bool look_far = false);

    // The next whole values (valid until the next call), "" at the end. corrupt: the stream ends inside a value,
    // something stands behind its end, or the object around the list is no JSON; guard: a value is larger than we look
    // at.
    Result<std::string_view> next();

    bool in_list() const { return m_closing != '\0'; }
    const std::optional<RecordList>& records() const { return m_records; }
    std::uint64_t lines_before() const { return m_lines_before; }  // the first value
    // At the end: the beginning misled, and rows are these.
    std::optional<RowPlace> better_place() const { return m_better; }

private:
    void drop(std::size_t bytes);
    void enter_list(RowPlace place, bool look_far);
    void skip_blanks();
    Result<JsonSplit> next_split(char closing);
    Result<char> next_character();
    bool is_object(std::string_view beginning, std::string_view ending);
    Status read_end();
    Status read_members();
    Status judge(bool another_value, std::uint64_t object_bytes);

    Window m_window;
    std::size_t m_taken = 0;
    std::uint64_t m_offset = 0, m_object_begin = 0, m_list_begin = 0, m_list_end = 0;  // the offset is the window's
    std::optional<RecordList> m_records;
    std::optional<JsonRows> m_checked;  // members around the list
    MembersSeen m_behind;               // the list
    std::optional<RowPlace> m_better;
    std::uint64_t m_lines_before = 0;
    char m_closing = '\0';
    bool m_closed = false, m_behind_comma = false, m_good_before = true;
    bool m_sure = false;  // the beginning showed all of the object
};

}  // namespace neurolake::formats
