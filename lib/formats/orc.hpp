// orc.hpp: Apache ORC files: schema, row count and statistics by their footer; the first rows from their stripes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Source: the ORC specification v1. Codecs of the footer: none, zlib, Snappy, LZ4, Zstandard; others are told as
// unsupported. What the footer claims is checked against the file's size; one that lies is a finding. Of column data
// those of the first rows are read, for what the values mean (first_values.hpp). Errors: io.
Result<Profile> profile_orc(const Input& input);

// Nested columns are JSON. Of each column's streams only the beginning is read. unsupported: encrypted files,
// timestamps of a zone that this system does not know, days before 1582 in files of the old calendar. Fewer rows where
// they are larger than 16 MiB together; guard where the first row is.
Result<Rows> head_orc(const Input& input, std::size_t count);

}  // namespace neurolake::formats
