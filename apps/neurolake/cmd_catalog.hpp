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
void add_catalog_import(CLI::App& catalog, Registry& registry);
void add_catalog_migrate(CLI::App& catalog, Registry& registry);
void add_catalog_head(CLI::App& catalog, Registry& registry);
void add_catalog_search(CLI::App& catalog, Registry& registry);
void add_catalog_prove(CLI::App& catalog, Registry& registry);
void add_catalog_diff(CLI::App& catalog, Registry& registry);
void add_catalog_compatibility(CLI::App& catalog, Registry& registry);
void add_catalog_tag(CLI::App& catalog, Registry& registry);
void add_catalog_describe(CLI::App& catalog, Registry& registry);
void add_catalog_owner(CLI::App& catalog, Registry& registry);
void add_catalog_glossary(CLI::App& catalog, Registry& registry);
void add_catalog_pii(CLI::App& catalog, Registry& registry);

// The table that a command is about, and one or more of them (tables_meant).
void add_table(CLI::App& app, std::string& table);
void add_tables(CLI::App& app, std::string& tables);

}  // namespace neurolake::apps
