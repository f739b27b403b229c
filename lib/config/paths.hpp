// paths.hpp: what a path in the settings means on this machine: relative, beneath an old base, Windows spelling.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::config {

bool is_drive_path(std::string_view path);      // "C:", "C:/x", "C:\x"
std::string forward_slashes(std::string path);  // both separators count in settings, so that lakes can move

// Meaning of paths in one lake. Plain text work: touches no disk but once in the constructor, to see whether an old
// base path spelled otherwise is this very folder.
class PathRules {
public:
    // `base_path`: storage.base_path as written; `user_home`: for a leading ~.
    PathRules(std::filesystem::path home, std::string_view base_path, std::optional<std::string> user_home);

    struct Resolved {
        std::filesystem::path path;  // absolute, normalised
        bool rerooted = false;       // was beneath the old base, is now beneath the real home
    };
    // Relative: beneath home. Absolute and beneath the old base path: the same place beneath home. Other absolute
    // paths stay. usage: a Windows path that is not beneath the base path; ~ without a home.
    Result<Resolved> resolve(std::string_view written) const;
    // The base path says another place than the real home.
    bool moved() const { return m_moved; }

private:
    Result<std::string> expand(std::string_view written) const;
    std::optional<std::string> beneath_old_base(std::string_view path) const;

    std::filesystem::path m_home;
    std::optional<std::string> m_user_home;
    std::string m_old_base;  // forward slashes, no trailing one; "" = none
    bool m_moved = false;
};

}  // namespace neurolake::config
