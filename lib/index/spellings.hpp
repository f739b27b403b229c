// spellings.hpp: what the columns of text files say of how their values are written, where several files meet.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/profile.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// In which order the dates of a column are written; `any` where day and month are alike in all of them, `none` where
// nothing says it (no dates, or of a format that has a type for them).
enum class DateOrder { none, any, iso, year_first, day_first, month_first };

// formats tells it in the reason of the column: the words are pinned by tests/unit/index/spellings_test.cpp.
DateOrder date_order(const model::Column& column);
std::string_view to_string(DateOrder order);

// Two files whose dates no one order reads.
bool clash(DateOrder a, DateOrder b);

// What stands before the fractions of a column of delimited text: surely a comma; or a point that may as well stand
// between thousands, as in 1.234, in all of them (`open`). `none`: anything else.
enum class DecimalMark { none, open, comma };
DecimalMark decimal_mark(const model::Column& column, const formats::WrittenAs* written);

// Words for no value (NA, NULL ...) that the file's values left no other meaning, and in how many rows they stand.
struct NullWords {
    std::string words;  // "NA, NULL"; "" = none
    std::uint64_t rows = 0;
};
NullWords null_words(const model::Column& column);

// Nothing but such words, or but empty texts in quotes: text on its own, but not where other files show what the column
// holds.
bool only_null_words(const model::Column& column);

}  // namespace neurolake::index
