// file_open.cpp: opening beneath a folder without following any link.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/file.hpp"

namespace neurolake {

namespace {

Status refuse_escapes(std::string_view relative) {
    const auto refuse = [&](const char* why) -> Status {
        return Error(Errc::usage, "the path '" + std::string(relative) + "' " + why, "name a path inside the bucket",
                     std::string(relative));
    };
    if (relative.empty()) return refuse("is empty");
    if (relative.front() == '/') return refuse("is absolute");
    if (relative.find('\0') != std::string_view::npos) return refuse("holds a NUL byte");
    for (std::size_t at = 0; at <= relative.size();) {
        const std::size_t slash = std::min(relative.find('/', at), relative.size());
        if (relative.substr(at, slash - at) == "..") return refuse("leaves its folder by '..'");
        at = slash + 1;
    }
    return {};
}

// Kernels before 5.6, some sandboxes and valgrind have no openat2: each folder on the way is opened O_NOFOLLOW.
Result<Fd> open_by_components(int root_fd, const std::string& relative, int flags, mode_t mode) {
    Fd folder;
    int parent = root_fd;
    std::size_t at = 0;
    for (std::size_t slash; (slash = relative.find('/', at)) != std::string::npos; at = slash + 1) {
        if (slash == at) continue;
        const std::string name = relative.substr(at, slash - at);
        Fd next(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) return os_error(errno, "open " + relative, relative);
        folder = std::move(next);
        parent = folder.get();
    }
    const std::string last = at < relative.size() ? relative.substr(at) : ".";
    Fd file(::openat(parent, last.c_str(), flags, mode));
    if (!file) return os_error(errno, "open " + relative, relative);
    return file;
}

// Longer than PATH_MAX: descend by pieces that the kernel takes.
Result<Fd> open_long(int root_fd, const std::string& relative, int flags, mode_t mode) {
    return open_by_components(root_fd, relative, flags, mode);
}

}  // namespace

Result<Fd> open_beneath(int root_fd, std::string_view relative, int flags, mode_t mode) {
    static std::atomic<bool> has_openat2{true};
    TRY_DO(refuse_escapes(relative));
    const std::string path(relative);
    // openat2 refuses O_NONBLOCK beside O_PATH, which opens nothing that could block.
    flags |= O_CLOEXEC | O_NOFOLLOW | ((flags & O_PATH) ? 0 : O_NONBLOCK);
    if (path.size() >= 4096) return open_long(root_fd, path, flags, mode);
    if (has_openat2.load(std::memory_order_relaxed)) {
        open_how how{};
        how.flags = static_cast<std::uint64_t>(flags);
        how.mode = (flags & (O_CREAT | O_TMPFILE)) ? mode : 0;
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
        long fd;
        do fd = ::syscall(SYS_openat2, root_fd, path.c_str(), &how, sizeof how);
        while (fd < 0 && (errno == EINTR || errno == EAGAIN));
        if (fd >= 0) return Fd(static_cast<int>(fd));
        if (errno != ENOSYS && errno != EPERM) return os_error(errno, "open " + path, path);
        if (errno == ENOSYS) has_openat2.store(false, std::memory_order_relaxed);
    }
    return open_by_components(root_fd, path, flags, mode);
}

}  // namespace neurolake
