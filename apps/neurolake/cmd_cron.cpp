// cmd_cron.cpp: `neurolake cron`: crontab lines with full paths, lock and log: printed, installed, removed.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.hpp"
#include "commands.hpp"
#include "crontab.hpp"
#include "shell_words.hpp"
#include "store/credentials.hpp"
#include "store/store.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::string index_every = "15m", burst_at = "02:30";
};

// Minutes that divide an hour, or whole hours that divide a day: what cron can say.
Result<std::string> every(const std::string& words) {
    TRY(const std::int64_t seconds, text::parse_duration(words));
    const std::int64_t minutes = seconds / 60;
    if (seconds % 60 == 0 && minutes >= 1 && minutes < 60 && 60 % minutes == 0)
        return fmt::format("*/{} * * * *", minutes);
    if (seconds == 86400) return std::string("0 1 * * *");
    if (minutes >= 60 && minutes % 60 == 0 && 24 % (minutes / 60) == 0)
        return fmt::format("0 */{} * * *", minutes / 60);
    return Error(Errc::usage, fmt::format("cron cannot say 'every {}'", words),
                 "use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 minutes, or 1, 2, 3, 4, 6, 8, 12 or 24 hours");
}

Result<std::string> daily_at(const std::string& words) {
    const auto parts = text::split(words, ':');
    unsigned hour = 99, minute = 99;
    if (parts.size() == 2) {
        std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), hour);
        std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), minute);
    }
    if (hour < 24 && minute < 60) return fmt::format("{} {} * * *", minute, hour);
    return Error(Errc::usage, fmt::format("'{}' is no time of day", words), "example: --burst-at 02:30");
}

// In a crontab % ends the command unless it is escaped.
std::string cron_word(std::string_view bytes) {
    std::string out;
    for (const char c : shell_word(bytes)) out += c == '%' ? std::string("\\%") : std::string(1, c);
    return out;
}

struct Line {
    std::string what, when, command;
};

struct Lines {
    std::vector<Line> jobs;
    std::string log, lock;
    std::string no_burst;  // why there is no line for it, with what to do; "" = there is one
};

// Cron gives a job HOME and next to nothing else: keys that only this shell knows would be missing every night.
bool keys_only_in_this_shell(const store::Options& store) {
    if (store.provider != "s3") return false;
    const auto of_cron = [](const std::string& name) -> std::optional<std::string> {
        const char* value = name == "HOME" ? std::getenv("HOME") : nullptr;
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
    const auto found = store::find_credentials(
        {store.profile, store.credentials_file, store.access_key_id, store.secret_access_key, of_cron});
    return found && !*found;
}

Result<std::string> why_no_burst(Session& session) {
    TRY(const config::Settings* settings, session.settings());
    if (const auto missing = store::missing(settings->store); !missing.empty())
        return fmt::format("the cloud is not configured, missing: {}; fill in hybrid_storage in {}",
                           fmt::join(missing, ", "), "config/settings.yaml");
    if (keys_only_in_this_shell(settings->store))
        return std::string(
            "its keys are known to this shell only, and cron has none of its variables; write them to "
            "~/.aws/credentials or to the file that hybrid_storage.credentials_file names");
    return std::string();
}

Result<Lines> lines_of(Session& session, const Args& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const std::string when_index, every(args.index_every));
    TRY(const std::string when_burst, daily_at(args.burst_at));
    std::error_code failed;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
    const std::string home = lake->layout().home.string();
    Lines lines{{}, (lake->layout().logs / "cron.log").string(), lake->layout().lock.string(), ""};
    TRY(lines.no_burst, why_no_burst(session));
    if (home.find('\n') != std::string::npos)
        return Error(Errc::unsupported, "a crontab cannot hold a path with a line feed", {}, home);
    const std::string call =
        fmt::format("{} --home {} --quiet", cron_word(failed ? "neurolake" : program.string()), cron_word(home));
    const std::string tail = fmt::format(" >> {} 2>&1", cron_word(lines.log));
    lines.jobs = {{"index", when_index, call + " catalog index" + tail}};
    if (lines.no_burst.empty()) lines.jobs.push_back({"burst", when_burst, call + " --wait=30m burst" + tail});
    return lines;
}

json::Value left_out_json(const Lines& lines) {
    auto list = json::Value::array();
    if (!lines.no_burst.empty())
        list.push(json::Value::object().set("job", "burst").set("why", text::to_valid_utf8(lines.no_burst)));
    return list;
}

json::Value jobs_json(const Lines& lines) {
    auto list = json::Value::array();
    for (const auto& line : lines.jobs)
        list.push(json::Value::object().set("job", line.what).set("when", line.when).set("command", line.command));
    return list;
}

Result<int> run_print(Session& session, const Args& args) {
    TRY(const Lines lines, lines_of(session, args));
    Output& out = session.out();
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.cron.print/1");
        json::set_path(value, "log", lines.log);
        json::set_path(value, "lock", lines.lock);
        out.object(value.set("lines", jobs_json(lines)).set("left_out", left_out_json(lines)));
        return 0;
    }
    out.raw("# Lines for `crontab -e`. Runs never overlap: each takes the lock " + out.name(lines.lock) +
            "\n# and a run that finds it taken ends with exit code 11. What goes wrong is in " + out.name(lines.log) +
            "\n");
    for (const auto& line : lines.jobs) out.raw(line.when + " " + line.command + "\n");
    if (!lines.no_burst.empty()) out.raw("# No line for burst: " + out.name(lines.no_burst) + "\n");
    return 0;
}

bool no_lake_there(const std::string& home) {
    std::error_code failed;
    return !std::filesystem::exists(std::filesystem::path(home) / "config" / "settings.yaml", failed);
}

// The person's crontab is replaced whole, with all lines but this lake's left as they are.
Result<bool> put_block(Session& session, const CronBlock& block, const char* event) {
    if (!session.dry_run()) TRY_DO(begin_change(session));
    TRY(const std::string before, read_crontab());
    const std::string after = with_block(before, block, no_lake_there);
    if (after == before) return false;
    if (session.dry_run()) return true;
    TRY_DO(write_crontab(after));
    auto lines = json::Value::array();
    for (const std::string& line : block.lines) lines.push(text::to_valid_utf8(line));
    TRY_DO(session.audit(event, json::Value::object().set("lines", std::move(lines))));
    return true;
}

json::Value change_json(const char* schema, Session& session, bool changed) {
    return json::Value::object().set("schema", schema).set("dry_run", session.dry_run()).set("changed", changed);
}

Result<int> run_install(Session& session, const Args& args) {
    TRY(const Lines lines, lines_of(session, args));
    TRY(const lake::Lake* lake, session.lake());
    CronBlock block{lake->id(), lake->layout().home.string(), {}};
    for (const auto& line : lines.jobs) block.lines.push_back(line.when + " " + line.command);
    TRY(const bool changed, put_block(session, block, "cron_install"));
    Output& out = session.out();
    if (out.machine()) {
        auto value = change_json("neurolake.cron.install/1", session, changed);
        json::set_path(value, "log", lines.log);
        out.object(value.set("lines", jobs_json(lines)).set("left_out", left_out_json(lines)));
        return 0;
    }
    out.summary(!changed            ? "The crontab has these lines already:"
                : session.dry_run() ? "Would put into your crontab:"
                                    : "Put into your crontab:");
    for (const std::string& line : block.lines) out.exact("  " + out.name(line));
    if (!lines.no_burst.empty())
        out.summary(fmt::format("Left out: burst, for {}; then: neurolake cron install", out.name(lines.no_burst)));
    out.summary(fmt::format("What goes wrong is in {}; take the lines out again with: neurolake cron remove",
                            out.name(lines.log)));
    return 0;
}

Result<int> run_remove(Session& session, const Args&) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const bool changed, put_block(session, {lake->id(), lake->layout().home.string(), {}}, "cron_remove"));
    Output& out = session.out();
    if (out.machine()) {
        out.object(change_json("neurolake.cron.remove/1", session, changed));
        return 0;
    }
    out.summary(!changed            ? "Your crontab has no lines of this lake"
                : session.dry_run() ? "Would take this lake's lines out of your crontab"
                                    : "Took this lake's lines out of your crontab");
    return 0;
}

void add_times(CommandLine app, Args& args) {
    app.add_option("--index-every", args.index_every, "How often to index (15m)")->type_name("TIME");
    app.add_option("--burst-at", args.burst_at, "When to burst, every day (02:30)")->type_name("HH:MM");
}

}  // namespace

void add_cron(CommandLine root, Registry& registry) {
    CommandLine cron = registry.group(root, "cron", "Run the lake's jobs by themselves",
                                      {"neurolake cron install --index-every 1m", "neurolake cron print"});
    auto [print, print_args] = registry.command<Args>(
        cron, "print", "Print crontab lines with full paths, lock and log", run_print,
        {"neurolake cron print --index-every 5m", "(crontab -l; neurolake cron print) | crontab -"});
    add_times(print, print_args);
    auto [install, install_args] = registry.command<Args>(
        cron, "install", "Put these lines into your crontab, in place of this lake's older ones", run_install,
        {"neurolake cron install --index-every 1m", "neurolake cron install --burst-at 03:15 --dry-run"});
    add_times(install, install_args);
    add_dry_run(install);
    auto [remove, remove_args] =
        registry.command<Args>(cron, "remove", "Take this lake's lines out of your crontab", run_remove,
                               {"neurolake cron remove", "neurolake cron remove --dry-run"});
    add_dry_run(remove);
}

}  // namespace neurolake::apps
