// sql_words.hpp: names, texts and types as the SQL of several databases writes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "model/table.hpp"

namespace neurolake::exchange {

enum class SqlDialect { duckdb, postgresql, sqlite };
std::string_view to_string(SqlDialect dialect);
std::optional<SqlDialect> dialect_from(std::string_view word);

// "a ""b""": any bytes as an identifier. What is no UTF-8 becomes U+FFFD; NUL, which no database holds, is left out.
std::string quoted_name(std::string_view name);
std::string quoted_text(std::string_view text);  // 'it''s', by the same rules
std::string sql_comment(std::string_view text);  // "-- text" without what would end the line

// The type that holds every value of ours; nothing is ever cut or rounded:
// - DuckDB has them all; unknown is VARCHAR.
// - PostgreSQL: the next wider integer for unsigned ones (uint64: numeric(20)); lists of plain values are arrays, all
//   else that is nested is jsonb.
// - SQLite: INTEGER, REAL, BLOB, BOOLEAN, DECIMAL(p,s) up to 15 digits; all else is TEXT, as uint64 and longer decimals
//   would lose digits as numbers, and what is nested is JSON text.
std::string sql_type(const model::Type& type, SqlDialect dialect);

// Whether its evidence shows times finer than a microsecond, which most databases would cut.
bool is_finer_than_microseconds(const model::Column& column);
// The same for a column: times with nanoseconds are TIMESTAMP_NS in DuckDB, where it holds them (no zone, the years
// 1678 to 2261), and text elsewhere.
std::string column_type(const model::Column& column, SqlDialect dialect);

// Makes names unique in the way the database compares them (DuckDB and SQLite: without regard to case), never empty,
// and short enough (PostgreSQL: 63 bytes): "a" and "A" become "a" and "A_2".
class UniqueNames {
public:
    explicit UniqueNames(SqlDialect dialect) : m_dialect(dialect) {}
    std::string take(std::string_view wanted, std::string_view if_empty);
    bool has(std::string_view name) const { return m_taken.contains(folded(name)); }

private:
    std::string folded(std::string_view name) const;

    SqlDialect m_dialect;
    std::set<std::string> m_taken;
};

}  // namespace neurolake::exchange
