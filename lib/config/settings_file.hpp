// settings_file.hpp: one settings file between being read and being written: what it was, and whether it changed since.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::config {

class SettingsFile {
public:
    enum class Missing { error, empty };
    // `name` is how messages call it ("config/settings.yaml"). A link is followed: an edited link stays a link.
    static Result<SettingsFile> read(const std::filesystem::path& path, std::string_view name, Missing missing);

    const std::string& text() const { return m_text; }
    const std::string& name() const { return m_name; }

    // Replaces the file atomically; mode and owner stay, the old text goes to <file>.bak first. conflict, and nothing
    // is written, when the file is no longer what was read. Equal text writes nothing.
    Status write(std::string_view after) const;

private:
    Status check_unchanged() const;

    std::filesystem::path m_path;
    std::string m_name, m_text;
    bool m_exists = false;
};

}  // namespace neurolake::config
