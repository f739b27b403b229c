// table_storage.hpp: which files of a folder of the older table storage (_metadata.json, data_v1.ncf ...) are its rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::index {

inline constexpr std::string_view k_storage_metadata = "_metadata.json", k_storage_history = "_history.json";

// The versions whose files are the table now: from the last one that overwrote all before it to the newest that was
// written whole. Older files are kept by that storage so that people can go back; their rows are not the table's.
struct LiveVersions {
    std::uint64_t from = 1, to = 0;
    bool holds(std::uint64_t version) const { return version >= from && version <= to; }
};

// The N of "data_vN.ncf"; nothing for any other name.
std::optional<std::uint64_t> version_of_name(std::string_view file_name);

// From the texts of both files. nullopt: the files are not of that storage. corrupt: they are no JSON.
Result<std::optional<LiveVersions>> live_versions(std::string_view metadata, std::string_view history);
// Reads both beneath the bucket, at most 2 MiB each.
Result<std::optional<LiveVersions>> read_live_versions(int bucket_fd, std::string_view folder);

// Tells the files of versions that were overwritten, folder by folder, each looked at once.
class OldVersions {
public:
    explicit OldVersions(int bucket_fd) : m_bucket_fd(bucket_fd) {}
    bool holds(std::string_view path);  // beneath the bucket; false where it cannot be known

private:
    int m_bucket_fd;
    std::map<std::string, std::optional<LiveVersions>, std::less<>> m_folders;
};

}  // namespace neurolake::index
