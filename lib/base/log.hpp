// log.hpp: append-only JSON-lines logs, rotated by size, optionally hash-chained.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake {

enum class Chain { none, sha256 };

// One file of JSON lines. Each append is one write(2) with O_APPEND under a flock of the file, so lines of several
// processes never mix. With Chain::sha256 every line carries "prev": SHA-256 hex of the line before it (without
// newline; 64 zeros for the first), and an append is fsynced once, however many lines it has. A torn last line (crash)
// is completed with a newline first and left as is.
class JsonLog {
public:
    JsonLog(std::filesystem::path file, Chain chain, std::uint64_t rotate_bytes = 16u << 20, int keep = 5);
    Status append(json::Value line);
    Status append(std::vector<json::Value> lines);  // in this order, all or (but for a crash) none

private:
    std::filesystem::path m_file;
    Chain m_chain;
    std::uint64_t m_rotate_bytes;
    int m_keep;
};

}  // namespace neurolake
