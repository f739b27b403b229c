// renamed_bucket.hpp: the folder of a bucket got another name by hand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lake/inventory.hpp"
#include "lake/lake.hpp"

namespace neurolake::index {

// The folder beside the bucket's that holds its files now (by inode, size and mtime of a few of them): its name.
std::optional<std::string> folder_with_files_of(const std::string& bucket, const lake::Inventory& old,
                                                const std::filesystem::path& buckets);

// "its files lie in buckets/b now ...", with what to do.
std::string renamed_text(const std::string& folder);

// A bucket whose folder cannot be looked into: the likely reason, and what to do about it.
struct LostFolder {
    enum class Why { renamed, moved, denied, no_folder, empty, unknown } why = Why::unknown;
    std::string advice;
};
// nullopt when the folder can be read. `registered`: the lake's buckets; `old`: what the last index saw.
std::optional<LostFolder> lost_folder(const lake::Bucket& bucket, const lake::Inventory& old,
                                      const std::filesystem::path& buckets,
                                      const std::vector<lake::Bucket>& registered);

}  // namespace neurolake::index
