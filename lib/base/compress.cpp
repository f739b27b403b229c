// compress.cpp: gzip by zlib and Zstandard by libzstd, behind ByteSource; the only place of both libraries.
// SPDX-License-Identifier: Apache-2.0
#include "base/compress.hpp"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace neurolake {
namespace {

constexpr std::size_t k_input_bytes = 64u << 10;

// The part both readers share: a window on the compressed bytes, and the account of what came out of them.
class Inflater : public ByteSource {
public:
    Inflater(ByteSource& from, InflateLimits limits) : m_limits(limits), m_from(from), m_input(k_input_bytes) {}

protected:
    Status refill() {
        TRY(m_available, m_from.read(m_input));
        m_next = m_input.data();
        m_total_in += m_available;
        m_end = m_available == 0;
        return {};
    }

    // What is left of the input, `bytes` of it or all.
    Result<std::string_view> peek(std::size_t bytes) {
        if (m_available > 0) std::memmove(m_input.data(), m_next, m_available);
        m_next = m_input.data();
        while (m_available < bytes && !m_end) {
            TRY(const std::size_t got, m_from.read(std::span(m_input).subspan(m_available)));
            m_available += got;
            m_total_in += got;
            m_end = got == 0;
        }
        return std::string_view(m_next, std::min(m_available, bytes));
    }

    // The stream ends here, whatever follows.
    std::size_t end_before_tail() {
        *m_limits.tail_at = m_total_in - m_available;
        return 0;
    }

    Status account(std::size_t produced) {
        m_total_out += produced;
        if (m_total_out > m_limits.free_bytes &&
            m_total_out / std::max<std::uint64_t>(m_total_in, 1) > m_limits.max_ratio)
            return Error(Errc::guard,
                         fmt::format("inflate: {} bytes came out of {}: this looks like a decompression bomb",
                                     m_total_out, m_total_in),
                         "Inflate the file yourself if its content is meant.");
        return {};
    }

    InflateLimits m_limits;
    std::size_t m_available = 0;
    const char* m_next = nullptr;
    bool m_end = false;

private:
    ByteSource& m_from;
    std::vector<char> m_input;
    std::uint64_t m_total_in = 0, m_total_out = 0;
};

class GzipSource final : public Inflater {
public:
    GzipSource(ByteSource& from, InflateLimits limits) : Inflater(from, limits) {
        m_ready = inflateInit2(&m_stream, 15 + 16) == Z_OK;
    }
    ~GzipSource() override {
        if (m_ready) inflateEnd(&m_stream);
    }
    GzipSource(const GzipSource&) = delete;
    GzipSource& operator=(const GzipSource&) = delete;

    Result<std::size_t> read(std::span<char> into) override {
        if (!m_ready) return Error(Errc::io, "inflate: no memory");
        while (!into.empty()) {
            if (m_available == 0 && !m_end) TRY_DO(refill());
            if (m_between) {
                if (m_available == 0) return std::size_t{0};
                // Bytes after a whole member that begin no other (tape padding, a signature) are not part of the
                // stream.
                TRY(const std::string_view magic, peek(2));
                if (m_limits.tail_at && m_members > 0 && magic != "\x1f\x8b") return end_before_tail();
                if (magic[0] != '\x1f') return std::size_t{0};
                inflateReset(&m_stream);
                m_between = false;
            }
            TRY(const std::size_t got, step(into));
            if (got > 0) return got;
        }
        return std::size_t{0};
    }

private:
    Result<std::size_t> step(std::span<char> into) {
        m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(m_next));
        m_stream.avail_in = static_cast<uInt>(m_available);
        m_stream.next_out = reinterpret_cast<Bytef*>(into.data());
        m_stream.avail_out = static_cast<uInt>(std::min<std::size_t>(into.size(), 1u << 30));
        const uInt room = m_stream.avail_out;
        const int rc = ::inflate(&m_stream, Z_NO_FLUSH);
        m_next = reinterpret_cast<const char*>(m_stream.next_in);
        m_available = m_stream.avail_in;
        const std::size_t produced = room - m_stream.avail_out;
        if (rc == Z_STREAM_END) {
            m_between = true;
            ++m_members;
        }
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR && produced == 0)
            return Error(Errc::corrupt, fmt::format("inflate gzip: {}", m_stream.msg ? m_stream.msg : "damaged data"));
        if (rc == Z_BUF_ERROR && produced == 0 && m_end)
            return Error(Errc::corrupt, "inflate gzip: the file ends in the middle of the compressed data");
        TRY_DO(account(produced));
        return produced;
    }

    z_stream m_stream{};
    bool m_ready = false, m_between = true;
    std::uint64_t m_members = 0;  // whole ones
};

class ZstdSource final : public Inflater {
public:
    ZstdSource(ByteSource& from, InflateLimits limits) : Inflater(from, limits), m_context(ZSTD_createDCtx()) {
        if (m_context) ZSTD_DCtx_setParameter(m_context, ZSTD_d_windowLogMax, limits.max_window_log);
    }
    ~ZstdSource() override { ZSTD_freeDCtx(m_context); }
    ZstdSource(const ZstdSource&) = delete;
    ZstdSource& operator=(const ZstdSource&) = delete;

    Result<std::size_t> read(std::span<char> into) override {
        if (!m_context) return Error(Errc::io, "inflate: no memory");
        while (!into.empty()) {
            if (m_available == 0 && !m_end) TRY_DO(refill());
            if (m_available == 0 && m_left == 0) return std::size_t{0};
            if (m_left == 0 && m_frames > 0 && m_limits.tail_at) {
                TRY(const std::string_view magic, peek(4));
                if (!begins_frame(magic)) return end_before_tail();
            }
            ZSTD_inBuffer in{m_next, m_available, 0};
            ZSTD_outBuffer out{into.data(), into.size(), 0};
            const std::size_t left = ZSTD_decompressStream(m_context, &out, &in);
            if (ZSTD_isError(left)) return failure(left);
            m_next += in.pos;
            m_available -= in.pos;
            m_left = left;
            m_frames += left == 0;
            if (out.pos > 0) {
                TRY_DO(account(out.pos));
                return out.pos;
            }
            if (m_end && left != 0)
                return Error(Errc::corrupt, "inflate zstd: the file ends in the middle of the compressed data");
        }
        return std::size_t{0};
    }

private:
    // A frame, or one that is to be skipped.
    static bool begins_frame(std::string_view magic) {
        return magic == "\x28\xb5\x2f\xfd" ||
               (magic.size() == 4 && (magic[0] & '\xf0') == '\x50' && magic.substr(1) == "\x2a\x4d\x18");
    }

    static Error failure(std::size_t code) {
        if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
            return Error(Errc::unsupported, "inflate zstd: the frame asks for more than 32 MiB of history",
                         "Compress it without --ultra and --long.");
        return Error(Errc::corrupt, fmt::format("inflate zstd: {}", ZSTD_getErrorName(code)));
    }

    ZSTD_DCtx* m_context;
    std::size_t m_left = 0;      // what the frame still expects; 0 = between frames
    std::uint64_t m_frames = 0;  // whole ones
};

}  // namespace

std::string_view to_string(Compression compression) {
    constexpr std::array<std::string_view, 3> k_names{"", "gzip", "zstd"};
    return k_names[static_cast<std::size_t>(compression)];
}

Compression compression_of(std::string_view beginning) {
    if (beginning.starts_with("\x1f\x8b\x08")) return Compression::gzip;
    if (beginning.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
    return Compression::none;
}

std::unique_ptr<ByteSource> inflate(ByteSource& from, Compression compression, InflateLimits limits) {
    if (compression == Compression::gzip) return std::make_unique<GzipSource>(from, limits);
    return std::make_unique<ZstdSource>(from, limits);
}

std::optional<std::uint64_t> zstd_content_size(std::string_view frame_beginning) {
    const unsigned long long size = ZSTD_getFrameContentSize(frame_beginning.data(), frame_beginning.size());
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
    return size;
}

Result<std::string> unzstd(std::string_view frame, std::uint64_t limit) {
    struct Memory final : ByteSource {
        std::string_view left;
        Result<std::size_t> read(std::span<char> into) override {
            const std::size_t n = left.copy(into.data(), into.size());
            left.remove_prefix(n);
            return n;
        }
    } memory;
    memory.left = frame;
    InflateLimits limits;
    limits.free_bytes = limit;  // the cap below is the guard
    limits.max_ratio = std::numeric_limits<std::uint64_t>::max();
    ZstdSource source(memory, limits);
    std::string out;
    std::array<char, 16384> block;
    while (true) {
        TRY(const std::size_t got, source.read(block));
        if (got == 0) return out;
        if (out.size() + got > limit)
            return Error(Errc::guard, fmt::format("inflate zstd: more than the {} bytes expected", limit));
        out.append(block.data(), got);
    }
}

Result<std::string> inflate_raw(std::string_view bytes, std::uint64_t limit) {
    z_stream stream{};
    if (bytes.size() > std::numeric_limits<uInt>::max() || inflateInit2(&stream, -15) != Z_OK)
        return Error(Errc::io, "inflate: no memory");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::array<char, 16384> block;
    int rc = Z_OK;
    while (rc == Z_OK && out.size() <= limit) {
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = static_cast<uInt>(block.size());
        rc = ::inflate(&stream, Z_NO_FLUSH);
        out.append(block.data(), block.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (out.size() > limit) return Error(Errc::guard, fmt::format("inflate: more than the {} bytes expected", limit));
    if (rc != Z_STREAM_END) return Error(Errc::corrupt, "inflate: damaged or cut data");
    return out;
}

Result<std::string> zstd(std::string_view bytes, int level) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t n = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
    if (ZSTD_isError(n)) return Error(Errc::io, fmt::format("compress zstd: {}", ZSTD_getErrorName(n)));
    out.resize(n);
    return out;
}

Result<std::string> gzip(std::string_view bytes, int level) {
    z_stream stream{};
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return Error(Errc::io, "compress gzip: no memory");
    std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int rc = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (rc != Z_STREAM_END) return Error(Errc::io, "compress gzip: too large for one call");
    return out;
}

std::uint32_t crc32_of(std::string_view bytes, std::uint32_t so_far) {
    return static_cast<std::uint32_t>(
        crc32_z(so_far, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace neurolake
