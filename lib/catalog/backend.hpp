// backend.hpp: the seam under the catalog: where tables and schema histories are kept.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
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
    std::vector<model::Table> tables;    // replace or add, by id
    std::vector<std::string> forgotten;  // ids of tables that go
    std::vector<EntryChange> entries;
    std::optional<std::string> indexed_at;
    std::optional<Totals> totals;  // after the change; nullopt: no table changes
};

// All that a catalog holds, as it is kept.
struct Contents {
    std::string indexed_at;
    std::optional<Totals> totals;
    std::vector<std::string> tables;                 // in the order of keys()
    std::map<List, std::vector<std::string>> lists;  // each ascending by id; none empty
    friend bool operator==(const Contents&, const Contents&) = default;
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
    // For a catalog that holds nothing: takes everything over, whole or not at all.
    virtual Status fill(const Contents& all) = 0;
    // What the storage can tell of itself, beyond the entries: corrupt where it is damaged.
    virtual Status check() const { return {}; }
};

// What keys() tells of a table, and their order.
TableKey key_of(const model::Table& table);
bool before(const TableKey& a, const TableKey& b);
std::string id_of_entry(std::string_view entry);  // "" when it has none
Result<Contents> contents_of(const Backend& backend);
std::string_view name_of(List list);  // "histories"

// The default backend. A missing tables.json is an empty catalog.
Result<std::unique_ptr<Backend>> open_json_backend(const std::filesystem::path& folder);
Status create_json_backend(const std::filesystem::path& folder);
std::vector<std::filesystem::path> json_backend_files(const std::filesystem::path& folder);  // tables.json the first

}  // namespace neurolake::catalog
