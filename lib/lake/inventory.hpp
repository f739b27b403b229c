// inventory.hpp: what was seen where: size, mtime, inode, first_seen, stub or data, for every file; sorted and mmapped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "lake/bucket.hpp"
#include "lake/walk.hpp"

namespace neurolake::lake {

enum class FileState : std::uint8_t {
    data,     // the user's bytes are here
    stub,     // a verified stub: size below is the size of the original, allocated is the stub's own
    ignored,  // known non-data (our notes, .DS_Store ...): counted nowhere as data
};

struct FileRecord {
    std::string path;  // relative to the bucket, bytes
    FileState state = FileState::data;
    std::uint64_t size = 0, allocated = 0, ino = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;  // ctime 0: not known
    std::int64_t first_seen_ns = 0;
    std::int64_t indexed_ns =
        0;  // when the catalog last took this very content in; 0 = never (new, changed or settling)
};

struct BucketTotals {  // files and bytes are local data only; stubs count as cloud
    std::uint64_t files = 0, folders = 0, bytes = 0, allocated = 0;
    std::uint64_t cloud_files = 0, cloud_bytes = 0;
    std::uint64_t ignored_files = 0, symlinks = 0, specials = 0;
    std::int64_t newest_ns = 0, oldest_ns = 0;
};

// An immutable snapshot, opened by mmap in microseconds. A missing file is an empty inventory; a damaged one is corrupt
// (the caller renames it aside and rebuilds: first_seen is then taken from mtime's safe side, now).
class Inventory {
public:
    // Checks the header and the tables of contents at once (microseconds a bucket), records only for what is read.
    static Result<Inventory> open(const std::filesystem::path& file);
    // Reads everything and compares all checksums and the order; corrupt with what is wrong.
    Status verify() const;
    Inventory();  // empty
    Inventory(Inventory&&) noexcept;
    Inventory& operator=(Inventory&&) noexcept;
    ~Inventory();

    std::vector<std::string> buckets() const;
    std::optional<BucketTotals> totals(std::string_view bucket) const;  // O(1)
    std::optional<FileRecord> find(std::string_view bucket, std::string_view path) const;
    // In path order (folder by folder). Return false to stop. Only records below `under` ("" = all).
    void for_each(std::string_view bucket, std::string_view under,
                  const std::function<bool(const FileRecord&)>& visit) const;
    Time taken_at() const;  // when the scan behind it ran

    struct Impl;
    const Impl& impl() const { return *m_impl; }

private:
    std::unique_ptr<Impl> m_impl;
};

struct ScanOptions {
    unsigned threads = 0;
    bool rehash_stubs = false;  // verify every stub anew instead of those whose (size, mtime, ino) changed
    // Folders whose mtime did not move are taken from the old inventory: new, removed and renamed names are noticed,
    // files rewritten in place are not.
    bool quick = false;
    // Names of files that are known to hold no data (formats::is_known_non_data). Hidden names and our own temporaries
    // and notes are ignored in any case. Called from several threads.
    std::function<bool(std::string_view name)> ignored_name;
    // Names of ignored files that decide what becomes of others: Scan::rules tells of them. Called from several
    // threads.
    std::function<bool(std::string_view name)> rule_name;
};

// The outcome of walking buckets and comparing with the previous inventory.
struct Scan {
    std::vector<FileRecord> added, changed;  // of the bucket they are in: see bucket_of
    std::vector<FileRecord> gone;            // in the old inventory, not in the tree
    std::vector<std::uint32_t> added_bucket, changed_bucket,
        gone_bucket;                 // index into `buckets`, parallel to the above
    std::vector<std::string> rules;  // paths of ignored files under a rule's name that came, changed or went
    std::vector<std::uint32_t> rules_bucket;
    std::vector<std::string> buckets;
    std::vector<BucketTotals> totals;  // parallel to buckets
    std::uint64_t unchanged = 0;
    std::vector<model::Finding>
        findings;  // unreadable folders, loops, symlinks leaving the bucket, specials, nasty names
    Time at;
};

class InventoryBuilder;  // the next inventory in memory: the walk's result merged with the old one

struct ScanResult {
    Scan scan;
    std::unique_ptr<InventoryBuilder> next;
    ScanResult();
    ScanResult(ScanResult&&) noexcept;
    ScanResult& operator=(ScanResult&&) noexcept;
    ~ScanResult();
};

// Walks `buckets` (those not named keep their old records in `next`). Opens no data file: only new or changed files
// whose size a stub can have (small multiples of 4096) are opened, to tell stubs from data. What could not be read
// keeps its old records: an unreadable folder, or a bucket whose folder is missing (finding "bucket_unreadable"), is
// never taken for "all gone". Where `old` turns out to be damaged, the tree alone counts (finding
// "inventory_damaged"). Errors: cancelled.
Result<ScanResult> scan(const std::vector<Bucket>& buckets, const Inventory& old, const ScanOptions& options,
                        const Clock& clock, const CancelFlag& cancel);

class InventoryBuilder {
public:
    // Corrections by verbs after the scan: a file was cataloged, became a stub, came back. Inserts when new.
    void put(std::string_view bucket, const FileRecord& record);
    void mark_indexed(std::string_view bucket, std::string_view path, Time at);
    // Every data file not yet indexed that `except` (may be empty) does not name.
    void mark_all_indexed(Time at, const std::function<bool(std::string_view bucket, std::string_view path)>& except);
    void rename_bucket(std::string_view from, std::string_view to);
    void drop_bucket(std::string_view bucket);
    // The bucket is again as the old inventory has it; without one there, nothing happens.
    void put_back(std::string_view bucket);
    // A builder that starts as a copy of `old` without a walk.
    static std::unique_ptr<InventoryBuilder> from(const Inventory& old);
    // Written beside, fsynced, renamed, folder fsynced; mode 0600.
    Status commit(const std::filesystem::path& file) const;
    // The same data without going through the disk.
    void for_each(std::string_view bucket, std::string_view under,
                  const std::function<bool(const FileRecord&)>& visit) const;
    // Every folder of the bucket in path order, without looking at its files: how many are data or stubs, how many are
    // ignored, and how many the catalog has not taken in yet.
    struct FolderSummary {
        std::string_view path;  // valid during the call only
        std::uint64_t files = 0, ignored = 0, pending = 0;
    };
    void for_each_folder(std::string_view bucket, const std::function<void(const FolderSummary&)>& visit) const;
    std::optional<FileRecord> find(std::string_view bucket, std::string_view path) const;
    std::optional<BucketTotals> totals(std::string_view bucket) const;

    struct Impl;
    explicit InventoryBuilder(std::unique_ptr<Impl> impl);
    ~InventoryBuilder();

private:
    std::unique_ptr<Impl> m_impl;
};

// More than half of a bucket's files (4 or more before) gone since the last scan, or all (2 or more) of one whose
// folder is empty now: guard (15) with the counts. Files that only moved inside the scanned buckets or were packed
// where they are (went_on.hpp) are not gone. The caller asks unless the person gave --accept-shrink.
Status check_shrink(const Scan& scan, const Inventory& old, double max_gone_fraction = 0.5);

}  // namespace neurolake::lake
