// keys.hpp: object keys as names that a store can hold, reversibly.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::store {

// What differs between the places a key is written to.
enum class KeyPlace {
    object,  // S3 keys: UTF-8, no control characters
    folder,  // file names of any file system: also no <>:"|?*\ , no "." or "..", no trailing dot or space, no CON
};

// Escaped bytes become %XX; a literal '%' is escaped only where it could be taken for an escape. Keys of ordinary names
// stay as they are. Every key comes back from unescape_key.
std::string escape_key(std::string_view key, KeyPlace place);
std::string unescape_key(std::string_view escaped);

// File names end at 255 bytes (we need five for a suffix): a longer component keeps its beginning and ends in "%~" and
// 16 hex digits of its SHA-256. Such a name does not tell its key; the object's record does.
Result<std::string> shorten_components(std::string_view escaped);
bool has_shortened_component(std::string_view path);

// Not empty, no empty component, no NUL, escaped form at most `longest` bytes; usage otherwise.
Status check_key(std::string_view key, KeyPlace place, std::size_t longest);

}  // namespace neurolake::store
