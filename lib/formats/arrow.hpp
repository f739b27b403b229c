// arrow.hpp: Apache Arrow IPC files and streams (.arrow, .arrows, .ipc, Feather 2) by their metadata alone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Source: the Arrow columnar format 1.5, "Serialization and IPC". A file is read by its footer; a stream, a file inside
// gzip or Zstandard, and one that lost its footer message by message. Rows and nulls are those of the record batches;
// no column data is read. What the metadata claims is checked against the file. Errors: io, cancelled.
Result<Profile> profile_arrow(const Input& input);

// unsupported: rows stand in column buffers, which are not decoded.
Result<Rows> head_arrow(const Input& input, std::size_t count);

// "ARROW1", or a stream's first message.
bool begins_like_arrow(std::string_view beginning);

}  // namespace neurolake::formats
