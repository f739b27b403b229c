// commands.cpp: the table of command families, the global flags, the registry.
// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::apps {

namespace {

struct Family {
    const char* section;  // heading in `neurolake help`
    void (*add)(CommandLine, Registry&);
    std::string_view name{}, other{};  // its one or two commands: when one is asked for, nothing else is built
};

// One line a family; a new command is one file and one line here.
// clang-format off
constexpr Family k_families[] = {
    {"Set up", add_init, "init"},
    {"Set up", add_config, "config"},
    {"Set up", add_status, "status"},
    {"Set up", add_doctor, "doctor"},
    {"Set up", add_version, "version"},
    {"Buckets and files", add_bucket, "bucket"},
    {"Buckets and files", add_ls, "ls"},
    {"Buckets and files", add_put, "put"},
    {"Catalog", add_catalog, "catalog"},
    {"Catalog", add_lineage, "lineage"},
    {"Cloud", add_burst, "burst"},
    {"Cloud", add_recall, "recall"},
    {"Cloud", add_pin, "pin", "unpin"},
    {"Cloud", add_why, "why"},
    {"Cloud", add_cloud, "cloud"},
    {"Automation and safety", add_run, "run"},
    {"Automation and safety", add_cron, "cron"},
    {"Automation and safety", add_logs, "logs", "audit"},
    {"Automation and safety", add_escape_hatch, "escape-hatch"},
    {"Help", add_help},
    {"Help", add_completion},
    {"Help", add_man},
};
// clang-format on

constexpr const char* k_global = "Global options";

}  // namespace

CLI::App* Registry::subcommand(CommandLine parent, const std::string& name, const std::string& help) {
    CLI::App* app = parent.parser().add_subcommand(name, help);
    app->require_subcommand(0, 1);
    return app;
}

CommandLine Registry::group(CommandLine parent, const std::string& name, const std::string& help, Examples examples) {
    CLI::App* app = subcommand(parent, name, help);
    m_commands[app] = {std::move(examples), nullptr};
    return *app;
}

const Command* Registry::find(const CLI::App* app) const {
    const auto found = m_commands.find(app);
    return found == m_commands.end() ? nullptr : &found->second;
}

void add_dry_run(CommandLine app) {
    app.parser().add_flag("-n,--dry-run")->description("Name every object that would be touched, and write nothing");
}

void add_commands(CLI::App& root, Registry& registry, std::string_view word) {
    const auto named = std::ranges::find_if(
        k_families, [&](const auto& f) { return !word.empty() && (f.name == word || f.other == word); });
    for (const auto& family : k_families) {
        if (named != std::end(k_families) && &family != named) continue;
        const std::size_t before = root.get_subcommands(nullptr).size();
        family.add(root, registry);
        const auto all = root.get_subcommands(nullptr);
        for (std::size_t i = before; i < all.size(); ++i) all[i]->group(family.section);
    }
}

void add_global_flags(CLI::App& root, Globals& globals) {
    const auto flag = [&](CLI::Option* option) { option->group(k_global); };
    flag(as_typed(root.add_option("--home", globals.home,
                                  "The lake's folder (else NEUROLAKE_HOME, a parent folder, ~/NeuroLake)"))
             ->type_name("DIR"));
    flag(root.add_flag("--json", globals.output.json, "One JSON object on stdout, errors as JSON on stderr"));
    flag(root.add_flag("--jsonl", globals.output.jsonl, "Long lists as one JSON object a line"));
    flag(root.add_flag("-q,--quiet", globals.output.quiet, "No progress, no summaries; errors stay"));
    flag(root.add_flag("-v,--verbose", globals.output.verbose, "Say why"));
    flag(root.add_option("--color", "When to use colour")
             ->type_name("auto|always|never")
             ->check(CLI::IsMember({"auto", "always", "never"}).description("")));
    flag(root.add_flag("-y,--yes", globals.yes, "Answer every question with yes"));
    flag(as_typed(root.add_option("--now", "Pretend that it is this time (RFC 3339), to try policies"))
             ->type_name("TIME"));
    flag(root.add_flag("--wait")->description("Wait for another run to finish (--wait=30s: at most so long)"));
    flag(as_typed(root.add_option("--set", "Override a setting for this run"))
             ->type_name("KEY=VALUE")
             ->take_all()
             ->expected(1));
}

Status finish_globals(const CLI::App& root, Globals& globals) {
    const auto value = [&](const char* name) -> std::optional<std::string> {
        const auto* option = root.get_option(name);
        if (option->count() == 0) return std::nullopt;
        return option->results().back();
    };
    if (auto color = value("--color")) {
        globals.output.color = *color == "always"  ? ColorMode::always
                               : *color == "never" ? ColorMode::never
                                                   : ColorMode::automatic;
    }
    if (auto now = value("--now")) {
        TRY(globals.now, parse_rfc3339(*now));
    }
    if (auto wait = value("--wait")) {
        constexpr auto forever = std::chrono::hours(24 * 365);
        globals.wait = forever;
        if (*wait != "true") {
            TRY(const std::int64_t seconds, text::parse_duration(*wait));
            globals.wait = std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), forever);
        }
    }
    for (const auto& pair : root.get_option("--set")->results()) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error(Errc::usage, "--set wants KEY=VALUE, got '" + pair + "'", "example: --set storage.high=80GB");
        }
        globals.overrides.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return {};
}

bool works_on_a_lake(std::string_view word) {
    if (word.empty() || word == "init" || word == "version") return false;
    return std::ranges::any_of(k_families, [&](const auto& f) { return f.name == word || f.other == word; });
}

std::string_view first_word(int argc, const char* const* argv) {
    static constexpr std::string_view k_with_value[] = {"--home", "--color", "--now", "--set"};
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (std::ranges::find(k_with_value, word) != std::end(k_with_value)) {
            ++i;
        } else if (!word.starts_with('-')) {
            return word;
        }
    }
    return {};
}

const CLI::App* chosen(const CLI::App& root) {
    const CLI::App* app = &root;
    for (auto below = app->get_subcommands(); !below.empty(); below = app->get_subcommands()) app = below.back();
    return app;
}

std::string full_name(const CLI::App& app) {
    if (!app.get_parent()) return {};
    const std::string above = full_name(*app.get_parent());
    return above.empty() ? app.get_name() : above + " " + app.get_name();
}

std::vector<const CLI::App*> visible_commands(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* below) { return !below->get_group().empty(); });
}

const CLI::App* command_named(const CLI::App& app, std::string_view name) {
    for (const CLI::App* below : visible_commands(app)) {
        if (below->check_name(std::string(name))) return below;
    }
    return nullptr;
}

}  // namespace neurolake::apps
