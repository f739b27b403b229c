// cmd_catalog.hpp: the members of the `catalog` family, and what they share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catalog/catalog.hpp"
#include "commands.hpp"

namespace neurolake::apps {

void add_catalog_index(CLI::App& catalog, Registry& registry);
void add_catalog_tables(CLI::App& catalog, Registry& registry);
void add_catalog_show(CLI::App& catalog, Registry& registry);
void add_catalog_schema(CLI::App& catalog, Registry& registry);
void add_catalog_history(CLI::App& catalog, Registry& registry);
void add_catalog_explain(CLI::App& catalog, Registry& registry);
void add_catalog_export(CLI::App& catalog, Registry& registry);
void add_catalog_head(CLI::App& catalog, Registry& registry);
void add_catalog_search(CLI::App& catalog, Registry& registry);

}  // namespace neurolake::apps
