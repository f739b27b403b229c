// cmd_lineage.hpp: the members of the `lineage` family, and what they share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catalog/lineage.hpp"
#include "catalog/lineage_picture.hpp"
#include "commands.hpp"
#include "exchange/openlineage.hpp"

namespace neurolake::apps {

void add_lineage_add(CommandLine lineage, Registry& registry);
void add_lineage_remove(CommandLine lineage, Registry& registry);
void add_lineage_show(CommandLine lineage, Registry& registry);
void add_lineage_impact(CommandLine lineage, Registry& registry);
void add_lineage_cycles(CommandLine lineage, Registry& registry);
void add_lineage_jobs(CommandLine lineage, Registry& registry);
void add_lineage_export(CommandLine lineage, Registry& registry);
void add_lineage_import(CommandLine lineage, Registry& registry);

// The graph; the session's catalog must not change while it is used.
Result<catalog::Lineage> read_lineage(Session& session);

// Every bucket, also those that no settings file names.
Result<std::vector<exchange::BucketRoot>> bucket_roots(Session& session);

// What a person wrote for a dataset: a table by name or place, else something external, with a note that says so.
struct NamedDataset {
    model::DatasetRef ref;
    std::string note;  // "" for a table, a URL or a file outside the lake
};
Result<NamedDataset> dataset_named(Session& session, const catalog::Lineage& lineage, const std::string& words);
// "A,B" and "A" "B" alike; words that as a whole name a table, a dataset that has lineage, or a file, are one.
Result<std::vector<std::string>> dataset_words(Session& session, const std::vector<std::string>& given);
// A dataset that has lineage, or a table without; not_found with "did you mean".
Result<std::optional<std::size_t>> dataset_in(Session& session, const catalog::Lineage& lineage,
                                              const std::string& words);
// By its name, or "namespace:name"; not_found with "did you mean".
Result<std::string> job_named(const catalog::Lineage& lineage, const std::string& name);

// {name, kind: table|external, namespace?, id?, owner?, tier?, gone?}
json::Value dataset_json(const catalog::Lineage& lineage, std::size_t dataset);
json::Value ref_json(const catalog::LineageNames& names, const model::DatasetRef& ref);
json::Value edge_json(const catalog::Lineage& lineage, const model::LineageEdge& edge);
json::Value columns_json(const std::vector<model::ColumnLink>& columns);
// "total <- amount"; with the dataset that they come from, where it is named: "total <- raw-data.orders.amount".
std::string columns_text(const Output& out, const std::vector<model::ColumnLink>& columns,
                         const std::string& dataset = {});
void set_name(json::Value& object, const std::string& name);  // "name", and its bytes where they are not UTF-8
// A name in a line of text: jobs and datasets of other tools may hold line feeds, which a pipe would get as they are.
std::string one_line(const Output& out, std::string_view name);
std::string short_list(const std::vector<std::string>& names, std::size_t most);  // "a, b and 3 more"

}  // namespace neurolake::apps
