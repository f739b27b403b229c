// policy.cpp: marks from settings and the disk, pins, and the order in which the rules speak.
// SPDX-License-Identifier: Apache-2.0
#include "tier/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::tier {

namespace {

constexpr double k_day_seconds = 86400;

bool any_matches(const std::vector<std::string>& globs, std::string_view path) {
    return std::any_of(globs.begin(), globs.end(), [&](const auto& glob) { return text::glob_match(glob, path); });
}

// The globs that count for a bucket, and the path they are matched on.
struct Globs {
    const std::vector<std::string>& patterns;
    std::string path;
    std::string origin;
};

Globs globs_of(const std::optional<std::vector<std::string>>& own, const std::vector<std::string>& common,
               const lake::Bucket& bucket, const std::string& path, std::string_view key) {
    if (own) return {*own, path, fmt::format("buckets.{}.burst.{}", bucket.name, key)};
    return {common, bucket.name + "/" + path, fmt::format("burst.{}", key)};
}

double age_seconds(const lake::FileRecord& file, Time now, std::optional<Time> recalled) {
    auto warm = std::max(file.mtime_ns, file.first_seen_ns);
    if (recalled) warm = std::max(warm, to_ns(*recalled));
    return static_cast<double>(to_ns(now) - warm) / 1e9;
}

std::optional<Decision> kept_by_name(const Policy& policy, const lake::Bucket& bucket, const Pins& pins,
                                     const std::string& path) {
    const auto full = bucket.name + "/" + path;
    if (bucket.tier == lake::Tier::pinned)
        return Decision{false, "tier_pinned", fmt::format("bucket {} has tier pinned: it is never moved", bucket.name)};
    if (pins.covers(full)) return Decision{false, "pinned", "it is pinned (neurolake unpin lets it go)"};
    if (!policy.enabled)
        return Decision{false, "burst_disabled", "burst is switched off (storage.cloud_burst_enabled: false)"};
    const auto exclude = globs_of(bucket.burst.exclude, policy.exclude, bucket, path, "exclude");
    if (any_matches(exclude.patterns, exclude.path))
        return Decision{false, "excluded", fmt::format("a pattern of {} matches it", exclude.origin)};
    const auto include = globs_of(bucket.burst.include, policy.include, bucket, path, "include");
    if (!include.patterns.empty() && !any_matches(include.patterns, include.path))
        return Decision{false, "not_included", fmt::format("no pattern of {} matches it", include.origin)};
    return std::nullopt;
}

// A bucket whose tier is cloud empties itself whatever its files' ages and sizes, unless its own rules say otherwise.
std::optional<Decision> kept_by_facts(const Policy& policy, const lake::Bucket& bucket, const lake::FileRecord& file,
                                      double age, Time now) {
    const bool always = bucket.tier == lake::Tier::cloud;
    const auto min_size = bucket.burst.min_size.value_or(always ? 0 : policy.min_size);
    if (file.size < min_size)
        return Decision{
            false, "too_small",
            fmt::format("{} is under burst.min_size ({})", text::size_text(file.size), text::size_text(min_size))};
    const auto min_age = bucket.burst.min_age_days.value_or(always ? 0 : policy.min_age_days) * k_day_seconds;
    if (min_age > 0 && age < min_age)
        return Decision{false, "too_young",
                        fmt::format("it is {} old, burst.min_age_days asks for {}",
                                    text::duration_text(static_cast<std::int64_t>(std::max(0.0, age))),
                                    text::duration_text(static_cast<std::int64_t>(min_age)))};
    const auto unchanged = static_cast<double>(to_ns(now) - file.mtime_ns) / 1e9;
    if (unchanged < settle_seconds(policy))
        return Decision{false, "settling",
                        unchanged < 0 ? "its time of change lies in the future"
                                      : fmt::format("it changed {:.1f} s ago and may still be written to", unchanged)};
    return std::nullopt;
}

}  // namespace

double settle_seconds(const Policy& policy) { return std::max(k_least_settle_seconds, policy.settle_seconds); }

Marks effective_marks(const MarkSettings& settings, std::uint64_t used, std::uint64_t disk_total,
                      std::uint64_t disk_free) {
    Marks marks;
    marks.capacity = settings.capacity;
    marks.used = used;
    marks.disk_total = disk_total;
    marks.disk_free = disk_free;
    Mark min_free{static_cast<std::uint64_t>(static_cast<double>(disk_total) * settings.min_free_percent / 100.0),
                  fmt::format("storage.min_free ({:g} % of the volume)", settings.min_free_percent)};
    if (settings.min_free) min_free = *settings.min_free;
    marks.min_free = min_free.bytes;

    marks.high = settings.capacity;
    const auto lower = [&](const Mark& mark) {
        if (mark.bytes < marks.high.bytes) marks.high = mark;
    };
    if (settings.threshold) lower(*settings.threshold);
    if (settings.threshold_percent)
        lower({static_cast<std::uint64_t>(static_cast<double>(settings.capacity.bytes) * *settings.threshold_percent /
                                          100.0),
               settings.threshold_percent_origin});
    if (disk_total > 0) {
        const auto reachable = used + disk_free;  // what the lake could hold if it filled the disk
        lower({reachable > min_free.bytes ? reachable - min_free.bytes : 0, min_free.origin});
    }

    marks.low = {marks.high.bytes - marks.high.bytes / 10, "90 % of the high mark"};
    if (settings.low && settings.low->bytes <= marks.high.bytes) marks.low = *settings.low;
    return marks;
}

bool Pins::covers(std::string_view bucket_path) const {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const auto& pin) { return text::starts_with_folder(bucket_path, pin); });
}

Result<Pins> read_pins(const std::filesystem::path& file) {
    auto bytes = read_file(file);
    if (!bytes && bytes.error().code == Errc::not_found) return Pins{};
    if (!bytes) return std::move(bytes).error();
    auto value = json::parse(*bytes);
    if (!value || !value->is_object() || value->text("schema") != "neurolake.pins/1")
        return Error(Errc::corrupt, fmt::format("{} is damaged: the pinned paths cannot be read", file.string()),
                     "neurolake doctor --fix renames it aside; nothing is burst while it cannot be read",
                     file.string());
    Pins pins;
    for (const auto& entry : value->items("pins")) pins.paths.push_back(json::get_path(entry, "path"));
    return pins;
}

Status write_pins(const std::filesystem::path& file, const Pins& pins) {
    auto value = json::Value::object();
    value.set("schema", "neurolake.pins/1");
    auto list = json::Value::array();
    for (const auto& path : pins.paths) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", path);
        list.push(std::move(entry));
    }
    value.set("pins", std::move(list));
    return write_file_atomic(file, json::dump(value, json::Style::pretty) + "\n", 0600);
}

std::string cold_since(Time now, double seconds) {
    return to_rfc3339(now - std::chrono::seconds(static_cast<std::int64_t>(std::max(0.0, seconds))));
}

Decision decide(const Policy& policy, const lake::Bucket& bucket, const Pins& pins, const lake::FileRecord& file,
                Time now, std::optional<Time> recalled) {
    const auto age = age_seconds(file, now, recalled);
    auto kept = kept_by_name(policy, bucket, pins, file.path);
    if (!kept) kept = kept_by_facts(policy, bucket, file, age, now);
    if (kept) {
        kept->score = age;
        return *kept;
    }
    if (bucket.tier == lake::Tier::cloud)
        return {true, "tier_cloud", fmt::format("bucket {} has tier cloud: its files always move", bucket.name), age};
    return {true, "coldest_first",
            fmt::format("over the high mark the coldest go first; this one lies here unchanged since {}",
                        cold_since(now, age)),
            age};
}

namespace {

void add_mark(json::Value& object, std::string_view key, const std::optional<Mark>& mark) {
    object.set(key, mark ? json::Value(mark->bytes) : json::Value());
}

json::Value strings(const std::vector<std::string>& list) {
    auto out = json::Value::array();
    for (const auto& item : list) out.push(item);
    return out;
}

json::Value rules_of(const lake::Bucket& bucket) {
    auto out = json::Value::object();
    out.set("name", bucket.name).set("tier", to_string(bucket.tier));
    out.set("min_age_days", bucket.burst.min_age_days).set("min_size", bucket.burst.min_size);
    out.set("include", bucket.burst.include ? strings(*bucket.burst.include) : json::Value());
    out.set("exclude", bucket.burst.exclude ? strings(*bucket.burst.exclude) : json::Value());
    return out;
}

}  // namespace

Result<std::string> policy_hash(const Policy& policy, const std::vector<lake::Bucket>& buckets, const Pins& pins) {
    auto all = json::Value::object();
    const auto& marks = policy.marks;
    all.set("enabled", policy.enabled).set("capacity", marks.capacity.bytes);
    add_mark(all, "threshold", marks.threshold);
    all.set("threshold_percent", marks.threshold_percent);
    add_mark(all, "low", marks.low);
    add_mark(all, "min_free", marks.min_free);
    all.set("min_free_percent", marks.min_free_percent).set("min_age_days", policy.min_age_days);
    all.set("min_size", policy.min_size).set("include", strings(policy.include));
    all.set("exclude", strings(policy.exclude)).set("unit", policy.unit == UnitKind::table ? "table" : "file");
    all.set("prefix", policy.prefix).set("pins", strings(pins.paths));
    auto rules = json::Value::array();
    for (const auto& bucket : buckets) rules.push(rules_of(bucket));
    all.set("buckets", std::move(rules));
    TRY(auto digest, sha256(json::dump(all)));
    return to_hex(digest);
}

json::Value to_json(const Marks& marks) {
    auto out = json::Value::object();
    out.set("capacity_bytes", marks.capacity.bytes).set("capacity_origin", marks.capacity.origin);
    out.set("high_bytes", marks.high.bytes).set("high_origin", marks.high.origin);
    out.set("low_bytes", marks.low.bytes).set("low_origin", marks.low.origin);
    out.set("used_bytes", marks.used).set("disk_total_bytes", marks.disk_total);
    out.set("disk_free_bytes", marks.disk_free).set("min_free_bytes", marks.min_free);
    return out;
}

}  // namespace neurolake::tier
