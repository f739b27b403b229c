// cmd_why.cpp: `neurolake why PATH`: where it is, which rule decided, and what happens next.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "commands.hpp"
#include "lake/stub.hpp"
#include "shell_words.hpp"
#include "tier_session.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::string path;
};

struct Answer {
    std::string path, where;  // "local", "cloud", "local and cloud"
    std::optional<tier::Verdict> verdict;
    std::optional<lake::Stub> object;         // of a stub, or the copy a recall left in the cloud
    std::uint64_t stubs = 0, stub_bytes = 0;  // of a folder
    std::string next;
};

std::string location_text(const lake::StoreLocation& store) {
    return store.provider == "directory" ? store.endpoint + "/" + store.key
                                         : fmt::format("{}://{}/{}", store.provider, store.bucket, store.key);
}

Result<Answer> answer_for(Session& session, TierSession& tiers, const lake::ScanResult& tree, const std::string& path) {
    Answer answer;
    answer.path = path;
    const auto bucket = path.substr(0, path.find('/'));
    const auto inside = bucket.size() == path.size() ? std::string() : path.substr(bucket.size() + 1);
    TRY(const lake::Bucket* found, session.bucket(bucket));
    tree.next->for_each(bucket, inside, [&](const lake::FileRecord& record) {
        if (record.state != lake::FileState::stub) return true;
        ++answer.stubs;
        answer.stub_bytes += record.size;
        return true;
    });
    const auto record = inside.empty() ? std::nullopt : tree.next->find(bucket, inside);
    if (record && record->state == lake::FileState::stub) {
        TRY(const Fd root, open_folder(found->root));
        TRY(auto stub, lake::read_stub_at(root.get(), inside));
        answer.object = std::move(stub);
        answer.where = "cloud";
        answer.next = "stays in the cloud until: neurolake recall " + plain_or_quoted(path);
        return answer;
    }
    auto verdict = tier::explain(tiers.context(), tree, tiers.pins(), path);
    if (!verdict && !(verdict.error().code == Errc::not_found && answer.stubs > 0)) return std::move(verdict).error();
    answer.where = !verdict ? "cloud" : answer.stubs > 0 ? "local and cloud" : "local";
    TRY(lake::CloudList * list, session.cloud_list());
    if (const auto* entry = list->find(bucket, inside); entry && entry->recalled) answer.object = entry->stub;
    if (!verdict) return answer;
    answer.verdict = std::move(*verdict);
    const auto& v = *answer.verdict;
    answer.next = v.planned
                      ? fmt::format("moves with the next burst, after {} of colder data", text::size_text(v.before))
                  : !v.decision.movable ? "stays: no burst moves it but by that rule's leave"
                  : v.over              ? "stays: colder data goes first, and that is enough"
                                        : "stays: the lake is below its high mark";
    return answer;
}

json::Value to_json(const Answer& answer) {
    auto out = json::Value::object();
    out.set("schema", "neurolake.why/1");
    json::set_path(out, "path", answer.path);
    out.set("where", answer.where).set("next", answer.next);
    if (answer.verdict) {
        const auto& v = *answer.verdict;
        out.set("rule", v.decision.rule).set("why", v.decision.why).set("movable", v.decision.movable);
        out.set("score_seconds", v.decision.score).set("planned", v.planned).set("colder_bytes_first", v.before);
        auto unit = json::Value::object();
        json::set_path(unit, "path", v.unit.bucket + "/" + v.unit.path);
        unit.set("table", v.unit.table).set("files", v.unit.files.size()).set("bytes", v.unit.bytes);
        out.set("unit", std::move(unit));
    }
    out.set("stubs", answer.stubs).set("stub_bytes", answer.stub_bytes);
    if (answer.object) {
        out.set("sha256", answer.object->sha256).set("bytes", answer.object->size);
        out.set("location", location_text(answer.object->store)).set("uploaded_at", answer.object->uploaded_at);
        out.set("version_id", answer.object->store.version_id);
    }
    return out;
}

void print(Output& out, const Answer& answer) {
    const auto row = [&](std::string_view title, const std::string& text) {
        out.line(fmt::format("{:<9} {}", title, text));
    };
    row("path", out.name(answer.path));
    row("where", answer.where);
    if (answer.stubs > 0)
        row("cloud", fmt::format("{}, {}", counted(answer.stubs, "file"), text::size_text(answer.stub_bytes)));
    if (answer.verdict) {
        const auto& v = *answer.verdict;
        if (v.unit.files.size() > 1)
            row("unit",
                fmt::format("{}: {} files, {}, which move together", out.name(v.unit.bucket + "/" + v.unit.path),
                            v.unit.files.size(), text::size_text(v.unit.bytes)));
        row("rule", fmt::format("{}: {}", v.decision.rule, v.decision.why));
    }
    row("next", answer.next);
    if (!answer.object) return;
    row("object", out.name(location_text(answer.object->store)));
    row("sha256", answer.object->sha256);
    row("uploaded", answer.object->uploaded_at);
}

Result<int> run_why(Session& session, const Args& args) {
    TRY(const auto path, tier_path(session, args.path));
    TRY(const auto tiers, TierSession::open(session, nullptr));
    TRY(const auto tree, tiers->scan(true));
    TRY(const auto answer, answer_for(session, *tiers, tree, path));
    if (session.out().machine())
        session.out().object(to_json(answer));
    else
        print(session.out(), answer);
    return 0;
}

}  // namespace

void add_why(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(root, "why", "Say where data is, which rule decided, and what is next", run_why,
                               {"neurolake why raw-data/orders.csv", "neurolake why raw-data.orders"});
    app.add_option("PATH|TABLE", args.path, "A file, folder or table")->required();
}

}  // namespace neurolake::apps
