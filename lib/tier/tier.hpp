// tier.hpp: the door of tier: plan, burst, recall, recovery; no byte is ever in no proven place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/workers.hpp"
#include "catalog/catalog.hpp"
#include "lake/cloud_list.hpp"
#include "lake/inventory.hpp"
#include "lake/lake.hpp"
#include "store/store.hpp"
#include "tier/policy.hpp"

namespace neurolake::tier {

struct PlanFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t ino = 0;
    std::string sha256;
};
struct Unit {                     // a table, a partition, or a single file: moved whole or not at all
    std::string table;            // full name or ""
    std::string bucket, path;     // folder or file inside the bucket
    std::vector<PlanFile> files;  // paths inside the bucket
    std::uint64_t bytes = 0;
    double score = 0;
    std::string rule, why;
};
struct Kept {
    std::string path;
    std::string rule, why;
    std::uint64_t bytes = 0;
};  // path = "bucket/inside"

struct Plan {
    std::string id;  // 12 hex of the content hash below
    std::string created_at;
    std::string reason;  // "over the high mark", "tier: cloud buckets", "asked by path", "below the mark"
    Marks marks;
    std::vector<Unit> units;  // in the order they will move
    std::vector<Kept> kept;
    std::uint64_t bytes = 0;
    std::string policy_hash;  // of rules and marks: apply refuses when they changed
};
json::Value to_json(const Plan& plan);                  // neurolake.burst.plan/1, with "signature": SHA-256 of the rest
Result<Plan> plan_from_json(const json::Value& value);  // corrupt when the signature does not fit

struct PlanRequest {
    std::vector<std::string> buckets;  // empty = all
    std::vector<std::string> paths;    // "bucket/path" by hand: moves even below the mark, ignores age and size
    std::optional<double> min_age_days;
    std::optional<std::uint64_t> limit;  // bytes
};

// Everything a tier verb needs; owned by the caller, must outlive the call. Caller holds the lake lock (except plan).
struct Context {
    const lake::Lake& lake;
    const std::vector<lake::Bucket>& buckets;
    catalog::Catalog& catalog;
    store::ObjectStore* store = nullptr;  // for new bursts; null when not configured
    // Opens the store a stub points to, with the settings' credentials.
    std::function<Result<store::ObjectStore*>(const lake::StoreLocation&)> store_of;
    lake::StoreLocation target;  // template of new stubs' location (without key)
    const Policy& policy;
    JsonLog& audit;
    const Clock& clock;
    const CancelFlag& cancel;
    unsigned concurrency = 8;
    std::uint64_t part_size = 16u << 20;
    std::function<void(std::string_view line)> step;  // one finished step in words; may be empty
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view what)>
        progress;  // bytes; may be empty
};

// Pure given the scan: never touches disk or cloud.
Result<Plan> make_plan(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                       const PlanRequest& request);

struct Failed {
    std::string path;
    Errc code;
    std::string message;
};
struct Moved {
    std::string path, key, sha256;
    std::uint64_t bytes = 0;
    bool uploaded = true;
};  // uploaded = false: an equal object was there

struct BurstReport {
    std::vector<Moved> moved;
    std::uint64_t moved_bytes = 0, freed_bytes = 0;
    std::vector<Failed> failed;
    std::vector<Kept> skipped;  // changed since the plan
    Marks after;
    bool interrupted = false;
};
Result<BurstReport> burst(Context& context, const Plan& plan, lake::ScanResult& scan);

struct RecallRequest {
    std::vector<std::string> paths;  // "bucket/path" of files or folders
    bool all = false;
    bool make_room = false;  // evict files whose object is proven, coldest first
    bool keep_bad = false;
    std::filesystem::path to;  // set: copy there instead, stubs stay
    bool dry_run = false;
};
struct RecallReport {
    std::vector<Moved> recalled;
    std::uint64_t bytes = 0;
    std::vector<Failed> failed;
    bool mismatch = false;  // some object was not what the stub says: exit 14
    bool interrupted = false;
};
Result<RecallReport> recall(Context& context, const RecallRequest& request);

// First thing every writer does. Finishes or undoes what a dead run left; in doubt the local bytes stay.
struct RecoveryReport {
    std::uint64_t finished = 0, undone = 0, left = 0;  // operations
    std::vector<model::Finding> findings;
};
Result<RecoveryReport> recover(Context& context);
// What the journal says without touching anything (status, doctor).
Result<std::vector<std::string>> unfinished(const lake::Layout& layout);

// HEAD of every object in cloud.jsonl.
struct VerifyReport {
    std::uint64_t checked = 0, bytes = 0;
    std::vector<Failed> lost;
};
Result<VerifyReport> verify(Context& context, bool full);

// Stubs that a copied lake lost are made again from catalog/cloud.jsonl (doctor --fix).
Result<std::uint64_t> restore_stubs(Context& context);

}  // namespace neurolake::tier
