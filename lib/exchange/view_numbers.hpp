// view_numbers.hpp: numbers of a JSON file that DuckDB hands out in other words than they stand there.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exchange/views.hpp"

namespace neurolake::exchange {

// Where the rows of a JSON file are.
struct JsonPlace {
    std::size_t depth = 1;  // brackets that are open inside a row; 0: each value is one, or each of the outer list
    std::string list;       // the member of the outermost object that holds the rows; "" = none does
    bool features = false;  // GeoJSON: the columns are the members of "properties", and "id" and "geometry"
};

// What must stay of the numbers of a column.
enum class Digits {
    any,      // its type says what a number is, or there are none
    value,    // the value: in nested columns
    spelling  // every character: in a column of text 1.50 and 1.5 are two values
};
struct NumberColumn {
    std::string name;
    Digits keep = Digits::any;
};
// Of each column of the file's, from its types and its evidence.
std::vector<NumberColumn> number_columns(const formats::Profile& profile, const model::Table& table);

// Reads the whole file (1 MiB at a time) unless no column needs it. unsupported, with the number and its column, for
// the first number that would not stay, or when the file is not here to be looked at.
Status check_numbers(const ViewFile& file, const JsonPlace& place, const std::vector<NumberColumn>& columns);

// Does DuckDB write the JSON number `token` in a column of text as it stands?
bool keeps_spelling(std::string_view token);
// Is it the same number for a double, or without a fraction?
bool keeps_value(std::string_view token);

}  // namespace neurolake::exchange
