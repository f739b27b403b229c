// burst_swap.cpp: steps 6 to 9 of a burst: look again, stub in place, original aside, last look; a unit whole or not.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "tier/burst.hpp"
#include "tier/free.hpp"

namespace neurolake::tier {

namespace {

lake::Stub stub_of(const Context& context, const FileWork& file) {
    const auto& identity = file.held->identity();
    lake::Stub stub;
    stub.lake = context.lake.id();
    stub.op = entry_name(*file.record, file.op());
    stub.bucket = file.bucket->name;
    stub.path = file.planned->path;
    stub.size = identity.size;
    stub.allocated = identity.allocated;
    stub.mode = identity.mode & 07777;
    stub.uid = identity.uid;
    stub.gid = identity.gid;
    stub.mtime_ns = identity.mtime_ns;
    stub.sha256 = file.op().sha256;
    stub.store = context.target;
    stub.store.key = file.op().key;
    stub.store.version_id = file.op().version_id;
    stub.store.etag = file.op().etag;
    stub.uploaded_at = to_rfc3339(context.clock.now());
    stub.table = file.unit->unit->table;
    stub.xattrs = read_xattrs(file.held->fd());
    return stub;
}

// The file itself is why: its upload is of no use any more.
bool file_changed(Errc code) { return code == Errc::conflict || code == Errc::not_found; }

}  // namespace

// Steps 6 to 9. Every step is done for all files of the wave, then made durable, before the next begins.
void BurstRun::swap_all(const Units& units) {
    look_again(units);
    write_stubs(units);
    exchange_all(units);
    sync_folders(units);
    move_all_aside(units);
    sync_folders(units);
    last_look(units);
    Units failed, whole;
    for (auto* unit : units) {
        if (unit->failure) failed.push_back(unit);
        if (!unit->failure) whole.push_back(unit);
    }
    for (auto* unit : failed) put_unit_back(*unit);
    settle_records(failed);
    book(whole);
}

void BurstRun::look_again(const Units& units) {
    each_file(units, 1, [&](FileWork& file) {
        if (!file.proof) return fail(file, Error(Errc::mismatch, "it is not proven to be in the cloud"));
        auto same = file.held->unchanged(file.folder, name_of(file.planned->path));
        if (!same) return fail(file, std::move(same).error());
        file.place = place_of(*file.record, file.op(), file.folder, m_trash.get());
        file.stub = stub_of(m_context, file);
    });
}

void BurstRun::write_stubs(const Units& units) {
    const auto mode = m_context.policy.readable_stub ? lake::StubMode::readable : lake::StubMode::guarded;
    each_file(units, m_context.concurrency, [&](FileWork& file) {
        auto written = write_stub(file.place, file.stub, mode);
        if (!written && written.error().code == Errc::full) {
            lake::release_reserve(m_context.lake.layout());
            written = write_stub(file.place, file.stub, mode);
        }
        if (!written) return fail(file, std::move(written).error());
        file.stub_beside = true;
    });
}

void BurstRun::exchange_all(const Units& units) {
    std::vector<FileWork*> in_two;
    each_file(units, 1, [&](FileWork& file) {
        auto done = exchange(file.place);
        if (done)
            file.swapped = true;
        else if (done.error().code == Errc::unsupported)
            in_two.push_back(&file);
        else
            fail(file, std::move(done).error());
    });
    if (in_two.empty()) return;
    std::set<OpRecord*> records;
    for (auto* file : in_two) {
        file->op().state = OpState::swapping;
        records.insert(file->record);
    }
    for (auto* record : records) {
        auto rest = *record;
        std::erase_if(rest.files, [](const OpFile& file) { return file.path.empty(); });
        if (auto written = m_journal.write(rest); !written)
            for (auto* file : in_two)
                if (file->record == record) fail(*file, written.error());
    }
    for (auto* file : in_two) {
        if (file->unit->failure) continue;
        file->swapped = true;  // from here on put_back() knows what to do
        if (auto done = exchange_in_two(file->place); !done) fail(*file, std::move(done).error());
    }
}

void BurstRun::move_all_aside(const Units& units) {
    each_file(units, 1, [&](FileWork& file) {
        file.aside = tier::move_aside(file.place);
        file.moved_at = std::chrono::steady_clock::now();
        file.held->moved_aside();
    });
}

// Step 9. Where nothing told of writers, the bytes themselves are read once more.
void BurstRun::last_look(const Units& units) {
    each_file(units, std::min(m_context.concurrency, usable_threads()), [&](FileWork& file) {
        auto same = file.held->still_itself(file.aside.folder, file.aside.name);
        if (!same) return fail(file, std::move(same).error());
        if (file.held->writers() == Writers::none) return;
        auto digest = sha256_of(file.held->fd());
        if (!digest) return fail(file, std::move(digest).error());
        if (*digest != file.sums.whole)
            fail(file,
                 Error(Errc::conflict, "its content changed while it was moved: put back, tried again next time"));
    });
}

// All or nothing: what of a failed unit already went comes back to its name. Its uploads stay in the journal, so that
// the next run only needs to prove them; only the file that failed is forgotten.
void BurstRun::put_unit_back(UnitWork& unit) {
    for (auto& file : unit.files) {
        if (!file->stub_beside) continue;
        const auto back = put_back(file->place);
        if (!back) {
            m_report.findings.push_back(
                {model::Finding::Severity::warning, "left_aside", file->full_path(), 0,
                 fmt::format("its bytes wait in .neurolake/trash/{}: {}", file->place.op, back.error().message)});
            file->op().moved_at = to_rfc3339(m_context.clock.now());
            continue;
        }
        file->op().state = OpState::proven;
        if (*back == Back::conflict)
            m_report.findings.push_back(
                {model::Finding::Severity::warning, "conflict", file->full_path(), 0,
                 fmt::format("its name was taken meanwhile: its bytes are now {}", file->place.conflict)});
        if (file.get() == unit.failed_file && file_changed(unit.failure->code) &&
            drop_upload(m_context, m_list, *file->record, file->op(), m_report.findings))
            file->op().path.clear();
    }
    auto* culprit = const_cast<FileWork*>(unit.failed_file);
    if (culprit && culprit->record && !culprit->stub_beside && culprit->proof && !culprit->op().path.empty() &&
        file_changed(unit.failure->code) &&
        drop_upload(m_context, m_list, *culprit->record, culprit->op(), m_report.findings))
        culprit->op().path.clear();
}

void BurstRun::sync_folders(const Units& units) {
    std::map<int, std::vector<FileWork*>> folders;
    for (auto* unit : units) {
        if (unit->failure) continue;
        for (auto& file : unit->files) {
            folders[file->folder].push_back(file.get());
            if (file->aside.found()) folders[m_trash.get()].push_back(file.get());
        }
    }
    for (auto& [folder, files] : folders)
        if (auto synced = sync_folder(folder); !synced)
            for (auto* file : files) fail(*file, synced.error());
}

// Step 10, the part that must not wait: where each object is. Index and catalog follow once for all in finish().
void BurstRun::book(const Units& units) {
    for (auto* unit : units) {
        for (auto& file : unit->files) {
            const auto stub = identity_at(file->folder, file->place.name.c_str());
            m_ledger.became_stub(file->stub, stub ? stub->ino : 0);
            m_ledger.audit("burst", file->stub, m_plan.id, file->uploaded);
            m_report.moved.push_back(
                {file->full_path(), file->op().key, file->op().sha256, file->planned->bytes, file->uploaded});
            m_report.moved_bytes += file->planned->bytes;
            ++m_swapped_files;
            m_swapped_bytes += file->planned->bytes;
        }
        m_swapped.push_back(unit);
        say(fmt::format("{}: {} {}, {} proven in the cloud",
                        text::escape_controls(unit->unit->bucket + "/" + unit->unit->path), unit->files.size(),
                        unit->files.size() == 1 ? "file" : "files", text::size_text(unit->unit->bytes)));
    }
}

}  // namespace neurolake::tier
