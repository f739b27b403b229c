// table_columns.hpp: the columns of a table's files become the table's columns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "index/grouping.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// Merged in path order (model/merge.hpp), so that a table has the types that one file with all its rows would have:
// dates that are written in different orders are text, and so are numbers with decimal commas in one file and numbers
// such as 1.234 alone in another; numbers of which one double would not hold all digits are decimals; words for no
// value are values where the column is text because of another file, and a file that holds nothing else decides no
// type. Rows of a file that lacks a column are null there.
std::vector<model::Column> merged_columns(const Group& group);

}  // namespace neurolake::index
