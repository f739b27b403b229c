// held_file.hpp: one user file opened for moving: its descriptor, its identity, and the lease that tells of writers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"

namespace neurolake::tier {

// Opened folders, so that the files of one folder share a descriptor. Thread-safe; descriptors live as long as this.
class Folders {
public:
    // The folder holding `path` beneath the bucket's root, opened without following links; and the last component.
    Result<int> parent_of(const std::filesystem::path& bucket_root, std::string_view path);
    Result<int> root(const std::filesystem::path& bucket_root);
    void clear();

private:
    Result<int> open(const std::filesystem::path& bucket_root, const std::string& folder);
    std::mutex m_mutex;
    std::map<std::pair<std::string, std::string>, Fd> m_open;  // (bucket root, folder inside)
};

std::string folder_of(std::string_view path);  // "" for a file at the bucket's root
std::string name_of(std::string_view path);

// A read lease (F_SETLEASE, F_RDLCK): granted only while nobody has the inode open or mapped for writing, and broken
// when somebody opens it so. The watch gives a broken lease back within 50 ms, so that the writer hardly waits; of
// files that were moved aside, of which a run may hold thousands, it looks at a few each time, in turn.
class LeaseWatch;

enum class Writers {
    none,     // leased: no one can have written unseen
    unknown,  // this file system or owner has no leases: settle time and a second hash must do
};

class HeldFile {
public:
    // Step 2 of a burst. conflict: not settled, open for writing elsewhere, replaced meanwhile; unsupported: not a
    // regular file, more than one hard link; not_found: gone. `settle`: how long mtime and ctime must have rested;
    // nullopt for a file that was moved aside already, whose content is hashed again.
    static Result<std::unique_ptr<HeldFile>> open(int folder_fd, const std::string& name, std::optional<double> settle,
                                                  Time now, LeaseWatch& watch);
    ~HeldFile();
    HeldFile(const HeldFile&) = delete;
    HeldFile& operator=(const HeldFile&) = delete;

    int fd() const { return m_file.get(); }
    const Identity& identity() const { return m_identity; }
    Writers writers() const { return m_writers; }
    bool lease_broken() const { return m_broken.load(std::memory_order_acquire); }

    // Step 6: descriptor and path still are what was opened, ctime included, and the lease holds.
    Status unchanged(int folder_fd, const std::string& name);
    // Steps 9 and 11, after our own rename moved the ctime: everything but that.
    Status still_itself(int folder_fd, const std::string& name);
    // Looks at the lease now; true while it is ours. Called by the watch too.
    bool lease_held();
    // Its name is gone, so hardly anyone can open it: the watch looks at it now and then only.
    void moved_aside();

private:
    HeldFile(Fd file, Identity identity, LeaseWatch& watch);
    friend class LeaseWatch;

    Fd m_file;
    Identity m_identity;
    Writers m_writers = Writers::unknown;
    std::atomic<bool> m_broken{false};
    LeaseWatch& m_watch;
    std::vector<HeldFile*>* m_list = nullptr;  // of the watch, and where in it
    std::size_t m_place = 0;
};

class LeaseWatch {
public:
    LeaseWatch();
    ~LeaseWatch();
    LeaseWatch(const LeaseWatch&) = delete;
    LeaseWatch& operator=(const LeaseWatch&) = delete;

private:
    friend class HeldFile;
    void add(HeldFile* file);
    void remove(HeldFile* file);
    void move_aside(HeldFile* file);
    static void put_into(std::vector<HeldFile*>& list, HeldFile* file);
    static void take_out(HeldFile* file);
    void look_at_some_aside();
    void run();

    std::mutex m_mutex;
    std::vector<HeldFile*> m_held, m_aside;
    std::size_t m_next_aside = 0;
    bool m_stop = false;
    std::condition_variable m_wake;
    std::thread m_thread;
};

// Extended attributes a file's restoration needs (user.*, POSIX ACLs); others belong to the system.
std::vector<std::pair<std::string, std::string>> read_xattrs(int fd);

}  // namespace neurolake::tier
