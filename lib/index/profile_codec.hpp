// profile_codec.hpp: what is known of the files of one folder, packed into bytes and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "formats/profile.hpp"

namespace neurolake::index {

// What a file turned out to be, and of which content: size, mtime and inode when it was read.
struct FileProfile {
    std::uint64_t size = 0, ino = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t sampled_rows = 0;  // only so many first rows were read; 0 = all
    formats::Profile profile;
};

using FolderProfiles = std::map<std::string, FileProfile>;  // by file name

std::string encode(const FolderProfiles& folder);
// nullopt when the bytes are not what encode() makes; never reads outside of them.
std::optional<FolderProfiles> decode(std::string_view bytes);

}  // namespace neurolake::index
