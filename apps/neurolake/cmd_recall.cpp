// cmd_recall.cpp: `neurolake recall`: data comes back from the object store, verified.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "commands.hpp"
#include "tier_session.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::vector<std::string> paths;
    bool all = false, make_room = false, keep_bad = false;
    std::string to;
};

json::Value report_json(const tier::RecallReport& report, bool dry_run) {
    auto out = json::Value::object();
    out.set("schema", "neurolake.recall/1").set("dry_run", dry_run);
    out.set("recalled", moved_json(report.recalled)).set("bytes", report.bytes);
    out.set("evicted", moved_json(report.evicted)).set("failed", failed_json(report.failed));
    return out.set("interrupted", report.interrupted).set("findings", findings_json(report.findings));
}

void print_report(Output& out, const tier::RecallReport& report, const Args& args, bool dry_run) {
    print_failed(out, report.failed);
    if (dry_run) {
        for (const auto& one : report.recalled)
            out.line(fmt::format("{:>10}  {}", text::size_text(one.bytes), out.name(one.path)));
        return out.summary(fmt::format("Would bring back {}, {}.", counted(report.recalled.size(), "file"),
                                       text::size_text(report.bytes)));
    }
    for (const auto& one : report.evicted)
        out.summary(fmt::format("Moved to make room: {} ({})", out.name(one.path), text::size_text(one.bytes)));
    if (report.recalled.empty())
        return out.summary(report.failed.empty() && report.findings.empty() ? "Everything is here already."
                                                                            : "Nothing came back.");
    out.summary(fmt::format("{} {}, {}; each has the SHA-256 it had.", args.to.empty() ? "Brought back" : "Copied",
                            counted(report.recalled.size(), "file"), text::size_text(report.bytes)));
}

Result<int> run_recall(Session& session, const Args& args) {
    if (args.paths.empty() && !args.all)
        return Error(Errc::usage, "recall wants paths or tables, or --all",
                     "example: neurolake recall raw-data/orders");
    TRY_DO(session.lock());
    tier::RecallRequest request;
    for (const auto& words : args.paths) {
        TRY(auto path, tier_path(session, words));
        request.paths.push_back(std::move(path));
    }
    request.all = args.all;
    request.make_room = args.make_room;
    request.keep_bad = args.keep_bad;
    request.dry_run = session.dry_run();
    if (!args.to.empty()) request.to = std::filesystem::absolute(args.to);
    auto& out = session.out();
    Progress progress(out, "recall");
    TRY(const auto tiers, TierSession::open(session, &progress, TierSession::Catalog::if_readable));
    TRY_DO(tiers->recover());
    if (!out.verbose()) tiers->context().step = nullptr;  // a line for every file is noise
    TRY(const auto report, tier::recall(tiers->context(), request));
    if (out.machine())
        out.object(report_json(report, session.dry_run()));
    else
        print_report(out, report, args, session.dry_run());
    tiers->warn(report.findings);
    if (report.interrupted)
        return Error(Errc::cancelled,
                     fmt::format("stopped after {}; nothing is lost", counted(report.recalled.size(), "file")),
                     "run the same command again: it goes on where it stopped");
    if (report.mismatch)
        return Error(Errc::mismatch, "an object is not what its stub says: those stubs stay as they are",
                     "see what else is affected with: neurolake cloud verify --full");
    if (report.recalled.empty()) TRY_DO(not_all_refused(report.failed));
    if (report.no_room) return Error(*report.no_room);
    const bool incomplete = !report.failed.empty() || !report.findings.empty();
    return incomplete ? k_exit_partial : 0;
}

}  // namespace

void add_recall(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(root, "recall", "Bring data back from the object store, verified", run_recall,
                               {"neurolake recall raw-data/orders", "neurolake recall raw-data.orders --make-room"});
    app.add_option("PATH|TABLE", args.paths, "Files, folders or tables");
    app.add_flag("--all", args.all, "Everything that is in the cloud");
    app.add_flag("--make-room", args.make_room, "Move colder files away whose copies are proven, if there is no room");
    app.add_option("--to", args.to, "Copy there instead; the stubs stay")->type_name("DIR");
    app.add_flag("--keep-bad", args.keep_bad, "Keep a download that did not verify, to look at it");
    add_dry_run(app);
}

}  // namespace neurolake::apps
