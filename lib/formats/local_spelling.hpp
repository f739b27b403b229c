// local_spelling.hpp: numbers and dates as people of one country write them: 1.234,56 and 31/12/2024.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace neurolake::formats {

// Digits with a comma, or with more than one point. What comma and point mean is open where both readings are there.
struct LocalNumber {
    bool comma_groups = false;    // may be 1,234.56: a comma between groups of three digits
    bool comma_decimal = false;   // may be 1.234,56
    std::string plain_of_groups;  // each reading as digits and one point
    std::string plain_of_decimal;
};
bool read_local_number(std::string_view s, LocalNumber& out);

// d/m/y, m/d/y or y/m/d with / . or -, and maybe a time of day: h:mm[:ss[.f]] [AM|PM].
struct LocalDate {
    bool year_first = false;
    bool day_first = false, month_first = false;  // which readings are days of the calendar
    bool same = false;                            // both readings are one day
    bool has_time = false;
    char separator = '/';
    std::int64_t day_first_seconds = 0, month_first_seconds = 0;  // since 1970; the former also of y/m/d
    std::uint32_t nanos = 0;
};
bool read_local_date(std::string_view s, LocalDate& out);

// Which of the words that stand for "no value" it is: an index below k_null_words, or -1.
inline constexpr unsigned k_null_words = 16;
int null_word(std::string_view s);
std::string_view null_word_text(unsigned index);
// A word that no language uses for anything else.
bool is_certain_null_word(unsigned index);

// What a text that is no value by itself looks like: "text", "percentage", "amount with a currency".
std::string_view text_kind(std::string_view s);

}  // namespace neurolake::formats
