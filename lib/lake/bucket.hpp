// bucket.hpp: a bucket: a named folder with a purpose, a tier and a retention; the rules of its name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace neurolake::lake {

enum class Tier {
    local,   // moved only when the disk passes the high mark
    cloud,   // moved at every burst
    pinned,  // never moved
};
std::string_view to_string(Tier tier);
std::optional<Tier> tier_from(std::string_view word);

inline constexpr int k_keep_forever = -1;  // retention_days

// Which files of a bucket may be burst; empty optionals mean "as in the lake's burst.* settings".
struct BurstRules {
    std::optional<double> min_age_days;
    std::optional<std::uint64_t> min_size;                     // bytes
    std::optional<std::vector<std::string>> include, exclude;  // globs on the path inside the bucket
};

struct Bucket {
    std::string name;
    std::filesystem::path root;   // absolute folder
    std::string configured_path;  // as in the settings; "" = buckets/<name>
    Tier tier = Tier::local;
    int retention_days = k_keep_forever;
    std::string purpose;
    bool auto_catalog = true;
    std::string created_at;  // RFC 3339, "" unknown
    BurstRules burst;
    bool registered = true;  // false: a folder in buckets/ that no settings file names
    std::string origin;      // "config/buckets.yaml:12"
    bool outside = false;    // root lies outside <home>/buckets: carries a .neurolake-bucket marker
};

// usage with the broken rule: 3-63 characters of a-z 0-9 -, first and last alphanumeric, not a Windows device name.
Status check_name(std::string_view name);
// Also unique among `existing`, without regard to case.
Status check_new_name(std::string_view name, std::span<const Bucket> existing);

}  // namespace neurolake::lake
