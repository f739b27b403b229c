// cmd_burst.cpp: `neurolake burst`, `burst plan` and `burst apply`: the coldest data moves to the object store.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_lineage.hpp"
#include "lake/last_run.hpp"
#include "shell_words.hpp"
#include "store_place.hpp"
#include "tier_session.hpp"

namespace neurolake::apps {

namespace {

struct Selection {
    std::vector<std::string> buckets;
    std::string min_age, limit;
    std::vector<std::string> paths;
    bool accept_shrink = false;
};
struct PlanArgs {
    Selection select;
    std::string output;
};
struct ApplyArgs {
    std::string file;
    bool accept_shrink = false;
};

constexpr std::uint64_t k_largest_plan = 1ull << 30;
constexpr double k_day = 86400;

Result<tier::PlanRequest> request_from(Session& session, const Selection& select) {
    tier::PlanRequest request;
    for (const auto& name : select.buckets) {
        TRY_DO(session.bucket(name));
        request.buckets.push_back(name);
    }
    for (const auto& words : select.paths) {
        TRY(auto path, tier_path(session, words));
        request.paths.push_back(std::move(path));
    }
    if (!select.min_age.empty()) {
        TRY(const auto seconds, text::parse_duration(select.min_age));
        request.min_age_days = static_cast<double>(seconds) / k_day;
    }
    if (!select.limit.empty()) {
        TRY(request.limit, text::parse_size(select.limit));
    }
    return request;
}

std::set<std::string> asked_buckets(const tier::PlanRequest& request) {
    std::set<std::string> names(request.buckets.begin(), request.buckets.end());
    for (const auto& path : request.paths) names.insert(path.substr(0, path.find('/')));
    return names;
}

std::string capitalized(std::string words) {
    if (!words.empty()) words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(words[0])));
    return words;
}

std::string name_of(const tier::Unit& unit) {
    const auto path = unit.bucket + "/" + unit.path;
    return unit.table.empty() || unit.files.size() == 1 ? path : fmt::format("{} ({})", unit.table, path);
}

// What a rule keeps, told once for many alike.
void print_kept(Output& out, const tier::Plan& plan) {
    constexpr std::size_t k_most = 5;
    std::map<std::string, std::pair<std::size_t, std::uint64_t>> more;
    std::map<std::string, std::size_t> shown;
    for (const auto& kept : plan.kept) {
        if (++shown[kept.rule] <= k_most) {
            out.line(fmt::format("{:>10}  {} stays: {}", text::size_text(kept.bytes), out.name(kept.path), kept.why));
            continue;
        }
        auto& [count, bytes] = more[kept.rule];
        ++count;
        bytes += kept.bytes;
    }
    for (const auto& [rule, rest] : more)
        out.line(fmt::format("{:>10}  {} more stay by the same rule ({})", text::size_text(rest.second),
                             text::with_thousands(rest.first), rule));
}

void print_plan(Output& out, const tier::Plan& plan) {
    out.line(fmt::format("{}: {} used, high mark {}, low mark {}", capitalized(plan.reason),
                         text::size_text(plan.marks.used), text::size_text(plan.marks.high.bytes),
                         text::size_text(plan.marks.low.bytes)));
    for (const auto& unit : plan.units) {
        out.line(fmt::format("{:>10}  {}  {}", text::size_text(unit.bytes), out.name(name_of(unit)),
                             out.paint(Style::dim, unit.why)));
        if (unit.files.size() == 1) continue;
        for (const auto& file : unit.files)
            out.line(fmt::format("{:>10}    {}", text::size_text(file.bytes), out.name(file.path)));
    }
    print_kept(out, plan);
    if (plan.units.empty()) return out.summary("Nothing to move.");
    std::size_t files = 0;
    for (const auto& unit : plan.units) files += unit.files.size();
    out.summary(fmt::format("Would move {}, {}: about {} requests to the store, one to write and one to prove each.",
                            counted(files, "file"), text::size_text(plan.bytes), text::with_thousands(2 * files)));
}

// Why a run ends without having moved anything.
std::string nothing_to_move(const tier::Plan& plan) {
    if (plan.reason == "asked by path") return "Nothing to move.";
    return fmt::format("{}: {} used, the high mark is {} ({}). Nothing to move.", capitalized(plan.reason),
                       text::size_text(plan.marks.used), text::size_text(plan.marks.high.bytes),
                       plan.marks.high.origin);
}

// Data that is in the cloud already is no mistake; a path at which nothing lies is.
Status asked_for_is_there(Session& session, const lake::ScanResult& tree, const tier::PlanRequest& request) {
    for (const auto& path : request.paths) {
        const auto bucket = path.substr(0, path.find('/'));
        const auto inside = bucket.size() == path.size() ? std::string() : path.substr(bucket.size() + 1);
        std::uint64_t here = 0, away = 0;
        const auto count = [&](const lake::FileRecord& record) {
            ++(record.state == lake::FileState::stub ? away : here);
            return true;
        };
        tree.next->for_each(bucket, inside, count);
        if (!inside.empty())
            if (const auto record = tree.next->find(bucket, inside)) count(*record);
        auto& out = session.out();
        if (here + away == 0 && !inside.empty())
            return Error(Errc::not_found, fmt::format("no file at {}", out.name(path)),
                         "links and special files are never moved; see what there is with: neurolake ls " + bucket,
                         path);
        if (away > 0) out.summary(fmt::format("{} of {} in the cloud already.", counted(away, "file"), out.name(path)));
    }
    return {};
}

json::Value report_json(const tier::Plan& plan, const tier::BurstReport& report) {
    auto out = tier::to_json(plan);
    out.set("moved", moved_json(report.moved)).set("moved_bytes", report.moved_bytes);
    out.set("freed_bytes", report.freed_bytes).set("failed", failed_json(report.failed));
    auto skipped = json::Value::array();
    for (const auto& one : report.skipped) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", one.path);
        skipped.push(entry.set("rule", one.rule).set("why", one.why).set("bytes", one.bytes));
    }
    out.set("skipped", std::move(skipped)).set("after", tier::to_json(report.after));
    out.set("interrupted", report.interrupted);
    if (report.stopped) out.set("stopped", report.stopped->message);
    return out.set("findings", findings_json(report.findings));
}

void print_report(Output& out, const tier::BurstReport& report) {
    print_failed(out, report.failed);
    for (const auto& one : report.skipped) out.warn(text::escape_controls(one.path) + ": skipped, " + one.why);
    if (report.moved.empty()) {
        if (!report.failed.empty()) out.summary("Nothing was moved.");
        return;
    }
    out.summary(fmt::format("Uploaded, verified, freed {} in {}; {} used now, the high mark is {}.",
                            text::size_text(report.freed_bytes), counted(report.moved.size(), "file"),
                            text::size_text(report.after.used), text::size_text(report.after.high.bytes)));
}

// What the run's end says to a script; the worst first.
Result<int> outcome_of(const tier::Policy& policy, const tier::Plan& plan, const tier::BurstReport& report) {
    const auto failed_by = [&](Errc code) {
        return std::any_of(report.failed.begin(), report.failed.end(), [&](const auto& f) { return f.code == code; });
    };
    if (report.interrupted)
        return Error(Errc::cancelled,
                     fmt::format("stopped after {} of {} files; nothing is lost", report.moved.size(),
                                 [&] {
                                     std::size_t files = 0;
                                     for (const auto& unit : plan.units) files += unit.files.size();
                                     return files;
                                 }()),
                     "run neurolake burst again: it goes on where it stopped");
    if (failed_by(Errc::mismatch))
        return Error(Errc::mismatch, "what the object store holds is not what was sent: those files were kept here",
                     "see the lines above, and: neurolake cloud test");
    if (report.moved.empty() && report.skipped.empty()) TRY_DO(not_all_refused(report.failed));
    if (report.stopped || !report.failed.empty() || !report.skipped.empty()) return k_exit_partial;
    const bool by_hand = plan.reason == "asked by path";
    // Switched off is the user's will, told in words; that the lake is full is what `status --check` is for.
    if (report.after.over() && !by_hand && policy.enabled)
        return Error(
            Errc::over_mark,
            fmt::format("still over the high mark: {} used, the mark is {} ({})", text::size_text(report.after.used),
                        text::size_text(report.after.high.bytes), report.after.high.origin),
            "see what stays and why with: neurolake burst --dry-run");
    return 0;
}

Status remember(Session& session, const Result<int>& outcome) {
    TRY(const lake::Lake* lake, session.lake());
    lake::LastRun run;
    run.at = to_rfc3339(session.now());
    run.rc = outcome ? *outcome : exit_code(outcome.error().code);
    return lake::record_run(lake->layout().last_run, "burst", run);
}

// A folder that nobody made is easily a mount that is missing or a slip of the pen; bytes on the same disk free
// nothing. Told where the first objects go there.
void warn_of_new_folder(Session& session, const store::Options& store) {
    const auto lake = session.lake();
    if (!lake || missing_directory(store)) return;
    auto& out = session.out();
    const auto folder = out.name(text::escape_controls(store.directory));
    out.warn(fmt::format("{} was not there: this burst made it; was a disk to be mounted there?", folder));
    if (const auto same = on_lake_disk(store, (*lake)->layout().home)) out.warn(text::escape_controls(*same));
}

Result<int> apply(Session& session, TierSession& tiers, const tier::Plan& plan, lake::ScanResult& tree) {
    auto& out = session.out();
    if (!plan.units.empty() && tiers.no_store()) return Error(*tiers.no_store());
    TRY(const config::Settings* settings, session.settings());
    const bool no_folder = missing_directory(settings->store).has_value();
    auto report = tier::burst(tiers.context(), plan, tiers.pins(), tree);
    if (!report) return std::move(report).error();
    if (no_folder) warn_of_new_folder(session, settings->store);
    if (out.machine())
        out.object(report_json(plan, *report));
    else
        print_report(out, *report);
    tiers.warn(report->findings);
    if (report->stopped) out.warn(report->stopped->message);
    auto outcome = outcome_of(tiers.context().policy, plan, *report);
    if (auto noted = remember(session, outcome); !noted) out.warn(noted.error().message);
    return outcome;
}

// A job that read a table lately will read it again, and fail on its stubs: told, and left to the person.
void warn_of_jobs(Session& session, const tier::Plan& plan) {
    constexpr auto k_lately = std::chrono::hours(24 * 7);
    const auto lineage = read_lineage(session);
    if (!lineage) return;
    const std::string since = to_rfc3339(session.now() - k_lately), now = to_rfc3339(session.now());
    std::map<std::string, std::set<std::string>> jobs;  // by table
    for (const auto& run : lineage->runs()) {
        const auto& moment = run.started_at.empty() ? run.ended_at : run.started_at;
        if (moment < since || moment > now) continue;
        for (const auto& ref : run.inputs) jobs[catalog::shown_name(ref)].insert(lineage->job_name(run.job));
    }
    std::set<std::string> read;
    for (const auto& unit : plan.units)
        if (const auto found = jobs.find(unit.table); found != jobs.end())
            read.insert(
                fmt::format("{} (by {})", found->first, short_list({found->second.begin(), found->second.end()}, 2)));
    auto& out = session.out();
    if (!read.empty())
        out.warn(fmt::format("read by a job in the last 7 days: {}; to keep it here: neurolake pin TABLE",
                             out.name(short_list({read.begin(), read.end()}, 5))));
}

Status no_pretended_time(const Session& session) {
    if (!session.globals().now || session.dry_run()) return {};
    return Error(Errc::usage, "--now is for planning: data is moved by the real time only",
                 "add --dry-run, or leave --now out");
}

Result<int> run_burst(Session& session, const Selection& args) {
    TRY_DO(no_pretended_time(session));
    TRY_DO(session.lock());
    auto& out = session.out();
    TRY(const auto request, request_from(session, args));
    Progress progress(out, "burst");
    TRY(const auto tiers, TierSession::open(session, &progress));
    TRY_DO(tiers->recover());
    TRY(auto tree, tiers->scan(args.accept_shrink, asked_buckets(request)));
    TRY(const auto plan, tier::make_plan(tiers->context(), tree, tiers->pins(), request));
    TRY_DO(asked_for_is_there(session, tree, request));
    if (session.dry_run()) {
        if (out.machine())
            out.object(tier::to_json(plan));
        else
            print_plan(out, plan);
        if (!plan.units.empty() && tiers->no_store())
            out.warn("the real run would stop: " + tiers->no_store()->message);
        TRY(const config::Settings* settings, session.settings());
        if (!plan.units.empty() && missing_directory(settings->store))
            out.warn(fmt::format("{} is not there: the real run would make it; is a disk to be mounted there?",
                                 out.name(text::escape_controls(settings->store.directory))));
        warn_of_jobs(session, plan);
        return 0;
    }
    if (plan.units.empty() && !out.machine()) out.summary(nothing_to_move(plan));
    if (!request.paths.empty())
        for (const auto& kept : plan.kept) out.warn(fmt::format("{} stays: {}", out.name(kept.path), kept.why));
    TRY(const int rc, apply(session, *tiers, plan, tree));
    return rc == 0 && !request.paths.empty() && !plan.kept.empty() ? k_exit_partial : rc;
}

Result<int> run_plan(Session& session, const PlanArgs& args) {
    auto& out = session.out();
    TRY(const auto request, request_from(session, args.select));
    TRY(const auto tiers, TierSession::open(session, nullptr));
    TRY(auto tree, tiers->scan(args.select.accept_shrink, asked_buckets(request)));
    TRY(const auto plan, tier::make_plan(tiers->context(), tree, tiers->pins(), request));
    const auto text = json::dump(tier::to_json(plan), json::Style::entries) + "\n";
    if (out.machine())
        out.object(tier::to_json(plan));
    else if (args.output.empty())
        print_plan(out, plan);
    else if (args.output == "-")
        out.raw(text);
    if (args.output.empty() || args.output == "-" || session.dry_run()) return 0;
    TRY_DO(write_file_atomic(args.output, text));
    if (!out.machine())
        out.summary(fmt::format("{}: {} in {}. Review it, then: neurolake burst apply {}", capitalized(plan.reason),
                                text::size_text(plan.bytes), counted(plan.units.size(), "unit"),
                                out.name(plain_or_quoted(args.output))));
    return 0;
}

Result<int> run_apply(Session& session, const ApplyArgs& args) {
    TRY_DO(no_pretended_time(session));
    TRY_DO(session.lock());
    TRY(const auto text, args.file == "-" ? read_file(0, k_largest_plan) : read_file(args.file, k_largest_plan));
    auto value = json::parse(text);
    if (!value)
        return Error(Errc::usage, fmt::format("{} is no plan: {}", args.file, value.error().message),
                     "make one with: neurolake burst plan -o FILE", args.file);
    TRY(const auto plan, tier::plan_from_json(*value));
    Progress progress(session.out(), "burst");
    TRY(const auto tiers, TierSession::open(session, &progress));
    TRY_DO(tiers->recover());
    TRY(auto tree, tiers->scan(args.accept_shrink));
    if (session.dry_run()) {
        print_plan(session.out(), plan);
        if (session.out().machine()) session.out().object(tier::to_json(plan));
        return 0;
    }
    return apply(session, *tiers, plan, tree);
}

void add_selection(CommandLine app, Selection& select) {
    app.add_option("--bucket", select.buckets, "Only this bucket (may be given several times)")
        ->type_name("NAME")
        ->repeatable();
    app.add_option("--min-age", select.min_age, "Only data that lay unchanged this long, as 30d or 12h")
        ->type_name("AGE");
    app.add_option("--limit", select.limit, "Move at most this much, as 10GB")->type_name("SIZE");
    app.add_option("PATH", select.paths, "Move these files, folders or tables now, also below the mark");
    app.add_flag("--accept-shrink", select.accept_shrink, "Go on although many files are gone since the last index");
}

}  // namespace

void add_burst(CommandLine root, Registry& registry) {
    auto [app, args] = registry.command<Selection>(
        root, "burst", "Move the coldest data to the object store until the disk is under its low mark", run_burst,
        {"neurolake burst --dry-run", "neurolake burst --bucket raw-data --min-age 90d --limit 10GB"});
    app.alias("burst-to-cloud");
    add_selection(app, args);
    add_dry_run(app);

    auto [plan, plan_args] = registry.command<PlanArgs>(
        app, "plan", "Write down what a burst would move, to review it first", run_plan,
        {"neurolake burst plan -o plan.json", "neurolake burst plan --json | jq '.units[].path'"});
    add_selection(plan, plan_args.select);
    plan.add_option("-o,--output", plan_args.output, "The file to write (- is standard output)")->type_name("FILE");

    auto [apply_app, apply_args] = registry.command<ApplyArgs>(
        app, "apply", "Do what a reviewed plan says; units that changed since are skipped", run_apply,
        {"neurolake burst apply plan.json", "neurolake burst apply --json plan.json > report.json"});
    apply_app.add_option("FILE", apply_args.file, "The plan (- is standard input)")->required();
    apply_app.add_flag("--accept-shrink", apply_args.accept_shrink,
                       "Go on although many files are gone since the last index");
    add_dry_run(apply_app);
}

}  // namespace neurolake::apps
