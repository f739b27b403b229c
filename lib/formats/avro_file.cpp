// avro_file.cpp: variable-length numbers, stepping over what is not asked for, and the sync marker.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/avro_schema.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_plain_bytes = 4u << 10;      // at a time: of most blocks only the edges are wanted
constexpr std::size_t k_inflated_bytes = 64u << 10;  // here all bytes come by
constexpr std::uint64_t k_max_entries = 100000;      // of the header
constexpr std::uint64_t k_max_key = 64u << 10;

Error cut(std::string_view where) { return {Errc::corrupt, fmt::format("the file ends {}: it was cut", where)}; }

}  // namespace

AvroFile::AvroFile(const Input& input) : m_input(input) {
    const bool plain = input.compression == Compression::none;
    if (!plain) m_inflated = std::make_unique<InputSource>(input);
    m_buffer.resize(plain ? k_plain_bytes : k_inflated_bytes);
}

std::uint64_t AvroFile::bytes_read() const { return m_inflated ? m_inflated->bytes_read() : m_total; }

Result<int> AvroFile::byte() {
    if (m_begin == m_end) {
        const std::span<char> room(m_buffer);
        if (m_inflated) {
            TRY(m_end, m_inflated->read(room));
        } else {
            TRY(m_end, read_some(m_input.fd, std::as_writable_bytes(room), m_read_to));
        }
        m_begin = 0;
        m_read_to += m_end;
        m_total += m_end;
        if (m_end == 0) return -1;
    }
    return static_cast<unsigned char>(m_buffer[m_begin++]);
}

Result<std::int64_t> AvroFile::number(const char* what) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        TRY(const int b, byte());
        if (b < 0) return cut(fmt::format("within {}", what));
        value |= static_cast<std::uint64_t>(b & 0x7F) << shift;
        if (b < 0x80) return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    return Error(Errc::corrupt, fmt::format("{} at byte {} is no number", what, position()));
}

Result<bool> AvroFile::skip(std::uint64_t bytes) {
    const std::uint64_t here = std::min<std::uint64_t>(bytes, m_end - m_begin);
    m_begin += here;
    bytes -= here;
    if (bytes == 0) return true;
    if (!m_inflated) {
        m_begin = m_end = 0;
        if (bytes > m_input.size || m_read_to > m_input.size - bytes) return false;
        m_read_to += bytes;
        return true;
    }
    while (bytes > 0) {
        if (m_input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const int b, byte());
        if (b < 0) return false;
        const std::uint64_t more = std::min<std::uint64_t>(--bytes, m_end - m_begin);
        m_begin += more;
        bytes -= more;
    }
    return true;
}

Result<std::string> AvroFile::text(std::uint64_t size, std::uint64_t limit, const char* what) {
    if (size > limit) return Error(Errc::guard, fmt::format("{} has {} bytes: more than we read", what, size));
    std::string out;
    while (out.size() < size) {
        TRY(const int b, byte());
        if (b < 0) return cut(fmt::format("within {}", what));
        out += static_cast<char>(b);
        const std::size_t more = std::min<std::size_t>(size - out.size(), m_end - m_begin);
        out.append(m_buffer, m_begin, more);
        m_begin += more;
    }
    return out;
}

Status AvroFile::read_entry(AvroHeader& header) {
    TRY(const std::int64_t key_size, number("the header"));
    if (key_size < 0) return Error(Errc::corrupt, "the header has a key of negative length");
    TRY(const std::string key, text(static_cast<std::uint64_t>(key_size), k_max_key, "a key of the header"));
    TRY(const std::int64_t size, number("the header"));
    if (size < 0) return Error(Errc::corrupt, fmt::format("the header's {} has a negative length", key.substr(0, 100)));
    if (key == "avro.schema") {
        TRY(header.schema, text(static_cast<std::uint64_t>(size), k_avro_max_schema, "the schema"));
    } else if (key == "avro.codec") {
        TRY(header.codec, text(static_cast<std::uint64_t>(size), 100, "the name of the codec"));
    } else {
        TRY(const bool whole, skip(static_cast<std::uint64_t>(size)));
        if (!whole) return cut("within the header");
    }
    return {};
}

Status AvroFile::read_header(AvroHeader& header) {
    TRY(const std::string magic, text(4, 4, "the first four bytes"));
    if (magic != std::string_view("Obj\x01", 4))
        return Error(Errc::corrupt, "the file does not begin like an Avro file");
    std::uint64_t entries = 0;
    while (true) {
        TRY(std::int64_t count, number("the header"));
        if (count == 0) break;
        if (count < 0) {  // the size in bytes follows
            TRY_DO([&]() -> Status {
                TRY([[maybe_unused]] const std::int64_t bytes, number("the header"));
                return {};
            }());
            if (count == std::numeric_limits<std::int64_t>::min())
                return Error(Errc::corrupt, "the header counts its entries wrong");
            count = -count;
        }
        for (; count > 0; --count) {
            if (++entries > k_max_entries) return Error(Errc::guard, "the header has more entries than we read");
            TRY_DO(read_entry(header));
        }
    }
    if (header.codec.empty()) header.codec = "null";
    TRY(const std::string sync, text(m_sync.size(), m_sync.size(), "the header's sync marker"));
    std::copy(sync.begin(), sync.end(), m_sync.begin());
    header.sync = m_sync;
    return {};
}

Status AvroFile::end_block() {
    if (!m_has_open) return {};
    m_has_open = false;
    const std::string name = fmt::format("block {}", m_open.number);
    const std::uint64_t end = m_open.offset + m_open.size;
    TRY(const bool whole, skip(end - position()));
    if (!whole) return cut(fmt::format("within {}, which says it has {} bytes", name, m_open.size));
    TRY(const std::string sync, text(m_sync.size(), m_sync.size(), name.c_str()));
    if (!std::equal(sync.begin(), sync.end(), m_sync.begin()))
        return Error(Errc::corrupt,
                     fmt::format("{} at byte {} does not end with the file's sync marker", name, m_open.offset));
    return {};
}

Result<bool> AvroFile::next_block(AvroBlock& block) {
    if (m_input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
    TRY_DO(end_block());
    TRY(const int first, byte());
    if (first < 0) return false;
    --m_begin;
    const std::uint64_t at = position();
    TRY(const std::int64_t rows, number("a block's row count"));
    TRY(const std::int64_t size, number("a block's size"));
    if (rows < 0 || size < 0)
        return Error(Errc::corrupt,
                     fmt::format("block {} at byte {} claims {} rows in {} bytes", m_open.number + 1, at, rows, size));
    block = {m_open.number + 1, position(), static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(size)};
    if (block.size > std::numeric_limits<std::int64_t>::max() - block.offset)
        return cut(fmt::format("within block {}", block.number));
    m_open = block;
    m_has_open = true;
    return true;
}

Result<std::string> AvroFile::block_bytes(const AvroBlock& block, std::uint64_t limit) {
    return text(block.size, limit, "a block");
}

}  // namespace neurolake::formats
