// renamed_bucket.hpp: the folder of a bucket got another name by hand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "lake/inventory.hpp"

namespace neurolake::index {

// The folder beside the bucket's that holds its files now (by inode, size and mtime of a few of them): its name.
std::optional<std::string> folder_with_files_of(const std::string& bucket, const lake::Inventory& old,
                                                const std::filesystem::path& buckets);

// "its files lie in buckets/b now ...", with what to do.
std::string renamed_text(const std::string& folder);

}  // namespace neurolake::index
