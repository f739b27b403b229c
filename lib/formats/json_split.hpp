// json_split.hpp: where whole JSON values end in a stream, without knowing what they say.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace neurolake::formats {

// The offset behind a string that opens at `i`; npos when it is not closed.
std::size_t skip_json_string(std::string_view text, std::size_t i);

struct JsonSplit {
    std::size_t whole = 0;   // bytes up to behind the last whole value (and, in a list, before the comma or bracket)
    std::size_t behind = 0;  // the same with the comma or closing bracket that follows
    bool closed = false;     // the closing bracket was met: nothing more belongs to the list
    bool broken = false;     // a bracket closes what none opened: no whole value follows
};

// `text` begins between values, which commas separate until `closing`: ']' in a list, '}' among the members of an
// object; '\0' where values follow each other. `at_end`: a last value may end with the text.
JsonSplit split_values(std::string_view text, char closing, bool at_end, std::size_t max_values = ~std::size_t{0});

}  // namespace neurolake::formats
