// table.hpp: tables, columns with the evidence of their types, partitions, schema versions, findings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "model/type.hpp"

namespace neurolake::model {

// Something a person should know about an object; never an exception, never lost.
struct Finding {
    enum class Severity { note, warning, error };
    Severity severity = Severity::warning;
    std::string code;        // stable word for scripts: "mixed_depth", "short_row", "unreadable", "settling" ...
    std::string path;        // bytes, relative to the lake's buckets folder ("raw-data/a/b.csv") unless said otherwise
    std::uint64_t line = 0;  // 1-based; 0 = none
    std::string message;     // one sentence for people
    friend bool operator==(const Finding&, const Finding&) = default;
};

// Why a column has its type: counts over all rows read, and the first row that forced the final type.
struct Evidence {
    std::uint64_t values = 0;  // non-null values seen
    std::uint64_t nulls = 0;
    std::optional<std::string> min, max;    // as text, in the type's own order
    std::uint64_t longest = 0;              // bytes of the longest text form
    std::optional<std::uint64_t> distinct;  // approximate
    std::string reason;            // "leading zero first at row 30001", "fraction first at row 25001", "footer", ...
    std::uint64_t forced_row = 0;  // 1-based data row; 0 = none
    std::string forced_path;       // the file that row is in
    friend bool operator==(const Evidence&, const Evidence&) = default;
};

// How many of the values looked at have one shape (model/meaning.hpp), and one of them, masked.
struct ShapeCount {
    std::uint8_t shape = 0;
    std::uint64_t matched = 0;
    std::string sample;
    friend bool operator==(const ShapeCount&, const ShapeCount&) = default;
};

// Why a column is taken for what it means.
struct SemanticEvidence {
    std::string source;  // "values" (they were checked), "name" (a hint only), "file" (its own metadata), "person"
    std::uint64_t checked = 0, matched = 0;  // values looked at, and those that passed
    std::string sample;                      // one that passed, masked: never a whole value
    std::string field;                       // of a nested column: the field it is said of, "contact.email"
    std::uint64_t first_rows = 0;            // only so many first rows of each file were looked at; 0 = all of them
    // Only until all files of a table are merged, never in the catalog: counts by shape, ascending, and how many
    // different values there are at least.
    std::vector<ShapeCount> shapes;
    std::uint64_t distinct = 0;
    friend bool operator==(const SemanticEvidence&, const SemanticEvidence&) = default;
};

struct Column {
    std::string name;
    Type type;
    bool nullable = true;
    std::string semantic;  // "", or what the values mean: "email", "iban", ...; a file's own word ("pii_email") stays
    bool pii = false;      // about a person, as far as is known; never true while not_pii is
    bool not_pii = false;  // a person said so
    SemanticEvidence semantic_evidence;
    std::string description, term;  // a person's words (or the file's own); the glossary term it stands for
    Evidence evidence;
    friend bool operator==(const Column&, const Column&) = default;
};

struct Partition {
    std::vector<std::string> values;  // one per partition column, decoded
    std::string path;                 // folder, relative to the bucket
    std::uint64_t files = 0, bytes = 0, rows = 0;
    bool rows_exact = true;
    friend bool operator==(const Partition&, const Partition&) = default;
};

enum class GroupingRule { override_file, partitions, folder, single_file };
enum class TableTier { local, cloud, mixed };

struct Table {
    std::string id;  // 16 hex, given at first sight, kept through renames
    std::string bucket;
    std::string name;  // without the bucket; the full name is "bucket.name"
    std::string path;  // folder or file, bytes, relative to the bucket ("orders", "orders.csv"; "" = the bucket's root)
    bool is_folder = true;
    std::string format;  // "csv", "json_lines", "parquet", "ncf", "mixed", "unknown" ...
    GroupingRule rule = GroupingRule::single_file;
    std::string rule_reason;
    std::string description, owner;  // a person's words, kept through re-index and rename
    std::vector<std::string> tags;
    std::vector<std::string> terms;         // glossary terms
    std::string compatibility;              // what a new schema version must be: "" (anything), "backward", ...
    std::uint64_t sampled_rows = 0;         // types come from this many first rows of each file; 0 = from all rows
    std::vector<Column> columns;            // data columns, then none of the partition columns
    std::vector<Column> partition_columns;  // of key=value folders, typed
    std::vector<Partition> partitions;
    std::uint64_t files = 0, bytes = 0, rows = 0;
    bool rows_exact = true;  // false: some file could not be counted
    TableTier tier = TableTier::local;
    std::uint64_t cloud_files = 0, cloud_bytes = 0;
    std::vector<std::string> cloud_partitions;  // paths of partitions whose files are stubs
    std::uint32_t schema_version = 1;
    std::string first_seen, indexed_at, modified_at;  // RFC 3339
    std::string deleted_at;                           // tombstone: all files gone since then; "" = alive
    std::vector<Finding> findings;

    std::string full_name() const { return bucket + "." + name; }
    friend bool operator==(const Table&, const Table&) = default;
};

struct SchemaVersion {
    std::uint32_t version = 1;
    std::string seen_at;               // RFC 3339
    std::vector<Column> columns;       // name, type, nullable only; evidence is left empty
    std::vector<std::string> changes;  // "+ email text", "- zip", "~ qty int64 -> double", "~ id int32! -> int32"
    bool breaking = false;             // column gone or type narrowed
    std::string compatibility;  // with the version before: "full", "backward", "forward", "none"; "" of the first
    std::vector<Column> gone;   // columns that went with it and of which a person had said something, with those words
    friend bool operator==(const SchemaVersion&, const SchemaVersion&) = default;
};

struct SchemaHistory {
    std::string table_id, table;          // full name at the last write
    std::vector<SchemaVersion> versions;  // ascending
    friend bool operator==(const SchemaHistory&, const SchemaHistory&) = default;
};

json::Value to_json(const Finding&);
json::Value to_json(const Column&);
json::Value to_json(const Table&);
json::Value to_json(const SchemaHistory&);
Result<Finding> finding_from_json(const json::Value&);
Result<Column> column_from_json(const json::Value&);
Result<Table> table_from_json(const json::Value&);
Result<SchemaHistory> history_from_json(const json::Value&);

std::string_view to_string(GroupingRule rule);
std::string_view to_string(TableTier tier);
std::string_view to_string(Finding::Severity severity);

// What changed from old to new columns, as SchemaVersion::changes and breaking, with the new columns (evidence left
// out). Matched by name; order alone is no change. That a column may be null is what its format declares (text formats:
// always), so it is a change: "~ id int32! -> int32". Widening is no break.
SchemaVersion diff(const std::vector<Column>& before, const std::vector<Column>& after);

}  // namespace neurolake::model
