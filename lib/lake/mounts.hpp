// mounts.hpp: the mounts below a folder: where a walk could leave its file system or come to a folder twice.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace neurolake::lake {

// Only mounts (bind mounts above all) can lead to a folder by two ways, so only the folders at mount points below the
// root, and the root itself, need watching; without such mounts, nothing is looked up at all.
class MountWatch {
public:
    // Reads /proc/self/mountinfo. Where that is missing no mount is known, and none is watched.
    explicit MountWatch(int root_fd);
    // From mountinfo text, for the folder `root` (absolute, no links).
    static std::vector<std::string> points_below(std::string_view mountinfo, std::string_view root);

    bool empty() const { return m_points.empty(); }
    bool is_mount_point(std::string_view relative) const;
    // False when this very folder was claimed before. Thread-safe.
    bool claim(std::uint64_t dev, std::uint64_t ino);

private:
    struct Watched {
        std::uint64_t dev = 0, ino = 0;
        bool claimed = false;
    };
    std::vector<std::string> m_points;  // relative to the root, sorted
    std::vector<Watched> m_watched;
    std::mutex m_mutex;
};

}  // namespace neurolake::lake
