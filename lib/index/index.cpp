// index.cpp: one index run, step by step.
// SPDX-License-Identifier: Apache-2.0
#include "index/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "formats/formats.hpp"
#include "index/assemble.hpp"
#include "index/lost_stubs.hpp"
#include "index/moved_tables.hpp"
#include "index/naming.hpp"
#include "index/profile_store.hpp"
#include "index/reading.hpp"
#include "index/sample.hpp"
#include "index/table_change.hpp"
#include "index/tree.hpp"

namespace neurolake::index {
namespace {

using model::Finding;
using model::Table;

// One bucket on its way through the run.
struct BucketWork {
    const lake::Bucket* bucket = nullptr;
    Fd fd;
    std::unique_ptr<Tree> tree;
    std::vector<Group> groups;              // the tables to be of its touched units ...
    std::vector<const Table*> before;       // ... and the table each of them continues
    std::vector<const Table*> may_be_gone;  // living tables of touched places
    std::set<std::string> taken;            // names of the tables that are not looked at
};

// A table whose first rows are to be kept: one of the catalog's, or of the batch.
struct ToSample {
    const Table* known = nullptr;
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
    void touch_storages(Tree& tree, const std::string& bucket) const;
    Status find_work();
    Status read_changed();
    void build_batch();
    void look_up_tables(BucketWork& work) const;
    void follow_moved_tables();
    void build_bucket(BucketWork& work);
    void bury_gone_tables();
    void add_table(Table table, const Table* before, const Group& group, int bucket_fd);
    void take_samples();
    std::unordered_set<std::string> kept_samples() const;
    bool tell_failure(const std::string& bucket, const File& f);
    void report_temporaries(const Tree& tree);
    void report_tree(BucketWork& work);
    Status write();
    void mark_indexed();

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
    Moves m_moves;  // what is gone where it was, also to another bucket
    std::optional<ProfileStore> m_profiles;
    catalog::Batch m_batch;
    Report m_report;
    std::vector<ToSample> m_to_sample;
    std::unordered_set<std::string> m_unfinished;  // "bucket/path" that the catalog did not take in
    bool m_touched = false;
    bool m_told_once = false;  // of a file that looks abandoned: not again until it changes
};

std::string shown(std::string_view bucket, std::string_view path) { return fmt::format("{}/{}", bucket, path); }

// A damaged inventory is kept for whoever wants to look, and made anew from the tree.
Status Run::open_inventory() {
    const auto& file = m_lake.layout().inventory;
    auto opened = lake::Inventory::open(file);
    if (opened) {
        m_old = std::move(*opened);
        return {};
    }
    if (opened.error().code != Errc::corrupt) return std::move(opened).error();
    const std::string aside = fmt::format("{}.damaged-{}-{}", file.filename().string(), m_at, random_hex(2));
    m_report.findings.push_back({Finding::Severity::warning, "inventory_damaged", ".neurolake/" + aside, 0,
                                 "the inventory was damaged and is made anew: " + opened.error().message});
    if (m_options.dry_run) return {};
    TRY(const Fd folder, open_folder(file.parent_path()));
    TRY_DO(rename_noreplace(folder.get(), file.filename().c_str(), folder.get(), aside.c_str()));
    return sync_folder(folder.get());
}

Status Run::scan() {
    for (const lake::Bucket& bucket : m_buckets)
        if (bucket.outside) TRY_DO(lake::check_bucket_mount(m_lake, bucket));
    lake::ScanOptions options;
    options.threads = m_options.threads;
    options.quick = m_options.quick && !m_options.full;
    options.ignored_name = [](std::string_view name) { return formats::is_known_non_data(name); };
    TRY(m_scan, lake::scan(m_buckets, m_old, options, m_clock, m_cancel));
    if (!m_options.accept_shrink) TRY_DO(lake::check_shrink(m_scan.scan, m_old));
    const lake::Scan& found = m_scan.scan;
    for (const lake::BucketTotals& totals : found.totals) m_report.files_seen += totals.files + totals.cloud_files;
    m_report.findings.insert(m_report.findings.end(), found.findings.begin(), found.findings.end());
    if (!found.gone.empty()) TRY_DO(look_at_gone());
    return {};
}

Status Run::look_at_gone() {
    const lake::Scan& found = m_scan.scan;
    std::set<Origin> added;
    for (const lake::FileRecord& r : found.added) added.insert({r.ino, r.size, r.mtime_ns});
    bool stubs = false;
    for (const lake::FileRecord& r : found.gone) {
        if (r.state != lake::FileState::ignored) m_report.files_gone += !added.contains({r.ino, r.size, r.mtime_ns});
        stubs |= r.state == lake::FileState::stub;
    }
    if (!stubs) return {};
    TRY(const lake::CloudList list, lake::CloudList::open(m_lake.layout().cloud_list));
    for (Finding& finding : lost_stubs(found, list, m_catalog)) m_report.findings.push_back(std::move(finding));
    return {};
}

// What a version of a table is may change without a data file.
void Run::touch_storages(Tree& tree, const std::string& bucket) const {
    for (const std::string& path : tree.storage_files()) {
        const auto before = m_old.find(bucket, path), now = m_scan.next->find(bucket, path);
        const bool same = before && now && before->size == now->size && before->mtime_ns == now->mtime_ns &&
                          before->ino == now->ino && (before->ctime_ns == 0 || before->ctime_ns == now->ctime_ns);
        if (!same) tree.touch(path);
    }
}

// Which buckets and units have anything to do.
Status Run::find_work() {
    for (const lake::Bucket& bucket : m_buckets) {
        if (!bucket.auto_catalog) continue;
        auto fd = open_folder(bucket.root);
        if (!fd) continue;  // the scan has said so
        BucketWork work;
        work.bucket = &bucket;
        work.fd = std::move(*fd);
        work.tree = std::make_unique<Tree>(bucket.name, *m_scan.next, work.fd.get());
        if (m_options.full) work.tree->touch_all();
        touch_storages(*work.tree, bucket.name);
        m_touched |= work.tree->compare(m_catalog.places(bucket.name));
        m_work.push_back(std::move(work));
    }
    const lake::Scan& found = m_scan.scan;
    const auto touch = [&](const auto& records, const auto& bucket_of) {
        for (std::size_t i = 0; i < records.size(); ++i)
            for (BucketWork& work : m_work)
                if (work.bucket->name == found.buckets[bucket_of[i]]) work.tree->touch(records[i].path);
    };
    touch(found.added, found.added_bucket);
    touch(found.changed, found.changed_bucket);
    touch(found.gone, found.gone_bucket);
    for (std::size_t i = 0; i < found.gone.size(); ++i) {
        const lake::FileRecord& r = found.gone[i];
        if (r.state != lake::FileState::ignored)
            m_moves[{r.ino, r.size, r.mtime_ns}] = {found.buckets[found.gone_bucket[i]], r.path};
    }
    for (std::size_t i = 0; i < found.changed.size(); ++i) {  // what stood under this name may stand elsewhere now
        const lake::FileRecord& r = found.changed[i];
        const std::string& bucket = found.buckets[found.changed_bucket[i]];
        const auto old = m_old.find(bucket, r.path);
        if (old && old->ino != r.ino && old->state != lake::FileState::ignored)
            m_moves.try_emplace({old->ino, old->size, old->mtime_ns}, PlaceBefore{bucket, r.path});
    }
    for (BucketWork& work : m_work) {
        work.tree->collect(*m_scan.next);
        for (const Unit& unit : work.tree->units()) m_touched |= unit.touched;
    }
    m_touched |= !found.gone.empty();
    return {};
}

Status Run::read_changed() {
    TRY(m_profiles, ProfileStore::open(m_lake.layout().state / "profiles"));
    std::vector<ReadJob> jobs;
    for (BucketWork& work : m_work)
        for (Unit& unit : work.tree->units()) {
            if (!unit.touched) continue;
            recall_profiles(work.bucket->name, unit, *m_profiles, m_moves, m_options, m_now);
            add_jobs(unit, work.fd.get(), m_options, jobs);
        }
    auto totals = read_files(jobs, m_options, m_cancel, m_progress);
    for (const BucketWork& work : m_work)
        for (const Unit& unit : work.tree->units())
            if (unit.touched) remember_profiles(work.bucket->name, unit, *m_profiles);
    if (!m_options.dry_run) TRY_DO(m_profiles->commit());  // also when interrupted: read once is enough
    if (!totals) return std::move(totals).error();
    m_report.files_read = totals->files;
    m_report.bytes_read = totals->bytes;
    return {};
}

// Names what could not be read, and what this run read and found broken, also when the table did not change by it.
bool Run::tell_failure(const std::string& bucket, const File& f) {
    const std::string path = shown(bucket, f.path);
    bool failed = f.failed;
    if (f.failed) m_report.findings.push_back({Finding::Severity::error, "unreadable", path, 0, f.why_failed});
    if (!f.profile || !f.read_now) return failed;
    for (Finding finding : f.profile->profile.findings) {
        if (finding.severity != Finding::Severity::error) continue;
        finding.path = path;
        m_report.findings.push_back(std::move(finding));
        failed = true;
    }
    return failed;
}

// Under a temporary name: for a day somebody may still be writing it, after that it looks abandoned.
void Run::report_temporaries(const Tree& tree) {
    constexpr std::int64_t k_day_ns = 86'400'000'000'000;
    for (const Temporary& file : tree.temporaries()) {
        if (to_ns(m_now) - file.mtime_ns > k_day_ns) {
            m_report.findings.push_back({Finding::Severity::warning, "unfinished_file", file.path, 0,
                                         fmt::format("looks unfinished: its name is a temporary one and it was last "
                                                     "written at {}; rename it to have it indexed, or remove it",
                                                     to_rfc3339(time_from_ns(file.mtime_ns)))});
            m_told_once = true;
            continue;
        }
        m_report.settling.push_back(file.path);
        ++m_report.temporary;
        m_unfinished.insert(file.path);
    }
}

// Names what is settling or failed, and takes files that say nothing yet out of their units.
void Run::report_tree(BucketWork& work) {
    const std::string& bucket = work.bucket->name;
    report_temporaries(*work.tree);
    m_report.findings.insert(m_report.findings.end(), work.tree->findings().begin(), work.tree->findings().end());
    for (Unit& unit : work.tree->units()) {
        for (const File& f : unit.files) {
            if (f.settling) {
                m_report.settling.push_back(shown(bucket, f.path));
                m_report.settled_in = std::max(m_report.settled_in, f.settles_in);
            }
            if (tell_failure(bucket, f)) m_report.failed.push_back(shown(bucket, f.path));
            if (f.settling || f.failed) m_unfinished.insert(shown(bucket, f.path));
        }
        std::erase_if(unit.files, [](const File& f) { return f.settling && !f.profile; });
    }
}

void Run::follow_moved_tables() {
    std::vector<Seat> seats;
    for (const BucketWork& work : m_work)
        for (std::size_t i = 0; i < work.groups.size(); ++i) seats.push_back({&work.groups[i], work.before[i]});
    continue_moved_tables(seats, m_moves, m_catalog);
    std::size_t seat = 0;
    for (BucketWork& work : m_work)
        for (const Table*& before : work.before) before = seats[seat++].before;
}

void Run::add_table(Table table, const Table* before, const Group& group, int bucket_fd) {
    const bool same = before && table == *before;
    if (!same || m_options.full)
        for (const Finding& finding : table.findings)
            if (finding.severity != Finding::Severity::error) m_report.findings.push_back(finding);  // see tell_failure
    if (same && m_options.full) m_to_sample.push_back({before, 0, &group, bucket_fd});
    if (same) return;
    m_to_sample.push_back({nullptr, m_batch.upserts.size(), &group, bucket_fd});
    TableChange change = change_of(table, before);
    if (auto version = next_version(table, before, m_at)) {
        if (before) tell_version(change, *version, table, *before);
        m_report.breaking |= !change.breaks.empty();
        m_batch.versions.push_back(std::move(*version));
        m_batch.version_tables.push_back(table.id);
    }
    m_report.changes.push_back(std::move(change));
    m_batch.upserts.push_back(std::move(table));
}

// What the catalog holds at the places of this bucket.
void Run::look_up_tables(BucketWork& work) const {
    const std::string& bucket = work.bucket->name;
    for (const Unit& unit : work.tree->units()) {
        if (!unit.touched) continue;
        for (Group& g : group(bucket, unit)) work.groups.push_back(std::move(g));
    }
    std::map<std::string, const Table*> at_place;  // the one alive, else the last tombstone
    for (const Table& table : m_catalog.tables()) {
        if (table.bucket != bucket) continue;
        const Table*& here = at_place[table.path];
        const bool alive = table.deleted_at.empty();
        if (!here || alive || (!here->deleted_at.empty() && here->deleted_at < table.deleted_at)) here = &table;
        if (!alive) continue;
        const Unit* unit = work.tree->unit_of(table.path, table.is_folder);
        if (!unit || unit->touched)
            work.may_be_gone.push_back(&table);
        else
            work.taken.insert(table.name);
    }
    work.before.resize(work.groups.size());
    for (std::size_t i = 0; i < work.groups.size(); ++i)
        if (const auto at = at_place.find(work.groups[i].path); at != at_place.end()) work.before[i] = at->second;
}

void Run::build_bucket(BucketWork& work) {
    const std::string& bucket = work.bucket->name;
    std::vector<const Group*> unnamed;
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < work.groups.size(); ++i) {
        const Group& g = work.groups[i];
        const Table* before = work.before[i];
        const bool stays = before && before->deleted_at.empty() && before->bucket == bucket && before->path == g.path &&
                           before->is_folder == g.is_folder && g.wanted_name.empty();
        unnamed.push_back(&g);
        kept.push_back(stays ? before->name : std::string());
    }
    const std::vector<std::string> names = give_names(unnamed, kept, std::move(work.taken));
    for (std::size_t i = 0; i < work.groups.size(); ++i)
        add_table(assemble(bucket, names[i], work.groups[i], work.before[i], m_at), work.before[i], work.groups[i],
                  work.fd.get());
}

// The samples that a full run found as they were before.
std::unordered_set<std::string> Run::kept_samples() const {
    const bool any = std::any_of(m_to_sample.begin(), m_to_sample.end(), [](const ToSample& job) { return job.known; });
    if (!any) return {};
    const auto kept = m_catalog.entries(catalog::List::samples);
    if (!kept) return {};
    return {kept->begin(), kept->end()};
}

// A table none of whose files is here keeps the sample it has.
void Run::take_samples() {
    if (m_options.dry_run) return;
    const unsigned threads = m_options.threads ? m_options.threads : usable_threads();
    std::vector<std::optional<catalog::EntryChange>> taken(m_to_sample.size());
    parallel_for(m_to_sample.size(), threads, [&](std::size_t i, unsigned) {
        const ToSample& job = m_to_sample[i];
        const Table& table = job.known ? *job.known : m_batch.upserts[job.upsert];
        const auto sample = m_cancel.cancelled() ? std::nullopt : take_sample(table, *job.group, job.bucket_fd);
        if (sample)
            taken[i] = catalog::EntryChange{catalog::List::samples, table.id, to_entry(*sample)};
        else if (table.tier == model::TableTier::local && !m_cancel.cancelled())
            taken[i] = catalog::EntryChange{catalog::List::samples, table.id, std::nullopt};
    });
    const auto kept = kept_samples();
    for (std::size_t i = 0; i < taken.size(); ++i) {
        if (!taken[i]) continue;
        const auto& entry = taken[i]->entry;
        if (m_to_sample[i].known && (!entry || kept.contains(*entry))) continue;  // a full run, and nothing is new
        m_batch.entries.push_back(std::move(*taken[i]));
    }
}

void Run::bury_gone_tables() {
    std::unordered_set<const Table*> continued;
    for (const BucketWork& work : m_work) continued.insert(work.before.begin(), work.before.end());
    for (const BucketWork& work : m_work)
        for (const Table* table : work.may_be_gone) {
            if (continued.contains(table)) continue;
            m_batch.tombstones.push_back(table->id);
            m_batch.entries.push_back({catalog::List::samples, table->id, std::nullopt});
            m_report.changes.push_back(change_of_gone(*table));
        }
}

void Run::build_batch() {
    for (BucketWork& work : m_work) report_tree(work);
    if (m_touched) {
        for (BucketWork& work : m_work) look_up_tables(work);
        follow_moved_tables();
        for (BucketWork& work : m_work) build_bucket(work);
        bury_gone_tables();
        take_samples();
    }
    m_batch.indexed_at = m_at;
    std::sort(m_report.settling.begin(), m_report.settling.end());
    std::sort(m_report.failed.begin(), m_report.failed.end());
    std::sort(m_report.changes.begin(), m_report.changes.end(),
              [](const TableChange& a, const TableChange& b) { return a.table < b.table; });
}

void Run::mark_indexed() {
    std::unordered_set<std::string_view> cataloged;
    for (const BucketWork& work : m_work) cataloged.insert(work.bucket->name);
    m_scan.next->mark_all_indexed(m_now, [&](std::string_view bucket, std::string_view path) {
        return !cataloged.contains(bucket) || m_unfinished.contains(shown(bucket, path));
    });
}

// Catalog first: if the run dies before the inventory, the next one finds the same changes again.
Status Run::write() {
    if (m_options.dry_run) return {};
    TRY_DO(m_catalog.apply(m_batch).with_context("write the catalog"));
    if (m_touched || m_told_once) mark_indexed();
    return m_scan.next->commit(m_lake.layout().inventory).with_context("write the inventory");
}

Result<Report> Run::run() {
    const auto start = std::chrono::steady_clock::now();
    TRY_DO(open_inventory());
    TRY_DO(scan());
    TRY_DO(find_work());
    if (m_touched) TRY_DO(read_changed());
    build_batch();
    TRY_DO(write());
    const std::uint64_t not_so = m_report.files_read + m_report.settling.size();
    m_report.files_unchanged = m_report.files_seen - std::min(m_report.files_seen, not_so);
    const catalog::Totals totals = m_catalog.totals();
    m_report.tables = totals.tables;
    m_report.rows = totals.rows;
    m_report.elapsed_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
    return std::move(m_report);
}

}  // namespace

Result<Report> run(const lake::Lake& lake, const std::vector<lake::Bucket>& buckets, catalog::Catalog& catalog,
                   const Options& options, const Clock& clock, const CancelFlag& cancel, const Progress& progress) {
    return Run(lake, buckets, catalog, options, clock, cancel, progress).run();
}

}  // namespace neurolake::index
