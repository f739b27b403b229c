// distinct.hpp: how many different values a column has, in one KiB, within a few per cent (HyperLogLog).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "formats/cell.hpp"

namespace neurolake::formats {

__extension__ typedef unsigned __int128 Wide;  // GCC and Clang have it on every 64-bit machine

// Two multiplications for most cells. The padding rule of cell.hpp holds.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a ^ 0x9E3779B97F4A7C15u) * (b ^ 0xD6E8FEB86659FD93u);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_long(const char* p, std::size_t n);

// `first` is first_bytes(p, n).
inline std::uint64_t hash_bytes(const char* p, std::size_t n, std::uint64_t first) {
    if (n > 16) return hash_long(p, n);
    const std::uint64_t last = n > 8 ? load8(p + n - 8) : 0;
    return mix(mix(first, last + n), n);
}
inline std::uint64_t hash_bytes(const char* p, std::size_t n) { return hash_bytes(p, n, first_bytes(p, n)); }

// Flajolet et al., HyperLogLog; small counts by linear counting. The result does not depend on the order.
class DistinctSketch {
public:
    static constexpr unsigned k_bits = 10;
    static constexpr std::size_t k_size = 1u << k_bits;

    static std::size_t index_of(std::uint64_t hash) { return hash >> (64 - k_bits); }
    // True when the value holds its register from now on: so of a long column some thousand times, of new values only.
    bool add(std::uint64_t hash) {
        const std::size_t index = index_of(hash);
        const auto rank = static_cast<std::uint8_t>(std::countl_zero((hash << k_bits) | 1) + 1);
        if (rank <= m_registers[index]) return false;
        m_registers[index] = rank;
        return true;
    }
    std::uint8_t rank(std::size_t index) const { return m_registers[index]; }
    void merge(const DistinctSketch& other) {
        for (std::size_t i = 0; i < k_size; ++i)
            if (other.m_registers[i] > m_registers[i]) m_registers[i] = other.m_registers[i];
    }
    std::uint64_t estimate() const;

private:
    std::array<std::uint8_t, k_size> m_registers{};
};

}  // namespace neurolake::formats
