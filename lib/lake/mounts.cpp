// mounts.cpp: reads the mount table and keeps the few folders that could be reached twice.
// SPDX-License-Identifier: Apache-2.0
#include "lake/mounts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <optional>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::lake {

namespace {

// proc(5): space, tab, newline and backslash stand as \ooo.
std::string unescape(std::string_view field) {
    std::string out;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const bool octal = field[i] == '\\' && i + 3 < field.size() && field[i + 1] >= '0' && field[i + 1] <= '3';
        if (!octal) {
            out += field[i];
            continue;
        }
        out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
        i += 3;
    }
    return out;
}

std::optional<std::string> path_of(int fd) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    char target[PATH_MAX];
    const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    if (length <= 0 || length == static_cast<ssize_t>(sizeof target) || target[0] != '/') return std::nullopt;
    return std::string(target, static_cast<std::size_t>(length));
}

}  // namespace

std::vector<std::string> MountWatch::points_below(std::string_view mountinfo, std::string_view root) {
    std::vector<std::string> points;
    const std::string prefix = root == "/" ? "/" : std::string(root) + "/";
    for (std::string_view line : text::split(mountinfo, '\n')) {
        const auto fields = text::split(line, ' ');
        if (fields.size() < 5) continue;
        const std::string point = unescape(fields[4]);  // "36 35 98:0 /root /mount/point options ..."
        if (point.size() > prefix.size() && point.compare(0, prefix.size(), prefix) == 0)
            points.push_back(point.substr(prefix.size()));
    }
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    return points;
}

MountWatch::MountWatch(int root_fd) {
    const auto root = path_of(root_fd);
    if (!root) return;
    const auto mountinfo = read_file("/proc/self/mountinfo");
    if (!mountinfo) return;
    m_points = points_below(*mountinfo, *root);
    if (m_points.empty()) return;
    const auto watch = [this, root_fd](const char* relative, bool claimed) {
        struct statx sx {};
        const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*relative == '\0' ? AT_EMPTY_PATH : 0);
        if (::statx(root_fd, relative, flags, STATX_INO, &sx) == 0)
            m_watched.push_back({::makedev(sx.stx_dev_major, sx.stx_dev_minor), sx.stx_ino, claimed});
    };
    watch("", true);
    for (const std::string& point : m_points) watch(point.c_str(), false);
}

bool MountWatch::is_mount_point(std::string_view relative) const {
    return std::binary_search(m_points.begin(), m_points.end(), relative);
}

bool MountWatch::claim(std::uint64_t dev, std::uint64_t ino) {
    const std::lock_guard lock(m_mutex);
    bool first = true;
    for (Watched& folder : m_watched) {
        if (folder.dev != dev || folder.ino != ino) continue;
        first = first && !folder.claimed;
        folder.claimed = true;  // two mounts of one folder are two entries: all of them are taken
    }
    return first;
}

}  // namespace neurolake::lake
