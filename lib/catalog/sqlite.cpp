// sqlite.cpp: snapshots, the transaction in memory, and the replacement of the file.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/file.hpp"
#include "catalog/entries_file.hpp"

namespace neurolake::catalog {
namespace {

constexpr sqlite3_int64 k_largest = sqlite3_int64{64} << 30;

struct CloseDatabase {
    void operator()(sqlite3* database) const { ::sqlite3_close(database); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Error damaged_file(const std::filesystem::path& file, std::string_view why) {
    return Error(Errc::corrupt, fmt::format("read the catalog file {}: {}", file.filename().string(), why),
                 k_damage_hint, file.string());
}

Error sqlite_error(sqlite3* database, int code, const std::filesystem::path& file, std::string_view what) {
    const char* why = database ? ::sqlite3_errmsg(database) : ::sqlite3_errstr(code);
    const auto error = [&](Errc errc, std::string hint) {
        return Error(errc, fmt::format("{} the catalog file {}: {}", what, file.filename().string(), why),
                     std::move(hint), file.string());
    };
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
            return damaged_file(file, why);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return error(Errc::locked, fmt::format("another program writes it (which: fuser -v {}); end that, or wait "
                                                   "for it with --wait=10m",
                                                   file.string()));
        case SQLITE_FULL:
            return error(Errc::full, "make room, then run the command again");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return error(Errc::denied, "chown or chmod it");
        case SQLITE_CANTOPEN:
            return error(Errc::denied, "see whether this user may read and write it");
        default:
            return error(Errc::io, "");
    }
}

class SqliteSession final : public SqlSession {
public:
    SqliteSession(sqlite3* database, const std::filesystem::path& file, std::string_view what)
        : m_database(database), m_file(file), m_what(what) {}

    Result<std::uint64_t> run(std::string_view sql, const SqlParameters& parameters) override {
        TRY_DO(read(sql, parameters, [](const SqlRow&) { return Status(); }));
        return static_cast<std::uint64_t>(::sqlite3_changes64(m_database));
    }

    Status read(std::string_view sql, const SqlParameters& parameters, const SqlRowReader& reader) override {
        sqlite3_stmt* made = nullptr;
        int code = ::sqlite3_prepare_v2(m_database, sql.data(), static_cast<int>(sql.size()), &made, nullptr);
        const Statement statement(made);
        for (std::size_t i = 0; code == SQLITE_OK && i < parameters.size(); ++i) {
            const auto& text = parameters[i];
            const int place = static_cast<int>(i + 1);
            code = text ? ::sqlite3_bind_text64(made, place, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8)
                        : ::sqlite3_bind_null(made, place);
        }
        if (code != SQLITE_OK) return sqlite_error(m_database, code, m_file, m_what);
        while ((code = ::sqlite3_step(made)) == SQLITE_ROW) TRY_DO(reader(row_of(made)));
        return code == SQLITE_DONE ? Status{} : Status(sqlite_error(m_database, code, m_file, m_what));
    }

    Result<bool> has_table(std::string_view name) override {
        bool found = false;
        TRY_DO(read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", {std::string(name)},
                    [&](const SqlRow&) {
                        found = true;
                        return Status();
                    }));
        return found;
    }

private:
    SqlRow& row_of(sqlite3_stmt* statement) {
        m_row.assign(static_cast<std::size_t>(::sqlite3_column_count(statement)), std::nullopt);
        for (std::size_t i = 0; i < m_row.size(); ++i) {
            const int column = static_cast<int>(i);
            const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(statement, column));
            if (text) m_row[i].emplace(text, static_cast<std::size_t>(::sqlite3_column_bytes(statement, column)));
        }
        return m_row;
    }

    sqlite3* m_database;
    const std::filesystem::path& m_file;
    std::string_view m_what;
    SqlRow m_row;
};

std::string percent_encoded(std::string_view path) {
    std::string out;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::strchr("/._~-", c) != nullptr;
        out += plain && c ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<Handle> open_file_database(const std::filesystem::path& file, int flags, bool immutable) {
    const std::string uri = fmt::format("file:{}{}", percent_encoded(std::filesystem::absolute(file).string()),
                                        immutable ? "?immutable=1" : "");
    sqlite3* made = nullptr;
    const int code = ::sqlite3_open_v2(uri.c_str(), &made, flags | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE, nullptr);
    Handle handle(made);
    if (code != SQLITE_OK) return sqlite_error(made, code, file, "open");
    return handle;
}

Result<std::optional<Identity>> identity_if_there(const std::filesystem::path& path) {
    auto identity = identity_of_path(path);
    if (identity) return std::optional(*identity);
    if (identity.error().code == Errc::not_found) return std::optional<Identity>{};
    return std::move(identity).error();
}

bool same_bytes(const std::optional<Identity>& a, const std::optional<Identity>& b) {
    if (!a || !b) return !a && !b;
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

// Another program's unfinished change or write-ahead log: then only SQLite itself knows what counts.
bool has_side_file(const std::filesystem::path& file) {
    for (const char* ending : {"-journal", "-wal"}) {
        const auto side = identity_of_path(file.string() + ending);
        if (side && side->size > 0) return true;
    }
    return false;
}

// SQLite takes a lock that fails for one that somebody else holds, so the file system is asked directly.
Status check_locks(const std::filesystem::path& file) {
    TRY(const AtomicFile probe, AtomicFile::create(file, 0600));  // never committed: it goes when this function ends
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = 0x40000000;  // where SQLite's own locks lie
    range.l_len = 512;
    if (::fcntl(probe.fd(), F_SETLK, &range) == 0) return {};
    const int failed = errno;
    return Error(Errc::unsupported,
                 fmt::format("write the catalog file {}: locks do not work on this file system ({})",
                             file.filename().string(), std::strerror(failed)),
                 "the sqlite backend needs them: set catalog.storage_path to a folder on a local disk, or keep the "
                 "catalog in json, which needs none: neurolake catalog migrate --to json",
                 file.string());
}

// How long a lock that another program holds is waited for, asked by SQLite again and again.
struct Patience {
    std::chrono::milliseconds wait;
    const CancelFlag* cancel;
    std::chrono::steady_clock::time_point since{};

    bool cancelled() const { return cancel != nullptr && cancel->cancelled(); }
    static int again(void* self, int times) {
        auto& patience = *static_cast<Patience*>(self);
        const auto now = std::chrono::steady_clock::now();
        if (times == 0) patience.since = now;
        if (patience.cancelled() || now - patience.since >= patience.wait) return 0;
        std::this_thread::sleep_for(std::min(patience.wait, std::chrono::milliseconds(20)));
        return 1;
    }
};

class Sqlite final : public SqlDatabase {
public:
    Sqlite(std::filesystem::path file, std::chrono::milliseconds wait, const CancelFlag* cancel)
        : m_file(std::move(file)), m_patience{wait, cancel} {}

    Result<bool> read(const Read& work) override;
    Status write(const Write& work) override;
    std::string_view lake() const override { return "this"; }
    std::string_view row_lock() const override { return ""; }
    std::string place() const override { return m_file.filename().string(); }
    Error damaged(std::string_view why) const override { return damaged_file(m_file, why); }
    Status check() override;

private:
    Result<bool> open_reader();
    Status take_lock(sqlite3* database);
    Result<Handle> lock_file();
    Result<Handle> copy_in_memory(sqlite3* locked);
    Status replace(sqlite3* changed, bool there);

    std::filesystem::path m_file;
    Patience m_patience;
    Handle m_reader;
    std::optional<Identity> m_read_as;
};

// The file that is there now; false: none.
Result<bool> Sqlite::open_reader() {
    TRY(const std::optional<Identity> now, identity_if_there(m_file));
    if (m_reader && same_bytes(now, m_read_as) && !has_side_file(m_file)) return true;
    m_reader.reset();
    if (!now) return false;
    if (now->size == 0) return damaged("it is empty");
    TRY(m_reader, open_file_database(m_file, SQLITE_OPEN_READONLY, !has_side_file(m_file)));
    m_read_as = now;
    SqliteSession session(m_reader.get(), m_file, "read");
    TRY(const bool ours, session.has_table("neurolake_schema"));
    return ours ? Result<bool>(true) : damaged("it is no catalog of neurolake");
}

Result<bool> Sqlite::read(const Read& work) {
    TRY(const bool there, open_reader());
    if (!there) return false;
    SqliteSession session(m_reader.get(), m_file, "read");
    TRY_DO(session.read("BEGIN", {}, {}));
    const Status done = work(session);
    const Status ended = session.read("ROLLBACK", {}, {});
    TRY_DO(done);
    TRY_DO(ended);
    return true;
}

Status Sqlite::take_lock(sqlite3* database) {
    SqliteSession session(database, m_file, "write");
    Status taken = session.read("PRAGMA journal_mode = DELETE", {}, [](const SqlRow&) { return Status(); });
    if (taken) taken = session.read("BEGIN IMMEDIATE", {}, {});
    if (taken || taken.error().code != Errc::locked) return taken;
    if (m_patience.cancelled()) return Error(Errc::cancelled, "waiting for another program was cancelled");
    Error late = std::move(taken).error();
    late.message += fmt::format(", after {} s", std::chrono::ceil<std::chrono::seconds>(m_patience.wait).count());
    return late;
}

// SQLite's lock on the file, held until the handle closes. Null: there is no file.
Result<Handle> Sqlite::lock_file() {
    while (true) {
        TRY(const std::optional<Identity> before, identity_if_there(m_file));
        if (!before) return Handle();
        if (before->size == 0) return damaged("it is empty");
        TRY(Handle handle, open_file_database(m_file, SQLITE_OPEN_READWRITE, false));
        ::sqlite3_busy_handler(handle.get(), &Patience::again, &m_patience);
        TRY_DO(take_lock(handle.get()));
        TRY(const std::optional<Identity> after, identity_if_there(m_file));
        if (after && after->dev == before->dev && after->ino == before->ino) return handle;
    }  // the file was replaced while we waited
}

Result<Handle> Sqlite::copy_in_memory(sqlite3* locked) {
    sqlite3* made = nullptr;
    int code = ::sqlite3_open_v2(":memory:", &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    Handle memory(made);
    if (code != SQLITE_OK) return sqlite_error(made, code, m_file, "write");
    if (!locked) return memory;
    sqlite3_int64 size = 0;
    unsigned char* bytes = ::sqlite3_serialize(locked, "main", &size, 0);
    if (!bytes) return sqlite_error(locked, ::sqlite3_extended_errcode(locked), m_file, "read");
    code = ::sqlite3_deserialize(memory.get(), "main", bytes, size, size,
                                 SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (code != SQLITE_OK) return sqlite_error(memory.get(), code, m_file, "read");
    sqlite3_int64 limit = k_largest;
    ::sqlite3_file_control(memory.get(), "main", SQLITE_FCNTL_SIZE_LIMIT, &limit);
    return memory;
}

Status Sqlite::replace(sqlite3* changed, bool there) {
    sqlite3_int64 size = 0;
    unsigned char* bytes = ::sqlite3_serialize(changed, "main", &size, SQLITE_SERIALIZE_NOCOPY);
    const std::unique_ptr<unsigned char, decltype(&::sqlite3_free)> copy(
        bytes ? nullptr : ::sqlite3_serialize(changed, "main", &size, 0), &::sqlite3_free);
    if (!bytes) bytes = copy.get();
    if (!bytes) return sqlite_error(changed, SQLITE_NOMEM, m_file, "write");
    const std::string_view text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    auto done = write_file_atomic(m_file, text, 0666, there ? Overwrite::yes : Overwrite::no);
    if (!done && done.error().code == Errc::already_exists)
        return Error(Errc::conflict, fmt::format("write the catalog in {}: it changed since it was read", place()),
                     "run the command again", m_file.string());
    return std::move(done).with_context("write the catalog");
}

Status Sqlite::write(const Write& work) {
    m_reader.reset();  // closing it later would free SQLite's locks on the same file
    TRY_DO(make_folders(m_file.parent_path()));
    TRY_DO(check_locks(m_file));
    TRY(const Handle locked, lock_file());
    TRY(const Handle memory, copy_in_memory(locked.get()));
    SqliteSession session(memory.get(), m_file, "write");
    TRY_DO(session.read("BEGIN", {}, {}));
    TRY(const bool keep, work(session));
    if (!keep) return {};
    TRY_DO(session.read("COMMIT", {}, {}));
    return replace(memory.get(), locked != nullptr);
}

Status Sqlite::check() {
    TRY(const bool there, open_reader());
    if (!there) return {};
    SqliteSession session(m_reader.get(), m_file, "check");
    return session.read("PRAGMA integrity_check(1)", {}, [&](const SqlRow& row) -> Status {
        if (row[0] && *row[0] == "ok") return {};
        return damaged(row[0].value_or("it is damaged"));
    });
}

}  // namespace

std::filesystem::path sqlite_file(const std::filesystem::path& folder) { return folder / "catalog.db"; }

std::unique_ptr<SqlDatabase> sqlite_database(const std::filesystem::path& file, std::chrono::milliseconds wait,
                                             const CancelFlag* cancel) {
    return std::make_unique<Sqlite>(file, wait, cancel);
}

Status read_sqlite_file(const std::filesystem::path& file, const SqlDatabase::Read& work) {
    TRY_DO(identity_of_path(file));
    const std::string name = file.filename().string();
    if (has_side_file(file))
        return Error(Errc::unsupported, fmt::format("read {}: its newest changes lie in a file beside it", name),
                     "close the program that writes it, or take a copy with: sqlite3 " + name + " \".backup copy.db\"",
                     file.string());
    TRY(const Handle handle, open_file_database(file, SQLITE_OPEN_READONLY, true));
    SqliteSession session(handle.get(), file, "read");
    Status done = session.read("PRAGMA trusted_schema = OFF", {}, [](const SqlRow&) { return Status(); });
    if (done) done = work(session);
    if (done || done.error().code != Errc::corrupt) return done;
    Error error = done.error();
    error.hint = "look for a copy of the file in a backup";
    return error;
}

}  // namespace neurolake::catalog
