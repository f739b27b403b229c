// parquet.hpp: Apache Parquet by its footer alone: schema, row count, statistics. No data page is read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// Source: the Parquet format's README and parquet.thrift, format version 2.x. Everything the footer claims is checked
// against the file's size; a footer that lies is a finding. Errors: io, cancelled.
Result<Profile> profile_parquet(const Input& input);

// unsupported: rows stand in compressed data pages, which are not decoded.
Result<Rows> head_parquet(const Input& input, std::size_t count);

}  // namespace neurolake::formats
