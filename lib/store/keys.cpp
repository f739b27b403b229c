// keys.cpp: escaping of object keys.
// SPDX-License-Identifier: Apache-2.0
#include "store/keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace neurolake::store {
namespace {

constexpr std::size_t k_longest_component = 250;
constexpr std::size_t k_kept_of_long_component = 200;

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

bool looks_escaped(std::string_view text, std::size_t at) {
    if (at + 1 < text.size() && text[at + 1] == '~') return true;
    return at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]);
}

void append_escaped(std::string& out, char c) {
    static constexpr char k_digits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', k_digits[byte >> 4], k_digits[byte & 15]});
}

// Length of the UTF-8 sequence at `at`, 0 when it is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || at + length > text.size()) return 0;
    return text::is_utf8(text.substr(at, length)) ? length : 0;
}

// Windows takes these for devices, whatever follows the first dot.
bool is_device_name(std::string_view component) {
    static constexpr std::array<std::string_view, 4> k_devices{"con", "prn", "aux", "nul"};
    const std::string stem = text::lower(component.substr(0, component.find('.')));
    if (std::find(k_devices.begin(), k_devices.end(), stem) != k_devices.end()) return true;
    return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '1' && stem[3] <= '9';
}

bool must_escape(std::string_view component, std::size_t at, KeyPlace place) {
    const char c = component[at];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
    if (c == '%') return looks_escaped(component, at);
    if (place == KeyPlace::object) return false;
    if (std::string_view("<>:\"|?*\\").find(c) != std::string_view::npos) return true;
    if (at + 1 == component.size() && (c == '.' || c == ' ')) return true;
    return at == 0 && is_device_name(component);
}

void append_component(std::string& out, std::string_view component, KeyPlace place) {
    // Names that begin like our own records must not meet them.
    const bool ours = place == KeyPlace::folder && component.starts_with(".neurolake-");
    for (std::size_t at = 0; at < component.size();) {
        const std::size_t length = sequence_length(component, at);
        if (length == 0 || (length == 1 && must_escape(component, at, place)) || (ours && at == 0)) {
            append_escaped(out, component[at++]);
            continue;
        }
        out.append(component.substr(at, length));
        at += length;
    }
}

}  // namespace

std::string escape_key(std::string_view key, KeyPlace place) {
    std::string out;
    out.reserve(key.size());
    for (bool first = true; const std::string_view component : text::split(key, '/')) {
        if (!std::exchange(first, false)) out += '/';
        append_component(out, component, place);
    }
    return out;
}

std::string unescape_key(std::string_view escaped) {
    std::string out;
    out.reserve(escaped.size());
    for (std::size_t at = 0; at < escaped.size(); ++at) {
        if (escaped[at] == '%' && at + 2 < escaped.size() && is_hex(escaped[at + 1]) && is_hex(escaped[at + 2])) {
            const std::string hex(escaped.substr(at + 1, 2));
            out += static_cast<char>(std::stoi(hex, nullptr, 16));
            at += 2;
        } else {
            out += escaped[at];
        }
    }
    return out;
}

Result<std::string> shorten_components(std::string_view escaped) {
    std::string out;
    for (bool first = true; const std::string_view component : text::split(escaped, '/')) {
        if (!std::exchange(first, false)) out += '/';
        if (component.size() <= k_longest_component) {
            out += component;
            continue;
        }
        TRY(const Sha256Digest digest, sha256(component));
        std::string_view kept = component.substr(0, k_kept_of_long_component);
        while (!text::is_utf8(kept)) kept.remove_suffix(1);  // the cut must not split a character
        out.append(kept).append("%~").append(to_hex(digest).substr(0, 16));
    }
    return out;
}

bool has_shortened_component(std::string_view path) { return path.find("%~") != std::string_view::npos; }

Status check_key(std::string_view key, KeyPlace place, std::size_t longest) {
    if (key.empty()) return Error(Errc::usage, "an object key must not be empty");
    if (const std::size_t size = escape_key(key, place).size(); size > longest) {
        return Error(Errc::usage,
                     "object key '" + text::escape_controls(key.substr(0, 60)) + "...' is " + std::to_string(size) +
                         " bytes long; the store takes at most " + std::to_string(longest),
                     "shorten the folder names above the file, or the prefix");
    }
    if (key.find('\0') != std::string_view::npos) return Error(Errc::usage, "an object key must not hold a NUL byte");
    for (const std::string_view component : text::split(key, '/')) {
        if (component.empty()) {
            return Error(Errc::usage, "object key '" + text::escape_controls(key) + "' holds an empty component");
        }
    }
    return {};
}

}  // namespace neurolake::store
