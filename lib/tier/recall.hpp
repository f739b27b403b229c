// recall.hpp: one run of recall: stubs in batches through download, check, exchange; and the recovery of such a run.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tier/held_file.hpp"
#include "tier/journal.hpp"
#include "tier/ledger.hpp"
#include "tier/tier.hpp"

namespace neurolake::tier {

// What stands where the bytes shall come back to.
enum class AtName {
    stub,     // a verified stub
    damaged,  // something that begins like a stub and does not verify: kept under the conflict name
    nothing,  // the stub is missing; cloud.jsonl knows the object
};

struct RecallFile {
    const lake::Bucket* bucket = nullptr;
    std::string path;  // where it stands now, which need not be where the stub was made
    lake::Stub stub;
    AtName at_name = AtName::stub;
    Identity identity;  // of what stands at the name
    int folder = -1;
    OpRecord* record = nullptr;
    std::size_t entry = 0;
    int staging = -1;  // the folder the download goes to
    std::string download;
    Identity back;         // of the download when everything was restored to it
    bool swapped = false;  // the download is at the name, or on its way there: only recovery may undo that
    int out_folder = -1;   // where what stood at the name came out, if something did
    std::string out_name;
    bool failed = false, failed_by_store = false;

    std::string full_path() const { return bucket->name + "/" + path; }
};

class RecallRun {
public:
    RecallRun(Context& context, const RecallRequest& request, lake::ScanResult& scan, lake::CloudList& list);
    Result<RecallReport> run();

private:
    using Files = std::vector<std::unique_ptr<RecallFile>>;
    using Batch = std::vector<RecallFile*>;

    // recall.cpp
    Status gather();
    void tell_of_removed_buckets();
    Status gather_one(const std::string& asked);
    Status leave_out_moved();
    Status add(const lake::Bucket& bucket, const std::string& path);
    Status check_room();
    Status make_room(std::uint64_t needed);
    Status bring_back();
    Status batch(const Batch& files);
    void write_down();
    Status write_index();
    OpRecord* begin_record();
    void bring_all(const Batch& files);
    bool should_stop();
    void fail(RecallFile& file, Error error);

    // recall_file.cpp
    Status prepare(RecallFile& file);
    void bring(RecallFile& file);
    Status download(RecallFile& file, int fd);
    Status fetch(store::ObjectStore& store, RecallFile& file, int fd);
    Status restore_attributes(RecallFile& file, int fd);
    void keep_or_forget(RecallFile& file, const Error& why);
    Status copy_out(RecallFile& file);
    void warn(const RecallFile& file, std::string code, std::string message);

    // recall_swap.cpp
    void swap_in(const Batch& files);
    template <typename Step>
    void each(const Batch& files, const Step& step);  // of those that did not fail
    Status exchange(RecallFile& file);
    Status exchange_in_two(RecallFile& file);
    Status look_at_what_came_out(RecallFile& file);
    void sync_folders(const Batch& files, int RecallFile::*folder);
    void book(RecallFile& file);

    Context& m_context;
    const RecallRequest& m_request;
    lake::ScanResult& m_scan;
    lake::CloudList& m_list;
    Journal m_journal;
    Ledger m_ledger;
    Folders m_folders;
    Fd m_staging;
    std::uint64_t m_staging_dev = 0;
    RecallReport m_report;
    Files m_files;
    std::set<std::string> m_known;  // full paths of m_files
    std::vector<std::unique_ptr<OpRecord>> m_records;
    std::vector<OpRecord*> m_waiting;  // brought to their end, but the index does not know it yet
    std::chrono::steady_clock::time_point m_indexed_at = std::chrono::steady_clock::now();
    std::mutex m_mutex;
    std::uint64_t m_total = 0, m_received = 0;
    unsigned m_unavailable = 0;
    std::optional<Error> m_stopped;  // the store would refuse the other files, too
};

// All records of recalls together, so that the books are written once.
void recover_recalls(Context& context, lake::CloudList& list, const std::vector<OpRecord>& records, Folders& folders,
                     int staging, RecoveryReport& report);

}  // namespace neurolake::tier
