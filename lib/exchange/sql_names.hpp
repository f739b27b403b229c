// sql_names.hpp: what the schemas and tables of a script are called, where a database does not take the lake's names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "exchange/exchange.hpp"

namespace neurolake::exchange {

// "bucket"."table" for each table of one script. Another name where the database could not tell the own one apart: a
// number behind a table of which only case makes two, "_bucket" behind a bucket that is called as one of DuckDB's
// databases. In SQLite, which has no schemas, the bucket is part of the table's name.
class SqlNames {
public:
    explicit SqlNames(SqlDialect dialect) : m_dialect(dialect) {}

    struct Name {
        std::string schema, whole;  // quoted; schema "": the dialect has none
        std::string why;            // why it is not the lake's own name; "": it is
    };
    // Each table is asked for once.
    Name take(const model::Table& table);

private:
    std::string schema_of(const std::string& bucket) const;

    SqlDialect m_dialect;
    std::map<std::string, UniqueNames> m_tables;  // by schema
};

// For the script: "-- raw-data.orders is "raw-data"."orders_2" here: ...", with a line end; "" for an own name.
std::string renamed_comment(const model::Table& table, const SqlNames::Name& name);

}  // namespace neurolake::exchange
