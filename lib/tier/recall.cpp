// recall.cpp: which stubs come back, whether there is room, and batch after batch of them.
// SPDX-License-Identifier: Apache-2.0
#include "tier/recall.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "lake/stub_places.hpp"
#include "tier/burst.hpp"
#include "tier/plan.hpp"
#include "tier/recover.hpp"

namespace neurolake::tier {

namespace {

constexpr std::size_t k_files_per_batch = 128;
// What a killed run had fetched of a batch, the next one fetches again.
constexpr std::uint64_t k_bytes_per_batch = 1ull << 30;
constexpr auto k_index_at_least_every = std::chrono::seconds(10);
constexpr unsigned k_failures_before_stop = 10;      // each of them after several tries
constexpr std::uint64_t k_room_to_leave = 2u << 20;  // the reserve and our own records

std::uint64_t bytes_needed(const lake::Stub& stub) {
    // A sparse file comes back sparse.
    return stub.allocated < stub.size ? std::min(stub.size, stub.allocated + stub.allocated / 10 + (1u << 20))
                                      : stub.size;
}

}  // namespace

RecallRun::RecallRun(Context& context, const RecallRequest& request, lake::ScanResult& scan, lake::CloudList& list)
    : m_context(context),
      m_request(request),
      m_scan(scan),
      m_list(list),
      m_journal(context.lake.layout()),
      m_ledger(context, list) {}

void RecallRun::fail(RecallFile& file, Error error) {
    const std::scoped_lock lock(m_mutex);
    file.failed = true;
    if (error.code == Errc::cancelled) return;
    if (error.code == Errc::mismatch) m_report.mismatch = true;
    if (file.failed_by_store && !m_stopped &&
        (error.code != Errc::unavailable || ++m_unavailable >= k_failures_before_stop))
        m_stopped = error;
    const auto words = error.hint.empty() ? error.message : error.message + "; " + error.hint;
    m_report.failed.push_back({file.full_path(), error.code, words, file.failed_by_store});
}

// One path whose stub verifies, is damaged, or is missing though cloud.jsonl has it.
Status RecallRun::add(const lake::Bucket& bucket, const std::string& path) {
    auto file = std::make_unique<RecallFile>();
    file->bucket = &bucket;
    file->path = path;
    TRY(const int root, m_folders.root(bucket.root));
    auto stub = lake::read_stub_at(root, path);
    if (stub && stub->has_value()) {
        file->stub = std::move(**stub);
    } else {
        if (stub) return {};  // somebody's data
        const auto code = stub.error().code;
        const auto* listed = m_list.find(bucket.name, path);
        if (!listed || listed->recalled || (code != Errc::corrupt && code != Errc::not_found))
            return std::move(stub).error();
        file->stub = listed->stub;
        file->at_name = code == Errc::corrupt ? AtName::damaged : AtName::nothing;
    }
    m_files.push_back(std::move(file));
    return {};
}

// The tree tells which stubs lie there; cloud.jsonl, which should: data is not here only because its stub is lost too.
Status RecallRun::gather_one(const std::string& asked) {
    const auto name = asked.substr(0, asked.find('/'));
    const auto inside = name.size() == asked.size() ? std::string() : asked.substr(name.size() + 1);
    const auto* bucket = bucket_named(m_context, name);
    if (!bucket) return Error(Errc::not_found, fmt::format("no bucket {}", name), "see: neurolake bucket list", asked);
    TRY_DO(lake::check_bucket_mount(m_context.lake, *bucket));
    bool local = false;
    std::set<std::string> paths;
    const auto look = [&](const lake::FileRecord& record) {
        if (record.state == lake::FileState::stub) paths.insert(record.path);
        local = local || record.state == lake::FileState::data;
        return true;
    };
    m_scan.next->for_each(name, inside, look);
    if (!inside.empty())
        if (const auto record = m_scan.next->find(name, inside)) look(*record);
    for (const auto& entry : m_list.entries())
        if (!entry.recalled && entry.stub.bucket == name &&
            (inside.empty() || text::starts_with_folder(entry.stub.path, inside)))
            paths.insert(entry.stub.path);
    for (const auto& path : paths) {
        if (!m_known.insert(name + "/" + path).second) continue;
        // One that cannot be looked at, as where its folder is a file now, stops no other.
        if (auto added = add(*bucket, path); !added)
            m_report.failed.push_back({name + "/" + path, added.error().code, added.error().message});
    }
    if (paths.empty() && !local)
        return Error(Errc::not_found, fmt::format("nothing at {}", text::escape_controls(asked)),
                     "see what is in the cloud with: neurolake ls --cloud", asked);
    return {};
}

// A stub that is not where it was made may only have been moved: then it stands for its bytes there, and a second file
// of them would be one too many. Who names the old path itself gets it.
Status RecallRun::leave_out_moved() {
    const auto missing = [&](const std::unique_ptr<RecallFile>& file) {
        return file->at_name == AtName::nothing &&
               std::ranges::find(m_request.paths, file->full_path()) == m_request.paths.end();
    };
    if (std::ranges::none_of(m_files, missing)) return {};
    TRY(const auto places, lake::held_places(m_context.lake, m_context.buckets, *m_scan.next, m_list));
    std::size_t moved = 0;
    std::string first, first_place;
    std::erase_if(m_files, [&](const auto& file) {
        const auto place = missing(file) ? places.find(file->stub.store.key) : places.end();
        if (place == places.end()) return false;
        if (moved++ == 0) first = file->full_path(), first_place = place->second;
        return true;
    });
    if (moved > 0 && !m_request.all)
        m_report.findings.push_back(
            {model::Finding::Severity::warning, "stub_moved", first, 0,
             fmt::format("its stub was moved to {}{}", first_place,
                         moved > 1 ? fmt::format(", and {} more were moved too", moved - 1) : "")});
    return {};
}

// Their stubs went to the trash with them.
void RecallRun::tell_of_removed_buckets() {
    std::map<std::string, std::size_t> files;
    for (const auto& entry : m_list.entries())
        if (!entry.recalled && !bucket_named(m_context, entry.stub.bucket)) ++files[entry.stub.bucket];
    for (const auto& [name, count] : files)
        m_report.findings.push_back(
            {model::Finding::Severity::warning, "bucket_removed", name, 0,
             fmt::format("{} of this removed bucket {} in the cloud; to have them: neurolake bucket create {}, then "
                         "neurolake recall {}",
                         count, count == 1 ? "file is" : "files are", name, name)});
}

Status RecallRun::gather() {
    if (m_request.all)
        for (const auto& bucket : m_context.buckets) {
            auto one = gather_one(bucket.name);
            if (!one && one.error().code == Errc::no_lake)
                m_report.findings.push_back(
                    {model::Finding::Severity::warning, "left_out", bucket.name, 0, one.error().message});
            else if (!one && one.error().code != Errc::not_found)
                return one;
        }
    if (m_request.all) tell_of_removed_buckets();
    for (const auto& asked : m_request.paths) TRY_DO(gather_one(asked));
    TRY_DO(leave_out_moved());
    std::sort(m_files.begin(), m_files.end(), [](const auto& a, const auto& b) {
        return std::tie(a->bucket->name, a->path) < std::tie(b->bucket->name, b->path);
    });
    for (const auto& file : m_files) m_total += file->stub.size;
    return {};
}

// Frees local bytes whose object is proven, coldest first, until `needed` more fit.
Status RecallRun::make_room(std::uint64_t needed) {
    TRY(const auto pins, read_pins(m_context.lake.layout().pins));
    TRY(auto marks, current_marks(m_context, m_scan));
    PlanRequest by_hand;
    for (const auto& entry : m_list.entries()) {
        if (!entry.recalled) continue;
        const auto record = m_scan.next->find(entry.stub.bucket, entry.stub.path);
        if (record && record->state == lake::FileState::data && record->size == entry.stub.size &&
            record->mtime_ns == entry.stub.mtime_ns)
            by_hand.paths.push_back(entry.stub.bucket + "/" + entry.stub.path);
    }
    std::vector<Candidate> all;
    if (!by_hand.paths.empty()) {
        TRY(all, candidates(m_context, m_scan, pins, by_hand, marks));
    }
    std::erase_if(all, [](const Candidate& candidate) { return !candidate.decision.movable; });
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.decision.score > b.decision.score; });
    Plan plan;
    plan.reason = "room for a recall";
    plan.marks = marks;
    for (auto& candidate : all) {
        if (plan.bytes >= needed) break;
        plan.bytes += candidate.unit.bytes;
        candidate.unit.rule = "make_room";
        plan.units.push_back(std::move(candidate.unit));
    }
    if (plan.bytes < needed)
        return Error(Errc::guard,
                     fmt::format("{} more are needed, and only {} lie here whose copy in the cloud is known",
                                 text::size_text(needed), text::size_text(plan.bytes)),
                     "raise the mark, free space, or recall less");
    TRY(auto report, BurstRun(m_context, plan, m_scan, m_list).run());
    m_report.evicted = std::move(report.moved);
    for (auto& finding : report.findings) m_report.findings.push_back(std::move(finding));
    if (report.freed_bytes < needed)
        return Error(Errc::guard,
                     fmt::format("only {} could be freed, {} are needed", text::size_text(report.freed_bytes),
                                 text::size_text(needed)),
                     report.failed.empty() ? "" : report.failed.front().message);
    return {};
}

Status RecallRun::check_room() {
    std::uint64_t needed = k_room_to_leave;
    for (const auto& file : m_files) needed += bytes_needed(file->stub);
    if (!m_request.to.empty()) {
        TRY(const auto space, disk_space(m_request.to));
        if (needed <= space.available) return {};
        return Error(Errc::guard, fmt::format("{} do not fit into {}, where {} are free", text::size_text(needed),
                                              m_request.to.string(), text::size_text(space.available)));
    }
    TRY(const auto marks, current_marks(m_context, m_scan));
    const auto mark_room = marks.high.bytes > marks.used ? marks.high.bytes - marks.used : 0;
    const auto room = std::min(mark_room, marks.disk_free);
    const auto short_of = [](std::uint64_t wanted, std::uint64_t there) { return wanted > there ? wanted - there : 0; };
    if (m_total <= mark_room && needed <= marks.disk_free) return {};
    if (m_request.make_room)
        return make_room(std::max(short_of(m_total, mark_room), short_of(needed, marks.disk_free)));
    const bool disk = needed > marks.disk_free;
    return Error(Errc::guard,
                 fmt::format("recalling {} would pass {}: there is room for {}", text::size_text(m_total),
                             disk ? std::string("the disk's free space")
                                  : fmt::format("the high mark of {} ({})", text::size_text(marks.high.bytes),
                                                marks.high.origin),
                             text::size_text(room)),
                 "use --make-room to move colder files whose copies are proven, recall less, or raise the mark");
}

OpRecord* RecallRun::begin_record() {
    auto fresh = std::make_unique<OpRecord>();
    fresh->op = new_op();
    fresh->kind = OpKind::recall;
    fresh->started_at = to_rfc3339(m_context.clock.now());
    m_records.push_back(std::move(fresh));
    return m_records.back().get();
}

bool RecallRun::should_stop() {
    const std::scoped_lock lock(m_mutex);
    return m_stopped || m_context.cancel.cancelled();
}

// Small ones side by side; large ones one after the other, their ranges side by side.
void RecallRun::bring_all(const Batch& files) {
    const auto is_large = [&](const RecallFile* file) { return file->stub.size > 4 * m_context.part_size; };
    parallel_for(files.size(), m_context.concurrency, [&](std::size_t i, unsigned) {
        if (!is_large(files[i])) bring(*files[i]);
    });
    for (auto* file : files)
        if (is_large(file)) bring(*file);
}

Status RecallRun::batch(const Batch& files) {
    auto* record = begin_record();
    Batch ready;
    for (auto* file : files) {
        file->record = record;
        file->entry = record->files.size();
        if (auto prepared = prepare(*file); !prepared)
            fail(*file, std::move(prepared).error());
        else
            ready.push_back(file);
    }
    if (record->files.empty()) return {};
    TRY_DO(m_journal.write(*record));
    bring_all(ready);
    swap_in(ready);
    write_down();
    m_waiting.push_back(record);
    const bool due = std::chrono::steady_clock::now() - m_indexed_at > k_index_at_least_every;
    return due ? write_index() : Status();
}

// What must not wait. The audit comes first: whom cloud.jsonl knows to be back, recovery writes no line of.
void RecallRun::write_down() {
    m_ledger.write_audit();
    if (auto listed = m_ledger.write_cloud_list(); !listed)
        m_report.findings.push_back(
            {model::Finding::Severity::warning, "cloud_list_not_written", "", 0, listed.error().message});
}

// Inventory and catalog are written whole, so not for each batch; until then the batches' records stay, and a killed
// run's recovery writes what they speak of.
Status RecallRun::write_index() {
    if (m_waiting.empty()) return {};
    m_ledger.write_index(*m_scan.next);
    for (auto& finding : m_ledger.take_findings()) m_report.findings.push_back(std::move(finding));
    m_indexed_at = std::chrono::steady_clock::now();
    for (const auto* record : std::exchange(m_waiting, {})) {
        auto rest = *record;
        std::erase_if(rest.files, [](const OpFile& file) { return file.path.empty(); });
        TRY_DO(m_journal.settle(rest));
    }
    return {};
}

// Batch after batch.
Status RecallRun::bring_back() {
    Batch files;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < m_files.size() && !should_stop(); ++i) {
        files.push_back(m_files[i].get());
        bytes += m_files[i]->stub.size;
        const bool last = i + 1 == m_files.size();
        if (!last && files.size() < k_files_per_batch && bytes < k_bytes_per_batch) continue;
        TRY_DO(batch(files));
        files.clear();
        bytes = 0;
    }
    return {};
}

Result<RecallReport> RecallRun::run() {
    TRY_DO(gather());
    if (m_request.dry_run) {
        for (const auto& file : m_files)
            m_report.recalled.push_back(
                {file->full_path(), file->stub.store.key, file->stub.sha256, file->stub.size, false});
        m_report.bytes = m_total;
        if (!m_files.empty() && !m_request.make_room)
            if (auto room = check_room(); !room) m_report.no_room = std::move(room).error();
        return std::move(m_report);
    }
    if (m_files.empty()) return std::move(m_report);
    TRY_DO(check_room());
    TRY(m_staging, open_folder(m_context.lake.layout().staging));
    TRY(const auto staging, identity_of(m_staging.get()));
    m_staging_dev = staging.dev;
    if (!m_request.to.empty()) {
        parallel_for(m_files.size(), m_context.concurrency, [&](std::size_t i, unsigned) {
            if (m_context.cancel.cancelled()) return;
            if (auto copied = copy_out(*m_files[i]); !copied) fail(*m_files[i], std::move(copied).error());
        });
    } else {
        auto brought = bring_back();
        TRY_DO(write_index());
        TRY_DO(brought);
    }
    m_report.interrupted = m_context.cancel.cancelled();
    return std::move(m_report);
}

Result<RecallReport> recall(Context& context, const RecallRequest& request) {
    const auto& layout = context.lake.layout();
    TRY(auto list, lake::CloudList::open(layout.cloud_list));
    // A damaged inventory is the index's to replace; here the tree itself answers.
    const auto old = lake::Inventory::open(layout.inventory).value_or(lake::Inventory());
    TRY(auto scan, lake::scan(context.buckets, old, {}, context.clock, context.cancel));
    return RecallRun(context, request, scan, list).run();
}

}  // namespace neurolake::tier
