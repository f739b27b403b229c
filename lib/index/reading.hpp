// reading.hpp: which files must be read, and reading them in parallel.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "formats/formats.hpp"
#include "index/index.hpp"
#include "index/profile_store.hpp"
#include "index/tree.hpp"

namespace neurolake::index {

// Where a moved file was before: content already known by (inode, size, mtime) needs no reading.
struct Origin {
    std::uint64_t ino = 0, size = 0;
    std::int64_t mtime_ns = 0;
    friend auto operator<=>(const Origin&, const Origin&) = default;
};
struct PlaceBefore {
    std::string bucket, path;  // path inside the bucket
};
using Moves = std::multimap<Origin, PlaceBefore>;  // several for the names of one file (hard links)
// Of several places the one where the file had the name it has now, else the ending; null when there is none.
const PlaceBefore* place_before(const Moves& moves, const File& f);

// Fills in the profiles that are known, and marks files younger than settle_seconds as settling.
void recall_profiles(const std::string& bucket, Unit& unit, const ProfileStore& store, const Moves& moves,
                     const Options& options, Time now);

// A file to read, and where its bucket is open.
struct ReadJob {
    File* file = nullptr;
    int bucket_fd = -1;
};
// The files of a unit that recall_profiles left without an answer.
void add_jobs(Unit& unit, int bucket_fd, const Options& options, std::vector<ReadJob>& jobs);

struct ReadTotals {
    std::uint64_t files = 0, bytes = 0;  // without those that turned out to be settling
};
// Reads big files first, in parallel. A file that changes or vanishes meanwhile is settling; one that cannot be read is
// failed, with the reason. Error: cancelled only.
Result<ReadTotals> read_files(std::vector<ReadJob>& jobs, const Options& options, const CancelFlag& cancel,
                              const Progress& progress);

// Writes the unit's profiles to the store, folder by folder, where they changed.
void remember_profiles(const std::string& bucket, const Unit& unit, ProfileStore& store);

}  // namespace neurolake::index
