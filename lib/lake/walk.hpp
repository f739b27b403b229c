// walk.hpp: the parallel walk of one folder tree at the kernel's floor: getdents64, statx by name in the parent.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/workers.hpp"
#include "model/table.hpp"

namespace neurolake::lake {

enum class EntryKind : std::uint8_t { file, folder, symlink, special };

// One name of a folder. `unknown`: the name is there, but the kernel would not describe it (only name and, where the
// folder tells it, kind are set).
struct WalkEntry {
    std::string_view name;  // bytes; valid during the call only
    EntryKind kind = EntryKind::file;
    bool unknown = false;
    std::uint32_t mode = 0, uid = 0, gid = 0, nlink = 0;
    std::uint64_t size = 0, allocated = 0, ino = 0, dev = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
};

struct WalkFolder {
    std::string_view path;     // relative to the root, "" = the root itself; bytes; valid during the call only
    std::uint64_t number = 0;  // unique within this walk
    bool split = false;        // a wide folder shared out: other sinks get parts of it; if false, this sink gets all of
                               // it in consecutive calls that end with folder_done
    std::uint64_t dev = 0, ino = 0;
    std::int64_t mtime_ns = 0;  // from before the folder was read
};

// How the reading of a folder ended.
enum class FolderEnd : std::uint8_t {
    whole,       // every name was delivered
    part,        // reading or describing names failed on the way: what was not delivered may still exist
    unreadable,  // nothing could be read: its content is unknown, not gone
    vanished,    // it was gone when we came to it
    skipped,     // another mount, or a folder already walked by another way: not entered
};

// One sink per worker thread, so sinks need no locks. A wide folder is split over several calls and workers.
class WalkSink {
public:
    virtual ~WalkSink() = default;
    // Asked once a subfolder before it is entered; false leaves it out (no folder_done for it).
    virtual bool enter(const WalkFolder& folder);
    // Entries of one folder, each exactly once over all sinks; folders, symlinks and special files come too.
    virtual void entries(const WalkFolder& folder, std::span<const WalkEntry> batch) = 0;
    // Exactly once a folder, after every entries() call for it has returned, on any worker.
    virtual void folder_done(const WalkFolder& folder, FolderEnd end);
    // Unreadable folder, name that vanished, mount boundary, folder reached twice. Never fatal. Path is relative to
    // the root.
    virtual void finding(model::Finding finding) = 0;
};

struct WalkOptions {
    unsigned threads = 0;      // 0 = usable_threads()
    bool skip_hidden = false;  // names starting with '.' are not even described
    bool cross_mounts = true;
};

using MakeWalkSink = std::function<std::unique_ptr<WalkSink>(unsigned worker)>;

// Walks the tree at `root`. Depth is limited by memory only (no PATH_MAX, a bounded number of descriptors); symlinks
// below the root are reported, never followed; a folder reached twice through mounts is reported and entered once.
// Memory does not grow with the number of files. Errors: root missing or unreadable, cancelled.
Status walk(const std::filesystem::path& root, const WalkOptions& options, const CancelFlag& cancel,
            const MakeWalkSink& make_sink);

// The same from some folders below `root` (relative paths, no one the parent of another unless enter() keeps them
// apart). Folders that are gone end as `vanished`.
Status walk_from(const std::filesystem::path& root, std::span<const std::string> folders, const WalkOptions& options,
                 const CancelFlag& cancel, const MakeWalkSink& make_sink);

}  // namespace neurolake::lake
