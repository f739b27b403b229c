// foreign_stores.cpp: the smaller files: schema registry, metadata, transformations, patterns, NCF table storage.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "migrate/foreign_readers.hpp"

namespace neurolake::migrate {

namespace {

// One member that fits tells what the file is; the others may be damaged, and are told.
bool any_member(const json::Value& content, bool (*fits)(const json::Value&)) {
    return std::ranges::any_of(members_of(content), [&](const auto& m) { return fits(m.second); });
}

bool is_version(const json::Value& value) { return value.find("columns") != nullptr; }

void take_columns(std::vector<ForeignColumn>& into, const json::Value& schema) {
    for (const auto& [name, type] : members_of(schema)) {
        ForeignColumn column;
        column.name = name;
        column.type = type.is_string() ? *type.as_string() : json::dump(type);
        into.push_back(std::move(column));
    }
}

}  // namespace

bool is_schema_registry(const json::Value& content) {
    return any_member(content, [](const json::Value& versions) {
        const json::Array* list = versions.as_array();
        return list &&
               std::ranges::any_of(*list, [](const json::Value& v) { return is_version(v) && v.find("version"); });
    });
}

void read_schema_registry(const ForeignFile& file, Collection& into) {
    for (const auto& [name, versions] : members_of(file.content)) {
        const json::Array* list = versions.as_array();
        if (!list || std::ranges::none_of(*list, is_version)) continue;
        ForeignTable& table = into.table(into.name_of(name));
        if (table.source.empty()) table.source = file.name;
        table.versions.clear();
        for (const json::Value& item : *list) {
            if (!is_version(item)) continue;
            ForeignVersion version;
            version.version = item.natural("version", table.versions.size() + 1);
            version.seen_at = utc_time(item.text("created_at"));
            version.description = item.text("description");
            version.columns = columns_of(*item.find("columns"));
            table.versions.push_back(std::move(version));
        }
        for (auto newest = table.versions.rbegin(); table.columns.empty() && newest != table.versions.rend(); ++newest)
            table.columns = newest->columns;
    }
}

bool is_metadata_store(const json::Value& content) {
    const json::Value* all = content.find("metadata");
    return all && content.as_object()->size() == 1 &&
           (members_of(*all).empty() || any_member(*all, [](const json::Value& m) {
                return m.find("original_data") || m.find("ai_generated_description");
            }));
}

// Descriptions and flags made by a program: kept as suggestions, never as facts.
void read_metadata_store(const ForeignFile& file, Collection& into) {
    for (const auto& [id, record] : members_of(*file.content.find("metadata"))) {
        if (!record.is_object()) continue;
        const json::Value* data = record.find("original_data");
        if (data && data->text("asset_type", "table") != "table") {
            into.foreign.texts.push_back({"metadata", id, file.name, record});
            continue;
        }
        std::string name = into.name_of(id);
        if (name == id && data)
            name = data->text("fully_qualified_name", data->text("table_name", data->text("name", id)));
        ForeignTable& table = into.table(name);
        if (table.source.empty()) table.source = file.name;
        table.suggested_description = record.text("ai_generated_description");
        table.suggested_tags = texts_of(record, "suggested_tags");
        std::sort(table.suggested_tags.begin(), table.suggested_tags.end());
        ForeignTable more;
        more.name = name;
        if (data) {
            more.description = data->text("description");
            more.owner = data->text("owner");
            more.tags = texts_of(*data, "tags");
        }
        if (const auto* columns = record.find("enriched_columns")) more.columns = columns_of(*columns);
        for (ForeignColumn& column : more.columns) column.term.clear();  // the column's name again, in other letters
        merge(table, more);
    }
}

bool is_transformations(const json::Value& content) {
    const json::Value* all = content.find("transformations");
    return all && all->is_object();
}

void read_transformations(const ForeignFile& file, Collection& into) {
    for (const auto& [id, record] : members_of(*file.content.find("transformations")))
        into.foreign.texts.push_back({"transformation", id, file.name, record});
}

bool is_pattern_catalog(const json::Value& content) {
    const json::Value* pipelines = content.find("pipelines");
    return pipelines && pipelines->is_object() && !content.find("assets");
}

void read_pattern_catalog(const ForeignFile& file, Collection& into) {
    constexpr std::pair<std::string_view, const char*> k_lists[] = {{"pipelines", "pipeline"},
                                                                    {"patterns", "pattern"},
                                                                    {"templates", "template"},
                                                                    {"business_rules", "business_rule"}};
    for (const auto& [list, kind] : k_lists)
        if (const json::Value* all = file.content.find(list))
            for (const auto& [id, record] : members_of(*all))
                into.foreign.texts.push_back({kind, id, file.name, record});
}

// <table>/_metadata.json with, beside it, _history.json (read along by the caller as the member "history").
bool is_table_storage(const json::Value& content) {
    const json::Value* schema = content.find("schema");
    return schema && schema->is_object() && content.find("name") &&
           (content.find("min_reader_version") || content.find("location") || content.find("partition_columns"));
}

namespace {

// The files from the last overwrite on are what counts; MERGE, OPTIMIZE and VACUUM wrote none.
json::Value live_versions(const json::Value& content) {
    const std::uint64_t newest = content.natural("version");
    json::Array live;
    for (const json::Value& entry : content.items("history")) {
        if (entry.text("operation") != "WRITE" || entry.natural("version") > newest ||
            entry.natural("files_added") == 0)
            continue;
        if (entry.text("mode") == "overwrite") live.clear();
        live.emplace_back(entry.natural("version"));
    }
    return live;
}

}  // namespace

void read_table_storage(const ForeignFile& file, Collection& into) {
    const json::Value& content = file.content;
    const std::string folder = file.path.parent_path().filename().string();  // where it lies, it is called so, too
    ForeignTable& table = into.table(content.text("name").empty() ? folder : content.text("name"));
    ForeignTable more;
    more.description = content.text("description");
    take_columns(more.columns, *content.find("schema"));
    if (const auto* properties = content.find("properties")) more.owner = properties->text("owner");
    merge(table, more);
    if (table.source.empty()) table.source = file.name;
    if (table.created_at.empty()) table.created_at = utc_time(content.text("created_at"));
    auto rest = json::Value::object();
    for (const char* key : {"partition_columns", "location", "properties", "version", "history"})
        if (const auto* member = content.find(key)) rest.set(key, *member);
    if (content.find("history")) rest.set("live_versions", live_versions(content));
    table.more = std::move(rest);
}

bool is_storage_records(const json::Value& content) {
    return any_member(content,
                      [](const json::Value& record) { return record.find("tier") && record.find("size_bytes"); });
}

void read_storage_records(const ForeignFile& file, Collection& into) {
    for (const auto& [key, record] : members_of(file.content)) {
        if (!record.is_object()) continue;
        RecordedFile recorded;
        recorded.path = key;
        recorded.source = file.name;
        recorded.tier = record.text("tier");
        recorded.evicted_at = utc_time(record.text("evicted_at"));
        recorded.cloud_bucket = record.text("cloud_bucket");
        recorded.size = record.natural("size_bytes");
        recorded.found = file.path.parent_path();  // looked at by the caller
        into.foreign.files.push_back(std::move(recorded));
    }
}

}  // namespace neurolake::migrate
