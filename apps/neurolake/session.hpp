// session.hpp: composition root: opens settings, lake, catalog, inventory and store when a command first asks for them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/workers.hpp"
#include "config/config.hpp"
#include "lake/cloud_list.hpp"
#include "lake/inventory.hpp"
#include "lake/lake.hpp"
#include "output.hpp"

namespace neurolake::apps {

// The flags every command understands, before or after its name.
struct Globals {
    std::optional<std::string> home;
    OutputOptions output;
    bool yes = false;
    bool dry_run = false;  // set when the command has --dry-run and it was given
    std::optional<Time> now;
    std::chrono::milliseconds wait{0};
    std::vector<std::pair<std::string, std::string>> overrides;  // --set key=value
    std::string command;                                         // "bucket create", for logs and the lock
};

// One command's run. Everything is opened lazily and once; pointers stay valid as long as the session. Getters return
// the same error again when asked again after a failure.
class Session {
public:
    Session(Globals globals, Output& out, const CancelFlag& cancel);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    Output& out() { return m_out; }
    const Globals& globals() const { return m_globals; }
    bool dry_run() const { return m_globals.dry_run; }
    const Clock& clock() const { return *m_clock; }
    Time now() const { return m_clock->now(); }
    const CancelFlag& cancel() const { return m_cancel; }
    Status check_cancelled() const;  // cancelled once a signal arrived

    void use_home(std::string path) { m_globals.home = std::move(path); }  // before anything was opened
    Result<const config::Home*> home();
    Result<const lake::Lake*> lake();  // no_lake with the advice to run init
    Result<const config::Config*> config();
    Result<const config::Settings*> settings();
    Result<catalog::Catalog*> catalog();
    Result<catalog::Options> catalog_options();  // of the settings, with the lake's id
    Result<const lake::Inventory*> inventory();  // as of now; reload_inventory() after a commit
    Result<lake::CloudList*> cloud_list();
    // For new bursts. cloud when not configured, also for what a provider denies or does not support.
    Result<store::ObjectStore*> store();

    // A registered bucket by name; not_found with "did you mean" and, for a hand-made folder, the adopt command.
    Result<const lake::Bucket*> bucket(std::string_view name);
    // Several; none named = all registered ones.
    Result<std::vector<lake::Bucket>> buckets(const std::vector<std::string>& names);
    void reload_settings() { m_config.reset(); }
    void reload_inventory() { m_inventory.reset(); }
    void reload_catalog() { m_catalog.reset(); }  // pointers to it are void

    // The lake's writer lock, held until the session ends; waits as --wait says. Nothing on a dry run.
    Status lock();
    // The same for what is audited as one change: refuses before it is made where audit.log cannot be written.
    Status lock_to_change();
    // What must not be lost waits longer than that, unless --wait says still more.
    void be_patient(std::chrono::milliseconds wait) { m_globals.wait = std::max(m_globals.wait, wait); }
    bool holds_lock() const { return m_lock.has_value(); }
    // Asks on a terminal; yes without asking with --yes or where nobody can answer.
    bool confirm(std::string_view question);

    // Logs. Nothing is written on a dry run. audit(): one line for a change that was made; failing to write it is an
    // error (the chain is evidence). query(): catalog reads; error(): the failing command itself; both best effort.
    Status audit(std::string_view event, json::Value fields);
    void query(std::string_view event, json::Value fields);
    // Names the files that a command that ends with 3 could not do, for its line in error.log.
    void at_fault(std::vector<std::string> files) { m_at_fault = std::move(files); }
    // {ts, lake, user, host, pid, cmd, event, rc, ms}: the head of every log line.
    json::Value log_line(std::string_view event, int rc);
    Result<JsonLog*> audit_log();

    // Reports the outcome, logs a failure, flushes; the process's exit code.
    int finish(const Result<int>& outcome, int signal);

private:
    std::filesystem::path log_folder();
    void log_failure(const Error* error, int rc);

    Globals m_globals;
    Output& m_out;
    const CancelFlag& m_cancel;
    std::unique_ptr<Clock> m_clock;
    std::chrono::steady_clock::time_point m_started = std::chrono::steady_clock::now();
    std::optional<Result<config::Home>> m_home;
    std::optional<Result<lake::Lake>> m_lake;
    std::optional<Result<config::Config>> m_config;
    std::optional<Result<catalog::Catalog>> m_catalog;
    std::optional<Result<lake::Inventory>> m_inventory;
    std::optional<Result<lake::CloudList>> m_cloud_list;
    std::unique_ptr<store::ObjectStore> m_store;
    std::optional<LockFile> m_lock;
    bool m_looked_for_rename = false;
    std::unique_ptr<JsonLog> m_audit;
    std::vector<std::string> m_at_fault;
};

}  // namespace neurolake::apps
