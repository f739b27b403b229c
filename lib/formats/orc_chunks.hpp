// orc_chunks.hpp: how ORC compresses: every footer and stream as chunks, each with its length before it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake::formats {

struct OrcCompression {
    std::uint64_t codec = 0;                 // CompressionKind; 0: nothing is compressed, and there are no chunks
    std::uint64_t block_bytes = 256u << 10;  // a chunk inflates to so many at most
};

// For people: "zlib", "no codec".
std::string_view orc_codec_name(std::uint64_t codec);

inline constexpr std::size_t k_orc_chunk_head = 3;
struct OrcChunkHead {
    std::size_t size = 0;      // bytes stored behind the head
    bool is_original = false;  // they are not compressed
};
OrcChunkHead read_orc_chunk_head(std::string_view three_bytes);

// Source: the ORC specification v1, "Compression". What one chunk inflates to. corrupt: damaged; guard: more than
// `limit`; unsupported: LZO, Brotli, or a codec that came later.
Result<std::string> inflate_orc_chunk(std::string_view chunk, const OrcCompression& compression, std::uint64_t limit);

// All chunks of a footer. Errors: as of a chunk.
Result<std::string> inflate_orc(std::string_view stored, const OrcCompression& compression, std::uint64_t limit);

}  // namespace neurolake::formats
