// imported_lineage.hpp: edges and jobs of other catalogs in this lake's lineage.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/lineage.hpp"
#include "migrate/foreign.hpp"

namespace neurolake::migrate {

// Names of another catalog -> the tables here that they stand for. All others are external data sets of that name.
using TablesByName = std::map<std::string, const model::Table*>;

inline constexpr std::string_view k_imported_namespace = "imported";  // of their jobs

// Only what is new: taking the same over again changes nothing.
Result<catalog::LineageChange> take_lineage(const catalog::Lineage& known, const Foreign& foreign,
                                            const TablesByName& tables, const std::string& now);

// Edges that end at the name of one of these tables, while it was none, end at the table from now on.
catalog::LineageChange follow_tables(const catalog::Lineage& known, const TablesByName& tables);

}  // namespace neurolake::migrate
