// s3_store.hpp: S3 and everything that speaks its protocol, signed and checked by ourselves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/workers.hpp"
#include "store/credentials.hpp"
#include "store/object_store.hpp"
#include "store/s3_endpoint.hpp"

namespace neurolake::store {

struct S3Options {
    S3Address address;
    CredentialSources credentials;
    std::string storage_class;  // for uploads that name none
    std::string ca_file;
    std::optional<std::uint64_t> bytes_per_second;
    std::chrono::seconds stall_timeout{30};
};

// Sends each request once (make_retry_store repeats). What a server cannot do is learned from its answers and
// remembered: without If-None-Match (501) "must not exist" is a HEAD before the write; without x-amz-checksum-sha256 a
// single put is checked by Content-MD5 and ETag, and multipart objects are not attested at all.
// Credentials are read when needed first, and once more when the server calls them expired.
// Metadata values longer than 255 bytes do not fit everywhere: k_meta_path is then left out, others are usage.
// config, denied: endpoint or credentials are unusable. No request is sent here.
Result<std::unique_ptr<ObjectStore>> make_s3_store(S3Options options, const Clock& clock, const CancelFlag& cancel);

}  // namespace neurolake::store
