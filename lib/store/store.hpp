// store.hpp: the door of store: which providers exist, and opening one with its decorators.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/object_store.hpp"

namespace neurolake::store {

struct Options {
    std::string provider = "s3";  // s3, directory (azure, gcs: unsupported, exit 12 with words)
    std::string bucket;           // cloud bucket
    std::string endpoint, region, storage_class, ca_file, credentials_file, profile;
    std::string access_key_id, secret_access_key;  // only when settings.yaml itself carries them (doctor warns)
    std::string directory;                         // provider directory: the target folder, absolute
    std::string lake_id;  // directory: written into the target's marker, refused when it belongs to another lake
    // directory: the lake's machine-state folder, where the store notes that it has begun a target. A target that was
    // begun and whose marker is gone (disk not mounted) is then refused, never begun anew. "" = not noted.
    std::string state_folder;
    std::optional<bool> path_style;  // unset: path style for custom endpoints and dotted names, else host style
    bool allow_http = false;         // plain http beyond loopback
    unsigned concurrency = 8;
    std::uint64_t part_size = 16u << 20;
    std::optional<std::uint64_t> bytes_per_second;
    unsigned tries = 5;
};

// Names of the settings still missing before open() could work ("hybrid_storage.cloud_bucket", "credentials:
// AWS_ACCESS_KEY_ID ..."); empty = configured.
std::vector<std::string> missing(const Options& options);

// cloud when not configured (message names the missing keys), unsupported for providers this build lacks. No request is
// sent.
Result<std::unique_ptr<ObjectStore>> open(const Options& options, const Clock& clock, const CancelFlag& cancel);

// For http stores: how many requests went out so far, by kind ("PUT", "HEAD" ...), for reports and benchmarks.
struct RequestCounts {
    std::map<std::string, std::uint64_t> requests;
    std::uint64_t bytes_sent = 0, bytes_received = 0;
};
RequestCounts request_counts();

}  // namespace neurolake::store
