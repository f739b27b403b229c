// burst_upload.cpp: steps 2 to 5 of a burst: open, hash, write the intent down, upload, prove.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/text.hpp"
#include "tier/burst.hpp"

namespace neurolake::tier {

namespace {

constexpr std::size_t k_files_per_record = 128;
constexpr double k_longest_settling = 10;        // seconds; more is left for the next run
constexpr std::size_t k_longest_metadata = 240;  // some gateways end values at 256 bytes

store::Metadata metadata_of(const Context& context, const FileWork& file) {
    const auto& identity = file.held->identity();
    store::Metadata metadata;
    metadata[store::k_meta_sha256] = to_hex(file.sums.whole);
    metadata[store::k_meta_lake] = context.lake.id();
    if (!context.instance.empty()) metadata[store::k_meta_instance] = context.instance;
    metadata[store::k_meta_mtime_ns] = std::to_string(identity.mtime_ns);
    metadata[store::k_meta_mode] = fmt::format("{:04o}", identity.mode & 07777);
    metadata[k_meta_op] = file.upload_op;
    auto path = text::percent_encode(file.full_path(), true);
    if (path.size() <= k_longest_metadata) metadata[store::k_meta_path] = std::move(path);
    return metadata;
}

bool same_store(const lake::StoreLocation& a, const lake::StoreLocation& b) {
    return a.provider == b.provider && a.endpoint == b.endpoint && a.bucket == b.bucket;
}

}  // namespace

// A file whose bytes are old but which was copied, moved or touched a moment ago (its change time says so) has rested
// enough in a few seconds: a script that makes files and bursts them need not know of this.
void BurstRun::let_settle(const Units& units) {
    const auto settle = settle_seconds(m_context.policy);
    const auto now = m_context.clock.now();
    double longest = 0;
    for (auto* unit : units)
        for (auto& file : unit->files) {
            const auto folder = m_folders.parent_of(file->bucket->root, file->planned->path);
            const auto identity =
                folder ? identity_at(*folder, name_of(file->planned->path).c_str()) : Result<Identity>(folder.error());
            if (!identity) continue;
            const auto rested = static_cast<double>(to_ns(now) - identity->ctime_ns) / 1e9;
            const auto wait = settle - rested;
            if (rested >= 0 && wait <= k_longest_settling) longest = std::max(longest, wait);
        }
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(longest);
    while (std::chrono::steady_clock::now() < until && !should_stop())
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

// Step 2.
void BurstRun::open_all(const Units& units) {
    const auto settle = settle_seconds(m_context.policy);
    each_file(units, m_context.concurrency, [&](FileWork& file) {
        if (should_stop()) return fail(file, Error(Errc::cancelled, "stopped before it began"));
        auto folder = m_folders.parent_of(file.bucket->root, file.planned->path);
        if (!folder) return fail(file, std::move(folder).error());
        file.folder = *folder;
        auto held = HeldFile::open(*folder, name_of(file.planned->path), settle, m_context.clock.now(), m_watch);
        if (!held) return fail(file, std::move(held).error());
        file.held = std::move(held).value();
        const auto& identity = file.held->identity();
        if (identity.size != file.planned->bytes || identity.mtime_ns != file.planned->mtime_ns)
            return fail(file, Error(Errc::conflict, "it changed since the plan was made: kept, tried again next time"));
        const auto stub = lake::read_stub(file.held->fd());
        if (!stub || stub->has_value())
            return fail(file,
                        Error(Errc::conflict, "it is a stub already, or looks like a damaged one: kept as it is"));
    });
}

// Step 3, pass 1.
void BurstRun::sum_all(const Units& units) {
    const auto can = m_context.store->capabilities();
    each_file(units, std::min(m_context.concurrency, usable_threads()), [&](FileWork& file) {
        if (should_stop()) return fail(file, Error(Errc::cancelled, "stopped before it was read"));
        const auto part = part_size_for(file.held->identity().size, m_context.part_size, can);
        auto sums = sum_up(*file.held, part, m_context.cancel, {});
        if (!sums) return fail(file, std::move(sums).error());
        file.sums = std::move(sums).value();
    });
}

// An upload that a killed run began goes on under the same key; an object that a recall left behind needs proof only.
void BurstRun::adopt_leftover(FileWork& file) {
    const auto sha256 = to_hex(file.sums.whole);
    if (const auto* entry = m_list.find(file.bucket->name, file.planned->path))
        if (entry->stub.sha256 == sha256 && same_store(entry->stub.store, m_context.target))
            file.known_key = entry->stub.store.key;
    for (auto& record : m_leftovers) {
        if (!same_store(record.store, m_context.target)) continue;
        for (auto& left : record.files) {
            if (left.bucket != file.bucket->name || left.path != file.planned->path || left.sha256 != sha256) continue;
            file.known_key = left.key;
            file.upload_op = left.upload_op;
            if (left.part_size == file.sums.part_size) file.upload_id = left.upload_id;
        }
    }
}

// Step 3, the intent. Large files, whose record is written again while they go up, have records of their own.
void BurstRun::journal_all(const Units& units) {
    OpRecord* shared = nullptr;
    std::vector<OpRecord*> fresh;
    const auto begin = [&]() {
        auto record = std::make_unique<OpRecord>();
        record->op = new_op();
        record->started_at = to_rfc3339(m_context.clock.now());
        record->plan = m_plan.id;
        record->instance = m_context.instance;
        record->store = m_context.target;
        m_records.push_back(std::move(record));
        fresh.push_back(m_records.back().get());
        return fresh.back();
    };
    for (auto* unit : units) {
        if (unit->failure) continue;
        for (auto& file : unit->files) {
            const bool alone = file->sums.part_size > 0;
            if (alone || !shared || shared->files.size() >= k_files_per_record) {
                auto* record = begin();
                file->record = record;
                if (!alone) shared = record;
            } else {
                file->record = shared;
            }
            adopt_leftover(*file);
            auto& record = *file->record;
            if (file->upload_op.empty()) file->upload_op = record.op;
            OpFile entry;
            entry.n = static_cast<unsigned>(record.files.size());
            entry.bucket = file->bucket->name;
            entry.path = file->planned->path;
            entry.table = unit->unit->table;
            entry.unit = unit->word;
            entry.identity = file->held->identity();
            entry.sha256 = to_hex(file->sums.whole);
            entry.key = file->known_key;
            entry.upload_op = file->upload_op;
            entry.upload_id = file->upload_id;
            entry.part_size = file->sums.part_size;
            entry.nolease = file->held->writers() == Writers::unknown;
            if (entry.key.empty()) {
                auto key = key_of(m_context.policy.prefix, entry.bucket, entry.path);
                if (key)
                    entry.key = std::move(key).value();
                else
                    fail(*file, std::move(key).error());
            }
            file->entry = record.files.size();
            record.files.push_back(std::move(entry));
        }
    }
    std::set<const OpRecord*> failed;
    for (auto* record : fresh)
        if (auto written = m_journal.write(*record); !written) {
            failed.insert(record);
            for (auto* unit : units)
                for (auto& file : unit->files)
                    if (file->record == record) fail(*file, written.error());
        }
    // What was adopted is now in the new records.
    for (auto& left : m_leftovers) {
        const auto before = left.files.size();
        for (auto* unit : units)
            for (auto& file : unit->files)
                if (file->record && !failed.contains(file->record))
                    std::erase_if(left.files, [&](const OpFile& old) {
                        return old.key == file->known_key && old.bucket == file->bucket->name &&
                               old.path == file->planned->path &&
                               (old.upload_id.empty() || old.upload_id == file->upload_id);
                    });
        if (left.files.size() == before) continue;
        if (auto settled = m_journal.settle(left); !settled)
            m_report.findings.push_back(
                {model::Finding::Severity::warning, "journal_not_written", "", 0, settled.error().message});
    }
    std::erase_if(m_leftovers, [](const OpRecord& record) { return record.files.empty(); });
}

// Steps 4 and 5 of one file.
void BurstRun::upload_one(FileWork& file, unsigned part_concurrency) {
    if (should_stop()) return fail(file, Error(Errc::cancelled, "stopped before it was sent"));
    UploadJob job{
        *file.held, file.sums,       metadata_of(m_context, file), {}, file.op().key, file.upload_id, false, {},
        {},         part_concurrency};
    job.journal = [&](const UploadJob& now) -> Status {
        const std::scoped_lock lock(m_mutex);
        file.op().key = now.key;
        file.op().upload_id = now.upload_id;
        return m_journal.write(*file.record);
    };
    job.sent = [&](std::uint64_t bytes) {
        const std::scoped_lock lock(m_mutex);
        m_sent += bytes;
        if (m_context.progress) m_context.progress(m_sent, m_plan.bytes, file.full_path());
    };
    auto proof = upload_and_prove(*m_context.store, job, m_context.cancel);
    const std::scoped_lock lock(m_mutex);
    file.op().key = job.key;
    file.op().upload_id = job.upload_id;
    file.uploaded = job.created;
    if (proof) {
        file.op().version_id = proof->claim().version_id;
        file.op().etag = proof->etag();
        file.proof.emplace(std::move(proof).value());
        return;
    }
    if (file.unit->failure) return;
    file.unit->failure = std::move(proof).error();
    file.unit->failed_file = &file;
    const auto code = file.unit->failure->code;
    // not_found: the cloud bucket. Refused keys will be refused for every file; a file that only this user may not
    // read ends nothing.
    file.unit->failed_by_store = refused_by_store(code) || code == Errc::not_found;
    if (code == Errc::denied && !m_report.stopped) m_report.stopped = file.unit->failure;
}

void BurstRun::upload_all(const Units& units) {
    each_file(units, m_context.concurrency, [&](FileWork& file) {
        if (file.sums.part_size == 0) upload_one(file, 1);
    });
    // Large files one after the other, their parts side by side.
    each_file(units, 1, [&](FileWork& file) {
        if (file.sums.part_size > 0) upload_one(file, m_context.concurrency);
    });
}

namespace {

// Whether a later run can go on where this one failed; otherwise the store is tidied at once.
bool worth_going_on(Errc code) {
    return code == Errc::unavailable || code == Errc::denied || code == Errc::cancelled || code == Errc::full ||
           code == Errc::io || code == Errc::cloud;
}

}  // namespace

// Step 5, durable: `proven` stands only where the whole wave's uploads are over.
void BurstRun::journal_proven(const Units& units) {
    std::set<OpRecord*> records;
    for (auto* unit : units)
        for (auto& file : unit->files) {
            if (!file->record || file->op().path.empty()) continue;
            records.insert(file->record);
            if (file->proof) file->op().state = OpState::proven;
            const bool culprit = unit->failure && unit->failed_file == file.get();
            if (culprit && !worth_going_on(unit->failure->code) &&
                drop_upload(m_context, m_list, *file->record, file->op(), m_report.findings))
                file->op().path.clear();
        }
    for (auto* record : records) {
        auto rest = *record;
        std::erase_if(rest.files, [](const OpFile& file) { return file.path.empty(); });
        auto settled = m_journal.settle(rest);
        if (settled) continue;
        for (auto* unit : units)
            for (auto& file : unit->files)
                if (file->record == record) fail(*file, settled.error());
    }
}

}  // namespace neurolake::tier
