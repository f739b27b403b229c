// snappy.hpp: inflating Snappy's raw format, as Avro's blocks and Parquet's pages use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::formats {

// Source: Snappy's format_description.txt. guard when it declares more than `limit` bytes, corrupt when damaged or cut.
Result<std::string> unsnappy(std::string_view stream, std::uint64_t limit);
// The first bytes of a stream, at most `limit`; fewer when it is cut or damaged before them.
std::string unsnappy_beginning(std::string_view stream, std::uint64_t limit);

}  // namespace neurolake::formats
