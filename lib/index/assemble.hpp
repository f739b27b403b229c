// assemble.hpp: from a group of profiled files to a table of the catalog, and what changed since the last one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "index/grouping.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// The table that a group makes. `before`: the table it continues (same place, or its files moved), tombstones included;
// null for a new one. The id, first_seen and a person's words are kept. Columns that hold no value now keep the type
// they were known to have. indexed_at is left as it was when nothing else changed.
model::Table assemble(const std::string& bucket, const std::string& name, const Group& group,
                      const model::Table* before, const std::string& now);

// The table without the descriptions that files gave of their own columns, where there are any: those are as the files
// say now.
std::optional<model::Table> without_own_words(const model::Table& table, const Group& group);

// The next schema version when columns or partition columns changed; nullopt when they did not. The first version of a
// new table has no changes.
std::optional<model::SchemaVersion> next_version(const model::Table& table, const model::Table* before,
                                                 const std::string& now);

}  // namespace neurolake::index
