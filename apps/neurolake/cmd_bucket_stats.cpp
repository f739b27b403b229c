// cmd_bucket_stats.cpp: `neurolake bucket stats`: a fresh walk, or the inventory with --cached.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/text.hpp"
#include "bucket_report.hpp"
#include "cmd_bucket.hpp"
#include "formats/formats.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::vector<std::string> names;
    unsigned top = 5;
    bool cached = false;
};

// Names of formats as views that outlive the walk: a handful of words, looked up without a lock in the common case.
class FormatWords {
public:
    std::string_view operator()(std::string_view file_name) {
        const std::string word = formats::format_of_name(file_name);
        thread_local std::set<std::string_view> seen;
        if (auto known = seen.find(word); known != seen.end()) return *known;
        const std::lock_guard guard(m_mutex);
        const std::string_view kept = *m_words.insert(word.empty() ? "other" : word).first;
        if (!word.empty()) seen.insert(kept);
        return kept;
    }

private:
    std::mutex m_mutex;
    static inline std::set<std::string> m_words;
};

struct Row {
    lake::Bucket bucket;
    lake::BucketStats stats;
};

Result<std::vector<Row>> walked(Session& session, const std::vector<lake::Bucket>& buckets, const Args& args) {
    FormatWords words;
    lake::StatsOptions options;
    options.top = args.top;
    options.format_of = [&](std::string_view name) { return words(name); };
    options.ignored_name = [](std::string_view name) { return formats::is_known_non_data(name); };
    TRY(const lake::Lake* lake, session.lake());
    std::vector<Row> rows;
    for (const auto& bucket : buckets) {
        if (auto mounted = lake::check_bucket_mount(*lake, bucket); !mounted) {
            if (!args.names.empty()) return std::move(mounted).error();
            session.out().warn(mounted.error().message + ": left out");
            continue;
        }
        TRY(auto stats, lake::stats(bucket, options, session.cancel()));
        rows.push_back({bucket, std::move(stats)});
    }
    return rows;
}

Result<std::vector<Row>> cached(Session& session, const std::vector<lake::Bucket>& buckets) {
    TRY(const lake::Inventory* inventory, session.inventory());
    std::vector<Row> rows;
    for (const auto& bucket : buckets) {
        const auto totals = inventory->totals(bucket.name);
        if (!totals) {
            return Error(Errc::not_found, fmt::format("bucket '{}' has not been counted yet", bucket.name),
                         fmt::format("run: neurolake catalog index {}  (or leave out --cached)", bucket.name));
        }
        lake::BucketStats stats;
        stats.file_count = totals->files;
        stats.dir_count = totals->folders;
        stats.size_bytes = totals->bytes;
        stats.allocated_bytes = totals->allocated;
        stats.cloud_files = totals->cloud_files;
        stats.cloud_bytes = totals->cloud_bytes;
        stats.ignored_files = totals->ignored_files;
        stats.symlinks = totals->symlinks;
        stats.specials = totals->specials;
        stats.oldest_ns = totals->oldest_ns;
        stats.newest_ns = totals->newest_ns;
        rows.push_back({bucket, std::move(stats)});
    }
    return rows;
}

json::Value time_or_null(std::int64_t ns) { return ns ? json::Value(to_rfc3339(time_from_ns(ns))) : json::Value(); }

json::Value stats_json(const Row& row, bool with_details) {
    auto value = bucket_json(row.bucket, sizes_of(row.stats));
    value.set("allocated_bytes", row.stats.allocated_bytes);
    value.set("oldest", time_or_null(row.stats.oldest_ns)).set("newest", time_or_null(row.stats.newest_ns));
    value.set("ignored_file_count", row.stats.ignored_files).set("symlink_count", row.stats.symlinks);
    value.set("special_count", row.stats.specials);
    if (!with_details) return value;
    auto by_format = json::Value::object();
    for (const auto& share : row.stats.by_format) {
        by_format.set(share.format, json::Value::object().set("files", share.files).set("bytes", share.bytes));
    }
    auto largest = json::Value::array();
    for (const auto& file : row.stats.largest) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", file.path);
        largest.push(entry.set("bytes", file.size).set("tier", file.in_cloud ? "cloud" : "local"));
    }
    auto findings = json::Value::array();
    for (const auto& finding : row.stats.findings) findings.push(model::to_json(finding));
    return value.set("by_format", std::move(by_format))
        .set("largest", std::move(largest))
        .set("findings", std::move(findings));
}

json::Value total_json(const std::vector<Row>& rows) {
    BucketSizes sum;
    for (const auto& row : rows) {
        sum.files += row.stats.file_count;
        sum.folders += row.stats.dir_count;
        sum.bytes += row.stats.size_bytes;
        sum.allocated += row.stats.allocated_bytes;
        sum.cloud_files += row.stats.cloud_files;
        sum.cloud_bytes += row.stats.cloud_bytes;
    }
    return json::Value::object()
        .set("file_count", sum.files)
        .set("dir_count", sum.folders)
        .set("size_bytes", sum.bytes)
        .set("size_gb", size_gb(sum.bytes))
        .set("allocated_bytes", sum.allocated)
        .set("cloud_file_count", sum.cloud_files)
        .set("cloud_bytes", sum.cloud_bytes);
}

void print_row(Output& out, const Row& row) {
    const auto& stats = row.stats;
    out.line(out.paint(Style::bold, row.bucket.name));
    out.line("  " + card_line(out, row.bucket, sizes_of(stats)));
    Table table({{""}, {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    if (!row.bucket.purpose.empty()) table.row({"  Purpose", out.name(row.bucket.purpose)});
    table.row({"  Folder", out.name(row.bucket.root.string())});
    table.row({"  On disk", fmt::format("{} in {} folder{}", text::size_text(stats.allocated_bytes),
                                        text::with_thousands(stats.dir_count), stats.dir_count == 1 ? "" : "s")});
    if (stats.cloud_files) {
        table.row(
            {"  In the cloud", fmt::format("{} file{}, {}", text::with_thousands(stats.cloud_files),
                                           stats.cloud_files == 1 ? "" : "s", text::size_text(stats.cloud_bytes))});
    }
    if (stats.newest_ns) {
        table.row({"  Newest", to_rfc3339(time_from_ns(stats.newest_ns))});
        table.row({"  Oldest", to_rfc3339(time_from_ns(stats.oldest_ns))});
    }
    for (const auto& share : stats.by_format) {
        const bool first = &share == stats.by_format.data();
        table.row(
            {first ? "  Formats" : "", fmt::format("{}: {} file{}, {}", share.format, text::with_thousands(share.files),
                                                   share.files == 1 ? "" : "s", text::size_text(share.bytes))});
    }
    for (const auto& file : stats.largest) {
        table.row({&file == stats.largest.data() ? "  Largest" : "",
                   fmt::format("{:>10}  {}{}", text::size_text(file.size), out.name(file.path),
                               file.in_cloud ? "  (cloud)" : "")});
    }
    table.print(out);
}

int report_findings(Output& out, const std::vector<Row>& rows) {
    int rc = 0;
    for (const auto& row : rows) {
        for (const auto& finding : row.stats.findings) {
            if (left_out(finding)) rc = k_exit_partial;
            if (finding.severity == model::Finding::Severity::note) {
                out.why(text::escape_controls(finding.path) + ": " + finding.message);
            } else {
                out.warn(text::escape_controls(finding.path) + ": " + finding.message);
            }
        }
    }
    return rc;
}

Result<int> run_stats(Session& session, const Args& args) {
    const auto started = std::chrono::steady_clock::now();
    TRY(const auto buckets, session.buckets(args.names));
    TRY(const auto rows, args.cached ? cached(session, buckets) : walked(session, buckets, args));
    const auto elapsed = std::chrono::steady_clock::now() - started;
    Output& out = session.out();
    const int rc = report_findings(out, rows);
    if (out.machine()) {
        auto list = json::Value::array();
        for (const auto& row : rows) list.push(stats_json(row, !args.cached));
        auto value = json::Value::object().set("schema", "neurolake.bucket.stats/1").set("cached", args.cached);
        if (args.cached) {
            TRY(const lake::Inventory* inventory, session.inventory());
            value.set("counted_at", to_rfc3339(inventory->taken_at()));
        }
        value.set("buckets", std::move(list)).set("total", total_json(rows));
        value.set("elapsed_ms", std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
        out.object(value);
        return rc;
    }
    for (const auto& row : rows) {
        if (&row != rows.data()) out.line();
        print_row(out, row);
    }
    return rc;
}

}  // namespace

void add_bucket_stats(CommandLine bucket, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        bucket, "stats", "Count files and bytes now, by walking the folders", run_stats,
        {"neurolake bucket stats raw-data --top 3", "neurolake bucket stats --json | jq '.total.size_gb'"});
    app.add_option("BUCKET", args.names, "The buckets (none: all of them)");
    app.add_option("--top", args.top, "How many of the largest files to name")->type_name("N");
    app.add_flag("--cached", args.cached, "Answer from the inventory, without a walk");
}

}  // namespace neurolake::apps
