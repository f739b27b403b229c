// policy.hpp: the rules of burst: marks, ages, sizes, globs, pins; and the one function that decides for a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "lake/bucket.hpp"
#include "lake/inventory.hpp"

namespace neurolake::tier {

// Every mark with the words of where it came from ("hybrid_storage.local_threshold_gb, config/settings.yaml:38").
struct Mark {
    std::uint64_t bytes = 0;
    std::string origin;
};

struct Marks {
    Mark capacity;  // shown, and itself an upper bound of high
    Mark high;      // effective: minimum of threshold, capacity, percent of capacity, used + disk room over min_free
    Mark low;       // where burst stops
    std::uint64_t used = 0;  // local data bytes in buckets (stubs and our own state not counted)
    std::uint64_t disk_total = 0, disk_free = 0, min_free = 0;
    bool over() const { return used > high.bytes; }
};

// What the settings say; effective marks come from it with the disk's real state.
struct MarkSettings {
    Mark capacity{100ull << 30, "default"};
    std::optional<Mark> threshold;            // local_threshold_gb / storage.high; default 80 GiB set by config
    std::optional<double> threshold_percent;  // cloud_burst_threshold_percent
    std::string threshold_percent_origin;
    std::optional<Mark> low;
    std::optional<Mark> min_free;  // absolute; else min_free_percent of the volume
    double min_free_percent = 5;
};
Marks effective_marks(const MarkSettings& settings, std::uint64_t used, std::uint64_t disk_total,
                      std::uint64_t disk_free);

enum class UnitKind { table, file };

struct Policy {
    bool enabled = true;  // storage.cloud_burst_enabled
    MarkSettings marks;
    double min_age_days = 0;
    std::uint64_t min_size = 64u << 10;
    std::vector<std::string> include, exclude;  // globs on "bucket/path"
    UnitKind unit = UnitKind::table;
    bool readable_stub = false;  // burst.stub: readable
    std::optional<std::uint64_t> bandwidth, max_per_run;
    double error_stop_percent = 50;
    double settle_seconds = 5;  // never under 2 in effect
    std::string prefix;         // key prefix, without trailing slash
    bool retention_cloud = false;
};

// A file changed less than this ago is not touched, whatever the settings say: two writes may share one clock tick.
inline constexpr double k_least_settle_seconds = 2;
double settle_seconds(const Policy& policy);

// Paths that are never burst: "bucket/path" of files or folders, kept in .neurolake/pins.json.
struct Pins {
    std::vector<std::string> paths;
    bool covers(std::string_view bucket_path) const;
};
Result<Pins> read_pins(const std::filesystem::path& file);  // missing = none; damaged = corrupt
Status write_pins(const std::filesystem::path& file, const Pins& pins);

struct Decision {
    bool movable = false;
    // Stable words: "tier_pinned", "pinned", "burst_disabled", "excluded", "not_included", "too_small", "too_young",
    // "settling", "tier_cloud", "coldest_first".
    std::string rule;
    std::string why;   // one sentence
    double score = 0;  // seconds of coldness: now - max(mtime, first_seen, recalled)
};
// The single place of the rules; `why`, plan and burst all ask here. `recalled`: when the bytes last came back from
// the cloud, so that what was asked for yesterday is not the coldest today.
// When a file's or unit's age (Decision::score) began, for people: RFC 3339.
std::string cold_since(Time now, double seconds);
Decision decide(const Policy& policy, const lake::Bucket& bucket, const Pins& pins, const lake::FileRecord& file,
                Time now, std::optional<Time> recalled = {});

// SHA-256 over everything a plan depends on but the files: rules, marks' settings, bucket tiers and rules, pins.
Result<std::string> policy_hash(const Policy& policy, const std::vector<lake::Bucket>& buckets, const Pins& pins);

json::Value to_json(const Marks& marks);

}  // namespace neurolake::tier
