// parquet_body.cpp: page headers in Thrift, and the codecs of bodies.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/compress.hpp"
#include "formats/lz4.hpp"
#include "formats/snappy.hpp"
#include "formats/thrift_compact.hpp"

namespace neurolake::formats {
namespace {

using Type = ThriftReader::Type;

enum Codec : int { k_none, k_snappy, k_gzip, k_lzo, k_brotli, k_lz4, k_zstd, k_lz4_raw };

struct Header {
    ParquetPage page;
    std::int64_t type = -1, inflated = -1, stored = -1, repetition = 0, definition = 0;
};

// A data page says first how many values and in which encoding, then how its levels are encoded.
void read_data_header(ThriftReader& in, ParquetPage& page) {
    in.read_struct([&](std::int16_t id, Type type) {
        switch (id) {
            case 1:
                page.values = in.integer(type);
                return;
            case 2:
                page.encoding = in.integer(type);
                return;
            case 3:
                page.definition_encoding = in.integer(type);
                return;
            case 4:
                page.repetition_encoding = in.integer(type);
                return;
            default:
                in.skip(type);
        }
    });
}

void read_dictionary_header(ThriftReader& in, ParquetPage& page) {
    in.read_struct([&](std::int16_t id, Type type) {
        if (id == 1)
            page.values = in.integer(type);
        else if (id == 2)
            page.encoding = in.integer(type);
        else
            in.skip(type);
    });
}

void read_data_v2_header(ThriftReader& in, Header& out) {
    in.read_struct([&](std::int16_t id, Type type) {
        switch (id) {
            case 1:
                out.page.values = in.integer(type);
                return;
            case 4:
                out.page.encoding = in.integer(type);
                return;
            case 5:
                out.definition = in.integer(type);
                return;
            case 6:
                out.repetition = in.integer(type);
                return;
            case 7:
                out.page.compressed = ThriftReader::is_true(type);
                return in.skip(type);
            default:
                in.skip(type);
        }
    });
}

Header read_header(ThriftReader& in) {
    Header out;
    in.read_struct([&](std::int16_t id, Type type) {
        const bool is_struct = type == ThriftReader::k_struct;
        if (id == 1)
            out.type = in.integer(type);
        else if (id == 2)
            out.inflated = in.integer(type);
        else if (id == 3)
            out.stored = in.integer(type);
        else if (id == 4)
            out.page.crc = static_cast<std::uint32_t>(in.integer(type));
        else if (id == 5 && is_struct)
            read_data_header(in, out.page);
        else if (id == 7 && is_struct)
            read_dictionary_header(in, out.page);
        else if (id == 8 && is_struct)
            read_data_v2_header(in, out);
        else
            in.skip(type);
    });
    return out;
}

Error damaged_page(std::uint64_t at) { return {Errc::corrupt, fmt::format("no page begins at byte {}", at)}; }

std::string page_data(std::uint64_t at) { return fmt::format("the data of a page, from byte {} on,", at); }

// What the header claims must be possible in a file of that size.
bool take_sizes(Header& header, std::uint64_t file_size) {
    ParquetPage& page = header.page;
    if (header.type < 0 || header.type > 3 || header.stored < 0 || header.inflated < 0) return false;
    if (header.repetition < 0 || header.definition < 0) return false;
    page.kind = static_cast<ParquetPage::Kind>(header.type);
    page.stored_bytes = static_cast<std::uint64_t>(header.stored);
    page.inflated_bytes = static_cast<std::uint64_t>(header.inflated);
    page.repetition_bytes = static_cast<std::uint64_t>(header.repetition);
    page.definition_bytes = static_cast<std::uint64_t>(header.definition);
    if (page.body > file_size || page.stored_bytes > file_size - page.body) return false;
    if (page.kind != ParquetPage::Kind::data_v2) return true;
    const std::uint64_t least = std::min(page.stored_bytes, page.inflated_bytes);
    return page.repetition_bytes <= least && page.definition_bytes <= least - page.repetition_bytes;
}

std::string codec_name(int codec) {
    constexpr std::array<std::string_view, 8> k_names{
        "no codec", "Snappy", "gzip", "LZO", "Brotli", "LZ4 in Hadoop's frames", "Zstandard", "LZ4"};
    if (codec >= 0 && static_cast<std::size_t>(codec) < k_names.size())
        return std::string(k_names[static_cast<std::size_t>(codec)]);
    return fmt::format("codec {}", codec);
}

}  // namespace

Status ParquetFile::spend(std::uint64_t bytes) {
    if (bytes > m_budget.work) return Error(Errc::guard, "the first rows take more reading than can be spent on them");
    m_budget.work -= bytes;
    return {};
}

Result<std::string> ParquetFile::stored(std::uint64_t at, std::uint64_t size) {
    std::string bytes(static_cast<std::size_t>(std::min(size, m_input.size - std::min(at, m_input.size))), '\0');
    FileSource source(m_input.fd, at);
    TRY(const std::size_t got, read_full(source, bytes));
    bytes.resize(got);
    return bytes;
}

Result<ParquetPage> ParquetFile::page(std::uint64_t at) {
    constexpr std::uint64_t k_first_read = 512, k_most = 256u << 10;  // statistics may be long
    for (std::uint64_t size = k_first_read;; size = k_most) {
        TRY_DO(spend(size));
        TRY(const std::string bytes, stored(at, size));
        ThriftReader in(bytes);
        Header header = read_header(in);
        header.page.body = at + in.position();
        if (in.ok()) return take_sizes(header, m_input.size) ? Result<ParquetPage>(header.page) : damaged_page(at);
        if (size == k_most || bytes.size() < size) return damaged_page(at);
    }
}

Result<std::string> ParquetFile::beginning(const Part& part, int codec) {
    TRY_DO(spend(part.wanted));
    auto bytes = inflated(part, codec);
    if (!bytes && bytes.error().code == Errc::corrupt)
        return Error(bytes.error()).with_context(fmt::format("the data of a page at byte {}", part.at));
    if (bytes && bytes->size() != part.wanted)
        return Error(Errc::corrupt, fmt::format("{} holds {}{} bytes where {} should be", page_data(part.at),
                                                bytes->size() > part.wanted ? "more than " : "",
                                                std::min<std::uint64_t>(bytes->size(), part.wanted), part.wanted));
    return bytes;
}

// Read to its end, a stream proves its checksum; one byte too many tells of a longer one.
Result<std::string> ParquetFile::streamed(const Part& part, Compression codec) {
    constexpr int k_window_log = 24;
    FileSource source(m_input.fd, part.at, part.at + part.stored_bytes);
    InflateLimits limits;
    limits.max_window_log = k_window_log;
    const auto stream = inflate(source, codec, limits);
    std::string bytes(static_cast<std::size_t>(part.wanted) + (part.whole ? 1 : 0), '\0');
    TRY(const std::size_t got, read_full(*stream, bytes));
    bytes.resize(got);
    return bytes;
}

Result<std::string> ParquetFile::inflated(const Part& part, int codec) {
    if (codec == k_none) return stored(part.at, std::min(part.stored_bytes, part.wanted));
    if (codec == k_gzip) return streamed(part, Compression::gzip);
    if (codec == k_zstd) return streamed(part, Compression::zstd);
    if (codec == k_snappy || codec == k_lz4_raw) {  // what does not shrink grows by less than this
        const std::uint64_t enough = part.wanted + part.wanted / 6 + 64;
        TRY(const std::string bytes, stored(part.at, std::min(part.stored_bytes, enough)));
        if (!part.whole)
            return codec == k_snappy ? unsnappy_beginning(bytes, part.wanted) : unlz4_beginning(bytes, part.wanted);
        return codec == k_snappy ? unsnappy(bytes, part.wanted) : unlz4(bytes, part.wanted);
    }
    return Error(Errc::unsupported,
                 fmt::format("pages are compressed by {}, which is not read here", codec_name(codec)));
}

Status ParquetFile::check_crc(const ParquetPage& page) {
    TRY_DO(spend(page.stored_bytes));
    FileSource source(m_input.fd, page.body, page.body + page.stored_bytes);
    std::string block(64u << 10, '\0');
    std::uint32_t crc = 0;
    while (true) {
        TRY(const std::size_t got, source.read(block));
        if (got == 0) break;
        crc = crc32_of(std::string_view(block).substr(0, got), crc);
    }
    if (crc == *page.crc) return {};
    return Error(Errc::corrupt, fmt::format("{} does not have the checksum its header says", page_data(page.body)));
}

std::uint64_t ParquetFile::most_of(std::uint64_t size) const {
    constexpr std::uint64_t k_half = ParquetBudget().work / 2;
    return size <= m_budget.whole_page && m_budget.work > k_half ? size : m_limit;
}

Result<ParquetBody> ParquetFile::body(const ParquetPage& page) {
    constexpr std::uint64_t k_most_levels = 1u << 20;
    ParquetBody body;
    std::uint64_t at = page.body, stored_bytes = page.stored_bytes, bytes = page.inflated_bytes;
    const auto take = [&](std::uint64_t size, std::uint64_t limit, int codec) {
        const std::uint64_t wanted = std::min(size, limit);
        body.cut |= wanted < size;
        return beginning({at, codec == k_none ? size : stored_bytes, wanted, wanted == size}, codec);
    };
    int codec = m_codec;
    if (page.kind == ParquetPage::Kind::data_v2) {
        TRY(body.repetition, take(page.repetition_bytes, std::min(m_limit, k_most_levels), k_none));
        at += page.repetition_bytes;
        TRY(body.definition, take(page.definition_bytes, std::min(m_limit, k_most_levels), k_none));
        at += page.definition_bytes;
        stored_bytes -= page.repetition_bytes + page.definition_bytes;
        bytes -= page.repetition_bytes + page.definition_bytes;
        if (!page.compressed) codec = k_none;
    }
    if (codec == k_none) bytes = std::min(bytes, stored_bytes);
    if (bytes > 0 && stored_bytes > 0) {
        TRY(body.values, take(bytes, most_of(bytes), codec));
    }
    if (page.crc && !body.cut) TRY_DO(check_crc(page));
    return body;
}

}  // namespace neurolake::formats
