// lineage.hpp: what is made from what: datasets, edges with their columns, jobs and their runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake::model {

// The namespace of what a person named in this lake: "bucket.table" of a table that is not there (yet), or
// "bucket/path" of a place in a bucket; also of the jobs named here.
inline constexpr std::string_view k_lake_namespace = "neurolake";

// One end of an edge. A table is known by its id, so that a new name of it or of its bucket changes nothing; all else
// by namespace and name, as OpenLineage has it.
struct DatasetRef {
    std::string table_id;     // "" = not a table of the catalog
    std::string name_space;   // of what is no table: "neurolake", "file", "s3://bucket", "postgres://host:5432" ...
    std::string name;         // bytes; of a table: its full name at the last write, for people
    std::string key() const;  // the same for what is the same
    friend bool operator==(const DatasetRef&, const DatasetRef&) = default;
};

struct ColumnLink {
    std::string from, to;  // column of the input, column of the output
    friend auto operator<=>(const ColumnLink&, const ColumnLink&) = default;
};

// `to` is made from `from`, by a job or (job "") as a person said. One edge for each from, to and job.
struct LineageEdge {
    DatasetRef from, to;
    std::string job;                  // id of a LineageJob
    std::vector<ColumnLink> columns;  // sorted; empty: not known
    std::string first_seen, last_seen;
    std::uint64_t count = 1;  // how often it was said or ran
    friend bool operator==(const LineageEdge&, const LineageEdge&) = default;
};

struct LineageJob {
    std::string name_space{k_lake_namespace};
    std::string name;
    std::string sql, command, description, owner;
    std::string first_seen, last_seen;
    std::uint64_t runs = 0;  // ever; only the last ones are kept
    friend bool operator==(const LineageJob&, const LineageJob&) = default;
};

struct LineageRun {
    enum class State { running, complete, failed, aborted, other };
    std::string run_id;  // a UUID; given by whatever ran the job
    std::string job;     // id of a LineageJob
    State state = State::running;
    std::string started_at, ended_at;          // RFC 3339, "" unknown
    std::optional<std::uint64_t> duration_ms;  // of the job's own clock
    std::optional<std::int64_t> rc;
    std::string command, error;
    std::vector<DatasetRef> inputs, outputs;
    friend bool operator==(const LineageRun&, const LineageRun&) = default;
};

std::string_view to_string(LineageRun::State state);

// The same for the same thing, today and on any machine: adding twice changes one entry. "e-", "j-" or "r-" and 16 hex
// digits; a run's begins with those of its job, so that the runs of a job stand together.
std::string edge_id(const LineageEdge& edge);
std::string job_id(std::string_view name_space, std::string_view name);
std::string run_entry_id(std::string_view job, std::string_view run_id);
// A UUID (RFC 9562, version 8) made from the text alone.
std::string uuid_of(std::string_view text);

// Takes in what `more` knows: the earliest and latest times, both columns, the sum of the counts; of jobs and runs what
// is newer and not empty. What has ended does not run again.
void merge(LineageEdge& into, const LineageEdge& more);
void merge(LineageJob& into, const LineageJob& more);
void merge(LineageRun& into, const LineageRun& more);

// The entries of lineage.json, "id" and "kind" first (docs/formats/catalog.md).
json::Value to_json(const DatasetRef&);
json::Value to_json(const LineageEdge&);
json::Value to_json(const LineageJob&);
json::Value to_json(const LineageRun&);
Result<DatasetRef> dataset_ref_from_json(const json::Value&);
Result<LineageEdge> lineage_edge_from_json(const json::Value&);
Result<LineageJob> lineage_job_from_json(const json::Value&);
Result<LineageRun> lineage_run_from_json(const json::Value&);

}  // namespace neurolake::model
