// sql.hpp: the seam between the catalog's SQL and a database: one snapshot to read, one transaction to write.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace neurolake::catalog {

using SqlParameters = std::vector<std::optional<std::string>>;  // text; nullopt: NULL
using SqlRow = std::vector<std::optional<std::string_view>>;    // valid until the next row
using SqlRowReader = std::function<Status(const SqlRow&)>;

// What runs inside one transaction. Statements are SQL that SQLite and PostgreSQL both understand; parameters are $1,
// $2 ... and first appear in this order (SQLite numbers them so), each of a text or cast to its type.
class SqlSession {
public:
    virtual ~SqlSession() = default;
    virtual Result<std::uint64_t> run(std::string_view sql, const SqlParameters& parameters = {}) = 0;  // rows changed
    virtual Status read(std::string_view sql, const SqlParameters& parameters, const SqlRowReader& reader) = 0;
    virtual Result<bool> has_table(std::string_view name) = 0;
};

// Errors: conflict when another writer was faster, locked when it did not end, corrupt for a damaged database file,
// io when a server cannot be reached; no message holds a password.
class SqlDatabase {
public:
    using Read = std::function<Status(SqlSession&)>;
    using Write = std::function<Result<bool>(SqlSession&)>;  // false: nothing changed, keep nothing

    virtual ~SqlDatabase() = default;
    // False where there is nothing to read yet; `work` does not run then. All of its statements see the same state.
    virtual Result<bool> read(const Read& work) = 0;
    // Whole or not at all, also over a crash at any point, and durable at the end. `work` sees the newest state, and
    // nobody else changes it meanwhile. Makes the database where there is none.
    virtual Status write(const Write& work) = 0;
    virtual std::string_view lake() const = 0;      // what the rows of this lake say in their column lake
    virtual std::string_view row_lock() const = 0;  // ends a SELECT of rows that will be changed
    virtual std::string place() const = 0;          // for messages: "catalog.db"
    virtual Error damaged(std::string_view why) const = 0;
    virtual Status check() { return {}; }  // what only the database itself can tell
};

}  // namespace neurolake::catalog
