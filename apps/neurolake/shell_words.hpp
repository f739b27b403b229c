// shell_words.hpp: any bytes as one word of a POSIX shell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace neurolake::apps {

// 'it'\''s': nothing inside means anything to the shell.
inline std::string shell_word(std::string_view bytes) {
    std::string out = "'";
    for (const char c : bytes) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// As it is where that is safe, for a line that a person copies.
inline std::string plain_or_quoted(std::string_view bytes) {
    constexpr std::string_view k_safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:@%+-,";
    const bool safe = !bytes.empty() && bytes.find_first_not_of(k_safe) == std::string_view::npos;
    return safe ? std::string(bytes) : shell_word(bytes);
}

}  // namespace neurolake::apps
