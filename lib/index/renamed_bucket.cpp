// renamed_bucket.cpp: looks for a bucket's files in the folders beside it.
// SPDX-License-Identifier: Apache-2.0
#include "index/renamed_bucket.hpp"

#include <fmt/format.h>

#include <algorithm>

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

std::optional<LostFolder> lost_folder(const lake::Bucket& bucket, const lake::Inventory& old, const fs::path& buckets,
                                      const std::vector<lake::Bucket>& registered) {
    using Why = LostFolder::Why;
    const auto opened = open_folder(bucket.root);
    if (opened) return std::nullopt;
    const std::string remove = "neurolake bucket remove " + bucket.name;
    if (opened.error().code == Errc::denied)
        return LostFolder{Why::denied, "you may not read this folder: have its owner give you the rights (chmod u+rx)"};
    std::error_code failed;
    const auto there = fs::symlink_status(bucket.root, failed);
    if (fs::exists(there) && !fs::is_directory(there))
        return LostFolder{Why::no_folder,
                          fs::is_symlink(there)
                              ? "what lies there is a symlink that leads to no folder: mend it, or put the folder back"
                              : "what lies there is no folder: move it away and put the folder back"};
    if (const auto folder = folder_with_files_of(bucket.name, old, buckets)) {
        if (std::ranges::find(registered, *folder, &lake::Bucket::name) == registered.end())
            return LostFolder{Why::renamed, renamed_text(*folder)};
        return LostFolder{Why::moved, fmt::format("its files lie in bucket {} now: {}", *folder, remove)};
    }
    const auto known = old.totals(bucket.name);
    if (!known || known->files + known->cloud_files == 0)
        return LostFolder{Why::empty, "no file of it is known: make the folder again, or: " + remove};
    return LostFolder{Why::unknown, "is a disk not mounted? If it is gone for good: " + remove};
}

}  // namespace neurolake::index
