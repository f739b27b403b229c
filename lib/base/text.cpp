// text.cpp: UTF-8 and what a terminal may be shown.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::text {

namespace {

// Length of the well-formed sequence at s[0] (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF); 0 =
// malformed.
std::size_t sequence_length(std::string_view s, char32_t* point = nullptr) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned char c = byte(0);
    if (c < 0x80) {
        if (point) *point = c;
        return 1;
    }
    const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || s.size() < length) return 0;
    char32_t value = c & (0xFF >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
        value = value << 6 | (byte(i) & 0x3F);
    }
    static constexpr char32_t k_least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < k_least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
    if (point) *point = value;
    return length;
}

bool is_invisible(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF || c == 0x061C;
}

bool is_combining(char32_t c) {
    return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x20D0 && c <= 0x20FF) ||
           (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xFE20 && c <= 0xFE2F);
}

bool is_wide(char32_t c) {  // Unicode TR 11, the blocks that matter
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF && c != 0x303F) ||
           (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) ||
           (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) ||
           (c >= 0x1F900 && c <= 0x1F9FF) || (c >= 0x20000 && c <= 0x3FFFD);
}

void append_escaped(std::string& out, char32_t c) {
    switch (c) {
        case '\n':
            out += "\\n";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\r':
            out += "\\r";
            return;
        default:
            break;
    }
    if (c < 0x100)
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(c));
    else
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
}

}  // namespace

bool is_utf8(std::string_view s) {
    while (!s.empty()) {
        const std::size_t n = sequence_length(s);
        if (n == 0) return false;
        s.remove_prefix(n);
    }
    return true;
}

std::string to_valid_utf8(std::string_view s) {
    std::string out;
    out.reserve(s.size());
    while (!s.empty()) {
        const std::size_t n = sequence_length(s);
        out += n ? s.substr(0, n) : std::string_view("\xEF\xBF\xBD");
        s.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return out;
}

std::size_t display_width(std::string_view s) {
    std::size_t width = 0;
    while (!s.empty()) {
        char32_t c = '?';
        const std::size_t n = sequence_length(s, &c);
        width += is_combining(c) || (n && is_invisible(c)) ? 0 : is_wide(c) ? 2 : 1;
        s.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return width;
}

std::string escape_controls(std::string_view s) {
    std::string out;
    out.reserve(s.size());
    while (!s.empty()) {
        char32_t c = 0;
        const std::size_t n = sequence_length(s, &c);
        if (n == 0)
            append_escaped(out, static_cast<unsigned char>(s[0]));
        else if (is_invisible(c))
            append_escaped(out, c);
        else
            out += s.substr(0, n);
        s.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return out;
}

std::string ascii_only(std::string_view s) {
    std::string out;
    while (!s.empty()) {
        const std::size_t n = sequence_length(s);
        out += n == 1 ? s[0] : '?';
        s.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return out;
}

std::string lower(std::string_view s) {
    std::string out(s);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trim(std::string_view s) {
    const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!s.empty() && space(s.front())) s.remove_prefix(1);
    while (!s.empty() && space(s.back())) s.remove_suffix(1);
    return s;
}

std::vector<std::string_view> split(std::string_view s, char separator) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0;;) {
        const std::size_t next = s.find(separator, at);
        out.push_back(s.substr(at, next - at));
        if (next == std::string_view::npos) return out;
        at = next + 1;
    }
}

namespace {

bool begins_command(std::string_view word) {
    static constexpr std::string_view k_programs[] = {"neurolake", "mv", "mkdir", "chmod"};
    return std::find(std::begin(k_programs), std::end(k_programs), word) != std::end(k_programs);
}

// The words of a sentence; those of a command up to the end of its clause are one.
std::vector<std::string> pieces_of(std::string_view sentence) {
    std::vector<std::string> pieces;
    bool in_command = false;
    for (const std::string_view word : split(sentence, ' ')) {
        if (in_command && !word.starts_with('('))
            pieces.back() += " " + std::string(word);
        else
            pieces.emplace_back(word);
        const bool ends = word.ends_with(',') || word.ends_with(';') || word.ends_with(')') || word.starts_with('(');
        in_command = !ends && (in_command || begins_command(word));
    }
    return pieces;
}

}  // namespace

std::string wrapped(std::string_view utf8, std::size_t width, std::size_t used, std::size_t indent) {
    std::string out;
    std::size_t column = used;
    bool fresh = true;  // nothing but the indent stands on this line
    for (const std::string& piece : pieces_of(utf8)) {
        const std::size_t needs = display_width(piece);
        if (!fresh && column + 1 + needs > width) {
            out.erase(out.find_last_not_of(' ') + 1);
            out += "\n" + std::string(indent, ' ');
            column = indent;
            fresh = true;
        }
        if (fresh && piece.empty() && !out.empty()) continue;  // the rest of a gap that was broken
        if (!fresh) out += ' ';
        out += piece;
        column += needs + (fresh ? 0 : 1);
        fresh = false;
    }
    return out;
}

bool starts_with_folder(std::string_view path, std::string_view folder) {
    if (folder.empty()) return true;
    return path.substr(0, folder.size()) == folder && (path.size() == folder.size() || path[folder.size()] == '/');
}

namespace {

// Letters to add, drop or change; two neighbours swapped count once, as they are typed.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before, last);
        std::swap(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row.back();
}

}  // namespace

std::optional<std::string> closest(std::string_view word, std::span<const std::string> known) {
    std::optional<std::string> best;
    std::size_t best_distance = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
    for (const std::string& candidate : known) {
        // A known name that begins with what was typed is meant, however long its rest.
        const bool begins = word.size() >= 3 && candidate.starts_with(word);
        const std::size_t distance = begins ? 1 : edit_distance(word, candidate);
        if (distance < best_distance && distance < std::max<std::size_t>(word.size(), 2)) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace neurolake::text
