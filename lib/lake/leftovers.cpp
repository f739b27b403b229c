// leftovers.cpp: finding temporaries by name, and asking whether their writer still lives.
// SPDX-License-Identifier: Apache-2.0
#include "lake/leftovers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/clock.hpp"
#include "base/file.hpp"

namespace neurolake::lake {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view k_mark = ".nl-tmp-";
constexpr std::int64_t k_hour_ns = 3'600'000'000'000;

// A lease for reading is granted only where nobody has the file open for writing.
bool has_writer(int fd) {
    if (::fcntl(fd, F_SETSIG, SIGURG) == 0 && ::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        ::fcntl(fd, F_SETLEASE, F_UNLCK);
        return false;
    }
    if (errno == EAGAIN) return true;
    const auto identity = identity_of(fd);
    return !identity || to_ns(SystemClock().now()) - identity->mtime_ns < k_hour_ns;
}

}  // namespace

bool is_leftover(std::string_view name) {
    if (!name.starts_with('.')) return false;
    const std::size_t at = name.rfind(k_mark);
    if (at == std::string_view::npos || at == 0) return false;
    const std::string_view random = name.substr(at + k_mark.size());
    return random.size() == 12 && random.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<std::string> leftovers_of(const InventoryBuilder& next, std::string_view bucket) {
    std::vector<std::string> found;
    next.for_each_folder(bucket, [&](const InventoryBuilder::FolderSummary& summary) {
        if (summary.ignored == 0) return;
        const std::size_t begin = summary.path.empty() ? 0 : summary.path.size() + 1;
        next.for_each(bucket, summary.path, [&](const FileRecord& record) {
            const std::string_view name = std::string_view(record.path).substr(begin);
            if (name.find('/') != std::string_view::npos || name.front() > '.') return false;  // sorted by name
            if (is_leftover(name)) found.push_back(record.path);
            return true;
        });
    });
    return found;
}

bool remove_leftover(int root_fd, const std::string& path) {
    const auto fd = open_beneath(root_fd, path, O_RDONLY);
    if (!fd || has_writer(fd->get())) return false;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ::unlinkat(root_fd, path.c_str(), 0) == 0;
    const auto folder = open_beneath(root_fd, path.substr(0, slash), O_RDONLY | O_DIRECTORY);
    return folder && ::unlinkat(folder->get(), path.substr(slash + 1).c_str(), 0) == 0;
}

std::vector<std::string> remove_leftovers(const Layout& layout) {
    std::vector<std::string> removed;
    for (const fs::path& folder : {layout.home, layout.config, layout.catalog, layout.state, layout.logs}) {
        const auto fd = open_folder(folder);
        if (!fd) continue;
        std::vector<std::string> names;
        std::error_code failed;
        for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
            if (std::string name = it->path().filename().string(); is_leftover(name)) names.push_back(std::move(name));
        for (const std::string& name : names)
            if (remove_leftover(fd->get(), name))
                removed.push_back((folder / name).lexically_relative(layout.home).string());
    }
    std::ranges::sort(removed);
    removed.erase(std::unique(removed.begin(), removed.end()), removed.end());
    return removed;
}

}  // namespace neurolake::lake
