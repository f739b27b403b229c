// cmd_cron.cpp: `neurolake cron print`: lines for crontab with full paths, lock and log.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "commands.hpp"
#include "shell_words.hpp"

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

Result<int> run_print(Session& session, const Args& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const std::string when_index, every(args.index_every));
    TRY(const std::string when_burst, daily_at(args.burst_at));
    std::error_code failed;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
    const std::string home = lake->layout().home.string();
    const std::string log = (lake->layout().logs / "cron.log").string();
    if (home.find('\n') != std::string::npos) {
        return Error(Errc::unsupported, "a crontab cannot hold a path with a line feed", {}, home);
    }
    const std::string call =
        fmt::format("{} --home {} --quiet", cron_word(failed ? "neurolake" : program.string()), cron_word(home));
    const std::string tail = fmt::format(" >> {} 2>&1", cron_word(log));
    const Line lines[] = {
        {"index", when_index, call + " catalog index" + tail},
        {"burst", when_burst, call + " --wait=30m burst" + tail},
    };
    Output& out = session.out();
    if (out.machine()) {
        auto list = json::Value::array();
        for (const auto& line : lines) {
            list.push(json::Value::object().set("job", line.what).set("when", line.when).set("command", line.command));
        }
        auto value = json::Value::object().set("schema", "neurolake.cron.print/1");
        json::set_path(value, "log", log);
        json::set_path(value, "lock", lake->layout().lock.string());
        out.object(value.set("lines", std::move(list)));
        return 0;
    }
    out.raw("# Lines for `crontab -e`. Runs never overlap: each takes the lock " +
            out.name(lake->layout().lock.string()) +
            "\n# and a run that finds it taken ends with exit code 11. What goes wrong is in " + out.name(log) + "\n");
    for (const auto& line : lines) out.raw(line.when + " " + line.command + "\n");
    return 0;
}

}  // namespace

void add_cron(CLI::App& root, Registry& registry) {
    CLI::App& cron = registry.group(root, "cron", "Run the lake's jobs by themselves",
                                    {"neurolake cron print", "neurolake cron print --burst-at 03:15"});
    auto [app, args] = registry.command<Args>(
        cron, "print", "Print crontab lines with full paths, lock and log", run_print,
        {"neurolake cron print --index-every 5m", "(crontab -l; neurolake cron print) | crontab -"});
    app.add_option("--index-every", args.index_every, "How often to index (15m)")->type_name("TIME");
    app.add_option("--burst-at", args.burst_at, "When to burst, every day (02:30)")->type_name("HH:MM");
}

}  // namespace neurolake::apps
