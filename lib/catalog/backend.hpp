// backend.hpp: the seam under the catalog: where tables and schema histories are kept.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "model/table.hpp"

namespace neurolake::catalog {

// What finds a table, known for all of them without reading the rest.
struct TableKey {
    std::string full_name, id, bucket, path;
    bool is_folder = true, alive = true;
    model::GroupingRule rule = model::GroupingRule::single_file;
};

// Applied whole or not at all, also over a crash at any point.
struct Change {
    std::vector<model::Table> tables;  // replace or add, by id
    std::vector<EntryChange> entries;
    std::optional<std::string> indexed_at;
    std::optional<Totals> totals;  // after the change; nullopt: no table changes
};

class Backend {
public:
    virtual ~Backend() = default;
    virtual const std::vector<TableKey>& keys() const = 0;  // in order of full name, alive ones first, then id
    virtual Result<model::Table> table(std::size_t key) const = 0;
    // Histories may hold versions beyond the table's current one: what a run wrote that died before it changed the
    // table.
    virtual Result<std::vector<std::string>> entries(List list) const = 0;        // ascending by id
    virtual Result<std::string> entry(List list, std::string_view id) const = 0;  // "": none
    virtual const std::string& indexed_at() const = 0;
    virtual std::optional<Totals> totals() const = 0;  // nullopt: not kept (a catalog edited by hand)
    // The table's entry as compact JSON where it lies in memory; else "", and a search parses the tables instead.
    virtual std::string_view text(std::size_t key) const = 0;
    // keys(), indexed_at() and totals() tell the new state afterwards. conflict: the catalog changed since it was read.
    virtual Status write(const Change& change) = 0;
};

// What keys() tells of a table, and their order.
TableKey key_of(const model::Table& table);
bool before(const TableKey& a, const TableKey& b);
std::string id_of_entry(std::string_view entry);  // "" when it has none

Result<std::unique_ptr<Backend>> open_json_backend(const std::filesystem::path& folder);
Status create_json_backend(const std::filesystem::path& folder);

}  // namespace neurolake::catalog
