// moved_tables.hpp: tables follow their files to other folders and buckets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "index/grouping.hpp"
#include "index/reading.hpp"

namespace neurolake::index {

// A table to be, and the table it continues: on entry what the catalog holds at its place, tombstones included.
struct Seat {
    const Group* group = nullptr;
    const model::Table* before = nullptr;
    std::string_view bucket;
};

// Whether nothing keeps a table where it is: no file of it lies there any more, as far as this run can tell.
using MayLeave = std::function<bool(const model::Table& table)>;

// A renamed folder keeps its table: more than half of the new table's files were files of one old table that has no
// place of its own any more. A place belongs to the table that was there as long as that did not move elsewhere itself:
// folders that change places take their tables along.
void continue_moved_tables(std::vector<Seat>& seats, const Moves& moves, const catalog::Catalog& catalog,
                           const MayLeave& may_leave);

}  // namespace neurolake::index
