// postgres.hpp: the catalog's database on a PostgreSQL server, in which several lakes may keep their catalogs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "catalog/sql.hpp"

namespace neurolake::catalog {

// `dsn` is libpq's connection string, keyword/value or URI (PostgreSQL 15 manual, 34.1.1); what it leaves out comes
// from libpq's environment (PGHOST ...), service and password files. Connects when first used: io after 3 seconds
// without an answer. Readers have one snapshot (REPEATABLE READ), a writer one transaction, committed with
// synchronous_commit on and waited for. A connection that broke since its last use is made again, once. When it breaks
// while a change is being committed, nobody knows whether the change was made; the error says so.
std::unique_ptr<SqlDatabase> postgres_database(std::string dsn, std::string lake_id);

}  // namespace neurolake::catalog
