// backend_choice.cpp: opening by name, and the traces that a catalog leaves elsewhere.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/backend_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "catalog/entries_file.hpp"
#include "catalog/postgres.hpp"
#include "catalog/sql_backend.hpp"
#include "catalog/sqlite.hpp"

namespace neurolake::catalog {

namespace fs = std::filesystem;

namespace {

Result<std::unique_ptr<SqlDatabase>> database_of(const Options& options) {
    if (options.backend == "sqlite") return sqlite_database(sqlite_file(options.folder), options.wait, options.cancel);
    if (options.lake_id.empty()) return Error(Errc::usage, "open the catalog in postgresql: the lake has no id");
    return postgres_database(options.dsn, options.lake_id);
}

Result<std::unique_ptr<SqlBackend>> open_sql(const Options& options) {
    TRY(auto database, database_of(options));
    return SqlBackend::open(std::move(database));
}

Status check_name(const Options& options) {
    if (std::ranges::find(k_backends, options.backend) != std::end(k_backends)) return {};
    return Error(Errc::usage, fmt::format("open the catalog: no backend is called \"{}\"", options.backend),
                 "the backends are json, sqlite and postgresql");
}

bool is_present(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }

// The file that tells that a backend's catalog is there; of postgresql, none.
fs::path sign_of(std::string_view backend, const fs::path& folder) {
    if (backend == "json") return json_backend_files(folder).front();
    return backend == "sqlite" ? sqlite_file(folder) : fs::path();
}

// When it was last set aside for another backend ("20261122T154025Z-2"), as long as it was damaged no later; "": never.
std::string moved_at(const fs::path& file) {
    std::string moved, damaged;
    std::error_code failed;
    for (fs::directory_iterator it(file.parent_path(), failed), end; !failed && it != end; it.increment(failed)) {
        const std::string name = it->path().filename().string(), start = file.filename().string() + ".";
        if (!name.starts_with(start)) continue;
        const std::string ending = name.substr(start.size());
        if (ending.starts_with("moved-")) moved = std::max(moved, ending.substr(6));
        if (ending.starts_with("damaged-")) damaged = std::max(damaged, ending.substr(8));
    }
    return moved < damaged ? "" : moved;
}

// Whether it is in a database or was removed is not for files to tell.
Error gone(const fs::path& sign, const std::string& what, const std::string& moved) {
    const std::string name = sign.filename().string();
    return Error(
        Errc::not_found, what + ", it was moved to another backend or removed",
        fmt::format("bring it back: neurolake catalog migrate; where no backend has it, from a backup. {0}.moved-{1} "
                    "is an older state: rename it to {0} to go on from there, or to any other name to begin "
                    "anew with neurolake catalog index --full, without the words of people and lineage",
                    name, moved),
        sign.string());
}

// A sign of another backend's catalog, which is worth asking for; "": none.
std::string other_sign(const Options& options) {
    for (const char* other : {"json", "sqlite"}) {
        if (other == options.backend || !is_present(sign_of(other, options.folder))) continue;
        Options there = options;
        there.backend = other;
        const auto holds = holds_something(there);
        if (!holds || *holds) return other;  // a damaged one is no reason to begin an empty one beside it
    }
    return "";
}

}  // namespace

Status check_not_elsewhere(const Options& options) {
    const fs::path sign = sign_of(options.backend, options.folder);
    if (!sign.empty() && is_present(sign)) return {};
    const std::string place =
        sign.empty() ? "the database holds none of this lake" : fmt::format("there is no {}", sign.filename().string());
    const std::string what = fmt::format("open the catalog in {}: {}", options.backend, place);
    if (const std::string other = other_sign(options); !other.empty())
        return Error(Errc::not_found, fmt::format("{}, the catalog is still in {}", what, other),
                     fmt::format("bring it over: neurolake catalog migrate; or go back: neurolake config set "
                                 "catalog.backend {}",
                                 other),
                     sign.string());
    if (const std::string moved = sign.empty() ? "" : moved_at(sign); !moved.empty()) return gone(sign, what, moved);
    return {};
}

Result<std::unique_ptr<Backend>> open_backend_alone(const Options& options) {
    TRY_DO(check_name(options));
    if (options.backend == "json") return open_json_backend(options.folder);
    TRY(auto sql, open_sql(options));
    return std::unique_ptr<Backend>(std::move(sql));
}

Result<std::unique_ptr<Backend>> open_backend(const Options& options) {
    TRY_DO(check_name(options));
    if (options.backend != "postgresql") {
        TRY_DO(check_not_elsewhere(options));
        return open_backend_alone(options);
    }
    TRY(auto sql, open_sql(options));
    if (!sql->there()) TRY_DO(check_not_elsewhere(options));
    return std::unique_ptr<Backend>(std::move(sql));
}

Status create_backend(const Options& options) {
    TRY_DO(check_name(options));
    if (options.backend == "json") {
        TRY_DO(check_not_elsewhere(options));
        return create_json_backend(options.folder);
    }
    TRY(auto sql, open_sql(options));
    if (sql->there()) return {};
    TRY_DO(check_not_elsewhere(options));
    return sql->create();
}

Result<bool> is_there(const Options& options) {
    TRY_DO(check_name(options));
    if (const fs::path sign = sign_of(options.backend, options.folder); !sign.empty()) return is_present(sign);
    TRY(const auto database, database_of(options));
    return has_catalog(*database);
}

Result<bool> holds_something(const Options& options) {
    TRY(const bool there, is_there(options));
    if (!there) return false;
    TRY(const auto backend, open_backend_alone(options));
    if (!backend->keys().empty() || !backend->indexed_at().empty()) return true;
    for (const List list : k_all_lists) {
        TRY(const auto entries, backend->entries(list));
        if (!entries.empty()) return true;
    }
    return false;
}

namespace {

Status rename_aside(const fs::path& file, std::string_view ending, std::vector<std::string>& done) {
    if (!is_present(file)) return {};
    const std::string from = file.filename().string(), to = fmt::format("{}.{}", from, ending);
    TRY(const Fd folder, open_folder(file.parent_path()));
    TRY_DO(rename_noreplace(folder.get(), from.c_str(), folder.get(), to.c_str()));
    TRY_DO(sync_folder(folder.get()));
    done.push_back(to);
    return {};
}

}  // namespace

Result<std::vector<std::string>> set_aside(const Options& options, std::string_view ending) {
    TRY_DO(check_name(options));
    std::vector<std::string> done;
    if (options.backend == "json") {
        for (const fs::path& file : json_backend_files(options.folder)) TRY_DO(rename_aside(file, ending, done));
    } else if (options.backend == "sqlite") {
        TRY_DO(rename_aside(sqlite_file(options.folder), ending, done));
    } else {
        TRY(const auto database, database_of(options));
        const std::string name = fmt::format("{}.{}", options.lake_id, ending);
        TRY(const bool moved, set_rows_aside(*database, name));
        if (moved) done.push_back(fmt::format("in postgresql as lake {}", name));
    }
    return done;
}

}  // namespace neurolake::catalog
