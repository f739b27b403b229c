// lost_histories.cpp: the ids of the histories against those of the tables.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/lost_histories.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "base/json.hpp"
#include "catalog/backend.hpp"

namespace neurolake::catalog {

Result<std::vector<const model::Table*>> tables_without_history(const Catalog& catalog) {
    TRY(const std::vector<std::string> entries, catalog.entries(List::histories));
    std::unordered_set<std::string> known;
    for (const std::string& entry : entries) known.insert(id_of_entry(entry));
    std::vector<const model::Table*> lost;
    for (const model::Table& table : catalog.tables())
        if (table.deleted_at.empty() && !table.columns.empty() && !known.contains(table.id)) lost.push_back(&table);
    return lost;
}

std::vector<EntryChange> begin_again(const std::vector<const model::Table*>& tables, const std::string& now) {
    std::vector<EntryChange> changes;
    for (const model::Table* table : tables) {
        model::SchemaVersion present;
        present.version = table->schema_version;
        present.seen_at = now;
        for (const auto* columns : {&table->columns, &table->partition_columns})
            for (const model::Column& column : *columns) {
                model::Column bare;
                bare.name = column.name;
                bare.type = column.type;
                bare.nullable = column.nullable;
                present.columns.push_back(std::move(bare));
            }
        const model::SchemaHistory history{table->id, table->full_name(), {std::move(present)}};
        changes.push_back({List::histories, table->id, json::dump(model::to_json(history))});
    }
    return changes;
}

std::string lost_text(const std::vector<const model::Table*>& tables) {
    constexpr std::size_t k_named = 3;
    std::string text =
        fmt::format("the schema history of {} {} is lost:", tables.size(), tables.size() == 1 ? "table" : "tables");
    for (std::size_t i = 0; i < std::min(tables.size(), k_named); ++i)
        text +=
            fmt::format("{} {} goes on at version {}", i ? "," : "", tables[i]->full_name(), tables[i]->schema_version);
    if (tables.size() > k_named) text += fmt::format(" and {} more", tables.size() - k_named);
    return text + ", what was before is not known";
}

}  // namespace neurolake::catalog
