// copied_tables.hpp: a table whose files were copied elsewhere and removed (mv to another file system) is the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "index/moved_tables.hpp"
#include "index/profile_store.hpp"
#include "lake/inventory.hpp"

namespace neurolake::index {

// What is known of the content of files that are gone, by bucket and path: taken before the profiles are written anew.
using GonePrints = std::map<std::pair<std::string, std::string>, std::string>;
GonePrints prints_of_gone(const lake::Scan& scan, const ProfileStore& profiles);

// A table all of whose files are gone, and a place without a living table whose files have the same sizes, columns,
// counts and bounds: the table continues there. Only where one table and one place are so alike; empty files say
// nothing.
void continue_copied_tables(std::vector<Seat>& seats, const GonePrints& gone, const catalog::Catalog& catalog,
                            const MayLeave& may_leave);

}  // namespace neurolake::index
