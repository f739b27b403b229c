// quick_cell.hpp: the spellings that most cells have, read without a branch a character.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>

#include "formats/cell.hpp"

namespace neurolake::formats {

inline constexpr std::array<double, 23> k_powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// digits or digits.digits of at most 8 bytes: the point is taken out and the rest parsed at once.
[[gnu::always_inline]] inline bool short_number(const char* p, std::size_t n, Cell& cell) {
    if (n > 8) return false;
    const unsigned shift = static_cast<unsigned>(8 * (8 - n));
    const std::uint64_t v = load8(p) << shift;
    const std::uint64_t other = v ^ 0x2E2E2E2E2E2E2E2Eu;
    const std::uint64_t points = (other - 0x0101010101010101u) & ~other & 0x8080808080808080u;
    constexpr std::uint64_t k_zeros = 0x3030303030303030u;
    if (points == 0) {
        const std::uint64_t digits = v | (n == 8 ? 0 : k_zeros >> (8 * n));
        if (!eight_digits(digits) || (*p == '0' && n > 1)) return false;
        cell.type = CellClass::integer;
        cell.integer_digits = static_cast<std::uint8_t>(n);
        cell.scale = 0;
        cell.integer = static_cast<std::int64_t>(parse_eight_digits(digits));
        return true;
    }
    const unsigned place =
        static_cast<unsigned>(std::countr_zero(points)) / 8;  // of the point, in bytes from the low end
    const std::size_t whole = place - (8 - n), scale = 7 - place;
    if (whole == 0 || (whole > 1 && *p == '0')) return false;
    const std::uint64_t below = (std::uint64_t{1} << (8 * place)) - 1;
    const std::uint64_t above = place == 7 ? 0 : ~std::uint64_t{0} << (8 * (place + 1));
    const std::uint64_t zeros = k_zeros >> (8 * (n - 1));  // in front of the digits that are left
    const std::uint64_t digits = (v & above) | ((v & below) << 8) | zeros;
    if (!eight_digits(digits)) return false;
    cell.type = CellClass::fraction;
    cell.integer_digits = *p == '0' ? 0 : static_cast<std::uint8_t>(whole);
    cell.scale = static_cast<std::uint8_t>(scale);
    cell.number = static_cast<double>(parse_eight_digits(digits)) / k_powers_of_ten[scale];
    return true;
}

inline int two_digits(const char* p) { return (p[0] - '0') * 10 + (p[1] - '0'); }

constexpr unsigned days_in_month(unsigned year, unsigned month) {
    constexpr std::array<unsigned, 12> k_days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : k_days[month - 1];
}

// YYYY-MM-DD at the beginning of at least 10 bytes.
[[gnu::always_inline]] inline bool read_date(const char* p, std::int64_t& seconds) {
    // "YYYY-MM-" at once: dashes become zeros, then all eight must be digits.
    constexpr std::uint64_t k_dashes = 0x2D00002D00000000u, k_dash_bytes = 0xFF0000FF00000000u,
                            k_zeros = 0x3000003000000000u;
    const std::uint64_t v = load8(p);
    if ((v & k_dash_bytes) != k_dashes || !eight_digits((v & ~k_dash_bytes) | k_zeros)) return false;
    const auto tens = static_cast<unsigned>(p[8] - '0'), ones = static_cast<unsigned>(p[9] - '0');
    if (tens > 9 || ones > 9) return false;
    const unsigned year = static_cast<unsigned>(two_digits(p) * 100 + two_digits(p + 2));
    const unsigned month = static_cast<unsigned>(two_digits(p + 5)), day = tens * 10 + ones;
    if (month < 1 || month > 12 || day < 1 || (day > 28 && day > days_in_month(year, month))) return false;
    seconds = days_from_civil(year, month, day) * 86400;
    return true;
}

// hh:mm:ss at the beginning of at least 8 bytes.
[[gnu::always_inline]] inline bool read_whole_time(const char* p, std::int64_t& seconds) {
    constexpr std::uint64_t k_colons = 0x00003A00003A0000u, k_colon_bytes = 0x0000FF0000FF0000u,
                            k_zeros = 0x0000300000300000u;
    const std::uint64_t v = load8(p);
    if ((v & k_colon_bytes) != k_colons || !eight_digits((v & ~k_colon_bytes) | k_zeros)) return false;
    const int hours = two_digits(p), minutes = two_digits(p + 3), second = two_digits(p + 6);
    if (hours > 23 || minutes > 59 || second > 60) return false;
    seconds += hours * 3600 + minutes * 60 + second;
    return true;
}

// YYYY-MM-DD alone, with hh:mm:ss behind a T or a blank, and that with a Z.
[[gnu::always_inline]] inline bool quick_time(const char* p, std::size_t n, Cell& cell) {
    const bool zulu = n == 20 && p[19] == 'Z';
    if (n != 10 && n != 19 && !zulu) return false;
    std::int64_t seconds = 0;
    if (!read_date(p, seconds)) return false;
    if (n > 10 && ((p[10] != 'T' && p[10] != ' ') || !read_whole_time(p + 11, seconds))) return false;
    cell.type = zulu ? CellClass::timestamp_tz : n > 10 ? CellClass::timestamp : CellClass::date;
    cell.seconds = seconds;
    return true;
}

// true and false in the spellings of most languages, by whole words.
inline bool read_boolean(const char* p, std::size_t n, bool& value) {
    constexpr auto word = [](std::string_view text) {  // as load8 gets it
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < text.size(); ++i)
            bytes |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
        return bytes;
    };
    constexpr std::uint64_t k_true = word("true"), k_True = word("True"), k_TRUE = word("TRUE");
    constexpr std::uint64_t k_false = word("false"), k_False = word("False"), k_FALSE = word("FALSE");
    if (n != 4 && n != 5) return false;
    const std::uint64_t v = load8(p) & ((std::uint64_t{1} << (8 * n)) - 1);
    value = v == k_true || v == k_True || v == k_TRUE;
    return value || v == k_false || v == k_False || v == k_FALSE;
}

}  // namespace neurolake::formats
