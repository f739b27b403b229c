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

}  // namespace neurolake::apps
