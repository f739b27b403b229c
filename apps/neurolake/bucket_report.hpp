// bucket_report.hpp: what is told of a bucket, in words and as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "lake/stats.hpp"
#include "session.hpp"

namespace neurolake::apps {

// Sizes of one bucket: from the inventory (as of its last scan) or from a fresh walk.
struct BucketSizes {
    std::uint64_t files = 0, folders = 0, bytes = 0, allocated = 0, cloud_files = 0, cloud_bytes = 0;
    std::int64_t oldest_ns = 0, newest_ns = 0;
};
BucketSizes sizes_of(const lake::BucketTotals& totals);
BucketSizes sizes_of(const lake::BucketStats& stats);

// The members that every report of a bucket has; sizes that nobody has counted yet are null.
json::Value bucket_json(const lake::Bucket& bucket, const std::optional<BucketSizes>& sizes);
double size_gb(std::uint64_t bytes);  // 2^30

std::string retention_text(int days);  // "90 days", "forever"
std::string retention_note(int days);  // the same, and that nothing is removed by it yet
std::string card_line(const Output& out, const lake::Bucket& bucket,
                      const BucketSizes& sizes);  // 12.5 GiB · 1,234 files ...
// What to do with a folder in buckets/ that is no bucket: adopt it, or rename it first.
std::string how_to_adopt(const lake::Bucket& unregistered);
// Days (also "90d", "12w"), "forever" or -1. usage for anything else; 0 is refused with what to write instead.
Result<int> parse_retention(std::string_view words);
Result<lake::Tier> parse_tier(std::string_view word);

}  // namespace neurolake::apps
