// cmd_bucket_change.cpp: `neurolake bucket set`, `rename` and `remove`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "bucket_rename.hpp"
#include "bucket_report.hpp"
#include "cmd_bucket.hpp"
#include "lake/stub_places.hpp"
#include "retention/trash.hpp"
#include "tier/tier.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct SetArgs {
    std::string name;
    std::vector<std::string> pairs;
};

struct RenameArgs {
    std::string from, to;
};

struct RemoveArgs {
    std::string name;
    bool trash = false;
};

// ---- set

struct Change {
    std::string key, value;
};

Result<std::string> checked_value(const std::string& key, const std::string& value) {
    if (key == "tier") {
        TRY(const lake::Tier tier, parse_tier(value));
        return std::string(lake::to_string(tier));
    }
    if (key == "retention_days") {
        TRY(const int days, parse_retention(value));
        return std::to_string(days);
    }
    if (key == "auto_catalog" && value != "true" && value != "false") {
        return Error(Errc::usage, "auto_catalog wants true or false, got '" + value + "'");
    }
    return value;
}

Result<Change> parse_change(const std::string& pair) {
    static const std::vector<std::string> k_keys = {"tier",           "retention_days", "retention",
                                                    "purpose",        "auto_catalog",   "burst.min_age_days",
                                                    "burst.min_size", "burst.include",  "burst.exclude"};
    const auto equals = pair.find('=');
    if (equals == std::string::npos) {
        return Error(Errc::usage, "'" + pair + "' is no KEY=VALUE", "example: retention=365");
    }
    std::string key = pair.substr(0, equals);
    if (std::ranges::find(k_keys, key) == k_keys.end()) {
        const auto meant = text::closest(key, k_keys);
        return Error(
            Errc::usage, "a bucket has no setting '" + key + "'",
            meant ? "did you mean " + *meant + "?" : "settings: tier, retention, purpose, auto_catalog, burst.*");
    }
    if (key == "retention") key = "retention_days";
    TRY(std::string value, checked_value(key, pair.substr(equals + 1)));
    return Change{std::move(key), std::move(value)};
}

Result<int> run_set(Session& session, const SetArgs& args) {
    std::vector<Change> changes;
    for (const auto& pair : args.pairs) {
        TRY(Change change, parse_change(pair));
        changes.push_back(std::move(change));
    }
    TRY_DO(begin_change(session));
    TRY(const lake::Lake* lake, session.lake());
    TRY_DO(session.bucket(args.name));
    auto listed = json::Value::object();
    for (const auto& [key, value] : changes) {
        listed.set(key, value);
        if (session.dry_run()) continue;
        TRY_DO(config::set_value(lake->layout().home, "buckets." + args.name + "." + key, value));
        TRY_DO(session.audit("bucket.set",
                             json::Value::object().set("bucket", args.name).set("key", key).set("value", value)));
    }
    session.reload_settings();
    TRY(const lake::Bucket* bucket, session.bucket(args.name));
    Output& out = session.out();
    if (out.machine()) {
        out.object(json::Value::object()
                       .set("schema", "neurolake.bucket.set/1")
                       .set("dry_run", session.dry_run())
                       .set("changes", std::move(listed))
                       .set("bucket", bucket_json(*bucket, std::nullopt)));
        return 0;
    }
    for (const auto& [key, value] : changes) {
        out.line(fmt::format("{}{}: {} = {}", session.dry_run() ? "Would set " : "", args.name, key, out.name(value)));
    }
    return 0;
}

// ---- rename

Status check_rename(Session& session, const RenameArgs& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY_DO(session.bucket(args.from));
    TRY(const config::Settings* settings, session.settings());
    TRY(auto all, lake::unregistered_buckets(lake->layout(), settings->buckets));
    all.insert(all.end(), settings->buckets.begin(), settings->buckets.end());
    std::erase_if(all, [&](const auto& bucket) { return bucket.name == args.from; });
    TRY_DO(lake::check_new_name(args.to, all));
    if (std::ranges::find(all, args.to, &lake::Bucket::name) != all.end()) {
        return Error(Errc::already_exists, fmt::format("there is already a bucket or folder '{}'", args.to),
                     "choose another name");
    }
    TRY(const auto open, tier::unfinished(lake->layout()));
    if (open.empty()) return {};
    return Error(Errc::conflict, fmt::format("{} burst or recall operations are unfinished", open.size()),
                 "finish them first: neurolake burst  (or neurolake doctor --fix)");
}

struct RenameReport {
    std::size_t tables = 0, cloud_objects = 0;
};

Result<RenameReport> concerned(Session& session, const std::string& bucket) {
    RenameReport report;
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(lake::CloudList * cloud, session.cloud_list());
    for (const auto& table : catalog->tables()) report.tables += table.bucket == bucket && table.deleted_at.empty();
    for (const auto& entry : cloud->entries()) report.cloud_objects += entry.stub.bucket == bucket;
    return report;
}

Result<int> run_rename(Session& session, const RenameArgs& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const auto left, unfinished_rename(lake->layout()));
    TRY_DO(session.lock_to_change());
    const bool resumes = left && left->from == args.from && left->to == args.to;
    TRY_DO(session.settings());  // a rename that was cut off is finished here
    TRY(const auto still, unfinished_rename(lake->layout()));
    if (!resumes) TRY_DO(check_rename(session, args));
    TRY_DO(recover_files(session));
    TRY(const RenameReport report, concerned(session, resumes && !still ? args.to : args.from));
    if (!session.dry_run() && (!resumes || still)) TRY_DO(rename_everywhere(session, {args.from, args.to}));
    Output& out = session.out();
    if (out.machine()) {
        out.object(json::Value::object()
                       .set("schema", "neurolake.bucket.rename/1")
                       .set("dry_run", session.dry_run())
                       .set("from", args.from)
                       .set("to", args.to)
                       .set("tables", report.tables)
                       .set("cloud_objects", report.cloud_objects));
        return 0;
    }
    out.line(fmt::format("{}: {} -> {}", session.dry_run() ? "Would rename" : "Renamed", args.from, args.to));
    out.summary(fmt::format("Tables renamed: {}; cloud objects kept under their keys: {}", report.tables,
                            report.cloud_objects));
    return 0;
}

// ---- remove

Result<lake::BucketStats> contents(Session& session, const lake::Bucket& bucket) {
    if (!fs::exists(bucket.root)) return lake::BucketStats{};
    lake::StatsOptions options;
    options.top = 0;
    return lake::stats(bucket, options, session.cancel());
}

// Everything a person could miss: data, stubs, files that are no data to us, links and special files.
std::uint64_t entries(const lake::BucketStats& stats) {
    return stats.file_count + stats.cloud_files + stats.ignored_files + stats.symlinks + stats.specials;
}

// Files whose only trace is catalog/cloud.jsonl: without the bucket nothing would tell of them. Their stubs may have
// been moved elsewhere; where a removal was killed, they lie in the trash already.
Result<std::uint64_t> only_listed(Session& session, const lake::Bucket& bucket) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(lake::CloudList * list, session.cloud_list());
    std::vector<fs::path> roots{bucket.root};
    TRY(const auto trash, retention::list(lake->layout()));
    for (const auto& record : trash)
        if (record.is_folder && record.path == bucket.name) roots.push_back(lake->layout().trash / record.id / "data");
    std::vector<const lake::CloudEntry*> lost;
    for (const lake::CloudEntry& entry : list->entries()) {
        std::error_code failed;
        const auto has_it = [&](const fs::path& root) {
            return fs::exists(fs::symlink_status(root / entry.stub.path, failed));
        };
        if (!entry.recalled && entry.stub.bucket == bucket.name && std::ranges::none_of(roots, has_it))
            lost.push_back(&entry);
    }
    if (lost.empty()) return 0;
    TRY(const config::Settings* settings, session.settings());
    TRY(const auto places, lake::held_places(*lake, settings->buckets, *list, session.clock(), session.cancel()));
    return static_cast<std::uint64_t>(std::ranges::count_if(
        lost, [&](const lake::CloudEntry* entry) { return !places.contains(entry->stub.store.key); }));
}

// The settings last: while they name the bucket, the same command again finishes what a kill cut off.
Status forget(Session& session, const lake::Bucket& bucket) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(catalog::Catalog * catalog, session.catalog());
    catalog::Batch batch;
    for (const auto& table : catalog->tables()) {
        if (table.bucket == bucket.name && table.deleted_at.empty()) batch.tombstones.push_back(table.id);
    }
    batch.indexed_at = to_rfc3339(session.now());
    if (!batch.tombstones.empty()) TRY_DO(catalog->apply(batch));
    TRY(const lake::Inventory* inventory, session.inventory());
    if (inventory->totals(bucket.name)) {
        const auto next = lake::InventoryBuilder::from(*inventory);
        next->drop_bucket(bucket.name);
        TRY_DO(next->commit(lake->layout().inventory));
    }
    return config::remove_bucket(lake->layout().home, bucket.name);
}

Result<int> run_remove(Session& session, const RemoveArgs& args) {
    TRY_DO(begin_change(session));
    TRY(const lake::Lake* lake, session.lake());
    TRY(const lake::Bucket* found, session.bucket(args.name));
    const lake::Bucket bucket = *found;
    TRY(const auto stats, contents(session, bucket));
    const std::uint64_t held = entries(stats);
    if (held && !args.trash) {
        return Error(Errc::guard,
                     fmt::format("bucket '{}' holds {}, {}", bucket.name, counted(held, "file"),
                                 text::size_text(stats.size_bytes + stats.cloud_bytes)),
                     fmt::format("move it to the trash with: neurolake bucket remove {} --trash", bucket.name));
    }
    TRY(const std::uint64_t stubless, only_listed(session, bucket));
    if (stubless) {
        return Error(
            Errc::guard,
            fmt::format("{} of bucket '{}' {} in the cloud and {} no stub here any more", counted(stubless, "file"),
                        bucket.name, stubless == 1 ? "is" : "are", stubless == 1 ? "has" : "have"),
            "put the stubs back first: neurolake doctor --fix");
    }
    const bool asks = held && !session.dry_run();
    if (asks &&
        !session.confirm(fmt::format("Move {} of bucket '{}' to the trash?", counted(held, "file"), bucket.name)))
        return Error(Errc::guard, "the answer was no: nothing was changed", "answer y, or use --yes");
    std::string trash_id;
    if (!session.dry_run()) {
        if (fs::exists(bucket.root)) {
            retention::TrashRecord record;
            record.reason = "bucket_removed";
            record.path = bucket.name;
            record.details = bucket_json(bucket, sizes_of(stats));
            TRY(record, retention::move_folder(lake->layout(), bucket.root, std::move(record), session.clock()));
            trash_id = record.id;
        }
        TRY_DO(forget(session, bucket));
        auto fields = json::Value::object().set("bucket", bucket.name).set("trash", trash_id);
        TRY_DO(session.audit("bucket.removed", fields.set("files", held).set("bytes", stats.size_bytes)));
    }
    Output& out = session.out();
    if (out.machine()) {
        out.object(json::Value::object()
                       .set("schema", "neurolake.bucket.remove/1")
                       .set("dry_run", session.dry_run())
                       .set("bucket", bucket_json(bucket, sizes_of(stats)))
                       .set("trash", trash_id.empty() ? json::Value() : json::Value(trash_id)));
        return 0;
    }
    out.line(fmt::format("{}: {}", session.dry_run() ? "Would remove" : "Removed", bucket.name));
    if (held) {
        out.summary(fmt::format("{} {} to .neurolake/trash{}{}", counted(held, "file"),
                                session.dry_run() ? "would go" : "went", trash_id.empty() ? "" : "/", trash_id));
    }
    return 0;
}

}  // namespace

void add_bucket_set(CommandLine bucket, Registry& registry) {
    auto [app, args] =
        registry.command<SetArgs>(bucket, "set", "Change a bucket's settings; comments in the files stay", run_set,
                                  {"neurolake bucket set raw-data retention=180 purpose=\"Raw exports\"",
                                   "neurolake bucket set archive tier=cloud"});
    app.add_option("BUCKET", args.name, "The bucket")->required();
    app.add_option("KEY=VALUE", args.pairs, "tier, retention, purpose, auto_catalog, burst.*")->required();
    add_dry_run(app);
}

void add_bucket_rename(CommandLine bucket, Registry& registry) {
    auto [app, args] = registry.command<RenameArgs>(
        bucket, "rename", "Rename a bucket with its tables, history and cloud objects", run_rename,
        {"neurolake bucket rename analytics reports", "neurolake bucket rename analytics reports --dry-run"});
    app.add_option("FROM", args.from, "The bucket")->required();
    app.add_option("TO", args.to, "Its new name")->required();
    add_dry_run(app);
}

void add_bucket_remove(CommandLine bucket, Registry& registry) {
    auto [app, args] = registry.command<RemoveArgs>(
        bucket, "remove", "Remove an empty bucket, or a full one to the trash", run_remove,
        {"neurolake bucket remove old-exports", "neurolake bucket remove old-exports --trash"});
    app.add_option("BUCKET", args.name, "The bucket")->required();
    app.add_flag("--trash", args.trash, "Move its files to .neurolake/trash");
    add_dry_run(app);
}

}  // namespace neurolake::apps
