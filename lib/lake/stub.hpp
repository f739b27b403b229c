// stub.hpp: what stays where a burst file was: a regular file no parser accepts and no ordinary user can open.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake::lake {

inline constexpr std::uint64_t k_stub_size = 4096;
// 16 bytes: not text, not UTF-8, no known format.
inline constexpr unsigned char k_stub_magic[16] = {0x89, 'N',  'L',  'S',  'T',  'U',  'B',  0x0D,
                                                   0x0A, 0x1A, 0x0A, 0xFF, 0xFE, 0x00, 0x00, 0x01};

// Where the bytes are. Settings only supply credentials: changing the settings never redirects an existing stub.
struct StoreLocation {
    std::string provider;  // "s3", "directory"
    std::string endpoint;  // URL or, for directory, the folder ("" for AWS's own endpoints)
    std::string region;
    std::string bucket;  // cloud bucket; "" for directory
    std::string key;
    std::string version_id, etag;
    bool path_style = true;
};

struct Stub {
    int version = 1;
    std::string lake, op, bucket, path;  // path inside the bucket, bytes
    std::uint64_t size = 0, allocated = 0;
    std::uint32_t mode = 0644, uid = 0, gid = 0;
    std::int64_t mtime_ns = 0;
    std::string sha256;  // hex of the original's bytes
    StoreLocation store;
    std::string uploaded_at;  // RFC 3339
    std::string table;        // "bucket.table" or ""
    std::optional<std::uint64_t> rows;
    std::vector<std::pair<std::string, std::string>> xattrs;  // name, raw bytes (ACLs included)
};

// Exactly k_stub_size bytes, or a multiple of it when xattrs or long paths need more: magic, one human line, JSON,
// SHA-256 of all before it, padding, magic.
Result<std::string> encode(const Stub& stub);
// nullopt: not a stub (does not start with the magic). corrupt: starts like one but does not verify: never trust or
// touch it.
Result<std::optional<Stub>> decode(std::string_view bytes);
// Reads through an open descriptor; the file may have mode 0000 (then only root or the owner after chmod could open
// it).
Result<std::optional<Stub>> read_stub(int fd);
// Opens beneath `bucket_fd` even when the mode is 0000: tries plainly, and where that is denied to the owner, chmods
// 0400 for the moment of opening. nullopt when the file is no stub.
Result<std::optional<Stub>> read_stub_at(int bucket_fd, std::string_view path);

json::Value to_json(const Stub& stub);
Result<Stub> stub_from_json(const json::Value& value);

enum class StubMode { guarded, readable };  // 0000 or 0444

inline constexpr char k_note_name[] = "_IN-CLOUD.txt";

// Rewrites or removes <folder>/_IN-CLOUD.txt from the stubs that lie directly in the folder.
Status refresh_note(int bucket_fd, std::string_view bucket, std::string_view folder);

}  // namespace neurolake::lake
