// cell.cpp: the spellings of numbers, dates, times, booleans and UUIDs.
// SPDX-License-Identifier: Apache-2.0
#include "formats/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "formats/local_spelling.hpp"
#include "formats/quick_cell.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_max_precision = 38;      // of decimals
constexpr std::size_t k_double_digits = 15;      // any decimal of so many digits survives a double
constexpr std::size_t k_double_max_digits = 17;  // no double needs more

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Cell of_class(CellClass type) {
    Cell cell;
    cell.type = type;
    return cell;
}

// The parts of [-]digits[.digits][e[+-]digits].
struct Number {
    bool negative = false, has_point = false, has_exponent = false;
    std::string_view whole, fraction;
};

bool split_number(std::string_view s, Number& out) {
    std::size_t i = 0;
    out.negative = s[0] == '-';
    i += out.negative;
    const std::size_t whole_begin = i;
    while (i < s.size() && is_digit(s[i])) ++i;
    out.whole = s.substr(whole_begin, i - whole_begin);
    if (i < s.size() && s[i] == '.') {
        out.has_point = true;
        const std::size_t begin = ++i;
        while (i < s.size() && is_digit(s[i])) ++i;
        out.fraction = s.substr(begin, i - begin);
    }
    if (out.whole.empty() && out.fraction.empty()) return false;
    if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
        out.has_exponent = true;
        ++i;
        if (i < s.size() && (s[i] == '+' || s[i] == '-')) ++i;
        const std::size_t begin = i;
        while (i < s.size() && is_digit(s[i])) ++i;
        if (i == begin) return false;
    }
    return i == s.size();
}

Cell integer_cell(std::string_view s, const Number& number) {
    Cell cell;
    cell.integer_digits = static_cast<std::uint8_t>(std::min<std::size_t>(number.whole.size(), 255));
    if (number.whole.size() > k_max_precision) return of_class(CellClass::text);
    std::int64_t value = 0;
    if (std::from_chars(s.data(), s.data() + s.size(), value).ec != std::errc()) {
        cell.type = CellClass::big_integer;
        return cell;
    }
    cell.type = number.whole.size() <= k_double_digits ? CellClass::integer : CellClass::long_integer;
    cell.integer = value;
    return cell;
}

std::size_t significant_digits(const Number& number) {
    std::string_view fraction = number.fraction;
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    const bool whole_counts = !number.whole.empty() && number.whole != "0";
    if (whole_counts) return number.whole.size() + fraction.size();
    const std::size_t zeros = std::min(fraction.find_first_not_of('0'), fraction.size());
    return fraction.size() - zeros;
}

// Does the shortest spelling of `value` have the digits that stand in the file?
bool gives_back(double value, const Number& number) {
    std::array<char, 400> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
    std::string_view shortest(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    if (shortest.starts_with('-')) shortest.remove_prefix(1);
    const std::size_t point = std::min(shortest.find('.'), shortest.size());
    std::string_view fraction = number.fraction;
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    const std::string_view whole = number.whole.empty() ? "0" : number.whole;
    const std::string_view got = point < shortest.size() ? shortest.substr(point + 1) : std::string_view();
    return shortest.substr(0, point) == whole && got == fraction;
}

Cell fraction_cell(std::string_view s, const Number& number) {
    Cell cell;
    cell.integer_digits =
        number.whole == "0" ? 0 : static_cast<std::uint8_t>(std::min<std::size_t>(number.whole.size(), 255));
    cell.scale = static_cast<std::uint8_t>(std::min<std::size_t>(number.fraction.size(), 255));
    const std::size_t digits = significant_digits(number);
    if (digits <= k_double_digits && number.whole.size() + number.fraction.size() <= 18 &&
        number.fraction.size() <= 22) {
        std::uint64_t mantissa = 0;
        for (const char c : number.whole) mantissa = mantissa * 10 + static_cast<std::uint64_t>(c - '0');
        for (const char c : number.fraction) mantissa = mantissa * 10 + static_cast<std::uint64_t>(c - '0');
        if (mantissa < (1ull << 53)) {  // both sides of the division are exact, so the quotient is the nearest double
            const double value = static_cast<double>(mantissa) / k_powers_of_ten[number.fraction.size()];
            cell.type = CellClass::fraction;
            cell.number = number.negative ? -value : value;
            return cell;
        }
    }
    double value = 0;
    const auto parsed = std::from_chars(s.data(), s.data() + s.size(), value).ec;
    if (parsed == std::errc() &&
        (digits <= k_double_digits || (digits <= k_double_max_digits && gives_back(value, number)))) {
        cell.type = CellClass::fraction;
        cell.number = value;
        return cell;
    }
    const bool fits = std::size_t{cell.integer_digits} + number.fraction.size() <= k_max_precision;
    cell.type = fits ? CellClass::precise : CellClass::text;
    return cell;
}

// The digits of a spelling with an exponent, without point and without zeros at both ends.
std::string mantissa_digits(std::string_view s) {
    std::string digits;
    for (const char c : s.substr(0, s.find_first_of("eE")))
        if (is_digit(c) && (c != '0' || !digits.empty())) digits += c;
    digits.resize(digits.find_last_not_of('0') + 1);
    return digits;
}

Cell exponent_cell(std::string_view s) {
    double value = 0;
    if (std::from_chars(s.data(), s.data() + s.size(), value).ec != std::errc()) return of_class(CellClass::text);
    if (s.size() > k_double_digits) {  // shorter ones cannot have more digits than a double keeps
        std::array<char, 40> buffer;
        const auto end =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
        const std::string digits = mantissa_digits(s);
        if (digits.size() > k_double_digits && digits != mantissa_digits({buffer.data(), end}))
            return of_class(CellClass::text);
    }
    const bool plain = s[0] != '-' && s.find_first_of(".+-") == std::string_view::npos;
    Cell cell = of_class(plain ? CellClass::code : CellClass::exponent);
    cell.number = value;
    return cell;
}

// [-]digits[.digits] of at most 15 digits in one pass; most numbers that are not short integers are that.
bool quick_number(std::string_view s, Cell& cell) {
    const bool negative = s[0] == '-';
    std::size_t i = negative, point = 0;
    const std::size_t first = i;
    if (s.size() - i > k_double_digits + 1) return false;
    std::uint64_t mantissa = 0;
    for (; i < s.size(); ++i) {
        const auto digit = static_cast<unsigned char>(s[i] - '0');
        if (digit <= 9)
            mantissa = mantissa * 10 + digit;
        else if (s[i] == '.' && point == 0 && i > first)
            point = i;
        else
            return false;
    }
    const std::size_t whole = (point == 0 ? s.size() : point) - first;
    if (whole == 0 || (whole > 1 && s[first] == '0')) return false;
    if (point == 0) {
        if (whole > k_double_digits) return false;
        cell.type = CellClass::integer;
        cell.integer_digits = static_cast<std::uint8_t>(whole);
        cell.integer = negative ? -static_cast<std::int64_t>(mantissa) : static_cast<std::int64_t>(mantissa);
        return true;
    }
    const std::size_t scale = s.size() - point - 1;
    const double value = static_cast<double>(mantissa) / k_powers_of_ten[scale];
    cell.type = CellClass::fraction;
    cell.integer_digits = s[first] == '0' ? 0 : static_cast<std::uint8_t>(whole);
    cell.scale = static_cast<std::uint8_t>(scale);
    cell.number = negative ? -value : value;
    return true;
}

// What is neither a number nor a date as programs write them may be one as people do.
Cell local_cell(std::string_view s) {
    LocalNumber number;
    LocalDate date;
    if (s.size() < 3) return of_class(CellClass::text);
    if (read_local_number(s, number)) return of_class(CellClass::local_number);
    if (s.size() >= 8 && s.size() <= 32 && read_local_date(s, date)) return of_class(CellClass::local_date);
    return of_class(CellClass::text);
}

Cell number_cell(std::string_view s) {
    Cell quick;
    if (short_number(s.data(), s.size(), quick)) return quick;
    if (quick_number(s, quick)) return quick;
    Number number;
    if (!split_number(s, number)) return of_class(CellClass::text);
    if (number.whole.size() > 1 && number.whole[0] == '0') return of_class(CellClass::leading_zero);
    if (number.has_exponent) return exponent_cell(s);
    return number.has_point ? fraction_cell(s, number) : integer_cell(s, number);
}

// hh:mm[:ss[.fraction]] from s; returns how many bytes it took, 0 if it is no time of day.
std::size_t read_time_of_day(std::string_view s, std::int64_t& seconds, std::uint32_t& nanos) {
    const auto two_at = [&](std::size_t i) { return i + 1 < s.size() && is_digit(s[i]) && is_digit(s[i + 1]); };
    if (!two_at(0) || s.size() < 5 || s[2] != ':' || !two_at(3)) return 0;
    const int hours = two_digits(s.data()), minutes = two_digits(s.data() + 3);
    int second = 0;
    std::size_t used = 5;
    if (s.size() > 5 && s[5] == ':') {
        if (!two_at(6)) return 0;
        second = two_digits(s.data() + 6);
        used = 8;
        if (s.size() > 8 && (s[8] == '.' || s[8] == ',')) {
            std::uint32_t unit = 100000000;
            for (used = 9; used < s.size() && is_digit(s[used]); ++used, unit /= 10)
                nanos += static_cast<std::uint32_t>(s[used] - '0') * unit;
            if (used == 9 || used > 18) return 0;
        }
    }
    if (hours > 23 || minutes > 59 || second > 60) return 0;
    seconds += hours * 3600 + minutes * 60 + second;
    return used;
}

// Z, UTC, +hh, +hhmm, +hh:mm, a space before allowed.
bool read_zone(std::string_view s, std::int64_t& seconds) {
    if (s.starts_with(' ')) s.remove_prefix(1);
    if (s == "Z" || s == "z" || s == "UTC") return true;
    if (s.size() < 3 || (s[0] != '+' && s[0] != '-') || !is_digit(s[1]) || !is_digit(s[2])) return false;
    int minutes = two_digits(s.data() + 1) * 60;
    std::string_view rest = s.substr(3);
    if (rest.starts_with(':')) rest.remove_prefix(1);
    if (rest.size() == 2 && is_digit(rest[0]) && is_digit(rest[1]) && two_digits(rest.data()) < 60)
        minutes += two_digits(rest.data());
    else if (s.size() != 3)
        return false;
    if (minutes > 18 * 60) return false;
    seconds -= (s[0] == '-' ? -1 : 1) * minutes * 60;
    return true;
}

bool read_calendar(std::string_view s, Cell& cell) {
    std::int64_t seconds = 0;
    if (!read_date(s.data(), seconds)) return false;
    cell.type = CellClass::date;
    if (s.size() > 10) {
        if (s.size() < 16 || (s[10] != ' ' && s[10] != 'T' && s[10] != 't')) return false;
        const std::string_view time = s.substr(11);
        const std::size_t used = read_time_of_day(time, seconds, cell.nanos);
        if (used == 0) return false;
        cell.type = CellClass::timestamp;
        if (used < time.size()) {
            if (!read_zone(time.substr(used), seconds)) return false;
            cell.type = CellClass::timestamp_tz;
        }
    }
    cell.seconds = seconds;
    return true;
}

bool is_uuid(std::string_view s) {
    for (std::size_t i = 0; i < 36; ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !is_hex(s[i])) return false;
    }
    return true;
}

bool one_of(std::string_view s, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), s) != words.end();
}

bool read_word(std::string_view s, Cell& cell) {
    if (s.size() > 9) return false;
    if (bool value = false; read_boolean(s.data(), s.size(), value)) {
        cell.type = CellClass::boolean;
        cell.integer = value;
        return true;
    }
    if (one_of(s, {"NaN", "nan", "NAN"})) {
        cell.type = CellClass::special;
        cell.number = std::numeric_limits<double>::quiet_NaN();
        return true;
    }
    const bool negative = s.starts_with('-');
    if (!one_of(negative ? s.substr(1) : s, {"inf", "Inf", "INF", "Infinity", "infinity"})) return false;
    cell.type = CellClass::special;
    cell.number = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
}

}  // namespace

Cell classify_slowly(const char* p, std::size_t n) {
    if (Cell quick; short_number(p, n, quick) || quick_time(p, n, quick)) return quick;
    std::string_view s(p, n);
    if (s.front() == ' ' || s.back() == ' ') {  // "a, 1, 2": blanks around a number change nothing
        const std::size_t first = s.find_first_not_of(' ');
        if (first == std::string_view::npos) return of_class(CellClass::text);
        s = s.substr(first, s.find_last_not_of(' ') - first + 1);
    }
    Cell cell;
    const char c = s.front();
    if (s.size() == 36 && s[8] == '-' && is_uuid(s)) return of_class(CellClass::uuid);
    if (is_digit(c)) {
        if (s.size() >= 10 && s[4] == '-') return read_calendar(s, cell) ? cell : local_cell(s);
        const Cell number = number_cell(s);
        return number.type == CellClass::text ? local_cell(s) : number;
    }
    if (c == '-' || c == '.') {
        Cell number = number_cell(s);
        if (number.type == CellClass::text && c == '-') number = local_cell(s);
        if (number.type != CellClass::text) return number;
    }
    constexpr std::string_view k_first_letters = "tTfFnNiI-";
    if (k_first_letters.find(c) != std::string_view::npos && read_word(s, cell)) return cell;
    if (s.size() <= 4) {
        if (const int word = null_word(s); word >= 0) {
            cell.type = CellClass::null_word;
            cell.integer = word;
            return cell;
        }
    }
    return of_class(CellClass::text);
}

std::string date_text(std::int64_t seconds) {
    std::int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0) + 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const unsigned day_of_era = static_cast<unsigned>(days - era * 146097);
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * day_of_year + 2) / 153;
    const unsigned day = day_of_year - (153 * shifted + 2) / 5 + 1;
    const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    const std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2);
    return fmt::format("{}{:04}-{:02}-{:02}", year < 0 ? "-" : "", year < 0 ? -year : year, month, day);
}

std::string timestamp_text(std::int64_t seconds, std::uint32_t nanos) {
    const std::int64_t second_of_day = (seconds % 86400 + 86400) % 86400;
    std::string out = fmt::format("{} {:02}:{:02}:{:02}", date_text(seconds), second_of_day / 3600,
                                  second_of_day / 60 % 60, second_of_day % 60);
    if (nanos == 0) return out;
    out += fmt::format(".{:09}", nanos);
    while (out.back() == '0') out.pop_back();
    return out;
}

std::string double_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    std::array<char, 40> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return std::string(buffer.data(), end);
}

std::string plain_double_text(double value) {
    std::array<char, 400> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
    return std::string(buffer.data(), end);
}

int compare_decimals(std::string_view a, std::string_view b) {
    const bool negative_a = a.starts_with('-'), negative_b = b.starts_with('-');
    if (negative_a != negative_b) return negative_a ? -1 : 1;
    const auto parts = [](std::string_view s) {
        s.remove_prefix(std::min(s.find_first_not_of("-0"), s.size()));
        const std::size_t point = std::min(s.find('.'), s.size());
        std::string_view fraction = point < s.size() ? s.substr(point + 1) : std::string_view();
        fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
        return std::pair(s.substr(0, point), fraction);
    };
    const auto [whole_a, fraction_a] = parts(a);
    const auto [whole_b, fraction_b] = parts(b);
    int order = 0;
    if (whole_a.size() != whole_b.size())
        order = whole_a.size() < whole_b.size() ? -1 : 1;
    else if (whole_a != whole_b)
        order = whole_a < whole_b ? -1 : 1;
    else if (fraction_a != fraction_b)
        order = fraction_a < fraction_b ? -1 : 1;
    return negative_a ? -order : order;
}

}  // namespace neurolake::formats
