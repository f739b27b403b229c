// foreign.hpp: what other catalogs say: tables, terms, lineage and texts, before anything of it is taken over.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake::migrate {

struct ForeignColumn {
    std::string name, type;  // the type as it stands there: any text
    bool nullable = true;
    std::string description, term;
    bool pii_suggested = false;  // guessed by others from the name: nothing to rely on
    bool not_pii = false;        // a person said so
    bool pii = false;            // a person said so; never with not_pii
    friend bool operator==(const ForeignColumn&, const ForeignColumn&) = default;
};

struct ForeignVersion {
    std::uint64_t version = 1;
    std::string seen_at, description;
    std::vector<ForeignColumn> columns;
    friend bool operator==(const ForeignVersion&, const ForeignVersion&) = default;
};

struct ForeignTable {
    std::string kind = "table";  // or "file"
    std::string name;            // as the other catalog calls it: "weather.raw.stations", "raw-data.orders", "users"
    std::string path;            // "bucket/path" of its file or folder, where that is known
    std::string description, owner, compatibility;
    std::vector<std::string> tags, terms;
    std::vector<ForeignColumn> columns;
    std::vector<ForeignVersion> versions;
    std::string suggested_description;  // written by a program
    std::vector<std::string> suggested_tags;
    std::string created_at, source;  // source: the file in which it was found
    json::Value more;                // what else was said, as it was said
    friend bool operator==(const ForeignTable&, const ForeignTable&) = default;
};

// Queries, pipelines, transformations, patterns ...: kept as they are, read by people, never run.
struct ForeignText {
    std::string kind, name, source;
    json::Value content;
};

struct ForeignEdge {
    std::string from, to;  // names of tables
    std::string job;       // name of a job, "" = none
    std::vector<std::pair<std::string, std::string>> columns;
    std::string at;
};

struct ForeignJob {
    std::string name, sql, description, at;
};

struct ForeignTerm {
    std::string name, definition;
    std::vector<std::string> synonyms;
};

// What stands in the other catalog and belongs to nothing there.
struct Orphan {
    std::string what;  // stable word for scripts: "column", "tag", "collision", "asset", "column_lineage",
                       // "dropped_table", "term", "synonym"
    std::string name, message;
};

// A file of which a record says that it is in the cloud or was here.
struct RecordedFile {
    enum class State { here, beside, lost, refused } state = State::lost;
    std::string path, tier, evicted_at, cloud_bucket, source;  // source: the file of the record
    std::uint64_t size = 0;
    std::filesystem::path found;  // beside the record, where it is not in the lake
};

struct Foreign {
    std::vector<std::string> sources;  // the files that were read, relative to what was named
    std::vector<std::string> unread;   // of a folder: files of such a name that hold no catalog known here
    std::vector<ForeignTable> tables;  // one for each name
    std::vector<ForeignText> texts;
    std::vector<ForeignEdge> edges;
    std::vector<ForeignJob> jobs;
    std::vector<ForeignTerm> terms;
    std::vector<Orphan> orphans;
    // "wrong_kind": values that are no text where one belongs ...; "control_character": words that hold one. They were
    // left out.
    std::vector<Orphan> wrong;
    std::vector<RecordedFile> files;
    std::string lake;  // of an export of ours: the lake it came from
    // Of an export of ours: entries of its lists, to be merged by id.
    std::vector<std::string> lineage_entries, glossary_entries, imported_entries;
};

// Reads one file, or every catalog file below a folder. What a file is tells its content. Nothing is executed, nothing
// is followed to outside of the folder. corrupt (with the file's name) for a damaged, cut or empty file, and
// for catalogs in which all is of a wrong kind; usage for a file that is no catalog, not_found for a folder without
// any. `buckets`: where RecordedFile::State::here is looked for.
Result<Foreign> read_foreign(const std::filesystem::path& from, const std::filesystem::path& buckets);

// Takes over what `into` does not say; tags add up, columns are matched by name.
void merge(ForeignTable& into, const ForeignTable& more);

}  // namespace neurolake::migrate
