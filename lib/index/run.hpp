// run.hpp: one index run: what it holds on its way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/file.hpp"
#include "index/copied_tables.hpp"
#include "index/grouping.hpp"
#include "index/index.hpp"
#include "index/profile_store.hpp"
#include "index/reading.hpp"
#include "index/tree.hpp"

namespace neurolake::index {

// One bucket on its way through the run.
struct BucketWork {
    const lake::Bucket* bucket = nullptr;
    Fd fd;
    std::unique_ptr<Tree> tree;
    std::vector<Group> groups;                     // the tables to be of its touched units ...
    std::vector<const model::Table*> before;       // ... and the table each of them continues
    std::vector<const model::Table*> may_be_gone;  // living tables of touched places
    std::unordered_set<const model::Table*> stay;  // living tables of places where nothing happened
    std::set<std::string> taken;                   // names of the tables that are not looked at
    std::set<std::string> waiting;                 // paths of settling files of which nothing is known
};

// A table whose first rows are to be kept: one of the catalog's, or of the batch.
struct ToSample {
    const model::Table* known = nullptr;
    std::size_t upsert = 0;
    const Group* group = nullptr;
    int bucket_fd = -1;
};

class Run {
public:
    Run(const lake::Lake& lake, const std::vector<lake::Bucket>& buckets, catalog::Catalog& catalog,
        const Options& options, const Clock& clock, const CancelFlag& cancel, const Progress& progress)
        : m_lake(lake),
          m_buckets(buckets),
          m_catalog(catalog),
          m_options(options),
          m_clock(clock),
          m_cancel(cancel),
          m_progress(progress),
          m_now(clock.now()),
          m_at(to_rfc3339(m_now)) {}

    Result<Report> run();

private:
    Status open_inventory();
    Status scan();
    Status look_at_gone();
    Status find_work();
    Status read_changed();
    void build_batch();
    void look_up_tables(BucketWork& work) const;
    std::vector<const model::Table*> tables_that_went() const;
    void follow_moved_tables();
    void hold_back_gone();
    void find_moves();
    void find_moves_from(const lake::Bucket& other);
    void leave_bucket(const lake::Bucket& bucket);
    bool may_leave(const model::Table& table) const;
    bool nothing_left_of(const model::Table& table) const;
    const model::Table* tombstone_for(const Group& group, const model::Table& gone, const std::string& bucket);
    void build_bucket(BucketWork& work);
    std::unordered_map<const model::Table*, std::string> regrouped_tables() const;
    void bury_gone_tables();
    void add_table(model::Table table, const model::Table* before, const Group& group, int bucket_fd);
    void take_samples();
    std::unordered_set<std::string> kept_samples() const;
    bool tell_failure(const std::string& bucket, const File& f);
    void report_temporaries(const Tree& tree);
    void report_tree(BucketWork& work);
    Error looks_renamed(Error guard) const;
    void tell_missing_buckets();
    void tell_standing_trouble();
    void remove_leftovers();
    Status write();
    void mark_indexed();
    std::uint64_t files_new() const;

    const lake::Lake& m_lake;
    const std::vector<lake::Bucket>& m_buckets;
    catalog::Catalog& m_catalog;
    const Options& m_options;
    const Clock& m_clock;
    const CancelFlag& m_cancel;
    const Progress& m_progress;
    const Time m_now;
    const std::string m_at;

    lake::Inventory m_old;
    lake::ScanResult m_scan;
    std::vector<BucketWork> m_work;
    Moves m_moves;                 // what is gone where it was, also to another bucket
    std::set<std::string> m_left;  // buckets whose folder was renamed by hand
    GonePrints m_gone_prints;
    std::optional<ProfileStore> m_profiles;
    catalog::Batch m_batch;
    Report m_report;
    std::vector<ToSample> m_to_sample;
    std::unordered_set<std::string> m_unfinished;  // "bucket/path" that the catalog did not take in
    bool m_touched = false;
    bool m_told_once = false;  // of a file that looks abandoned: not again until it changes
};

// "bucket/path"
std::string shown(std::string_view bucket, std::string_view path);

}  // namespace neurolake::index
