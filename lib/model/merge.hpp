// merge.hpp: columns of several files become the columns of one table; evidence adds up and stays true.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "model/table.hpp"

namespace neurolake::model {

// One column of two files. Types widen; where that would be text, numbers count by their evidence: an int64 of 1..99
// goes together with a double, or a decimal of 20 digits behind the point. Counts add; min and max are values of the
// wider type, and dropped when they do not carry over (numbers or dates seen as text). The reason is that of the first
// side that forced the final type; when neither did alone, it names both files. `a` is the earlier file, so merging in
// path order does not depend on which file was read first.
Column merge(const Column& a, const Column& b);

// Columns of the earlier files, then new ones of `more` at the end, matched by name. A column absent on one side
// becomes nullable.
void merge_into(std::vector<Column>& columns, const std::vector<Column>& more);

// Compares two values as the type orders them: numbers by value, instants by time, all else by bytes. <0, 0, >0.
int compare_values(const Type& type, std::string_view a, std::string_view b);

// True when `to` holds every value of the column, as its type and evidence tell: integers and decimals of at most 15
// digits are values of a double, too.
bool holds_values(const Type& to, const Column& from);

}  // namespace neurolake::model
