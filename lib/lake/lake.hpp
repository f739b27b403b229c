// lake.hpp: the door of lake: the folder, its marker, its lock, its layout.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "lake/bucket.hpp"

namespace neurolake::lake {

// Where everything lies. Plain paths; nothing is checked or made.
struct Layout {
    explicit Layout(std::filesystem::path home);
    std::filesystem::path home, config, settings_yaml, buckets_yaml, catalog, buckets, logs, cache, query_results;
    std::filesystem::path state;  // .neurolake
    std::filesystem::path marker, lock, inventory, journal, trash, staging, reserve, spare, pins, last_run, cloud_list;
};

class Lake {
public:
    // no_lake when the marker is missing or is not ours ("mount gone?"); corrupt when it does not parse.
    static Result<Lake> open(const std::filesystem::path& home);

    // The lake that the files in the cloud belong to, by catalog/cloud.jsonl.
    struct CloudOwner {
        std::string id;  // "" when nothing is in the cloud
        std::uint64_t files = 0;
    };
    // conflict when they are of several lakes.
    static Result<CloudOwner> cloud_owner(const Layout& layout);

    struct Created {
        std::vector<std::filesystem::path> folders;  // new ones, in order
        bool was_a_lake = false;
        CloudOwner taken_over;  // a lost marker was made again with the id that recall needs
    };
    // Lays out folders, state, marker, empty catalog files are the catalog's own business. Safe to run again: existing
    // files and folders are left as they are. A marker that was lost is made again with the id of cloud_owner(), whose
    // error ends it before anything is made. refuses (already_exists) a non-empty folder that is no lake only when one
    // of our names is taken by a non-folder.
    static Result<Created> create(const std::filesystem::path& home, const Clock& clock);

    const Layout& layout() const { return m_layout; }
    const std::string& id() const { return m_id; }  // 32 hex
    const std::string& created_at() const { return m_created_at; }

    // Exclusive writer lock; locked when someone else holds it after `wait`.
    Result<LockFile> lock(std::string_view command, std::chrono::milliseconds wait, const Clock& clock) const;

private:
    explicit Lake(Layout layout) : m_layout(std::move(layout)) {}
    Layout m_layout;
    std::string m_id, m_created_at;
};

// Parent folders of `start` (itself included) that hold config/settings.yaml or the marker; empty path when none.
std::filesystem::path find_home_above(const std::filesystem::path& start);

// Folders directly in <home>/buckets that `registered` does not name, as unregistered buckets; names starting with '.'
// are skipped.
Result<std::vector<Bucket>> unregistered_buckets(const Layout& layout, const std::vector<Bucket>& registered);

// A bucket whose root lies outside the lake carries a .neurolake-bucket marker {lake, bucket}. no_lake when the folder
// or marker is missing (disk not mounted), conflict when it belongs to another lake.
Status check_bucket_mount(const Lake& lake, const Bucket& bucket);
Status write_bucket_marker(const Lake& lake, const Bucket& bucket);

// The 1 MiB file and the empty files (an inode each) given up first when a burst runs on a full disk; make_reserve
// really writes them (idempotent).
Status make_reserve(const Layout& layout);
void release_reserve(const Layout& layout);

}  // namespace neurolake::lake
