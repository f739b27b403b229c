// trash.hpp: what overwrites and removals took out of the lake, kept with a record until the grace is over.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "lake/lake.hpp"

namespace neurolake::retention {

// One thing in the trash: .neurolake/trash/<id>/ holds record.json and `data` (a file or a folder).
struct TrashRecord {
    std::string id;      // "20261122T083100Z-1f2e3d", given by the functions below
    std::string at;      // RFC 3339
    std::string reason;  // stable word: "bucket_removed", "overwritten"
    std::string path;    // "bucket" or "bucket/inside/path", bytes
    bool is_folder = false;
    json::Value details = json::Value::object();  // what a restore needs (a bucket's settings), free of secrets
};

// The record is durable before anything moves, so that nothing lies in the trash unexplained. After a crash the thing
// is whole at its place or whole in the trash. Caller holds the lake lock. unsupported when the trash is on another
// file system.
Result<TrashRecord> move_folder(const lake::Layout& layout, const std::filesystem::path& folder, TrashRecord record,
                                const Clock& clock);
// Keeps the present content of `file` under a second name (a hard link, else a fsynced copy) and leaves the file itself
// in place: the caller then replaces it atomically, so that its name never goes missing.
Result<TrashRecord> keep_file(const lake::Layout& layout, const std::filesystem::path& file, TrashRecord record,
                              const Clock& clock);
// Entries with a readable record, oldest first; others (of operations in flight) are left out.
Result<std::vector<TrashRecord>> list(const lake::Layout& layout);

}  // namespace neurolake::retention
