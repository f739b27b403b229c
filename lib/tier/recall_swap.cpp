// recall_swap.cpp: the downloads of a batch take their names, step by step for all, each folder synced once a step.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "tier/free.hpp"
#include "tier/recall.hpp"
#include "tier/swap.hpp"

namespace neurolake::tier {

// Side by side: a rename or an unlink waits for the disk, too.
template <typename Step>
void RecallRun::each(const Batch& files, const Step& step) {
    parallel_for(files.size(), m_context.concurrency, [&](std::size_t i, unsigned) {
        auto& file = *files[i];
        if (file.failed) return;
        auto done = step(file);
        if (done) return;
        // Once names changed, the record stays and the next run's recovery finishes.
        if (!file.swapped) keep_or_forget(file, done.error());
        fail(file, std::move(done).error());
    });
}

// Every download is durable. Every step is done for all files, then made durable, before the next begins: a stub is
// removed only when its file's name is known to survive a power cut.
void RecallRun::swap_in(const Batch& files) {
    each(files, [&](RecallFile& file) { return exchange(file); });
    sync_folders(files, &RecallFile::folder);
    sync_folders(files, &RecallFile::staging);
    each(files, [&](RecallFile& file) { return look_at_what_came_out(file); });
    sync_folders(files, &RecallFile::out_folder);
    for (auto* file : files)
        if (!file->failed) book(*file);
}

// The download takes the name, and what stood there comes out.
Status RecallRun::exchange(RecallFile& file) {
    const auto name = name_of(file.path);
    if (file.at_name == AtName::nothing) {
        TRY_DO(rename_noreplace(file.staging, file.download.c_str(), file.folder, name.c_str()));
        file.swapped = true;
        return {};
    }
    TRY(const auto now, identity_at(file.folder, name.c_str()));
    if (now != file.identity)
        return Error(Errc::conflict, fmt::format("{} changed while its data was fetched: kept as it is",
                                                 text::escape_controls(file.full_path())));
    auto swapped = rename_exchange(file.staging, file.download.c_str(), file.folder, name.c_str());
    if (!swapped && swapped.error().code == Errc::unsupported) return exchange_in_two(file);
    TRY_DO(swapped);
    file.swapped = true;
    file.out_folder = file.staging;
    file.out_name = file.download;
    return {};
}

// A crash between the two renames leaves the name missing for recovery to fill.
Status RecallRun::exchange_in_two(RecallFile& file) {
    const auto name = name_of(file.path);
    file.out_name = aside_name(*file.record, file.record->files[file.entry]);
    TRY_DO(rename_noreplace(file.folder, name.c_str(), file.folder, file.out_name.c_str()));
    file.swapped = true;
    file.out_folder = file.folder;
    return rename_noreplace(file.staging, file.download.c_str(), file.folder, name.c_str());
}

// Our own stub goes. A damaged one, or what somebody put at the name in that very moment, is kept beside.
Status RecallRun::look_at_what_came_out(RecallFile& file) {
    if (file.out_folder < 0) return {};
    TRY(const auto what, holds(file.out_folder, file.out_name, file.stub.op));
    if (what == Holds::own_stub && file.at_name == AtName::stub)
        return remove_own_stub(file.out_folder, file.out_name, file.stub.op);
    const auto conflict = conflict_name(*file.record, name_of(file.path));
    TRY_DO(rename_noreplace(file.out_folder, file.out_name.c_str(), file.folder, conflict.c_str()));
    warn(file, "conflict", fmt::format("what stood at its name is kept as {}", conflict));
    return sync_folder(file.folder);
}

// One fsync a folder, however many names in it changed.
void RecallRun::sync_folders(const Batch& files, int RecallFile::*folder) {
    std::map<int, Batch> folders;
    for (auto* file : files)
        if (!file->failed && file->*folder >= 0) folders[file->*folder].push_back(file);
    const std::vector<std::pair<int, Batch>> all(folders.begin(), folders.end());
    parallel_for(all.size(), m_context.concurrency, [&](std::size_t i, unsigned) {
        auto synced = sync_folder(all[i].first);
        if (synced) return;
        for (auto* file : all[i].second) fail(*file, synced.error());
    });
}

void RecallRun::book(RecallFile& file) {
    auto stub = file.stub;
    stub.bucket = file.bucket->name;
    stub.path = file.path;
    m_ledger.came_back(stub, file.back);
    m_ledger.audit("recall", stub, "", false);
    m_report.recalled.push_back({file.full_path(), stub.store.key, stub.sha256, stub.size, false});
    m_report.bytes += stub.size;
    file.record->files[file.entry].path.clear();
    if (m_context.step)
        m_context.step(fmt::format("{}: {} back, SHA-256 as before", text::escape_controls(file.full_path()),
                                   text::size_text(stub.size)));
}

}  // namespace neurolake::tier
