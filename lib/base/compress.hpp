// compress.hpp: streaming readers of gzip (RFC 1952) and Zstandard (RFC 8878), with limits against bombs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace neurolake {

// A stream that grew past both marks is taken for a bomb: reading on fails with guard.
struct InflateLimits {
    std::uint64_t free_bytes = 256u << 20;  // any ratio is fine up to here
    std::uint64_t max_ratio = 250;          // output / input beyond
    // Where given, bytes behind a whole member or frame that begin no other end the stream instead of being damage, and
    // the offset of the first of them is put here.
    std::uint64_t* tail_at = nullptr;
    int max_window_log = 25;  // Zstandard: a frame that wants more than 32 MiB of history is unsupported
};

enum class Compression { none, gzip, zstd };

std::string_view to_string(Compression compression);  // "", "gzip", "zstd"
// By the magic bytes at the beginning of a file; a few bytes suffice.
Compression compression_of(std::string_view beginning);

// Reads `from` (which must outlive the result) and yields the inflated bytes. Several members or frames after each
// other are one stream. Errors of read(): corrupt (damaged or cut; what was inflated before has been given out), guard
// (limits), unsupported (window), and what `from` fails with. Memory: at most 64 KiB of input, plus the window.
std::unique_ptr<ByteSource> inflate(ByteSource& from, Compression compression, InflateLimits limits = {});

// The inflated size a Zstandard frame declares in its first (at most 18) bytes; nothing when it declares none.
std::optional<std::uint64_t> zstd_content_size(std::string_view frame_beginning);

// One Zstandard frame that must inflate to at most `limit` bytes: guard beyond, corrupt when damaged or cut.
Result<std::string> unzstd(std::string_view frame, std::uint64_t limit);
// One raw DEFLATE stream (RFC 1951: no header, no checksum) that must inflate to at most `limit` bytes: guard beyond,
// corrupt when damaged or cut. What stands behind its end does not count.
Result<std::string> inflate_raw(std::string_view stream, std::uint64_t limit);
// The CRC-32 of gzip and PNG (ISO 3309) of `bytes`, behind what gave `so_far`.
std::uint32_t crc32_of(std::string_view bytes, std::uint32_t so_far = 0);
// Compresses in one call; for tests and for what we write ourselves.
Result<std::string> zstd(std::string_view bytes, int level = 3);
Result<std::string> gzip(std::string_view bytes, int level = 6);

}  // namespace neurolake
