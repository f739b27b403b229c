// index.cpp: one index run, step by step.
// SPDX-License-Identifier: Apache-2.0
#include "index/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <unordered_set>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "formats/formats.hpp"
#include "index/assemble.hpp"
#include "index/drift.hpp"
#include "index/kept_words.hpp"
#include "index/lost_stubs.hpp"
#include "index/moved_tables.hpp"
#include "index/naming.hpp"
#include "index/renamed_bucket.hpp"
#include "index/rewritten_tables.hpp"
#include "index/run.hpp"
#include "index/sample.hpp"
#include "index/table_change.hpp"
#include "lake/went_on.hpp"
#include "model/row_sum.hpp"

namespace neurolake::index {

using model::Finding;
using model::Table;

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

namespace {

// A link or pipe under the name of a person's word on the folder is no mere oddity.
Finding as_override(Finding finding) {
    if (name_of(finding.path) != k_override_name) return finding;
    if (finding.code != "symlink" && finding.code != "special_file") return finding;
    Finding broken = no_override_file(finding.code == "symlink" ? "a symlink" : "a pipe, socket or device");
    broken.path = std::move(finding.path);
    return broken;
}

}  // namespace

Status Run::scan() {
    for (const lake::Bucket& bucket : m_buckets)
        if (bucket.outside) TRY_DO(lake::check_bucket_mount(m_lake, bucket));
    lake::ScanOptions options;
    options.threads = m_options.threads;
    options.quick = m_options.quick && !m_options.full;
    options.ignored_name = [](std::string_view name) { return formats::is_known_non_data(name); };
    options.rule_name = is_rule_name;
    TRY(m_scan, lake::scan(m_buckets, m_old, options, m_clock, m_cancel));
    hold_back_gone();
    if (!m_options.accept_shrink)
        if (auto guard = lake::check_shrink(m_scan.scan, m_old); !guard) return looks_renamed(std::move(guard).error());
    const lake::Scan& found = m_scan.scan;
    for (const lake::BucketTotals& totals : found.totals) m_report.files_seen += totals.files + totals.cloud_files;
    for (const Finding& finding : found.findings) m_report.findings.push_back(as_override(finding));
    for (std::size_t i = 0; i < found.totals.size(); ++i) {
        const auto before = m_old.totals(found.buckets[i]).value_or(lake::BucketTotals{});
        const lake::BucketTotals& now = found.totals[i];
        m_report.new_symlinks += now.symlinks - std::min(now.symlinks, before.symlinks);
        m_report.new_specials += now.specials - std::min(now.specials, before.specials);
    }
    tell_missing_buckets();
    if (!found.gone.empty()) TRY_DO(look_at_gone());
    return {};
}

Status Run::look_at_gone() {
    const lake::Scan& found = m_scan.scan;
    const std::vector<bool> elsewhere = lake::went_on(found);
    bool stubs = false;
    for (std::size_t i = 0; i < found.gone.size(); ++i) {
        m_report.files_gone += found.gone[i].state != lake::FileState::ignored && !elsewhere[i];
        stubs |= found.gone[i].state == lake::FileState::stub;
    }
    if (!stubs) return {};
    TRY(const lake::CloudList list, lake::CloudList::open(m_lake.layout().cloud_list));
    for (Finding& finding : lost_stubs(found, list, m_catalog)) m_report.findings.push_back(std::move(finding));
    return {};
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
        m_touched |= work.tree->compare(m_catalog.places(bucket.name));
        m_work.push_back(std::move(work));
    }
    const lake::Scan& found = m_scan.scan;
    const auto touch = [&](const auto& records, const auto& bucket_of) {
        for (std::size_t i = 0; i < records.size(); ++i)
            for (BucketWork& work : m_work)
                if (work.bucket->name == found.buckets[bucket_of[i]]) work.tree->touch(records[i].path);
    };
    for (std::size_t i = 0; i < found.rules.size(); ++i)
        for (BucketWork& work : m_work)
            if (work.bucket->name == found.buckets[found.rules_bucket[i]]) work.tree->touch_rule(found.rules[i]);
    touch(found.added, found.added_bucket);
    touch(found.changed, found.changed_bucket);
    touch(found.gone, found.gone_bucket);
    find_moves();
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
    m_gone_prints = prints_of_gone(m_scan.scan, *m_profiles);
    for (const BucketWork& work : m_work)
        for (const Unit& unit : work.tree->units())
            if (unit.touched) remember_profiles(work.bucket->name, unit, *m_profiles);
    if (!m_options.dry_run) TRY_DO(m_profiles->commit());  // also when interrupted: read once is enough
    if (!totals) return std::move(totals).error();
    m_report.files_read = totals->files;
    m_report.bytes_read = totals->bytes;
    return {};
}

// Those that are to be buried now, and tombstones, the last ones first.
std::vector<const Table*> Run::tables_that_went() const {
    std::vector<const Table*> gone, buried;
    for (const BucketWork& work : m_work) gone.insert(gone.end(), work.may_be_gone.begin(), work.may_be_gone.end());
    for (const Table& table : m_catalog.tables())
        if (!table.deleted_at.empty()) buried.push_back(&table);
    std::ranges::stable_sort(buried, std::greater(), &Table::deleted_at);
    gone.insert(gone.end(), buried.begin(), buried.end());
    return gone;
}

void Run::follow_moved_tables() {
    std::vector<Seat> seats;
    for (const BucketWork& work : m_work)
        for (std::size_t i = 0; i < work.groups.size(); ++i)
            seats.push_back({&work.groups[i], work.before[i], work.bucket->name});
    const MayLeave may_leave = [this](const Table& table) { return this->may_leave(table); };
    continue_moved_tables(seats, m_moves, m_catalog, may_leave);
    continue_copied_tables(seats, m_gone_prints, m_catalog, may_leave);
    continue_rewritten_tables(seats, tables_that_went());
    std::size_t seat = 0;
    for (BucketWork& work : m_work)
        for (std::size_t i = 0; i < work.before.size(); ++i) {
            const Table* before = seats[seat++].before;
            if (before && !before->deleted_at.empty() && before->path == work.groups[i].path)
                before = tombstone_for(work.groups[i], *before, work.bucket->name);
            work.before[i] = before;
        }
}

// The table that comes back at its place: `gone` is the last one that lay there. Another table there is a new one.
const Table* Run::tombstone_for(const Group& group, const Table& gone, const std::string& bucket) {
    const Table* best = nullptr;
    for (const Table& table : m_catalog.tables()) {
        if (table.bucket != bucket || table.path != group.path || table.deleted_at.empty()) continue;
        if (came_back(table, group) && (!best || best->deleted_at < table.deleted_at)) best = &table;
    }
    if (best) return best;
    std::string message =
        fmt::format("another table lay here until {}, with columns of other names: this one is new", gone.deleted_at);
    if (has_words(gone)) message += ", and what was said of the other one (tags, description, owner) stays with that";
    const auto severity = has_words(gone) ? Finding::Severity::warning : Finding::Severity::note;
    m_report.findings.push_back({severity, "new_table_here", shown(bucket, group.path), 0, std::move(message)});
    return nullptr;
}

namespace {

// How files differ, or a name that cannot be, is told once, not whenever the table changes in another way.
bool is_news(const Finding& finding, const Table& table, const Table* before) {
    constexpr std::array<std::string_view, 4> k_drifts{"column_drift", "type_drift", "date_order", "override_name"};
    if (!before || !before->deleted_at.empty() || std::ranges::find(k_drifts, finding.code) == k_drifts.end())
        return true;
    const std::string now = gist(finding, table.path);
    return std::ranges::none_of(before->findings, [&](const Finding& f) { return gist(f, before->path) == now; });
}

// A renamed column is one that goes and one that comes: what was said of the first is not lost, but not there either.
Finding description_waits(const Table& table, const model::Column& column) {
    return {Finding::Severity::warning, "description_waits", shown(table.bucket, table.path), 0,
            fmt::format("{0} had a description; it comes back with the column; for another name: neurolake catalog "
                        "describe {1} --column NAME TEXT",
                        column.name, table.full_name())};
}

}  // namespace

void Run::add_table(Table table, const Table* before, const Group& group, int bucket_fd) {
    const bool same = before && table == *before;
    if (before && before->schema_version != table.schema_version)
        if (const auto history = m_catalog.history(before->id)) give_back_words(table, *before, *history);
    if (!same || m_options.full)
        for (const Finding& finding : table.findings)
            if (finding.severity != Finding::Severity::error && (m_options.full || is_news(finding, table, before)))
                m_report.findings.push_back(finding);  // errors: see tell_failure
    if (same && m_options.full) m_to_sample.push_back({before, 0, &group, bucket_fd});
    if (same) return;
    m_to_sample.push_back({nullptr, m_batch.upserts.size(), &group, bucket_fd});
    TableChange change = change_of(table, before);
    if (auto version = next_version(table, before, m_at)) {
        if (before) {
            tell_version(change, *version, table, *before);
            const auto theirs = without_own_words(*before, group);
            version->gone = words_that_went(table, theirs ? *theirs : *before);
            for (const model::Column& column : version->gone)
                if (!column.description.empty()) m_report.findings.push_back(description_waits(table, column));
        }
        m_report.breaking |= !change.breaks.empty();
        m_batch.versions.push_back(std::move(*version));
        m_batch.version_tables.push_back(table.id);
    }
    m_report.changes.push_back(std::move(change));
    m_batch.upserts.push_back(std::move(table));
}

namespace {

// A table none of whose files can be looked at yet is not gone.
bool rests_on_waiting(const BucketWork& work, const Waiting& waiting, const Table& table) {
    const auto has_group = [&](const Group& g) { return g.path == table.path && g.is_folder == table.is_folder; };
    return waiting.may_hold(table) && std::ranges::none_of(work.groups, has_group);
}

}  // namespace

// What the catalog holds at the places of this bucket.
void Run::look_up_tables(BucketWork& work) const {
    const std::string& bucket = work.bucket->name;
    for (const Unit& unit : work.tree->units()) {
        if (!unit.touched) continue;
        for (Group& g : group(bucket, unit)) {
            g.said = &unit.said;
            work.groups.push_back(std::move(g));
        }
    }
    const Waiting waiting(work.waiting);
    std::map<std::string, const Table*> at_place;  // the one alive, else the last tombstone
    for (const Table& table : m_catalog.tables()) {
        if (table.bucket != bucket) continue;
        const Table*& here = at_place[table.path];
        const bool alive = table.deleted_at.empty();
        if (!here || alive || (!here->deleted_at.empty() && here->deleted_at < table.deleted_at)) here = &table;
        if (!alive) continue;
        const Unit* unit = work.tree->unit_of(table.path, table.is_folder);
        if (unit && !unit->touched) work.stay.insert(&table);
        if ((!unit || unit->touched) && !rests_on_waiting(work, waiting, table))
            work.may_be_gone.push_back(&table);
        else
            work.taken.insert(table.name);
    }
    work.before.resize(work.groups.size());
    for (std::size_t i = 0; i < work.groups.size(); ++i)
        if (const auto at = at_place.find(work.groups[i].path); at != at_place.end()) work.before[i] = at->second;
}

namespace {

// A person named the table, and that name cannot be.
Finding other_than_wanted(const std::string& bucket, const Group& group, const std::string& name) {
    const std::string_view file = k_override_name;
    const std::string path =
        group.path.empty() ? fmt::format("{}/{}", bucket, file) : fmt::format("{}/{}/{}", bucket, group.path, file);
    const bool possible = safe_table_name(group.wanted_name) == group.wanted_name;
    return {Finding::Severity::warning, "override_name", path, 0,
            possible ? fmt::format("another table of this bucket is called {}: this one is {}; give one of them "
                                   "another name",
                                   group.wanted_name, name)
                     : fmt::format("\"{}\" is no name of a table (letters, digits, _, - and dots are): it is called {}",
                                   group.wanted_name, name)};
}

// At its place, or packed or written anew there.
bool keeps_name(const Table& before, const Group& group) {
    if (before.path == group.path && before.is_folder == group.is_folder) return true;
    return (!group.is_folder && is_twin(before, group.path)) || has_place_and_name(before, group);
}

}  // namespace

void Run::build_bucket(BucketWork& work) {
    const std::string& bucket = work.bucket->name;
    std::vector<const Group*> unnamed;
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < work.groups.size(); ++i) {
        const Group& g = work.groups[i];
        const Table* before = work.before[i];
        const bool stays = before && before->deleted_at.empty() && before->bucket == bucket && g.wanted_name.empty() &&
                           keeps_name(*before, g);
        unnamed.push_back(&g);
        kept.push_back(stays ? before->name : std::string());
    }
    const std::vector<std::string> names = give_names(unnamed, kept, std::move(work.taken));
    for (std::size_t i = 0; i < work.groups.size(); ++i) {
        Group& g = work.groups[i];
        if (!g.wanted_name.empty() && names[i] != g.wanted_name)
            g.findings.push_back(other_than_wanted(bucket, g, names[i]));
        add_table(assemble(bucket, names[i], g, work.before[i], m_at), work.before[i], g, work.fd.get());
    }
}

// Tables may go though their files stay: those are grouped otherwise now. By table, what became of them.
std::unordered_map<const Table*, std::string> Run::regrouped_tables() const {
    std::unordered_map<const Table*, std::string> out;
    for (const BucketWork& work : m_work) {
        const std::string& bucket = work.bucket->name;
        if (work.may_be_gone.empty()) continue;
        for (const Group& g : work.groups)
            for (const File* f : g.files) {
                const Table* table = m_catalog.table_of(bucket, f->path);
                if (!table || out.contains(table) || !m_old.find(bucket, f->path)) continue;
                out.emplace(table, fmt::format("{} {} now", table->files == 1 ? "its file is" : "its files are",
                                               !table->is_folder ? "part of another table"
                                               : g.is_folder     ? "part of other tables"
                                                                 : "tables of their own"));
            }
    }
    return out;
}

void Run::bury_gone_tables() {
    std::unordered_set<const Table*> continued;
    for (const BucketWork& work : m_work) continued.insert(work.before.begin(), work.before.end());
    const auto regrouped = regrouped_tables();
    for (const BucketWork& work : m_work)
        for (const Table* table : work.may_be_gone) {
            if (continued.contains(table)) continue;
            m_batch.tombstones.push_back(table->id);
            m_batch.entries.push_back({catalog::List::samples, table->id, std::nullopt});
            m_report.changes.push_back(change_of_gone(*table));
            if (const auto at = regrouped.find(table); at != regrouped.end())
                m_report.changes.back().reason = at->second;
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

// What stands nowhere in the last inventory: also what no table is made of (ignored by hand, a version that is over).
std::uint64_t Run::files_new() const {
    std::set<Origin> gone;
    for (const lake::FileRecord& r : m_scan.scan.gone) gone.insert({r.ino, r.size, r.mtime_ns});
    const auto is_new = [&](const lake::FileRecord& r) {
        return r.state != lake::FileState::ignored && !gone.contains({r.ino, r.size, r.mtime_ns});
    };
    return static_cast<std::uint64_t>(std::ranges::count_if(m_scan.scan.added, is_new));
}

Result<Report> Run::run() {
    const auto start = std::chrono::steady_clock::now();
    TRY_DO(open_inventory());
    TRY_DO(scan());
    TRY_DO(find_work());
    if (!m_options.dry_run) remove_leftovers();
    if (m_touched) TRY_DO(read_changed());
    build_batch();
    TRY_DO(write());
    tell_standing_trouble();
    const std::uint64_t not_so = std::max(m_report.files_read + m_report.settling.size(), files_new());
    m_report.files_unchanged = m_report.files_seen - std::min(m_report.files_seen, not_so);
    const catalog::Totals totals = m_catalog.totals();
    m_report.tables = totals.tables;
    m_report.rows = totals.rows;
    const bool summed = totals.rows < model::k_most_rows;
    m_report.rows_exact = summed && m_catalog.all_rows_counted();
    m_report.elapsed_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
    return std::move(m_report);
}

std::vector<Finding> broken_overrides(const lake::Bucket& bucket, const lake::ScanResult& scanned) {
    std::vector<Finding> found;
    const auto fd = open_folder(bucket.root);
    if (!fd) return found;
    const Tree tree(bucket.name, *scanned.next, fd->get());
    const auto take = [&](const Finding& f) {
        if (f.code.starts_with("override_")) found.push_back(f);
    };
    for (const Finding& f : tree.findings()) take(f);
    for (const Finding& f : scanned.scan.findings)
        if (f.path.starts_with(bucket.name + "/")) take(as_override(f));
    return found;
}

Result<Report> run(const lake::Lake& lake, const std::vector<lake::Bucket>& buckets, catalog::Catalog& catalog,
                   const Options& options, const Clock& clock, const CancelFlag& cancel, const Progress& progress) {
    return Run(lake, buckets, catalog, options, clock, cancel, progress).run();
}

}  // namespace neurolake::index
