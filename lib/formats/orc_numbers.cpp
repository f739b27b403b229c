// orc_numbers.cpp: runs, one at a time.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_numbers.hpp"

#include <algorithm>
#include <array>

namespace neurolake::formats {
namespace {

Error broken() { return {Errc::corrupt, "a run of numbers does not add up"}; }

// The widths of packed values that have a code, in the codes' order.
constexpr std::array<unsigned, 32> k_widths{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                            17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 30, 32, 40, 48, 56, 64};
unsigned coded_width(unsigned code) { return k_widths[code & 31]; }
// The least of them that holds so many bits.
unsigned holding_width(unsigned bits) {
    return *std::find_if(k_widths.begin(), k_widths.end() - 1, [&](unsigned width) { return width >= bits; });
}

std::int64_t unzigzag(std::uint64_t stored) {
    return static_cast<std::int64_t>(stored >> 1) ^ -static_cast<std::int64_t>(stored & 1);
}
// Sums that leave 64 bits wrap around, as those of the writers do.
std::int64_t wrapped_sum(std::int64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b);
}

}  // namespace

Result<std::uint8_t> OrcBytes::next() {
    if (m_left == 0) {
        TRY(const std::uint8_t head, m_stream->byte());
        m_is_run = head < 0x80;
        m_left = m_is_run ? head + std::size_t{3} : std::size_t{256} - head;
        if (m_is_run) {
            TRY(m_value, m_stream->byte());
        }
    }
    --m_left;
    return m_is_run ? Result<std::uint8_t>(m_value) : m_stream->byte();
}

Result<bool> OrcBits::next() {
    if (m_left == 0) {
        TRY(m_byte, m_bytes.next());
        m_left = 8;
    }
    return (m_byte >> --m_left & 1) != 0;
}

Result<std::int64_t> OrcIntegers::next() {
    if (m_taken == m_values.size()) TRY_DO(load());
    return m_values[m_taken++];
}

Status OrcIntegers::load() {
    m_values.clear();
    m_taken = 0;
    return m_second ? load_second() : load_first();
}

std::int64_t OrcIntegers::value_of(std::uint64_t stored) const {
    return m_is_signed ? unzigzag(stored) : static_cast<std::int64_t>(stored);
}

Result<std::uint64_t> OrcIntegers::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        TRY(const std::uint8_t byte, m_stream->byte());
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
    }
    return broken();
}

Result<std::uint64_t> OrcIntegers::big_endian(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
        TRY(const std::uint8_t byte, m_stream->byte());
        value = value << 8 | byte;
    }
    return value;
}

// A run of equal steps, or so many numbers as they are.
Status OrcIntegers::load_first() {
    TRY(const std::uint8_t head, m_stream->byte());
    if (head >= 0x80) {
        for (unsigned left = 256u - head; left > 0; --left) {
            TRY(const std::uint64_t stored, varint());
            m_values.push_back(value_of(stored));
        }
        return {};
    }
    TRY(const std::uint8_t step, m_stream->byte());
    TRY(const std::uint64_t stored, varint());
    std::int64_t value = value_of(stored);
    for (std::size_t i = 0; i < head + std::size_t{3}; ++i) {
        m_values.push_back(value);
        value = wrapped_sum(value, static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(step)}));
    }
    return {};
}

Status OrcIntegers::load_second() {
    TRY(const std::uint8_t head, m_stream->byte());
    switch (head >> 6) {
        case 0:
            return short_repeat(head);
        case 1:
            return direct(head);
        case 2:
            return patched(head);
        default:
            return delta(head);
    }
}

Result<std::size_t> OrcIntegers::length(std::uint8_t head) {
    TRY(const std::uint8_t low, m_stream->byte());
    return (std::size_t{head & 1u} << 8 | low) + 1;
}

Status OrcIntegers::packed(std::size_t count, unsigned bits, std::vector<std::uint64_t>& into) {
    std::uint8_t byte = 0;
    unsigned left = 0;  // bits of the byte that are not taken
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        for (unsigned wanted = bits; wanted > 0;) {
            if (left == 0) {
                TRY(byte, m_stream->byte());
                left = 8;
            }
            const unsigned part = std::min(wanted, left);
            value = value << part | (byte >> (left - part) & ((1u << part) - 1));
            left -= part;
            wanted -= part;
        }
        into.push_back(value);
    }
    return {};
}

Status OrcIntegers::short_repeat(std::uint8_t head) {
    TRY(const std::uint64_t stored, big_endian((head >> 3 & 7u) + 1));
    m_values.assign((head & 7u) + 3, value_of(stored));
    return {};
}

Status OrcIntegers::direct(std::uint8_t head) {
    TRY(const std::size_t count, length(head));
    std::vector<std::uint64_t> stored;
    TRY_DO(packed(count, coded_width(head >> 1), stored));
    for (const std::uint64_t each : stored) m_values.push_back(value_of(each));
    return {};
}

// Most values are small and packed so; the high bits of the few others stand in a list of patches behind them.
Status OrcIntegers::patched(std::uint8_t head) {
    const unsigned width = coded_width(head >> 1);
    TRY(const std::size_t count, length(head));
    TRY(const std::uint8_t third, m_stream->byte());
    TRY(const std::uint8_t fourth, m_stream->byte());
    const unsigned base_bytes = (third >> 5) + 1u, patch_width = coded_width(third), gap_width = (fourth >> 5) + 1u;
    const std::size_t patches = fourth & 31u;
    TRY(std::uint64_t base, big_endian(base_bytes));
    const std::uint64_t sign = std::uint64_t{1} << (8 * base_bytes - 1);
    const bool negative = (base & sign) != 0;
    base &= ~sign;
    if (negative) base = 0 - base;

    std::vector<std::uint64_t> values, list;
    TRY_DO(packed(count, width, values));
    if (gap_width + patch_width > 64) return broken();
    TRY_DO(packed(patches, holding_width(gap_width + patch_width), list));
    std::size_t at = 0;
    for (const std::uint64_t each : list) {
        at += static_cast<std::size_t>(each >> patch_width & ((std::uint64_t{1} << gap_width) - 1));
        const std::uint64_t patch = each & ((std::uint64_t{1} << patch_width) - 1);
        if (at >= values.size() || (patch != 0 && width == 64)) return broken();
        if (patch != 0) values[at] |= patch << width;  // 0: only the gap is longer than a patch can say
    }
    for (const std::uint64_t each : values) m_values.push_back(wrapped_sum(static_cast<std::int64_t>(base), each));
    return {};
}

Status OrcIntegers::delta(std::uint8_t head) {
    const unsigned code = head >> 1 & 31u;
    TRY(const std::size_t count, length(head));
    TRY(const std::uint64_t first, varint());
    TRY(const std::uint64_t stored_step, varint());
    const std::int64_t step = unzigzag(stored_step);
    std::int64_t value = value_of(first);
    m_values.push_back(value);
    std::vector<std::uint64_t> steps;
    if (code != 0 && count > 2) TRY_DO(packed(count - 2, coded_width(code), steps));
    for (std::size_t i = 1; i < count; ++i) {
        const bool as_first = code == 0 || i == 1;
        std::uint64_t by = as_first ? static_cast<std::uint64_t>(step) : steps[i - 2];
        if (!as_first && step < 0) by = 0 - by;
        value = wrapped_sum(value, by);
        m_values.push_back(value);
    }
    return {};
}

Result<WideInteger> read_orc_wide(OrcStream& stream) {
    __extension__ typedef unsigned __int128 Bits;
    Bits value = 0;
    for (unsigned shift = 0; shift < 128; shift += 7) {
        TRY(const std::uint8_t byte, stream.byte());
        value |= static_cast<Bits>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            const auto half = static_cast<WideInteger>(value >> 1);
            return (value & 1) != 0 ? -half - 1 : half;
        }
    }
    return broken();
}

}  // namespace neurolake::formats
