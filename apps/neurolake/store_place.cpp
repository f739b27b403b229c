// store_place.cpp: compares the disk of a directory store with the lake's.
// SPDX-License-Identifier: Apache-2.0
#include "store_place.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

std::optional<dev_t> disk_of(const fs::path& folder) {
    struct stat seen {};
    if (::stat(folder.c_str(), &seen) != 0) return std::nullopt;
    return seen.st_dev;
}

}  // namespace

std::optional<std::string> on_lake_disk(const store::Options& store, const fs::path& home) {
    if (store.provider != "directory" || store.directory.empty()) return std::nullopt;
    const auto there = disk_of(store.directory), here = disk_of(home);
    if (!there || !here || *there != *here) return std::nullopt;
    return fmt::format("{} lies on the same disk as the lake: a burst frees nothing", store.directory);
}

std::optional<std::string> missing_directory(const store::Options& store) {
    std::error_code failed;
    if (store.provider != "directory" || store.directory.empty() || fs::is_directory(store.directory, failed))
        return std::nullopt;
    return fmt::format("{} is no folder; mount the disk, or make it: mkdir '{}'", store.directory, store.directory);
}

}  // namespace neurolake::apps
