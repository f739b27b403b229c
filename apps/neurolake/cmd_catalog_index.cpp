// cmd_catalog_index.cpp: `neurolake catalog index`: scan, profile, group, write; tell what is new, changed and gone.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "index/index.hpp"
#include "lake/last_run.hpp"
#include "lake/usage.hpp"
#include "progress.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct Args {
    std::vector<std::string> buckets;
    bool full = false, quick = false, strict = false, accept_shrink = false;
    std::string settle;
};

Result<index::Options> options_of(Session& session, const Args& args) {
    TRY(const config::Settings* settings, session.settings());
    index::Options options = settings->index;
    options.full = args.full;
    options.quick = args.quick;
    options.dry_run = session.dry_run();
    options.accept_shrink = args.accept_shrink;
    options.strict |= args.strict;
    if (!args.settle.empty()) {
        TRY(const std::int64_t seconds, text::parse_duration(args.settle));
        options.settle_seconds = static_cast<double>(seconds);
    }
    return options;
}

Result<std::vector<lake::Bucket>> chosen_buckets(Session& session, const Args& args) {
    TRY(auto buckets, session.buckets(args.buckets));
    if (!args.buckets.empty())
        for (auto& bucket : buckets) bucket.auto_catalog = true;  // asked for by name
    return buckets;
}

Result<index::Report> index_lake(Session& session, const Args& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const index::Options options, options_of(session, args));
    TRY_DO(begin_writing(session));
    TRY(const auto buckets, chosen_buckets(session, args));
    TRY(catalog::Catalog * catalog, session.catalog());
    Progress progress(session.out(), "reading files", Progress::Unit::count);
    const auto tell = [&](std::uint64_t done, std::uint64_t total, std::uint64_t) { progress.update(done, total); };
    return index::run(*lake, buckets, *catalog, options, session.clock(), session.cancel(), tell);
}

// Data that lies where no bucket is: one line each with the way out.
void offer_help(Session& session) {
    const auto lake = session.lake();
    const auto settings = session.settings();
    if (!lake || !settings) return;
    Output& out = session.out();
    const fs::path& folder = (*lake)->layout().buckets;
    if (auto extra = lake::unregistered_buckets((*lake)->layout(), (*settings)->buckets))
        for (const auto& bucket : *extra)
            out.why(fmt::format("buckets/{0} is no registered bucket; adopt it: neurolake bucket create {0}",
                                text::escape_controls(bucket.name)));
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_regular_file(failed) || name.starts_with('.')) continue;
        out.warn(fmt::format("buckets/{0} lies in no bucket; move it: mv {1}/{0} {1}/raw-data/",
                             text::escape_controls(name), out.name(folder.string())));
    }
}

std::string change_line(Output& out, const index::TableChange& change) {
    static constexpr const char* k_words[] = {"new", "changed", "gone"};
    static constexpr Style k_styles[] = {Style::green, Style::yellow, Style::red};
    const auto what = static_cast<std::size_t>(change.what);
    return fmt::format("{} {}  {}{}", out.paint(k_styles[what], fmt::format("{:7}", k_words[what])),
                       out.name(change.table), counted(change.rows, "row"),
                       change.files > 1 ? out.separator() + counted(change.files, "file") : "");
}

constexpr std::size_t k_most_reasons = 4;

// "zip is text: leading zero first at row 30001": the types that a look at the first rows would get wrong.
void print_reasons(Output& out, const model::Table& table) {
    std::size_t told = 0;
    for (const auto& column : table.columns) {
        if (column.evidence.forced_row <= 1 || ++told > k_most_reasons) continue;
        out.summary(fmt::format("          {} is {}: {}", out.name(column.name), model::to_string(column.type),
                                out.name(column.evidence.reason)));
    }
}

void print_change(Session& session, const index::TableChange& change) {
    Output& out = session.out();
    out.line(change_line(out, change));
    if (!change.renamed_from.empty()) out.line("          was " + out.name(change.renamed_from));
    for (const auto& line : change.schema_changes) out.line("          " + out.name(line));
    if (change.breaking)
        out.line("          " + out.paint(Style::red, fmt::format("schema version {} breaks readers of the old one",
                                                                  change.schema_version)));
    const auto catalog = session.catalog();
    if (!catalog || change.what != index::TableChange::What::added) return;
    if (const model::Table* table = (*catalog)->find(change.table)) print_reasons(out, *table);
}

void print_settling(Output& out, const index::Report& report, double settle_seconds) {
    if (report.settling.empty()) return;
    constexpr std::size_t k_most = 5;
    for (std::size_t i = 0; i < std::min(report.settling.size(), k_most); ++i)
        out.summary("settling " + out.name(report.settling[i]));
    const auto more = report.settling.size() - std::min(report.settling.size(), k_most);
    out.summary(fmt::format("{}Files written less than {:g} s ago or under a temporary name wait for the next run.",
                            more ? fmt::format("         and {} more. ", text::with_thousands(more)) : "",
                            settle_seconds));
}

// "2 tables new, 1 changed", in the order of TableChange::What.
std::string changes_text(const index::Report& report) {
    std::array<std::uint64_t, 3> counts{};
    for (const auto& change : report.changes) ++counts[static_cast<std::size_t>(change.what)];
    static constexpr const char* k_words[] = {"new", "changed", "gone"};
    std::string out;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        out += out.empty() ? counted(counts[i], "table") : ", " + text::with_thousands(counts[i]);
        out += std::string(" ") + k_words[i];
    }
    return out.empty() ? "No changes" : out;
}

void print_report(Session& session, const index::Report& report, const index::Options& options) {
    Output& out = session.out();
    for (const auto& change : report.changes) print_change(session, change);
    print_settling(out, report, options.settle_seconds);
    std::string line = changes_text(report) +
                       fmt::format(": read {} ({}), {} unchanged", counted(report.files_read, "file"),
                                   text::size_text(report.bytes_read), text::with_thousands(report.files_unchanged));
    if (report.files_gone) line += ", " + text::with_thousands(report.files_gone) + " gone";
    out.summary(line);
    if (options.dry_run)
        out.summary("Dry run: nothing was written");
    else
        out.summary(fmt::format("Catalog: {}, {}", counted(report.tables, "table"), counted(report.rows, "row")));
}

// For `status`: when the last index ran and how it ended. A failing write of it must not fail the index.
void remember_run(Session& session, int rc) {
    const auto lake = session.lake();
    if (!lake || session.dry_run()) return;
    const auto& layout = (*lake)->layout();
    (void)lake::record_run(layout.last_run, "index", {to_rfc3339(session.now()), rc, {}});
    if (session.globals().now) return;  // a tried clock leaves no mark in the history of use
    const auto inventory = lake::Inventory::open(layout.inventory);
    if (!inventory) return;
    lake::UsagePoint use{session.now()};
    for (const auto& bucket : inventory->buckets()) {
        const auto totals = inventory->totals(bucket).value_or(lake::BucketTotals{});
        use.local += totals.bytes;
        use.cloud += totals.cloud_bytes;
    }
    (void)lake::add_usage(layout.state / "usage.jsonl", use);
}

Result<int> run_index(Session& session, const Args& args) {
    auto report = index_lake(session, args);
    if (!report) {
        if (report.error().code != Errc::locked && report.error().code != Errc::no_lake)
            remember_run(session, exit_code(report.error().code));
        return std::move(report).error();
    }
    TRY(const index::Options options, options_of(session, args));
    const bool strict_break = options.strict && report->breaking;
    const bool unreadable = std::ranges::any_of(report->findings, [](const model::Finding& finding) {
        return finding.severity == model::Finding::Severity::error;
    });
    const int rc = !report->failed.empty() || unreadable || strict_break ? k_exit_partial : 0;
    remember_run(session, rc);
    session.reload_inventory();
    Output& out = session.out();
    print_findings(out, report->findings);
    if (!out.machine()) offer_help(session);
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.catalog.index/1");
        value.set("dry_run", options.dry_run);
        const auto members = report_json(*report);
        for (const auto& [key, member] : *members.as_object()) value.set(key, member);
        out.object(value);
    } else {
        print_report(session, *report, options);
    }
    return rc;
}

}  // namespace

void add_catalog_index(CLI::App& catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "index", "Read what changed and bring the catalog up to date", run_index,
        {"neurolake catalog index", "neurolake catalog index raw-data --settle 0s --strict --json"});
    app.add_option("BUCKET", args.buckets, "The buckets (none: all with auto_catalog)");
    app.add_flag("--full", args.full, "Read every file again");
    app.add_flag("--quick", args.quick, "Trust folder times: files rewritten under their name are not noticed");
    app.add_flag("--strict", args.strict, "Exit 3 when a schema change breaks readers (column gone, type narrowed)");
    app.add_option("--settle", args.settle, "Leave files younger than this for the next run")->type_name("TIME");
    app.add_flag("--accept-shrink", args.accept_shrink, "More than half of a bucket's files are really gone");
    add_dry_run(app);
}

}  // namespace neurolake::apps
