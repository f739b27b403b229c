// distinct.cpp: the estimate, and the hash of long cells.
// SPDX-License-Identifier: Apache-2.0
#include "formats/distinct.hpp"

#include <cmath>

#include "formats/byte_count.hpp"

namespace neurolake::formats {

std::uint64_t hash_long(const char* p, std::size_t n) {
    std::uint64_t h = mix(n, 0);
    std::size_t i = 0;
    for (; i + 16 < n; i += 16) h = mix(load8(p + i) ^ h, load8(p + i + 8));
    return mix(load8(p + n - 16) ^ h, load8(p + n - 8));
}

std::uint64_t DistinctSketch::estimate() const {
    const auto zeros = static_cast<std::size_t>(
        count_byte({reinterpret_cast<const char*>(m_registers.data()), m_registers.size()}, '\0'));
    constexpr double size = k_size;
    // With an eighth of the registers empty the count of the empty ones is the better witness.
    if (zeros > k_size / 8)
        return static_cast<std::uint64_t>(std::llround(size * std::log(size / static_cast<double>(zeros))));
    double sum = 0;
    for (const std::uint8_t rank : m_registers) sum += std::ldexp(1.0, -rank);
    const double alpha = 0.7213 / (1 + 1.079 / size);
    return static_cast<std::uint64_t>(std::llround(alpha * size * size / sum));
}

}  // namespace neurolake::formats
