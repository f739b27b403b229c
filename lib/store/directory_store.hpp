// directory_store.hpp: an object store in a folder: a second disk, a network share; also the store of the first steps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/workers.hpp"
#include "store/object_store.hpp"

namespace neurolake::store {

struct DirectoryOptions {
    std::filesystem::path folder;        // absolute
    std::string lake_id;                 // written into the target's marker
    std::filesystem::path state_folder;  // see Options::state_folder
};

// <folder>/<key>                            the object's bytes as a plain file, with the original's mtime and mode
// <folder>/.neurolake-objects/<key>.json    its record: key, size, sha256, metadata
// <folder>/.neurolake-store.json            the marker (directory_target.hpp)
// A put is written beside, fsynced, re-read from the disk (page cache dropped) and hashed, and only then linked to its
// name without ever replacing another file; so ObjectInfo.sha256 is what the disk holds. head() hashes the file each
// time; list() does not. A crash leaves old or new, and perhaps a temporary file in .neurolake-objects, removed when it
// is a day old. etag = the recorded SHA-256. Multipart is unsupported: put takes any size.
std::unique_ptr<ObjectStore> make_directory_store(DirectoryOptions options, const CancelFlag& cancel);

}  // namespace neurolake::store
