// cmd_cloud.cpp: `neurolake cloud test`, `verify` and `orphans`: is the object store what we rely on.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "commands.hpp"
#include "lake/last_run.hpp"
#include "store_place.hpp"
#include "tier_session.hpp"

namespace neurolake::apps {

namespace {

struct TestArgs {};
struct VerifyArgs {
    bool full = false;
    std::string sample;
};
struct OrphanArgs {
    bool clean = false;
};

Result<int> run_test(Session& session, const TestArgs&) {
    TRY(store::ObjectStore * store, session.store());
    auto checked = store->check();
    if (!checked) {
        auto error = std::move(checked).error();
        if (error.code != Errc::cancelled) error.code = Errc::cloud;
        return error;
    }
    const auto can = store->capabilities();
    auto& out = session.out();
    TRY(const config::Settings* settings, session.settings());
    TRY(const lake::Lake* lake, session.lake());
    if (const auto same = on_lake_disk(settings->store, lake->layout().home)) out.warn(text::escape_controls(*same));
    if (out.machine()) {
        out.object(json::Value::object()
                       .set("schema", "neurolake.cloud.test/1")
                       .set("store", store->describe())
                       .set("conditional_put", can.conditional_put)
                       .set("attests_sha256", can.attests_sha256)
                       .set("multipart", can.multipart));
        return 0;
    }
    out.line(fmt::format("{} {}", out.tick(true), out.name(store->describe())));
    out.line(fmt::format("  never overwrites on its own: {}", can.conditional_put ? "yes" : "no, it is asked first"));
    out.line(fmt::format("  attests SHA-256: {}", can.attests_sha256 ? "yes" : "no, uploads are read back"));
    return 0;
}

// "5%", "5", "0.1%".
Result<double> share_of(const std::string& words) {
    auto number = std::string(text::trim(words));
    if (number.ends_with('%')) number.pop_back();
    char* end = nullptr;
    const double percent = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || !(percent > 0 && percent <= 100))
        return Error(Errc::usage, fmt::format("--sample wants a share over 0 and up to 100 %, got '{}'", words),
                     "example: --sample 5%");
    return percent / 100;
}

Result<int> verify(Session& session, const VerifyArgs& args) {
    double share = 1;
    if (!args.sample.empty()) {
        TRY(share, share_of(args.sample));
    }
    auto& out = session.out();
    Progress progress(out, "verify", Progress::Unit::count);
    TRY(const auto tiers, TierSession::open(session, &progress));
    TRY(const auto report, tier::verify(tiers->context(), args.full, share));
    if (out.machine()) {
        out.object(json::Value::object()
                       .set("schema", "neurolake.cloud.verify/1")
                       .set("full", args.full)
                       .set("checked", report.checked)
                       .set("bytes", report.bytes)
                       .set("lost", failed_json(report.lost))
                       .set("unreachable", failed_json(report.unreachable))
                       .set("interrupted", report.interrupted));
    } else {
        print_failed(out, report.lost);
        print_failed(out, report.unreachable);
        out.summary(fmt::format("{}, {}: {} lost or changed, {} could not be asked{}",
                                counted(report.checked, "object"), text::size_text(report.bytes), report.lost.size(),
                                report.unreachable.size(), args.full ? " (every byte was read)" : ""));
    }
    if (report.interrupted) return Error(Errc::cancelled, "stopped; the objects above were checked");
    if (!report.lost.empty())
        return Error(Errc::mismatch, fmt::format("{} objects are lost or changed", report.lost.size()),
                     "restore them in the object store, or bring what is left back with: neurolake recall");
    if (report.unreachable.size() == report.checked) TRY_DO(not_all_refused(report.unreachable));
    return report.unreachable.empty() ? 0 : k_exit_partial;
}

// What `status` tells of it. The lock is held for this moment only: asking the store changes nothing here.
Status remember_verify(Session& session, const Result<int>& outcome) {
    if (session.dry_run() || session.globals().now) return {};
    TRY_DO(session.lock());
    TRY(const lake::Lake* lake, session.lake());
    const int rc = outcome ? *outcome : exit_code(outcome.error().code);
    return lake::record_run(lake->layout().last_run, "verify", {to_rfc3339(session.now()), rc, {}});
}

Result<int> run_verify(Session& session, const VerifyArgs& args) {
    auto outcome = verify(session, args);
    const bool a_sample = !args.sample.empty();  // says nothing of the rest
    if (a_sample || (!outcome && outcome.error().code == Errc::cancelled)) return outcome;
    if (auto noted = remember_verify(session, outcome); !noted)
        session.out().warn("that it was verified is not noted: " + noted.error().message);
    return outcome;
}

json::Value orphans_json(const tier::OrphanReport& report, bool cleaned) {
    auto list = json::Value::array();
    for (const auto& orphan : report.orphans) {
        auto entry = json::Value::object();
        json::set_path(entry, "key", orphan.key);
        entry.set("upload_id", orphan.upload_id).set("bytes", orphan.bytes).set("since", orphan.since);
        list.push(entry.set("ours", orphan.ours).set("removed", orphan.removed));
    }
    return json::Value::object()
        .set("schema", "neurolake.cloud.orphans/1")
        .set("clean", cleaned)
        .set("bytes", report.bytes)
        .set("orphans", std::move(list));
}

Result<int> run_orphans(Session& session, const OrphanArgs& args) {
    if (args.clean) TRY_DO(session.lock());
    auto& out = session.out();
    TRY(const auto tiers, TierSession::open(session, nullptr));
    if (tiers->no_store()) return Error(*tiers->no_store());
    const bool clean = args.clean && !session.dry_run();
    if (clean) TRY_DO(tiers->recover());
    TRY(const auto report, tier::orphans(tiers->context(), clean ? tier::Clean::yes : tier::Clean::no));
    if (out.machine()) {
        out.object(orphans_json(report, clean));
        return 0;
    }
    for (const auto& orphan : report.orphans)
        out.line(fmt::format("{:>10}  {}{}{}", text::size_text(orphan.bytes), out.name(orphan.key),
                             orphan.upload_id.empty() ? "" : "  (unfinished upload)",
                             orphan.removed ? "  removed"
                             : orphan.ours  ? ""
                                            : "  (made by another lake, or a copy of this one: left alone)"));
    if (report.orphans.empty()) out.summary("No orphans: something here relies on every object below our prefix.");
    return 0;
}

}  // namespace

void add_cloud(CommandLine root, Registry& registry) {
    auto cloud = registry.group(root, "cloud", "Test and check the object store",
                                {"neurolake cloud test", "neurolake cloud verify --sample 5%"});
    registry.command<TestArgs>(cloud, "test", "Check credentials, bucket and what the store can do", run_test,
                               {"neurolake cloud test", "neurolake cloud test --json"});
    auto [verify, verify_args] =
        registry.command<VerifyArgs>(cloud, "verify", "Ask the store for every object that stubs rely on", run_verify,
                                     {"neurolake cloud verify", "neurolake cloud verify --full --sample 5%"});
    verify.add_flag("--full", verify_args.full, "Download and hash instead of asking for size and checksum");
    verify.add_option("--sample", verify_args.sample, "Only a random share of the objects, as 5%")->type_name("SHARE");
    auto [orphans, orphan_args] = registry.command<OrphanArgs>(
        cloud, "orphans", "List objects and unfinished uploads below our prefix that nothing relies on", run_orphans,
        {"neurolake cloud orphans", "neurolake cloud orphans --clean"});
    orphans.add_flag("--clean", orphan_args.clean, "Remove those that this lake made");
    add_dry_run(orphans);
}

}  // namespace neurolake::apps
