// upload.hpp: a held file's bytes into the object store, whole or in parts, resumable, and proven at the end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/workers.hpp"
#include "store/object_store.hpp"
#include "tier/held_file.hpp"
#include "tier/verified_copy.hpp"

namespace neurolake::tier {

// SHA-256 of the whole file and of each part, from one reading (pass 1).
struct Sums {
    Sha256Digest whole{};
    std::uint64_t part_size = 0;  // 0 = one request
    std::vector<Sha256Digest> parts;
    Result<std::optional<std::string>> composite() const;  // as ObjectInfo::composite
};

// How a file of this size goes up: 0 = in one request, else bytes per part, such that there are never too many.
std::uint64_t part_size_for(std::uint64_t size, std::uint64_t wished, const store::Capabilities& can);

// Reads everything once, with up to three threads for a file in parts. conflict when the lease breaks or the size is no
// longer what it was; cancelled.
Result<Sums> sum_up(HeldFile& file, std::uint64_t part_size, const CancelFlag& cancel,
                    const std::function<void(std::uint64_t)>& read);

struct UploadJob {
    HeldFile& file;
    const Sums& sums;
    store::Metadata metadata;
    std::string storage_class;
    std::string key;        // the first choice; the one used afterwards
    std::string upload_id;  // of an unfinished upload to go on with; the one begun afterwards
    bool created = false;   // out: this job made the object
    // Makes key and upload_id durable; called before anything may exist under them that was not announced before.
    std::function<Status(const UploadJob&)> journal;
    std::function<void(std::uint64_t)> sent;  // bytes
    unsigned concurrency = 1;                 // parts at once
};

// Steps 4 and 5. An object of the same content under the key is used as it is (`created` stays false); one of other
// content is never touched: the key becomes "<key>.~<16 hex of the SHA-256>".
Result<VerifiedCopy> upload_and_prove(store::ObjectStore& store, UploadJob& job, const CancelFlag& cancel);

// Aborts every unfinished upload under exactly this key but `keep`: such of which nobody has the id, because the answer
// to their beginning was lost or a kill came before it was written down. Stores that cannot list them have none to
// abort.
Status abort_unknown_uploads(store::ObjectStore& store, const std::string& key, const std::string& keep);

// "<prefix>/<bucket>/<path>", or for paths beyond what stores hold "<prefix>/<bucket>/.long/<SHA-256 of the path>".
Result<std::string> key_of(const std::string& prefix, const std::string& bucket, const std::string& path);

}  // namespace neurolake::tier
