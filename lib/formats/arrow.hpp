// arrow.hpp: Apache Arrow IPC files and streams (.arrow, .arrows, .ipc, Feather 2).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Source: the Arrow columnar format 1.5, "Serialization and IPC". A file is read by its footer; a stream, a file inside
// gzip or Zstandard, and one that lost its footer message by message. Rows and nulls are those of the record batches;
// of column data only that of the first rows is read, for what it means. What the metadata claims is checked against
// the file. Errors: io, cancelled.
Result<Profile> profile_arrow(const Input& input);

// Reads only as many record batches as it takes, and of their buffers only what the rows need. Errors: io; corrupt;
// unsupported: numbers with the highest byte first, metadata older than Arrow 0.8; guard: a row, a buffer or (in a
// compressed file) a record batch that is larger than can be shown. Fewer rows, and `cut`, where they are large.
Result<Rows> head_arrow(const Input& input, std::size_t count);

// "ARROW1", or a stream's first message.
bool begins_like_arrow(std::string_view beginning);

}  // namespace neurolake::formats
