// cmd_bucket.cpp: `neurolake bucket`: create, list and show; the family's table.
// SPDX-License-Identifier: Apache-2.0
#include "cmd_bucket.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "bucket_report.hpp"
#include "index/renamed_bucket.hpp"
#include "table.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct CreateArgs {
    std::string name, print;
    std::optional<std::string> purpose, tier, retention, path;
    int auto_catalog = 0;  // 1 and -1 as given, 0 = not said
};

struct ListArgs {
    std::string sort = "name";
};

struct ShowArgs {
    std::string name;
};

// What the words ask for, over the defaults of a new bucket.
Result<lake::Bucket> wanted_bucket(const CreateArgs& args, const lake::Lake& lake, Time now) {
    lake::Bucket bucket;
    bucket.name = args.name;
    bucket.created_at = to_rfc3339(now);
    bucket.purpose = args.purpose.value_or("");
    bucket.auto_catalog = args.auto_catalog >= 0;
    if (args.tier) {
        TRY(bucket.tier, parse_tier(*args.tier));
    }
    if (args.retention) {
        TRY(bucket.retention_days, parse_retention(*args.retention));
    }
    bucket.root = lake.layout().buckets / args.name;
    if (args.path) {
        bucket.configured_path = *args.path;
        bucket.root = (lake.layout().home / *args.path).lexically_normal();
        bucket.outside = bucket.root.parent_path() != lake.layout().buckets;
    }
    return bucket;
}

// An existing bucket may be created again in the same words; other words are another bucket and change nothing.
Status check_same(const CreateArgs& args, const lake::Bucket& wanted, const lake::Bucket& existing) {
    const auto differs = [&](std::string_view what, std::string_view key, std::string_view is, std::string_view now) {
        return Error(Errc::already_exists,
                     fmt::format("bucket '{}' exists with {} {}, not {}", existing.name, what, is, now),
                     fmt::format("change it with: neurolake bucket set {} {}={}", existing.name, key, now));
    };
    if (args.tier && wanted.tier != existing.tier) {
        return differs("tier", "tier", lake::to_string(existing.tier), lake::to_string(wanted.tier));
    }
    if (args.retention && wanted.retention_days != existing.retention_days) {
        return differs("retention", "retention_days", std::to_string(existing.retention_days),
                       std::to_string(wanted.retention_days));
    }
    if (args.purpose && wanted.purpose != existing.purpose) {
        return differs("purpose", "purpose", "'" + existing.purpose + "'", "'" + wanted.purpose + "'");
    }
    if (args.auto_catalog != 0 && wanted.auto_catalog != existing.auto_catalog) {
        return differs("auto_catalog", "auto_catalog", existing.auto_catalog ? "true" : "false",
                       wanted.auto_catalog ? "true" : "false");
    }
    if (args.path && wanted.root != existing.root) {
        return Error(Errc::already_exists,
                     fmt::format("bucket '{}' exists at {}", existing.name, existing.root.string()),
                     "choose another name, or move the folder and edit its path in config/buckets.yaml");
    }
    return {};
}

enum class Outcome { created, adopted, exists };

struct CreateReport {
    Outcome outcome = Outcome::created;
    lake::Bucket bucket;
    bool folder_made = false;
    std::string continues;  // the bucket whose files the adopted folder holds
};

Status make_bucket_folder(Session& session, CreateReport& report) {
    if (fs::is_directory(report.bucket.root)) return {};
    report.folder_made = true;
    if (session.dry_run()) return {};
    return make_folders(report.bucket.root);
}

// A bucket that was written into the settings by hand gets its marker here: the person has looked at the folder.
Status mark_outside(Session& session, const lake::Lake& lake, const lake::Bucket& bucket) {
    if (!bucket.outside || session.dry_run()) return {};
    const Status mounted = lake::check_bucket_mount(lake, bucket);
    if (mounted || mounted.error().code != Errc::no_lake) return mounted;
    return lake::write_bucket_marker(lake, bucket);
}

// A folder that was renamed by hand stays what it was: what the words leave open is as it was for its old bucket.
void take_over(Session& session, const CreateArgs& args, const std::vector<lake::Bucket>& buckets,
               CreateReport& report) {
    const auto inventory = session.inventory();
    if (!inventory) return;
    lake::Bucket& bucket = report.bucket;
    for (const lake::Bucket& old : buckets) {
        if (old.outside || fs::exists(fs::symlink_status(old.root))) continue;
        if (index::folder_with_files_of(old.name, **inventory, bucket.root.parent_path()) != bucket.name) continue;
        if (!args.tier) bucket.tier = old.tier;
        if (!args.retention) bucket.retention_days = old.retention_days;
        if (!args.purpose) bucket.purpose = old.purpose;
        if (args.auto_catalog == 0) bucket.auto_catalog = old.auto_catalog;
        report.continues = old.name;
        return;
    }
}

Result<CreateReport> create(Session& session, const CreateArgs& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(lake::Bucket wanted, wanted_bucket(args, *lake, session.now()));
    TRY_DO(begin_change(session));
    TRY(const config::Settings* settings, session.settings());
    CreateReport report{Outcome::created, wanted, false, {}};
    for (const auto& existing : settings->buckets) {
        if (existing.name != args.name) continue;
        TRY_DO(check_same(args, wanted, existing));
        report = {Outcome::exists, existing, false, {}};
        TRY_DO(make_bucket_folder(session, report));
        TRY_DO(mark_outside(session, *lake, existing));
        return report;
    }
    TRY(auto others, lake::unregistered_buckets(lake->layout(), settings->buckets));
    if (std::any_of(others.begin(), others.end(), [&](const auto& b) { return b.name == args.name; })) {
        report.outcome = Outcome::adopted;
        take_over(session, args, settings->buckets, report);
        wanted = report.bucket;
    }
    others.insert(others.end(), settings->buckets.begin(), settings->buckets.end());
    TRY_DO(lake::check_new_name(args.name, others));
    TRY_DO(make_bucket_folder(session, report));
    if (session.dry_run()) return report;
    if (wanted.outside) TRY_DO(lake::write_bucket_marker(*lake, wanted));
    TRY_DO(config::write_bucket(lake->layout().home, wanted));
    auto fields = json::Value::object().set("bucket", wanted.name).set("tier", lake::to_string(wanted.tier));
    fields.set("retention_days", wanted.retention_days).set("adopted", report.outcome == Outcome::adopted);
    TRY_DO(session.audit("bucket.created", std::move(fields)));
    return report;
}

void print_created(Session& session, const CreateReport& report) {
    static constexpr const char* k_words[] = {"Created", "Adopted", "Exists"};
    Output& out = session.out();
    const auto& bucket = report.bucket;
    const bool planned = session.dry_run() && report.outcome != Outcome::exists;
    out.line(fmt::format("{}{}: {}", planned ? "Would be " : "",
                         planned ? text::lower(k_words[static_cast<int>(report.outcome)])
                                 : std::string(k_words[static_cast<int>(report.outcome)]),
                         out.name(bucket.root.string())));
    const std::string dot = out.separator();
    out.summary(fmt::format("Tier: {}{}Retention: {}{}", lake::to_string(bucket.tier), dot,
                            retention_note(bucket.retention_days),
                            bucket.purpose.empty() ? "" : dot + "Purpose: " + out.name(bucket.purpose)));
    if (!report.continues.empty())
        out.summary(
            fmt::format("Its files were those of bucket {0}, whose tier, retention and purpose it has unless told "
                        "otherwise; next: neurolake catalog index, then: neurolake bucket remove {0}",
                        report.continues));
    if (report.outcome == Outcome::created) {
        out.summary(fmt::format("Next: put files in, then run: neurolake catalog index {}", bucket.name));
    }
}

Result<int> run_create(Session& session, const CreateArgs& args) {
    if (!args.print.empty() && args.print != "path") {
        return Error(Errc::usage, "--print knows only: path");
    }
    TRY(const CreateReport report, create(session, args));
    Output& out = session.out();
    if (out.machine()) {
        static constexpr const char* k_outcomes[] = {"created", "adopted", "exists"};
        auto value = json::Value::object().set("schema", "neurolake.bucket.create/1");
        value.set("outcome", k_outcomes[static_cast<int>(report.outcome)]).set("dry_run", session.dry_run());
        out.object(value.set("bucket", bucket_json(report.bucket, std::nullopt)));
    } else if (args.print == "path") {
        out.raw(report.bucket.root.string() + "\n");
    } else {
        print_created(session, report);
    }
    return 0;
}

struct Listed {
    lake::Bucket bucket;
    std::optional<BucketSizes> sizes;
};

Result<std::vector<Listed>> listed(Session& session) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(auto buckets, session.buckets({}));
    TRY(const auto extra, lake::unregistered_buckets(lake->layout(), buckets));
    buckets.insert(buckets.end(), extra.begin(), extra.end());
    TRY(const lake::Inventory* inventory, session.inventory());
    std::vector<Listed> all;
    for (auto& bucket : buckets) {
        const auto totals = inventory->totals(bucket.name);
        all.push_back({std::move(bucket), totals ? std::optional(sizes_of(*totals)) : std::nullopt});
    }
    return all;
}

void sort_listed(std::vector<Listed>& all, std::string_view by) {
    const auto number = [&](const Listed& l) {
        if (!l.sizes) return std::uint64_t{0};
        return by == "files" ? l.sizes->files : by == "cloud" ? l.sizes->cloud_bytes : l.sizes->bytes;
    };
    std::stable_sort(all.begin(), all.end(), [&](const Listed& a, const Listed& b) {
        if (by == "tier" && a.bucket.tier != b.bucket.tier) return a.bucket.tier < b.bucket.tier;
        if (by != "name" && by != "tier" && number(a) != number(b)) return number(a) > number(b);
        return a.bucket.name < b.bucket.name;
    });
}

void print_list(Session& session, const std::vector<Listed>& all, const lake::Inventory& inventory) {
    Output& out = session.out();
    using Align = TableColumn::Align;
    Table table({{"NAME"},
                 {"TIER"},
                 {"RETENTION"},
                 {"FILES", Align::right},
                 {"SIZE", Align::right},
                 {"CLOUD", Align::right},
                 {"PURPOSE", Align::left, true, TableColumn::Narrow::wrap}});
    bool uncounted = false;
    for (const auto& [bucket, sizes] : all) {
        uncounted = uncounted || (!sizes && bucket.registered);
        table.row({out.name(bucket.name), bucket.registered ? std::string(lake::to_string(bucket.tier)) : "-",
                   bucket.registered ? retention_text(bucket.retention_days) : "-",
                   sizes ? text::with_thousands(sizes->files) : "-", sizes ? text::size_text(sizes->bytes) : "-",
                   sizes && sizes->cloud_files ? text::size_text(sizes->cloud_bytes) : "-",
                   bucket.registered ? out.name(bucket.purpose) : "unregistered"});
    }
    table.print(out);
    for (const auto& [bucket, sizes] : all) {
        if (bucket.registered) continue;
        if (lake::check_name(bucket.name)) {
            out.summary(fmt::format("unregistered folder: adopt it with  neurolake bucket create {}", bucket.name));
        } else {
            out.summary(
                fmt::format("unregistered folder '{}': {}", out.name(bucket.name), out.name(how_to_adopt(bucket))));
        }
    }
    if (uncounted) {
        out.summary("- = not counted yet: neurolake catalog index  (or count now: bucket stats)");
    } else if (!all.empty()) {
        out.summary("As of " + to_rfc3339(inventory.taken_at()) + "; now: neurolake bucket stats");
    }
}

Result<int> run_list(Session& session, const ListArgs& args) {
    TRY(auto all, listed(session));
    TRY(const lake::Inventory* inventory, session.inventory());
    TRY(const lake::Lake* lake, session.lake());
    sort_listed(all, args.sort);
    Output& out = session.out();
    if (!out.machine()) {
        print_list(session, all, *inventory);
        return 0;
    }
    auto rows = json::Value::array();
    for (const auto& [bucket, sizes] : all) rows.push(bucket_json(bucket, sizes));
    if (out.jsonl()) {
        for (const auto& row : *rows.as_array()) out.object_line(row);
        return 0;
    }
    auto value = json::Value::object().set("schema", "neurolake.bucket.list/1");
    json::set_path(value, "home", lake->layout().home.string());
    value.set("counted_at",
              to_ns(inventory->taken_at()) ? json::Value(to_rfc3339(inventory->taken_at())) : json::Value());
    out.object(value.set("buckets", std::move(rows)));
    return 0;
}

Result<int> run_show(Session& session, const ShowArgs& args) {
    TRY(const lake::Bucket* bucket, session.bucket(args.name));
    TRY(const lake::Inventory* inventory, session.inventory());
    const auto totals = inventory->totals(bucket->name);
    const auto sizes = totals ? std::optional(sizes_of(*totals)) : std::nullopt;
    Output& out = session.out();
    if (out.machine()) {
        out.object(
            json::Value::object().set("schema", "neurolake.bucket.show/1").set("bucket", bucket_json(*bucket, sizes)));
        return 0;
    }
    TRY(const lake::Lake* lake, session.lake());
    out.line(out.paint(Style::bold, bucket->name));
    if (sizes) out.line("  " + card_line(out, *bucket, *sizes));
    Table table({{""}, {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    table.row({"  Folder", out.name(bucket->root.string())});
    if (!sizes) table.row({"  Tier", std::string(lake::to_string(bucket->tier))});
    table.row({"  Retention", retention_note(bucket->retention_days)});
    table.row({"  Purpose", bucket->purpose.empty() ? "-" : out.name(bucket->purpose)});
    table.row({"  Cataloged", bucket->auto_catalog ? "by every index run" : "only when named"});
    table.row({"  Created", bucket->created_at.empty()
                                ? "with the lake, or by hand (the lake: " + lake->created_at() + ")"
                                : bucket->created_at});
    table.row({"  Defined in", out.name(bucket->origin)});
    if (sizes && sizes->cloud_files) {
        table.row({"  In the cloud",
                   fmt::format("{}, {}", counted(sizes->cloud_files, "file"), text::size_text(sizes->cloud_bytes))});
    }
    table.print(out);
    if (!sizes) out.summary("Not counted yet: neurolake bucket stats " + bucket->name);
    return 0;
}

}  // namespace

void add_bucket_create(CommandLine bucket, Registry& registry) {
    auto [app, args] = registry.command<CreateArgs>(
        bucket, "create", "Make a bucket, or adopt a folder made by hand in buckets/", run_create,
        {"neurolake bucket create customer-analytics --purpose \"Customer behaviour\" --retention 365",
         "dir=$(neurolake bucket create exports --tier cloud --print path)"});
    app.add_option("NAME", args.name, "3-63 characters of a-z, 0-9 and -")->required();
    app.add_option("--purpose", args.purpose, "What it is for")->type_name("TEXT...");
    app.add_option("--tier", args.tier, "Moved only over the mark, always, or never")->type_name("local|cloud|pinned");
    app.add_option("--retention", args.retention, "How long files are kept")->type_name("DAYS|forever");
    app.add_option("--path", args.path, "A folder elsewhere, absolute or relative to the lake")->type_name("DIR");
    app.add_flag("--auto-catalog,!--no-auto-catalog", args.auto_catalog, "Whether every index run reads it");
    app.add_option("--print", args.print, "Print only the bucket's path")->type_name("path");
    add_dry_run(app);
}

void add_bucket_list(CommandLine bucket, Registry& registry) {
    auto [app, args] = registry.command<ListArgs>(
        bucket, "list", "All buckets with tier, retention and size", run_list,
        {"neurolake bucket list --sort size", "neurolake bucket list --json | jq -r '.buckets[].name'"});
    app.add_option("--sort", args.sort, "Order of the rows")
        ->type_name("name|size|files|cloud|tier")
        ->one_of({"name", "size", "files", "cloud", "tier"});
}

void add_bucket_show(CommandLine bucket, Registry& registry) {
    auto [app, args] =
        registry.command<ShowArgs>(bucket, "show", "Everything about one bucket", run_show,
                                   {"neurolake bucket show raw-data", "neurolake bucket show archive --json"});
    app.add_option("BUCKET", args.name, "The bucket")->required();
}

void add_bucket(CommandLine root, Registry& registry) {
    CommandLine bucket = registry.group(root, "bucket", "Make, list, measure and change buckets",
                                        {"neurolake bucket list", "neurolake bucket create exports --tier cloud"});
    add_bucket_create(bucket, registry);
    add_bucket_list(bucket, registry);
    add_bucket_show(bucket, registry);
    add_bucket_stats(bucket, registry);
    add_bucket_set(bucket, registry);
    add_bucket_rename(bucket, registry);
    add_bucket_remove(bucket, registry);
}

}  // namespace neurolake::apps
