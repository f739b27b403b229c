// put_file.hpp: copies one file into a bucket: whole or not at all, never over a name unless told so.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/workers.hpp"
#include "lake/bucket.hpp"

namespace neurolake::lake {

struct PutRequest {
    std::filesystem::path source;  // a regular file; a link is followed, unless the source is to be moved
    std::string target;            // path inside the bucket, bytes
    Overwrite overwrite = Overwrite::no;
    bool move = false;  // remove the source once the copy was read back and is equal
};

struct PutResult {
    std::uint64_t bytes = 0;
    std::string sha256;
    bool replaced = false;
};

struct PutHooks {
    // Keeps the content that is about to be replaced (the lake's trash); an error leaves everything as it was.
    std::function<Status(const std::filesystem::path& file)> keep_old;
    std::function<void(std::uint64_t bytes_done)> progress;  // may be empty
};

// usage with the broken rule: a name that is ours, has control characters, leaves the bucket or is too long.
Status check_target(std::string_view target);

// Mode and modification time come along. Missing folders are made; links inside the bucket are not followed. After a
// crash the target is old or new, and the source is there unless the target is whole and durable.
// Errors: already_exists; conflict when the source changed while it was copied, or the target's data is in the cloud;
// mismatch when a moved copy read back different (the source stays); full; cancelled.
Result<PutResult> put_file(const Bucket& bucket, const PutRequest& request, const PutHooks& hooks,
                           const CancelFlag& cancel);

}  // namespace neurolake::lake
