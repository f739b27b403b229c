// foreign_export.cpp: our own `catalog export --format json`, of this lake or of another one.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "migrate/foreign_readers.hpp"
#include "model/table.hpp"

namespace neurolake::migrate {
namespace {

ForeignColumn column_of(const model::Column& column) {
    ForeignColumn out;
    out.name = column.name;
    out.type = model::to_string(column.type);
    out.nullable = column.nullable;
    out.description = column.description;
    out.term = column.term;
    out.pii = column.semantic_evidence.source == "person" && !column.not_pii;
    out.pii_suggested = column.pii && !out.pii;
    out.not_pii = column.not_pii;
    return out;
}

void take_table(const json::Value& entry, const std::string& source, Collection& into) {
    const auto parsed = model::table_from_json(entry);
    if (!parsed) {
        into.orphan("table", entry.text("name"), parsed.error().message);
        return;
    }
    if (!parsed->deleted_at.empty()) return;
    ForeignTable& table = into.table(parsed->full_name());
    table.path = parsed->bucket + "/" + parsed->path;
    table.description = parsed->description;
    table.owner = parsed->owner;
    table.compatibility = parsed->compatibility;
    table.tags = parsed->tags;
    table.terms = parsed->terms;
    for (const auto* columns : {&parsed->columns, &parsed->partition_columns})
        for (const model::Column& column : *columns) table.columns.push_back(column_of(column));
    table.created_at = parsed->first_seen;
    table.source = source;
    into.call(parsed->id, table.name);
}

void take_history(const json::Value& entry, Collection& into) {
    const auto history = model::history_from_json(entry);
    if (!history || !into.knows(history->table_id)) return;
    for (const model::SchemaVersion& version : history->versions) {
        ForeignVersion out{version.version, version.seen_at, "", {}};
        for (const model::Column& column : version.columns) out.columns.push_back(column_of(column));
        into.table(into.name_of(history->table_id)).versions.push_back(std::move(out));
    }
}

std::vector<std::string> entries_of(const json::Value& content, std::string_view list) {
    std::vector<std::string> out;
    for (const json::Value& entry : content.items(list))
        if (!entry.text("id").empty()) out.push_back(json::dump(entry));
    return out;
}

}  // namespace

// All lists are written, also empty ones: what lacks one was cut or changed.
Status check_own_export(const json::Value& content) {
    for (const char* list : {"tables", "histories", "samples", "lineage", "glossary", "imported"})
        if (const json::Value* found = content.find(list); !found || !found->is_array())
            return Error(Errc::corrupt, fmt::format("it has no list \"{}\"", list));
    for (const json::Value& entry : content.items("tables"))
        if (const auto table = model::table_from_json(entry); !table)
            return Error(Errc::corrupt, fmt::format("table \"{}\": {}", entry.text("name"), table.error().message));
    for (const json::Value& entry : content.items("histories"))
        if (const auto history = model::history_from_json(entry); !history)
            return Error(Errc::corrupt,
                         fmt::format("history of \"{}\": {}", entry.text("table"), history.error().message));
    return {};
}

bool is_own_export(const json::Value& content) { return content.text("schema") == "neurolake.catalog.export/1"; }

void read_own_export(const ForeignFile& file, Collection& into) {
    const json::Value& content = file.content;
    into.foreign.lake = content.text("lake");
    for (const json::Value& entry : content.items("tables")) take_table(entry, file.name, into);
    for (const json::Value& entry : content.items("histories")) take_history(entry, into);
    into.foreign.lineage_entries = entries_of(content, "lineage");
    into.foreign.glossary_entries = entries_of(content, "glossary");
    into.foreign.imported_entries = entries_of(content, "imported");
}

}  // namespace neurolake::migrate
