// imported.cpp: tables, texts and records of other catalogs as entries of imported.json and back.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/imported.hpp"

#include <fmt/format.h>

#include "migrate/foreign_readers.hpp"
#include "model/json_fields.hpp"

namespace neurolake::migrate {

using model::set_text;
using model::set_texts;
using model::texts_of;

namespace {

json::Value columns_json(const std::vector<ForeignColumn>& columns) {
    auto list = json::Value::array();
    for (const ForeignColumn& column : columns) {
        auto v = json::Value::object().set("name", column.name);
        set_text(v, "type", column.type);
        if (!column.nullable) v.set("nullable", false);
        set_text(v, "description", column.description);
        set_text(v, "term", column.term);
        if (column.pii_suggested) v.set("pii_suggested", true);
        if (column.not_pii) v.set("not_pii", true);
        if (column.pii) v.set("pii", true);
        list.push(std::move(v));
    }
    return list;
}

std::vector<ForeignColumn> columns_from(const json::Value& entry) {
    std::vector<ForeignColumn> out;
    for (const json::Value& v : entry.items("columns")) {
        ForeignColumn column{v.text("name"),        v.text("type"),  v.boolean("nullable", true),
                             v.text("description"), v.text("term"),  v.boolean("pii_suggested"),
                             v.boolean("not_pii"),  v.boolean("pii")};
        out.push_back(std::move(column));
    }
    return out;
}

json::Value versions_json(const std::vector<ForeignVersion>& versions) {
    auto list = json::Value::array();
    for (const ForeignVersion& version : versions) {
        auto v = json::Value::object().set("version", version.version);
        set_text(v, "seen_at", version.seen_at);
        set_text(v, "description", version.description);
        list.push(v.set("columns", columns_json(version.columns)));
    }
    return list;
}

}  // namespace

std::string entry_id(std::string_view kind, std::string_view name) { return fmt::format("{}:{}", kind, name); }

bool is_table_entry(const json::Value& entry) {
    const std::string kind = entry.text("kind");
    return kind == "table" || kind == "file";
}

json::Value to_json(const Imported& imported) {
    const ForeignTable& t = imported.table;
    auto v = json::Value::object().set("id", entry_id(t.kind, t.name)).set("kind", t.kind).set("name", t.name);
    set_text(v, "attached", imported.attached);
    set_text(v, "path", t.path);
    set_text(v, "description", t.description);
    set_text(v, "owner", t.owner);
    set_texts(v, "tags", t.tags);
    set_texts(v, "terms", t.terms);
    set_text(v, "compatibility", t.compatibility);
    if (!t.columns.empty()) v.set("columns", columns_json(t.columns));
    if (!t.versions.empty()) v.set("versions", versions_json(t.versions));
    set_text(v, "suggested_description", t.suggested_description);
    set_texts(v, "suggested_tags", t.suggested_tags);
    set_text(v, "created_at", t.created_at);
    if (!members_of(t.more).empty()) v.set("more", t.more);
    return v.set("source", t.source).set("imported_at", imported.imported_at);
}

Imported imported_from_json(const json::Value& entry) {
    Imported out;
    ForeignTable& t = out.table;
    t.kind = entry.text("kind", "table");
    t.name = entry.text("name");
    out.attached = entry.text("attached");
    t.path = entry.text("path");
    t.description = entry.text("description");
    t.owner = entry.text("owner");
    t.tags = texts_of(entry, "tags");
    t.terms = texts_of(entry, "terms");
    t.compatibility = entry.text("compatibility");
    t.columns = columns_from(entry);
    for (const json::Value& v : entry.items("versions"))
        t.versions.push_back({v.natural("version", 1), v.text("seen_at"), v.text("description"), columns_from(v)});
    t.suggested_description = entry.text("suggested_description");
    t.suggested_tags = texts_of(entry, "suggested_tags");
    t.created_at = entry.text("created_at");
    if (const auto* more = entry.find("more")) t.more = *more;
    t.source = entry.text("source");
    out.imported_at = entry.text("imported_at");
    return out;
}

json::Value to_json(const ForeignText& text, const std::string& imported_at) {
    auto v =
        json::Value::object().set("id", entry_id(text.kind, text.name)).set("kind", text.kind).set("name", text.name);
    return v.set("content", text.content).set("source", text.source).set("imported_at", imported_at);
}

std::string_view to_string(RecordedFile::State state) {
    constexpr std::string_view k_words[] = {"here", "beside", "lost", "refused"};
    return k_words[static_cast<std::size_t>(state)];
}

json::Value to_json(const RecordedFile& file, const std::string& source, const std::string& imported_at) {
    auto v = json::Value::object()
                 .set("id", entry_id("lost_file", file.path))
                 .set("kind", "lost_file")
                 .set("name", file.path);
    v.set("size", file.size).set("tier", file.tier);
    set_text(v, "evicted_at", file.evicted_at);
    set_text(v, "cloud_bucket", file.cloud_bucket);
    return v.set("source", source).set("imported_at", imported_at);
}

}  // namespace neurolake::migrate
