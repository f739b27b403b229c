// tier.hpp: the door of tier: plan, burst, recall, recovery; no byte is ever in no proven place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
    std::string reason;  // "over the high mark", "tier: cloud buckets", "asked by path", "below the high mark" ...
    Marks marks;
    std::vector<Unit> units;  // in the order they will move
    std::vector<Kept> kept;   // units a rule keeps; those that only wait for the mark are not listed
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
    catalog::Catalog* catalog;            // null where it cannot be read: a recall needs stubs only, a burst refuses
    store::ObjectStore* store = nullptr;  // for new bursts; null when not configured
    // Opens the store a stub points to, with the settings' credentials.
    std::function<Result<store::ObjectStore*>(const lake::StoreLocation&)> store_of;
    lake::StoreLocation target;  // template of new stubs' location (without key)
    const Policy& policy;
    JsonLog& audit;
    const Clock& clock;
    const CancelFlag& cancel;
    std::string instance{};  // which copy of the lake this is (lake/instance.hpp); "": no object is ever deleted
    unsigned concurrency = 8;
    std::uint64_t part_size = 16u << 20;
    std::function<void(std::string_view line)> step;  // one finished step in words; may be empty
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view what)>
        progress;  // bytes; may be empty; called from several threads, one at a time
    std::function<json::Value(std::string_view event)> log_line;  // head of an audit line; may be empty
    // How long after a file was moved aside its bytes stay, so that whoever opened it by its name a moment before is
    // seen. Only tests have less time.
    std::chrono::milliseconds rest_before_free{2000};
};

// The marks with the disk's state of now. Reads the volume's numbers, changes nothing.
Result<Marks> current_marks(const Context& context, const lake::ScanResult& scan);

// Given the scan: writes nothing, asks no cloud.
Result<Plan> make_plan(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                       const PlanRequest& request);

// Where one file or folder stands in the very same plan (`why`).
struct Verdict {
    Unit unit;  // what it would move with
    Decision decision;
    bool planned = false;      // a burst now would move it
    bool over = false;         // the lake is over its high mark
    std::uint64_t before = 0;  // bytes of units that would go first
};
// not_found when the scan has no data at that "bucket/path".
Result<Verdict> explain(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                        std::string_view bucket_path);

struct Failed {
    std::string path;  // "bucket/path"
    Errc code = Errc::io;
    std::string message;
    bool by_store = false;  // the object store refused or could not be reached; this machine did its part
};
// What a store answers that may not or cannot be used, whatever the file.
inline bool refused_by_store(Errc code) {
    return code == Errc::denied || code == Errc::unavailable || code == Errc::cloud;
}
struct Moved {
    std::string path, key, sha256;  // path = "bucket/path"
    std::uint64_t bytes = 0;
    bool uploaded = true;
};  // uploaded = false: an equal object was there

struct BurstReport {
    std::vector<Moved> moved;
    std::uint64_t moved_bytes = 0, freed_bytes = 0;
    std::vector<Failed> failed;
    std::vector<Kept> skipped;  // changed since the plan
    Marks after;
    std::optional<Error> stopped;  // why the run ended early: credentials refused, too many failures
    bool interrupted = false;
    std::vector<model::Finding> findings;  // what a person should know and is no failure
};
// The caller ran recover() before it scanned. cloud when the context has no store and the plan has units: nothing is
// touched then. A plan whose policy_hash is not today's is refused with conflict. `scan` is a walk made after the lock
// was taken; its inventory is corrected and committed.
Result<BurstReport> burst(Context& context, const Plan& plan, const Pins& pins, lake::ScanResult& scan);

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
    std::vector<Moved> evicted;    // made room
    std::optional<Error> no_room;  // of a dry run: why the real one would be refused
    bool mismatch = false;         // some object was not what the stub says: exit 14
    bool interrupted = false;
    std::vector<model::Finding> findings;
};
// guard when there is no room; not_found when a path names no stub.
Result<RecallReport> recall(Context& context, const RecallRequest& request);

// First thing every writer does. Finishes or undoes what a dead run left; in doubt the local bytes stay.
struct RecoveryReport {
    std::uint64_t finished = 0, undone = 0, left = 0;  // files
    std::vector<model::Finding> findings;
};
Result<RecoveryReport> recover(Context& context);
// What the journal says without touching anything (status, doctor): one line an operation.
Result<std::vector<std::string>> unfinished(const lake::Layout& layout);

// HEAD of every object in cloud.jsonl, or of a random share of them (0 to 1]; `full` downloads and hashes.
struct VerifyReport {
    std::uint64_t checked = 0, bytes = 0;
    std::vector<Failed> lost;         // missing, of another size or content: exit 14
    std::vector<Failed> unreachable;  // could not be asked
    bool interrupted = false;
};
Result<VerifyReport> verify(Context& context, bool full, double share = 1);

// Objects and unfinished uploads below our prefix that nothing here relies on.
struct OrphanReport {
    struct Orphan {
        std::string key;
        std::string upload_id;  // unfinished multipart upload; "" = an object
        std::uint64_t bytes = 0;
        std::string since;
        bool ours = false;  // it carries this lake's id: only such are removed
        bool removed = false;
    };
    std::vector<Orphan> orphans;
    std::uint64_t bytes = 0;
};
enum class Clean { no, yes };
Result<OrphanReport> orphans(Context& context, Clean clean);

// Stubs that a copied lake lost are made again from catalog/cloud.jsonl (doctor --fix). One that only was moved stands
// for its object where it is.
Result<std::uint64_t> restore_stubs(Context& context);

}  // namespace neurolake::tier
