// plan.cpp: which units a burst would move: grouping files into units, the unit's verdict, the choice by the marks.
// SPDX-License-Identifier: Apache-2.0
#include "tier/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/file.hpp"
#include "base/text.hpp"
#include "lake/stub.hpp"

namespace neurolake::tier {

namespace {

// What a request changes in the rules: by hand neither age nor size counts; --min-age wins over every setting.
Policy policy_for(const Policy& policy, const PlanRequest& request) {
    Policy out = policy;
    if (request.min_age_days) out.min_age_days = *request.min_age_days;
    if (!request.paths.empty()) {
        out.min_age_days = 0;
        out.min_size = 0;
    }
    return out;
}

lake::Bucket bucket_for(const lake::Bucket& bucket, const PlanRequest& request) {
    lake::Bucket out = bucket;
    if (request.min_age_days) out.burst.min_age_days = request.min_age_days;
    if (!request.paths.empty()) {
        out.burst.min_age_days.reset();
        out.burst.min_size.reset();
    }
    return out;
}

struct FileVerdict {
    PlanFile file;
    Decision decision;
};

// The files of one unit while they are collected.
struct Group {
    std::string table, path;
    std::vector<FileVerdict> files;
    std::uint64_t bytes = 0;
};

// A table's partition is a unit of its own; a table without partitions is one unit; a file of no table stands alone.
struct UnitName {
    std::string table, path;
};
UnitName unit_of(const Context& context, const Policy& policy, std::string_view bucket, const std::string& path) {
    const auto* table = policy.unit == UnitKind::table ? context.catalog->table_of(bucket, path) : nullptr;
    if (!table) return {"", path};
    if (!table->is_folder) return {table->full_name(), path};
    const model::Partition* best = nullptr;
    for (const auto& partition : table->partitions)
        if (text::starts_with_folder(path, partition.path) && (!best || partition.path.size() > best->path.size()))
            best = &partition;
    return {table->full_name(), best ? best->path : table->path};
}

bool asked_for(const PlanRequest& request, const std::string& bucket_path) {
    return request.paths.empty() || std::any_of(request.paths.begin(), request.paths.end(), [&](const auto& asked) {
               return text::starts_with_folder(bucket_path, asked);
           });
}

Unit unit_from(const std::string& bucket, const std::string& table, const std::string& path) {
    Unit unit;
    unit.bucket = bucket;
    unit.table = table;
    unit.path = path;
    return unit;
}

Candidate single(const std::string& bucket, const std::string& table, FileVerdict&& verdict) {
    Candidate out;
    out.unit = unit_from(bucket, table, verdict.file.path);
    out.unit.bytes = verdict.file.bytes;
    out.unit.files.push_back(std::move(verdict.file));
    out.decision = std::move(verdict.decision);
    return out;
}

// A unit moves whole: one file that a rule keeps, keeps all. Only smallness is judged by the whole.
Candidate whole(const std::string& bucket, Group&& group, std::uint64_t min_size, Time now) {
    Candidate out;
    out.unit = unit_from(bucket, group.table, group.path);
    out.unit.bytes = group.bytes;
    const bool large_enough = group.bytes >= min_size && group.bytes > group.files.size() * lake::k_stub_size;
    std::optional<Decision> kept;
    double score = group.files.front().decision.score;
    for (auto& verdict : group.files) {
        score = std::min(score, verdict.decision.score);
        const bool movable = verdict.decision.movable || (verdict.decision.rule == "too_small" && large_enough);
        if (movable && !out.decision.movable) out.decision = {true, "coldest_first", "", 0};
        if (verdict.decision.movable) out.decision = verdict.decision;
        if (!movable && !kept) {
            kept = verdict.decision;
            kept->why = fmt::format("it moves whole or not at all, and of its file {}: {}", verdict.file.path,
                                    verdict.decision.why);
        }
        out.unit.files.push_back(std::move(verdict.file));
    }
    if (kept) out.decision = *kept;
    if (out.decision.movable && out.decision.rule == "coldest_first")
        out.decision.why = fmt::format(
            "over the high mark the coldest go first; all of it lies here unchanged since {}", cold_since(now, score));
    out.decision.score = score;
    return out;
}

std::map<std::string, Time> recalled_times(const lake::CloudList& list) {
    std::map<std::string, Time> out;
    for (const auto& entry : list.entries()) {
        if (!entry.recalled) continue;
        if (auto at = parse_rfc3339(entry.at)) out.emplace(entry.stub.bucket + "/" + entry.stub.path, *at);
    }
    return out;
}

}  // namespace

std::uint64_t used_bytes(const lake::ScanResult& scan) {
    std::uint64_t used = 0;
    for (const auto& bucket : scan.scan.buckets)
        if (const auto totals = scan.next->totals(bucket)) used += totals->bytes;
    return used;
}

Result<Marks> current_marks(const Context& context, const lake::ScanResult& scan) {
    TRY(const auto space, disk_space(context.lake.layout().home));
    return effective_marks(context.policy.marks, used_bytes(scan), space.total, space.available);
}

Result<std::vector<Candidate>> candidates(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                                          const PlanRequest& request, const Marks& marks) {
    TRY(const auto list, lake::CloudList::open(context.lake.layout().cloud_list));
    const auto recalled = recalled_times(list);
    const auto now = context.clock.now();
    const auto policy = policy_for(context.policy, request);
    std::vector<Candidate> out;
    for (const auto& registered : context.buckets) {
        if (!request.buckets.empty() &&
            std::find(request.buckets.begin(), request.buckets.end(), registered.name) == request.buckets.end())
            continue;
        const auto bucket = bucket_for(registered, request);
        std::vector<Group> groups;
        std::unordered_map<std::string, std::size_t> group_of;
        scan.next->for_each(bucket.name, "", [&](const lake::FileRecord& record) {
            if (record.state != lake::FileState::data) return true;
            const auto full = bucket.name + "/" + record.path;
            if (!asked_for(request, full)) return true;
            const auto at = recalled.find(full);
            auto decision = decide(policy, bucket, pins, record, now,
                                   at == recalled.end() ? std::nullopt : std::optional<Time>(at->second));
            auto name = unit_of(context, policy, bucket.name, record.path);
            const auto [slot, fresh] = group_of.try_emplace(name.table + '\0' + name.path, groups.size());
            if (fresh) groups.push_back({name.table, name.path, {}, 0});
            auto& group = groups[slot->second];
            group.bytes += record.size;
            group.files.push_back({{record.path, record.size, record.mtime_ns, record.ino, {}}, std::move(decision)});
            return true;
        });
        const auto min_size = bucket.burst.min_size.value_or(policy.min_size);
        for (auto& group : groups) {
            // A table larger than everything that may lie here can never be whole here: its files go one by one.
            if (group.files.size() == 1 || group.bytes > marks.high.bytes)
                for (auto& file : group.files) out.push_back(single(bucket.name, group.table, std::move(file)));
            else
                out.push_back(whole(bucket.name, std::move(group), min_size, now));
        }
    }
    return out;
}

namespace {

bool colder(const Candidate& a, const Candidate& b) {
    if (a.decision.rule != b.decision.rule) return a.decision.rule == "tier_cloud";
    if (a.decision.score != b.decision.score) return a.decision.score > b.decision.score;
    const auto oldest = [](const Candidate& c) {
        auto newest = c.unit.files.front().mtime_ns;
        for (const auto& file : c.unit.files) newest = std::max(newest, file.mtime_ns);
        return newest;
    };
    if (const auto x = oldest(a), y = oldest(b); x != y) return x < y;
    if (a.unit.bytes != b.unit.bytes) return a.unit.bytes > b.unit.bytes;
    return std::tie(a.unit.bucket, a.unit.path) < std::tie(b.unit.bucket, b.unit.path);
}

void keep(Plan& plan, const Candidate& candidate, std::string rule, std::string why) {
    plan.kept.push_back(
        {candidate.unit.bucket + "/" + candidate.unit.path, std::move(rule), std::move(why), candidate.unit.bytes});
}

std::string reason_of(const Plan& plan, const PlanRequest& request, bool enabled) {
    if (!enabled) return "burst is switched off (storage.cloud_burst_enabled: false)";
    if (!request.paths.empty()) return "asked by path";
    if (plan.marks.over()) return "over the high mark";
    if (!plan.units.empty()) return "tier: cloud buckets";
    return "below the high mark";
}

}  // namespace

void choose(Plan& plan, std::vector<Candidate> all, const PlanRequest& request, std::optional<std::uint64_t> limit) {
    std::vector<Candidate> movable;
    for (auto& candidate : all) {
        if (candidate.decision.movable)
            movable.push_back(std::move(candidate));
        else
            keep(plan, candidate, candidate.decision.rule, candidate.decision.why);
    }
    std::sort(movable.begin(), movable.end(), colder);
    auto used = plan.marks.used;
    bool emptying = used > plan.marks.high.bytes;
    const bool by_hand = !request.paths.empty();
    for (auto& candidate : movable) {
        const bool always = by_hand || candidate.decision.rule == "tier_cloud";
        if (!always && (!emptying || used <= plan.marks.low.bytes)) continue;
        if (limit && plan.bytes + candidate.unit.bytes > *limit) {
            keep(plan, candidate, "over_limit", "it does not fit into what one run may move");
            continue;
        }
        candidate.unit.score = candidate.decision.score;
        candidate.unit.rule = by_hand ? "asked" : candidate.decision.rule;
        candidate.unit.why = by_hand ? "asked for by path" : candidate.decision.why;
        used -= std::min(used, candidate.unit.bytes);
        // Emptying cloud buckets alone may already bring it under the high mark: then nothing else need go.
        if (always && used <= plan.marks.high.bytes) emptying = false;
        plan.bytes += candidate.unit.bytes;
        plan.units.push_back(std::move(candidate.unit));
    }
}

Result<Plan> make_plan(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                       const PlanRequest& request) {
    Plan plan;
    plan.created_at = to_rfc3339(context.clock.now());
    TRY(plan.marks, current_marks(context, scan));
    TRY(plan.policy_hash, policy_hash(context.policy, context.buckets, pins));
    const bool any_cloud_bucket = std::any_of(context.buckets.begin(), context.buckets.end(),
                                              [](const auto& b) { return b.tier == lake::Tier::cloud; });
    // The daily case of a cron line, below the mark, looks at no file.
    if (context.policy.enabled && (plan.marks.over() || any_cloud_bucket || !request.paths.empty())) {
        TRY(auto all, candidates(context, scan, pins, request, plan.marks));
        choose(plan, std::move(all), request, request.limit ? request.limit : context.policy.max_per_run);
    }
    plan.reason = reason_of(plan, request, context.policy.enabled);
    const auto sealed = to_json(plan);
    plan.id = sealed.text("signature").substr(0, 12);
    return plan;
}

Result<Verdict> explain(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                        std::string_view bucket_path) {
    TRY(auto marks, current_marks(context, scan));
    TRY(auto all, candidates(context, scan, pins, {}, marks));
    const auto holds = [&](const Unit& unit) {
        const auto full = [&](const std::string& path) { return unit.bucket + "/" + path; };
        return text::starts_with_folder(full(unit.path), bucket_path) ||
               std::any_of(unit.files.begin(), unit.files.end(),
                           [&](const auto& file) { return text::starts_with_folder(full(file.path), bucket_path); });
    };
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& c) { return holds(c.unit); });
    if (found == all.end())
        return Error(Errc::not_found, fmt::format("no local data at {}", bucket_path),
                     "see what there is with: neurolake ls", std::string(bucket_path));
    Verdict verdict{found->unit, found->decision, false, marks.over(), 0};
    Plan plan;
    plan.marks = marks;
    choose(plan, std::move(all), {}, context.policy.max_per_run);
    for (const auto& unit : plan.units) {
        if (holds(unit)) {
            verdict.planned = true;
            break;
        }
        verdict.before += unit.bytes;
    }
    return verdict;
}

}  // namespace neurolake::tier
