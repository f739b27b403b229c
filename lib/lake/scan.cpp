// scan.cpp: walks buckets, compares them with the last inventory and prepares the next; the guard against mass loss.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "lake/bucket_scan.hpp"
#include "lake/inventory.hpp"
#include "lake/inventory_builder.hpp"
#include "lake/went_on.hpp"

namespace neurolake::lake {

ScanResult::ScanResult() = default;
ScanResult::ScanResult(ScanResult&&) noexcept = default;
ScanResult& ScanResult::operator=(ScanResult&&) noexcept = default;
ScanResult::~ScanResult() = default;

namespace {

// What the damaged inventory knew (when a file was first seen, which were indexed) is lost; the tree is not.
Result<ScanResult> scan_anew(const Error& damage, const std::vector<Bucket>& buckets, const ScanOptions& options,
                             const Clock& clock, const CancelFlag& cancel) {
    TRY(auto result, scan(buckets, Inventory(), options, clock, cancel));
    result.scan.findings.push_back({model::Finding::Severity::warning, "inventory_damaged", ".neurolake/inventory", 0,
                                    damage.message + ": made anew from the tree"});
    return result;
}

}  // namespace

Result<ScanResult> scan(const std::vector<Bucket>& buckets, const Inventory& old, const ScanOptions& options,
                        const Clock& clock, const CancelFlag& cancel) {
    ScanResult result;
    result.scan.at = clock.now();
    auto next = std::make_unique<InventoryBuilder::Impl>(old.impl().map);
    next->taken_at_ns = to_ns(result.scan.at);
    if (next->map)
        for (const auto& bucket : next->map->buckets()) next->buckets.push_back(next->copy_of(bucket));
    const std::size_t times_before = next->times.size();
    const std::uint32_t first_seen = next->time_number(to_ns(result.scan.at));
    FindingDigest findings;
    bool any_differs = false;
    for (const Bucket& bucket : buckets) {
        BucketScan one(bucket, *next, options, first_seen);
        if (auto ran = one.run(cancel); !ran) {
            if (ran.error().code != Errc::corrupt) return std::move(ran).error();
            return scan_anew(ran.error(), buckets, options, clock, cancel);
        }
        bool differs = false;
        NextBucket merged =
            one.take(result.scan, static_cast<std::uint32_t>(result.scan.buckets.size()), findings, differs);
        next->place(std::move(merged));
        any_differs = any_differs || differs;
        result.scan.buckets.push_back(bucket.name);
        const NextBucket& placed = *next->find(bucket.name);
        result.scan.totals.push_back(to_bucket_totals(next->totals(placed), placed.folders.size()));
    }
    next->changed = any_differs;
    if (!any_differs && next->times.size() > times_before) {  // nothing was first seen now
        next->time_numbers.erase(next->times.back());
        next->times.pop_back();
    }
    result.scan.findings = findings.take();
    result.next = std::make_unique<InventoryBuilder>(std::move(next));
    return result;
}

namespace {

struct Loss {
    std::uint64_t before = 0, gone = 0;
    bool bare = false;  // nothing at all lies there now: so looks the folder below which a disk is not mounted
};

std::vector<Loss> losses(const Scan& scan, const Inventory& old) {
    std::vector<Loss> losses(scan.buckets.size());
    for (std::size_t i = 0; i < losses.size(); ++i) {
        const auto totals = old.totals(scan.buckets[i]);
        if (totals) losses[i].before = totals->files + totals->cloud_files;
        const BucketTotals& now = scan.totals[i];
        losses[i].bare = now.files + now.cloud_files + now.ignored_files + now.symlinks + now.specials == 0;
    }
    for (const std::uint32_t bucket : scan.gone_bucket) ++losses[bucket].gone;
    return losses;
}

}  // namespace

Status check_shrink(const Scan& scan, const Inventory& old, double max_gone_fraction) {
    constexpr std::uint64_t k_few = 4;  // of so few files, half are soon gone on purpose
    const auto too_many = [&](const Loss& loss) {
        if (loss.bare && loss.before > 1 && loss.gone >= loss.before) return true;
        return loss.before >= k_few &&
               static_cast<double>(loss.gone) > max_gone_fraction * static_cast<double>(loss.before);
    };
    std::vector<Loss> all = losses(scan, old);
    if (std::ranges::none_of(all, too_many)) return {};
    const std::vector<bool> elsewhere = went_on(scan);
    for (std::size_t i = 0; i < elsewhere.size(); ++i)
        if (elsewhere[i]) --all[scan.gone_bucket[i]].gone;
    const auto worst = std::ranges::find_if(all, too_many);
    if (worst == all.end()) return {};
    const std::string& bucket = scan.buckets[static_cast<std::size_t>(worst - all.begin())];
    return Error(Errc::guard,
                 text::with_thousands(worst->gone) + " of " + text::with_thousands(worst->before) +
                     " files of bucket " + bucket + " are gone since the last index; nothing was changed",
                 "is a disk not mounted? If the files were removed on purpose, run again with --accept-shrink", bucket);
}

}  // namespace neurolake::lake
