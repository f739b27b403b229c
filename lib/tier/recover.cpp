// recover.cpp: finishing or undoing what a dead run left, by what lies on the disk; in doubt the local bytes stay.
// SPDX-License-Identifier: Apache-2.0
#include "tier/recover.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "base/text.hpp"
#include "tier/burst.hpp"
#include "tier/free.hpp"
#include "tier/recall.hpp"

namespace neurolake::tier {

const lake::Bucket* bucket_named(const Context& context, std::string_view name) {
    const auto found = std::find_if(context.buckets.begin(), context.buckets.end(),
                                    [&](const auto& bucket) { return bucket.name == name; });
    return found == context.buckets.end() ? nullptr : &*found;
}

Result<Sight> look_at(const Place& place) {
    TRY(const auto at_name, holds(place.folder, place.name, place.op));
    TRY(const auto original, find_original(place));
    if (original.found()) {
        if (at_name == Holds::own_stub) return Sight::swapped;
        return at_name == Holds::nothing ? Sight::missing : Sight::taken;
    }
    if (at_name == Holds::own_stub) return Sight::freed;
    return at_name == Holds::something ? Sight::in_place : Sight::gone;
}

bool all_in_place(const Context& context, const OpRecord& record, int trash, Folders& folders) {
    return std::all_of(record.files.begin(), record.files.end(), [&](const auto& file) {
        const auto* bucket = bucket_named(context, file.bucket);
        if (!bucket) return false;
        const auto folder = folders.parent_of(bucket->root, file.path);
        if (!folder) return false;
        const auto sight = look_at(place_of(record, file, *folder, trash));
        return sight && *sight == Sight::in_place;
    });
}

namespace {

using model::Finding;

// One file of a killed burst.
struct Found {
    OpRecord* record = nullptr;
    OpFile* file = nullptr;
    const lake::Bucket* bucket = nullptr;
    Place place;
    Sight sight = Sight::gone;
    bool unknown = false;  // it could not be looked at
    bool done = false;     // leaves the record
    bool retry = false;    // stays in the record, untouched

    std::string full_path() const { return file->bucket + "/" + file->path; }
};
using Unit = std::vector<Found*>;

class Recovery {
public:
    Recovery(Context& context, lake::CloudList& list)
        : m_context(context), m_list(list), m_journal(context.lake.layout()), m_ledger(context, list) {}

    Result<RecoveryReport> run();

private:
    void find(std::string code, std::string path, std::string message,
              Finding::Severity severity = Finding::Severity::warning);
    void look(std::vector<OpRecord>& records);
    void recover_unit(const Unit& unit);
    void leave(const Unit& unit, const std::string& why);
    void keep_in_place(Found& found);
    void finish_unit(const Unit& unit);
    bool finish_file(Found& found);
    void put_back_unit(const Unit& unit, std::string_view why);
    enum class Upload { keep, drop };
    void put_back_file(Found& found, std::string_view why, Upload upload);
    void finish_freed(Found& found);
    void drop_gone(Found& found);
    Result<lake::Stub> stub_at(const Found& found) const;
    void settle(std::vector<OpRecord>& records);
    void write_down();
    void sweep(int folder, std::string_view beginning);
    void sweep_temporaries();
    Status report_strangers(const std::vector<OpRecord>& records, const std::vector<std::string>& damaged);

    Context& m_context;
    lake::CloudList& m_list;
    Journal m_journal;
    Ledger m_ledger;
    LeaseWatch m_watch;
    Folders m_folders;
    Fd m_trash, m_staging;
    RecoveryReport m_report;
    std::vector<std::unique_ptr<Found>> m_found;
    std::chrono::steady_clock::time_point m_began = std::chrono::steady_clock::now();
};

void Recovery::find(std::string code, std::string path, std::string message, Finding::Severity severity) {
    m_report.findings.push_back({severity, std::move(code), std::move(path), 0, std::move(message)});
}

void Recovery::look(std::vector<OpRecord>& records) {
    for (auto& record : records) {
        if (record.kind != OpKind::burst) continue;
        for (auto& file : record.files) {
            auto found = std::make_unique<Found>();
            found->record = &record;
            found->file = &file;
            found->bucket = bucket_named(m_context, file.bucket);
            auto folder = found->bucket ? m_folders.parent_of(found->bucket->root, file.path)
                                        : Result<int>(Error(Errc::not_found, "its bucket is not known"));
            // Without its folder only the trash can tell whether the original is somewhere.
            found->unknown = !folder;
            if (folder) {
                found->place = place_of(record, file, *folder, m_trash.get());
                auto sight = look_at(found->place);
                found->unknown = !sight;
                if (sight) found->sight = *sight;
            }
            m_found.push_back(std::move(found));
        }
    }
}

void Recovery::leave(const Unit& unit, const std::string& why) {
    for (auto* found : unit) {
        found->retry = true;
        ++m_report.left;
        find("left", found->full_path(), why);
    }
}

Result<lake::Stub> Recovery::stub_at(const Found& found) const {
    TRY(auto stub, lake::read_stub_at(found.place.folder, found.place.name));
    if (!stub) return Error(Errc::not_found, "no stub");
    return std::move(*stub);
}

// A killed upload: the file was never touched. It stays for the next burst to go on with, unless the file changed.
void Recovery::keep_in_place(Found& found) {
    auto cleaned = put_back(found.place);  // a stub may wait beside
    if (!cleaned) return leave({&found}, cleaned.error().message);
    const auto now = identity_at(found.place.folder, found.place.name.c_str());
    const auto& then = found.file->identity;
    const bool same = now && now->ino == then.ino && now->size == then.size && now->mtime_ns == then.mtime_ns &&
                      now->ctime_ns == then.ctime_ns && now->mode == then.mode;
    if (same) {
        found.retry = true;
        ++m_report.left;
        find("upload_unfinished", found.full_path(), "its upload was cut off; the next burst goes on with it",
             Finding::Severity::note);
        return;
    }
    found.done = drop_upload(m_context, m_list, *found.record, *found.file, m_report.findings);
    found.retry = !found.done;
    ++(found.done ? m_report.undone : m_report.left);
}

// The stub stands, the original waits aside: both are looked at again, byte by byte, before anything is freed.
bool Recovery::finish_file(Found& found) {
    const auto why_not = [&](std::string why) {
        put_back_file(found, why, Upload::drop);
        return true;
    };
    auto original = find_original(found.place);
    if (!original || !original->found()) return false;
    auto held = HeldFile::open(original->folder, original->name, std::nullopt, m_context.clock.now(), m_watch);
    if (!held) return why_not(held.error().message);
    auto digest = sha256_of((*held)->fd());
    if (!digest) return false;
    if (to_hex(*digest) != found.file->sha256) return why_not("its bytes are not those that were sent");
    auto stub = stub_at(found);
    if (!stub) return false;
    auto store = m_context.store_of ? m_context.store_of(stub->store)
                                    : Result<store::ObjectStore*>(Error(Errc::cloud, "no object store is configured"));
    if (!store) return false;
    Claim claim;
    claim.key = stub->store.key;
    claim.version_id = stub->store.version_id;
    claim.size = stub->size;
    claim.sha256 = *digest;
    auto proof = prove(**store, claim);
    if (!proof && (proof.error().code == Errc::mismatch || proof.error().code == Errc::not_found ||
                   proof.error().code == Errc::denied))
        return why_not(proof.error().message);
    if (!proof) return false;
    const auto inode = identity_at(found.place.folder, found.place.name.c_str());
    m_ledger.became_stub(*stub, inode ? inode->ino : 0);
    m_ledger.audit("recovered", *stub, found.record->plan, false);
    if (auto listed = m_ledger.write_cloud_list(); !listed) find("cloud_list_not_written", "", listed.error().message);
    m_ledger.write_audit();
    std::this_thread::sleep_until(m_began + m_context.rest_before_free);
    auto freed =
        free_local(std::move(*proof), **held, original->folder, original->name, m_began, m_context.rest_before_free);
    if (!freed) return why_not(freed.error().message);
    if (auto synced = sync_folder(original->folder); !synced) find("not_durable", "", synced.error().message);
    found.done = true;
    ++m_report.finished;
    return true;
}

void Recovery::put_back_file(Found& found, std::string_view why, Upload upload) {
    auto stub = stub_at(found);
    auto back = put_back(found.place);
    if (!back) return leave({&found}, back.error().message);
    ++m_report.undone;
    if (*back == Back::conflict) {
        const auto folder = folder_of(found.file->path);
        find("conflict", found.full_path(),
             fmt::format("its name was taken while it was moved: its bytes are now {}{}",
                         folder.empty() ? "" : folder + "/", found.place.conflict));
    } else {
        find("put_back", found.full_path(),
             fmt::format("a burst was cut off; its bytes are back at their name ({})", why));
    }
    if (stub) m_ledger.audit("put_back", *stub, found.record->plan, false);
    // A proven object stays as the second copy, and is listed as one: the next burst needs no upload.
    const auto now = identity_at(found.place.folder, found.place.name.c_str());
    if (upload == Upload::keep && stub && now && *back == Back::home) {
        m_ledger.came_back(*stub, *now);
        found.done = true;
        return;
    }
    const auto* listed = m_list.find(found.file->bucket, found.file->path);
    if (listed && listed->stub.store.key == found.file->key)
        if (auto removed = m_list.remove(found.file->bucket, found.file->path, to_rfc3339(m_context.clock.now()));
            !removed)
            find("cloud_list_not_written", found.full_path(), removed.error().message);
    // Where the object may be left, the record stays: as one of an upload whose file is in place.
    found.done = drop_upload(m_context, m_list, *found.record, *found.file, m_report.findings);
    found.retry = !found.done;
}

void Recovery::finish_freed(Found& found) {
    auto stub = stub_at(found);
    if (!stub) return leave({&found}, stub.error().message);
    const auto* listed = m_list.find(found.file->bucket, found.file->path);
    if (!listed || listed->recalled || listed->stub.op != stub->op) {
        const auto inode = identity_at(found.place.folder, found.place.name.c_str());
        m_ledger.became_stub(*stub, inode ? inode->ino : 0);
        m_ledger.audit("recovered", *stub, found.record->plan, false);
    }
    if (auto removed = remove_own_stub(found.place.folder, found.place.side, found.place.op); !removed)
        find("left", found.full_path(), removed.error().message);
    found.done = true;
    ++m_report.finished;
}

// The user removed or replaced what was there. An object that was proven may hold the only copy: it is never deleted
// for a missing stub.
void Recovery::drop_gone(Found& found) {
    auto cleaned = put_back(found.place);
    if (!cleaned) return leave({&found}, cleaned.error().message);
    if (found.file->state == OpState::uploading) {
        found.done = drop_upload(m_context, m_list, *found.record, *found.file, m_report.findings);
        found.retry = !found.done;
    } else {
        find("object_kept", found.full_path(),
             fmt::format("its file is gone; the object {} stays in the cloud", found.file->key));
        found.done = true;
    }
    ++(found.done ? m_report.undone : m_report.left);
}

// Some of the unit can still be saved whole by finishing it; the store decides.
void Recovery::finish_unit(const Unit& unit) {
    for (auto* found : unit) {
        if (found->sight == Sight::freed) finish_freed(*found);
        if (found->sight == Sight::gone) drop_gone(*found);
        if (found->sight != Sight::swapped) continue;
        if (!finish_file(*found))
            leave({found}, "its stub stands and its bytes wait in .neurolake/trash; the store cannot be asked now");
    }
}

void Recovery::put_back_unit(const Unit& unit, std::string_view why) {
    for (auto* found : unit) {
        switch (found->sight) {
            case Sight::swapped:
            case Sight::missing:
            case Sight::taken:
                put_back_file(*found, why, Upload::keep);
                break;
            case Sight::in_place:
                keep_in_place(*found);
                break;
            case Sight::freed:
                finish_freed(*found);
                break;
            case Sight::gone:
                drop_gone(*found);
                break;
        }
    }
}

void Recovery::recover_unit(const Unit& unit) {
    const auto any = [&](Sight sight) {
        return std::any_of(unit.begin(), unit.end(), [&](const auto* found) { return found->sight == sight; });
    };
    if (std::any_of(unit.begin(), unit.end(), [](const auto* found) { return found->unknown; }))
        return leave(unit, "its folder cannot be looked at now; nothing of it was touched");
    // A unit whose swap was cut off in the middle goes back to its names: its objects are there, the next burst only
    // has to prove them, and a table is never half here.
    const bool cut_off = any(Sight::missing) || any(Sight::taken) || (any(Sight::in_place) && any(Sight::swapped));
    if (cut_off) return put_back_unit(unit, "not all of its unit had gone");
    if (any(Sight::swapped)) return finish_unit(unit);
    put_back_unit(unit, "");
}

void Recovery::settle(std::vector<OpRecord>& records) {
    for (auto& record : records) {
        if (record.kind != OpKind::burst) continue;
        auto rest = record;
        rest.files.clear();
        for (const auto& found : m_found)
            if (found->record == &record && !found->done) rest.files.push_back(*found->file);
        if (rest.files.size() == record.files.size()) continue;
        if (auto settled = m_journal.settle(rest); !settled) find("journal_not_written", "", settled.error().message);
    }
}

void Recovery::write_down() {
    if (auto listed = m_ledger.write_cloud_list(); !listed) find("cloud_list_not_written", "", listed.error().message);
    if (m_ledger.index_pending()) {
        const auto old = lake::Inventory::open(m_context.lake.layout().inventory).value_or(lake::Inventory());
        auto next = lake::InventoryBuilder::from(old);
        m_ledger.write_index(*next);
    }
    m_ledger.write_audit();
    for (auto& finding : m_ledger.take_findings()) m_report.findings.push_back(std::move(finding));
}

// Temporaries of atomic writes that a kill cut off: never read by anyone, and under the lock nobody else's.
void Recovery::sweep(int folder, std::string_view beginning) {
    std::vector<std::string> names;
    std::error_code error;
    const auto path = fmt::format("/proc/self/fd/{}", folder);
    for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        auto name = it->path().filename().string();
        if (name.starts_with(beginning) && name.find(".nl-tmp-") != std::string::npos) names.push_back(std::move(name));
    }
    for (const auto& name : names)
        if (auto gone = forget_entry(folder, name); !gone) find("left", name, gone.error().message);
}

void Recovery::sweep_temporaries() {
    const auto& layout = m_context.lake.layout();
    for (const auto& folder : {layout.state, layout.journal, layout.catalog})
        if (const auto opened = open_folder(folder)) sweep(opened->get(), ".");
    std::set<int> folders;
    for (const auto& found : m_found)
        if (!found->unknown) folders.insert(found->place.folder);
    for (const int folder : folders) sweep(folder, std::string(".") + lake::k_note_name);
}

// Entries that bear our kind of name but no record speaks of: kept, told.
Status Recovery::report_strangers(const std::vector<OpRecord>& records, const std::vector<std::string>& damaged) {
    std::set<std::string> known;
    for (const auto& record : records)
        for (const auto& file : record.files) known.insert(entry_name(record, file));
    const auto& layout = m_context.lake.layout();
    for (const auto& name : damaged) {
        ++m_report.left;
        find("journal_damaged", ".neurolake/journal/" + name,
             "this journal record is damaged: nothing it may speak of was touched", Finding::Severity::error);
    }
    for (const auto& folder : {layout.trash, layout.staging}) {
        std::error_code error;
        for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
            const auto name = it->path().filename().string();
            std::error_code ignored;
            if (!it->is_regular_file(ignored) || known.contains(name)) continue;
            ++m_report.left;
            find("unrecorded", fmt::format(".neurolake/{}/{}", folder.filename().string(), name),
                 "no journal record speaks of this file: it is kept; look at it and move it where it belongs");
        }
        if (error) return os_error(error.value(), "list " + folder.string(), folder.string());
    }
    return {};
}

Result<RecoveryReport> Recovery::run() {
    const auto& layout = m_context.lake.layout();
    TRY(auto listing, m_journal.read());
    TRY(m_trash, open_folder(layout.trash));
    TRY(m_staging, open_folder(layout.staging));
    look(listing.records);
    std::map<std::string, Unit> units;
    for (const auto& found : m_found) units[found->file->unit].push_back(found.get());
    for (const auto& [word, unit] : units) recover_unit(unit);
    write_down();  // before the records that could say it again are gone
    settle(listing.records);
    recover_recalls(m_context, m_list, listing.records, m_folders, m_staging.get(), m_report);
    sweep_temporaries();
    TRY_DO(report_strangers(listing.records, listing.damaged));
    return std::move(m_report);
}

}  // namespace

Result<RecoveryReport> recover(Context& context) {
    TRY(auto list, lake::CloudList::open(context.lake.layout().cloud_list));
    return Recovery(context, list).run();
}

Result<std::vector<std::string>> unfinished(const lake::Layout& layout) {
    TRY(const auto listing, Journal(layout).read());
    std::vector<std::string> lines;
    for (const auto& record : listing.records) {
        if (record.files.empty()) continue;
        const auto& first = record.files.front();
        lines.push_back(fmt::format("{} of {} {} begun {}: {}{}", record.kind == OpKind::burst ? "burst" : "recall",
                                    record.files.size(), record.files.size() == 1 ? "file" : "files", record.started_at,
                                    text::escape_controls(first.bucket + "/" + first.path),
                                    record.files.size() > 1 ? " ..." : ""));
    }
    for (const auto& name : listing.damaged) lines.push_back("damaged journal record " + name);
    return lines;
}

}  // namespace neurolake::tier
