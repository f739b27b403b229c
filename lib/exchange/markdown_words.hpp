// markdown_words.hpp: names and texts as Markdown shows them, whatever stands in them (CommonMark 0.31, GFM tables).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace neurolake::exchange {

// One line, also within a table: nothing in it is markup or HTML; control characters are shown, line ends are blanks.
std::string markdown_text(std::string_view bytes);
// The same with the line ends of the text.
std::string markdown_lines(std::string_view bytes);

}  // namespace neurolake::exchange
