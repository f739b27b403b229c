// paths.cpp: resolving the settings' paths, and finding the lake's home.
// SPDX-License-Identifier: Apache-2.0
#include "config/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/text.hpp"
#include "config/config.hpp"
#include "lake/lake.hpp"

namespace neurolake::config {

namespace {

std::string without_trailing_slash(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

std::filesystem::path normal(const std::filesystem::path& path) {
    return without_trailing_slash(path.lexically_normal().string());
}

Error drive_on_posix(std::string_view what, std::string_view path) {
    return Error(Errc::usage, fmt::format("{} is {}, a Windows path, and this system has no drive letters", what, path),
                 "name a folder of this system, for instance ~/NeuroLake; no folder named 'C:' is ever made");
}

// ~/x also where no shell expanded it (cron, container files).
Result<std::filesystem::path> folder_from(std::string_view what, const std::string& written, const Environment& env,
                                          const std::filesystem::path& cwd, Platform platform) {
    if (is_drive_path(written)) {
        if (platform == Platform::posix) return drive_on_posix(what, written);
        return std::filesystem::path(written);
    }
    if (written == "~" || written.starts_with("~/")) {
        const auto user_home = env("HOME");
        if (!user_home || user_home->empty())
            return Error(Errc::usage, fmt::format("{} is {}, but HOME is not set", what, written),
                         "write the whole path");
        return normal(std::filesystem::path(*user_home) / written.substr(std::min<std::size_t>(2, written.size())));
    }
    const std::filesystem::path path(written);
    if (cwd.empty() && path.is_relative())
        return Error(Errc::usage, fmt::format("{} is {}, but the working directory is gone", what, written),
                     "go to a folder that exists, or write the whole path");
    return normal(cwd / path);
}

}  // namespace

bool is_drive_path(std::string_view path) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return path.size() >= 2 && letter(path[0]) && path[1] == ':' &&
           (path.size() == 2 || path[2] == '/' || path[2] == '\\');
}

std::string forward_slashes(std::string path) {
    std::replace(path.begin(), path.end(), '\\', '/');
    return path;
}

PathRules::PathRules(std::filesystem::path home, std::string_view base_path, std::optional<std::string> user_home)
    : m_home(std::move(home)), m_user_home(std::move(user_home)) {
    if (base_path.empty()) return;
    auto expanded = expand(base_path);
    if (!expanded) {
        m_moved = true;
        return;
    }
    std::string base = without_trailing_slash(std::move(*expanded));
    if (!is_drive_path(base) && !base.starts_with('/')) base = normal(m_home / base).string();
    if (base == m_home.string()) return;
    std::error_code ignored;
    m_moved = is_drive_path(base) || !std::filesystem::equivalent(base, m_home, ignored);
    // A whole drive or file system as base would claim every path.
    if (base != "/" && base.size() > 3) m_old_base = std::move(base);
}

Result<std::string> PathRules::expand(std::string_view written) const {
    std::string path = forward_slashes(std::string(written));
    if (path != "~" && !path.starts_with("~/")) return path;
    if (!m_user_home || m_user_home->empty())
        return Error(Errc::usage, fmt::format("'{}' needs HOME, which is not set", written), "write the whole path");
    return *m_user_home + path.substr(1);
}

std::optional<std::string> PathRules::beneath_old_base(std::string_view path) const {
    if (m_old_base.empty() || path.size() < m_old_base.size()) return std::nullopt;
    const std::string_view head = path.substr(0, m_old_base.size());
    const bool same = is_drive_path(m_old_base) ? text::lower(head) == text::lower(m_old_base) : head == m_old_base;
    if (!same || (path.size() > m_old_base.size() && path[m_old_base.size()] != '/')) return std::nullopt;
    std::string_view rest = path.substr(m_old_base.size());
    while (rest.starts_with('/')) rest.remove_prefix(1);
    return std::string(rest);
}

Result<PathRules::Resolved> PathRules::resolve(std::string_view written) const {
    TRY(const std::string path, expand(written));
    if (!is_drive_path(path) && !path.starts_with('/')) {
        if (path.size() > 1 && path[1] == ':')
            return Error(Errc::usage, fmt::format("'{}' is a drive-relative Windows path", written),
                         "write it relative to the lake's folder");
        return Resolved{normal(m_home / path), false};
    }
    if (const auto rest = beneath_old_base(is_drive_path(path) ? path : normal(path).string()))
        return Resolved{normal(m_home / *rest), m_moved};
    if (is_drive_path(path) || written.starts_with("\\\\"))
        return Error(
            Errc::usage,
            fmt::format("'{}' is a Windows path outside storage.base_path; this system cannot reach it", written),
            "write a path of this system, or one relative to the lake's folder");
    return Resolved{normal(path), false};
}

Result<Home> find_home(const std::optional<std::string>& flag, const Environment& env, const std::filesystem::path& cwd,
                       Platform platform) {
    if (flag) {
        if (flag->empty()) return Error(Errc::usage, "--home is empty", "name the lake's folder");
        TRY(auto path, folder_from("--home", *flag, env, cwd, platform));
        return Home{std::move(path), "--home"};
    }
    if (const auto named = env("NEUROLAKE_HOME"); named && !named->empty()) {
        TRY(auto path, folder_from("NEUROLAKE_HOME", *named, env, cwd, platform));
        return Home{std::move(path), "NEUROLAKE_HOME"};
    }
    if (const auto above = cwd.empty() ? std::filesystem::path() : lake::find_home_above(cwd); !above.empty())
        return Home{above, above == cwd ? std::string("the working directory")
                                        : fmt::format("parent folder of {}", cwd.string())};
    if (platform == Platform::windows) return Home{"C:\\NeuroLake", "default"};
    const auto user_home = env("HOME");
    if (!user_home || user_home->empty())
        return Error(Errc::usage, "no lake here, and HOME is not set, so there is no default place either",
                     "name the lake with --home DIR or NEUROLAKE_HOME");
    TRY(auto path, folder_from("HOME", *user_home, env, cwd, platform));
    return Home{path / "NeuroLake", "default"};
}

}  // namespace neurolake::config
