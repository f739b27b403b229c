// csv_description.cpp: word by word, in the order in which describe() writes them.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_description.hpp"

#include "formats/csv_dialect.hpp"

namespace neurolake::formats {
namespace {

bool take(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
}

bool take_character(std::string_view& text, char& into) {
    if (text.empty()) return false;
    into = text.front();
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<CsvDescription> read_description(std::string_view text) {
    CsvDescription out;
    if (take(text, "one column"))
        out.delimiter = k_no_delimiter;
    else if (take(text, "delimiter tab"))
        out.delimiter = '\t';
    else if (!take(text, "delimiter ") || !take_character(text, out.delimiter))
        return std::nullopt;
    if (!take(text, ", quote ") || !take_character(text, out.quote)) return std::nullopt;
    if (take(text, ", escape ") && !take_character(text, out.escape)) return std::nullopt;
    out.header = take(text, ", header");
    if (!out.header && !take(text, ", no header")) return std::nullopt;
    if (take(text, ", comments ") && !take_character(text, out.comment)) return std::nullopt;
    if (!take(text, ", ")) return std::nullopt;
    const std::size_t end = std::min(text.find_first_of(" ,"), text.size());
    out.encoding = text.substr(0, end);
    text.remove_prefix(end);
    out.bom = take(text, " with BOM");
    out.cr_line_ends = take(text, ", CR line ends");
    out.mixed_line_ends = take(text, ", mixed line ends");
    return text.empty() ? std::optional(out) : std::nullopt;
}

}  // namespace neurolake::formats
