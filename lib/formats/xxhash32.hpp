// xxhash32.hpp: the checksum of LZ4's frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace neurolake::formats {

// Source: xxHash's doc/xxhash_spec.md, XXH32 with seed 0.
std::uint32_t xxhash32(std::string_view bytes);

}  // namespace neurolake::formats
