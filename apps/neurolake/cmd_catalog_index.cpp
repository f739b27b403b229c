// cmd_catalog_index.cpp: `neurolake catalog index`: scan, profile, group, write; tell what is new, changed and gone.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/text.hpp"
#include "bucket_report.hpp"
#include "catalog/lost_histories.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "import_report.hpp"
#include "index/index.hpp"
#include "index_report.hpp"
#include "lake/last_run.hpp"
#include "lake/usage.hpp"
#include "progress.hpp"
#include "shell_words.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct Args {
    std::vector<std::string> buckets;
    bool full = false, quick = false, strict = false, accept_shrink = false;
    std::string settle;
    std::optional<std::uint64_t> sample;
};

Result<index::Options> options_of(Session& session, const Args& args) {
    if (args.full && args.sample.value_or(0) > 0)
        return Error(Errc::usage, "--full reads every row again, --sample only the first ones",
                     "give one of them: what a sample found is read in full by neurolake catalog index --full");
    TRY(const config::Settings* settings, session.settings());
    index::Options options = settings->index;
    options.full = args.full;
    options.quick = args.quick;
    options.dry_run = session.dry_run();
    options.accept_shrink = args.accept_shrink;
    options.strict |= args.strict;
    if (args.sample) options.sample_rows = *args.sample;
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

// Everything a run needs; what fails here is a wrong word or setting and no run at all.
struct Prepared {
    const lake::Lake* lake = nullptr;
    index::Options options;
    std::vector<lake::Bucket> buckets;
};

Result<Prepared> prepare(Session& session, const Args& args) {
    Prepared run;
    TRY(run.lake, session.lake());
    TRY(run.options, options_of(session, args));
    TRY_DO(begin_writing(session));
    TRY(run.buckets, chosen_buckets(session, args));
    if (args.buckets.empty()) return run;
    TRY(run.options.others, session.buckets({}));
    std::erase_if(run.options.others, [&](const lake::Bucket& bucket) {
        return std::ranges::find(run.buckets, bucket.name, &lake::Bucket::name) != run.buckets.end();
    });
    return run;
}

Result<index::Report> index_once(Session& session, const Prepared& run) {
    TRY(catalog::Catalog * catalog, session.catalog());
    Progress progress(session.out(), "reading files", Progress::Unit::count);
    const auto tell = [&](std::uint64_t done, std::uint64_t total, std::uint64_t) { progress.update(done, total); };
    return index::run(*run.lake, run.buckets, *catalog, run.options, session.clock(), session.cancel(), tell);
}

// A person who just copied files in wants to see them, and the wait is short. Scripts keep their speed.
bool worth_waiting(Session& session, const index::Report& report) {
    constexpr double k_longest = 15;
    const Output& out = session.out();
    const bool watched = out.stdout_is_terminal() && out.stderr_is_terminal() && !out.machine() && !out.quiet();
    return watched && !session.dry_run() && !session.globals().now && report.settling.size() > report.temporary &&
           report.settled_in <= k_longest;
}

// False when a signal ended it.
bool wait_to_settle(Session& session, const index::Report& report) {
    constexpr auto k_step = std::chrono::milliseconds(100);
    const auto in_seconds = [](auto time) {
        return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
    };
    const std::uint64_t young = report.settling.size() - report.temporary;
    const std::string label = fmt::format("waiting for {} just written",
                                          young == 1 ? "1 file that was" : counted(young, "file") + " that were");
    if (!session.out().draws_progress()) session.out().step(label);
    Progress progress(session.out(), label, Progress::Unit::count);
    const auto whole = std::chrono::milliseconds(static_cast<std::int64_t>(report.settled_in * 1000) + 50);
    const auto start = std::chrono::steady_clock::now();
    for (auto gone = start - start; gone < whole; gone = std::chrono::steady_clock::now() - start) {
        if (session.cancel().cancelled()) return false;
        progress.update(in_seconds(gone), in_seconds(whole) + 1, "s");
        std::this_thread::sleep_for(k_step);
    }
    return !session.cancel().cancelled();
}

// "buckets/x.csv lies in no bucket; move it: mv ..." to a bucket there is, raw data first.
std::string stray_file(const fs::path& folder, const std::string& name, const std::vector<lake::Bucket>& buckets) {
    const std::string said = "buckets/" + name + " lies in no bucket; ";
    if (buckets.empty()) return said + "make one for it: neurolake bucket create NAME";
    const auto raw = std::ranges::find(buckets, "raw-data", &lake::Bucket::name);
    const fs::path& target = (raw == buckets.end() ? buckets.front() : *raw).root;
    return said + fmt::format("move it: mv {} {}", plain_or_quoted((folder / name).string()),
                              plain_or_quoted(target.string() + "/"));
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
            out.warn(text::escape_controls(
                fmt::format("folder buckets/{} is no registered bucket; {}", bucket.name, how_to_adopt(bucket))));
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_regular_file(failed) || name.starts_with('.')) continue;
        out.warn(text::escape_controls(stray_file(folder, name, (*settings)->buckets)));
    }
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

void print_json(Session& session, const index::Report& report) {
    auto value = json::Value::object().set("schema", "neurolake.catalog.index/1");
    value.set("dry_run", session.dry_run());
    const auto members = report_json(report);
    for (const auto& [key, member] : *members.as_object()) value.set(key, member);
    session.out().object(value);
}

constexpr std::size_t k_most_in_log = 20;

json::Value names_json(const std::vector<std::string>& names) {
    auto list = json::Value::array();
    for (std::size_t i = 0; i < std::min(names.size(), k_most_in_log); ++i) list.push(text::to_valid_utf8(names[i]));
    return list;
}

// Tables without the history that they had. Its file is looked at, and its entries when the run wrote some of them.
std::vector<const model::Table*> lost_histories(Session& session, const index::Report& report) {
    const auto options = session.catalog_options();
    const auto catalog = session.catalog();
    if (!options || !catalog) return {};
    std::error_code unknown;
    const bool there = options->backend != "json" || fs::exists(options->folder / "schemas.json", unknown);
    if (there && report.changes.empty()) return {};
    auto lost = catalog::tables_without_history(**catalog);
    return lost ? std::move(*lost) : std::vector<const model::Table*>{};
}

int rc_of(const index::Report& report, const index::Options& options, bool lost_histories) {
    const bool strict_break = options.strict && report.breaking;
    const bool unreadable = !report.failed.empty() || std::ranges::any_of(report.findings, left_out);
    return unreadable || strict_break || lost_histories ? k_exit_partial : 0;
}

// One line a run that changed the catalog: how many tables, and which of them, the first ones by name.
Status audit_run(Session& session, const index::Report& report, const index::Options& options) {
    if (report.changes.empty()) return {};
    using What = index::TableChange::What;
    auto fields = json::Value::object();
    fields.set("rc", rc_of(report, options, !lost_histories(session, report).empty()));
    for (const auto& [what, word] :
         {std::pair(What::added, "added"), std::pair(What::changed, "changed"), std::pair(What::gone, "gone")}) {
        std::vector<std::string> names;
        for (const auto& change : report.changes)
            if (change.what == what) names.push_back(change.table);
        if (names.empty()) continue;
        fields.set(word, names.size()).set(std::string(word) + "_tables", names_json(names));
        if (names.size() > k_most_in_log) fields.set(std::string(word) + "_not_named", names.size() - k_most_in_log);
    }
    auto renamed = json::Value::array();
    std::size_t renames = 0;
    for (const auto& change : report.changes)
        if (!change.renamed_from.empty() && ++renames <= k_most_in_log)
            renamed.push(json::Value::object()
                             .set("from", text::to_valid_utf8(change.renamed_from))
                             .set("to", text::to_valid_utf8(change.table)));
    if (renames > 0) fields.set("renamed", std::move(renamed));
    if (renames > k_most_in_log) fields.set("renamed_not_named", renames - k_most_in_log);
    fields.set("files_read", report.files_read).set("files_gone", report.files_gone);
    return session.audit("catalog.indexed", std::move(fields));
}

// What error.log is to name: the files at fault.
std::vector<std::string> files_at_fault(const index::Report& report) {
    std::vector<std::string> files = report.failed;
    for (const auto& finding : report.findings)
        if (left_out(finding) && !finding.path.empty()) files.push_back(finding.path);
    std::ranges::sort(files);
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return files;
}

// The first run, and on a terminal a second one when files were only too new.
Result<index::Report> index_and_wait(Session& session, const Prepared& run, bool& stopped) {
    TRY(index::Report report, index_once(session, run));
    TRY_DO(audit_run(session, report, run.options));
    if (!worth_waiting(session, report)) return report;
    stopped = !wait_to_settle(session, report);
    if (stopped) return report;
    Prepared rest = run;
    rest.options.full = false;  // all others were read again just now
    TRY(index::Report next, index_once(session, rest));
    TRY_DO(audit_run(session, next, rest.options));
    return merged(std::move(report), std::move(next));
}

Result<int> run_index(Session& session, const Args& args) {
    TRY(const Prepared run, prepare(session, args));
    bool stopped = false;
    const auto report = index_and_wait(session, run, stopped);
    if (!report) {
        if (report.error().code != Errc::no_lake) remember_run(session, exit_code(report.error().code));
        return Error(report.error());
    }
    const auto lost = lost_histories(session, *report);
    if (!lost.empty())
        session.out().warn(text::escape_controls(catalog::lost_text(lost)) +
                           "; bring schemas.json back from a backup, else: neurolake doctor --fix");
    const int rc = rc_of(*report, run.options, !lost.empty());
    remember_run(session, rc);
    session.at_fault(files_at_fault(*report));
    session.reload_inventory();
    Output& out = session.out();
    print_findings(out, report->findings);
    if (out.machine()) {
        print_json(session, *report);
        attach_imported(session);
        return rc;
    }
    offer_help(session);
    print_index_report(session, *report, run.options);
    attach_imported(session);
    if (stopped)
        return Error(Errc::cancelled, "stopped while waiting for files that were just written",
                     "all else is in the catalog; run neurolake catalog index again for the rest");
    return rc;
}

}  // namespace

void add_catalog_index(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "index", "Read what changed and bring the catalog up to date", run_index,
        {"neurolake catalog index", "neurolake catalog index raw-data --settle 0s --strict --json"});
    app.add_option("BUCKET", args.buckets, "The buckets (none: all with auto_catalog)");
    app.add_flag("--full", args.full, "Read every file again");
    app.add_flag("--quick", args.quick, "Trust folder times: files rewritten under their name are not noticed");
    app.add_flag("--strict", args.strict,
                 "Exit 3 when a new schema version breaks what is asked of its table (neurolake catalog compatibility; "
                 "unless said: no column goes away, no type narrows)");
    app.add_option("--sample", args.sample, "Read only this many first rows of text files; types found so are labelled")
        ->type_name("ROWS");
    app.add_option("--settle", args.settle,
                   "Leave files that changed in this time for the next run (catalog.settle_seconds, 5s)")
        ->type_name("TIME");
    app.add_flag("--accept-shrink", args.accept_shrink,
                 "Go on although more than half of a bucket's files are gone: they really are");
    add_dry_run(app);
}

}  // namespace neurolake::apps
