// mask.cpp: the forms in which values about people are shown.
// SPDX-License-Identifier: Apache-2.0
#include "model/mask.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::model {
namespace {

constexpr std::string_view k_hidden = "***";

bool says(std::string_view semantic, std::string_view word) { return semantic.find(word) != std::string_view::npos; }

bool is_sign(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

// The first character with all its bytes, unless it is the only one.
std::string first_of(std::string_view text) {
    std::size_t end = 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return end < text.size() ? std::string(text.substr(0, end)).append(k_hidden) : std::string(k_hidden);
}

// The last letters and digits, where at least `enough` of them stand before and with them.
std::string last_of(std::string_view text, std::size_t shown, std::size_t enough) {
    std::string signs;
    for (const char c : text)
        if (is_sign(c)) signs.push_back(c);
    if (signs.size() < enough) return std::string(k_hidden);
    return text::to_valid_utf8(std::string(k_hidden).append(signs.substr(signs.size() - shown)));
}

std::string masked_email(std::string_view address) {
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == address.size()) return first_of(address);
    const std::string_view domain = address.substr(at + 1);
    const std::size_t dot = domain.rfind('.');
    std::string out = first_of(address.substr(0, at)) + "@";
    if (dot == std::string_view::npos || dot == 0) return out + first_of(domain);
    // Longer texts hold an address, too, and what stands behind it is not its last label.
    const std::string_view top = domain.substr(dot + 1);
    if (top.size() > 24 || !std::all_of(top.begin(), top.end(), is_sign)) return first_of(address);
    return out + first_of(domain.substr(0, dot)).append(domain.substr(dot));
}

}  // namespace

std::string mask_value(std::string_view semantic, std::string_view value) {
    if (value.empty()) return {};
    const std::string meaning = text::lower(semantic), clean = text::to_valid_utf8(value);
    if (says(meaning, "mail")) return masked_email(clean);
    if (says(meaning, "card") || says(meaning, "iban")) return last_of(clean, 4, 8);
    if (says(meaning, "phone")) return last_of(clean, 2, 6);
    return first_of(clean);
}

}  // namespace neurolake::model
