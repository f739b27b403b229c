// bucket_scan_quick.cpp: which folders moved since the last scan, by one look at each folder.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>

#include "base/clock.hpp"
#include "lake/bucket_scan.hpp"

namespace neurolake::lake {

namespace format = inventory_format;

namespace {

enum class Look : std::uint8_t { as_it_was, moved, gone, unknown };

Look look_at(int root_fd, const std::string& path, const format::Folder& old) {
    if (path.size() >= PATH_MAX) return Look::moved;  // the walk can go there, a single call cannot
    struct statx sx;
    const char* name = path.empty() ? "." : path.c_str();
    if (::statx(root_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &sx) != 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? Look::gone : Look::unknown;
    if (!S_ISDIR(sx.stx_mode)) return Look::gone;
    const std::int64_t mtime_ns = saturated_ns(sx.stx_mtime.tv_sec, sx.stx_mtime.tv_nsec);
    // A link or pipe may stand where a file is wanted: whoever looks at such a folder is told again.
    const bool plain = old.totals.symlinks + old.totals.specials == 0;
    const bool same = mtime_ns == old.mtime_ns && sx.stx_ino == old.ino && old.mtime_ns != 0;
    return same && plain ? Look::as_it_was : Look::moved;
}

}  // namespace

// Links on the way to a folder are not looked through: where a folder on the way is gone (a link took its place,
// perhaps to the same folder elsewhere), all below it is gone too.
Result<std::vector<std::string>> BucketScan::moved_folders(const CancelFlag& cancel) {
    constexpr std::size_t grain = 128;
    std::vector<Look> looks(m_old_folders.size());
    const std::size_t grains = (looks.size() + grain - 1) / grain;
    const unsigned threads = m_options.threads ? m_options.threads : usable_threads();
    parallel_for(grains, threads, [&](std::size_t number, unsigned) {
        std::string path;
        for (std::size_t i = number * grain; i < std::min(looks.size(), (number + 1) * grain); ++i) {
            if (cancel.cancelled()) return;
            path.assign(m_next.map->path(*m_old, m_old_folders[i]));
            looks[i] = look_at(m_root.get(), path, m_old_folders[i]);
        }
    });
    if (cancel.cancelled()) return Error(Errc::cancelled, "the scan was stopped", "run the command again");

    std::vector<std::string> moved;
    m_moved.assign(looks.size(), 0);
    std::string_view gone;
    bool any_gone = false;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        const std::string_view path = m_next.map->path(*m_old, m_old_folders[i]);
        if (any_gone && format::lies_in(path, gone)) continue;
        any_gone = looks[i] == Look::gone;
        gone = path;
        if (looks[i] == Look::as_it_was) {
            m_visits[i] = k_visited | k_as_it_was;
            m_parts[0].unchanged += m_old_folders[i].record_count;
        } else if (looks[i] == Look::unknown) {
            m_visits[i] = k_visited | k_as_it_was | k_keep_below;
            find(m_parts[0], model::Finding::Severity::warning, "unreadable", path, "the folder cannot be looked at");
        } else if (looks[i] == Look::moved) {
            m_moved[i] = 1;
            moved.emplace_back(path);
        }
    }
    return moved;
}

}  // namespace neurolake::lake
