// cell.hpp: what one text cell can be read as: the finest class of its spelling, and its value.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace neurolake::formats {

// Cells are read with 8-byte loads: this many bytes behind each cell must be readable (their values do not matter).
inline constexpr std::size_t k_padding = 64;

enum class CellClass : std::uint8_t {
    integer,       // at most 15 digits: any number type holds it
    long_integer,  // more digits, fits int64
    big_integer,   // beyond int64, at most 38 digits
    fraction,      // a double gives back all its digits
    precise,       // more digits than a double keeps: decimal
    exponent,      // 1e-05
    code,          // 12E5: digits, E, digits: a number only among numbers that have a point or a sign
    special,       // NaN, inf
    leading_zero,  // 01234: digits that are no number
    boolean,       // true or false
    date,          // YYYY-MM-DD
    timestamp,     // YYYY-MM-DD hh:mm[:ss[.f]], space or T between
    timestamp_tz,  // the same with Z or an offset
    uuid,
    null_word,     // NULL, NA, \N, -: no value in a column of anything but text
    local_number,  // 1,5 and 1.234,56: what comma and point mean is for the column to say
    local_date,    // 31/12/2024: which part is the day is for the column to say
    text,
};
inline constexpr std::size_t k_cell_classes = 18;
constexpr std::uint32_t bit(CellClass c) { return 1u << static_cast<unsigned>(c); }

struct Cell {
    CellClass type = CellClass::text;
    std::uint8_t integer_digits = 0, scale = 0;  // of numbers, as written
    std::uint32_t nanos = 0;                     // of times
    union {
        std::int64_t integer = 0;  // integer, long_integer, boolean; of a null word which one it is
        double number;             // fraction, exponent, code, special
        std::int64_t seconds;      // date and times, since 1970, UTC
    };
};

inline std::uint64_t load8(const char* p) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
}

// The first 8 bytes of n, zeros behind them if there are fewer.
inline std::uint64_t first_bytes(const char* p, std::size_t n) {
    static constexpr std::array<std::uint64_t, 9> k_keep = [] {
        std::array<std::uint64_t, 9> keep{};
        for (std::size_t i = 1; i < 9; ++i) keep[i] = ~std::uint64_t{0} >> (64 - 8 * i);
        return keep;
    }();
    return load8(p) & k_keep[n < 8 ? n : 8];
}

// Eight ASCII digits in memory order?
inline bool eight_digits(std::uint64_t v) {
    return ((v & 0xF0F0F0F0F0F0F0F0u) | (((v + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) ==
           0x3333333333333333u;
}
inline std::uint64_t parse_eight_digits(std::uint64_t v) {
    v -= 0x3030303030303030u;
    v = (v * 10) + (v >> 8);
    return (((v & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((v >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >>
           32;
}

// Any spelling but the empty one. The padding rule above holds.
Cell classify_slowly(const char* p, std::size_t n);

// The short integers that most cells are, without a branch a digit.
inline bool short_integer(const char* p, std::size_t n, std::int64_t& value) {
    if (n > 8) return false;
    const unsigned shift = static_cast<unsigned>(8 * (8 - n));
    const std::uint64_t zeros = n == 8 ? 0 : 0x3030303030303030u >> (8 * n);
    const std::uint64_t v = (load8(p) << shift) | zeros;
    if (!eight_digits(v) || (*p == '0' && n > 1)) return false;
    value = static_cast<std::int64_t>(parse_eight_digits(v));
    return true;
}

inline Cell classify(const char* p, std::size_t n) {
    Cell cell;
    if (!short_integer(p, n, cell.integer)) return classify_slowly(p, n);
    cell.type = CellClass::integer;
    cell.integer_digits = static_cast<std::uint8_t>(n);
    return cell;
}

// Days since 1970-01-01 of a proleptic Gregorian date: years are counted from March, so that the leap day is last.
inline std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const unsigned year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

// "2024-02-29" of seconds since 1970; the inverse of a date cell.
std::string date_text(std::int64_t seconds);
// "2024-02-29 12:30:00[.5]".
std::string timestamp_text(std::int64_t seconds, std::uint32_t nanos);
// The shortest digits that give back the same double.
std::string double_text(double value);
// The same without an exponent.
std::string plain_double_text(double value);
// Plain decimal spellings ("-12.50", "7") compared by value: negative, 0 or positive.
int compare_decimals(std::string_view a, std::string_view b);

}  // namespace neurolake::formats
