// cmd_doctor.cpp: `neurolake doctor`: is all well, and if not, what to do.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "commands.hpp"
#include "doctor.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    bool cloud = false, fix = false;
};

using Level = Diagnosis::Level;

std::string_view word_of(Level level) {
    switch (level) {
        case Level::good:
            return "good";
        case Level::note:
            return "note";
        case Level::warning:
            return "warning";
        case Level::problem:
            return "problem";
    }
    return "problem";
}

json::Value to_json(const Diagnosis& one) {
    auto value = json::Value::object()
                     .set("check", one.check)
                     .set("level", word_of(one.level))
                     .set("message", one.message)
                     .set("fix", one.fix.empty() ? json::Value() : json::Value(one.fix))
                     .set("fixable", one.can_fix);
    if (!one.path.empty()) json::set_path(value, "path", one.path);
    return value;
}

std::string mark_of(const Output& out, Level level) {
    std::string mark = level == Level::good || level == Level::problem ? out.tick(level == Level::good)
                       : level == Level::warning                       ? out.paint(Style::yellow, "!")
                                                                       : "-";
    constexpr std::size_t k_mark = 5;  // columns: "FAIL" and a blank
    return mark + std::string(k_mark - std::min(k_mark, visible_width(mark)), ' ');
}

void print(Output& out, const Diagnosis& one) {
    const bool bad = one.level == Level::problem || one.level == Level::warning;
    if (out.quiet() && !bad) return;
    std::string label = mark_of(out, one.level);
    for (const std::string_view line : text::split(one.message, '\n'))
        out.labelled_line(std::exchange(label, "     "), out.name(line));
    if (!one.fix.empty()) out.labelled_line("       fix: ", out.name(one.fix));
}

bool any_problem(const std::vector<Diagnosis>& found) {
    return std::any_of(found.begin(), found.end(), [](const Diagnosis& one) { return one.level == Level::problem; });
}

Result<std::vector<Diagnosis>> examine(Session& session, const Args& args) {
    TRY(const lake::Lake* lake, session.lake());
    return Examination(session, *lake).run(args.cloud ? AskCloud::yes : AskCloud::no);
}

Result<int> run_doctor(Session& session, const Args& args) {
    TRY(const lake::Lake* lake, session.lake());
    std::vector<std::string> deeds;
    if (args.fix) TRY_DO(session.lock());
    TRY(auto found, examine(session, args));
    if (args.fix && std::any_of(found.begin(), found.end(), [](const Diagnosis& one) { return one.can_fix; })) {
        TRY(deeds, mend(session, *lake, found));
        session.reload_settings();
        session.reload_inventory();
        TRY(found, examine(session, args));
    }
    const bool ok = !any_problem(found);
    Output& out = session.out();
    if (out.machine()) {
        auto checks = json::Value::array();
        for (const Diagnosis& one : found) checks.push(to_json(one));
        auto fixed = json::Value::array();
        for (const std::string& deed : deeds) fixed.push(deed);
        auto value = json::Value::object().set("schema", "neurolake.doctor/1");
        json::set_path(value, "home", lake->layout().home.string());
        out.object(value.set("ok", ok).set("checks", std::move(checks)).set("fixed", std::move(fixed)));
        return ok ? 0 : 1;
    }
    for (const std::string& deed : deeds) out.summary("fixed: " + out.name(deed));
    for (const Diagnosis& one : found) print(out, one);
    const auto count = [&](Level level, const char* word) {
        const auto n =
            std::count_if(found.begin(), found.end(), [&](const Diagnosis& one) { return one.level == level; });
        return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
    };
    const bool warned =
        std::any_of(found.begin(), found.end(), [](const Diagnosis& one) { return one.level == Level::warning; });
    if (ok)
        out.summary(warned ? "No problems, " + count(Level::warning, "warning") + "." : "All is well.");
    else
        out.line(count(Level::problem, "problem") + ", " + count(Level::warning, "warning") + ".");
    return ok ? 0 : 1;
}

}  // namespace

void add_doctor(CommandLine root, Registry& registry) {
    auto [app, args] = registry.command<Args>(root, "doctor", "Check the lake; every finding comes with its fix",
                                              run_doctor, {"neurolake doctor", "neurolake doctor --cloud --fix"});
    app.add_flag("--cloud", args.cloud, "Also ask the store: credentials, bucket, a round trip");
    app.add_flag("--fix", args.fix, "Make missing folders and notes, put lost stubs back, set damaged files aside");
}

}  // namespace neurolake::apps
