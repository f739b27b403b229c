// cmd_config.cpp: `neurolake config`: the effective settings, where each comes from, and edits in place.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "commands.hpp"
#include "marks_report.hpp"
#include "store_place.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

constexpr const char* k_home_key = "home";

struct ShowArgs {
    std::vector<std::string> keys;
    bool origin = false;
};
struct GetArgs {
    std::string key;
};
struct SetArgs {
    std::string key, value;
};
struct NoArgs {};

// The home is found before any file is read, but people ask for it like for a setting.
Result<config::Shown> shown_home(Session& session) {
    TRY(const config::Home* home, session.home());
    config::Shown shown;
    shown.key = k_home_key;
    shown.value = home->path.string();
    shown.origin = home->rule;
    shown.help = "the lake's folder";
    return shown;
}

Result<config::Shown> shown_setting(Session& session, const std::string& key) {
    if (key == k_home_key) return shown_home(session);
    TRY(const config::Config* config, session.config());
    if (auto shown = config->get(key)) return *shown;
    std::vector<std::string> known{k_home_key};
    for (const auto& shown : config->shown()) known.push_back(shown.key);
    const auto in_section = [&](const std::string& one) { return one.starts_with(key + "."); };
    if (std::ranges::any_of(known, in_section))
        return Error(Errc::usage, fmt::format("{} is a section, not one setting", key),
                     "see its settings: neurolake config show " + key);
    const auto meant = text::closest(key, known);
    return Error(Errc::usage, fmt::format("no setting is called '{}'", key),
                 meant ? fmt::format("did you mean {}?", *meant) : "see them all: neurolake config show");
}

json::Value to_json(const config::Shown& shown) {
    return json::Value::object()
        .set("key", shown.key)
        .set("value", shown.value)
        .set("origin", shown.origin)
        .set("secret", shown.secret)
        .set("help", shown.help);
}

// ---- config show

// The named settings, or all; a section's name stands for its settings.
Result<std::vector<config::Shown>> chosen_settings(Session& session, const std::vector<std::string>& keys) {
    TRY(const config::Config* config, session.config());
    std::vector<config::Shown> chosen;
    if (keys.empty()) {
        TRY(auto home, shown_home(session));
        chosen.push_back(std::move(home));
        chosen.insert(chosen.end(), config->shown().begin(), config->shown().end());
    }
    for (const auto& key : keys) {
        const std::size_t before = chosen.size();
        for (const auto& shown : config->shown())
            if (shown.key.starts_with(key + ".")) chosen.push_back(shown);
        if (chosen.size() > before) continue;
        TRY(auto one, shown_setting(session, key));
        chosen.push_back(std::move(one));
    }
    return chosen;
}

void print_settings(Output& out, const std::vector<config::Shown>& settings, bool origin) {
    std::vector<TableColumn> columns{{"setting"}, {"value", TableColumn::Align::left, true, TableColumn::Narrow::wrap}};
    if (origin) columns.push_back({"origin", TableColumn::Align::left, true, TableColumn::Narrow::cut_start});
    Table table(std::move(columns));
    for (const auto& shown : settings) {
        std::vector<std::string> row{shown.key, shown.value.empty() ? "-" : out.name(shown.value)};
        if (origin) row.push_back(out.name(shown.origin));
        table.row(std::move(row));
    }
    table.print(out);
}

Result<int> run_show(Session& session, const ShowArgs& args) {
    TRY(const auto chosen, chosen_settings(session, args.keys));
    Output& out = session.out();
    // Marks are made of several settings and the disk: with all settings, the outcome is shown too.
    std::optional<tier::Marks> marks;
    if (args.keys.empty()) {
        TRY(marks, cached_marks(session));
    }
    if (out.machine()) {
        auto list = json::Value::array();
        for (const auto& shown : chosen) list.push(to_json(shown));
        TRY(const config::Home* home, session.home());
        auto value = json::Value::object().set("schema", "neurolake.config.show/1");
        json::set_path(value, "home", home->path.string());
        value.set("home_origin", home->rule).set("settings", std::move(list));
        if (marks) value.set("marks", marks_json(*marks));
        out.object(value);
        return 0;
    }
    print_settings(out, chosen, args.origin);
    if (marks) {
        out.line();
        for (const auto& line : marks_lines(*marks)) out.line(line);
    }
    return 0;
}

// ---- config get, set

Result<int> run_get(Session& session, const GetArgs& args) {
    TRY(const auto shown, shown_setting(session, args.key));
    Output& out = session.out();
    if (out.machine())
        out.object(json::Value::object()
                       .set("schema", "neurolake.config.get/1")
                       .set("key", shown.key)
                       .set("value", shown.value)
                       .set("origin", shown.origin)
                       .set("secret", shown.secret));
    else
        out.exact(out.name(shown.value));
    if (shown.value.empty() && out.stdout_is_terminal()) out.step(shown.key + " is not set");
    return 0;
}

// What a person should know who expects the written value to count.
void warn_of_others(Output& out, const config::Shown& shown) {
    const bool in_file = shown.origin.starts_with("config/");
    if (!in_file)
        out.warn(fmt::format("{} is written, but the value of now comes from {}", shown.key, shown.origin));
    else if (const auto but = shown.origin.find(", but "); but != std::string::npos)
        out.warn(fmt::format("{} is written, {}", shown.key, shown.origin.substr(but + 2)));
}

// A mark that was just set, and another one that counts instead.
void tell_what_counts(Session& session, std::string_view key) {
    static constexpr std::string_view k_high[] = {"storage.high", "hybrid_storage.local_threshold_gb",
                                                  "storage.cloud_burst_threshold_percent"};
    const auto marks = cached_marks(session);
    if (!marks) return;
    const auto counts_instead = [&](std::string_view name, const tier::Mark& mark) {
        if (mark.origin.starts_with(key)) return;
        session.out().prose(fmt::format("The {} mark that counts is {}: {}", name, text::size_text(mark.bytes),
                                        session.out().name(mark.origin)));
    };
    if (std::ranges::find(k_high, key) != std::end(k_high)) counts_instead("high", marks->high);
    if (key == "storage.low") counts_instead("low", marks->low);
}

// A place for data that is no place for data.
void tell_of_directory(Session& session, std::string_view key) {
    if (key != "hybrid_storage.directory" && key != "hybrid_storage.cloud_provider") return;
    const auto settings = session.settings();
    const auto lake = session.lake();
    if (!settings || !lake) return;
    const auto gone = missing_directory((*settings)->store);
    if (gone) session.out().warn(text::escape_controls(*gone));
    if (const auto same = on_lake_disk((*settings)->store, (*lake)->layout().home); same && !gone)
        session.out().warn(text::escape_controls(*same));
}

Result<int> run_set(Session& session, const SetArgs& args) {
    if (args.key == k_home_key)
        return Error(Errc::usage, "home is the lake's folder and no setting", "move the folder, or use --home");
    TRY_DO(session.lock_to_change());
    TRY(const lake::Lake* lake, session.lake());
    const auto home = lake->layout().home;
    // Broken settings can be mended with `config set`, so the old value is only told where there is one.
    std::string before;
    if (auto config = session.config()) {
        if (auto shown = (*config)->get(args.key)) before = shown->value;
    }
    if (session.dry_run()) {
        TRY_DO(config::check_value(home, args.key, args.value));
    } else {
        TRY_DO(config::set_value(home, args.key, args.value));
    }
    session.reload_settings();
    TRY_DO(session.audit("config_set",
                         json::Value::object().set("key", args.key).set("before", before).set("after", args.value)));
    std::string origin;
    if (!session.dry_run()) {
        TRY(const auto shown, shown_setting(session, args.key));
        origin = shown.origin;
        warn_of_others(session.out(), shown);
    }
    Output& out = session.out();
    if (out.machine())
        out.object(json::Value::object()
                       .set("schema", "neurolake.config.set/1")
                       .set("key", args.key)
                       .set("before", before)
                       .set("value", args.value)
                       .set("origin", origin)
                       .set("dry_run", session.dry_run()));
    else if (session.dry_run())
        out.summary(fmt::format("would set {} = {}  (now {})", args.key, args.value, before.empty() ? "-" : before));
    else
        out.prose(fmt::format("{} = {}  ({}, was {})", args.key, out.name(args.value),
                              origin.substr(0, origin.find(", but ")), before.empty() ? "-" : out.name(before)),
                  4);
    if (session.dry_run()) return 0;
    tell_what_counts(session, args.key);
    tell_of_directory(session, args.key);
    return 0;
}

// ---- config check, path

Result<int> run_check(Session& session, const NoArgs&) {
    TRY(const config::Settings* settings, session.settings());
    TRY(const lake::Lake* lake, session.lake());
    Output& out = session.out();
    const lake::Layout& layout = lake->layout();
    auto files = json::Value::array();
    std::string names;
    for (const auto& file : {layout.settings_yaml, layout.buckets_yaml}) {
        if (!std::filesystem::exists(file)) continue;
        files.push(file.string());
        names += (names.empty() ? "" : " and ") + file.lexically_relative(layout.home).string();
    }
    if (out.machine()) {
        auto warnings = json::Value::array();
        for (const auto& warning : settings->warnings) warnings.push(warning);
        out.object(json::Value::object()
                       .set("schema", "neurolake.config.check/1")
                       .set("ok", true)
                       .set("files", std::move(files))
                       .set("warnings", std::move(warnings)));
        return 0;
    }
    for (const auto& warning : settings->warnings) out.warn(out.name(warning));
    out.summary(fmt::format("{} good: {} bucket{}", names + (names.find(" and ") == std::string::npos ? " is" : " are"),
                            settings->buckets.size(), settings->buckets.size() == 1 ? "" : "s"));
    return 0;
}

Result<int> run_path(Session& session, const NoArgs&) {
    TRY(const lake::Lake* lake, session.lake());
    Output& out = session.out();
    const lake::Layout& layout = lake->layout();
    if (out.machine())
        out.object(json::Value::object()
                       .set("schema", "neurolake.config.path/1")
                       .set("home", layout.home.string())
                       .set("settings", layout.settings_yaml.string())
                       .set("buckets", layout.buckets_yaml.string()));
    else
        out.exact(out.name(layout.settings_yaml.string()));
    return 0;
}

}  // namespace

void add_config(CommandLine root, Registry& registry) {
    CommandLine group = registry.group(root, "config", "See and change the lake's settings",
                                       {"neurolake config show --origin", "neurolake config set storage.high 80GB"});
    {
        auto [app, args] = registry.command<ShowArgs>(
            group, "show", "Print the effective settings", run_show,
            {"neurolake config show --origin", "neurolake config show hybrid_storage --json"});
        app.add_option("KEY", args.keys, "Settings or sections (none: all)");
        app.add_flag("--origin", args.origin, "Say where each value comes from: file and line, environment, flag");
    }
    {
        auto [app, args] = registry.command<GetArgs>(
            group, "get", "Print one setting's value", run_get,
            {"neurolake config get storage.local_capacity_gb", "neurolake config get catalog.backend --json"});
        app.add_option("KEY", args.key, "The setting, for instance storage.high")->required();
    }
    {
        auto [app, args] = registry.command<SetArgs>(
            group, "set", "Change one setting in its file; comments stay", run_set,
            {"neurolake config set storage.high 80GB", "neurolake config set burst.exclude '*.tmp,raw-data/keep/**'"});
        app.add_option("KEY", args.key, "The setting, for instance storage.high")->required();
        app.add_option("VALUE", args.value, "The new value; lists with commas")->required();
        add_dry_run(app);
    }
    registry.command<NoArgs>(group, "check", "Check settings.yaml and buckets.yaml", run_check,
                             {"neurolake config check", "neurolake config check && neurolake burst"});
    registry.command<NoArgs>(group, "path", "Print the path of settings.yaml", run_path,
                             {"neurolake config path", "$EDITOR \"$(neurolake config path)\""});
}

}  // namespace neurolake::apps
