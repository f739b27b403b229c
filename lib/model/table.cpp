// table.cpp: tables and schema versions to JSON and back; what changed between two sets of columns.
// SPDX-License-Identifier: Apache-2.0
#include "model/table.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "model/compatibility.hpp"
#include "model/json_fields.hpp"

namespace neurolake::model {
namespace {

// One row an enum value: what is written and what is understood.
template <typename Enum, std::size_t N>
using Words = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Words<GroupingRule, 4> k_rules{{{GroupingRule::override_file, "override_file"},
                                          {GroupingRule::partitions, "partitions"},
                                          {GroupingRule::folder, "folder"},
                                          {GroupingRule::single_file, "single_file"}}};
constexpr Words<TableTier, 3> k_tiers{
    {{TableTier::local, "local"}, {TableTier::cloud, "cloud"}, {TableTier::mixed, "mixed"}}};
constexpr Words<Finding::Severity, 3> k_severities{
    {{Finding::Severity::note, "note"}, {Finding::Severity::warning, "warning"}, {Finding::Severity::error, "error"}}};

template <typename Enum, std::size_t N>
std::string_view word_of(const Words<Enum, N>& words, Enum value) {
    for (const auto& [known, word] : words)
        if (known == value) return word;
    return words[0].second;
}

template <typename Enum, std::size_t N>
Result<Enum> value_of(const Words<Enum, N>& words, const json::Value& from, std::string_view key) {
    const std::string word = from.text(key);
    for (const auto& [known, name] : words)
        if (name == word) return known;
    return Error(Errc::corrupt,
                 "read the catalog: \"" + std::string(key) + "\" is \"" + word + "\", which is no known word");
}

constexpr std::string_view k_catalog = "the catalog";

json::Value to_json(const Evidence& e) {
    json::Value v = json::Value::object();
    set_count(v, "values", e.values);
    set_count(v, "nulls", e.nulls);
    if (e.min) json::set_path(v, "min", *e.min);
    if (e.max) json::set_path(v, "max", *e.max);
    set_count(v, "longest", e.longest);
    if (e.distinct) v.set("distinct", *e.distinct);
    set_text(v, "reason", e.reason);
    set_count(v, "forced_row", e.forced_row);
    set_text(v, "forced_path", e.forced_path);
    return v;
}

Evidence evidence_from_json(const json::Value& v) {
    Evidence e;
    e.values = v.natural("values");
    e.nulls = v.natural("nulls");
    if (v.find("min")) e.min = json::get_path(v, "min");
    if (v.find("max")) e.max = json::get_path(v, "max");
    e.longest = v.natural("longest");
    if (const auto* distinct = v.find("distinct")) e.distinct = distinct->as_uint();
    e.reason = json::get_path(v, "reason");
    e.forced_row = v.natural("forced_row");
    e.forced_path = json::get_path(v, "forced_path");
    return e;
}

json::Value to_json(const SemanticEvidence& e) {
    json::Value v = json::Value::object();
    v.set("source", e.source);
    set_count(v, "checked", e.checked);
    set_count(v, "matched", e.matched);
    set_text(v, "sample", e.sample);
    set_text(v, "field", e.field);
    set_count(v, "first_rows", e.first_rows);
    return v;
}

SemanticEvidence semantic_from_json(const json::Value& v) {
    SemanticEvidence e;
    e.source = v.text("source");
    e.checked = v.natural("checked");
    e.matched = v.natural("matched");
    e.sample = json::get_path(v, "sample");
    e.field = json::get_path(v, "field");
    e.first_rows = v.natural("first_rows");
    return e;
}

json::Value to_json(const Partition& p) {
    json::Value values = json::Value::array();
    for (const std::string& value : p.values) {
        json::Value cell = json::Value::object();
        json::set_path(cell, "value", value);
        // Plain text in the common case; the object form only for bytes that are no UTF-8.
        values.push(cell.find("value_b64") ? std::move(cell) : json::Value(value));
    }
    json::Value v = json::Value::object();
    v.set("values", std::move(values));
    json::set_path(v, "path", p.path);
    v.set("files", p.files).set("bytes", p.bytes).set("rows", p.rows);
    if (!p.rows_exact) v.set("rows_exact", false);
    return v;
}

Partition partition_from_json(const json::Value& v) {
    Partition p;
    for (const json::Value& cell : v.items("values"))
        p.values.push_back(cell.is_string() ? *cell.as_string() : json::get_path(cell, "value"));
    p.path = json::get_path(v, "path");
    p.files = v.natural("files");
    p.bytes = v.natural("bytes");
    p.rows = v.natural("rows");
    p.rows_exact = v.boolean("rows_exact", true);
    return p;
}

template <typename Items>
json::Value list_of(const Items& items) {
    json::Value list = json::Value::array();
    for (const auto& item : items) list.push(to_json(item));
    return list;
}

Result<std::vector<Column>> columns_from_json(const json::Value& v, std::string_view key) {
    std::vector<Column> columns;
    for (const json::Value& item : v.items(key)) {
        TRY(Column column, column_from_json(item));
        columns.push_back(std::move(column));
    }
    return columns;
}

void set_identity(json::Value& v, const Table& t) {
    json::set_path(v, "name", t.full_name());
    v.set("id", t.id).set("bucket", t.bucket);
    json::set_path(v, "path", t.path);
    v.set("is_folder", t.is_folder).set("rule", to_string(t.rule));
    set_text(v, "deleted_at", t.deleted_at);
    v.set("format", t.format);
    set_text(v, "rule_reason", t.rule_reason);
    set_text(v, "description", t.description);
    set_text(v, "owner", t.owner);
    set_texts(v, "tags", t.tags);
    set_texts(v, "terms", t.terms);
    set_text(v, "compatibility", t.compatibility);
}

void set_sizes(json::Value& v, const Table& t) {
    set_count(v, "sampled_rows", t.sampled_rows);
    v.set("rows", t.rows).set("rows_exact", t.rows_exact).set("bytes", t.bytes).set("files", t.files);
    v.set("tier", to_string(t.tier));
    set_count(v, "cloud_files", t.cloud_files);
    set_count(v, "cloud_bytes", t.cloud_bytes);
    set_texts(v, "cloud_partitions", t.cloud_partitions);
}

void set_times(json::Value& v, const Table& t) {
    set_text(v, "first_seen", t.first_seen);
    set_text(v, "indexed_at", t.indexed_at);
    set_text(v, "modified_at", t.modified_at);
}

void read_sizes(Table& t, const json::Value& v) {
    t.rows = v.natural("rows");
    t.rows_exact = v.boolean("rows_exact", true);
    t.sampled_rows = v.natural("sampled_rows");
    t.bytes = v.natural("bytes");
    t.files = v.natural("files");
    t.cloud_files = v.natural("cloud_files");
    t.cloud_bytes = v.natural("cloud_bytes");
    t.cloud_partitions = texts_of(v, "cloud_partitions");
    t.schema_version = static_cast<std::uint32_t>(v.natural("schema_version", 1));
    t.first_seen = v.text("first_seen");
    t.indexed_at = v.text("indexed_at");
    t.modified_at = v.text("modified_at");
}

Status read_identity(Table& t, const json::Value& v) {
    const std::string full = json::get_path(v, "name");
    t.id = v.text("id");
    t.bucket = v.text("bucket");
    if (t.id.empty()) return missing(k_catalog, "a table", "id");
    if (t.bucket.empty()) return missing(k_catalog, "table " + full, "bucket");
    if (full.size() <= t.bucket.size() + 1 || full.compare(0, t.bucket.size() + 1, t.bucket + ".") != 0)
        return Error(Errc::corrupt,
                     "read the catalog: table name \"" + full + "\" is not \"" + t.bucket + ".<table>\"");
    t.name = full.substr(t.bucket.size() + 1);
    t.path = json::get_path(v, "path");
    t.is_folder = v.boolean("is_folder", true);
    t.format = v.text("format", "unknown");
    TRY(t.rule, value_of(k_rules, v, "rule"));
    TRY(t.tier, value_of(k_tiers, v, "tier"));
    t.rule_reason = json::get_path(v, "rule_reason");
    t.description = json::get_path(v, "description");
    t.owner = json::get_path(v, "owner");
    t.tags = texts_of(v, "tags");
    t.terms = texts_of(v, "terms");
    t.compatibility = v.text("compatibility");
    t.deleted_at = v.text("deleted_at");
    return {};
}

}  // namespace

std::string_view to_string(GroupingRule rule) { return word_of(k_rules, rule); }
std::string_view to_string(TableTier tier) { return word_of(k_tiers, tier); }
std::string_view to_string(Finding::Severity severity) { return word_of(k_severities, severity); }

json::Value to_json(const Finding& f) {
    json::Value v = json::Value::object();
    v.set("severity", to_string(f.severity)).set("code", f.code);
    set_text(v, "path", f.path);
    set_count(v, "line", f.line);
    set_text(v, "message", f.message);
    return v;
}

Result<Finding> finding_from_json(const json::Value& v) {
    Finding f;
    TRY(f.severity, value_of(k_severities, v, "severity"));
    f.code = v.text("code");
    f.path = json::get_path(v, "path");
    f.line = v.natural("line");
    f.message = json::get_path(v, "message");
    return f;
}

json::Value to_json(const Column& c) {
    json::Value v = json::Value::object();
    json::set_path(v, "name", c.name);
    json::set_path(v, "type", to_string(c.type));
    v.set("nullable", c.nullable).set("pii", c.pii);
    if (c.not_pii) v.set("not_pii", true);
    set_text(v, "semantic", c.semantic);
    if (!c.semantic_evidence.source.empty()) v.set("semantic_evidence", to_json(c.semantic_evidence));
    set_text(v, "description", c.description);
    set_text(v, "term", c.term);
    if (!(c.evidence == Evidence{})) v.set("evidence", to_json(c.evidence));
    return v;
}

Result<Column> column_from_json(const json::Value& v) {
    Column c;
    if (!v.find("name")) return missing(k_catalog, "a column", "name");
    c.name = json::get_path(v, "name");
    auto type = parse_type(json::get_path(v, "type"));
    if (!type) return Error(Errc::corrupt, "read the catalog: column \"" + c.name + "\": " + type.error().message);
    c.type = std::move(*type);
    c.nullable = v.boolean("nullable", true);
    c.pii = v.boolean("pii");
    c.not_pii = v.boolean("not_pii");
    c.semantic = v.text("semantic");
    if (const json::Value* why = v.find("semantic_evidence")) c.semantic_evidence = semantic_from_json(*why);
    c.description = json::get_path(v, "description");
    c.term = json::get_path(v, "term");
    if (const json::Value* evidence = v.find("evidence")) c.evidence = evidence_from_json(*evidence);
    return c;
}

json::Value to_json(const Table& t) {
    json::Value v = json::Value::object();
    set_identity(v, t);
    v.set("columns", list_of(t.columns));
    if (!t.partition_columns.empty()) v.set("partition_columns", list_of(t.partition_columns));
    if (!t.partitions.empty()) v.set("partitions", list_of(t.partitions));
    set_sizes(v, t);
    v.set("schema_version", t.schema_version);
    set_times(v, t);
    if (!t.findings.empty()) v.set("findings", list_of(t.findings));
    return v;
}

Result<Table> table_from_json(const json::Value& v) {
    Table t;
    TRY_DO(read_identity(t, v));
    TRY(t.columns, columns_from_json(v, "columns").with_context(t.full_name()));
    TRY(t.partition_columns, columns_from_json(v, "partition_columns").with_context(t.full_name()));
    for (const json::Value& item : v.items("partitions")) t.partitions.push_back(partition_from_json(item));
    for (const json::Value& item : v.items("findings")) {
        TRY(Finding finding, finding_from_json(item));
        t.findings.push_back(std::move(finding));
    }
    read_sizes(t, v);
    return t;
}

json::Value to_json(const SchemaHistory& h) {
    json::Value v = json::Value::object();
    json::set_path(v, "table", h.table);
    v.set("id", h.table_id);
    json::Value versions = json::Value::array();
    for (const SchemaVersion& version : h.versions) {
        json::Value item = json::Value::object();
        item.set("version", version.version).set("seen_at", version.seen_at);
        item.set("columns", list_of(version.columns));
        item.set("changes", texts_to_json(version.changes)).set("breaking", version.breaking);
        set_text(item, "compatibility", version.compatibility);
        if (!version.gone.empty()) item.set("gone", list_of(version.gone));
        versions.push(std::move(item));
    }
    v.set("versions", std::move(versions));
    return v;
}

Result<SchemaHistory> history_from_json(const json::Value& v) {
    SchemaHistory h;
    h.table_id = v.text("id");
    if (h.table_id.empty()) return missing(k_catalog, "a schema history", "id");
    h.table = json::get_path(v, "table");
    for (const json::Value& item : v.items("versions")) {
        SchemaVersion version;
        version.version = static_cast<std::uint32_t>(item.natural("version", 1));
        version.seen_at = item.text("seen_at");
        TRY(version.columns, columns_from_json(item, "columns").with_context(h.table));
        version.changes = texts_of(item, "changes");
        version.breaking = item.boolean("breaking");
        version.compatibility = item.text("compatibility");
        TRY(version.gone, columns_from_json(item, "gone").with_context(h.table));
        h.versions.push_back(std::move(version));
    }
    return h;
}

namespace {

// With the "!" of what may not be null where the other side differs in that.
std::string type_text(const Column& column, const Column& other) {
    return to_string(column.type) + (column.nullable != other.nullable && !column.nullable ? "!" : "");
}

}  // namespace

SchemaVersion diff(const std::vector<Column>& before, const std::vector<Column>& after) {
    SchemaVersion out;
    for (const Column& c : after) {
        Column bare;
        bare.name = c.name;
        bare.type = c.type;
        bare.nullable = c.nullable;
        out.columns.push_back(std::move(bare));
    }
    std::unordered_map<std::string_view, const Column*> now;
    for (const Column& c : after) now.emplace(c.name, &c);
    std::unordered_map<std::string_view, const Column*> then;
    for (const Column& c : before) {
        then.emplace(c.name, &c);
        const auto kept = now.find(c.name);
        if (kept == now.end())
            out.changes.push_back("- " + c.name);
        else if (!(kept->second->type == c.type) || kept->second->nullable != c.nullable)
            out.changes.push_back("~ " + c.name + " " + type_text(c, *kept->second) + " -> " +
                                  type_text(*kept->second, c));
    }
    for (const Column& c : after)
        if (!then.contains(c.name)) out.changes.push_back("+ " + c.name + " " + to_string(c.type));
    if (out.changes.empty()) return out;
    const Compatibility found = compatibility(before, after);
    out.compatibility = found.verdict();
    out.breaking = !found.lost.empty();
    return out;
}

}  // namespace neurolake::model
