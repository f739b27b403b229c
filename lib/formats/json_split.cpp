// json_split.cpp: brackets and strings, a character at a time.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_split.hpp"

namespace neurolake::formats {

std::size_t skip_json_string(std::string_view text, std::size_t i) {
    for (++i; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return std::string_view::npos;
}

JsonSplit split_values(std::string_view text, char closing, bool at_end, std::size_t max_values) {
    JsonSplit split;
    std::size_t depth = 0, values = 0, i = 0;
    const auto value_ends = [&](std::size_t whole, std::size_t behind) {
        split.whole = whole;
        split.behind = behind;
        return ++values >= max_values;
    };
    while (i < text.size()) {
        const char c = text[i];
        if (c == '"') {
            i = skip_json_string(text, i);
            if (i == std::string_view::npos) break;
            continue;
        }
        ++i;
        if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth == 0) {
                if (c == closing) return {i - 1, i, true, false};
                split.broken = true;  // the walker will say so
                break;
            }
            if (--depth == 0 && closing == '\0' && value_ends(i, i)) return split;
        } else if (c == ',' && depth == 0 && closing != '\0') {
            if (value_ends(i - 1, i)) return split;
        }
    }
    if (at_end) split.whole = split.behind = text.size();
    return split;
}

}  // namespace neurolake::formats
