// file_uses.hpp: what the calls of a command add up to: which files it read, and which it made or changed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/traced_command.hpp"

namespace neurolake::run {

// Paths are absolute and free of links; those not below one of the folders are ignored.
class FileUses {
public:
    explicit FileUses(std::vector<std::string> below) : m_below(std::move(below)) {}

    bool covers(std::string_view path) const;

    // Before a call that may change `path`: how it looks now. Only the first time counts.
    void look_before(const std::string& path);
    // After calls that succeeded. `flags` are those of open(2).
    void opened(const std::string& path, std::uint64_t flags);
    void renamed(const std::string& from, const std::string& to);  // a file or a folder
    void linked(const std::string& from, const std::string& to);
    void changed(const std::string& path);
    // A call whose file we may not know, as the process may not be looked into.
    void missed() { ++m_missed; }
    std::size_t missed_calls() const { return m_missed; }
    void unseen_program() { ++m_unseen; }
    std::size_t unseen_programs() const { return m_unseen; }

    // How it ended, compared with how things look now.
    std::vector<FileUse> result() const;

private:
    struct Look {  // of a regular file
        std::uint64_t device = 0, inode = 0, size = 0;
        std::int64_t mtime_ns = 0, ctime_ns = 0;
        // A rename moves the ctime and leaves the content; who puts the mtime back cannot put back the ctime.
        bool same_as(const Look& other, bool with_ctime) const {
            return device == other.device && inode == other.inode && size == other.size && mtime_ns == other.mtime_ns &&
                   (!with_ctime || ctime_ns == other.ctime_ns);
        }
    };
    struct File {
        bool looked = false;
        std::optional<Look> before;  // none: it was not there
        bool read = false;
        bool touched = false;  // may have been changed; result() looks
        bool opened = false;   // for writing
        bool made = false;     // its content is the command's own from here on
    };
    static std::optional<Look> look(const std::string& path);
    void folder_renamed(const std::string& from, const std::string& to);
    File& made(const std::string& path);

    std::size_t m_missed = 0, m_unseen = 0;
    std::vector<std::string> m_below;
    std::map<std::string, File> m_files;
};

}  // namespace neurolake::run
