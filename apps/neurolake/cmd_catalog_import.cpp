// cmd_catalog_import.cpp: `neurolake catalog import`: what older catalogs and exports say becomes part of this one.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include <filesystem>

#include "base/text.hpp"
#include "cmd_catalog.hpp"
#include "import_report.hpp"
#include "table.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::string file;
    std::vector<std::string> forget;
};

Result<int> run_list(Session& session) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto entries, catalog->entries(catalog::List::imported));
    Output& out = session.out();
    auto list = json::Value::array();
    // --forget takes the name as it stands here.
    Table shown({{"KIND"},
                 {"NAME", TableColumn::Align::left, true, TableColumn::Narrow::own_line, true},
                 {"FROM", TableColumn::Align::left, true},
                 {"STATE"}});
    for (const std::string& text : entries) {
        TRY(const json::Value entry, json::parse(text));
        const std::string kind = entry.text("kind");
        const bool table = kind == "table" || kind == "file";
        const char* state = kind == "lost_file"      ? "lost"
                            : !table                 ? "text"
                            : entry.find("attached") ? "taken over"
                                                     : "waiting";
        auto item = json::Value::object().set("kind", kind).set("name", entry.text("name"));
        item.set("state", state).set("source", entry.text("source")).set("imported_at", entry.text("imported_at"));
        if (out.jsonl()) out.object_line(item);
        list.push(std::move(item));
        shown.row({out.name(kind), out.name(entry.text("name")), out.name(entry.text("source")), state});
    }
    if (out.json())
        out.object(json::Value::object().set("schema", "neurolake.catalog.imported/1").set("entries", std::move(list)));
    if (out.machine()) return 0;
    if (!shown.empty()) shown.print(out);
    if (entries.empty()) out.summary("Nothing was imported from other catalogs");
    return 0;
}

Result<int> run_forget(Session& session, const Args& args) {
    TRY_DO(begin_change(session));
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(const auto entries, catalog->entries(catalog::List::imported));
    std::vector<catalog::EntryChange> changes;
    auto names = json::Value::array();
    for (const std::string& name : args.forget) {
        const std::size_t before = changes.size();
        for (const std::string& text : entries) {
            TRY(const json::Value entry, json::parse(text));
            if (entry.text("name") == name)
                changes.push_back({catalog::List::imported, entry.text("id"), std::nullopt});
        }
        if (changes.size() == before)
            return Error(Errc::not_found, fmt::format("nothing called \"{}\" was imported", name),
                         "see what was: neurolake catalog import");
        names.push(name);
    }
    if (!session.dry_run()) {
        TRY_DO(catalog->change_entries(changes));
        TRY_DO(session.audit("catalog.import.forgotten", json::Value::object().set("names", names)));
    }
    Output& out = session.out();
    if (out.machine())
        out.object(json::Value::object()
                       .set("schema", "neurolake.catalog.forgotten/1")
                       .set("dry_run", session.dry_run())
                       .set("names", std::move(names)));
    else
        out.summary(
            fmt::format("{} {}", session.dry_run() ? "Would forget" : "Forgot", counted(changes.size(), "entry")));
    return 0;
}

// Files that no program knows any more, and catalogs that could not be read, are named in the report.
int outcome(Session& session, const migrate::Report& report) {
    std::vector<std::string> bad = report.unread;
    for (const auto& wrong : report.wrong) bad.push_back(wrong.name);
    for (const auto& file : report.recorded)
        if (file.state == migrate::RecordedFile::State::lost) bad.push_back(file.path);
    if (bad.empty()) return 0;
    session.at_fault(std::move(bad));
    return k_exit_partial;
}

// Everything is read and checked before anything is written, and written as one change.
Result<int> run_import(Session& session, const Args& args) {
    if (!args.forget.empty()) return run_forget(session, args);
    if (args.file.empty()) return run_list(session);
    TRY(const lake::Lake* lake, session.lake());
    std::error_code failed;
    if (!std::filesystem::exists(args.file, failed) && !failed)
        return Error(Errc::not_found, fmt::format("import {}: there is no such file or folder", args.file),
                     "name a catalog.json, or a folder of an older catalog", args.file);
    TRY(const migrate::Foreign foreign, migrate::read_foreign(args.file, lake->layout().buckets));
    TRY_DO(begin_change(session));
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(migrate::Plan plan, migrate::plan_import(*catalog, foreign, to_rfc3339(session.now())));
    const bool changes = !plan.batch.entries.empty() || !plan.batch.upserts.empty();
    if (changes && !session.dry_run()) {
        TRY_DO(apply_import(session, plan));
        auto fields = json::Value::object();
        json::set_path(fields, "file", args.file);
        fields.set("tables", plan.report.tables).set("attached", plan.report.attached.size());
        TRY_DO(session.audit("catalog.import", fields.set("waiting", plan.report.waiting.size())));
    }
    const int rc = outcome(session, plan.report);
    Output& out = session.out();
    if (out.machine()) {
        auto value =
            json::Value::object().set("schema", "neurolake.catalog.import/1").set("dry_run", session.dry_run());
        value.set("changed", changes);
        const json::Value report = import_json(plan.report);
        for (const auto& [key, member] : *report.as_object()) value.set(key, member);
        out.object(value);
        return rc;
    }
    print_import(session, plan.report);
    if (!changes) out.summary("All of it was known already: nothing changed");
    if (changes && session.dry_run()) out.summary("Dry run: nothing was written");
    return rc;
}

}  // namespace

void add_catalog_import(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "import", "Take over what older catalogs or an export say", run_import,
        {"neurolake catalog import old/catalog.json --dry-run", "neurolake catalog import /srv/old-lake/catalog"});
    app.add_option("FILE|FOLDER", args.file,
                   "A catalog file, or a folder that holds some (none: list what was imported)");
    app.add_option("--forget", args.forget, "Drop what was imported under this name; tables keep what they took over")
        ->type_name("NAME");
    add_dry_run(app);
}

}  // namespace neurolake::apps
