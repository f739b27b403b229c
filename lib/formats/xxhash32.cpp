// xxhash32.cpp: four lanes of four bytes, then what is left.
// SPDX-License-Identifier: Apache-2.0
#include "formats/xxhash32.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace neurolake::formats {
namespace {

constexpr std::uint32_t k_prime1 = 0x9E3779B1, k_prime2 = 0x85EBCA77, k_prime3 = 0xC2B2AE3D, k_prime4 = 0x27D4EB2F,
                        k_prime5 = 0x165667B1;

std::uint32_t word(std::string_view& rest) {
    std::uint32_t value;
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
}

std::uint32_t stripes(std::string_view& rest) {
    std::array<std::uint32_t, 4> lanes{k_prime1 + k_prime2, k_prime2, 0, 0 - k_prime1};
    while (rest.size() >= sizeof lanes)
        for (std::uint32_t& lane : lanes) lane = std::rotl(lane + word(rest) * k_prime2, 13) * k_prime1;
    return std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
}

}  // namespace

std::uint32_t xxhash32(std::string_view bytes) {
    std::string_view rest = bytes;
    std::uint32_t hash = bytes.size() >= 16 ? stripes(rest) : k_prime5;
    hash += static_cast<std::uint32_t>(bytes.size());
    while (rest.size() >= 4) hash = std::rotl(hash + word(rest) * k_prime3, 17) * k_prime4;
    for (const char c : rest) hash = std::rotl(hash + static_cast<unsigned char>(c) * k_prime5, 11) * k_prime1;
    hash = (hash ^ hash >> 15) * k_prime2;
    hash = (hash ^ hash >> 13) * k_prime3;
    return hash ^ hash >> 16;
}

}  // namespace neurolake::formats
