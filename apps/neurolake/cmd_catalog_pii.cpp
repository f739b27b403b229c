// cmd_catalog_pii.cpp: `neurolake catalog pii`: the columns about people, why, and a person's word on them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cmd_catalog.hpp"
#include "index/known_ranges.hpp"
#include "kept_rows.hpp"
#include "model/meaning.hpp"
#include "table.hpp"
#include "table_files.hpp"
#include "table_words.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::vector<std::string> tables, pii, not_pii, undo;
    bool all = false;
};

bool changes(const Args& args) { return !args.pii.empty() || !args.not_pii.empty() || !args.undo.empty(); }

struct Found {
    const model::Table* table;
    const model::Column* column;
};

std::vector<Found> columns_about_people(const std::vector<const model::Table*>& tables, bool all) {
    std::vector<Found> found;
    for (const auto* table : tables)
        for (const auto* list : {&table->columns, &table->partition_columns})
            for (const auto& column : *list)
                if (column.pii || model::is_hint(column) || (all && column.not_pii)) found.push_back({table, &column});
    return found;
}

Result<std::vector<const model::Table*>> tables_of(Session& session, const Args& args) {
    std::vector<const model::Table*> tables;
    if (args.tables.empty()) {
        TRY(const catalog::Catalog* catalog, session.catalog());
        for (const auto& table : catalog->tables())
            if (table.deleted_at.empty()) tables.push_back(&table);
    }
    for (const auto& words : args.tables) {
        TRY(const auto meant, tables_meant(session, words));
        for (const auto* table : meant)
            if (std::ranges::find(tables, table) == tables.end()) tables.push_back(table);
    }
    return tables;
}

json::Value found_json(const Found& found) {
    const model::Column& column = *found.column;
    const auto& seen = column.semantic_evidence;
    auto value = json::Value::object();
    json::set_path(value, "table", found.table->full_name());
    json::set_path(value, "column", column.name);
    value.set("type", text::to_valid_utf8(model::to_string(column.type)));
    value.set("semantic", text::to_valid_utf8(column.semantic)).set("pii", column.pii);
    value.set("not_pii", column.not_pii).set("source", seen.source);
    value.set("checked", seen.checked).set("matched", seen.matched);
    if (seen.checked > 0)
        value.set("share", static_cast<double>(seen.matched) / static_cast<double>(seen.checked));
    else
        value.set("share", json::Value());
    if (seen.first_rows > 0) value.set("first_rows", seen.first_rows);
    if (!seen.sample.empty()) value.set("sample", text::to_valid_utf8(seen.sample));
    if (!seen.field.empty()) value.set("field", text::to_valid_utf8(seen.field));
    return value.set("why", text::to_valid_utf8(model::meaning_text(column)));
}

std::string source_text(const model::Column& column) {
    if (column.not_pii) return "not personal, a person said";
    const std::string& source = column.semantic_evidence.source;
    if (source == "person") return "a person said so";
    if (source == "file") return "its file says so";
    return source == "name" ? "its name only" : "its values";
}

void print_found(Session& session, const std::vector<Found>& found, std::size_t tables) {
    Output& out = session.out();
    Table shown({{"COLUMN", TableColumn::Align::left, true, TableColumn::Narrow::own_line, true},
                 {"TYPE", TableColumn::Align::left, true},
                 {"LOOKS LIKE", TableColumn::Align::left, true, TableColumn::Narrow::wrap},
                 {"SHARE", TableColumn::Align::right},
                 {"EXAMPLE", TableColumn::Align::left, true},
                 {"BECAUSE OF", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    std::size_t hints = 0, sure = 0;
    for (const auto& [table, column] : found) {
        const auto& seen = column->semantic_evidence;
        std::string name = out.name(table->full_name() + ".") + out.value(column->name);
        if (!seen.field.empty()) name += out.value(seen.field.starts_with('[') ? seen.field : "." + seen.field);
        std::string looks(column->semantic.empty() ? "-" : model::meaning_words(column->semantic));
        if (model::is_hint(*column)) looks += "?";
        shown.row({std::move(name), out.value(model::to_string(column->type)), out.name(looks),
                   model::share_text(*column), out.value(seen.sample), source_text(*column)});
        sure += column->pii;
        hints += model::is_hint(*column);
    }
    if (!shown.empty()) shown.print(out);
    if (found.empty()) {
        out.summary(fmt::format("No column of {} looks as if it were about people", counted(tables, "table")));
        return;
    }
    out.summary(counted(sure, "column") + " about people" +
                (hints > 0 ? fmt::format(", {} perhaps, by {} only", text::with_thousands(hints),
                                         hints == 1 ? "its name" : "their names")
                           : ""));
}

// What is said of columns: each list of names goes with one word.
Status say(model::Table& table, const std::vector<std::string>& names, void (*word)(model::Column&)) {
    for (const auto& name : names) {
        TRY_DO(column_of(table, name));
        for (auto* list : {&table.columns, &table.partition_columns})
            for (auto& column : *list)
                if (column.name == name) word(column);
    }
    return {};
}

Status check_args(const Args& args) {
    if (args.tables.empty())
        return Error(Errc::usage, "which table's columns? name it first",
                     "for instance: neurolake catalog pii raw-data.customers --not-pii code");
    for (const auto& name : args.pii)
        for (const auto* others : {&args.not_pii, &args.undo})
            if (std::ranges::find(*others, name) != others->end())
                return Error(Errc::usage, fmt::format("two words about column \"{}\"", name));
    for (const auto& name : args.not_pii)
        if (std::ranges::find(args.undo, name) != args.undo.end())
            return Error(Errc::usage, fmt::format("two words about column \"{}\"", name));
    return {};
}

json::Value names_json(const std::vector<std::string>& names) {
    auto list = json::Value::array();
    for (const auto& name : names) list.push(text::to_valid_utf8(name));
    return list;
}

Status write_rows(Session& session, const std::vector<catalog::EntryChange>& rows) {
    if (rows.empty()) return {};
    TRY(catalog::Catalog * catalog, session.catalog());
    return catalog->change_entries(rows).with_context("write the kept first rows");
}

// What is not hidden any more is seen at once. Where the profiles cannot be read, the next index that reads the table's
// files tells it.
void show_ranges(Session& session, model::Table& table) {
    const auto lake = session.lake();
    if (!lake) return;
    if (const auto profiles = index::ProfileStore::open((*lake)->layout().state / "profiles"))
        index::show_known_ranges(table, files_of(session, table), *profiles);
}

struct Changed {
    std::vector<model::Table> after;
    std::set<std::string> unsaid;  // "bucket.table.column" of which nothing was said before
};

// The tables as they are after the words; changed ones are written.
Result<Changed> change(Session& session, const Args& args) {
    TRY_DO(check_args(args));
    TRY_DO(begin_change(session));
    TRY(const auto tables, tables_of(session, args));
    std::vector<model::Table> after, changed;
    std::set<std::string> unsaid;
    for (const auto* table : tables) {
        for (const auto& name : args.undo) {
            const auto column = column_of(*table, name);
            if (column && !model::has_word(**column)) unsaid.insert(table->full_name() + "." + name);
        }
        model::Table& edited = after.emplace_back(*table);
        TRY_DO(say(edited, args.pii, model::say_pii));
        TRY_DO(say(edited, args.not_pii, model::say_not_pii));
        TRY_DO(say(edited, args.undo, model::forget_word));
        if (!args.undo.empty() || !args.not_pii.empty()) show_ranges(session, edited);
        if (!(edited == *table)) changed.push_back(edited);
    }
    auto facts = json::Value::object().set("pii", names_json(args.pii)).set("not_pii", names_json(args.not_pii));
    TRY(const KeptRows rows, kept_rows(session, changed));
    if (!session.dry_run()) TRY_DO(write_rows(session, rows.hide));
    TRY_DO(write_words(session, "catalog.pii", changed, facts.set("undo", names_json(args.undo))));
    if (!session.dry_run()) TRY_DO(write_rows(session, rows.show));
    return Changed{std::move(after), std::move(unsaid)};
}

void tell_change(Session& session, const Args& args, const Changed& changed) {
    Output& out = session.out();
    for (const auto& table : changed.after)
        for (const auto* names : {&args.pii, &args.not_pii, &args.undo})
            for (const auto& name : *names) {
                const auto column = column_of(table, name);
                if (names == &args.undo && changed.unsaid.contains(table.full_name() + "." + name)) {
                    out.summary(out.name(table.full_name() + "." + name) + ": nothing was said of it");
                    continue;
                }
                std::string why = column ? model::meaning_text(**column) : "";
                if (why.empty()) why = "nothing is known of its meaning";
                out.summary(out.name(table.full_name() + "." + name) + ": " + out.value(why));
            }
    if (session.dry_run()) out.summary("Dry run: nothing was written");
}

Result<int> run_pii(Session& session, const Args& args) {
    Output& out = session.out();
    Changed changed;
    std::vector<const model::Table*> tables;
    if (changes(args)) {
        TRY(changed, change(session, args));
        for (const auto& table : changed.after) tables.push_back(&table);
    } else {
        TRY(tables, tables_of(session, args));
    }
    const auto found = columns_about_people(tables, args.all || changes(args));
    if (out.jsonl()) {
        for (const auto& one : found) out.object_line(found_json(one));
    } else if (out.json()) {
        auto list = json::Value::array();
        for (const auto& one : found) list.push(found_json(one));
        auto value = json::Value::object().set("schema", "neurolake.catalog.pii/1").set("dry_run", session.dry_run());
        out.object(value.set("tables", tables.size()).set("columns", std::move(list)));
    } else if (changes(args)) {
        tell_change(session, args, changed);
    } else {
        print_found(session, found, tables.size());
    }
    return 0;
}

}  // namespace

void add_catalog_pii(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "pii", "Columns about people: what gives them away, with masked samples; correct what is wrong",
        run_pii, {"neurolake catalog pii", "neurolake catalog pii raw-data.customers --not-pii code --pii nickname"});
    app.add_option("TABLE", args.tables, "Only these tables: names or patterns ('raw-data.*'); none: all");
    app.add_option("--pii", args.pii, "These columns are about people, whatever their values look like")
        ->type_name("COLUMN...");
    app.add_option("--not-pii", args.not_pii, "These are not; remembered through every index and rename")
        ->type_name("COLUMN...");
    app.add_option("--undo", args.undo, "Forget what was said of these columns: their values count again")
        ->type_name("COLUMN...");
    app.add_flag("--all", args.all, "Also columns that a person said are not about people");
    add_dry_run(app);
}

}  // namespace neurolake::apps
