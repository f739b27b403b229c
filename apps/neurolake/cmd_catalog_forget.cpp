// cmd_catalog_forget.cpp: `neurolake catalog forget`: tables whose files are gone leave the catalog, too.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::vector<std::string> tables;
};

bool is_gone(const model::Table& table) { return !table.deleted_at.empty(); }

// What is gone and called so: each that ever had the name, or all that a pattern meets.
Result<std::vector<const model::Table*>> gone_ones(Session& session, const std::string& words) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    const bool pattern = words.find_first_of("*?[") != std::string::npos;
    std::vector<const model::Table*> found;
    for (const auto& table : catalog->tables()) {
        const std::string name = table.full_name();
        const bool meant = pattern ? text::glob_match(words, name) : name == words || table.name == words;
        if (is_gone(table) && meant) found.push_back(&table);
    }
    if (!found.empty()) return found;
    if (pattern)
        return Error(Errc::not_found, fmt::format("no table that is gone matches \"{}\"", words),
                     "neurolake catalog tables --all lists them");
    TRY(const model::Table* living, table_named(session, words));
    return Error(
        Errc::guard,
        fmt::format("{} is not gone: its files are in {}/{}", living->full_name(), living->bucket, living->path),
        "remove them, then: neurolake catalog index; or leave them out with a _neurolake.yaml: ignore: true");
}

json::Value gone_json(const model::Table& table) {
    auto value = json::Value::object();
    json::set_path(value, "name", table.full_name());
    return value.set("id", table.id).set("first_seen", table.first_seen).set("deleted_at", table.deleted_at);
}

Result<int> run_forget(Session& session, const Args& args) {
    TRY_DO(begin_change(session));
    std::vector<const model::Table*> gone;
    for (const std::string& words : args.tables) {
        TRY(const auto found, gone_ones(session, words));
        for (const auto* table : found)
            if (std::ranges::find(gone, table) == gone.end()) gone.push_back(table);
    }
    auto list = json::Value::array();
    std::vector<std::string> ids, lines;
    Output& out = session.out();
    const char* verb = session.dry_run() ? "Would forget" : "Forgot";
    for (const auto* table : gone) {
        list.push(gone_json(*table));
        ids.push_back(table->id);
        lines.push_back(fmt::format("{} {}, gone since {}", verb, out.name(table->full_name()), table->deleted_at));
    }
    if (!session.dry_run()) {
        TRY(catalog::Catalog * catalog, session.catalog());
        TRY_DO(catalog->forget(ids).with_context("write the catalog"));  // `gone` is void from here on
        TRY_DO(session.audit("catalog.forget", json::Value::object().set("tables", list)));
    }
    if (out.machine())
        out.object(json::Value::object()
                       .set("schema", "neurolake.catalog.forget/1")
                       .set("dry_run", session.dry_run())
                       .set("tables", std::move(list)));
    else
        for (const std::string& line : lines) out.summary(line);
    return 0;
}

}  // namespace

void add_catalog_forget(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "forget", "Drop tables whose files are gone, with their history and what was said of them", run_forget,
        {"neurolake catalog forget raw-data.orders_2019", "neurolake catalog forget 'scratch.*' --dry-run"});
    app.add_option("TABLE", args.tables, "Tables that are gone, or patterns of them")->required();
    add_dry_run(app);
}

}  // namespace neurolake::apps
