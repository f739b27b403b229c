// markdown_words.cpp: backslashes before all that Markdown reads, entities for all that HTML reads.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/markdown_words.hpp"

#include "base/text.hpp"

namespace neurolake::exchange {
namespace {

bool is_word(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80); }

// Whether the character at `i` could mean something to Markdown where it stands.
bool is_markup(std::string_view line, std::size_t i) {
    const char c = line[i];
    if (std::string_view("\\`*{}[]#|!~$").find(c) != std::string_view::npos) return true;
    const char next = i + 1 < line.size() ? line[i + 1] : ' ';
    if (c == '_') return i == 0 || !is_word(line[i - 1]) || !is_word(next);  // within a word it is a letter
    if (i == 0) return c == '-' || c == '+' || c == '=';
    const bool number_before = line.find_first_not_of("0123456789") == i;  // "1. " begins a list
    return (c == '.' || c == ')') && number_before && next == ' ';
}

std::string escaped(std::string_view text) {
    std::string out;
    const std::string line = text::escape_controls(text);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '&')
            out += "&amp;";
        else if (line[i] == '<')
            out += "&lt;";
        else if (line[i] == '>')
            out += "&gt;";
        else if (is_markup(line, i))
            out += {'\\', line[i]};
        else
            out += line[i];
    }
    return out;
}

}  // namespace

std::string markdown_text(std::string_view bytes) {
    std::string line;
    for (const char c : bytes) line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    return escaped(text::trim(line));
}

std::string markdown_lines(std::string_view bytes) {
    std::string out;
    for (const std::string_view line : text::split(bytes, '\n')) out += (out.empty() ? "" : "\n") + markdown_text(line);
    return out;
}

}  // namespace neurolake::exchange
