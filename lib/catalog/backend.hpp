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
    std::vector<model::Table> tables;             // replace or add, by id
    std::vector<model::SchemaHistory> histories;  // replace or add, by table id
    std::optional<std::string> indexed_at;
    Totals totals;  // after the change
};

class Backend {
public:
    virtual ~Backend() = default;
    virtual const std::vector<TableKey>& keys() const = 0;  // in order of full name, alive ones first, then id
    virtual Result<model::Table> table(std::size_t key) const = 0;
    // May hold versions beyond the table's current one: what a run wrote that died before it changed the table.
    virtual Result<std::optional<model::SchemaHistory>> history(std::string_view table_id) const = 0;
    virtual Result<std::vector<model::SchemaHistory>> histories() const = 0;
    virtual const std::string& indexed_at() const = 0;
    virtual std::optional<Totals> totals() const = 0;  // nullopt: not kept (a catalog edited by hand)
    // True when this table's entry holds the lower-case word, perhaps elsewhere than search looks: a quick sieve.
    virtual bool may_contain(std::size_t key, std::string_view lower_word) const = 0;
    virtual Status write(const Change& change) = 0;
};

Result<std::unique_ptr<Backend>> open_json_backend(const std::filesystem::path& folder);
Status create_json_backend(const std::filesystem::path& folder);

}  // namespace neurolake::catalog
