// value_text.cpp: digits of wide integers, days and seconds, hexadecimal.
// SPDX-License-Identifier: Apache-2.0
#include "formats/value_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "formats/cell.hpp"

namespace neurolake::formats {

using model::TypeKind;

std::optional<WideInteger> big_endian_integer(std::string_view bytes) {
    if (bytes.empty() || bytes.size() > 16) return std::nullopt;
    WideInteger value = static_cast<signed char>(bytes[0]) < 0 ? -1 : 0;
    for (const char c : bytes) value = static_cast<WideInteger>(value * 256) + static_cast<unsigned char>(c);
    return value;
}

std::string wide_text(WideInteger value) {
    const bool negative = value < 0;
    std::string digits;
    do {
        const int digit = static_cast<int>(value % 10);
        digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
        value /= 10;
    } while (value != 0);
    if (negative) digits += '-';
    std::reverse(digits.begin(), digits.end());
    return digits;
}

std::string wide_text(std::string_view bytes) {
    constexpr std::uint32_t k_group = 1000000000;  // nine digits at a time
    const bool negative = !bytes.empty() && static_cast<signed char>(bytes.back()) < 0;
    std::vector<std::uint32_t> groups;  // of the number without its sign, the lowest first
    for (std::size_t i = bytes.size(); i-- > 0;) {
        std::uint64_t carry = static_cast<unsigned char>(negative ? ~bytes[i] : bytes[i]);
        for (std::uint32_t& group : groups) {
            carry += std::uint64_t{group} * 256;
            group = static_cast<std::uint32_t>(carry % k_group);
            carry /= k_group;
        }
        if (carry > 0) groups.push_back(static_cast<std::uint32_t>(carry));
    }
    // The complement that was taken is one less than the number.
    std::size_t full = 0;
    for (; negative && full < groups.size() && groups[full] == k_group - 1; ++full) groups[full] = 0;
    if (negative && full == groups.size()) groups.push_back(0);
    if (negative) ++groups[full];
    std::string digits = fmt::format("{}{}", negative ? "-" : "", groups.empty() ? 0 : groups.back());
    for (std::size_t i = groups.size(); i-- > 1;) digits += fmt::format("{:09}", groups[i - 1]);
    return digits;
}

std::string scaled_text(WideInteger value, int scale) { return scaled_text(wide_text(value), scale); }

std::string scaled_text(std::string digits, int scale) {
    if (scale <= 0) return digits;
    const std::size_t sign = digits[0] == '-';
    const auto places = static_cast<std::size_t>(scale);
    if (digits.size() - sign <= places) digits.insert(sign, places - (digits.size() - sign) + 1, '0');
    digits.insert(digits.size() - places, 1, '.');
    return digits;
}

std::string stored_time_text(TypeKind kind, std::int64_t stored, std::uint32_t per_second) {
    constexpr std::int64_t k_day = 86400, k_nanos = 1000000000;
    if (kind == TypeKind::date) {
        const bool sane =
            stored >= std::numeric_limits<std::int32_t>::min() && stored <= std::numeric_limits<std::int32_t>::max();
        return sane ? date_text(stored * k_day) : fmt::format("{}", stored);
    }
    if (per_second == 0) return fmt::format("{}", stored);
    std::int64_t seconds = stored / per_second, rest = stored % per_second;
    if (rest < 0) {
        rest += per_second;
        --seconds;
    }
    const auto nanos = static_cast<std::uint32_t>(rest * (k_nanos / per_second));
    if (kind != TypeKind::time) return timestamp_text(seconds, nanos) + (kind == TypeKind::timestamp_tz ? "Z" : "");
    if (seconds < 0 || seconds >= k_day) return fmt::format("{}", stored);
    return timestamp_text(seconds, nanos).substr(11);  // of the first day
}

std::string whole_characters(std::string text) {
    std::size_t tail = 0;
    while (tail < 3 && tail < text.size() && (static_cast<unsigned char>(text[text.size() - 1 - tail]) & 0xC0) == 0x80)
        ++tail;
    if (tail == text.size()) return text;
    const auto lead = static_cast<unsigned char>(text[text.size() - 1 - tail]);
    const std::size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (wanted > tail) text.resize(text.size() - 1 - tail);
    return text;
}

std::string uuid_text(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        out += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
    }
    return out;
}

std::string bytes_text(std::string_view bytes) {
    constexpr std::size_t k_shown = 64;
    std::string out = "0x";
    for (const char c : bytes.substr(0, k_shown)) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return bytes.size() > k_shown ? out + "..." : out;
}

}  // namespace neurolake::formats
