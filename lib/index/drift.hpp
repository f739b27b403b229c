// drift.hpp: how the files of one table differ: columns that some lack, types that do not fit together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "index/tree.hpp"
#include "model/table.hpp"

namespace neurolake::index {

enum class ColumnDrift { tell, expected };

// Each difference once, with the names of two files and how many files are like the second: "column_drift" (a warning:
// a file's columns are not those of most files, once for each way in which they differ, from the fourth way on in one;
// not told where it is expected) and for each column "type_drift" (a
// warning: only text or JSON holds both types), "date_order" (a warning: no order of day, month and year reads the
// dates of both), "decimal_mark" (a warning: numbers such as 1.234 in one file may be 1234, as another has decimal
// commas) and "null_words" (a note: words for no value in one file count as text because of another). Files without
// columns (empty, unreadable) take no part. Paths begin with the bucket.
std::vector<model::Finding> drift(const std::string& bucket, const std::vector<const File*>& files,
                                  ColumnDrift columns);

// What such a finding of the table in this folder says apart from which files show it, in which row, and how many: the
// columns and their types. Where that stays, nothing new is found.
std::string gist(const model::Finding& finding, const std::string& folder);

}  // namespace neurolake::index
