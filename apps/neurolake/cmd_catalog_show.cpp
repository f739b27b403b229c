// cmd_catalog_show.cpp: `neurolake catalog show`, `schema`, `history` and `explain`: one table from four sides.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::string table;
};

struct SchemaArgs {
    std::string table;
    std::uint32_t version = 0;
};

json::Value named(const char* schema, const model::Table& table) {
    auto value = json::Value::object().set("schema", schema);
    json::set_path(value, "table", table.full_name());
    return value;
}

// Where both begin alike beyond what fits, the tails tell more.
std::string range_text(const Output& out, const model::Column& column) {
    constexpr std::size_t k_widest = 20;  // a moment in time, whole
    const auto& seen = column.evidence;
    if (!seen.min || !seen.max) return "";
    std::string low = out.name(*seen.min), high = out.name(*seen.max);
    if (out.stdout_is_terminal()) {
        const std::string_view mark = out.utf8() ? "…" : "...";
        std::size_t same = 0;
        while (same < low.size() && same < high.size() && low[same] == high[same]) ++same;
        while (same > 0 && same < low.size() && (static_cast<unsigned char>(low[same]) & 0xC0) == 0x80) --same;
        if (low != high && same + mark.size() >= k_widest) {
            low = std::string(mark) + low.substr(same);
            high = std::string(mark) + high.substr(same);
        }
        low = fit(low, k_widest, out.utf8());
        high = fit(high, k_widest, out.utf8());
    }
    return low + " .. " + high;
}

void print_columns(Output& out, const model::Table& table) {
    Table shown({{"  COLUMN", TableColumn::Align::left, true},
                 {"TYPE", TableColumn::Align::left, true},
                 {"NULLS", TableColumn::Align::right},
                 {"RANGE", TableColumn::Align::left, true}});
    const auto add = [&](const model::Column& column, const char* mark) {
        shown.row({"  " + out.name(column.name) + mark, model::to_string(column.type),
                   text::with_thousands(column.evidence.nulls), range_text(out, column)});
    };
    for (const auto& column : table.columns) add(column, column.pii ? " (pii)" : "");
    for (const auto& column : table.partition_columns) add(column, " (partition)");
    if (!shown.empty()) shown.print(out);
}

void print_facts(Output& out, const model::Table& table) {
    Table facts({{""}, {""}});
    facts.row({table.is_folder ? "  Folder" : "  File", out.name(table.bucket + "/" + table.path)});
    facts.row({"  Schema version", std::to_string(table.schema_version)});
    facts.row({"  Tier", std::string(model::to_string(table.tier))});
    if (!table.partitions.empty()) facts.row({"  Partitions", text::with_thousands(table.partitions.size())});
    facts.row({"  First seen", table.first_seen});
    facts.row({"  Newest file", table.modified_at});
    facts.row({"  Indexed", table.indexed_at});
    if (!table.owner.empty()) facts.row({"  Owner", out.name(table.owner)});
    if (!table.tags.empty()) facts.row({"  Tags", out.name(fmt::format("{}", fmt::join(table.tags, ", ")))});
    if (!table.description.empty()) facts.row({"  Description", out.name(table.description)});
    facts.print(out);
}

void print_table_findings(Output& out, const model::Table& table) {
    for (const auto& finding : table.findings)
        out.line(fmt::format("  {}: {}: {}", model::to_string(finding.severity), out.name(finding.path),
                             out.name(finding.message)));
}

Result<int> run_show(Session& session, const Args& args) {
    TRY(const model::Table* table, table_named(session, args.table));
    Output& out = session.out();
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.catalog.show/1");
        out.object(value.set("table", table_json(*table, Detail::full)));
        return 0;
    }
    out.line(out.paint(Style::bold, out.name(table->full_name())));
    out.line("  " + card_line(out, *table));
    print_facts(out, *table);
    out.line();
    print_columns(out, *table);
    print_table_findings(out, *table);
    return 0;
}

Result<model::SchemaVersion> version_of(Session& session, const model::Table& table, std::uint32_t wanted) {
    model::SchemaVersion current;
    current.version = table.schema_version;
    current.columns = table.columns;
    current.columns.insert(current.columns.end(), table.partition_columns.begin(), table.partition_columns.end());
    if (wanted == 0) return current;
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto history, catalog->history(table.id));
    const auto found = std::ranges::find(history.versions, wanted, &model::SchemaVersion::version);
    if (found != history.versions.end()) return *found;
    if (wanted == table.schema_version) return current;
    return Error(Errc::not_found, fmt::format("{} has no schema version {}", table.full_name(), wanted),
                 fmt::format("it has 1 to {}: neurolake catalog history {}", table.schema_version, table.full_name()));
}

Result<int> run_schema(Session& session, const SchemaArgs& args) {
    TRY(const model::Table* table, table_named(session, args.table));
    TRY(const model::SchemaVersion version, version_of(session, *table, args.version));
    Output& out = session.out();
    if (out.machine()) {
        auto columns = json::Value::array();
        for (const auto& column : version.columns) columns.push(column_json(column, Detail::brief));
        auto value = named("neurolake.catalog.schema/1", *table).set("version", version.version);
        value.set("current_version", table->schema_version);
        out.object(value.set("columns", std::move(columns)));
        return 0;
    }
    Table shown({{"COLUMN", TableColumn::Align::left, true}, {"TYPE", TableColumn::Align::left, true}, {""}});
    for (const auto& column : version.columns)
        shown.row({out.name(column.name), model::to_string(column.type), column.nullable ? "" : "not null"});
    shown.print(out);
    return 0;
}

json::Value version_json(const model::SchemaVersion& version) {
    auto changes = json::Value::array(), columns = json::Value::array();
    for (const auto& change : version.changes) changes.push(text::to_valid_utf8(change));
    for (const auto& column : version.columns) columns.push(column_json(column, Detail::brief));
    auto value = json::Value::object().set("version", version.version).set("seen_at", version.seen_at);
    value.set("changes", std::move(changes)).set("breaking", version.breaking);
    return value.set("columns", std::move(columns));
}

Result<int> run_history(Session& session, const Args& args) {
    TRY(const model::Table* table, table_named(session, args.table));
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto history, catalog->history(table->id));
    Output& out = session.out();
    if (out.machine()) {
        auto versions = json::Value::array();
        for (const auto& version : history.versions) versions.push(version_json(version));
        auto value = named("neurolake.catalog.history/1", *table);
        out.object(value.set("versions", std::move(versions)));
        return 0;
    }
    for (const auto& version : history.versions) {
        const std::string first = version.changes.empty() ? "  " + counted(version.columns.size(), "column") : "";
        out.line(fmt::format("version {}  {}{}{}", version.version, version.seen_at, first,
                             version.breaking ? "  " + out.paint(Style::red, "breaking") : ""));
        for (const auto& change : version.changes) out.line("  " + out.name(change));
    }
    return 0;
}

Result<int> run_explain(Session& session, const Args& args) {
    TRY(const model::Table* table, table_named(session, args.table));
    Output& out = session.out();
    if (out.machine()) {
        auto columns = json::Value::array();
        for (const auto* list : {&table->columns, &table->partition_columns})
            for (const auto& column : *list) {
                auto entry = column_json(column, Detail::full);
                columns.push(entry.set("why", text::to_valid_utf8(why_text(column, table->files > 1))));
            }
        auto value = named("neurolake.catalog.explain/1", *table);
        value.set("rule", model::to_string(table->rule)).set("rule_reason", table->rule_reason);
        out.object(value.set("files", table->files).set("columns", std::move(columns)));
        return 0;
    }
    out.line(out.paint(Style::bold, out.name(table->full_name())));
    out.line(
        fmt::format("  One table because {} (rule: {})", out.name(table->rule_reason), model::to_string(table->rule)));
    Table shown({{"  COLUMN", TableColumn::Align::left, true}, {"TYPE"}, {"BECAUSE", TableColumn::Align::left, true}});
    for (const auto* list : {&table->columns, &table->partition_columns})
        for (const auto& column : *list)
            shown.row({"  " + out.name(column.name), model::to_string(column.type),
                       out.name(why_text(column, table->files > 1))});
    if (!shown.empty()) shown.print(out);
    print_table_findings(out, *table);
    return 0;
}

constexpr const char* k_table_help = "The table: bucket.table, or its name alone where only one bucket has it";

template <typename A>
void add_table(CLI::App& app, A& args) {
    app.add_option("TABLE", args.table, k_table_help)->required();
}

}  // namespace

void add_catalog_show(CLI::App& catalog, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(catalog, "show", "Everything known of one table", run_show,
                               {"neurolake catalog show raw-data.orders",
                                "neurolake catalog show orders --json | jq '.table.columns[].evidence'"});
    add_table(app, args);
}

void add_catalog_schema(CLI::App& catalog, Registry& registry) {
    auto [app, args] = registry.command<SchemaArgs>(
        catalog, "schema", "Columns and types of a table, now or in an earlier version", run_schema,
        {"neurolake catalog schema raw-data.orders", "neurolake catalog schema raw-data.orders --version 1 --json"});
    add_table(app, args);
    app.add_option("--version", args.version, "The schema version (none: the current one)")
        ->type_name("N")
        ->check(CLI::PositiveNumber.description(""));
}

void add_catalog_history(CLI::App& catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "history", "How the columns of a table changed", run_history,
        {"neurolake catalog history raw-data.orders", "neurolake catalog history orders --json | jq '.versions[-1]'"});
    add_table(app, args);
}

void add_catalog_explain(CLI::App& catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "explain", "Why these files are one table and each column has its type", run_explain,
        {"neurolake catalog explain raw-data.orders",
         "neurolake catalog explain orders --json | jq -r '.columns[] | .name + \": \" + .why'"});
    add_table(app, args);
}

}  // namespace neurolake::apps
