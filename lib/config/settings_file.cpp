// settings_file.cpp: reading and safely replacing one settings file.
// SPDX-License-Identifier: Apache-2.0
#include "config/settings_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"

namespace neurolake::config {

Result<SettingsFile> SettingsFile::read(const std::filesystem::path& path, std::string_view name, Missing missing) {
    SettingsFile file;
    file.m_name = name;
    std::error_code ignored;
    file.m_path = std::filesystem::canonical(path, ignored);
    if (file.m_path.empty()) file.m_path = path;
    auto text = read_file(file.m_path);
    if (!text && (text.error().code != Errc::not_found || missing == Missing::error)) return std::move(text).error();
    file.m_exists = text.has_value();
    if (text) file.m_text = std::move(*text);
    return file;
}

Status SettingsFile::write(std::string_view after) const {
    if (m_exists && after == m_text) return {};
    TRY_DO(check_unchanged());
    struct stat seen {};
    const bool known = m_exists && ::stat(m_path.c_str(), &seen) == 0;
    const mode_t mode = known ? seen.st_mode & 07777 : 0666;
    if (m_exists) TRY_DO(write_file_atomic(m_path.string() + ".bak", m_text, mode));
    TRY(auto file, AtomicFile::create(m_path, mode));
    if (known) {  // the umask, and editing as root, must not change who may read it
        (void)!::fchown(file.fd(), seen.st_uid, seen.st_gid);
        (void)::fchmod(file.fd(), mode);
    }
    TRY_DO(file.write(after));
    TRY_DO(check_unchanged());
    return file.commit(m_exists ? Overwrite::yes : Overwrite::no);
}

Status SettingsFile::check_unchanged() const {
    auto now = read_file(m_path);
    if (!now && !m_exists && now.error().code == Errc::not_found) return {};
    if (now && m_exists && *now == m_text) return {};
    return Error(Errc::conflict, fmt::format("{} changed while it was being edited; nothing was written", m_name),
                 "run the command again", m_path.string());
}

}  // namespace neurolake::config
