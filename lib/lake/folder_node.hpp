// folder_node.hpp: one folder of a running walk: its place in the tree, its descriptor, how many still need it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/file.hpp"
#include "base/result.hpp"
#include "lake/walk.hpp"

namespace neurolake::lake {

// How many folders may be open at once, so that deep and branching trees do not use up the process's descriptors.
class OpenFolders {
public:
    OpenFolders();  // a quarter of the descriptor limit, 16 to 256
    void add(int change) { m_open.fetch_add(change, std::memory_order_relaxed); }
    bool scarce() const { return m_open.load(std::memory_order_relaxed) > m_limit; }

private:
    std::atomic<int> m_open{0};
    int m_limit = 0;
};

// A node knows its name and its parent only: paths are put together when they are needed, so a chain of n folders costs
// O(n) memory. A node lives until it is read and all folders below it are; its descriptor only as long as names are
// read from it or folders in it wait to be opened, and not even that long when descriptors are scarce.
class FolderNode {
public:
    FolderNode(FolderNode* parent, std::string_view name, const WalkEntry& entry, std::uint64_t number);
    // A starting point: `path` relative to the root, "" = the root.
    FolderNode(std::string path, std::uint64_t number);

    // The folder's path relative to the root of the walk.
    void path_into(std::string& out) const;
    std::uint64_t number() const { return m_number; }
    std::uint64_t dev() const { return m_dev; }
    std::uint64_t ino() const { return m_ino; }
    std::int64_t mtime_ns() const { return m_mtime_ns; }
    int fd() const { return m_fd.get(); }
    bool opened() const { return m_opened; }

    // Opens beneath the parent's descriptor, or anew from the root where the parent's is closed. errno or 0. `is_new`
    // starting points take their identity from what they find; others must still be the folder that was listed
    // (ENOENT).
    int open(int root_fd, OpenFolders& open_folders);
    // The parent's descriptor is needed no more for this node.
    void leave_parent(OpenFolders& open_folders);

    // Parts of the folder that are being read or described. drop_part() is true for the last one.
    void add_part() { m_parts.fetch_add(1, std::memory_order_relaxed); }
    bool drop_part() { return m_parts.fetch_sub(1, std::memory_order_acq_rel) == 1; }
    void mark(FolderEnd end) { m_end.store(end, std::memory_order_relaxed); }
    FolderEnd end() const { return m_end.load(std::memory_order_relaxed); }

    // Users of the descriptor: the reading itself and every child not yet opened. The last one closes it.
    void add_need() { m_needs.fetch_add(1, std::memory_order_relaxed); }
    void drop_need(OpenFolders& open_folders);
    void close_early(OpenFolders& open_folders);  // children will open themselves from the root

    // Frees `node` when nobody holds it, then its parents likewise.
    static void release(FolderNode* node);

private:
    int open_from_parent();

    FolderNode* const m_parent;
    const std::string m_name;
    const std::uint64_t m_number;
    std::uint64_t m_dev = 0, m_ino = 0;
    std::int64_t m_mtime_ns = 0;
    bool m_opened = false;
    std::mutex m_mutex;  // guards m_fd once children can use it
    Fd m_fd;
    std::atomic<std::uint32_t> m_parts{1}, m_needs{1}, m_holds{1};
    std::atomic<FolderEnd> m_end{FolderEnd::whole};
};

}  // namespace neurolake::lake
