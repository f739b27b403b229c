// lake_path.hpp: the words people give for a place in the lake -> bucket and path inside it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "session.hpp"

namespace neurolake::apps {

struct LakePath {
    lake::Bucket bucket;        // registered, or a hand-made folder (bucket.registered = false)
    std::string path;           // inside the bucket, bytes, no leading or trailing '/'; "" = the bucket itself
    bool folder_meant = false;  // the words ended with '/'

    std::string full() const { return path.empty() ? bucket.name : bucket.name + "/" + path; }
};

// Understands BUCKET/inside/path, absolute paths, and paths relative to the working directory, in this order: a first
// word that names a bucket is that bucket, "./word" is always relative. ".." is resolved in the words, links are not
// followed. not_found with "did you mean" for an unknown bucket; usage for a place outside the buckets.
Result<LakePath> resolve(Session& session, std::string_view words);

}  // namespace neurolake::apps
