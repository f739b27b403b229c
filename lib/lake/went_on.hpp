// went_on.hpp: files that are gone from their place and lie elsewhere, or under the name that packing them gives.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "lake/inventory.hpp"

namespace neurolake::lake {

// "a/x.csv.gz" -> "a/x.csv": the path without the ending that gzip, zstd, bzip2 or xz adds; a path without one as it
// is.
std::string_view unpacked_path(std::string_view path);

// For each file of scan.gone whether it went on: the same one (inode, size, mtime) lies elsewhere in the scanned
// buckets, or one came to its folder that has its name but for such an ending. Each file that came counts for one.
std::vector<bool> went_on(const Scan& scan);

}  // namespace neurolake::lake
