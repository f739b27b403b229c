// session.cpp: lazy opening, the lock, the logs, the end of a run.
// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "base/text.hpp"
#include "bucket_rename.hpp"

namespace neurolake::apps {

namespace {

constexpr auto k_lock_step = std::chrono::milliseconds(200);

std::unique_ptr<Clock> make_clock(const std::optional<Time>& fixed) {
    if (fixed) return std::make_unique<FixedClock>(*fixed);
    return std::make_unique<SystemClock>();
}

std::string user_name() {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found) return found->pw_name;
    return "uid " + std::to_string(::geteuid());
}

std::string host_name() {
    std::array<char, 256> buffer{};
    if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return {};
    return buffer.data();
}

// A lazily made Result as a pointer to its value or a copy of its error.
template <typename T>
Result<T*> pointer_to(std::optional<Result<T>>& made) {
    if (!*made) return Error(made->error());
    return &made->value();
}

Error as_cloud_error(Error error) {
    static constexpr Errc k_wrapped[] = {Errc::denied, Errc::unavailable, Errc::unsupported, Errc::not_found};
    for (Errc code : k_wrapped) {
        if (error.code == code) error.code = Errc::cloud;
    }
    return error;
}

}  // namespace

Session::Session(Globals globals, Output& out, const CancelFlag& cancel)
    : m_globals(std::move(globals)), m_out(out), m_cancel(cancel), m_clock(make_clock(m_globals.now)) {}

Session::~Session() = default;

Status Session::check_cancelled() const {
    if (!m_cancel.cancelled()) return {};
    return Error(Errc::cancelled, "stopped by a signal",
                 "what is done stays done; run the same command again to go on");
}

Result<const config::Home*> Session::home() {
    if (!m_home) {
        std::error_code failed;  // a removed working directory only matters when it is needed
        const auto cwd = std::filesystem::current_path(failed);
        m_home =
            config::find_home(m_globals.home, config::process_environment(), failed ? std::filesystem::path() : cwd);
    }
    TRY(config::Home * found, pointer_to(m_home));
    return static_cast<const config::Home*>(found);
}

Result<const lake::Lake*> Session::lake() {
    if (!m_lake) {
        TRY(const config::Home* found, home());
        m_lake = lake::Lake::open(found->path);
    }
    TRY(lake::Lake * opened, pointer_to(m_lake));
    return static_cast<const lake::Lake*>(opened);
}

Result<const config::Config*> Session::config() {
    if (!m_config) {
        TRY(const lake::Lake* opened, lake());
        m_config = config::Config::load(opened->layout().home, config::process_environment(), m_globals.overrides);
        if (*m_config) {
            for (const auto& warning : m_config->value().settings().warnings) m_out.why(warning);
        }
    }
    if (*m_config && !std::exchange(m_looked_for_rename, true)) {
        finish_cut_off_rename(*this);
        return config();
    }
    TRY(config::Config * loaded, pointer_to(m_config));
    return static_cast<const config::Config*>(loaded);
}

Result<const config::Settings*> Session::settings() {
    TRY(const config::Config* loaded, config());
    return &loaded->settings();
}

Result<catalog::Catalog*> Session::catalog() {
    if (!m_catalog) {
        TRY(const catalog::Options options, catalog_options());
        m_catalog = catalog::Catalog::open(options);
    }
    return pointer_to(m_catalog);
}

Result<catalog::Options> Session::catalog_options() {
    TRY(const config::Settings* all, settings());
    TRY(const lake::Lake* opened, lake());
    catalog::Options options = all->catalog;
    options.lake_id = opened->id();
    options.wait = std::max(options.wait, m_globals.wait);
    options.cancel = &cancel();
    return options;
}

Result<const lake::Inventory*> Session::inventory() {
    if (!m_inventory) {
        TRY(const lake::Lake* opened, lake());
        m_inventory = lake::Inventory::open(opened->layout().inventory);
    }
    TRY(lake::Inventory * opened, pointer_to(m_inventory));
    return static_cast<const lake::Inventory*>(opened);
}

Result<lake::CloudList*> Session::cloud_list() {
    if (!m_cloud_list) {
        TRY(const lake::Lake* opened, lake());
        m_cloud_list = lake::CloudList::open(opened->layout().cloud_list);
    }
    return pointer_to(m_cloud_list);
}

Result<store::ObjectStore*> Session::store() {
    if (!m_store) {
        TRY(const config::Settings* all, settings());
        TRY(const lake::Lake* opened, lake());
        store::Options options = all->store;
        if (options.lake_id.empty()) options.lake_id = opened->id();
        if (options.state_folder.empty()) options.state_folder = opened->layout().state.string();
        auto made = store::open(options, *m_clock, m_cancel);
        if (!made) return as_cloud_error(std::move(made).error());
        m_store = std::move(made).value();
    }
    return m_store.get();
}

Result<const lake::Bucket*> Session::bucket(std::string_view name) {
    TRY(const config::Settings* all, settings());
    std::vector<std::string> known;
    for (const auto& bucket : all->buckets) {
        if (bucket.name == name) return &bucket;
        known.push_back(bucket.name);
    }
    TRY(const lake::Lake* opened, lake());
    const std::string word(name);
    if (lake::check_name(name) && std::filesystem::is_directory(opened->layout().buckets / word)) {
        return Error(Errc::not_found, "the folder '" + word + "' is no registered bucket",
                     "adopt it: neurolake bucket create " + word);
    }
    std::string hint = "see them all: neurolake bucket list";
    const std::string last = std::filesystem::path(word.substr(0, word.find_last_not_of('/') + 1)).filename().string();
    if (last != word && std::ranges::find(known, last) != known.end())
        hint = "a bucket is named without its folder: " + last;
    else if (auto meant = text::closest(name, known))
        hint = "did you mean " + *meant + "?";
    return Error(Errc::not_found, "no bucket '" + word + "' in this lake", hint);
}

Result<std::vector<lake::Bucket>> Session::buckets(const std::vector<std::string>& names) {
    TRY(const config::Settings* all, settings());
    if (names.empty()) return all->buckets;
    std::vector<lake::Bucket> chosen;
    for (const auto& name : names) {
        TRY(const lake::Bucket* found, bucket(name));
        chosen.push_back(*found);
    }
    return chosen;
}

Status Session::lock() {
    if (m_lock || dry_run()) return {};
    TRY(const lake::Lake* opened, lake());
    const auto until = std::chrono::steady_clock::now() + m_globals.wait;
    while (true) {
        // Short waits, so that a signal ends a long one.
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        const auto step = std::clamp(left, std::chrono::milliseconds(0), k_lock_step);
        auto taken = opened->lock(m_globals.command, step, SystemClock());
        if (taken) {
            m_lock = std::move(taken).value();
            return {};
        }
        if (taken.error().code != Errc::locked || left <= step) return std::move(taken).error();
        TRY_DO(check_cancelled());
    }
}

Status Session::lock_to_change() {
    TRY_DO(lock());
    if (dry_run()) return {};
    TRY(const config::Settings* all, settings());
    if (!all->monitoring.audit_enabled) return {};
    const auto file = all->monitoring.log_folder / "audit.log";
    auto opened = open_file(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
    if (opened || opened.error().code == Errc::full) return {};
    return Error(opened.error().code, opened.error().message + ": nothing was changed",
                 "make the audit log writable again, or switch it off with monitoring.audit_enabled: false",
                 file.string());
}

bool Session::confirm(std::string_view question) {
    if (m_globals.yes || !::isatty(STDIN_FILENO) || !m_out.stderr_is_terminal()) return true;
    m_out.stderr_raw(std::string(question) + " [y/N] ");
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

json::Value Session::log_line(std::string_view event, int rc) {
    const auto elapsed = std::chrono::steady_clock::now() - m_started;
    auto line = json::Value::object();
    line.set("ts", to_rfc3339(SystemClock().now(), Precision::milliseconds));
    line.set("lake", m_lake && *m_lake ? m_lake->value().id() : std::string());
    line.set("user", user_name()).set("host", host_name()).set("pid", static_cast<long>(::getpid()));
    line.set("cmd", m_globals.command).set("event", event).set("rc", rc);
    line.set("ms", std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
    return line;
}

std::filesystem::path Session::log_folder() {
    if (m_config && *m_config) return m_config->value().settings().monitoring.log_folder;
    return m_lake->value().layout().logs;
}

Result<JsonLog*> Session::audit_log() {
    if (!m_audit) {
        TRY(const config::Settings* all, settings());
        m_audit = std::make_unique<JsonLog>(all->monitoring.log_folder / "audit.log", Chain::sha256);
    }
    return m_audit.get();
}

Status Session::audit(std::string_view event, json::Value fields) {
    if (dry_run()) return {};
    TRY(const config::Settings* all, settings());
    if (!all->monitoring.audit_enabled) return {};
    TRY(JsonLog * log, audit_log());
    auto line = log_line(event, 0);
    for (auto& [key, value] : *fields.as_object()) line.set(key, std::move(value));
    return log->append(std::move(line));
}

void Session::query(std::string_view event, json::Value fields) {
    if (dry_run() || !lake()) return;
    auto line = log_line(event, 0);
    for (auto& [key, value] : *fields.as_object()) line.set(key, std::move(value));
    (void)JsonLog(log_folder() / "query.log", Chain::none).append(std::move(line));
}

void Session::log_failure(const Error* error, int rc) {
    if (dry_run() || !lake()) return;
    auto line = log_line("failed", rc);
    if (error) {
        line.set("code", to_string(error->code)).set("message", error->message);
        if (!error->path.empty()) json::set_path(line, "path", error->path);
    } else if (!m_at_fault.empty()) {
        constexpr std::size_t k_most = 20;
        auto files = json::Value::array();
        for (std::size_t i = 0; i < std::min(m_at_fault.size(), k_most); ++i)
            files.push(text::to_valid_utf8(m_at_fault[i]));
        line.set("files", std::move(files)).set("file_count", m_at_fault.size());
    }
    (void)JsonLog(log_folder() / "error.log", Chain::none).append(std::move(line));
}

int Session::finish(const Result<int>& outcome, int signal) {
    int rc = outcome ? *outcome : exit_code(outcome.error().code, signal);
    if (!outcome) m_out.error(outcome.error(), rc);
    if (rc != 0) log_failure(outcome ? nullptr : &outcome.error(), rc);
    if (auto flushed = m_out.flush(); !flushed && rc == 0) {
        rc = exit_code(flushed.error().code);
        m_out.error(flushed.error(), rc);
    }
    return rc;
}

}  // namespace neurolake::apps
