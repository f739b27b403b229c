// object_store.hpp: the contract of every object store: write once, prove, read ranges, list, remove.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/workers.hpp"

namespace neurolake::store {

using Metadata = std::map<std::string, std::string>;  // lower-case names without the provider's prefix; ASCII values

// What we say of every object (all optional for a store; a directory store also gives the copy this time and mode).
inline constexpr const char* k_meta_sha256 = "neurolake-sha256";      // hex
inline constexpr const char* k_meta_lake = "neurolake-lake";          // lake id
inline constexpr const char* k_meta_instance = "neurolake-instance";  // which copy of the lake made it
inline constexpr const char* k_meta_mtime_ns = "neurolake-mtime-ns";  // decimal
inline constexpr const char* k_meta_mode = "neurolake-mode";          // octal digits, "0644"
inline constexpr const char* k_meta_path = "neurolake-path";          // percent-encoded "bucket/path"

struct ObjectInfo {
    std::string key;
    std::uint64_t size = 0;
    std::string etag;        // opaque version token; never read as a hash
    std::string version_id;  // "" where the provider has none
    Metadata metadata;       // empty from list()
    // What the store itself attests of the bytes it holds, when it does:
    std::optional<Sha256Digest> sha256;    // of the whole object
    std::optional<std::string> composite;  // "<base64 of sha256 over part sha256s>-<parts>" of a multipart object
    // Set by put() only, where the store has no strong checksum: it accepted our Content-MD5, answered with that MD5 as
    // ETag, and asked again right after, holds an object of this ETag and size. Counts as proof of a single put.
    bool attested_by_md5 = false;
    std::string last_modified;
};

struct Capabilities {
    bool conditional_put = false;  // "must not exist" is honoured by the server
    bool attests_sha256 = false;   // returns a strong checksum it verified on upload
    bool multipart = false;
    std::uint64_t min_part = 0, max_part = 0, max_single = 0;
    unsigned max_parts = 10000;
};

// Where upload bytes come from. read() must yield the same bytes again for the same range (retries rewind); short =
// error.
class UploadSource {
public:
    virtual ~UploadSource() = default;
    virtual std::uint64_t size() const = 0;
    virtual Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t length) = 0;
};

struct PutRequest {
    std::string key;
    Metadata metadata;
    Sha256Digest sha256{};  // of all bytes, known beforehand
    bool must_not_exist = true;
    std::string storage_class;  // "" = bucket's default
};

struct Part {
    unsigned number = 0;  // 1-based
    std::uint64_t size = 0;
    std::string etag;
    std::optional<Sha256Digest> sha256;
};

// Errors every operation may give: denied (credentials, permission; the run must stop), unavailable (network, 429, 5xx:
// already retried by the decorator), not_found (object, bucket or upload), already_exists (condition failed), corrupt
// (the store says the bytes arrived damaged, or a 200 answer did not parse whole), full, unsupported, cancelled.
// Messages name store, object and reason. Calls may come from several threads at once. Nothing here overwrites an
// object that exists unless must_not_exist is false.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    virtual std::string describe() const = 0;  // "s3 bucket lake at http://127.0.0.1:9000"
    virtual Capabilities capabilities() const = 0;

    // One object in one request. Success = the answer was complete and as expected. The returned info carries
    // what the store attested in its answer (sha256 only if the server itself verified and returned it).
    virtual Result<ObjectInfo> put(const PutRequest& request, UploadSource& source) = 0;

    // Multipart. create -> put_part in any order, several at once -> complete. complete is conditional as put is.
    virtual Result<std::string> create_multipart(const PutRequest& request) = 0;
    virtual Result<Part> put_part(const std::string& key, const std::string& upload_id, unsigned number,
                                  UploadSource& whole, std::uint64_t offset, std::uint64_t length,
                                  const Sha256Digest& part_sha256) = 0;
    virtual Result<ObjectInfo> complete_multipart(const PutRequest& request, const std::string& upload_id,
                                                  const std::vector<Part>& parts) = 0;
    virtual Status abort_multipart(const std::string& key, const std::string& upload_id) = 0;  // not_found is success
    virtual Result<std::vector<Part>> list_parts(const std::string& key, const std::string& upload_id) = 0;
    struct Upload {
        std::string key, upload_id, initiated;
    };
    virtual Result<std::vector<Upload>> list_uploads(const std::string& prefix) = 0;

    virtual Result<ObjectInfo> head(const std::string& key, const std::string& version_id = {}) = 0;
    // Streams [offset, offset + length) to `sink` in order; length 0 = to the end. if_match: only while the object has
    // this etag (conflict otherwise). The sink's error ends the transfer and is returned. A retry never delivers a byte
    // twice.
    // `opened`, when given, is told what the store says of the object before the first byte arrives.
    using Sink = std::function<Status(std::string_view bytes)>;
    using Opened = std::function<void(const ObjectInfo&)>;
    virtual Result<ObjectInfo> get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                                   std::uint64_t length, const std::string& if_match, const Sink& sink,
                                   const Opened& opened = {}) = 0;
    // All keys below the prefix, page by page; a failed page is an error, never a short list.
    virtual Status list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) = 0;
    virtual Status remove(const std::string& key, const std::string& version_id = {}) = 0;  // not_found is success

    // Credentials, bucket, and conditional support, without leaving anything behind. Error = what to do.
    virtual Status check() = 0;
};

}  // namespace neurolake::store
