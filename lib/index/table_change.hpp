// table_change.hpp: what an index run tells of one table: new, changed (in what), gone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "index/index.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// `before`: null or a tombstone for a new table. Schema changes are the caller's to add.
TableChange change_of(const model::Table& table, const model::Table* before);
// What the next schema version changes, and what that breaks.
void tell_version(TableChange& change, const model::SchemaVersion& version, const model::Table& table,
                  const model::Table& before);
TableChange change_of_gone(const model::Table& table);

}  // namespace neurolake::index
