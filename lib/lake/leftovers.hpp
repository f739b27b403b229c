// leftovers.hpp: temporaries of writers that were killed (.NAME.nl-tmp-RANDOM, see base/file.hpp), and removing them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lake/inventory.hpp"
#include "lake/lake.hpp"

namespace neurolake::lake {

bool is_leftover(std::string_view name);

// Paths inside the bucket, from the inventory: looks only into folders that hold anything ignored.
std::vector<std::string> leftovers_of(const InventoryBuilder& next, std::string_view bucket);

// The caller holds the lake lock. Removes the file beneath root_fd unless somebody has it open for writing (asked of
// the kernel by a lease; where it grants none, a file younger than an hour stays). True when it is gone.
bool remove_leftover(int root_fd, const std::string& path);

// The same in the lake's own folders (home, config, catalog, state, logs): what was removed, relative to home.
std::vector<std::string> remove_leftovers(const Layout& layout);

}  // namespace neurolake::lake
