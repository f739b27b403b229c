// sql_backend.cpp: the statements, and what is read into memory at opening.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql_backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "catalog/entry_checksum.hpp"
#include "catalog/sql_rows.hpp"
#include "catalog/table_entries.hpp"

namespace neurolake::catalog {
namespace {

// What stands in neurolake_catalogs.
struct Head {
    std::string state;  // a new random word with each change; "": no catalog of this lake
    std::string indexed_at;
    std::optional<Totals> totals;
};

Result<std::uint64_t> number(const std::optional<std::string_view>& text) {
    std::uint64_t value = 0;
    for (const char c : text.value_or("")) {
        if (c < '0' || c > '9') return Error(Errc::corrupt, fmt::format("\"{}\" is no number", *text));
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

Result<Head> read_head(SqlSession& sql, const SqlDatabase& database, std::string_view lock) {
    Head head;
    const std::string query =
        fmt::format("SELECT state, indexed_at, table_count, row_count FROM neurolake_catalogs WHERE lake = $1{}", lock);
    TRY_DO(sql.read(query, {std::string(database.lake())}, [&](const SqlRow& row) -> Status {
        head.state = row[0].value_or("");
        head.indexed_at = row[1].value_or("");
        if (row[2] && row[3]) {
            TRY(const std::uint64_t tables, number(row[2]));
            TRY(const std::uint64_t rows, number(row[3]));
            head.totals = Totals{tables, rows};
        }
        return {};
    }));
    return head;
}

Status write_head(SqlSession& sql, const SqlDatabase& database, const Head& head) {
    const auto count = [&](std::uint64_t Totals::*member) {
        return head.totals ? std::optional(std::to_string(*head.totals.*member)) : std::nullopt;
    };
    auto done = sql.run(
        "INSERT INTO neurolake_catalogs (lake, state, indexed_at, table_count, row_count) "
        "VALUES ($1, $2, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT)) "
        "ON CONFLICT (lake) DO UPDATE SET state = excluded.state, indexed_at = excluded.indexed_at, "
        "table_count = excluded.table_count, row_count = excluded.row_count",
        {std::string(database.lake()), head.state, head.indexed_at, count(&Totals::tables), count(&Totals::rows)});
    return done ? Status{} : Status(std::move(done).error());
}

// Whether an entry is the one that was written: else it must at least be what it should be.
bool is_exact(const SqlRow& row) { return row[0] && row[1] && checksum_of(*row[0]) == *row[1]; }

}  // namespace

struct SqlBackend::State {
    std::unique_ptr<SqlDatabase> database;
    Head head;
    std::vector<std::string> texts;  // m_tables is a view on them
    TableEntries tables;
    mutable std::mutex mutex;  // of the database: readers may come from several threads

    Status load();
    Status take_tables(std::vector<std::string> entries, bool check_all);
    Status read_lists(const std::string& where, SqlParameters parameters, const SqlRowReader& reader) const;
    Status write(const std::function<Result<bool>(SqlSession&)>& work, Head next, std::vector<std::string> tables);
};

Status SqlBackend::State::take_tables(std::vector<std::string> entries, bool check_all) {
    texts = std::move(entries);
    auto loaded = tables.load({texts.begin(), texts.end()}, check_all);
    return loaded ? Status{} : Status(database->damaged(loaded.error().message));
}

Status SqlBackend::State::load() {
    Head found;
    std::vector<std::string> entries;
    bool exact = true;
    auto done = database->read([&](SqlSession& sql) -> Status {
        TRY(const bool known, check_schema(sql, *database));
        if (!known) return {};
        TRY(found, read_head(sql, *database, ""));
        return sql.read("SELECT entry, checksum FROM neurolake_tables WHERE lake = $1", {std::string(database->lake())},
                        [&](const SqlRow& row) -> Status {
                            exact = exact && is_exact(row);
                            entries.emplace_back(row[0].value_or(""));
                            return {};
                        });
    });
    if (!done) return std::move(done).error();
    head = std::move(found);
    return take_tables(std::move(entries), !exact);
}

Result<std::unique_ptr<SqlBackend>> SqlBackend::open(std::unique_ptr<SqlDatabase> database) {
    auto state = std::make_unique<State>();
    state->database = std::move(database);
    TRY_DO(state->load());
    return std::unique_ptr<SqlBackend>(new SqlBackend(std::move(state)));
}

SqlBackend::SqlBackend(std::unique_ptr<State> state) : m_state(std::move(state)) {}
SqlBackend::~SqlBackend() = default;

bool SqlBackend::there() const { return !m_state->head.state.empty(); }
const std::vector<TableKey>& SqlBackend::keys() const { return m_state->tables.keys(); }
std::string_view SqlBackend::text(std::size_t key) const { return m_state->tables.entry(key); }
const std::string& SqlBackend::indexed_at() const { return m_state->head.indexed_at; }
std::optional<Totals> SqlBackend::totals() const { return m_state->head.totals; }

Result<model::Table> SqlBackend::table(std::size_t key) const {
    auto parsed = m_state->tables.table(key);
    if (!parsed) return m_state->database->damaged(parsed.error().message);
    return parsed;
}

// Columns entry, checksum.
Status SqlBackend::State::read_lists(const std::string& where, SqlParameters parameters,
                                     const SqlRowReader& reader) const {
    const std::lock_guard lock(mutex);
    auto done = database->read([&](SqlSession& sql) -> Status {
        TRY(const bool known, check_schema(sql, *database));
        if (!known) return {};
        return sql.read("SELECT entry, checksum FROM neurolake_entries WHERE lake = $1 AND list = $2" + where,
                        parameters, [&](const SqlRow& row) -> Status {
                            if (!is_exact(row))
                                if (auto parsed = json::parse(row[0].value_or("")); !parsed)
                                    return database->damaged(parsed.error().message);
                            return reader(row);
                        });
    });
    return done ? Status{} : Status(std::move(done).error());
}

Result<std::vector<std::string>> SqlBackend::entries(List list) const {
    std::map<std::string, std::string> by_id;  // in our order, whatever the database's collation
    TRY_DO(m_state->read_lists("", {std::string(m_state->database->lake()), std::string(name_of(list))},
                               [&](const SqlRow& row) -> Status {
                                   by_id[id_of_entry(*row[0])] = *row[0];
                                   return {};
                               }));
    std::vector<std::string> all;
    all.reserve(by_id.size());
    for (auto& [id, entry] : by_id) all.push_back(std::move(entry));
    return all;
}

Result<std::string> SqlBackend::entry(List list, std::string_view id) const {
    TRY(std::string key, row_key(id));
    std::string found;
    TRY_DO(m_state->read_lists(" AND id = $3",
                               {std::string(m_state->database->lake()), std::string(name_of(list)), std::move(key)},
                               [&](const SqlRow& row) -> Status {
                                   found = *row[0];
                                   return {};
                               }));
    return found;
}

// Locks the lake's row, so that of two writers the second waits and then finds that it is too late.
Status SqlBackend::State::write(const std::function<Result<bool>(SqlSession&)>& work, Head next,
                                std::vector<std::string> tables_after) {
    const std::lock_guard lock(mutex);
    bool kept = false;
    next.state = random_hex(8);
    auto written = database->write([&](SqlSession& sql) -> Result<bool> {
        TRY_DO(make_schema(sql, *database));
        TRY(const Head now, read_head(sql, *database, database->row_lock()));
        if (now.state != head.state)
            return Error(Errc::conflict,
                         fmt::format("write the catalog in {}: it changed since it was read", database->place()),
                         "run the command again");
        TRY(const bool changed, work(sql));
        kept = changed || head.state.empty() || next.indexed_at != head.indexed_at || !(next.totals == head.totals);
        if (kept) TRY_DO(write_head(sql, *database, next));
        return kept;
    });
    if (!written || !kept) return written;
    head = std::move(next);
    return take_tables(std::move(tables_after), false);
}

Status SqlBackend::create() {
    if (there()) return {};
    return m_state->write([](SqlSession&) -> Result<bool> { return true; }, {}, {});
}

Status SqlBackend::write(const Change& change) {
    Head next = m_state->head;
    if (change.indexed_at) next.indexed_at = *change.indexed_at;
    if (change.totals) next.totals = change.totals;
    std::map<std::string_view, const model::Table*> by_id;  // the last one of the same id counts
    for (const model::Table& table : change.tables) by_id[table.id] = &table;
    std::vector<std::string> changed;
    for (const auto& [id, table] : by_id) changed.push_back(json::dump(model::to_json(*table)));
    auto after = m_state->tables.after(change);
    const SqlRows rows(*m_state->database);
    return m_state->write(
        [&](SqlSession& sql) -> Result<bool> {
            TRY(const bool tables, rows.put_tables(sql, changed));
            TRY(const bool forgotten, rows.drop_tables(sql, change.forgotten));
            TRY(const bool entries, rows.change_entries(sql, change.entries));
            return tables || forgotten || entries;
        },
        std::move(next), std::move(after));
}

Status SqlBackend::fill(const Contents& all) {
    const SqlRows rows(*m_state->database);
    return m_state->write(
        [&](SqlSession& sql) -> Result<bool> {
            TRY_DO(rows.put_tables(sql, all.tables));
            std::vector<EntryChange> changes;
            for (const auto& [list, entries] : all.lists)
                for (const std::string& entry : entries) changes.push_back({list, id_of_entry(entry), entry});
            TRY_DO(rows.change_entries(sql, changes));
            return true;
        },
        {{}, all.indexed_at, all.totals}, all.tables);
}

Status SqlBackend::check() const {
    const std::lock_guard lock(m_state->mutex);
    return m_state->database->check();
}

Result<bool> has_catalog(SqlDatabase& database) {
    Head head;
    auto done = database.read([&](SqlSession& sql) -> Status {
        TRY(const bool known, check_schema(sql, database));
        if (!known) return {};
        TRY(head, read_head(sql, database, ""));
        return {};
    });
    if (!done) return std::move(done).error();
    return !head.state.empty();
}

Result<bool> set_rows_aside(SqlDatabase& database, std::string_view new_lake) {
    TRY(const bool there, has_catalog(database));
    if (!there) return false;
    auto renamed = database.write([&](SqlSession& sql) -> Result<bool> {
        for (const char* table : {"neurolake_catalogs", "neurolake_tables", "neurolake_entries"}) {
            auto done = sql.run(fmt::format("UPDATE {} SET lake = $1 WHERE lake = $2", table),
                                {std::string(new_lake), std::string(database.lake())});
            if (!done) return std::move(done).error();
        }
        return true;
    });
    TRY_DO(renamed);
    return true;
}

}  // namespace neurolake::catalog
