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

// 4: how cells are written was not kept; 3: no values of Parquet and Avro were looked at; 2: ctime was not kept; 1: nor
// what the values of columns mean.
inline constexpr int k_codec = 5;

// What a file turned out to be, and of which content: size, mtime, ctime and inode when it was read.
struct FileProfile {
    std::uint64_t size = 0, ino = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;  // ctime 0: not known
    std::uint64_t sampled_rows = 0;           // only so many first rows were read; 0 = all
    int made_by = k_codec;                    // the codec that this profile was first written with: what it cannot know
    formats::Profile profile;
};

using FolderProfiles = std::map<std::string, FileProfile>;  // by file name

std::string encode(const FolderProfiles& folder);
// nullopt when the bytes are not what encode() makes or, for an older codec, made; never reads outside of them.
std::optional<FolderProfiles> decode(std::string_view bytes, int codec = k_codec);

}  // namespace neurolake::index
