// sqlite.hpp: the catalog's database as one file, catalog.db, which is replaced whole by each write.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "base/workers.hpp"
#include "catalog/sql.hpp"

namespace neurolake::catalog {

std::filesystem::path sqlite_file(const std::filesystem::path& folder);  // catalog.db

// SQLite 3 (its file format: sqlite.org/fileformat2.html). A write takes SQLite's own lock on the file, which keeps
// other programs out, changes a copy in memory in one transaction, and puts it in the file's place as every file of the
// lake is written: whole, fsynced, renamed. So a plain copy of the folder never catches half a change, a death leaves
// the old or the new file and no journal to roll back, and readers take no lock, wait for nobody and write nothing,
// also on network and read-only file systems. The price: a write costs as much as writing the file anew.
// unsupported with advice where the file system's locks fail; locked when another program holds the file for longer
// than `wait`, cancelled when the flag is set meanwhile.
std::unique_ptr<SqlDatabase> sqlite_database(const std::filesystem::path& file, std::chrono::milliseconds wait,
                                             const CancelFlag* cancel);

// The database of another program, whatever it holds: `work` sees it as it stands, nothing is ever written or locked,
// and what its schema says is not trusted with functions. not_found; corrupt for what is no sound database; unsupported
// while that program's unfinished change or write-ahead log lies beside it.
Status read_sqlite_file(const std::filesystem::path& file, const SqlDatabase::Read& work);

}  // namespace neurolake::catalog
