// cmd_catalog_versions.cpp: `neurolake catalog schema`, `history`, `diff`, `compatibility`: columns over time.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "model/compatibility.hpp"
#include "shell_words.hpp"
#include "table.hpp"
#include "table_words.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::string table;
};

struct SchemaArgs {
    std::string table;
    std::uint32_t version = 0;
};

struct DiffArgs {
    std::string table;
    std::vector<std::uint32_t> versions;
};

struct CompatibilityArgs {
    std::string table, word;
    bool remove = false;
};

Result<model::SchemaVersion> version_of(Session& session, const model::Table& table, std::uint32_t wanted) {
    model::SchemaVersion current;
    current.version = table.schema_version;
    current.columns = model::whole_schema(table);
    if (wanted == 0) return current;
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto history, catalog->history(table.id));
    const auto found = std::ranges::find(history.versions, wanted, &model::SchemaVersion::version);
    if (found != history.versions.end()) return *found;
    if (wanted == table.schema_version) return current;
    return Error(
        Errc::not_found, fmt::format("{} has no schema version {}", table.full_name(), wanted),
        fmt::format("it has {}: neurolake catalog history {}",
                    table.schema_version == 1 ? "version 1 only" : fmt::format("1 to {}", table.schema_version),
                    plain_or_quoted(table.full_name())));
}

Result<int> run_schema(Session& session, const SchemaArgs& args) {
    TRY(const model::Table* table, table_known(session, args.table));
    TRY(const model::SchemaVersion version, version_of(session, *table, args.version));
    const bool sampled = table->sampled_rows > 0 && version.version == table->schema_version;
    Output& out = session.out();
    if (out.machine()) {
        auto columns = json::Value::array();
        for (const auto& column : version.columns) columns.push(column_json(column, Detail::brief));
        auto value = named("neurolake.catalog.schema/1", *table).set("version", version.version);
        value.set("current_version", table->schema_version);
        if (sampled) value.set("sampled_rows", table->sampled_rows);
        out.object(value.set("columns", std::move(columns)));
        return 0;
    }
    Table shown({{"COLUMN", TableColumn::Align::left, true},
                 {"TYPE", TableColumn::Align::left, true, TableColumn::Narrow::wrap},
                 {""}});
    for (const auto& column : version.columns)
        shown.row(
            {out.value(column.name), out.value(model::to_string(column.type)), column.nullable ? "" : "not null"});
    shown.print(out);
    if (sampled) out.summary(sample_text(*table) + "; all: neurolake catalog index --full");
    return 0;
}

json::Value version_json(const model::SchemaVersion& version) {
    auto changes = json::Value::array(), columns = json::Value::array();
    for (const auto& change : version.changes) changes.push(text::to_valid_utf8(change));
    for (const auto& column : version.columns) columns.push(column_json(column, Detail::brief));
    auto value = json::Value::object().set("version", version.version).set("seen_at", version.seen_at);
    value.set("changes", std::move(changes)).set("breaking", version.breaking);
    if (!version.compatibility.empty()) value.set("compatibility", version.compatibility);
    return value.set("columns", std::move(columns));
}

// "break: zip is gone; id is text now ..."
std::string break_text(const char* what, const std::vector<std::string>& reasons) {
    return reasons.empty() ? what : fmt::format("{}: {}", what, fmt::join(reasons, "; "));
}

// What the verdict means for those who read the table, by the new columns and by the old ones.
struct Readers {
    std::string of_new, of_old;
};
Readers readers_text(std::string_view verdict, const model::Compatibility& why) {
    Readers out;
    out.of_new = model::satisfies(verdict, "backward") ? "new readers can read the old data"
                                                       : break_text("new readers break on the old data", why.backward);
    out.of_old = model::satisfies(verdict, "forward") ? "readers of the old schema can read the new data"
                                                      : break_text("readers of the old schema break", why.forward);
    return out;
}

// Whom a version breaks; the verdict beside it says whom it does not.
std::string breaking_text(const model::SchemaVersion& version) {
    const bool new_readers = !model::satisfies(version.compatibility, "backward");
    const bool old_readers = !model::satisfies(version.compatibility, "forward");
    if (version.compatibility.empty() || new_readers == old_readers) return "breaking";
    return new_readers ? "breaking for new readers of old data" : "breaking for readers of the old schema";
}

Result<int> run_history(Session& session, const Args& args) {
    TRY(const model::Table* table, table_known(session, args.table));
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto history, catalog->history(table->id));
    Output& out = session.out();
    if (out.machine()) {
        auto versions = json::Value::array();
        for (const auto& version : history.versions) versions.push(version_json(version));
        auto value = named("neurolake.catalog.history/1", *table);
        if (!table->compatibility.empty()) value.set("asked", table->compatibility);
        out.object(value.set("versions", std::move(versions)));
        return 0;
    }
    const model::SchemaVersion* before = nullptr;
    for (const auto& version : history.versions) {
        const std::string first = version.changes.empty() ? counted(version.columns.size(), "column") : "";
        const std::string verdict = version.compatibility.empty() ? "" : verdict_text(version.compatibility);
        out.line(fmt::format("version {}  {}  {}{}{}", version.version, version.seen_at, first, verdict,
                             version.breaking ? ", " + out.paint(Style::red, breaking_text(version)) : ""));
        for (const auto& change : version.changes) out.line("  " + out.value(change));
        if (before && !version.compatibility.empty() && version.compatibility != "full") {
            const auto readers =
                readers_text(version.compatibility, model::compatibility(before->columns, version.columns));
            out.line("    " + out.value(readers.of_new));
            out.line("    " + out.value(readers.of_old));
        }
        before = &version;
    }
    return 0;
}

// Two versions, and how the later one goes together with the earlier. What was found when a version was first seen
// stands: then the values were known, too.
struct Difference {
    model::SchemaVersion before, after, found;
    model::Compatibility why;
};

Result<Difference> difference(Session& session, const model::Table& table, const DiffArgs& args) {
    std::uint32_t from = 0, to = table.schema_version;
    if (!args.versions.empty()) from = args.versions[0];
    if (args.versions.size() > 1) to = args.versions[1];
    Difference out;
    TRY(out.before, version_of(session, table, from == 0 ? std::max(to - 1, 1u) : from));
    TRY(out.after, version_of(session, table, to));
    out.found = model::diff(out.before.columns, out.after.columns);
    out.why = model::compatibility(out.before.columns, out.after.columns);
    if (out.found.changes.empty()) out.found.compatibility = "full";
    if (out.after.version != out.before.version + 1 || out.after.compatibility.empty()) return out;
    out.found.compatibility = out.after.compatibility;
    out.found.breaking = out.after.breaking;
    if (model::satisfies(out.after.compatibility, "backward")) out.why.backward.clear();
    if (model::satisfies(out.after.compatibility, "forward")) out.why.forward.clear();
    return out;
}

json::Value text_list(const std::vector<std::string>& lines) {
    auto list = json::Value::array();
    for (const auto& line : lines) list.push(text::to_valid_utf8(line));
    return list;
}

Result<int> run_diff(Session& session, const DiffArgs& args) {
    TRY(const model::Table* table, table_known(session, args.table));
    TRY(const Difference found, difference(session, *table, args));
    Output& out = session.out();
    if (out.machine()) {
        auto value = named("neurolake.catalog.diff/1", *table);
        value.set("from", found.before.version).set("to", found.after.version);
        value.set("changes", text_list(found.found.changes)).set("breaking", found.found.breaking);
        value.set("compatibility", found.found.compatibility);
        auto why = json::Value::object().set("backward", text_list(found.why.backward));
        out.object(value.set("breaks", why.set("forward", text_list(found.why.forward))));
        return 0;
    }
    if (args.versions.empty() && found.before.version == found.after.version) {
        const auto name = out.name(table->full_name());
        out.summary(fmt::format("{} has one schema version only: there is nothing to compare", name));
        out.summary(
            fmt::format("See it with: neurolake catalog schema {}", out.name(plain_or_quoted(table->full_name()))));
        return 0;
    }
    for (const auto& change : found.found.changes) {
        const Style style = change[0] == '+' ? Style::green : change[0] == '-' ? Style::red : Style::yellow;
        out.line(out.paint(style, out.value(change)));
    }
    if (found.found.changes.empty()) out.summary("No column changed");
    out.summary(fmt::format("Version {} to {}: {}", found.before.version, found.after.version,
                            verdict_text(found.found.compatibility)));
    if (found.found.changes.empty()) return 0;
    const auto readers = readers_text(found.found.compatibility, found.why);
    out.summary("  " + out.value(readers.of_new));
    out.summary("  " + out.value(readers.of_old));
    return 0;
}

Result<int> run_compatibility(Session& session, const CompatibilityArgs& args) {
    if (args.remove && !args.word.empty())
        return Error(Errc::usage, "--remove takes no word", "say what is asked, or --remove to ask the usual");
    if (!args.word.empty() && !model::is_compatibility(args.word))
        return Error(Errc::usage, fmt::format("\"{}\" is no compatibility", args.word),
                     "backward, forward, full or none (anything goes)");
    const bool ask = args.remove || !args.word.empty();
    const auto edit = [&](model::Table& table) {
        table.compatibility = args.word;
        return Status{};
    };
    const std::string rule = ask && session.dry_run() ? "the rule that " : "";
    const auto tell = [&](const Output&, const model::Table& table) {
        if (!table.compatibility.empty()) return rule + "new schema versions " + asked_text(table.compatibility);
        return rule + "no column may go away and no type narrow, as for every table";
    };
    auto facts = json::Value::object().set("compatibility", args.word);
    return change_words(session, {"catalog.compatibility", {args.table}, ask ? Edit(edit) : Edit(), tell, facts});
}

constexpr const char* k_version_help = "The schema version (none: the current one)";

}  // namespace

void add_catalog_schema(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<SchemaArgs>(
        catalog, "schema", "Columns and types of a table, now or in an earlier version", run_schema,
        {"neurolake catalog schema raw-data.orders", "neurolake catalog schema raw-data.orders --version 1 --json"});
    add_table(app, args.table);
    app.add_option("--version", args.version, k_version_help)->type_name("N")->positive();
}

void add_catalog_history(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "history", "How the columns of a table changed", run_history,
        {"neurolake catalog history raw-data.orders", "neurolake catalog history orders --json | jq '.versions[-1]'"});
    add_table(app, args.table);
}

void add_catalog_diff(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<DiffArgs>(
        catalog, "diff", "What changed between two schema versions, and for whom it breaks", run_diff,
        {"neurolake catalog diff raw-data.orders", "neurolake catalog diff raw-data.orders 1 3 --json"});
    add_table(app, args.table);
    app.add_option("VERSION", args.versions,
                   "From this version to the current one, or to a second one (none: the last change)")
        ->expected(0, 2)
        ->positive();
}

void add_catalog_compatibility(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<CompatibilityArgs>(
        catalog, "compatibility",
        "What new schema versions of a table must be; catalog index --strict holds them to it", run_compatibility,
        {"neurolake catalog compatibility raw-data.orders backward",
         "neurolake catalog compatibility raw-data.orders --remove"});
    add_tables(app, args.table);
    app.add_option("COMPATIBILITY", args.word,
                   "backward (who reads the new version reads old data, too), forward (who reads the old one reads new "
                   "data, too), full (both), none (anything goes); without it what is asked now is shown");
    app.add_flag("--remove", args.remove, "Ask the usual again: no column goes away, no type narrows");
    add_dry_run(app);
}

}  // namespace neurolake::apps
