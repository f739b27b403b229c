// cmd_catalog_show.cpp: `neurolake catalog show` and `explain`: one table as it is, and why it is so.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "cmd_lineage.hpp"
#include "dialects.hpp"
#include "index/partition.hpp"
#include "model/evidence.hpp"
#include "model/meaning.hpp"
#include "table.hpp"
#include "table_rule.hpp"

namespace neurolake::apps {

namespace {

constexpr const char* k_partition = " (partition)";

struct Args {
    std::string table;
};

// Each end has `widest` columns on a terminal. Where both begin alike beyond that, the tails tell more.
std::string range_text(const Output& out, const model::Column& column, std::size_t widest) {
    const auto& seen = column.evidence;
    if (!seen.min || !seen.max) return "";
    std::string low = range_end_text(out, *seen.min), high = range_end_text(out, *seen.max);
    if (out.stdout_is_terminal()) {
        const std::string_view mark = out.utf8() ? "…" : "...";
        std::size_t same = 0;
        while (same < low.size() && same < high.size() && low[same] == high[same]) ++same;
        while (same > 0 && same < low.size() && (static_cast<unsigned char>(low[same]) & 0xC0) == 0x80) --same;
        if (low != high && same + mark.size() >= widest) {
            low = std::string(mark) + low.substr(same);
            high = std::string(mark) + high.substr(same);
        }
        low = fit(low, widest, out.utf8());
        high = fit(high, widest, out.utf8());
    }
    return low + " .. " + high;
}

// "as typed by the customer; term: Postal code".
std::string words_of(const Output& out, const model::Column& column) {
    if (column.term.empty()) return out.name(column.description);
    return out.name(column.description) + (column.description.empty() ? "" : "; ") + "term: " + out.name(column.term);
}

std::string nulls_text(const model::Table& table, const model::Column& column) {
    return model::nulls_known(table, column) ? text::with_thousands(column.evidence.nulls) : "?";
}

std::string name_text(const Output& out, const model::Column& column, const char* mark) {
    return "  " + out.value(column.name) + mark;
}

const char* mark_of(const model::Column& column) {
    return column.pii ? " (pii)" : model::is_hint(column) ? " (pii?)" : "";
}

// What is left of the screen for each end of a range; a moment in time always fits.
std::size_t room_for_range_end(const Output& out, const model::Table& table) {
    constexpr std::size_t k_least = 20, k_gaps = 6, k_dots = 4;
    std::size_t name = 8, type = 4, nulls = 5;
    const auto take = [&](const model::Column& column, const char* mark) {
        name = std::max(name, text::display_width(name_text(out, column, mark)));
        type = std::max(type, text::display_width(model::to_string(column.type)));
        nulls = std::max(nulls, nulls_text(table, column).size());
    };
    for (const auto& column : table.columns) take(column, mark_of(column));
    for (const auto& column : table.partition_columns) take(column, k_partition);
    const std::size_t used = name + type + nulls + k_gaps + k_dots, width = static_cast<std::size_t>(out.width());
    return std::max(k_least, width > used ? (width - used) / 2 : 0);
}

void print_heading(Output& out, std::string_view title) {
    out.line();
    out.line(out.paint(Style::bold, title));
}

void print_columns(Output& out, const model::Table& table) {
    const std::size_t widest = room_for_range_end(out, table);
    Table shown({{"  COLUMN", TableColumn::Align::left, true},
                 {"TYPE", TableColumn::Align::left, true},
                 {"NULLS", TableColumn::Align::right},
                 {"RANGE", TableColumn::Align::left, true}});
    const auto add = [&](const model::Column& column, const char* mark) {
        shown.row({name_text(out, column, mark), out.value(model::to_string(column.type)), nulls_text(table, column),
                   range_text(out, column, widest)});
    };
    for (const auto& column : table.columns) add(column, mark_of(column));
    for (const auto& column : table.partition_columns) add(column, k_partition);
    if (!shown.empty()) shown.print(out);
    Table said({{"  SAID OF", TableColumn::Align::left, true},
                {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list)
            if (!column.term.empty() || !column.description.empty())
                said.row({"  " + out.value(column.name), words_of(out, column)});
    if (said.empty()) return;
    out.line();
    said.print(out);
}

// What it is made from and what it feeds, where anybody said so or a job ran.
void add_lineage_facts(Session& session, const model::Table& table, Table& facts) {
    constexpr std::size_t k_most = 4;
    const auto catalog = session.catalog();
    if (!catalog) return;
    auto found = catalog::Lineage::around(**catalog, table);
    if (!found || !*found) return;
    const std::optional<catalog::Lineage>& lineage = *found;
    const auto at = lineage->find(catalog::LineageNames::ref(table));
    if (!at) return;
    for (const auto direction : {catalog::Direction::up, catalog::Direction::down}) {
        std::vector<std::string> names;
        for (const std::size_t other : catalog::neighbours(*lineage, *at, direction))
            names.push_back(session.out().name(lineage->datasets()[other].name));
        const char* title = direction == catalog::Direction::up ? "  Made from" : "  Feeds";
        if (!names.empty()) facts.row({title, short_list(names, k_most)});
    }
}

// "email: looks like ..." below a heading of its own: a guess is nothing that a person said.
void print_meanings(Output& out, const model::Table& table) {
    bool first = true;
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list) {
            const auto meaning = model::meaning_text(column);
            if (meaning.empty()) continue;
            if (std::exchange(first, false)) print_heading(out, "  MEANING");
            out.line(fmt::format("  {}: {}", out.value(column.name), out.value(meaning)));
        }
}

// "2: year 2026 (1 value), month 01 .. 02 (2 values)".
std::string partitions_text(const Output& out, const model::Table& table) {
    std::string line = text::with_thousands(table.partitions.size());
    for (std::size_t key = 0; key < table.partition_columns.size(); ++key) {
        const auto& column = table.partition_columns[key];
        std::set<std::string_view> values;
        for (const auto& partition : table.partitions)
            if (key < partition.values.size() && partition.values[key] != index::k_null_partition)
                values.insert(partition.values[key]);
        line += fmt::format("{}{}", key == 0 ? ": " : ", ", out.value(column.name));
        const auto& seen = column.evidence;
        if (seen.min && seen.max)
            line += " " + (*seen.min == *seen.max ? range_end_text(out, *seen.min)
                                                  : fmt::format("{} .. {}", range_end_text(out, *seen.min),
                                                                range_end_text(out, *seen.max)));
        line += fmt::format(" ({}{})", counted(values.size(), "value"),
                            seen.nulls > 0 ? "; " + counted(seen.nulls, "row") + " without" : "");
    }
    return line;
}

void print_facts(Session& session, const model::Table& table) {
    Output& out = session.out();
    Table facts({{""}, {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    facts.row({table.is_folder ? "  Folder" : "  File", out.name(table.bucket + "/" + table.path)});
    facts.row({"  Schema version", std::to_string(table.schema_version)});
    facts.row({"  Tier", std::string(model::to_string(table.tier))});
    if (!table.partitions.empty()) facts.row({"  Partitions", partitions_text(out, table)});
    facts.row({"  First seen", table.first_seen});
    facts.row({"  Newest file", table.modified_at});
    facts.row({"  Indexed", table.indexed_at});
    if (!table.deleted_at.empty()) facts.row({"  Gone since", table.deleted_at});
    if (!table.owner.empty()) facts.row({"  Owner", out.name(table.owner)});
    if (!table.terms.empty()) facts.row({"  Stands for", out.name(fmt::format("{}", fmt::join(table.terms, ", ")))});
    if (!table.compatibility.empty()) facts.row({"  New versions", asked_text(table.compatibility)});
    if (!table.tags.empty()) facts.row({"  Tags", out.name(fmt::format("{}", fmt::join(table.tags, ", ")))});
    if (!table.description.empty()) facts.row({"  Description", out.name(table.description)});
    add_lineage_facts(session, table, facts);
    facts.print(out);
}

void print_table_findings(Output& out, const model::Table& table) {
    if (!table.findings.empty()) print_heading(out, "  FOUND");
    for (const auto& finding : table.findings)
        out.line(fmt::format("  {}: {}", model::to_string(finding.severity), out.name(finding_text(finding))));
}

Result<int> run_show(Session& session, const Args& args) {
    TRY(const model::Table* table, table_known(session, args.table));
    Output& out = session.out();
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.catalog.show/1");
        out.object(value.set("table", table_json(*table, Detail::full)));
        return 0;
    }
    out.line(out.paint(Style::bold, out.name(table->full_name())));
    out.line("  " + card_line(out, *table));
    print_facts(session, *table);
    if (!table->columns.empty() || !table->partition_columns.empty()) out.line();
    print_columns(out, *table);
    print_meanings(out, *table);
    print_table_findings(out, *table);
    return 0;
}

// Both ends of a long type or name, with "…" between: they tell more than its beginning alone.
std::string fit_middle(std::string_view text, std::size_t width, bool utf8) {
    if (text::display_width(text) <= width) return std::string(text);
    const std::string head = fit(text, width / 2 + 1, utf8);
    const std::size_t rest = width - std::min(width, text::display_width(head));
    std::size_t from = text.size();
    for (std::size_t at = text.size(); at > 0;) {
        do --at;
        while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
        if (text::display_width(text.substr(at)) > rest) break;
        from = at;
    }
    return head + std::string(text.substr(from));
}

// The reason is what was asked for: on a terminal names and types give way to it, and it goes on below itself.
void print_reasons(Output& out, const model::Table& table) {
    constexpr std::size_t k_name = 24, k_type = 22, k_gap = 2, k_least = 20;
    const bool fits_screen = out.stdout_is_terminal();
    const auto cut = [&](std::string word, std::size_t width) {
        return fits_screen ? fit_middle(word, width, out.utf8()) : word;
    };
    std::vector<std::vector<std::string>> rows;
    std::size_t left = 0, middle = 0;
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list) {
            rows.push_back({"  " + cut(out.value(column.name), k_name),
                            cut(out.value(model::to_string(column.type)), k_type),
                            out.value(why_text(column, table.files > 1))});
            left = std::max(left, text::display_width(rows.back()[0]));
            middle = std::max(middle, text::display_width(rows.back()[1]));
        }
    const std::size_t used = std::max<std::size_t>(left, 8) + std::max<std::size_t>(middle, 4) + 2 * k_gap;
    const auto width = static_cast<std::size_t>(out.width());
    const std::size_t room = width > used + k_least ? width - used : k_least;
    Table shown({{"  COLUMN"}, {"TYPE"}, {"BECAUSE"}});
    for (const auto& row : rows) {
        if (!fits_screen) {
            shown.row(row);
            continue;
        }
        bool first = true;
        const std::string why = text::wrapped(row[2], room, 0, 0);
        for (const auto line : text::split(why, '\n')) {
            shown.row({first ? row[0] : "", first ? row[1] : "", std::string(line)});
            first = false;
        }
    }
    if (!shown.empty()) shown.print(out);
}

Result<int> run_explain(Session& session, const Args& args) {
    TRY(const model::Table* table, table_known(session, args.table));
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
        if (const auto other = other_way_text(session, *table); !other.empty())
            value.set("hint", text::to_valid_utf8(other));
        if (table->sampled_rows > 0) value.set("sampled_rows", table->sampled_rows);
        value.set("dialects", dialects_json(dialects_of(session, *table)));
        out.object(value.set("files", table->files).set("columns", std::move(columns)));
        return 0;
    }
    out.line(out.paint(Style::bold, out.name(table->full_name())));
    if (table->sampled_rows > 0)
        out.line(fmt::format("  {}; all: neurolake catalog index --full", sample_text(*table)));
    out.labelled_line("  ", out.name(decision_text(*table)));
    if (const auto other = other_way_text(session, *table); !other.empty()) out.labelled_line("  ", out.name(other));
    print_dialects(out, dialects_of(session, *table));
    if (table->columns.empty() && table->bytes == 0) out.line("  " + card_line(out, *table));
    print_reasons(out, *table);
    print_meanings(out, *table);
    print_table_findings(out, *table);
    return 0;
}

}  // namespace

void add_catalog_show(CommandLine catalog, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(catalog, "show", "Everything known of one table", run_show,
                               {"neurolake catalog show raw-data.orders",
                                "neurolake catalog show orders --json | jq '.table.columns[].evidence'"});
    add_table(app, args.table);
}

void add_catalog_explain(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "explain", "Why these files are one table and each column has its type", run_explain,
        {"neurolake catalog explain raw-data.orders",
         "neurolake catalog explain orders --json | jq -r '.columns[] | .name + \": \" + .why'"});
    add_table(app, args.table);
}

}  // namespace neurolake::apps
