// entry_checksum.hpp: a checksum over catalog entries that tells whether they are what this program wrote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace neurolake::catalog {

// Finds accidents (bit rot, hand edits), not forgers: SHA-256 would cost more than reading the file.
class Checksum {
public:
    void add(std::string_view bytes) {
        while (bytes.size() >= 8) {
            std::uint64_t word;
            std::memcpy(&word, bytes.data(), 8);
            mix(word);
            bytes.remove_prefix(8);
        }
        std::uint64_t tail = 0;
        if (!bytes.empty()) std::memcpy(&tail, bytes.data(), bytes.size());
        mix(tail ^ (static_cast<std::uint64_t>(bytes.size() + 1) << 56));
    }
    std::string text() const { return fmt::format("{:016x}", m_state ^ (m_state >> 29)); }

private:
    void mix(std::uint64_t word) {
        m_state = (m_state ^ word) * 0x9E3779B97F4A7C15ull;
        m_state ^= m_state >> 32;
    }
    std::uint64_t m_state = 0x6E6575726F6C616Bull;
};

inline std::string checksum_of(std::string_view entry) {
    Checksum sum;
    sum.add(entry);
    return sum.text();
}

}  // namespace neurolake::catalog
