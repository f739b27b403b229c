// renamed_bucket.cpp: looks for a bucket's files in the folders beside it.
// SPDX-License-Identifier: Apache-2.0
#include "index/renamed_bucket.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::index {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t k_looked_at = 8;

std::vector<lake::FileRecord> some_files(const std::string& bucket, const lake::Inventory& old) {
    std::vector<lake::FileRecord> files;
    old.for_each(bucket, "", [&](const lake::FileRecord& record) {
        if (record.state != lake::FileState::ignored) files.push_back(record);
        return files.size() < k_looked_at;
    });
    return files;
}

bool is_there(const fs::path& folder, const lake::FileRecord& record) {
    const auto found = identity_of_path(folder / record.path);
    return found && found->ino == record.ino && found->mtime_ns == record.mtime_ns &&
           (record.state == lake::FileState::stub || found->size == record.size);
}

}  // namespace

std::optional<std::string> folder_with_files_of(const std::string& bucket, const lake::Inventory& old,
                                                const fs::path& buckets) {
    const auto files = some_files(bucket, old);
    if (files.empty()) return std::nullopt;
    std::error_code failed;
    for (fs::directory_iterator it(buckets, failed), end; !failed && it != end; it.increment(failed)) {
        const std::string name = it->path().filename().string();
        if (name == bucket || name.starts_with('.') || it->is_symlink(failed) || !it->is_directory(failed)) continue;
        std::size_t there = 0;
        for (const lake::FileRecord& file : files) there += is_there(it->path(), file);
        if (there * 2 > files.size()) return name;
    }
    return std::nullopt;
}

std::string renamed_text(const std::string& folder) {
    if (!lake::check_name(folder))
        return fmt::format(
            "its files lie in buckets/{} now: was the folder renamed? Give it its old name back, or "
            "one that a bucket can have (3-63 characters of a-z, 0-9 and -)",
            text::escape_controls(folder));
    return fmt::format(
        "its files lie in buckets/{0} now: was the folder renamed? neurolake bucket create {0} registers "
        "it, and the next index keeps tables, tags and history",
        text::escape_controls(folder));
}

}  // namespace neurolake::index
