// avro.hpp: Apache Avro object container files: schema from the header, rows from the blocks' counts, first rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Source: the Avro specification 1.12, "Object Container Files". Every block's count, size and sync marker is looked
// at, none is inflated but those of the first rows, for what the values mean (first_values.hpp). A count that its bytes
// cannot hold, as the codec can shrink at most, is damage; so is one that the rows which are read contradict; with
// options.full that is all of them. Without any, the row count is exact for every codec. Also inside gzip and
// Zstandard. Damage is a finding, and the rows before it are counted. Errors: io, cancelled.
Result<Profile> profile_avro(const Input& input);

// Blocks stored as they are, deflated, by Snappy or Zstandard; unsupported for other codecs. The rows before damage,
// which is an error only where there are none.
Result<Rows> head_avro(const Input& input, std::size_t count);

}  // namespace neurolake::formats
