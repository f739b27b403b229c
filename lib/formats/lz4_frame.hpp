// lz4_frame.hpp: inflating LZ4's frame format, as the body compression of Arrow uses it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace neurolake::formats {

// Source: LZ4's lz4_Frame_format.md. The first `size` bytes of one frame; with `whole`, the frame must end there. Reads
// no more of it than that takes. The checksums of the header, of blocks that are read whole and of a whole frame's
// content, where it has them, must be right. corrupt: damaged or cut; unsupported: a frame that needs a dictionary.
// Memory: what is given, and at most 4 MiB.
Result<std::string> unlz4_frame(ByteSource& from, std::uint64_t size, bool whole);

}  // namespace neurolake::formats
