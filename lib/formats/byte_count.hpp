// byte_count.hpp: how often a byte stands in a text, at memory speed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace neurolake::formats {

// Counts into bytes, which compilers turn into the widest vectors at hand, and adds them up before one can overflow.
inline std::uint64_t count_byte(std::string_view text, char wanted) {
    constexpr std::size_t k_lanes = 64, k_rounds = 255;
    std::uint64_t total = 0;
    while (text.size() >= k_lanes) {
        std::array<std::uint8_t, k_lanes> lanes{};
        const std::size_t rounds = std::min(text.size() / k_lanes, k_rounds);
        for (std::size_t r = 0; r < rounds; ++r)
            for (std::size_t i = 0; i < k_lanes; ++i)
                lanes[i] = static_cast<std::uint8_t>(lanes[i] + (text[r * k_lanes + i] == wanted));
        for (const std::uint8_t lane : lanes) total += lane;
        text.remove_prefix(rounds * k_lanes);
    }
    for (const char c : text) total += c == wanted;
    return total;
}

}  // namespace neurolake::formats
