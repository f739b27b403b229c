// stats.hpp: what a bucket holds, counted by a fresh walk that keeps nothing per file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/workers.hpp"
#include "lake/bucket.hpp"
#include "model/table.hpp"

namespace neurolake::lake {

struct StatsOptions {
    unsigned threads = 0;  // 0 = usable_threads()
    unsigned top = 10;     // how many of the largest files are named; 0 = none
    // Both are called from several threads. The class of a file by its name ("csv", "parquet", ...); no callback: no
    // by_format. The view must outlive the call.
    std::function<std::string_view(std::string_view name)> format_of;
    // Known non-data (formats::is_known_non_data); hidden names and our own notes are ignored in any case.
    std::function<bool(std::string_view name)> ignored_name;
};

struct FormatShare {
    std::string format;
    std::uint64_t files = 0, bytes = 0;  // local data and data in the cloud, in original sizes
};

struct LargeFile {
    std::string path;  // relative to the bucket, bytes
    std::uint64_t size = 0;
    bool in_cloud = false;
};

struct BucketStats {
    std::uint64_t file_count = 0;  // local data files: no folders, no stubs, nothing ignored
    std::uint64_t dir_count = 0;   // without the bucket's own folder
    std::uint64_t size_bytes = 0;  // of those files
    std::uint64_t allocated_bytes = 0;
    std::uint64_t cloud_files = 0, cloud_bytes = 0;  // stubs, in the sizes of their originals
    std::uint64_t ignored_files = 0, symlinks = 0, specials = 0;
    std::int64_t oldest_ns = 0, newest_ns = 0;  // mtimes of data and stubs; 0 = no file
    std::vector<FormatShare> by_format;         // most bytes first
    std::vector<LargeFile> largest;             // largest first, then by path
    std::vector<model::Finding> findings;       // capped per code; paths start with the bucket's name
};

// Walks the bucket now. Memory does not grow with the number of files. Opens no file but those that can only be stubs
// by size and mode. Errors: not_found or denied for the bucket's folder, cancelled.
Result<BucketStats> stats(const Bucket& bucket, const StatsOptions& options, const CancelFlag& cancel);

}  // namespace neurolake::lake
