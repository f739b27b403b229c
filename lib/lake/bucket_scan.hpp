// bucket_scan.hpp: one bucket's walk merged with its part of the old inventory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.hpp"
#include "lake/bucket.hpp"
#include "lake/finding_digest.hpp"
#include "lake/folder_merge.hpp"
#include "lake/inventory_builder.hpp"
#include "lake/walk.hpp"

namespace neurolake::lake {

// What one worker found out.
struct ScanPart {
    std::vector<std::unique_ptr<OwnFolder>> folders;  // changed and new ones
    std::vector<FileRecord> gone;                     // with rules that went
    std::uint64_t unchanged = 0;
    FindingDigest findings;
};

class BucketScan {
public:
    // `first_seen`: the number of the scan's time in the builder. All references must outlive the scan.
    BucketScan(const Bucket& bucket, const InventoryBuilder::Impl& next, const ScanOptions& options,
               std::uint32_t first_seen);

    // Walks. Errors: cancelled, corrupt (the old inventory does not match its checksums).
    Status run(const CancelFlag& cancel);
    // Afterwards: the folders of the next inventory, and into `scan` what changed, in path order. The bucket's number
    // in the scan is `number`. Says whether anything differs from the old inventory.
    NextBucket take(Scan& scan, std::uint32_t number, FindingDigest& findings, bool& differs);

private:
    friend class ScanSink;
    // What became of a folder of the old inventory.
    enum Visit : std::uint8_t {
        k_visited = 1,
        k_as_it_was = 2,   // stays by reference
        k_keep_below = 4,  // could not be read whole: folders below it that were not met may still be there
    };
    struct SplitFolder {
        std::mutex mutex;
        FolderMerge merge;
    };

    const inventory_format::Folder* old_folder(std::string_view path) const;
    void mark(const inventory_format::Folder* old, std::uint8_t visit);
    void begin(FolderMerge& merge, const WalkFolder& folder);
    void end(FolderMerge& merge, const WalkFolder& folder, FolderEnd end, ScanPart& part);
    void could_not_read(const WalkFolder& folder, ScanPart& part);
    void classify(std::string_view folder, std::string_view name, inventory_format::Record& record,
                  ScanPart& part) const;
    void classify_stub(const std::string& path, inventory_format::Record& record, ScanPart& part) const;
    std::string finding_path(std::string_view path) const;
    void find(ScanPart& part, model::Finding::Severity severity, const char* code, std::string_view path,
              std::string message) const;

    // Neither data nor a rule: nobody is told of it.
    bool is_silent(const inventory_format::Record& record, std::string_view name) const;
    std::int64_t mtime_to_keep(std::int64_t mtime_ns) const;
    // Quick: which folders of the old inventory have moved; fills m_visits for the others.
    Result<std::vector<std::string>> moved_folders(const CancelFlag& cancel);
    void keep_all();
    std::vector<bool> folders_to_keep() const;
    void list_gone(std::size_t folder, std::vector<FileRecord>& gone) const;
    std::vector<FileRecord> gone_records(const std::vector<bool>& keep);
    void list_gone_records(const std::vector<bool>& keep, Scan& scan, std::uint32_t number);
    void list_changes(const std::vector<std::unique_ptr<OwnFolder>>& own, Scan& scan, std::uint32_t number) const;
    std::vector<FolderSlot> weave(std::vector<std::unique_ptr<OwnFolder>> own, const std::vector<bool>& keep) const;

    const Bucket& m_bucket;
    const InventoryBuilder::Impl& m_next;
    const ScanOptions& m_options;
    const std::uint32_t m_first_seen;
    std::int64_t m_started_ns = 0;
    const inventory_format::Bucket* m_old = nullptr;
    std::span<const inventory_format::Folder> m_old_folders;
    Fd m_root;
    std::unique_ptr<std::atomic<std::uint8_t>[]> m_visits;  // parallel to m_old_folders
    std::vector<std::uint8_t> m_moved;                      // quick: 1 = known and walked anyway
    std::vector<ScanPart> m_parts;
    std::mutex m_split_mutex;
    std::unordered_map<std::uint64_t, std::unique_ptr<SplitFolder>> m_split;
    std::atomic<bool> m_damaged{false};
};

}  // namespace neurolake::lake
