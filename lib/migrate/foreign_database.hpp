// foreign_database.hpp: the older catalog that is an SQLite database, as JSON that the readers take.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake::migrate {

bool is_sqlite_file(std::string_view beginning);  // by its first 16 bytes

// {"database": {"datasets": [{column: text or null}], "columns": [...], ...}}: the tables that are known, in order of
// their keys. usage for a database without datasets; else as catalog::read_sqlite_file.
Result<json::Value> read_database(const std::filesystem::path& file);

}  // namespace neurolake::migrate
