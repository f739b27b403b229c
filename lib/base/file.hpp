// file.hpp: file descriptors, atomic files, safe opening beneath a folder, locks, renames that never overwrite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake {

// Owns one descriptor; closes it on destruction (errors ignored: durable writers fsync first).
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : m_fd(fd) {}
    Fd(Fd&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }

    int get() const { return m_fd; }
    explicit operator bool() const { return m_fd >= 0; }
    int release() { return std::exchange(m_fd, -1); }
    void reset();

private:
    int m_fd = -1;
};

// What the kernel says of one inode. ctime is only comparable before we rename the file (xfs does not move it,
// others do); dev and ino only within one process (dev changes over a reboot, ino is reused at once on ext4).
struct Identity {
    std::uint64_t dev = 0, ino = 0, size = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    std::uint32_t mode = 0, uid = 0, gid = 0, nlink = 0;
    std::uint64_t allocated = 0;  // bytes of disk, st_blocks * 512

    bool is_regular() const;
    bool is_directory() const;
    bool is_symlink() const;
    friend bool operator==(const Identity&, const Identity&) = default;
};

// errno -> Error: ENOENT not_found, EEXIST already_exists, EACCES/EPERM/EROFS denied, ENOSPC/EDQUOT full, else io.
// `what` names the action and the object: "open /lake/x.csv".
Error os_error(int error_number, std::string what, std::string path = {});

Result<Identity> identity_of(int fd);
// lstat semantics: a link is reported as a link.
Result<Identity> identity_at(int dir_fd, const char* name);
Result<Identity> identity_of_path(const std::filesystem::path& path);

Result<Fd> open_folder(const std::filesystem::path& path);  // O_DIRECTORY | O_CLOEXEC; follows links in the path itself
Result<Fd> open_file(const std::filesystem::path& path, int flags, mode_t mode = 0);
// Opens `relative` without leaving `root_fd` and without following any link (openat2 RESOLVE_BENEATH | NO_SYMLINKS |
// NO_MAGICLINKS; component-wise O_NOFOLLOW where openat2 is missing). ".." and absolute paths are refused with usage.
// Always O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK.
Result<Fd> open_beneath(int root_fd, std::string_view relative, int flags, mode_t mode = 0);

Status write_all(int fd, std::string_view bytes);  // loops over short writes and EINTR
Result<std::size_t> read_some(int fd, std::span<std::byte> into, std::uint64_t offset);  // pread; 0 = end
Status read_exact(int fd, std::span<std::byte> into, std::uint64_t offset);              // corrupt when short
// Whole file into memory; more than `limit` bytes is corrupt ("larger than ...").
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit = 64u << 20);
Result<std::string> read_file(int fd, std::uint64_t limit = 64u << 20);

Status sync_file(int fd);  // fsync; a failure means the file is bad, never retry it
Status sync_folder(int dir_fd);
Status sync_folder(const std::filesystem::path& folder);

Status rename_noreplace(int from_dir, const char* from, int to_dir, const char* to);  // already_exists if taken
Status rename_exchange(int dir_a, const char* a, int dir_b,
                       const char* b);  // unsupported where the file system lacks it
Status make_folders(const std::filesystem::path& path, mode_t mode = 0777);  // like mkdir -p, fsyncs what it made

enum class Overwrite { no, yes };

// A file that appears whole or not at all: written beside its target (".<name>.nl-tmp-<random>", O_EXCL), fsynced,
// renamed, folder fsynced by commit(). Not committed: the destructor removes it. Survives a crash as old or new.
class AtomicFile {
public:
    static Result<AtomicFile> create(const std::filesystem::path& target, mode_t mode = 0666);
    AtomicFile(AtomicFile&&) noexcept;
    AtomicFile& operator=(AtomicFile&&) noexcept;
    ~AtomicFile();

    int fd() const { return m_file.get(); }
    Status write(std::string_view bytes) { return write_all(m_file.get(), bytes); }
    Status commit(Overwrite overwrite);

private:
    AtomicFile() = default;
    Fd m_folder, m_file;
    std::string m_temp, m_name;
};

Status write_file_atomic(const std::filesystem::path& target, std::string_view bytes, mode_t mode = 0666,
                         Overwrite overwrite = Overwrite::yes);

// Exclusive flock, freed by the kernel at process death. The text inside is for people only.
class LockFile {
public:
    // Tries at once, then polls until `wait` is over; locked with the holder's text ("pid 12, burst, since ...").
    static Result<LockFile> acquire(const std::filesystem::path& path, std::string_view holder_text,
                                    std::chrono::milliseconds wait);
    // The holder's text if someone holds it now.
    static std::optional<std::string> holder(const std::filesystem::path& path);

private:
    explicit LockFile(Fd file) : m_file(std::move(file)) {}
    Fd m_file;
};

struct DiskSpace {
    std::uint64_t total = 0, free = 0, available = 0;  // bytes; available = to an ordinary user
    std::uint64_t inodes_free = 0;
};
Result<DiskSpace> disk_space(const std::filesystem::path& path);

}  // namespace neurolake
