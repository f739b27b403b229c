// file_uses.cpp: opens, renames and links of a command, summed up by file.
// SPDX-License-Identifier: Apache-2.0
#include "run/file_uses.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace neurolake::run {

namespace fs = std::filesystem;

bool FileUses::covers(std::string_view path) const {
    return std::ranges::any_of(m_below, [&](const std::string& folder) {
        return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
    });
}

std::optional<FileUses::Look> FileUses::look(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
    const auto ns = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
    return Look{found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size), ns(found.st_mtim),
                ns(found.st_ctim)};
}

void FileUses::look_before(const std::string& path) {
    if (!covers(path)) return;
    File& file = m_files[path];
    if (file.looked) return;
    file.looked = true;
    file.before = look(path);
}

void FileUses::opened(const std::string& path, std::uint64_t flags) {
    if (!covers(path) || (flags & O_PATH) || (flags & O_DIRECTORY)) return;
    const auto mode = flags & O_ACCMODE;
    if (mode == O_RDONLY) {
        const auto known = m_files.find(path);
        if ((flags & O_CREAT) && known != m_files.end() && known->second.looked && !known->second.before) made(path);
        if (known != m_files.end() && known->second.made) return;
        if (look(path)) m_files[path].read = true;
        return;
    }
    File& file = m_files[path];
    if (!file.looked) {  // its name at the call was another one: all that is known is that it is there
        file.looked = true;
        file.before = look(path);
    }
    file.touched = file.opened = true;
    if (mode == O_RDWR && file.before && !(flags & O_TRUNC) && !file.made) file.read = true;
    if (!file.before || (flags & O_TRUNC)) file.made = true;
}

FileUses::File& FileUses::made(const std::string& path) {
    File& file = m_files[path];
    file.looked = file.touched = file.made = true;
    return file;
}

void FileUses::changed(const std::string& path) {
    if (covers(path)) m_files[path].touched = true;
}

void FileUses::linked(const std::string& from, const std::string& to) {
    if (covers(to)) made(to);
    const auto source = m_files.find(from);
    if (covers(from) && !(source != m_files.end() && source->second.made)) m_files[from].read = true;
}

// What was there and went to another name is where that one's content comes from.
void FileUses::renamed(const std::string& from, const std::string& to) {
    std::error_code failed;
    if (fs::is_directory(to, failed)) return folder_renamed(from, to);
    linked(from, to);
    const auto source = m_files.find(from);
    if (source != m_files.end() && !source->second.read) m_files.erase(source);
}

void FileUses::folder_renamed(const std::string& from, const std::string& to) {
    std::error_code failed;
    auto at = fs::recursive_directory_iterator(to, fs::directory_options::skip_permission_denied, failed);
    for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
        std::error_code unknown;
        if (!at->is_regular_file(unknown)) continue;
        const std::string now = at->path().string();
        linked(from + now.substr(to.size()), now);
        const auto source = m_files.find(from + now.substr(to.size()));
        if (source != m_files.end() && !source->second.read) m_files.erase(source);
    }
}

std::vector<FileUse> FileUses::result() const {
    std::vector<FileUse> uses;
    for (const auto& [path, file] : m_files) {
        const auto now = file.touched ? look(path) : std::nullopt;
        const bool same = now && file.before && now->same_as(*file.before, file.opened);
        const bool marker = now && !file.before && now->size == 0;  // a lock, a flag: it holds no data
        const FileUse use{path, file.read, now && !same && !marker};
        if (use.read || use.written) uses.push_back(use);
    }
    return uses;
}

}  // namespace neurolake::run
