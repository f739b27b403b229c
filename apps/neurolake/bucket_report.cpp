// bucket_report.cpp: buckets in words and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "bucket_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "shell_words.hpp"

namespace neurolake::apps {

BucketSizes sizes_of(const lake::BucketTotals& t) {
    return {t.files, t.folders, t.bytes, t.allocated, t.cloud_files, t.cloud_bytes, t.oldest_ns, t.newest_ns};
}

BucketSizes sizes_of(const lake::BucketStats& s) {
    return {s.file_count,  s.dir_count,   s.size_bytes, s.allocated_bytes,
            s.cloud_files, s.cloud_bytes, s.oldest_ns,  s.newest_ns};
}

double size_gb(std::uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(1ull << 30); }

json::Value bucket_json(const lake::Bucket& bucket, const std::optional<BucketSizes>& sizes) {
    auto value = json::Value::object();
    value.set("name", bucket.name).set("tier", lake::to_string(bucket.tier));
    value.set("retention_days", bucket.retention_days).set("purpose", bucket.purpose);
    json::set_path(value, "path", bucket.root.string());
    value.set("configured_path", bucket.configured_path);
    value.set("created_at", bucket.created_at.empty() ? json::Value() : json::Value(bucket.created_at));
    value.set("registered", bucket.registered).set("auto_catalog", bucket.auto_catalog);
    const auto count = [&](std::uint64_t BucketSizes::*member) {
        return sizes ? json::Value((*sizes).*member) : json::Value();
    };
    value.set("file_count", count(&BucketSizes::files)).set("dir_count", count(&BucketSizes::folders));
    value.set("size_bytes", count(&BucketSizes::bytes));
    value.set("size_gb", sizes ? json::Value(size_gb(sizes->bytes)) : json::Value());
    value.set("cloud_file_count", count(&BucketSizes::cloud_files));
    value.set("cloud_bytes", count(&BucketSizes::cloud_bytes)).set("origin", bucket.origin);
    return value;
}

std::string retention_text(int days) {
    if (days == lake::k_keep_forever) return "forever";
    return fmt::format("{} day{}", text::with_thousands(static_cast<std::uint64_t>(days)), days == 1 ? "" : "s");
}

std::string retention_note(int days) {
    return retention_text(days) + (days == lake::k_keep_forever ? "" : " (noted only: this version removes nothing)");
}

std::string card_line(const Output& out, const lake::Bucket& bucket, const BucketSizes& sizes) {
    std::string tier(lake::to_string(bucket.tier));
    std::transform(tier.begin(), tier.end(), tier.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    const std::string dot = out.separator();
    return fmt::format("{}{}{} file{}{}Tier: {}", text::size_text(sizes.bytes), dot, text::with_thousands(sizes.files),
                       sizes.files == 1 ? "" : "s", dot, tier);
}

std::string how_to_adopt(const lake::Bucket& unregistered) {
    if (lake::check_name(unregistered.name))
        return fmt::format("to adopt it: neurolake bucket create {}", unregistered.name);
    return fmt::format("to make it a bucket, rename it to 3-63 characters of a-z, 0-9 and -: mv {} {}",
                       shell_word(unregistered.root.string()),
                       shell_word((unregistered.root.parent_path() / "new-name").string()));
}

Result<int> parse_retention(std::string_view words) {
    if (words == "forever") return lake::k_keep_forever;
    if (words.size() > 1 && (words.ends_with('d') || words.ends_with('w'))) {
        const auto seconds = text::parse_duration(words);
        constexpr std::int64_t k_day = 86400, k_most = 36500 * k_day;
        if (seconds && *seconds >= k_day && *seconds <= k_most && *seconds % k_day == 0)
            return static_cast<int>(*seconds / k_day);
    }
    int days = 0;
    const auto [end, failed] = std::from_chars(words.data(), words.data() + words.size(), days);
    const bool whole = failed == std::errc() && end == words.data() + words.size();
    if (whole && (days >= 1 || days == lake::k_keep_forever)) return days;
    return Error(Errc::usage, fmt::format("retention '{}' is no number of days", words),
                 "use -1 (or forever) to keep for ever, or 1 and more days (90, 90d)");
}

Result<lake::Tier> parse_tier(std::string_view word) {
    if (auto tier = lake::tier_from(word)) return *tier;
    return Error(Errc::usage, fmt::format("'{}' is no tier", word),
                 "use local (moved only over the mark), cloud (always moved) or pinned (never moved)");
}

}  // namespace neurolake::apps
