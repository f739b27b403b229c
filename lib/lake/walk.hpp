// walk.hpp: the parallel walk of one folder tree at the kernel's floor (getdents64 + statx by name in the parent's
// descriptor). SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/workers.hpp"
#include "model/table.hpp"

namespace neurolake::lake {

enum class EntryKind : std::uint8_t { file, folder, symlink, special };

struct WalkEntry {
    std::string_view folder;  // path of the parent relative to the root, "" = root; bytes; valid during the call only
    std::string_view name;
    EntryKind kind = EntryKind::file;
    std::uint64_t size = 0, allocated = 0, ino = 0, dev = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    std::uint32_t mode = 0, uid = 0, gid = 0, nlink = 0;
};

// One sink per worker thread, so sinks need no locks. A folder may be split over several calls and workers (wide
// folders).
class WalkSink {
public:
    virtual ~WalkSink() = default;
    // Entries of one folder, each exactly once over all sinks; symlinks and special files come too, never followed.
    virtual void entries(std::string_view folder, const std::vector<WalkEntry>& batch) = 0;
    // Unreadable folder, name that vanished, mount boundary, cycle. Never fatal.
    virtual void finding(model::Finding finding) = 0;
};

struct WalkOptions {
    unsigned threads = 0;      // 0 = usable_threads()
    bool skip_hidden = false;  // names starting with '.' (our temporaries and others' state)
    bool cross_mounts = true;
};

// Walks below `root`. Depth is limited by memory only (no PATH_MAX); symlinks are reported, never followed; a folder
// reached twice (bind-mount loop) is reported and not entered again. Errors: root unreadable, cancelled.
Status walk(const std::filesystem::path& root, const WalkOptions& options, const CancelFlag& cancel,
            const std::function<std::unique_ptr<WalkSink>(unsigned worker)>& make_sink);

struct TreeTotals {
    std::uint64_t files = 0, folders = 0, bytes = 0, allocated = 0, symlinks = 0, specials = 0;
};

}  // namespace neurolake::lake
