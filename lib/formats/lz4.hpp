// lz4.hpp: inflating LZ4's block format, as Parquet's codec LZ4_RAW and LZ4's frames use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::formats {

// Source: LZ4's lz4_Block_format.md. A whole block that inflates to exactly `size` bytes; corrupt when it does not.
Result<std::string> unlz4(std::string_view block, std::uint64_t size);
// The first bytes of a block, at most `limit`; fewer when the block is cut or
// damaged before them. The format has no checksum: what is damaged may look whole.
std::string unlz4_beginning(std::string_view block, std::uint64_t limit);
// Appends what a whole block inflates to, or only its beginning where `cut` is set, until `out` has `limit` bytes.
// Copies may reach back to the byte `oldest` of it, as in frames of linked blocks. corrupt: damaged, or more than that.
Status unlz4_onto(std::string& out, std::string_view block, std::uint64_t limit, bool cut, std::size_t oldest);

}  // namespace neurolake::formats
