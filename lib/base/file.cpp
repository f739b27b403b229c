// file.cpp: descriptors, identities, whole-file reads and writes, space on a disk.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/clock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace neurolake {

namespace {

Errc code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return Errc::not_found;
        case EEXIST:
        case ENOTEMPTY:
            return Errc::already_exists;
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::denied;
        case ENOSPC:
        case EDQUOT:
            return Errc::full;
        case EOPNOTSUPP:
        case ENOSYS:
            return Errc::unsupported;
        default:
            return Errc::io;
    }
}

std::string hint_of(int error_number) {
    switch (error_number) {
        case EACCES:
        case EPERM:
            return "check who owns it and its permissions";
        case EROFS:
            return "the file system is mounted read-only";
        case ENOSPC:
            return "free some space or inodes on this disk";
        case EDQUOT:
            return "your disk quota is used up";
        case EMFILE:
            return "raise the limit of open files (ulimit -n)";
        case EIO:
            return "the device reports an error; check the disk before anything else";
        case ESTALE:
            return "the network mount went stale; mount it again";
        default:
            return {};
    }
}

std::int64_t ns_of(const struct timespec& t) { return saturated_ns(t.tv_sec, t.tv_nsec); }

Identity identity_from(const struct stat& s) {
    Identity id;
    id.dev = s.st_dev;
    id.ino = s.st_ino;
    id.size = static_cast<std::uint64_t>(s.st_size);
    id.mtime_ns = ns_of(s.st_mtim);
    id.ctime_ns = ns_of(s.st_ctim);
    id.mode = s.st_mode;
    id.uid = s.st_uid;
    id.gid = s.st_gid;
    id.nlink = static_cast<std::uint32_t>(s.st_nlink);
    id.allocated = static_cast<std::uint64_t>(s.st_blocks) * 512;
    return id;
}

}  // namespace

Error os_error(int error_number, std::string what, std::string path) {
    return Error(code_of(error_number), what + ": " + std::strerror(error_number), hint_of(error_number),
                 std::move(path));
}

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        m_fd = std::exchange(other.m_fd, -1);
    }
    return *this;
}

void Fd::reset() {
    if (m_fd >= 0) ::close(std::exchange(m_fd, -1));
}

bool Identity::is_regular() const { return S_ISREG(mode); }
bool Identity::is_directory() const { return S_ISDIR(mode); }
bool Identity::is_symlink() const { return S_ISLNK(mode); }

Result<Identity> identity_of(int fd) {
    struct stat s;
    if (::fstat(fd, &s) != 0) return os_error(errno, "look at an open file");
    return identity_from(s);
}

Result<Identity> identity_at(int dir_fd, const char* name) {
    struct stat s;
    if (::fstatat(dir_fd, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
        return os_error(errno, std::string("look at ") + name, name);
    return identity_from(s);
}

Result<Identity> identity_of_path(const std::filesystem::path& path) { return identity_at(AT_FDCWD, path.c_str()); }

Result<Fd> open_folder(const std::filesystem::path& path) { return open_file(path, O_RDONLY | O_DIRECTORY); }

Result<Fd> open_file(const std::filesystem::path& path, int flags, mode_t mode) {
    int fd;
    do fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return os_error(errno, "open " + path.string(), path.string());
    return Fd(fd);
}

Status write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error(errno, "write");
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Result<std::size_t> read_some(int fd, std::span<std::byte> into, std::uint64_t offset) {
    while (true) {
        const ssize_t n = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) return os_error(errno, "read");
    }
}

Status read_exact(int fd, std::span<std::byte> into, std::uint64_t offset) {
    while (!into.empty()) {
        TRY(const std::size_t n, read_some(fd, into, offset));
        if (n == 0) return Error(Errc::corrupt, "the file ends too early");
        into = into.subspan(n);
        offset += n;
    }
    return {};
}

Result<std::string> read_file(int fd, std::uint64_t limit) {
    std::string out;
    char chunk[64 << 10];
    while (true) {
        const ssize_t n = ::pread(fd, chunk, sizeof chunk, static_cast<off_t>(out.size()));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error(errno, "read");
        if (n == 0) return out;
        if (out.size() + static_cast<std::size_t>(n) > limit)
            return Error(Errc::corrupt, "the file is larger than " + std::to_string(limit) + " bytes");
        out.append(chunk, static_cast<std::size_t>(n));
    }
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit) {
    TRY(const Fd fd, open_file(path, O_RDONLY | O_NONBLOCK));
    auto text = read_file(fd.get(), limit);
    if (text) return text;
    Error error = std::move(text).error().with_context(path.string());
    error.path = path.string();
    return error;
}

Status sync_file(int fd) {
    if (::fsync(fd) != 0) return os_error(errno, "fsync");
    return {};
}

Status sync_folder(int dir_fd) {
    // Some network and FUSE file systems have no fsync of folders; there the rename itself is as durable as it gets.
    if (::fsync(dir_fd) != 0 && errno != EINVAL && errno != EROFS) return os_error(errno, "fsync of a folder");
    return {};
}

Status sync_folder(const std::filesystem::path& folder) {
    TRY(const Fd fd, open_folder(folder.empty() ? "." : folder));
    return sync_folder(fd.get()).with_context(folder.string());
}

Result<DiskSpace> disk_space(const std::filesystem::path& path) {
    struct statvfs s;
    if (::statvfs(path.c_str(), &s) != 0)
        return os_error(errno, "ask for the free space of " + path.string(), path.string());
    const std::uint64_t block = s.f_frsize ? s.f_frsize : s.f_bsize;
    return DiskSpace{s.f_blocks * block, s.f_bfree * block, s.f_bavail * block, s.f_favail};
}

}  // namespace neurolake
