// went_on.cpp: gone files and those that came, paired by identity and by name.
// SPDX-License-Identifier: Apache-2.0
#include "lake/went_on.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace neurolake::lake {
namespace {

using Sameness = std::tuple<std::uint64_t, std::uint64_t, std::int64_t>;  // inode, size, mtime
using Place = std::pair<std::uint32_t, std::string_view>;                 // bucket, path

Sameness sameness(const FileRecord& record) { return {record.ino, record.size, record.mtime_ns}; }

bool ends_with_word(std::string_view path, std::string_view ending) {
    if (path.size() <= ending.size()) return false;
    const auto alike = [](unsigned char a, unsigned char b) { return std::tolower(a) == b; };
    return std::ranges::equal(path.substr(path.size() - ending.size()), ending, alike);
}

}  // namespace

std::string_view unpacked_path(std::string_view path) {
    constexpr std::array<std::string_view, 6> k_endings{".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz"};
    for (const std::string_view ending : k_endings)
        if (ends_with_word(path, ending) && path[path.size() - ending.size() - 1] != '/')
            return path.substr(0, path.size() - ending.size());
    return path;
}

std::vector<bool> went_on(const Scan& scan) {
    std::vector<bool> out(scan.gone.size(), false);
    std::multimap<Sameness, std::size_t> moved;
    for (std::size_t i = 0; i < scan.added.size(); ++i) moved.emplace(sameness(scan.added[i]), i);
    std::vector<bool> taken(scan.added.size(), false);
    for (std::size_t i = 0; i < scan.gone.size(); ++i) {
        const auto elsewhere = moved.find(sameness(scan.gone[i]));
        if (elsewhere == moved.end()) continue;
        out[i] = taken[elsewhere->second] = true;
        moved.erase(elsewhere);
    }
    std::multiset<Place> came;
    for (std::size_t i = 0; i < scan.added.size(); ++i)
        if (!taken[i] && scan.added[i].state != FileState::ignored)
            came.emplace(scan.added_bucket[i], unpacked_path(scan.added[i].path));
    for (std::size_t i = 0; i < scan.gone.size() && !came.empty(); ++i) {
        if (out[i]) continue;
        const auto twin = came.find({scan.gone_bucket[i], unpacked_path(scan.gone[i].path)});
        if (twin == came.end()) continue;
        out[i] = true;
        came.erase(twin);
    }
    return out;
}

}  // namespace neurolake::lake
