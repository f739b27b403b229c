// recall_recover.cpp: what recovery does with recalls that were cut off.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>

#include "base/text.hpp"
#include "tier/free.hpp"
#include "tier/recall.hpp"
#include "tier/recover.hpp"
#include "tier/swap.hpp"

namespace neurolake::tier {

namespace {

// Whether the recalled bytes stand at the name: size and time are what we gave them before they took it.
bool stands(int folder, const std::string& name, const lake::Stub& stub) {
    const auto there = identity_at(folder, name.c_str());
    return there && there->is_regular() && there->size == stub.size && there->mtime_ns == stub.mtime_ns &&
           !looks_torn(folder, name);
}

// What lies where a download was. Bytes that the cloud has, or the beginning of them while the stub stands, may go;
// anything else was somebody's, swapped out in the last moment: it is kept beside its name.
Status tidy(const OpRecord& record, const OpFile& file, int folder, const Entry& entry, Holds at_name) {
    const auto& op = file.stub->op;
    TRY(const auto what, holds(entry.folder, entry.name, op));
    if (what == Holds::nothing) return {};
    if (what == Holds::own_stub) {
        TRY_DO(remove_own_stub(entry.folder, entry.name, op));
        return sync_folder(entry.folder);
    }
    const auto name = name_of(file.path);
    bool ours = what == Holds::something && at_name != Holds::something;
    if (what == Holds::something && !ours && !stands(folder, name, *file.stub)) {
        TRY(const Fd fd, open_beneath(entry.folder, entry.name, O_RDONLY));
        TRY(const auto digest, sha256_of(fd.get()));
        ours = to_hex(digest) == file.sha256;
    }
    if (ours) return forget_entry(entry.folder, entry.name);
    TRY_DO(rename_noreplace(entry.folder, entry.name.c_str(), folder, conflict_name(record, name).c_str()));
    return sync_folder(entry.folder);
}

// One file of a killed recall; true when its bytes are back.
Result<bool> recover_file(const OpRecord& record, const OpFile& file, int folder, int staging) {
    const auto name = name_of(file.path);
    const auto& op = file.stub->op;
    // In two steps the stub went aside first: without anything at the name it goes back.
    const Entry aside{folder, aside_name(record, file)};
    TRY(auto at_name, holds(folder, name, op));
    if (at_name == Holds::nothing && file.identity.size > 0) {
        TRY(const auto stub_aside, holds(aside.folder, aside.name, op));
        if (stub_aside != Holds::nothing) {
            TRY_DO(rename_noreplace(aside.folder, aside.name.c_str(), folder, name.c_str()));
            TRY(at_name, holds(folder, name, op));
        }
    }
    for (const auto& entry : {Entry{staging, entry_name(record, file)}, Entry{folder, side_name(record, file)}, aside})
        TRY_DO(tidy(record, file, folder, entry, at_name));
    TRY_DO(sync_folder(folder));
    return at_name == Holds::something && stands(folder, name, *file.stub);
}

class RecallRecovery {
public:
    RecallRecovery(Context& context, lake::CloudList& list, Folders& folders, int staging, RecoveryReport& report)
        : m_context(context),
          m_list(list),
          m_ledger(context, list),
          m_folders(folders),
          m_staging(staging),
          m_report(report) {}

    void run(const std::vector<OpRecord>& records);

private:
    void find(std::string code, std::string path, std::string message);
    Result<int> folder_of_file(const OpFile& file);
    bool written_down(const OpRecord& record, const OpFile& file) const;
    OpRecord recover(const OpRecord& record);
    Status recover_one(const OpRecord& record, const OpFile& file);
    void index_again(const OpFile& file);
    void write_down();

    Context& m_context;
    lake::CloudList& m_list;
    Ledger m_ledger;
    Folders& m_folders;
    int m_staging;
    RecoveryReport& m_report;
};

void RecallRecovery::find(std::string code, std::string path, std::string message) {
    m_report.findings.push_back(
        {model::Finding::Severity::warning, std::move(code), std::move(path), 0, std::move(message)});
}

Result<int> RecallRecovery::folder_of_file(const OpFile& file) {
    const auto* bucket = bucket_named(m_context, file.bucket);
    if (!bucket) return Error(Errc::not_found, "its bucket is not known");
    return m_folders.parent_of(bucket->root, file.path);
}

lake::Stub stub_where_it_stands(const OpFile& file) {
    auto stub = *file.stub;
    stub.bucket = file.bucket;
    stub.path = file.path;
    return stub;
}

// The batch was brought to its end, and its record only waited for the index.
bool RecallRecovery::written_down(const OpRecord& record, const OpFile& file) const {
    const auto* entry = m_list.find(file.bucket, file.path);
    return entry && entry->recalled && file.stub && entry->stub.op == file.stub->op && entry->at >= record.started_at;
}

void RecallRecovery::index_again(const OpFile& file) {
    const auto folder = folder_of_file(file);
    const auto name = name_of(file.path);
    if (!folder || !stands(*folder, name, *file.stub)) return;  // changed since: the next scan's matter
    if (const auto now = identity_at(*folder, name.c_str())) m_ledger.stands_again(stub_where_it_stands(file), *now);
}

Status RecallRecovery::recover_one(const OpRecord& record, const OpFile& file) {
    TRY(const int folder, folder_of_file(file));
    if (!file.stub) return Error(Errc::corrupt, "its record has no stub");
    TRY(const bool back, recover_file(record, file, folder, m_staging));
    ++(back ? m_report.finished : m_report.undone);
    if (!back) return {};
    const auto stub = stub_where_it_stands(file);
    if (const auto now = identity_at(folder, name_of(file.path).c_str())) m_ledger.came_back(stub, *now);
    m_ledger.audit("recall", stub, "", false);
    return {};
}

// What is left of the record.
OpRecord RecallRecovery::recover(const OpRecord& record) {
    auto rest = record;
    rest.files.clear();
    for (const auto& file : record.files) {
        if (written_down(record, file)) {
            index_again(file);
            ++m_report.finished;
            continue;
        }
        auto done = recover_one(record, file);
        if (done) continue;
        rest.files.push_back(file);
        ++m_report.left;
        find("left", file.bucket + "/" + file.path,
             fmt::format("a recall was cut off and could not be tidied up: {}", done.error().message));
    }
    return rest;
}

void RecallRecovery::write_down() {
    m_ledger.write_audit();
    if (auto listed = m_ledger.write_cloud_list(); !listed) find("cloud_list_not_written", "", listed.error().message);
    if (m_ledger.index_pending()) {
        const auto old = lake::Inventory::open(m_context.lake.layout().inventory).value_or(lake::Inventory());
        auto next = lake::InventoryBuilder::from(old);
        m_ledger.write_index(*next);
    }
    for (auto& finding : m_ledger.take_findings()) m_report.findings.push_back(std::move(finding));
}

void RecallRecovery::run(const std::vector<OpRecord>& records) {
    std::vector<OpRecord> rests;
    for (const auto& record : records)
        if (record.kind == OpKind::recall) rests.push_back(recover(record));
    write_down();
    const Journal journal(m_context.lake.layout());
    for (const auto& rest : rests)
        if (auto settled = journal.settle(rest); !settled) find("journal_not_written", "", settled.error().message);
}

}  // namespace

void recover_recalls(Context& context, lake::CloudList& list, const std::vector<OpRecord>& records, Folders& folders,
                     int staging, RecoveryReport& report) {
    RecallRecovery(context, list, folders, staging, report).run(records);
}

}  // namespace neurolake::tier
