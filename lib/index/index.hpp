// index.hpp: the door of index: scan the tree, profile what changed, group files into tables, write the catalog.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/workers.hpp"
#include "catalog/catalog.hpp"
#include "lake/inventory.hpp"
#include "lake/lake.hpp"

namespace neurolake::index {

struct Options {
    std::uint64_t sample_rows = 0;  // 0 = all rows
    double settle_seconds = 5;
    bool full = false;   // profile every file again
    bool quick = false;  // folder mtimes only (a rewritten file of the same name is not noticed)
    bool dry_run = false;
    bool strict = false;  // a schema change that breaks what is asked of its table makes the report partial (exit 3)
    bool accept_shrink = false;
    unsigned threads = 0;
    std::vector<lake::Bucket> others;  // of the lake, not looked at now: files may have come from there
};

struct TableChange {
    std::string table;  // full name
    enum class What { added, changed, gone } what = What::added;
    std::string path, format;  // bucket/path; of the last state of a table that is gone
    bool is_folder = false;
    std::string renamed_from;  // full name before, when the table's files moved
    std::uint64_t rows = 0, bytes = 0, files = 0, cloud_files = 0;
    bool rows_exact = true;
    std::uint64_t rows_before = 0, files_before = 0;  // of a changed table
    bool rows_before_exact = true;
    std::string reason;  // of a changed table: what differs, where neither rows, files nor the schema do
    std::uint32_t schema_version = 1;
    std::vector<std::string> schema_changes;
    bool breaking = false;             // a column is gone or a type narrowed
    std::string compatibility;         // of the new schema version with the one before; "" without one
    std::string asked;                 // what Table::compatibility asks of new versions
    std::vector<std::string> new_pii;  // columns that are known to be about people since this run
    std::vector<std::string> breaks;   // what the new version breaks of that, in sentences
};

struct Report {
    std::vector<TableChange> changes;
    // Data files and stubs only: what is known to hold no data counts nowhere. A file that moved is not gone.
    std::uint64_t files_seen = 0, files_read = 0, files_unchanged = 0, files_gone = 0, bytes_read = 0;
    std::uint64_t tables = 0, rows = 0;  // of the whole catalog afterwards
    bool rows_exact = true;              // false: there are at least so many
    std::vector<std::string> settling;   // "bucket/path": too new, or under a temporary name
    std::uint64_t temporary = 0;         // how many of those for their name
    double settled_in = 0;               // seconds until the others have rested long enough
    std::vector<std::string> failed;     // files that could not be read, now or when they were last: exit 3
    std::vector<std::string> troubled;   // full names of tables with errors, of the whole catalog afterwards
    std::vector<std::string> remarked;   // of those with warnings only
    std::vector<model::Finding> findings;
    std::uint64_t new_symlinks = 0, new_specials = 0;  // links, pipes and the like that were not there before
    bool breaking = false;                             // some change has breaks
    std::int64_t elapsed_ms = 0;
};

using Progress = std::function<void(std::uint64_t files_done, std::uint64_t files_total, std::uint64_t bytes_done)>;

// `buckets`: the ones to scan; those with auto_catalog = false are only scanned for sizes (the caller sets it for
// buckets a person named). Caller holds the lake lock. Order on disk: file profiles, catalog, inventory: a crash
// between them costs at most work done again, and what was read stays read. A run that finds nothing new writes
// nothing. Errors: guard (more than half of a bucket gone), no_lake (a bucket's disk is not mounted), corrupt,
// cancelled, full, io. Files that could not be read are no Error but Report::failed.
Result<Report> run(const lake::Lake& lake, const std::vector<lake::Bucket>& buckets, catalog::Catalog& catalog,
                   const Options& options, const Clock& clock, const CancelFlag& cancel, const Progress& progress);

// What is wrong with the files _neurolake.yaml of a bucket that was just scanned; with the scan's findings, which name
// links and pipes. A bucket that cannot be opened has none.
std::vector<model::Finding> broken_overrides(const lake::Bucket& bucket, const lake::ScanResult& scanned);

}  // namespace neurolake::index
