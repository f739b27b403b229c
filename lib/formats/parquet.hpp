// parquet.hpp: Apache Parquet: schema, row count and statistics by its footer alone; the first rows from its pages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Source: the Parquet format's README and parquet.thrift, format version 2.x. Everything the footer claims is checked
// against the file's size; a footer that lies is a finding. Of data pages those of the first rows are read, for what
// the values mean (first_values.hpp). Errors: io, cancelled.
Result<Profile> profile_parquet(const Input& input);

// Nested columns are JSON. Of each column only the pages of the first rows are read, and of those the beginning. Codecs
// none, Snappy, gzip, Zstandard, LZ4_RAW; all encodings of the format but bit-packed levels. unsupported: others, and
// encrypted columns. Fewer rows where they are larger than 16 MiB together, or a value is larger than 8 MiB; guard
// where the first row is.
Result<Rows> head_parquet(const Input& input, std::size_t count);

}  // namespace neurolake::formats
