// lineage.hpp: the graph of what is made from what, read from the catalog, and what changes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.hpp"
#include "model/lineage.hpp"

namespace neurolake::catalog {

inline constexpr std::size_t k_runs_kept = 100;  // of each job; the newest

// What a name or a stored end of an edge stands for today. A table is found by its id, under whatever name it has now;
// by the name or place that was noted while it was not yet in the catalog; and as a tombstone while its files are gone.
class LineageNames {
public:
    explicit LineageNames(const Catalog& catalog);  // which must outlive this, and not change
    const model::Table* table(const model::DatasetRef& ref) const;
    model::DatasetRef current(const model::DatasetRef& ref) const;  // a table by id and present name, or as it was
    // The table whose file, folder or partition this place in a bucket is; an alive one first.
    const model::Table* table_at(std::string_view bucket, std::string_view path) const;
    const model::Table* table_called(std::string_view full_name) const;
    static model::DatasetRef ref(const model::Table& table);

private:
    const Catalog* m_catalog;
    std::unordered_map<std::string, const model::Table*> m_by_id, m_by_name, m_by_place;
};

std::string age_key(const model::LineageRun& run);  // sorts runs by when they began
Status check_lineage_entry(const std::string& entry);

// "raw-data.orders"; of what is no table "s3://bucket/key", "/srv/x.csv", "namespace:name".
std::string shown_name(const model::DatasetRef& ref);
// What a person wrote: "s3://b/k", "postgres://h:5432/db.s.t", "file:///x", "/x", "ns:x" or a name in this lake.
model::DatasetRef dataset_from_words(std::string_view words);

struct LineageAddition;
struct LineageFilter;
struct LineageChange;

class Lineage {
public:
    struct Dataset {
        model::DatasetRef ref;
        std::string name;                         // to show
        const model::Table* table = nullptr;      // of the catalog; null: external
        std::vector<std::size_t> made_by, feeds;  // links in, links out
        bool gone() const { return table && !table->deleted_at.empty(); }
    };
    struct Link {  // all edges between two datasets
        std::size_t from = 0, to = 0;
        std::vector<std::size_t> edges;
    };

    // corrupt for an entry that cannot be understood. Keeps pointers into the catalog: no change of it while in use.
    static Result<Lineage> read(const Catalog& catalog);

    // The part of the graph that mentions this table: all its links, without parsing what has nothing to do with it
    // (100,000 entries are looked through as text). nullopt: nothing does. Jobs of its edges may be missing.
    static Result<std::optional<Lineage>> around(const Catalog& catalog, const model::Table& table);

    const LineageNames& names() const { return *m_names; }
    const std::vector<Dataset>& datasets() const { return m_datasets; }  // by name
    const std::vector<Link>& links() const { return m_links; }
    const std::vector<model::LineageEdge>& edges() const { return m_edges; }  // as stored, ends as of today
    const std::vector<model::LineageJob>& jobs() const { return m_jobs; }     // by name
    const std::vector<model::LineageRun>& runs() const { return m_runs; }     // oldest first
    const model::LineageJob* job(std::string_view id) const;
    std::string job_name(std::string_view id) const;  // "nightly"; of other namespaces "airflow:dag.task"

    std::optional<std::size_t> find(const model::DatasetRef& ref) const;
    // By a person's words: a table of the catalog or a dataset of the graph. nullopt: a table without lineage.
    // not_found with "did you mean".
    Result<std::optional<std::size_t>> get(std::string_view words) const;

private:
    friend LineageChange add_lineage(const Lineage& known, LineageAddition addition);
    friend LineageChange remove_lineage(const Lineage& known, const LineageFilter& filter);
    Lineage() = default;
    static Result<Lineage> from(const Catalog& catalog, const std::vector<std::string>& entries);
    Status parse(const std::vector<std::string>& entries);
    void connect();
    std::vector<std::size_t> sort_datasets();

    const Catalog* m_catalog = nullptr;
    std::unique_ptr<LineageNames> m_names;
    std::vector<model::LineageEdge> m_edges;
    std::vector<std::string> m_edge_entries;  // the ids under which the edges are stored, parallel
    std::vector<model::LineageJob> m_jobs;
    std::vector<model::LineageRun> m_runs;
    std::map<std::string, std::size_t, std::less<>> m_job_at;
    std::vector<Dataset> m_datasets;
    std::vector<Link> m_links;
    std::unordered_map<std::string, std::size_t> m_dataset_at;  // by key
};

// What one command or one file of events says.
struct LineageAddition {
    std::vector<model::LineageEdge> edges;
    std::vector<model::LineageJob> jobs;
    std::vector<model::LineageRun> runs;
};

struct LineageFilter {
    std::vector<std::string> from, to;  // keys of datasets; empty: any
    std::vector<std::string> either;    // at one end or the other; empty: any
    std::optional<std::string> job;     // id; "" = said by a person, without a job
};

// Entries to write by Catalog::change_entries, all at once, and what they mean.
struct LineageChange {
    std::vector<EntryChange> entries;
    std::vector<model::LineageEdge> new_edges, known_edges, removed_edges;
    std::size_t new_jobs = 0, new_runs = 0, removed_jobs = 0, removed_runs = 0;
};

// Merges with what is there: the same edge, job or run is one entry. Of each job the last k_runs_kept runs stay. An
// edge to something external that has become a table is rewritten as one to the table.
LineageChange add_lineage(const Lineage& known, LineageAddition addition);
// Edges that pass the whole filter. A job goes with its last edge, and its runs with it.
LineageChange remove_lineage(const Lineage& known, const LineageFilter& filter);

// What a new name of a bucket changes: the names under which things in it were noted that are not in the catalog.
std::vector<EntryChange> lineage_after_bucket_rename(const std::vector<std::string>& entries, std::string_view from,
                                                     std::string_view to);

enum class Direction { up, down };
struct Reached {
    std::size_t dataset = 0, depth = 0;
    std::size_t via = 0;  // the link by which it was reached first
};
inline constexpr std::size_t k_any_depth = std::numeric_limits<std::size_t>::max();
// All that `start` is made from, or feeds: by depth, then name; each once, `start` itself never. Cycles end there.
std::vector<Reached> walk(const Lineage& lineage, std::size_t start, Direction direction,
                          std::size_t depth = k_any_depth);
// Cycles, each with its datasets in the order in which data flows, the first by name first. Of a knot of cycles as many
// are told as it takes for each dataset to be in one: the shortest one through each that no cycle before it has.
std::vector<std::vector<std::size_t>> cycles(const Lineage& lineage);

const std::vector<std::size_t>& links_of(const Lineage& lineage, std::size_t dataset, Direction direction);
std::size_t other_end(const Lineage& lineage, std::size_t link, Direction direction);
// The other ends of the links in or out.
std::vector<std::size_t> neighbours(const Lineage& lineage, std::size_t dataset, Direction direction);

}  // namespace neurolake::catalog
