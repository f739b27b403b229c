// foreign_readers.hpp: one reader for each kind of catalog file, and what they know of each other's names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>

#include "migrate/foreign.hpp"
#include "model/json_fields.hpp"

namespace neurolake::migrate {

// What the readers of one import fill in. The files are read in any order, so names are looked up when all are known.
class Collection {
public:
    Foreign foreign;
    // Several records of one table become one; `source` is the first one's.
    ForeignTable& table(const std::string& name);
    void orphan(std::string what, std::string name, std::string message);
    // Asset ids (and other catalogs' data set ids) stand for names of tables.
    void call(const std::string& id, const std::string& name) { m_name_of[id] = name; }
    std::string name_of(const std::string& id) const;
    bool knows(const std::string& id) const { return m_name_of.contains(id); }

    // "stations" or "raw.stations" for "weather.raw.stations", when only one of `candidates` ends like that; else "".
    static std::string by_suffix(std::string_view name, const std::vector<std::string>& candidates);

private:
    std::unordered_map<std::string, std::string> m_name_of;
    std::unordered_map<std::string, std::size_t> m_table_at;
};

struct ForeignFile {
    std::filesystem::path path;
    std::string name;  // for people: relative to what was named
    json::Value content;
};

// True when the content looks like it; the reader then takes all it knows how to take.
struct ForeignKind {
    bool (*is)(const json::Value& content);
    void (*read)(const ForeignFile& file, Collection& into);
    Status (*check)(const json::Value& content) = nullptr;  // corrupt: parts of it are missing or damaged
};

bool is_asset_catalog(const json::Value& content);
void read_asset_catalog(const ForeignFile& file, Collection& into);
bool is_lineage_graph(const json::Value& content);
void read_lineage_graph(const ForeignFile& file, Collection& into);
bool is_schema_registry(const json::Value& content);
void read_schema_registry(const ForeignFile& file, Collection& into);
bool is_metadata_store(const json::Value& content);
void read_metadata_store(const ForeignFile& file, Collection& into);
bool is_transformations(const json::Value& content);
void read_transformations(const ForeignFile& file, Collection& into);
bool is_pattern_catalog(const json::Value& content);
void read_pattern_catalog(const ForeignFile& file, Collection& into);
bool is_table_storage(const json::Value& content);
void read_table_storage(const ForeignFile& file, Collection& into);
bool is_storage_records(const json::Value& content);
void read_storage_records(const ForeignFile& file, Collection& into);
bool is_own_export(const json::Value& content);
void read_own_export(const ForeignFile& file, Collection& into);
Status check_own_export(const json::Value& content);
bool is_dataset_database(const json::Value& content);
void read_dataset_database(const ForeignFile& file, Collection& into);

// What the readers share.
using model::texts_of;
std::vector<ForeignColumn> columns_of(const json::Value& list);  // [{name, type, nullable, description, ...}]
const json::Object& members_of(const json::Value& value);        // none when it is no object
// "/data/buckets/raw-data/x.csv" -> "raw-data/x.csv": what stands behind the last folder "buckets"; "" without one.
std::string path_in_lake(std::string_view path);
// "2025-01-02T03:04:05.000006" (UTC without a zone) as RFC 3339; "" for what is no time.
std::string utc_time(std::string_view text);

}  // namespace neurolake::migrate
