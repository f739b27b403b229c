// sql_rows.hpp: the tables of the database and how entries become their rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql.hpp"

namespace neurolake::catalog {

// False: the database holds nothing of ours yet. unsupported: a newer program made it. corrupt: half of it is gone.
Result<bool> check_schema(SqlSession& sql, const SqlDatabase& database);
// Makes the tables where there are none.
Status make_schema(SqlSession& sql, const SqlDatabase& database);

// The key of an entry in its column id: the id itself, or a digest of one that is too long for an index or holds what
// a database does not take.
Result<std::string> row_key(std::string_view id);

class SqlRows {
public:
    explicit SqlRows(const SqlDatabase& database) : m_lake(database.lake()) {}
    // Replaces or adds by id; no id comes twice. True where a row became another one.
    Result<bool> put_tables(SqlSession& sql, const std::vector<std::string>& entries) const;
    Result<bool> drop_tables(SqlSession& sql, const std::vector<std::string>& ids) const;
    Result<bool> change_entries(SqlSession& sql, const std::vector<EntryChange>& changes) const;

private:
    std::string m_lake;
};

}  // namespace neurolake::catalog
