// lost_histories.hpp: tables whose schema versions are no longer known, and how their history begins again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"

namespace neurolake::catalog {

// Living tables with columns of which no version is kept, though a table gets its first one when it is first written:
// the file of the histories was lost, or brought back from another time. By full name.
Result<std::vector<const model::Table*>> tables_without_history(const Catalog& catalog);

// For Catalog::change_entries: each history begins with the table's present version, seen at `now`; the ones before it
// stay lost.
std::vector<EntryChange> begin_again(const std::vector<const model::Table*>& tables, const std::string& now);

// "the schema history of 2 tables is lost: the versions before 3 of raw-data.t and before 1 of raw-data.u ..."
std::string lost_text(const std::vector<const model::Table*>& tables);

}  // namespace neurolake::catalog
