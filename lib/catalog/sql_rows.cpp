// sql_rows.cpp: the schema, and many rows with one statement.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "catalog/backend.hpp"
#include "catalog/entry_checksum.hpp"

namespace neurolake::catalog {
namespace {

constexpr std::string_view k_version = "1";

// The key columns of neurolake_tables are for people and other programs; this program reads the entries alone.
constexpr std::string_view k_schema[] = {
    "CREATE TABLE neurolake_schema (version BIGINT NOT NULL)",
    "CREATE TABLE neurolake_catalogs (lake TEXT PRIMARY KEY, state TEXT NOT NULL, indexed_at TEXT NOT NULL, "
    "table_count BIGINT, row_count BIGINT)",
    "CREATE TABLE neurolake_tables (lake TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, bucket TEXT NOT NULL, "
    "path TEXT NOT NULL, format TEXT NOT NULL, row_count BIGINT NOT NULL, deleted_at TEXT NOT NULL, "
    "checksum TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (lake, id))",
    "CREATE TABLE neurolake_entries (lake TEXT NOT NULL, list TEXT NOT NULL, id TEXT NOT NULL, "
    "checksum TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (lake, list, id))",
};

constexpr std::size_t k_rows_a_statement = 200;  // one trip to a server each; SQLite takes 32,766 parameters at most
constexpr std::size_t k_longest_key = 512;       // PostgreSQL's indexes take some 2,700 bytes

// ($1, $2), ($3, $4) ...; `casts` names the columns that are no text.
std::string values_list(std::size_t rows, std::size_t columns, std::size_t number_column) {
    std::string out;
    std::size_t parameter = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        out += row ? ", (" : "(";
        for (std::size_t column = 0; column < columns; ++column) {
            const std::string one = fmt::format("${}", ++parameter);
            out += column ? ", " : "";
            out += column == number_column ? fmt::format("CAST({} AS BIGINT)", one) : one;
        }
        out += ")";
    }
    return out;
}

struct BulkInsert {
    std::string_view head, tail;
    std::size_t columns, number_column;
};

constexpr std::size_t k_no_number = ~std::size_t{0};
constexpr BulkInsert k_put_tables{
    "INSERT INTO neurolake_tables (lake, id, name, bucket, path, format, row_count, deleted_at, checksum, entry) "
    "VALUES ",
    " ON CONFLICT (lake, id) DO UPDATE SET name = excluded.name, bucket = excluded.bucket, path = excluded.path, "
    "format = excluded.format, row_count = excluded.row_count, deleted_at = excluded.deleted_at, "
    "checksum = excluded.checksum, entry = excluded.entry WHERE neurolake_tables.entry <> excluded.entry",
    10, 6};
constexpr BulkInsert k_put_entries{
    "INSERT INTO neurolake_entries (lake, list, id, checksum, entry) VALUES ",
    " ON CONFLICT (lake, list, id) DO UPDATE SET checksum = excluded.checksum, entry = excluded.entry "
    "WHERE neurolake_entries.entry <> excluded.entry",
    5, k_no_number};

Result<std::uint64_t> insert_all(SqlSession& sql, const BulkInsert& insert, const SqlParameters& all) {
    std::uint64_t changed = 0;
    const std::size_t step = k_rows_a_statement * insert.columns;
    for (std::size_t from = 0; from < all.size(); from += step) {
        const std::size_t to = std::min(all.size(), from + step);
        const SqlParameters some(all.begin() + static_cast<std::ptrdiff_t>(from),
                                 all.begin() + static_cast<std::ptrdiff_t>(to));
        const std::string values = values_list(some.size() / insert.columns, insert.columns, insert.number_column);
        TRY(const std::uint64_t one, sql.run(fmt::format("{}{}{}", insert.head, values, insert.tail), some));
        changed += one;
    }
    return changed;
}

// Text that a database takes into a column: no NUL.
std::string plain(std::string text) {
    std::erase(text, '\0');
    return text;
}

}  // namespace

Result<bool> check_schema(SqlSession& sql, const SqlDatabase& database) {
    TRY(const bool there, sql.has_table("neurolake_schema"));
    if (!there) return false;
    std::string version;
    TRY_DO(sql.read("SELECT version FROM neurolake_schema", {}, [&](const SqlRow& row) -> Status {
        version = row[0].value_or("");
        return {};
    }));
    if (version == k_version) return true;
    if (version.empty()) return database.damaged("it does not say its version");
    return Error(Errc::unsupported,
                 fmt::format("open the catalog in {}: its version is {}, this program knows {}", database.place(),
                             version, k_version),
                 "use a newer neurolake");
}

Status make_schema(SqlSession& sql, const SqlDatabase& database) {
    TRY(const bool there, check_schema(sql, database));
    if (there) return {};
    for (const std::string_view statement : k_schema)
        if (auto done = sql.run(statement); !done) return std::move(done).error();
    auto done = sql.run(fmt::format("INSERT INTO neurolake_schema (version) VALUES ({})", k_version));
    return done ? Status{} : Status(std::move(done).error());
}

Result<std::string> row_key(std::string_view id) {
    const bool simple = id.size() <= k_longest_key && std::all_of(id.begin(), id.end(), [](char c) {
                            return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
                        });
    if (simple && !id.starts_with("sha256:")) return std::string(id);
    TRY(const Sha256Digest digest, sha256(id));
    return "sha256:" + to_hex(digest);
}

Result<bool> SqlRows::put_tables(SqlSession& sql, const std::vector<std::string>& entries) const {
    SqlParameters all;
    for (const std::string& entry : entries) {
        TRY(const json::Value table, json::parse(entry));
        TRY(std::string key, row_key(table.text("id")));
        all.emplace_back(m_lake);
        all.emplace_back(std::move(key));
        for (const char* member : {"name", "bucket", "path", "format"}) all.emplace_back(plain(table.text(member)));
        all.emplace_back(std::to_string(std::min<std::uint64_t>(table.natural("rows"), INT64_MAX)));
        all.emplace_back(plain(table.text("deleted_at")));
        all.emplace_back(checksum_of(entry));
        all.emplace_back(entry);
    }
    TRY(const std::uint64_t changed, insert_all(sql, k_put_tables, all));
    return changed > 0;
}

Result<bool> SqlRows::drop_tables(SqlSession& sql, const std::vector<std::string>& ids) const {
    std::uint64_t dropped = 0;
    for (const std::string& id : ids) {
        TRY(std::string key, row_key(id));
        TRY(const std::uint64_t gone,
            sql.run("DELETE FROM neurolake_tables WHERE lake = $1 AND id = $2", {m_lake, std::move(key)}));
        dropped += gone;
    }
    return dropped > 0;
}

Result<bool> SqlRows::change_entries(SqlSession& sql, const std::vector<EntryChange>& changes) const {
    std::map<std::pair<List, std::string_view>, const EntryChange*> last;  // of the same entry, the last change counts
    for (const EntryChange& change : changes) last[{change.list, change.id}] = &change;
    SqlParameters puts;
    std::uint64_t changed = 0;
    for (const auto& [place, change] : last) {
        TRY(std::string key, row_key(change->id));
        if (!change->entry) {
            TRY(const std::uint64_t gone,
                sql.run("DELETE FROM neurolake_entries WHERE lake = $1 AND list = $2 AND id = $3",
                        {m_lake, std::string(name_of(change->list)), std::move(key)}));
            changed += gone;
            continue;
        }
        puts.emplace_back(m_lake);
        puts.emplace_back(std::string(name_of(change->list)));
        puts.emplace_back(std::move(key));
        puts.emplace_back(checksum_of(*change->entry));
        puts.emplace_back(*change->entry);
    }
    TRY(const std::uint64_t put, insert_all(sql, k_put_entries, puts));
    return changed + put > 0;
}

}  // namespace neurolake::catalog
