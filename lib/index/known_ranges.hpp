// known_ranges.hpp: the smallest and greatest values of columns that a person's word no longer hides.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "index/profile_store.hpp"
#include "index/tree.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// Gives columns that are not about people the bounds they lack, as the next index would: from the profiles of the
// table's files (all of them, in path order) and the values of its partitions. No data file is read. A column stays
// without bounds where the profiles know none, or tell otherwise of it than the table does: they may be of content
// that the catalog has not taken in.
void show_known_ranges(model::Table& table, std::vector<File> files, const ProfileStore& store);

}  // namespace neurolake::index
