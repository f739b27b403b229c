// cmd_catalog.hpp: the members of the `catalog` family, and what they share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catalog/catalog.hpp"
#include "commands.hpp"

namespace neurolake::apps {

void add_catalog_index(CommandLine catalog, Registry& registry);
void add_catalog_tables(CommandLine catalog, Registry& registry);
void add_catalog_show(CommandLine catalog, Registry& registry);
void add_catalog_schema(CommandLine catalog, Registry& registry);
void add_catalog_history(CommandLine catalog, Registry& registry);
void add_catalog_explain(CommandLine catalog, Registry& registry);
void add_catalog_export(CommandLine catalog, Registry& registry);
void add_catalog_import(CommandLine catalog, Registry& registry);
void add_catalog_forget(CommandLine catalog, Registry& registry);
void add_catalog_migrate(CommandLine catalog, Registry& registry);
void add_catalog_head(CommandLine catalog, Registry& registry);
void add_catalog_search(CommandLine catalog, Registry& registry);
void add_catalog_prove(CommandLine catalog, Registry& registry);
void add_catalog_diff(CommandLine catalog, Registry& registry);
void add_catalog_compatibility(CommandLine catalog, Registry& registry);
void add_catalog_tag(CommandLine catalog, Registry& registry);
void add_catalog_describe(CommandLine catalog, Registry& registry);
void add_catalog_owner(CommandLine catalog, Registry& registry);
void add_catalog_glossary(CommandLine catalog, Registry& registry);
void add_catalog_pii(CommandLine catalog, Registry& registry);

// The table that a command is about, and one or more of them (tables_meant).
void add_table(CommandLine app, std::string& table);
void add_tables(CommandLine app, std::string& tables);

}  // namespace neurolake::apps
