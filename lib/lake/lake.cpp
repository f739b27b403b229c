// lake.cpp: laying out a lake, opening it by its marker, its lock and its guards.
// SPDX-License-Identifier: Apache-2.0
#include "lake/lake.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "lake/cloud_list.hpp"
#include "lake/instance.hpp"

namespace neurolake::lake {

namespace fs = std::filesystem;

namespace {

constexpr char k_marker_schema[] = "neurolake.lake/1";
constexpr char k_bucket_marker_schema[] = "neurolake.bucket-marker/1";
constexpr char k_bucket_marker[] = ".neurolake-bucket";
constexpr std::int64_t k_format = 1;
constexpr std::size_t k_id_size = 32;

Error no_lake(const Layout& layout, std::string_view why) {
    return Error(Errc::no_lake, fmt::format("no lake at {}: {}", layout.home.string(), why),
                 fmt::format("make one with: neurolake init {}  (or name another with --home)", layout.home.string()),
                 layout.home.string());
}

// A lake lies here, but its machine state does not: a new one in its place is the last thing to try.
Error lost_marker(const Layout& layout) {
    const bool in_cloud = ::access(layout.cloud_list.c_str(), F_OK) == 0;
    return Error(
        Errc::no_lake,
        fmt::format("no lake at {}: config/settings.yaml is there, but the marker .neurolake/lake.json is not",
                    layout.home.string()),
        fmt::format("mount the disk, or copy the hidden folder .neurolake back; only if it is lost for good: "
                    "neurolake init {}{}",
                    layout.home.string(), in_cloud ? " (it takes the lake's id over from catalog/cloud.jsonl)" : ""),
        layout.home.string());
}

// Machine state is private to one user; who that is can be seen without opening anything.
Error of_another_user(const Layout& layout, Error denied) {
    struct stat seen {};
    if (::stat(layout.state.c_str(), &seen) != 0 || seen.st_uid == ::geteuid()) return denied;
    const passwd* entry = ::getpwuid(seen.st_uid);
    const std::string owner = entry ? entry->pw_name : fmt::format("the user {}", seen.st_uid);
    return Error(Errc::denied,
                 fmt::format("the lake at {} belongs to {}: its .neurolake is private to that user",
                             layout.home.string(), owner),
                 fmt::format("run neurolake as {}, or ask for it; the files in buckets/ can be used without neurolake, "
                             "as far as their modes allow",
                             owner),
                 layout.state.string());
}

Result<json::Value> read_marker(const fs::path& file, std::string_view schema) {
    TRY(const std::string text, read_file(file, 64 << 10));
    auto parsed = json::parse(text);
    if (!parsed || parsed->text("schema") != schema)
        return Error(Errc::corrupt, file.string() + " is not a marker of this program",
                     "restore it from a backup; nothing was touched", file.string());
    return parsed;
}

// One folder; true if it was made just now.
Result<bool> ensure_folder(const fs::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0) {
        TRY_DO(sync_folder(path.parent_path()));
        return true;
    }
    const int error = errno;
    struct stat s;
    if (error == EEXIST && ::stat(path.c_str(), &s) == 0) {
        if (S_ISDIR(s.st_mode)) return false;
        return Error(Errc::already_exists, path.string() + " is in the way: it is no folder",
                     "move it away, then run init again", path.string());
    }
    return os_error(error, "make the folder " + path.string(), path.string());
}

}  // namespace

Layout::Layout(fs::path home_folder)
    : home(std::move(home_folder)),
      config(home / "config"),
      settings_yaml(config / "settings.yaml"),
      buckets_yaml(config / "buckets.yaml"),
      catalog(home / "catalog"),
      buckets(home / "buckets"),
      logs(home / "logs"),
      cache(home / "cache"),
      query_results(cache / "query-results"),
      state(home / ".neurolake"),
      marker(state / "lake.json"),
      lock(state / "lock"),
      inventory(state / "inventory"),
      journal(state / "journal"),
      trash(state / "trash"),
      staging(state / "staging"),
      reserve(state / "reserve"),
      spare(state / "spare"),
      pins(state / "pins.json"),
      last_run(state / "last_run.json"),
      cloud_list(catalog / "cloud.jsonl") {}

Result<Lake> Lake::open(const fs::path& home) {
    Lake lake{Layout(home)};
    const Layout& layout = lake.m_layout;
    auto marker = read_marker(layout.marker, k_marker_schema);
    if (!marker && marker.error().code == Errc::not_found) {
        if (::access(layout.settings_yaml.c_str(), F_OK) == 0) return lost_marker(layout);
        return no_lake(layout, ::access(layout.home.c_str(), F_OK) == 0
                                   ? "the marker .neurolake/lake.json is missing (is a disk not mounted?)"
                                   : "the folder does not exist");
    }
    if (!marker && marker.error().code == Errc::denied) return of_another_user(layout, std::move(marker).error());
    if (!marker) return std::move(marker).error();
    if (marker->integer("format") != k_format)
        return Error(Errc::unsupported,
                     fmt::format("the lake at {} has format {}; this program knows format {}", home.string(),
                                 marker->integer("format"), k_format),
                     "use a newer neurolake");
    lake.m_id = marker->text("id");
    lake.m_created_at = marker->text("created_at");
    if (lake.m_id.size() != k_id_size)
        return Error(Errc::corrupt, layout.marker.string() + " has no lake id", "restore it from a backup");
    return lake;
}

Result<Lake::CloudOwner> Lake::cloud_owner(const Layout& layout) {
    TRY(const CloudList list, CloudList::open(layout.cloud_list));
    std::map<std::string, std::uint64_t> files_of;
    for (const CloudEntry& entry : list.entries())
        if (entry.stub.lake.size() == k_id_size) ++files_of[entry.stub.lake];
    if (files_of.empty()) return CloudOwner{};
    if (files_of.size() == 1) return CloudOwner{files_of.begin()->first, files_of.begin()->second};
    std::vector<std::string> told;
    for (const auto& [id, files] : files_of) told.push_back(fmt::format("{} of {}", files, id));
    return Error(Errc::conflict,
                 fmt::format("catalog/cloud.jsonl names files of {} lakes ({}): which of them this is cannot be told",
                             files_of.size(), fmt::join(told, ", ")),
                 "copy the hidden folder .neurolake back; or leave one lake's lines in catalog/cloud.jsonl, keep the "
                 "others elsewhere, and run init again",
                 layout.cloud_list.string());
}

Result<Lake::Created> Lake::create(const fs::path& home, const Clock& clock) {
    const Layout layout(home);
    Created created;
    struct Row {
        fs::path path;
        mode_t mode;
        bool told;
    };
    const Row rows[] = {
        {layout.config, 0777, true},   {layout.catalog, 0777, true},  {layout.buckets, 0777, true},
        {layout.logs, 0777, true},     {layout.cache, 0777, true},    {layout.query_results, 0777, true},
        {layout.state, 0700, false},   {layout.journal, 0700, false}, {layout.trash, 0700, false},
        {layout.staging, 0700, false},
    };
    created.was_a_lake = ::access(layout.marker.c_str(), F_OK) == 0;
    if (!created.was_a_lake) {
        TRY(created.taken_over, cloud_owner(layout));
    }
    TRY_DO(make_folders(layout.home));
    for (const Row& row : rows) {
        TRY(const bool made, ensure_folder(row.path, row.mode));
        if (made && row.told) created.folders.push_back(row.path);
    }
    if (created.was_a_lake) return created;
    json::Value marker = json::Value::object();
    marker.set("schema", k_marker_schema)
        .set("format", k_format)
        .set("id", created.taken_over.id.empty() ? random_hex(16) : created.taken_over.id)
        .set("created_at", to_rfc3339(clock.now()));
    TRY_DO(write_file_atomic(layout.marker, json::dump(marker, json::Style::pretty) + "\n", 0600, Overwrite::no));
    TRY_DO(make_reserve(layout));
    (void)instance_id(layout, Keep::yes);  // if not now, the first burst makes it
    return created;
}

Result<LockFile> Lake::lock(std::string_view command, std::chrono::milliseconds wait, const Clock& clock) const {
    const std::string holder = fmt::format("pid {}, {}, since {}\n", ::getpid(), command, to_rfc3339(clock.now()));
    return LockFile::acquire(m_layout.lock, holder, wait);
}

fs::path find_home_above(const fs::path& start) {
    for (fs::path at = start;; at = at.parent_path()) {
        const Layout layout(at);
        if (::access(layout.settings_yaml.c_str(), F_OK) == 0 || ::access(layout.marker.c_str(), F_OK) == 0) return at;
        if (!at.has_relative_path()) return {};
    }
}

Result<std::vector<Bucket>> unregistered_buckets(const Layout& layout, const std::vector<Bucket>& registered) {
    std::vector<Bucket> found;
    std::error_code error;
    for (fs::directory_iterator it(layout.buckets, error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename().string();
        std::error_code ignored;
        if (name.starts_with('.') || !fs::is_directory(it->symlink_status(ignored))) continue;
        const auto same_root = [&](const Bucket& b) {
            return b.root.lexically_normal() == it->path().lexically_normal();
        };
        if (std::ranges::any_of(registered, same_root)) continue;
        Bucket bucket;
        bucket.name = name;
        bucket.root = it->path();
        bucket.registered = false;
        bucket.origin = "folder in buckets/";
        found.push_back(std::move(bucket));
    }
    if (error) return os_error(error.value(), "list " + layout.buckets.string(), layout.buckets.string());
    std::ranges::sort(found, {}, &Bucket::name);
    return found;
}

Status check_bucket_mount(const Lake& lake, const Bucket& bucket) {
    struct stat s;
    if (::stat(bucket.root.c_str(), &s) != 0 || !S_ISDIR(s.st_mode))
        return Error(
            Errc::no_lake,
            fmt::format("bucket '{}': its folder {} is not there (is a disk not mounted?)", bucket.name,
                        bucket.root.string()),
            bucket.outside
                ? "mount the disk, or correct the bucket's path"
                : fmt::format("make the folder again, or remove the bucket: neurolake bucket remove {}", bucket.name),
            bucket.root.string());
    if (!bucket.outside) return {};
    auto marker = read_marker(bucket.root / k_bucket_marker, k_bucket_marker_schema);
    if (!marker && marker.error().code == Errc::not_found)
        return Error(Errc::no_lake,
                     fmt::format("bucket '{}': {} lacks its marker {} (is a disk not mounted?)", bucket.name,
                                 bucket.root.string(), k_bucket_marker),
                     fmt::format("mount the disk; if the folder is new, run: neurolake bucket create {}", bucket.name),
                     bucket.root.string());
    if (!marker) return std::move(marker).error();
    if (marker->text("lake") != lake.id() || marker->text("bucket") != bucket.name)
        return Error(Errc::conflict,
                     fmt::format("bucket '{}': {} belongs to bucket '{}' of another lake or name", bucket.name,
                                 bucket.root.string(), marker->text("bucket")),
                     "give this bucket a folder of its own", bucket.root.string());
    return {};
}

Status write_bucket_marker(const Lake& lake, const Bucket& bucket) {
    json::Value marker = json::Value::object();
    marker.set("schema", k_bucket_marker_schema).set("lake", lake.id()).set("bucket", bucket.name);
    return write_file_atomic(bucket.root / k_bucket_marker, json::dump(marker) + "\n", 0644, Overwrite::yes);
}

}  // namespace neurolake::lake
