// file_rename.cpp: renames that never overwrite, folders that are durable once made.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"

namespace neurolake {

Status rename_noreplace(int from_dir, const char* from, int to_dir, const char* to) {
    if (::renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL && errno != ENOSYS) return os_error(errno, std::string("rename ") + from + " to " + to, from);
    // No RENAME_NOREPLACE here (some network file systems): link + unlink gives the same promise for files.
    if (::linkat(from_dir, from, to_dir, to, 0) != 0) {
        if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
            return Error(Errc::unsupported,
                         std::string("rename ") + from + " without overwriting: not on this file system",
                         "move the lake to a local disk or a share with hard links", from);
        return os_error(errno, std::string("rename ") + from + " to " + to, from);
    }
    if (::unlinkat(from_dir, from, 0) != 0) return os_error(errno, std::string("rename ") + from + " to " + to, from);
    return {};
}

Status rename_exchange(int dir_a, const char* a, int dir_b, const char* b) {
    if (::renameat2(dir_a, a, dir_b, b, RENAME_EXCHANGE) == 0) return {};
    if (errno == EINVAL || errno == ENOSYS)
        return Error(Errc::unsupported, std::string("exchange ") + a + " and " + b + ": not on this file system", {},
                     a);
    return os_error(errno, std::string("exchange ") + a + " and " + b, a);
}

Status make_folders(const std::filesystem::path& path, mode_t mode) {
    if (path.empty() || ::access(path.c_str(), F_OK) == 0) {
        struct stat s;
        if (!path.empty() && ::stat(path.c_str(), &s) == 0 && !S_ISDIR(s.st_mode))
            return Error(Errc::already_exists, path.string() + " exists and is no folder", "move it away first",
                         path.string());
        return {};
    }
    const auto parent =
        path.has_relative_path() && path.filename().empty() ? path.parent_path().parent_path() : path.parent_path();
    if (parent != path) TRY_DO(make_folders(parent, mode));
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
        return os_error(errno, "make the folder " + path.string(), path.string());
    return sync_folder(parent);
}

}  // namespace neurolake
