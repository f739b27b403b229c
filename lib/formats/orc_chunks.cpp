// orc_chunks.cpp: chunk after chunk, by the codec that the file names.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_chunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/compress.hpp"
#include "formats/lz4.hpp"
#include "formats/snappy.hpp"

namespace neurolake::formats {
namespace {

enum Codec : std::uint64_t { k_none, k_zlib, k_snappy, k_lzo, k_lz4, k_zstd, k_brotli };

Error cut_chunk() { return {Errc::corrupt, "it ends within a compressed chunk"}; }

}  // namespace

std::string_view orc_codec_name(std::uint64_t codec) {
    constexpr std::array<std::string_view, 7> k_names{"no codec", "zlib",      "Snappy", "LZO",
                                                      "LZ4",      "Zstandard", "Brotli"};
    return codec < k_names.size() ? k_names[codec] : "an unknown codec";
}

OrcChunkHead read_orc_chunk_head(std::string_view bytes) {
    std::uint32_t head = 0;
    for (std::size_t i = 0; i < k_orc_chunk_head; ++i)
        head |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return {head >> 1, (head & 1) != 0};
}

Result<std::string> inflate_orc_chunk(std::string_view chunk, const OrcCompression& compression, std::uint64_t limit) {
    switch (compression.codec) {
        case k_zlib:
            return inflate_raw(chunk, limit);
        case k_snappy:
            return unsnappy(chunk, limit);
        case k_lz4: {
            std::string out;
            TRY_DO(unlz4_onto(out, chunk, limit, false, 0));
            return out;
        }
        case k_zstd:
            return unzstd(chunk, limit);
        default:
            return Error(Errc::unsupported, fmt::format("it is compressed by {}, which is not read here",
                                                        orc_codec_name(compression.codec)));
    }
}

Result<std::string> inflate_orc(std::string_view stored, const OrcCompression& compression, std::uint64_t limit) {
    if (compression.codec == k_none) return std::string(stored);
    std::string out;
    while (!stored.empty()) {
        if (stored.size() < k_orc_chunk_head) return cut_chunk();
        const OrcChunkHead head = read_orc_chunk_head(stored);
        stored.remove_prefix(k_orc_chunk_head);
        if (head.size > stored.size()) return cut_chunk();
        const std::string_view chunk = stored.substr(0, head.size);
        stored.remove_prefix(head.size);
        const std::uint64_t room = limit - out.size();
        if (room == 0 || (head.is_original && chunk.size() > room))
            return Error(Errc::guard, "it is larger than we read");
        if (head.is_original) {
            out += chunk;
            continue;
        }
        TRY(const std::string inflated, inflate_orc_chunk(chunk, compression, std::min(compression.block_bytes, room)));
        out += inflated;
    }
    return out;
}

}  // namespace neurolake::formats
