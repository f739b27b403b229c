// doctor_lake.cpp: doctor's checks of the folder itself: layout, settings, permissions, clock, leftovers.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "doctor.hpp"
#include "index/renamed_bucket.hpp"
#include "lake/last_run.hpp"
#include "lake/leftovers.hpp"
#include "lake/usage.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::minutes k_clock_slack{5};

std::string relative(const lake::Layout& layout, const fs::path& path) {
    return path.lexically_relative(layout.home).string();
}

bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

// A file system without modes (exFAT, some SMB mounts) shows whatever it likes after chmod.
bool keeps_modes(const fs::path& folder) {
    auto probe = AtomicFile::create(folder / "probe", 0600);  // never committed: it goes when this function ends
    if (!probe) return true;                                  // not writable: the permission check says so
    struct stat seen {};
    return ::fchmod(probe->fd(), 0) == 0 && ::fstat(probe->fd(), &seen) == 0 && (seen.st_mode & 0777) == 0;
}

}  // namespace

void Examination::add(Level level, std::string check, std::string message, std::string fix, bool can_fix,
                      std::string path) {
    m_found.push_back({level, std::move(check), std::move(message), std::move(fix), can_fix, std::move(path)});
}

Result<std::vector<Diagnosis>> Examination::run(AskCloud ask_cloud) {
    if (auto settings = m_session.settings())
        m_settings = *settings;
    else
        add(Level::problem, "settings", settings.error().message,
            settings.error().hint.empty() ? "mend the lines named, then: neurolake config check"
                                          : settings.error().hint);
    check_layout();
    check_buckets();
    check_settings();
    check_permissions();
    check_catalog();
    TRY_DO(scan_buckets());
    check_stubs();
    check_journal();
    check_reserve();
    check_room();
    check_clock();
    check_leftovers();
    check_cloud(ask_cloud);
    return std::move(m_found);
}

void Examination::check_layout() {
    const lake::Layout& layout = m_lake.layout();
    std::error_code failed;
    fs::directory_iterator listing(layout.buckets, failed);
    if (!failed) add(Level::good, "browse", "the lake can be browsed: plain folders at " + layout.buckets.string());
    const std::size_t before = m_found.size();
    for (const auto& folder : {layout.config, layout.catalog, layout.buckets, layout.logs, layout.cache,
                               layout.query_results, layout.journal, layout.trash, layout.staging}) {
        if (!is_folder(folder))
            add(Level::problem, "layout", fmt::format("the folder {} is missing", relative(layout, folder)),
                "neurolake doctor --fix makes it again", true, folder.string());
    }
    if (m_settings) {
        for (const lake::Bucket& bucket : m_settings->buckets) {
            if (!bucket.outside && !is_folder(bucket.root)) check_lost_folder(bucket);
        }
    }
    if (m_found.size() == before) add(Level::good, "layout", "all folders are there");
}

// Making an empty folder is no remedy where the files lie elsewhere, or something else stands in its place.
void Examination::check_lost_folder(const lake::Bucket& bucket) {
    using Why = index::LostFolder::Why;
    std::string advice = "neurolake doctor --fix makes an empty one; or bring it back from a backup";
    bool can_fix = true;
    if (const auto inventory = m_session.inventory()) {
        const auto lost = index::lost_folder(bucket, **inventory, m_lake.layout().buckets, m_settings->buckets);
        if (lost && lost->why != Why::empty && lost->why != Why::unknown) {
            advice = lost->advice;
            can_fix = false;
        }
    }
    add(Level::problem, "layout",
        fmt::format("the folder of bucket {} is missing ({})", bucket.name, bucket.root.string()), advice, can_fix,
        bucket.root.string());
}

void Examination::check_settings() {
    if (!m_settings) return;
    for (const std::string& warning : m_settings->warnings)
        add(Level::warning, "settings", warning, "edit config/settings.yaml or config/buckets.yaml");
    if (m_settings->warnings.empty()) add(Level::good, "settings", "settings.yaml and buckets.yaml are good");
    if (m_settings->tier.marks.threshold &&
        m_settings->tier.marks.threshold->bytes > m_settings->tier.marks.capacity.bytes)
        add(Level::warning, "settings", "the high mark is above the capacity, which counts then",
            "see: neurolake config show --origin");
}

void Examination::check_permissions() {
    const lake::Layout& layout = m_lake.layout();
    const std::size_t before = m_found.size();
    for (const auto& folder :
         {layout.config, layout.catalog, layout.buckets, layout.logs, layout.state, layout.staging}) {
        if (is_folder(folder) && ::access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
            add(Level::problem, "permissions",
                fmt::format("{} cannot be written by this user", relative(layout, folder)),
                fmt::format("chown or chmod it: chmod u+rwx '{}'", folder.string()), false, folder.string());
    }
    struct stat seen {};
    if (::stat(layout.state.c_str(), &seen) == 0 && (seen.st_mode & 077) != 0)
        add(Level::warning, "permissions", ".neurolake can be read by others",
            "neurolake doctor --fix makes it private", true, layout.state.string());
    if (is_folder(layout.staging) && !keeps_modes(layout.staging))
        add(Level::warning, "permissions",
            "this file system keeps no modes: what stays of moved files is protected by its content alone",
            "keep the lake on a file system with modes, or tell its users");
    if (m_found.size() == before) add(Level::good, "permissions", "files and folders have the right modes");
}

void Examination::check_clock() {
    const Time now = m_session.now();
    Time latest = parse_rfc3339(m_lake.created_at()).value_or(Time{});
    std::string what = "the lake was made";
    const auto consider = [&](const std::string& at, const std::string& event) {
        const auto time = parse_rfc3339(at);
        if (!time || *time <= latest) return;
        latest = *time;
        what = event;
    };
    if (const auto runs = lake::LastRuns::read(m_lake.layout().last_run))
        for (const char* verb : {"index", "burst", "recall", "verify"})
            if (const auto run = runs->find(verb)) consider(run->at, fmt::format("the last {}", verb));
    if (const auto history = lake::read_usage(m_lake.layout().state / "usage.jsonl"); history && !history->empty())
        consider(to_rfc3339(history->back().at), "the last count");
    if (now + k_clock_slack < latest)
        add(Level::problem, "clock",
            fmt::format("the clock says {}, but {} at {}", to_rfc3339(now), what, to_rfc3339(latest)),
            "set the system's clock; ages of files, and with them burst and retention, depend on it");
    else
        add(Level::good, "clock", "the clock is later than all that happened here");
}

void Examination::check_reserve() {
    const auto reserve = identity_of_path(m_lake.layout().reserve);
    if (!reserve || reserve->allocated < (1u << 20))
        add(Level::warning, "reserve", "the 1 MiB reserve that lets burst work on a full disk is missing",
            "neurolake doctor --fix makes it again", true, m_lake.layout().reserve.string());
}

void Examination::check_leftovers() {
    const lake::Layout& layout = m_lake.layout();
    const auto holder = LockFile::holder(layout.lock);
    const bool by_us = holder && holder->starts_with(fmt::format("pid {},", ::getpid()));  // --fix
    if (holder && !by_us) return;  // somebody is at work: these are not leftovers
    for (const auto& folder : {layout.home, layout.config, layout.catalog, layout.state, layout.logs, layout.staging}) {
        std::error_code failed;
        for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
            const std::string name = it->path().filename().string();
            const bool temporary = name.find(".nl-tmp-") != std::string::npos;
            const bool ours = lake::is_leftover(name) && folder != layout.staging;
            if (temporary || folder == layout.staging)
                add(Level::note, "leftovers",
                    fmt::format("{} was left by a run that was ended", relative(layout, it->path())),
                    ours ? std::string("neurolake doctor --fix removes it; so does the next index")
                         : fmt::format("when no neurolake runs, it may be deleted: rm '{}'", it->path().string()),
                    ours, it->path().string());
        }
    }
    if (!m_scan) return;
    for (const std::string& bucket : m_scan->scan.buckets)
        for (const std::string& path : lake::leftovers_of(*m_scan->next, bucket))
            add(Level::note, "leftovers", fmt::format("{}/{} was left by a run that was ended", bucket, path),
                "neurolake doctor --fix removes it; so does the next index", true,
                (bucket_root(bucket) / path).string());
}

}  // namespace neurolake::apps
