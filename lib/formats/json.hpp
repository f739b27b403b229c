// json.hpp: JSON Lines (one object a line) and JSON (an array of objects, one object, or objects after each other).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Rows are objects; nested values become structures and lists. Strings become dates, timestamps and UUIDs when all are
// spelled so, numbers never come out of strings. Errors: io, cancelled.
Result<Profile> profile_json_lines(const Input& input);
Result<Profile> profile_json(const Input& input);

Result<Rows> head_json_lines(const Input& input, std::size_t count);
Result<Rows> head_json(const Input& input, std::size_t count);

// Does text that begins with '{' go on as one object a line? `whole`: nothing follows.
bool looks_like_lines(std::string_view beginning, bool whole);

// Is the text one JSON value from bracket to bracket (by its brackets alone)?
bool holds_whole_value(std::string_view text);

}  // namespace neurolake::formats
