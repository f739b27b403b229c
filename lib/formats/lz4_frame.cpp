// lz4_frame.cpp: a frame's header, and one block after the other.
// SPDX-License-Identifier: Apache-2.0
#include "formats/lz4_frame.hpp"

#include <algorithm>
#include <cstring>

#include "formats/lz4.hpp"
#include "formats/xxhash32.hpp"

namespace neurolake::formats {
namespace {

Error damaged() { return {Errc::corrupt, "inflate LZ4: damaged or cut data"}; }
Error wrong_checksum() { return {Errc::corrupt, "inflate LZ4: the data does not have its checksum"}; }

class Frame {
public:
    Frame(ByteSource& from, std::uint64_t size, bool whole) : m_from(from), m_size(size), m_whole(whole) {}

    Result<std::string> read() {
        TRY_DO(read_header());
        while (m_whole || m_out.size() < m_size) {
            TRY(const std::uint32_t word, number());
            if (word == 0) break;
            TRY_DO(read_block(word));
        }
        if (m_out.size() != m_size) return Error(Errc::corrupt, "inflate LZ4: the data are not as long as they say");
        if (m_whole && m_content_checked) {
            TRY(const std::uint32_t sum, number());
            if (sum != xxhash32(m_out)) return wrong_checksum();
        }
        return std::move(m_out);
    }

private:
    Result<std::string> bytes(std::size_t size) {
        std::string out(size, '\0');
        TRY(const std::size_t got, read_full(m_from, out));
        if (got < size) return damaged();
        return out;
    }
    Result<std::uint32_t> number() {
        TRY(const std::string word, bytes(4));
        std::uint32_t value = 0;
        std::memcpy(&value, word.data(), sizeof value);
        return value;
    }

    Status read_header() {
        constexpr std::uint32_t k_magic = 0x184D2204;
        constexpr unsigned k_version = 1, k_content_size = 8;
        TRY(const std::uint32_t magic, number());
        TRY(std::string header, bytes(2));
        const auto flags = static_cast<unsigned char>(header[0]);
        const unsigned largest = static_cast<unsigned char>(header[1]) >> 4 & 7;
        if (magic != k_magic || flags >> 6 != k_version || largest < 4) return damaged();
        if ((flags & 1) != 0) return Error(Errc::unsupported, "inflate LZ4: the data needs a dictionary");
        m_linked = (flags & 0x20) == 0;
        m_blocks_checked = (flags & 0x10) != 0;
        m_content_checked = (flags & 4) != 0;
        m_block_size = std::size_t{1} << (8 + 2 * largest);  // 64 KiB to 4 MiB
        if ((flags & 8) != 0) {
            TRY(const std::string content, bytes(k_content_size));
            header += content;
        }
        TRY(const std::string sum, bytes(1));
        const bool right = static_cast<unsigned char>(sum[0]) == (xxhash32(header) >> 8 & 0xFF);
        return right ? Status() : wrong_checksum();
    }

    Status read_block(std::uint32_t word) {
        constexpr std::uint32_t k_plain = 0x80000000;
        const std::size_t stored = word & ~k_plain;
        if (stored > m_block_size) return damaged();
        const std::uint64_t room = m_size - m_out.size();
        if (!m_whole && room < m_block_size) return read_beginning(stored, room, (word & k_plain) != 0);
        TRY(const std::string block, bytes(stored));
        if (m_blocks_checked) {
            TRY(const std::uint32_t sum, number());
            if (sum != xxhash32(block)) return wrong_checksum();
        }
        if ((word & k_plain) == 0)
            return unlz4_onto(m_out, block, m_out.size() + std::min<std::uint64_t>(m_block_size, room), false,
                              oldest());
        if (stored > room) return damaged();
        m_out += block;
        return {};
    }

    // Of the last block that is wanted, which may be large, no more is read than it takes: at most one byte in 255
    // tells of lengths, beside a few. Of one that is shorter, its checksum is all that is left.
    Status read_beginning(std::size_t stored, std::uint64_t room, bool plain) {
        constexpr std::uint64_t k_lengths = 255, k_few = 64;
        const std::uint64_t enough = plain ? room : room + room / k_lengths + k_few;
        TRY(const std::string block, bytes(static_cast<std::size_t>(std::min<std::uint64_t>(stored, enough))));
        if (plain)
            m_out += block;
        else
            TRY_DO(unlz4_onto(m_out, block, m_size, true, oldest()));
        if (m_out.size() == m_size || !m_blocks_checked) return {};
        TRY(const std::uint32_t sum, number());
        return sum == xxhash32(block) ? Status() : wrong_checksum();
    }

    std::size_t oldest() const { return m_linked ? 0 : m_out.size(); }

    ByteSource& m_from;
    std::uint64_t m_size;
    bool m_whole, m_linked = false, m_blocks_checked = false, m_content_checked = false;
    std::size_t m_block_size = 0;
    std::string m_out;
};

}  // namespace

Result<std::string> unlz4_frame(ByteSource& from, std::uint64_t size, bool whole) {
    return Frame(from, size, whole).read();
}

}  // namespace neurolake::formats
