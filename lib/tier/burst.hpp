// burst.hpp: one run of burst: units in waves through the steps of the protocol, all files of a unit together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tier/held_file.hpp"
#include "tier/journal.hpp"
#include "tier/ledger.hpp"
#include "tier/swap.hpp"
#include "tier/tier.hpp"
#include "tier/upload.hpp"
#include "tier/verified_copy.hpp"

namespace neurolake::tier {

struct UnitWork;

struct FileWork {
    UnitWork* unit = nullptr;
    const PlanFile* planned = nullptr;
    const lake::Bucket* bucket = nullptr;
    int folder = -1;
    std::unique_ptr<HeldFile> held;
    Sums sums;
    OpRecord* record = nullptr;
    std::size_t entry = 0;  // in record->files
    std::string known_key;  // an object that an earlier burst or a killed run made of this file
    std::string upload_op, upload_id;
    std::optional<VerifiedCopy> proof;
    bool uploaded = false;
    lake::Stub stub;
    Place place;
    bool stub_beside = false, swapped = false;
    Entry aside;
    std::chrono::steady_clock::time_point moved_at;

    OpFile& op() const { return record->files[entry]; }
    std::string full_path() const { return bucket->name + "/" + planned->path; }
};

struct UnitWork {
    const Unit* unit = nullptr;
    std::string word;  // marks the unit's files in the journal
    std::vector<std::unique_ptr<FileWork>> files;
    std::optional<Error> failure;
    const FileWork* failed_file = nullptr;
    bool retried = false, failed_by_store = false;
};

class BurstRun {
public:
    BurstRun(Context& context, const Plan& plan, lake::ScanResult& scan, lake::CloudList& list);
    // Everything from step 2 on. The error is of the run (no store, journal unreadable), never of one file.
    Result<BurstReport> run();

private:
    using Units = std::vector<UnitWork*>;

    // burst.cpp: the order of things
    Status gather();  // units of the plan that are as they were planned
    bool as_planned(const Unit& unit);
    Units next_wave();
    void wave(const Units& units);
    void fail(FileWork& file, Error error);  // thread-safe; the first failure of a unit counts
    void report_failures(const Units& units);
    void leave_behind(const FileWork& file);
    bool should_stop() const;
    void finish();  // steps 10 to 12 for everything swapped so far
    void free_one(UnitWork& unit, FileWork& file);
    void say(const std::string& line) const;
    void drop_leftovers();

    // burst_upload.cpp: steps 2 to 5
    void let_settle(const Units& units);
    void open_all(const Units& units);
    void sum_all(const Units& units);
    void adopt_leftover(FileWork& file);
    void journal_all(const Units& units);
    void upload_all(const Units& units);
    void upload_one(FileWork& file, unsigned part_concurrency);
    void journal_proven(const Units& units);

    // burst_swap.cpp: steps 6 to 9
    void swap_all(const Units& units);
    void look_again(const Units& units);
    void write_stubs(const Units& units);
    void exchange_all(const Units& units);
    void move_all_aside(const Units& units);
    void last_look(const Units& units);
    void put_unit_back(UnitWork& unit);
    void sync_folders(const Units& units);
    void book(const Units& units);

    template <typename Body>
    void each_file(const Units& units, unsigned threads, const Body& body);  // of units that did not fail
    void settle_records(const Units& units);

    Context& m_context;
    const Plan& m_plan;
    lake::ScanResult& m_scan;
    lake::CloudList& m_list;
    Journal m_journal;
    Ledger m_ledger;
    BurstReport m_report;
    LeaseWatch m_watch;
    Folders m_folders;
    Fd m_trash;
    std::size_t m_most_open = 256;
    std::vector<std::unique_ptr<UnitWork>> m_all;
    std::deque<UnitWork*> m_queue;
    std::vector<std::unique_ptr<OpRecord>> m_records;
    std::vector<OpRecord> m_leftovers;  // of killed runs: their files are in place, their uploads may go on
    std::vector<UnitWork*> m_swapped;   // waiting for finish()
    std::size_t m_swapped_files = 0;
    std::uint64_t m_swapped_bytes = 0;
    std::mutex m_mutex;
    std::uint64_t m_sent = 0;
    std::size_t m_attempted = 0, m_failed = 0;
};

template <typename Body>
void BurstRun::each_file(const Units& units, unsigned threads, const Body& body) {
    std::vector<FileWork*> files;
    for (auto* unit : units) {
        if (unit->failure) continue;
        for (auto& file : unit->files) files.push_back(file.get());
    }
    parallel_for(files.size(), std::max(1u, threads), [&](std::size_t i, unsigned) {
        {
            const std::scoped_lock lock(m_mutex);
            if (files[i]->unit->failure) return;
        }
        body(*files[i]);
    });
}

// Removes what an operation that never got to its stub left in the store: the unfinished upload, and the object if this
// operation made it and nothing relies on it. Returns false when the store could not be asked: then the record must
// stay.
bool drop_upload(Context& context, const lake::CloudList& list, const OpRecord& record, const OpFile& file,
                 std::vector<model::Finding>& findings);

inline constexpr const char* k_meta_op = "neurolake-op";  // which operation made an object

}  // namespace neurolake::tier
