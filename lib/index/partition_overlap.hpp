// partition_overlap.hpp: a folder's key that is a column of the files as well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "index/grouping.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// Readers of key=value folders (Hive, DuckDB) take the folder's value for such a name, in any case of its letters, so
// the table has it once: as partition column. Takes the others out of table.columns. A finding "partition_column" for
// each key whose value may differ from what some file holds, naming the first such file.
std::vector<model::Finding> give_way_to_partitions(model::Table& table, const Group& group);

}  // namespace neurolake::index
