// cloud_list.hpp: catalog/cloud.jsonl, the plain list of every object we rely on in the cloud.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lake/stub.hpp"

namespace neurolake::lake {

// One line an object: {path (bucket/path), state: "stub"|"recalled"|"removed", at, stub: {...}}. The last line of a
// path counts. Appends are fsynced; compact() rewrites atomically with one line a path.
struct CloudEntry {
    Stub stub;
    bool recalled = false;  // the bytes are local again; the object still exists
    std::string at;
};

class CloudList {
public:
    static Result<CloudList> open(
        const std::filesystem::path& file);  // missing = empty; torn last line ignored and reported
    const CloudEntry* find(std::string_view bucket, std::string_view path) const;
    const std::vector<CloudEntry>& entries() const { return m_entries; }
    bool torn() const { return m_torn; }
    Status append(std::vector<CloudEntry> entries);  // one write, one fsync for the batch
    Status remove(std::string_view bucket, std::string_view path, const std::string& at);
    Status compact();
    void rename_bucket(std::string_view from, std::string_view to);  // in memory: compact() after

private:
    void reindex();

    std::filesystem::path m_file;
    std::vector<CloudEntry> m_entries;                       // one per path, latest
    std::unordered_map<std::string, std::size_t> m_by_path;  // "bucket/path" -> index into m_entries
    bool m_torn = false;
};

}  // namespace neurolake::lake
