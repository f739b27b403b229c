// postgres.cpp: connecting in time, transactions, and errors that hold no password.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/postgres.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/text.hpp"
#include "catalog/postgres_library.hpp"

namespace neurolake::catalog {
namespace {

constexpr std::chrono::seconds k_patience{3};
constexpr const char* k_dsn_hint =
    "see that the server runs and that catalog.dsn, NEUROLAKE_CATALOG_DSN or PGHOST and its like name it; the catalog "
    "stays as it is";

struct Finish {
    const PostgresLibrary* pq;
    void operator()(PGconn* connection) const { pq->finish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finish>;

struct Clear {
    const PostgresLibrary* pq;
    void operator()(PGresult* result) const { pq->clear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

std::string without(std::string text, std::string_view secret) {
    for (std::size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != std::string::npos; at += 3)
        text.replace(at, secret.size(), "***");
    return text;
}

// libpq's messages have several lines, the first of which says it.
std::string one_line(std::string_view message) {
    std::string out;
    for (const std::string_view line : text::split(message, '\n')) {
        const std::string_view words = text::trim(line);
        if (words.empty()) continue;
        out += (out.empty() ? "" : "; ") + std::string(words);
    }
    return out;
}

// Connecting in a thread of its own: libpq's connect_timeout counts for each address anew and not for looking names up.
// It is the longer one, so that it is always our words that tell of a server that keeps silent.
struct Attempt {
    std::mutex mutex;
    std::condition_variable ended;
    PGconn* connection = nullptr;
    bool done = false, given_up = false;
};

PGconn* connect_in_time(const PostgresLibrary& pq, const std::string& dsn) {
    const auto attempt = std::make_shared<Attempt>();
    std::thread([attempt, dsn, &pq] {
        const char* names[] = {"dbname", "fallback_application_name", "connect_timeout", "client_encoding", nullptr};
        const char* values[] = {dsn.c_str(), "neurolake", "30", "UTF8", nullptr};
        const bool named = !dsn.empty();
        PGconn* made = pq.connect(named ? names : names + 1, named ? values : values + 1, 1);
        const std::lock_guard lock(attempt->mutex);
        if (attempt->given_up) return pq.finish(made);
        attempt->connection = made;
        attempt->done = true;
        attempt->ended.notify_all();
    }).detach();
    std::unique_lock lock(attempt->mutex);
    attempt->given_up = !attempt->ended.wait_for(lock, k_patience, [&] { return attempt->done; });
    return attempt->connection;
}

class Postgres final : public SqlDatabase, public SqlSession {
public:
    Postgres(std::string dsn, std::string lake_id) : m_dsn(std::move(dsn)), m_lake(std::move(lake_id)) {}

    Result<bool> read(const Read& work) override;
    Status write(const Write& work) override;
    std::string_view lake() const override { return m_lake; }
    std::string_view row_lock() const override { return " FOR UPDATE"; }
    std::string place() const override { return m_place; }
    Error damaged(std::string_view why) const override;

    Result<std::uint64_t> run(std::string_view sql, const SqlParameters& parameters) override;
    Status read(std::string_view sql, const SqlParameters& parameters, const SqlRowReader& reader) override;
    Result<bool> has_table(std::string_view name) override;

private:
    Status learn_place();
    Status connect();
    Status check_server();
    Status begin(const char* statement);
    void roll_back();
    Result<Answer> ask(std::string_view sql, const SqlParameters& parameters);
    Error cannot_connect(std::string_view why) const;
    Error failure(const PGresult* answer) const;

    const PostgresLibrary* m_pq = nullptr;
    Connection m_connection{nullptr, Finish{nullptr}};
    std::string m_dsn, m_lake, m_password;
    std::string m_place = "postgresql";
};

Error Postgres::damaged(std::string_view why) const {
    return Error(Errc::corrupt, fmt::format("read the catalog in {}: {}", m_place, why),
                 "neurolake doctor --fix gives the damaged rows another lake's name and neurolake catalog index makes "
                 "them anew");
}

Error Postgres::cannot_connect(std::string_view why) const {
    return Error(Errc::io, fmt::format("open the catalog in {}: {}", m_place, without(one_line(why), m_password)),
                 k_dsn_hint);
}

// What the connection string says, to name the server in messages and to keep the password out of them.
Status Postgres::learn_place() {
    char* complaint = nullptr;
    PQconninfoOption* options = m_dsn.empty() ? m_pq->defaults() : m_pq->parse(m_dsn.c_str(), &complaint);
    if (complaint) m_pq->free_memory(complaint);  // it may quote the password
    if (!options)
        return Error(Errc::config, "open the catalog: catalog.dsn is no connection string that libpq understands",
                     "write it as host=db.example.org dbname=lake user=me or postgresql://me@db.example.org/lake");
    std::string host, database;
    for (const PQconninfoOption* option = options; option->keyword; ++option) {
        const std::string_view keyword = option->keyword, value = option->val ? option->val : "";
        if (keyword == "password") m_password = value;
        if (keyword == "host" || (keyword == "hostaddr" && host.empty())) host = value;
        if (keyword == "port" && !host.empty() && !host.starts_with('/') && !value.empty())
            host += fmt::format(":{}", value);
        if (keyword == "dbname") database = value;
    }
    m_pq->free_parsed(options);
    m_place = "postgresql";
    if (!database.empty()) m_place += " database " + database;
    if (!host.empty()) m_place += " at " + host;
    return {};
}

Status Postgres::connect() {
    TRY(m_pq, postgres_library());
    TRY_DO(learn_place());
    m_connection = Connection(connect_in_time(*m_pq, m_dsn), Finish{m_pq});
    if (!m_connection) return cannot_connect(fmt::format("no answer within {} seconds", k_patience.count()));
    if (m_pq->status(m_connection.get()) != CONNECTION_OK) {
        Error error = cannot_connect(m_pq->error_message(m_connection.get()));
        m_connection.reset();
        return error;
    }
    if (const char* used = m_pq->password(m_connection.get()); used && *used) m_password = used;
    m_pq->set_notice_processor(
        m_connection.get(), [](void*, const char*) {}, nullptr);
    return check_server();
}

Status Postgres::check_server() {
    const char* encoding = m_pq->parameter_status(m_connection.get(), "server_encoding");
    if (!encoding || std::string_view(encoding) != "UTF8")
        return Error(
            Errc::unsupported,
            fmt::format("open the catalog in {}: the database's encoding is {}, which does not hold every name",
                        m_place, encoding ? encoding : "not known"),
            "make one with: createdb --encoding=UTF8 --template=template0 NAME");
    // A commit that was answered is on disk; a lock that another writer holds is not waited for without an end.
    for (const char* setting : {"SET synchronous_commit = on", "SET lock_timeout = '5s'"})
        if (auto done = ask(setting, {}); !done) return std::move(done).error();
    return {};
}

Error Postgres::failure(const PGresult* answer) const {
    const char* field = answer ? m_pq->error_field(answer, PG_DIAG_SQLSTATE) : nullptr;
    const std::string_view state = field ? field : "";
    const char* primary = answer ? m_pq->error_field(answer, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    const std::string why = without(one_line(primary ? primary : m_pq->error_message(m_connection.get())), m_password);
    const auto error = [&](Errc code, std::string hint) {
        return Error(code, fmt::format("the catalog in {}: {}", m_place, why), std::move(hint));
    };
    if (state == "23505" || state == "40001" ||
        state == "42P07")  // unique_violation, serialization_failure, duplicate_table
        return Error(Errc::conflict, fmt::format("write the catalog in {}: it changed since it was read", m_place),
                     "run the command again");
    if (state == "55P03" || state == "40P01") return error(Errc::locked, "another writer is at work; try again later");
    if (state == "42501")
        return error(Errc::denied, "GRANT this user the right to create and write tables in the database's schema");
    if (state == "25006") return error(Errc::denied, "connect to the server that takes writes");
    if (state.starts_with("53")) return error(Errc::full, "see to the server's room and limits");
    if (state.starts_with("XX")) return error(Errc::corrupt, "the server's own files are damaged: see its log");
    return error(Errc::io, k_dsn_hint);
}

Result<Answer> Postgres::ask(std::string_view sql, const SqlParameters& parameters) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
    Answer answer(m_pq->execute(m_connection.get(), std::string(sql).c_str(), static_cast<int>(values.size()), nullptr,
                                values.data(), nullptr, nullptr, 0),
                  Clear{m_pq});
    const auto status = answer ? m_pq->result_status(answer.get()) : PGRES_FATAL_ERROR;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failure(answer.get());
    return answer;
}

Result<std::uint64_t> Postgres::run(std::string_view sql, const SqlParameters& parameters) {
    TRY(const Answer answer, ask(sql, parameters));
    std::uint64_t changed = 0;
    for (const char* digit = m_pq->rows_changed(answer.get()); *digit; ++digit)
        changed = changed * 10 + static_cast<std::uint64_t>(*digit - '0');
    return changed;
}

Status Postgres::read(std::string_view sql, const SqlParameters& parameters, const SqlRowReader& reader) {
    TRY(const Answer answer, ask(sql, parameters));
    SqlRow row(static_cast<std::size_t>(m_pq->columns(answer.get())));
    for (int i = 0; i < m_pq->rows(answer.get()); ++i) {
        for (std::size_t c = 0; c < row.size(); ++c) {
            const int column = static_cast<int>(c);
            row[c].reset();
            if (!m_pq->is_null(answer.get(), i, column))
                row[c].emplace(m_pq->value(answer.get(), i, column),
                               static_cast<std::size_t>(m_pq->length(answer.get(), i, column)));
        }
        TRY_DO(reader(row));
    }
    return {};
}

Result<bool> Postgres::has_table(std::string_view name) {
    bool found = false;
    TRY_DO(read("SELECT 1 WHERE to_regclass($1) IS NOT NULL", {std::string(name)}, [&](const SqlRow&) {
        found = true;
        return Status();
    }));
    return found;
}

// The first statement after a pause: a connection that the server or a firewall cut meanwhile is made again.
Status Postgres::begin(const char* statement) {
    if (m_connection) {
        auto begun = ask(statement, {});
        if (begun) return {};
        if (m_pq->status(m_connection.get()) == CONNECTION_OK) return std::move(begun).error();
    }
    TRY_DO(connect());
    auto begun = ask(statement, {});
    return begun ? Status{} : Status(std::move(begun).error());
}

void Postgres::roll_back() {
    if (auto undone = ask("ROLLBACK", {}); !undone)
        m_connection.reset();  // the server rolls back what it lost sight of
}

Result<bool> Postgres::read(const Read& work) {
    TRY_DO(begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    Status done = work(*this);
    roll_back();
    TRY_DO(done);
    return true;
}

Status Postgres::write(const Write& work) {
    TRY_DO(begin("BEGIN ISOLATION LEVEL READ COMMITTED"));
    // Also where the lake has no row to lock yet.
    auto alone = ask("SELECT pg_advisory_xact_lock(1313621068, hashtext($1))", {m_lake});
    auto keep = alone ? work(*this) : Result<bool>(std::move(alone).error());
    if (!keep || !*keep) {
        roll_back();
        return keep ? Status{} : Status(std::move(keep).error());
    }
    auto committed = ask("COMMIT", {});
    if (committed) return {};
    Error error = std::move(committed).error();
    if (m_pq->status(m_connection.get()) != CONNECTION_OK)
        error.hint =
            "the server was lost while the change was being committed, so it is not known whether it counts; "
            "either way nothing is half done: run the command again";
    m_connection.reset();
    return error;
}

}  // namespace

std::unique_ptr<SqlDatabase> postgres_database(std::string dsn, std::string lake_id) {
    return std::make_unique<Postgres>(std::move(dsn), std::move(lake_id));
}

}  // namespace neurolake::catalog
