// msgpack_reader.cpp: one byte tells the kind, big-endian lengths follow.
// SPDX-License-Identifier: Apache-2.0
#include "formats/msgpack_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "formats/cell.hpp"

namespace neurolake::formats {

std::uint64_t MsgpackReader::big_endian(std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(m_bytes[at + i]);
    return value;
}

bool MsgpackReader::need(std::uint64_t size) {
    if (!m_ok || size > left()) m_ok = false;
    return m_ok;
}

bool MsgpackReader::nil() {
    if (!m_ok || peek() != 0xC0) return false;
    ++m_at;
    return true;
}

std::optional<bool> MsgpackReader::boolean() {
    if (!m_ok || (peek() != 0xC2 && peek() != 0xC3)) return std::nullopt;
    return m_bytes[m_at++] == '\xC3';
}

std::optional<std::int64_t> MsgpackReader::integer() {
    const std::uint8_t kind = peek();
    if (!m_ok) return std::nullopt;
    if (kind < 0x80 || kind >= 0xE0) {
        ++m_at;
        return static_cast<std::int8_t>(kind);
    }
    if (kind < 0xCC || kind > 0xD3) return std::nullopt;
    const std::size_t size = std::size_t{1} << (kind & 3);
    if (!need(1 + size)) return std::nullopt;
    const std::uint64_t raw = big_endian(m_at + 1, size);
    m_at += 1 + size;
    if (kind < 0xD0)
        return static_cast<std::int64_t>(std::min<std::uint64_t>(raw, std::numeric_limits<std::int64_t>::max()));
    const unsigned unused = static_cast<unsigned>(64 - 8 * size);
    return static_cast<std::int64_t>(raw << unused) >> unused;
}

std::optional<std::uint64_t> MsgpackReader::natural() {
    if (m_ok && peek() == 0xCF) {
        if (!need(9)) return std::nullopt;
        m_at += 9;
        return big_endian(m_at - 8, 8);
    }
    const auto value = integer();
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

std::optional<double> MsgpackReader::number() {
    const std::uint8_t kind = peek();
    if (m_ok && (kind == 0xCA || kind == 0xCB)) {
        const std::size_t size = kind == 0xCA ? 4 : 8;
        if (!need(1 + size)) return std::nullopt;
        const std::uint64_t raw = big_endian(m_at + 1, size);
        m_at += 1 + size;
        if (size == 4) return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
        return std::bit_cast<double>(raw);
    }
    if (const auto value = integer()) return static_cast<double>(*value);
    return std::nullopt;
}

std::optional<std::string_view> MsgpackReader::text() {
    const std::uint8_t kind = peek();
    if (!m_ok) return std::nullopt;
    std::uint64_t size = 0;
    std::size_t head = 1;
    if (kind >= 0xA0 && kind <= 0xBF) {
        size = kind & 0x1F;
    } else if ((kind >= 0xD9 && kind <= 0xDB) || (kind >= 0xC4 && kind <= 0xC6)) {
        const std::size_t wide = std::size_t{1} << (kind >= 0xD9 ? kind - 0xD9 : kind - 0xC4);
        if (!need(1 + wide)) return std::nullopt;
        size = big_endian(m_at + 1, wide);
        head += wide;
    } else {
        return std::nullopt;
    }
    if (!need(head + size)) return std::nullopt;
    const std::string_view out = m_bytes.substr(m_at + head, static_cast<std::size_t>(size));
    m_at += head + out.size();
    return out;
}

std::optional<std::uint64_t> MsgpackReader::count(std::uint8_t fix, std::uint8_t fix_mask, std::uint8_t wide,
                                                  std::uint64_t least_bytes) {
    const std::uint8_t kind = peek();
    if (!m_ok) return std::nullopt;
    std::uint64_t n = 0;
    std::size_t head = 1;
    if ((kind & static_cast<std::uint8_t>(~fix_mask)) == fix) {
        n = kind & fix_mask;
    } else if (kind == wide || kind == wide + 1) {
        const std::size_t size = kind == wide ? 2 : 4;
        if (!need(1 + size)) return std::nullopt;
        n = big_endian(m_at + 1, size);
        head += size;
    } else {
        return std::nullopt;
    }
    if (!need(head + n * least_bytes)) return std::nullopt;
    m_at += head;
    return n;
}

std::optional<std::uint64_t> MsgpackReader::array() { return count(0x90, 0x0F, 0xDC, 1); }
std::optional<std::uint64_t> MsgpackReader::map() { return count(0x80, 0x0F, 0xDE, 2); }

void MsgpackReader::skip() { skip(0); }

void MsgpackReader::skip(int depth) {
    constexpr int k_max_depth = 64;
    if (!m_ok) return;
    if (depth > k_max_depth || left() == 0) return fail();
    if (nil() || boolean() || number() || text()) return;
    if (!m_ok) return;
    std::uint64_t below = 0;
    if (const auto n = array())
        below = *n;
    else if (const auto pairs = map())
        below = 2 * *pairs;
    else if (m_ok) {
        const std::uint8_t kind = peek();  // ext: a type byte and opaque data
        std::uint64_t size = 0;
        std::size_t head = 2;
        if (kind >= 0xD4 && kind <= 0xD8) {
            size = std::uint64_t{1} << (kind - 0xD4);
        } else if (kind >= 0xC7 && kind <= 0xC9) {
            const std::size_t wide = std::size_t{1} << (kind - 0xC7);
            if (!need(1 + wide)) return;
            size = big_endian(m_at + 1, wide);
            head += wide;
        } else {
            return fail();
        }
        if (need(head + size)) m_at += head + static_cast<std::size_t>(size);
        return;
    }
    for (std::uint64_t i = 0; i < below && m_ok; ++i) skip(depth + 1);
}

std::optional<std::string> MsgpackReader::scalar_text() {
    if (nil()) return std::nullopt;
    if (const auto flag = boolean()) return *flag ? "True" : "False";
    if (const auto value = text()) return std::string(*value);
    if (const auto value = integer()) return std::to_string(*value);
    if (const auto value = number()) return double_text(*value);
    skip();
    return std::nullopt;
}

}  // namespace neurolake::formats
