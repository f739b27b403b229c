// local_spelling.cpp: reading local numbers and dates without deciding what is open.
// SPDX-License-Identifier: Apache-2.0
#include "formats/local_spelling.hpp"

#include <algorithm>
#include <array>

#include "formats/cell.hpp"

namespace neurolake::formats {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits, in groups of three where `group` stands between them; no zero in front of others.
bool whole_part(std::string_view s, char group, std::string& plain) {
    const std::size_t begin = plain.size();
    std::size_t run = 0;
    bool grouped = false;
    for (const char c : s) {
        if (c != group) {
            if (!is_digit(c)) return false;
            plain += c;
            ++run;
            continue;
        }
        if (run == 0 || run > 3 || (grouped && run != 3)) return false;
        grouped = true;
        run = 0;
    }
    if (run == 0 || (grouped && run != 3)) return false;
    return plain.size() - begin == 1 || plain[begin] != '0';
}

bool read_number_with(std::string_view s, char point, char group, std::string& plain) {
    plain.clear();
    if (s.starts_with('-')) {
        plain += '-';
        s.remove_prefix(1);
    }
    const std::size_t at = s.find(point);
    if (!whole_part(s.substr(0, at), group, plain)) return false;
    if (at == std::string_view::npos) return true;
    const std::string_view fraction = s.substr(at + 1);
    if (fraction.empty() || !std::all_of(fraction.begin(), fraction.end(), is_digit)) return false;
    plain += '.';
    plain += fraction;
    return true;
}

// One to `most` digits at the beginning of s, taken off it; -1 when there are none.
int take_digits(std::string_view& s, std::size_t most) {
    int value = 0;
    std::size_t n = 0;
    while (n < s.size() && n < most && is_digit(s[n])) value = value * 10 + (s[n++] - '0');
    s.remove_prefix(n);
    return n == 0 ? -1 : value;
}
bool take(std::string_view& s, char c) {
    if (!s.starts_with(c)) return false;
    s.remove_prefix(1);
    return true;
}

// " 9:05", "T09:05:30.5", " 9:05 PM": all that is left of the text.
bool read_clock(std::string_view s, std::int64_t& seconds, std::uint32_t& nanos) {
    int hours = take_digits(s, 2), second = 0;
    if (hours < 0 || !take(s, ':')) return false;
    const std::size_t before = s.size();
    const int minutes = take_digits(s, 2);
    if (before - s.size() != 2) return false;
    if (take(s, ':')) {
        const std::size_t left = s.size();
        second = take_digits(s, 2);
        if (left - s.size() != 2) return false;
        if (take(s, '.')) {
            std::uint32_t unit = 100000000;
            if (s.empty() || !is_digit(s[0])) return false;
            for (; !s.empty() && is_digit(s[0]); s.remove_prefix(1), unit /= 10) {
                if (unit == 0) return false;
                nanos += static_cast<std::uint32_t>(s[0] - '0') * unit;
            }
        }
    }
    if (!s.empty()) {
        take(s, ' ');
        const bool pm = s == "PM" || s == "pm" || s == "p.m.", am = s == "AM" || s == "am" || s == "a.m.";
        if ((!pm && !am) || hours < 1 || hours > 12) return false;
        hours = hours % 12 + (pm ? 12 : 0);
    }
    if (hours > 23 || minutes > 59 || second > 60) return false;
    seconds = hours * 3600 + minutes * 60 + second;
    return true;
}

bool is_day(int year, int month, int day) {
    constexpr std::array<int, 12> k_days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= k_days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap);
}
std::int64_t seconds_of(int year, int month, int day) {
    return days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) * 86400;
}

constexpr std::array<std::string_view, k_null_words> k_words{
    "NULL", "null", "Null", "\\N", "NA", "N/A", "n/a", "#N/A", "<NA>", "-", "--", "None", "none", "NONE", "n.a.", "."};
constexpr unsigned k_certain_words = 9;  // of them, from the first on

}  // namespace

bool read_local_number(std::string_view s, LocalNumber& out) {
    const auto commas = std::count(s.begin(), s.end(), ','), points = std::count(s.begin(), s.end(), '.');
    if (commas == 0 && points < 2) return false;
    if (s.size() > 60) return false;
    out.comma_decimal = commas <= 1 && read_number_with(s, ',', '.', out.plain_of_decimal);
    out.comma_groups = commas > 0 && points <= 1 && read_number_with(s, '.', ',', out.plain_of_groups);
    return out.comma_decimal || out.comma_groups;
}

bool read_local_date(std::string_view s, LocalDate& out) {
    const std::size_t size = s.size();
    int a = take_digits(s, 4);
    const std::size_t digits = size - s.size();
    if (a < 0 || s.empty() || (s[0] != '/' && s[0] != '.' && s[0] != '-')) return false;
    out.separator = s[0];
    out.year_first = digits == 4;
    if (!out.year_first && digits > 2) return false;
    s.remove_prefix(1);
    const int b = take_digits(s, 2);
    if (b < 0 || !take(s, out.separator)) return false;
    const std::size_t before = s.size();
    const int c = take_digits(s, out.year_first ? 2 : 4);
    if (c < 0 || (!out.year_first && before - s.size() != 4)) return false;
    std::int64_t clock = 0;
    if (!s.empty()) {
        if (!take(s, ' ') && !take(s, 'T')) return false;
        if (!read_clock(s, clock, out.nanos)) return false;
        out.has_time = true;
    }
    if (out.year_first) {
        if (!is_day(a, b, c)) return false;
        out.day_first_seconds = seconds_of(a, b, c) + clock;
        return true;
    }
    out.day_first = is_day(c, b, a);
    out.month_first = is_day(c, a, b);
    out.same = a == b;
    if (out.day_first) out.day_first_seconds = seconds_of(c, b, a) + clock;
    if (out.month_first) out.month_first_seconds = seconds_of(c, a, b) + clock;
    return out.day_first || out.month_first;
}

int null_word(std::string_view s) {
    if (s.size() > 4) return -1;
    const auto at = std::find(k_words.begin(), k_words.end(), s);
    return at == k_words.end() ? -1 : static_cast<int>(at - k_words.begin());
}
std::string_view null_word_text(unsigned index) { return k_words[index]; }
bool is_certain_null_word(unsigned index) { return index < k_certain_words; }

std::string_view text_kind(std::string_view s) {
    while (s.starts_with(' ') || s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
    while (s.ends_with(' ')) s.remove_suffix(1);
    const auto number = [](std::string_view t) {
        while (t.starts_with(' ') || t.starts_with('-')) t.remove_prefix(1);
        while (t.ends_with(' ')) t.remove_suffix(1);
        return !t.empty() && is_digit(t.front()) && t.find_first_not_of("0123456789.,") == std::string_view::npos;
    };
    if (s.ends_with('%')) return number(s.substr(0, s.size() - 1)) ? "percentage" : "text";
    constexpr std::array<std::string_view, 9> k_currencies{"$",   "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "EUR",
                                                           "USD", "GBP",          "CHF",      "JPY"};
    for (const std::string_view currency : k_currencies) {
        if (s.starts_with(currency) && number(s.substr(currency.size()))) return "amount with a currency";
        if (s.ends_with(currency) && number(s.substr(0, s.size() - currency.size()))) return "amount with a currency";
    }
    return "text";
}

}  // namespace neurolake::formats
