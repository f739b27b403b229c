// table_files.hpp: the files that a table consists of, as the last index saw them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "index/tree.hpp"
#include "session.hpp"

namespace neurolake::apps {

// Data files and stubs in path order, without those of versions that are over. None where the bucket or the inventory
// cannot be opened.
std::vector<index::File> files_of(Session& session, const model::Table& table);

}  // namespace neurolake::apps
