// avro_file.cpp: variable-length numbers, stepping over what is not asked for, and the sync marker.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/avro_schema.hpp"

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_max_entries = 100000;  // of the header
constexpr std::uint64_t k_max_key = 64u << 10;

}  // namespace

Result<std::int64_t> AvroFile::number(const char* what) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        TRY(const int b, m_bytes.byte());
        if (b < 0) return cut_file(fmt::format("within {}", what));
        value |= static_cast<std::uint64_t>(b & 0x7F) << shift;
        if (b < 0x80) return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    return Error(Errc::corrupt, fmt::format("{} at byte {} is no number", what, m_bytes.position()));
}

Status AvroFile::read_entry(AvroHeader& header) {
    TRY(const std::int64_t key_size, number("the header"));
    if (key_size < 0) return Error(Errc::corrupt, "the header has a key of negative length");
    TRY(const std::string key, m_bytes.take(static_cast<std::uint64_t>(key_size), k_max_key, "a key of the header"));
    TRY(const std::int64_t size, number("the header"));
    if (size < 0) return Error(Errc::corrupt, fmt::format("the header's {} has a negative length", key.substr(0, 100)));
    if (key == "avro.schema") {
        TRY(header.schema, m_bytes.take(static_cast<std::uint64_t>(size), k_avro_max_schema, "the schema"));
    } else if (key == "avro.codec") {
        TRY(header.codec, m_bytes.take(static_cast<std::uint64_t>(size), 100, "the name of the codec"));
    } else {
        TRY(const bool whole, m_bytes.skip(static_cast<std::uint64_t>(size)));
        if (!whole) return cut_file("within the header");
    }
    return {};
}

Status AvroFile::read_header(AvroHeader& header) {
    TRY(const std::string magic, m_bytes.take(4, 4, "the first four bytes"));
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
    TRY(const std::string sync, m_bytes.take(m_sync.size(), m_sync.size(), "the header's sync marker"));
    std::copy(sync.begin(), sync.end(), m_sync.begin());
    header.sync = m_sync;
    return {};
}

Status AvroFile::end_block() {
    if (!m_has_open) return {};
    m_has_open = false;
    const std::string name = fmt::format("block {}", m_open.number);
    const std::uint64_t end = m_open.offset + m_open.size;
    TRY(const bool whole, m_bytes.skip(end - m_bytes.position()));
    if (!whole) return cut_file(fmt::format("within {}, which says it has {} bytes", name, m_open.size));
    TRY(const std::string sync, m_bytes.take(m_sync.size(), m_sync.size(), name));
    if (!std::equal(sync.begin(), sync.end(), m_sync.begin()))
        return Error(Errc::corrupt,
                     fmt::format("{} at byte {} does not end with the file's sync marker", name, m_open.offset));
    ++m_whole;
    return {};
}

Result<bool> AvroFile::next_block(AvroBlock& block) {
    if (m_bytes.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
    TRY_DO(end_block());
    TRY(const bool end, m_bytes.at_end());
    if (end) return false;
    const std::uint64_t at = m_bytes.position();
    TRY(const std::int64_t rows, number("a block's row count"));
    TRY(const std::int64_t size, number("a block's size"));
    if (rows < 0 || size < 0)
        return Error(Errc::corrupt,
                     fmt::format("block {} at byte {} claims {} rows in {} bytes", m_open.number + 1, at, rows, size));
    block = {m_open.number + 1, m_bytes.position(), static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(size)};
    if (block.size > std::numeric_limits<std::int64_t>::max() - block.offset)
        return cut_file(fmt::format("within block {}", block.number));
    m_open = block;
    m_has_open = true;
    return true;
}

Result<std::string> AvroFile::block_bytes(const AvroBlock& block, std::uint64_t limit) {
    return m_bytes.take(block.size, limit, "a block");
}

}  // namespace neurolake::formats
