// foreign_database.cpp: nuic.db: data sets, columns, versions and lineage, read by SQL and taken over as words.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/foreign_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "catalog/sqlite.hpp"
#include "migrate/foreign_readers.hpp"
#include "migrate/tolerant_json.hpp"

namespace neurolake::migrate {
namespace {

// The tables that are read, each with the columns that matter and the order of its rows.
struct Part {
    std::string_view table, columns, order;
};
constexpr Part k_parts[] = {
    {"datasets",
     "dataset_id, dataset_name, schema_version, quality_score, row_count, size_bytes, storage_location, routing_path, "
     "status, created_at, updated_at, tags, metadata",
     "dataset_id"},
    {"columns", "dataset_id, schema_version, column_name, data_type, nullable, pii_type, position",
     "dataset_id, position, column_id"},
    {"schema_versions", "dataset_id, schema_version, columns, changed_at, changed_by, change_description",
     "dataset_id, changed_at, version_id"},
    {"lineage",
     "lineage_id, source_dataset_id, target_dataset_id, lineage_type, transformation_code, created_at, metadata",
     "lineage_id"},
    {"column_lineage", "lineage_id, source_column, target_column, transformation", "column_lineage_id"},
    {"dataset_tags", "dataset_id, tag", "dataset_id, tag"},
    {"quality_metrics",
     "dataset_id, measured_at, overall_score, completeness, accuracy, consistency, timeliness, uniqueness, validity, "
     "issues_found",
     "measured_at, metric_id"},
};

Result<json::Value> rows_of(catalog::SqlSession& session, const Part& part) {
    auto rows = json::Value::array();
    TRY(const bool there, session.has_table(part.table));
    if (!there) return rows;
    std::vector<std::string> names;
    for (std::size_t at = 0; at < part.columns.size();) {
        const std::size_t end = std::min(part.columns.find(", ", at), part.columns.size());
        names.emplace_back(part.columns.substr(at, end - at));
        at = end + 2;
    }
    TRY_DO(session.read(fmt::format("SELECT {} FROM {} ORDER BY {}", part.columns, part.table, part.order), {},
                        [&](const catalog::SqlRow& row) {
                            auto object = json::Value::object();
                            for (std::size_t i = 0; i < names.size(); ++i)
                                if (row[i]) object.set(names[i], *row[i]);
                            rows.push(std::move(object));
                            return Status();
                        }));
    return rows;
}

// A member that is JSON kept as text.
json::Value parsed(const json::Value& row, std::string_view key) {
    auto value = parse_tolerantly(row.text(key));
    return value ? std::move(*value) : json::Value(row.text(key));
}

std::uint64_t whole_number(const std::string& text, std::uint64_t otherwise) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed == std::errc() && end == text.data() + text.size() && number > 0 ? number : otherwise;
}

class DatabaseReader {
public:
    DatabaseReader(const ForeignFile& file, Collection& into)
        : m_file(file), m_database(*file.content.find("database")), m_into(into) {}

    void read() {
        for (const json::Value& dataset : m_database.items("datasets")) take(dataset);
        for (const json::Value& column : m_database.items("columns")) take_column(column);
        for (const json::Value& tag : m_database.items("dataset_tags"))
            if (ForeignTable* table = table_of(tag, "dataset_id")) add(table->tags, tag.text("tag"));
        for (const json::Value& version : m_database.items("schema_versions")) take_version(version);
        for (const json::Value& measured : m_database.items("quality_metrics"))
            if (ForeignTable* table = table_of(measured, "dataset_id")) table->more.set("quality", measured);
        for (const json::Value& edge : m_database.items("lineage")) take_edge(edge);
    }

private:
    static void add(std::vector<std::string>& words, const std::string& word) {
        if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    }

    // NCF tables are registered as ncf_<table>; elsewhere they have their own name.
    static std::string name_of(const json::Value& dataset, const std::vector<std::string>& tags) {
        std::string name = dataset.text("dataset_name", dataset.text("dataset_id"));
        const bool ncf = name.starts_with("ncf_") && std::ranges::find(tags, "ncf") != tags.end();
        return ncf ? name.substr(4) : name;
    }

    void take(const json::Value& dataset) {
        const std::string id = dataset.text("dataset_id");
        const std::vector<std::string> tags =
            texts_of(json::Value::object().set("tags", parsed(dataset, "tags")), "tags");
        const std::string name = name_of(dataset, tags);
        if (dataset.text("status") == "deleted") {
            m_into.orphan("dropped_table", id, fmt::format("{} was deleted there", name));
            return;
        }
        if (const auto [at, fresh] = m_version_of.try_emplace(id, dataset.text("schema_version")); !fresh) return;
        m_into.call(id, name);
        ForeignTable& table = m_into.table(name);
        if (table.source.empty()) table.source = m_file.name;
        if (table.path.empty()) table.path = path_in_lake(dataset.text("storage_location"));
        for (const std::string& tag : tags) add(table.tags, tag);
        const json::Value metadata = parsed(dataset, "metadata");
        if (table.description.empty()) table.description = metadata.text("description");
        if (table.owner.empty()) table.owner = metadata.text("owner");
        if (table.more.is_null()) table.more = json::Value::object();
        // Times stand there in the local time of a machine that is not told.
        for (const char* key : {"schema_version", "quality_score", "row_count", "size_bytes", "storage_location",
                                "routing_path", "status", "created_at", "updated_at"})
            if (const json::Value* value = dataset.find(key)) table.more.set(key, *value);
        if (!members_of(metadata).empty()) table.more.set("metadata", metadata);
    }

    ForeignTable* table_of(const json::Value& row, std::string_view key) {
        const std::string id = row.text(key);
        return m_version_of.contains(id) ? &m_into.table(m_into.name_of(id)) : nullptr;
    }

    void take_column(const json::Value& row) {
        ForeignTable* table = table_of(row, "dataset_id");
        if (!table) {
            m_into.orphan("column", row.text("column_name"),
                          fmt::format("column {} of an unknown data set", row.text("column_name")));
            return;
        }
        if (row.text("schema_version") != m_version_of[row.text("dataset_id")]) return;
        ForeignColumn column;
        column.name = row.text("column_name");
        column.type = row.text("data_type");
        column.nullable = row.text("nullable", "1") != "0";
        column.pii_suggested = row.text("pii_type", "none") != "none";
        const auto same = std::ranges::find(table->columns, column.name, &ForeignColumn::name);
        if (same == table->columns.end())
            table->columns.push_back(std::move(column));
        else
            same->pii_suggested |= column.pii_suggested;
    }

    void take_version(const json::Value& row) {
        ForeignTable* table = table_of(row, "dataset_id");
        if (!table) return;
        std::vector<ForeignVersion>& versions = table->versions;
        ForeignVersion version;
        version.version = whole_number(row.text("schema_version"), versions.size() + 1);
        version.description = row.text("change_description");
        version.columns = columns_of(parsed(row, "columns"));
        if (std::ranges::find(versions, version.version, &ForeignVersion::version) == versions.end())
            versions.push_back(std::move(version));
    }

    void take_edge(const json::Value& row) {
        const std::string id = row.text("lineage_id"), from = row.text("source_dataset_id"),
                          to = row.text("target_dataset_id");
        for (const std::string& end : {from, to})
            if (!m_into.knows(end))
                m_into.orphan("asset", end, fmt::format("lineage names {}, which is not in the catalog", end));
        ForeignEdge edge{m_into.name_of(from), m_into.name_of(to), id, {}, ""};
        for (const json::Value& columns : m_database.items("column_lineage"))
            if (columns.text("lineage_id") == id)
                edge.columns.emplace_back(columns.text("source_column"), columns.text("target_column"));
        std::ranges::sort(edge.columns);
        m_into.foreign.jobs.push_back({id, "", row.text("lineage_type"), ""});
        m_into.foreign.edges.push_back(std::move(edge));
        if (!row.text("transformation_code").empty())
            m_into.foreign.texts.push_back({"transformation", id, m_file.name, row});
    }

    const ForeignFile& m_file;
    const json::Value& m_database;
    Collection& m_into;
    std::map<std::string, std::string> m_version_of;  // of the data sets that are there
};

}  // namespace

bool is_sqlite_file(std::string_view beginning) {
    return beginning.starts_with(std::string_view("SQLite format 3\0", 16));
}

Result<json::Value> read_database(const std::filesystem::path& file) {
    auto database = json::Value::object();
    TRY_DO(catalog::read_sqlite_file(file, [&](catalog::SqlSession& session) -> Status {
        TRY(const bool known, session.has_table("datasets"));
        if (!known) return Error(Errc::usage, "it is a database, but no catalog that is known here");
        for (const Part& part : k_parts) {
            TRY(json::Value rows, rows_of(session, part));
            database.set(part.table, std::move(rows));
        }
        return {};
    }));
    return json::Value::object().set("database", std::move(database));
}

bool is_dataset_database(const json::Value& content) {
    const json::Value* database = content.find("database");
    return database && database->find("datasets") && database->find("column_lineage");
}

void read_dataset_database(const ForeignFile& file, Collection& into) { DatabaseReader(file, into).read(); }

}  // namespace neurolake::migrate
