// sql_test.cpp: names, types and CREATE TABLE in three databases' words.
// SPDX-License-Identifier: Apache-2.0
#include "lake_fixture.hpp"

using namespace neurolake;
using namespace neurolake::exchange;
using neurolake::tests::CatalogOf;
using neurolake::tests::column;
using neurolake::tests::table;

namespace {

std::string type_in(std::string_view type, SqlDialect dialect) {
    return sql_type(model::parse_type(type).value(), dialect);
}

std::string ddl(const CatalogOf& catalog, SqlDialect dialect) {
    return catalog.text([&](const Content& content, const Sink& sink) -> Status {
        TRY_DO(write_ddl(content, dialect, sink));
        return {};
    });
}

}  // namespace

TEST_CASE("names and texts are quoted whatever stands in them", "[exchange]") {
    CHECK(quoted_name("plain") == R"("plain")");
    CHECK(quoted_name(R"(a"b)") == R"("a""b")");
    CHECK(quoted_text("it's") == "'it''s'");
    CHECK(quoted_text(std::string_view("a\0b\xff", 4)) == "'ab\xEF\xBF\xBD'");
    CHECK(sql_comment("two\nlines\r; DROP TABLE x") == "-- two lines ; DROP TABLE x");
}

TEST_CASE("each type becomes one that holds all its values", "[exchange]") {
    using enum SqlDialect;
    CHECK(type_in("uint64", duckdb) == "UBIGINT");
    CHECK(type_in("uint64", postgresql) == "numeric(20)");
    CHECK(type_in("uint64", sqlite) == "TEXT");
    CHECK(type_in("uint32", postgresql) == "bigint");
    CHECK(type_in("decimal(38,10)", duckdb) == "DECIMAL(38,10)");
    CHECK(type_in("decimal(15,2)", sqlite) == "DECIMAL(15,2)");
    CHECK(type_in("decimal(16,2)", sqlite) == "TEXT");
    CHECK(type_in("list<int64>", duckdb) == "BIGINT[]");
    CHECK(type_in("list<int64>", postgresql) == "bigint[]");
    CHECK(type_in("list<list<int64>>", postgresql) == "jsonb");
    CHECK(type_in("list<int64>", sqlite) == "TEXT");
    CHECK(type_in("map<text,double>", duckdb) == "MAP(VARCHAR, DOUBLE)");
    CHECK(type_in("struct<a:int64,A:text,\"q\\\"\":list<date>>", duckdb) ==
          R"(STRUCT("a" BIGINT, "A_2" VARCHAR, "q""" DATE[]))");
    CHECK(type_in("struct<a:int64>", postgresql) == "jsonb");
    CHECK(type_in("unknown", duckdb) == "VARCHAR");
}

TEST_CASE("times finer than a microsecond have a type that holds them", "[exchange]") {
    using enum SqlDialect;
    auto time = column("t", "timestamp");
    time.evidence.min = "2024-01-02 03:04:05.5";
    time.evidence.max = "2024-01-02 03:04:05.123456";
    CHECK(column_type(time, duckdb) == "TIMESTAMP");
    time.evidence.max = "2024-01-02 03:04:05.123456789";
    CHECK(column_type(time, duckdb) == "TIMESTAMP_NS");
    CHECK(column_type(time, postgresql) == "text");
    CHECK(column_type(time, sqlite) == "TEXT");
    time.evidence.min = "0001-01-01 00:00:00";  // 64 bits of nanoseconds end at 1677
    CHECK(column_type(time, duckdb) == "VARCHAR");
    time = column("t", "timestamp");
    time.evidence.longest = 29;  // the finest one is neither the first nor the last
    CHECK(column_type(time, postgresql) == "text");
    auto instant = column("t", "timestamp_tz");
    CHECK(column_type(instant, duckdb) == "TIMESTAMPTZ");
    instant.evidence.max = "2024-01-02 03:04:05.1234567Z";
    CHECK(column_type(instant, duckdb) == "VARCHAR");
    CHECK(column_type(instant, postgresql) == "text");
}

TEST_CASE("a table with more columns than the database takes is named in a comment", "[exchange]") {
    std::vector<model::Column> columns;
    for (int i = 0; i < 1601; ++i) columns.push_back(column("c" + std::to_string(i), "int64"));
    auto wide = table("raw-data", "wide", columns);
    for (int i = 0; i < 400; ++i) columns.push_back(column("d" + std::to_string(i), "int64"));
    const CatalogOf catalog({wide, table("raw-data", "wider", columns)});
    const std::string postgresql = ddl(catalog, SqlDialect::postgresql), sqlite = ddl(catalog, SqlDialect::sqlite);
    CHECK(postgresql.find(
              "-- raw-data.wide: no table, its 1,601 columns are more than the 1,600 that postgresql takes") !=
          std::string::npos);
    CHECK(postgresql.find("CREATE TABLE") == std::string::npos);
    CHECK(sqlite.find("CREATE TABLE \"raw-data.wide\"") != std::string::npos);
    CHECK(sqlite.find("-- raw-data.wider: no table, its 2,001 columns") != std::string::npos);
    const std::string duckdb = ddl(catalog, SqlDialect::duckdb);
    CHECK(duckdb.find("CREATE TABLE \"raw-data\".\"wider\"") != std::string::npos);
}

TEST_CASE("names are unique as the database compares them, and short enough", "[exchange]") {
    UniqueNames duckdb(SqlDialect::duckdb);
    CHECK(duckdb.take("a", "x") == "a");
    CHECK(duckdb.take("A", "x") == "A_2");
    CHECK(duckdb.take("a", "x") == "a_3");
    CHECK(duckdb.take("", "column4") == "column4");
    UniqueNames postgresql(SqlDialect::postgresql);
    CHECK(postgresql.take("a", "x") == "a");
    CHECK(postgresql.take("A", "x") == "A");
    const std::string longest(62, 'n');
    CHECK(postgresql.take(longest + "ä", "x") == longest);  // not half a character
    CHECK(postgresql.take(longest + "äb", "x") == longest.substr(0, 61) + "_2");
}

TEST_CASE("DDL names schema, columns, comments, and what has no columns", "[exchange]") {
    auto orders = table("raw-data", "orders", {column("id", "int64"), column("tags", "list<text>")});
    orders.partition_columns = {column("year", "int64")};
    orders.partition_columns[0].nullable = false;
    orders.description = "What people's carts held";
    orders.columns[0].description = "the order";
    orders.columns[1].pii = true;
    orders.columns[1].semantic = "email";
    const CatalogOf catalog({orders, table("raw-data", "notes_txt", {})});
    CHECK(ddl(catalog, SqlDialect::postgresql) ==
          R"sql(-- The tables of a lake for postgresql: neurolake catalog export --format ddl --dialect postgresql

BEGIN;

-- raw-data.notes_txt: its columns are not known

CREATE SCHEMA IF NOT EXISTS "raw-data";

CREATE TABLE "raw-data"."orders" (
    "id" bigint,
    "tags" text[], -- list<text>
    "year" bigint NOT NULL
);
COMMENT ON TABLE "raw-data"."orders" IS 'What people''s carts held';
COMMENT ON COLUMN "raw-data"."orders"."id" IS 'the order';
COMMENT ON COLUMN "raw-data"."orders"."tags" IS 'personal data: email';

COMMIT;
)sql");
    CHECK(ddl(catalog, SqlDialect::sqlite).find(R"sql(
CREATE TABLE "raw-data.orders" (
    "id" INTEGER, -- the order
    "tags" TEXT, -- personal data: email [list<text>]
    "year" INTEGER NOT NULL
);
-- What people's carts held
)sql") != std::string::npos);
}
