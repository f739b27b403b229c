// sql_names.cpp: own names first, numbers and endings where they would mean something else.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/sql_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::exchange {
namespace {

// Databases that are always there: "temp"."t" could then be a table of that database, and DuckDB refuses the name.
constexpr std::string_view k_duckdb_databases[] = {"memory", "system", "temp"};

std::string name_of(SqlDialect dialect) {
    return dialect == SqlDialect::duckdb ? "DuckDB" : dialect == SqlDialect::sqlite ? "SQLite" : "PostgreSQL";
}

}  // namespace

// No bucket has an underscore in its name.
std::string SqlNames::schema_of(const std::string& bucket) const {
    const bool taken = m_dialect == SqlDialect::duckdb &&
                       std::ranges::find(k_duckdb_databases, bucket) != std::end(k_duckdb_databases);
    return taken ? bucket + "_bucket" : bucket;
}

SqlNames::Name SqlNames::take(const model::Table& table) {
    const bool flat = m_dialect == SqlDialect::sqlite;
    const std::string schema = flat ? "" : schema_of(table.bucket), wanted = flat ? table.full_name() : table.name;
    UniqueNames& names = m_tables.try_emplace(schema, m_dialect).first->second;
    const bool another = names.has(wanted);
    const std::string name = names.take(wanted, "table");
    Name out{flat ? "" : quoted_name(schema), quoted_name(name), ""};
    if (!flat) out.whole = out.schema + "." + out.whole;
    if (name != wanted)
        out.why = another ? fmt::format("{} cannot tell its own name from that of another table", name_of(m_dialect))
                          : fmt::format("{} does not take its own name", name_of(m_dialect));
    else if (!flat && schema != table.bucket)
        out.why = fmt::format("DuckDB has a database called {}", table.bucket);
    return out;
}

std::string renamed_comment(const model::Table& table, const SqlNames::Name& name) {
    if (name.why.empty()) return {};
    return sql_comment(fmt::format("{} is {} here: {}", table.full_name(), name.whole, name.why)) + "\n";
}

}  // namespace neurolake::exchange
