// foreign_catalog.cpp: catalog.json of the older data catalog: assets of five kinds, tags, lineage, glossary.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "migrate/foreign_readers.hpp"

namespace neurolake::migrate {
namespace {

std::string name_of_table(const std::string& id, const json::Value& asset) {
    if (std::string full = asset.text("fully_qualified_name"); !full.empty()) return full;
    return asset.text("name", id);
}

class AssetReader {
public:
    AssetReader(const ForeignFile& file, Collection& into) : m_file(file), m_into(into) {
        const json::Value* assets = file.content.find("assets");
        if (!assets) return;
        m_all = &members_of(*assets);
        for (const auto& [id, asset] : *m_all) m_by_id[id] = &asset;
    }

    void read() {
        for (const auto& [id, asset] : *m_all) name(id, asset);
        for (const auto& [id, asset] : *m_all) take(id, asset);
        check_tags();
        read_lineage();
        read_glossary();
    }

private:
    const json::Value* asset_of(std::string_view id) const {
        const auto found = m_by_id.find(id);
        return found == m_by_id.end() ? nullptr : found->second;
    }

    // Ids are made from names, so that two tables may have claimed one: then the record tells another name than its
    // key.
    void name(const std::string& id, const json::Value& asset) {
        const std::string type = asset.text("asset_type");
        if (type == "table") {
            m_into.call(id, name_of_table(id, asset));
            const std::string own = asset.text("asset_id", id);
            const std::string made =
                fmt::format("table_{}_{}_{}", asset.text("database"), asset.text("schema"), asset.text("name"));
            if (own != id || (asset.find("database") && made != id))
                m_into.orphan("collision", id,
                              fmt::format("the record kept under {} is of {}: one of two tables overwrote the other",
                                          id, name_of_table(id, asset)));
        } else if (type == "file") {
            const std::string path = path_in_lake(asset.text("file_path"));
            m_into.call(id, path.empty() ? asset.text("file_path", id) : path);
        }
    }

    void take(const std::string& id, const json::Value& asset) {
        const std::string type = asset.text("asset_type");
        if (type == "table")
            take_table(id, asset);
        else if (type == "file")
            take_file(id, asset);
        else if (type == "column")
            check_column(id, asset);
        else if (asset.is_object())
            m_into.foreign.texts.push_back({type.empty() ? "asset" : type, id, m_file.name, asset});
    }

    void take_words(ForeignTable& table, const json::Value& asset) {
        table.description = asset.text("description");
        table.owner = asset.text("owner");
        table.tags = texts_of(asset, "tags");
        table.created_at = utc_time(asset.text("created_at"));
        table.source = m_file.name;
        auto more = json::Value::object();
        for (const char* key : {"metadata", "access_count", "last_accessed", "size_bytes", "file_path"})
            if (const auto* member = asset.find(key); member && !members_of(*member).empty())
                more.set(key, *member);
            else if (member && !member->is_object() && !member->is_null())
                more.set(key, *member);
        table.more = std::move(more);
    }

    void take_table(const std::string& id, const json::Value& asset) {
        ForeignTable& table = m_into.table(m_into.name_of(id));
        take_words(table, asset);
        if (const auto* columns = asset.find("columns")) table.columns = columns_of(*columns);
        for (ForeignColumn& column : table.columns)
            if (const auto* own = asset_of(fmt::format("{}_col_{}", id, column.name))) {
                if (column.description.empty()) column.description = own->text("description");
                if (column.term.empty()) column.term = own->text("business_term");
                if (own->boolean("sensitive")) column.pii_suggested = true;
            }
    }

    void take_file(const std::string& id, const json::Value& asset) {
        ForeignTable& table = m_into.table(m_into.name_of(id));
        table.kind = "file";
        table.path = path_in_lake(asset.text("file_path"));
        take_words(table, asset);
        if (const auto* schema = asset.find("schema"))
            for (const auto& [name, type] : members_of(*schema)) {
                ForeignColumn column;
                column.name = name;
                column.type = type.is_string() ? *type.as_string() : json::dump(type);
                table.columns.push_back(std::move(column));
            }
    }

    // A table that was registered again keeps column records that it no longer has: its own list is what counts.
    void check_column(const std::string& id, const json::Value& asset) {
        const json::Value* table = asset_of(asset.text("table_id"));
        const std::string name = asset.text("name");
        if (table)
            for (const json::Value& column : table->items("columns"))
                if (column.text("name") == name) return;
        m_into.orphan("column", id,
                      table ? fmt::format("{} no longer has a column {}", m_into.name_of(asset.text("table_id")), name)
                            : fmt::format("column {} of an unknown table", name));
    }

    void check_tags() {
        const json::Value* tags = m_file.content.find("tags");
        if (!tags) return;
        for (const auto& [tag, ids] : members_of(*tags)) {
            if (!ids.is_array()) continue;
            for (const json::Value& item : *ids.as_array()) {
                const std::string* id = item.as_string();
                const json::Value* asset = id ? asset_of(*id) : nullptr;
                const auto own = asset ? texts_of(*asset, "tags") : std::vector<std::string>{};
                if (!id || std::ranges::find(own, tag) != own.end()) continue;
                m_into.orphan("tag", tag,
                              asset ? fmt::format("{} no longer has the tag {}", m_into.name_of(*id), tag)
                                    : fmt::format("the tag {} is on {}, which is not in the catalog", tag, *id));
            }
        }
    }

    std::string end_of_edge(const std::string& id) {
        if (!m_into.knows(id) && !asset_of(id))
            m_into.orphan("asset", id, fmt::format("lineage names {}, which is not in the catalog", id));
        return m_into.name_of(id);
    }

    void read_lineage() {
        const json::Value* lineage = m_file.content.find("lineage");
        if (!lineage) return;
        for (const auto& [id, record] : members_of(*lineage)) {
            const std::string at = utc_time(record.text("created_at"));
            const json::Value* job = asset_of(id);
            m_into.foreign.jobs.push_back(
                {id, job ? job->text("query_text") : "", job ? job->text("description") : "", at});
            for (const std::string& from : texts_of(record, "inputs"))
                for (const std::string& to : texts_of(record, "outputs"))
                    m_into.foreign.edges.push_back({end_of_edge(from), end_of_edge(to), id, {}, at});
        }
    }

    void read_glossary() {
        const json::Value* glossary = m_file.content.find("business_glossary");
        if (!glossary) return;
        for (const auto& [key, record] : members_of(*glossary)) {
            ForeignTerm term{record.text("term", key), record.text("definition"), texts_of(record, "synonyms")};
            for (const std::string& id : texts_of(record, "related_columns")) relate(term.name, id);
            m_into.foreign.terms.push_back(std::move(term));
        }
    }

    void relate(const std::string& term, const std::string& column_id) {
        const json::Value* asset = asset_of(column_id);
        if (!asset) {
            m_into.orphan("column", column_id,
                          fmt::format("the term {} names a column that is not in the catalog", term));
            return;
        }
        if (!m_into.knows(asset->text("table_id"))) return;
        for (ForeignColumn& column : m_into.table(m_into.name_of(asset->text("table_id"))).columns)
            if (column.name == asset->text("name") && column.term.empty()) column.term = term;
    }

    const ForeignFile& m_file;
    Collection& m_into;
    json::Object m_none;
    const json::Object* m_all = &m_none;
    std::unordered_map<std::string_view, const json::Value*> m_by_id;
};

}  // namespace

bool is_asset_catalog(const json::Value& content) {
    const json::Value* assets = content.find("assets");
    return assets && assets->is_object();
}

void read_asset_catalog(const ForeignFile& file, Collection& into) { AssetReader(file, into).read(); }

}  // namespace neurolake::migrate
