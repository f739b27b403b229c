// burst.cpp: the order of a burst run: waves of units, their end, what failed, what earlier runs left.
// SPDX-License-Identifier: Apache-2.0
#include "tier/burst.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/text.hpp"
#include "tier/free.hpp"
#include "tier/plan.hpp"
#include "tier/recover.hpp"

namespace neurolake::tier {

namespace {

constexpr std::size_t k_files_per_wave = 512;
constexpr std::uint64_t k_bytes_per_wave = 4ull << 30;
// A nearly full disk gets its space back early: stubs and records of few files at a time fit into the reserve.
constexpr std::uint64_t k_tight_bytes = 64u << 20;
constexpr std::size_t k_files_per_tight_wave = 32;
constexpr std::uint64_t k_swapped_bytes_before_finish = 16ull << 30;
constexpr std::size_t k_failures_before_stop = 10;

// Each file of a unit stays open, with its lease, from before its first byte is read until it is freed.
std::size_t raise_open_files() {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? (1u << 20) : std::min<rlim_t>(limit.rlim_max, 1u << 20);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return std::max<std::size_t>(64, limit.rlim_cur / 2);
}

bool tight(const lake::Layout& layout) {
    const auto space = disk_space(layout.home);
    return space && (space->available < k_tight_bytes || (space->inodes_free > 0 && space->inodes_free < 1024));
}

}  // namespace

BurstRun::BurstRun(Context& context, const Plan& plan, lake::ScanResult& scan, lake::CloudList& list)
    : m_context(context),
      m_plan(plan),
      m_scan(scan),
      m_list(list),
      m_journal(context.lake.layout()),
      m_ledger(context, list) {}

void BurstRun::say(const std::string& line) const {
    if (m_context.step) m_context.step(line);
}

void BurstRun::fail(FileWork& file, Error error) {
    const std::scoped_lock lock(m_mutex);
    if (file.unit->failure) return;
    file.unit->failure = std::move(error);
    file.unit->failed_file = &file;
}

bool BurstRun::should_stop() const { return m_report.stopped || m_context.cancel.cancelled(); }

// A plan may be older than the tree: what changed since is left for the next plan; what is a stub already is done.
bool BurstRun::as_planned(const Unit& unit) {
    std::size_t done = 0;
    for (const auto& file : unit.files) {
        const auto now = m_scan.next->find(unit.bucket, file.path);
        const bool same = now && now->size == file.bytes && now->mtime_ns == file.mtime_ns;
        if (same && now->state == lake::FileState::stub) {
            ++done;
            continue;
        }
        if (same && now->ino == file.ino) continue;
        m_report.skipped.push_back({unit.bucket + "/" + file.path, "changed",
                                    now ? "it changed since the plan was made" : "it is gone since the plan was made",
                                    file.bytes});
        return false;
    }
    if (done == 0) return true;
    if (done < unit.files.size())
        m_report.skipped.push_back({unit.bucket + "/" + unit.path, "changed",
                                    "a part of it is in the cloud already: plan it anew", unit.bytes});
    return false;
}

Status BurstRun::gather() {
    std::set<std::string> checked;
    for (const auto& unit : m_plan.units) {
        const auto bucket = std::find_if(m_context.buckets.begin(), m_context.buckets.end(),
                                         [&](const auto& b) { return b.name == unit.bucket; });
        if (bucket == m_context.buckets.end())
            return Error(Errc::conflict, fmt::format("the plan names bucket {}, which is not here", unit.bucket),
                         "make a new plan");
        if (checked.insert(unit.bucket).second) TRY_DO(lake::check_bucket_mount(m_context.lake, *bucket));
        if (!as_planned(unit)) continue;
        auto work = std::make_unique<UnitWork>();
        work->unit = &unit;
        work->word = new_op();
        for (const auto& planned : unit.files) {
            auto file = std::make_unique<FileWork>();
            file->unit = work.get();
            file->planned = &planned;
            file->bucket = &*bucket;
            work->files.push_back(std::move(file));
        }
        m_queue.push_back(work.get());
        m_all.push_back(std::move(work));
    }
    return {};
}

BurstRun::Units BurstRun::next_wave() {
    const auto most = tight(m_context.lake.layout()) ? k_files_per_tight_wave : k_files_per_wave;
    Units wave;
    std::size_t files = 0;
    std::uint64_t bytes = 0;
    while (!m_queue.empty()) {
        auto* unit = m_queue.front();
        const auto count = unit->files.size();
        if (!wave.empty() && (files + count > most || bytes + unit->unit->bytes > k_bytes_per_wave)) break;
        m_queue.pop_front();
        if (count > m_most_open) {
            fail(*unit->files.front(), Error(Errc::unsupported,
                                             fmt::format("{} has {} files, more than can be held open at once ({})",
                                                         unit->unit->path, count, m_most_open),
                                             "raise the limit of open files (ulimit -n), or set burst.unit: file"));
            report_failures({unit});
            continue;
        }
        files += count;
        bytes += unit->unit->bytes;
        wave.push_back(unit);
    }
    return wave;
}

void BurstRun::wave(const Units& units) {
    let_settle(units);
    open_all(units);
    sum_all(units);
    journal_all(units);
    upload_all(units);
    journal_proven(units);
    swap_all(units);
    report_failures(units);
}

// A second try writes new records: what the first one journaled is taken over like a killed run's.
void BurstRun::leave_behind(const FileWork& file) {
    if (!file.record || file.op().path.empty()) return;
    const auto same = [&](const OpRecord& record) { return record.op == file.record->op; };
    if (std::any_of(m_leftovers.begin(), m_leftovers.end(), same)) return;
    auto left = *file.record;
    std::erase_if(left.files, [](const OpFile& op) { return op.path.empty(); });
    m_leftovers.push_back(std::move(left));
}

void BurstRun::report_failures(const Units& units) {
    for (auto* unit : units) {
        m_attempted += unit->files.size();
        if (!unit->failure) continue;
        auto& error = *unit->failure;
        if (error.code == Errc::full && !unit->retried) {
            // Freeing what already went gives room for this one.
            unit->retried = true;
            m_attempted -= unit->files.size();
            m_queue.push_back(unit);
            finish();
            for (auto& file : unit->files) {
                leave_behind(*file);
                auto fresh = std::make_unique<FileWork>();
                fresh->unit = unit;
                fresh->planned = file->planned;
                fresh->bucket = file->bucket;
                file = std::move(fresh);
            }
            unit->failure.reset();
            unit->failed_file = nullptr;
            continue;
        }
        for (auto& file : unit->files) file->held.reset();
        if (error.code == Errc::cancelled) continue;
        m_failed += unit->files.size();
        const auto others = unit->files.size() - 1;
        const auto words = error.hint.empty() ? error.message : fmt::format("{}; {}", error.message, error.hint);
        m_report.failed.push_back({unit->failed_file->full_path(), error.code,
                                   others ? fmt::format("{} (it moves only together with the {} other files of {})",
                                                        words, others, unit->unit->path)
                                          : words,
                                   unit->failed_by_store});
    }
    const bool too_many =
        m_failed >= k_failures_before_stop &&
        static_cast<double>(m_failed) * 100 > m_context.policy.error_stop_percent * static_cast<double>(m_attempted);
    if (too_many && !m_report.stopped)
        m_report.stopped =
            Error(m_report.failed.back().code,
                  fmt::format("stopped: {} of {} files failed, last: {}", m_failed, m_attempted,
                              m_report.failed.back().message),
                  "nothing was deleted that is not proven in the cloud; run again when the cause is gone");
}

void BurstRun::free_one(UnitWork& unit, FileWork& file) {
    auto freed = free_local(std::move(*file.proof), *file.held, file.aside.folder, file.aside.name, file.moved_at,
                            m_context.rest_before_free);
    if (freed) {
        m_report.freed_bytes += file.planned->bytes;
        file.op().path.clear();  // done: settle_records() leaves it out
        return;
    }
    m_report.failed.push_back({file.full_path(), freed.error().code, freed.error().message});
    const auto back = put_back(file.place);
    if (!back) {
        m_report.findings.push_back(
            {model::Finding::Severity::warning, "left_aside", file.full_path(), 0,
             fmt::format("its bytes wait in .neurolake/trash/{}: {}", file.place.op, back.error().message)});
        return;  // the record stays: recovery looks at it
    }
    std::erase_if(m_report.moved, [&](const Moved& moved) { return moved.path == file.full_path(); });
    m_report.moved_bytes -= std::min(m_report.moved_bytes, file.planned->bytes);
    if (const auto now = identity_of(file.held->fd())) m_ledger.came_back(file.stub, *now);
    m_ledger.audit("put_back", file.stub, m_plan.id, false);
    file.op().path.clear();
    (void)unit;
}

void BurstRun::finish() {
    if (m_swapped.empty()) return;
    // Step 10; on a full disk it is tried again once there is room.
    if (auto listed = m_ledger.write_cloud_list(); !listed) say("catalog/cloud.jsonl waits: " + listed.error().message);
    m_ledger.write_index(*m_scan.next);
    m_ledger.write_audit();
    // Step 11.
    auto last = m_swapped.front()->files.front()->moved_at;
    for (auto* unit : m_swapped)
        for (auto& file : unit->files) last = std::max(last, file->moved_at);
    std::this_thread::sleep_until(last + m_context.rest_before_free);
    std::set<int> folders;
    for (auto* unit : m_swapped)
        for (auto& file : unit->files) {
            folders.insert(file->aside.folder);
            free_one(*unit, *file);
        }
    for (const int folder : folders)
        if (auto synced = sync_folder(folder); !synced)
            m_report.findings.push_back(
                {model::Finding::Severity::warning, "not_durable", "", 0, synced.error().message});
    // Step 12.
    m_ledger.write_audit();
    settle_records(m_swapped);
    if (auto listed = m_ledger.write_cloud_list(); !listed)
        m_report.findings.push_back(
            {model::Finding::Severity::warning, "cloud_list_not_written", "", 0, listed.error().message});
    if (m_ledger.index_pending()) m_ledger.write_index(*m_scan.next);
    for (auto& finding : m_ledger.take_findings()) m_report.findings.push_back(std::move(finding));
    for (auto* unit : m_swapped)
        for (auto& file : unit->files) file->held.reset();
    m_swapped.clear();
    m_swapped_files = 0;
    m_swapped_bytes = 0;
}

void BurstRun::settle_records(const Units& units) {
    std::set<OpRecord*> records;
    for (auto* unit : units)
        for (auto& file : unit->files)
            if (file->record) records.insert(file->record);
    for (auto* record : records) {
        auto rest = *record;
        std::erase_if(rest.files, [](const OpFile& file) { return file.path.empty(); });
        if (auto settled = m_journal.settle(rest); !settled)
            m_report.findings.push_back(
                {model::Finding::Severity::warning, "journal_not_written", "", 0, settled.error().message});
    }
}

// What killed runs had begun and this one did not go on with: their files are here, whole; the cloud is tidied.
void BurstRun::drop_leftovers() {
    if (should_stop()) return;
    for (auto& record : m_leftovers) {
        const auto before = record.files.size();
        std::erase_if(record.files, [&](const OpFile& file) {
            return drop_upload(m_context, m_list, record, file, m_report.findings);
        });
        if (record.files.size() == before) continue;
        if (auto settled = m_journal.settle(record); !settled)
            m_report.findings.push_back(
                {model::Finding::Severity::warning, "journal_not_written", "", 0, settled.error().message});
    }
}

Result<BurstReport> BurstRun::run() {
    TRY_DO(gather());
    TRY(auto listing, m_journal.read());
    TRY(m_trash, open_folder(m_context.lake.layout().trash));
    for (auto& record : listing.records)
        if (record.kind == OpKind::burst && all_in_place(m_context, record, m_trash.get(), m_folders))
            m_leftovers.push_back(std::move(record));
    if (!m_queue.empty() && !m_context.store)
        return Error(Errc::cloud, "no object store is configured: nothing was moved and nothing deleted",
                     "set hybrid_storage.cloud_provider and cloud_bucket, and provide credentials");
    m_most_open = raise_open_files();
    if (!m_queue.empty() && tight(m_context.lake.layout())) lake::release_reserve(m_context.lake.layout());

    while (!m_queue.empty() && !should_stop()) {
        const auto units = next_wave();
        if (units.empty()) break;
        wave(units);
        if (m_swapped_files > m_most_open / 2 || m_swapped_bytes > k_swapped_bytes_before_finish ||
            tight(m_context.lake.layout()))
            finish();
    }
    finish();
    drop_leftovers();
    m_report.interrupted = m_context.cancel.cancelled();
    // A lake without its reserve could not burst when the disk is full: it is made again, else it is said.
    if (auto made = lake::make_reserve(m_context.lake.layout()); !made)
        m_report.findings.push_back(
            {model::Finding::Severity::warning, "no_reserve", ".neurolake/reserve", 0, made.error().message});
    TRY(m_report.after, current_marks(m_context, m_scan));
    return std::move(m_report);
}

Result<BurstReport> burst(Context& context, const Plan& plan, const Pins& pins, lake::ScanResult& scan) {
    TRY(const auto hash, policy_hash(context.policy, context.buckets, pins));
    if (hash != plan.policy_hash)
        return Error(Errc::conflict, "the rules, marks or pins changed since this plan was made: nothing was moved",
                     "make a new plan with: neurolake burst plan -o FILE");
    TRY(auto list, lake::CloudList::open(context.lake.layout().cloud_list));
    return BurstRun(context, plan, scan, list).run();
}

namespace {

// The last guard before an object is deleted: what stands at the path must not be a stub that names it.
Result<bool> stub_relies_on(const Context& context, const OpFile& file) {
    const auto* bucket = bucket_named(context, file.bucket);
    if (!bucket) return Error(Errc::not_found, "its bucket is not known");
    TRY(const Fd root, open_folder(bucket->root));
    const auto stub = lake::read_stub_at(root.get(), file.path);
    if (!stub && stub.error().code == Errc::not_found) return false;
    if (!stub) return stub.error();
    return stub->has_value() && (*stub)->store.key == file.key;
}

}  // namespace

bool drop_upload(Context& context, const lake::CloudList& list, const OpRecord& record, const OpFile& file,
                 std::vector<model::Finding>& findings) {
    const auto left = [&](const Error& error) {
        findings.push_back(
            {model::Finding::Severity::warning, "orphan", file.bucket + "/" + file.path, 0,
             fmt::format("{} may be left in the cloud ({}); it is tried again next time", file.key, error.message)});
        return false;
    };
    // In a copy of a lake whose run was cut off, the objects are the original's.
    if (record.instance != context.instance || context.instance.empty()) return true;
    const auto relied = stub_relies_on(context, file);
    if (!relied) return left(relied.error());
    if (*relied) return true;
    if (!context.store_of) return left(Error(Errc::cloud, "no object store is configured"));
    auto opened = context.store_of(record.store);
    if (!opened) return left(opened.error());
    auto& store = **opened;
    if (!file.upload_id.empty())
        if (auto aborted = store.abort_multipart(file.key, file.upload_id); !aborted) return left(aborted.error());
    if (file.part_size > 0 && !file.key.empty())
        if (auto aborted = abort_unknown_uploads(store, file.key, {}); !aborted) return left(aborted.error());
    const bool relied_on = std::any_of(list.entries().begin(), list.entries().end(),
                                       [&](const auto& entry) { return entry.stub.store.key == file.key; });
    if (relied_on || file.key.empty()) return true;
    auto info = store.head(file.key);
    if (!info) return info.error().code == Errc::not_found ? true : left(info.error());
    const auto maker = info->metadata.find(k_meta_op);
    if (maker == info->metadata.end() || maker->second != file.upload_op) return true;
    if (auto removed = store.remove(file.key, info->version_id); !removed) return left(removed.error());
    return true;
}

}  // namespace neurolake::tier
