// sql_backend.hpp: the catalog as rows of a database, by SQL written once for all of them (formats/catalog.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "catalog/backend.hpp"
#include "catalog/sql.hpp"

namespace neurolake::catalog {

// The entries are kept as the json backend keeps them, byte for byte. What keys(), table() and text() tell is
// the state at opening (or after the own write); entries() and entry() look again. A writer gets conflict when anything
// of this lake's catalog changed since opening.
class SqlBackend final : public Backend {
public:
    // An empty catalog where the database holds none of this lake. unsupported: a newer program made it.
    static Result<std::unique_ptr<SqlBackend>> open(std::unique_ptr<SqlDatabase> database);
    ~SqlBackend() override;

    bool there() const;  // false: the database holds no catalog of this lake, not even an empty one
    // Keeps an empty catalog, unless one is there.
    Status create();
    const std::vector<TableKey>& keys() const override;
    Result<model::Table> table(std::size_t key) const override;
    std::string_view text(std::size_t key) const override;
    Result<std::vector<std::string>> entries(List list) const override;
    Result<std::string> entry(List list, std::string_view id) const override;
    const std::string& indexed_at() const override;
    std::optional<Totals> totals() const override;
    Status write(const Change& change) override;
    Status fill(const Contents& all) override;
    Status check() const override;

private:
    struct State;
    explicit SqlBackend(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

// Without reading the entries, of which some may be damaged.
Result<bool> has_catalog(SqlDatabase& database);
// Gives this lake's rows another name, so that the lake has none any more. False: there were none.
Result<bool> set_rows_aside(SqlDatabase& database, std::string_view new_lake);

}  // namespace neurolake::catalog
