// status_report.hpp: what is to know of a lake at a glance, gathered once for people and for JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bucket_report.hpp"
#include "lake/last_run.hpp"
#include "lake/usage.hpp"
#include "session.hpp"
#include "tier/policy.hpp"

namespace neurolake::apps {

enum class Counting { fresh, cached };  // walk the buckets now, or answer from the inventory

struct BucketUse {
    lake::Bucket bucket;
    std::optional<BucketSizes> sizes;  // unset: not counted, `problem` says why
    std::string problem;
};

struct LastRunOf {
    std::string verb;  // "index", "burst", "verify"
    std::optional<lake::LastRun> run;
    bool expected = false;  // --max-age looks at it
    bool stale = false;
};

struct StatusReport {
    std::string home, lake_id;
    Counting counting = Counting::fresh;
    Time counted_at;
    std::vector<BucketUse> buckets;
    BucketSizes total;
    tier::Marks marks;
    std::optional<lake::Forecast> forecast;
    bool burst_enabled = true;
    std::string provider, target;         // "s3", "bucket x at https://..."
    std::vector<std::string> missing;     // settings the store still wants; empty = configured
    std::optional<std::uint64_t> tables;  // unset: the catalog cannot be read
    std::vector<LastRunOf> last;
    std::vector<std::string> unfinished;  // operations in the journal, in words
    std::optional<std::string> locked_by;
    std::vector<std::string> warnings;

    bool stale() const;
};

// `max_age`: seconds after which the last good index (and burst, where one can happen) is stale.
Result<StatusReport> status_of(Session& session, Counting counting, std::optional<std::int64_t> max_age);

json::Value to_json(const StatusReport& report);

}  // namespace neurolake::apps
