// lz4.cpp: literals, and copies of what came before.
// SPDX-License-Identifier: Apache-2.0
#include "formats/lz4.hpp"

#include <algorithm>
#include <cstddef>

namespace neurolake::formats {
namespace {

Error damaged() { return {Errc::corrupt, "inflate LZ4: damaged or cut data"}; }

class Unlz4 {
public:
    Unlz4(std::string_view block, std::uint64_t limit) : m_rest(block), m_limit(static_cast<std::size_t>(limit)) {}

    std::string beginning() {
        m_cut = true;
        while (m_out.size() < m_limit && !m_rest.empty())
            if (!sequence()) break;
        return std::move(m_out);
    }

    Result<std::string> whole() {
        while (!m_ended)
            if (m_rest.empty() || !sequence()) return damaged();
        if (m_out.size() != m_limit) return damaged();
        return std::move(m_out);
    }

private:
    std::size_t byte() {
        const auto b = static_cast<unsigned char>(m_rest.front());
        m_rest.remove_prefix(1);
        return b;
    }

    // 15 goes on in the next bytes, up to one that is not 255: of a long run they are many, and what is more than is
    // wanted does not count.
    bool length(std::size_t& value) {
        if (value != 15) return true;
        while (!m_rest.empty()) {
            if (m_cut && value >= m_limit - m_out.size()) return true;
            const std::size_t more = byte();
            value += more;
            if (more != 255) return true;
        }
        return false;
    }

    bool sequence() {
        constexpr std::size_t k_least_copy = 4;
        const std::size_t token = byte();
        std::size_t literals = token >> 4, copied = token & 15;
        if (!length(literals)) return false;
        const std::size_t there = std::min({literals, m_rest.size(), m_limit - m_out.size()});
        if (!m_cut && there < literals) return false;
        m_out.append(m_rest.substr(0, there));
        if (there < literals) return false;
        m_rest.remove_prefix(there);
        m_ended = m_rest.empty();  // the last sequence has literals only
        if (m_ended) return true;
        if (m_rest.size() < 2) return false;
        const std::size_t low = byte(), offset = low | byte() << 8;
        if (!length(copied) || offset == 0 || offset > m_out.size()) return false;
        copied += k_least_copy;
        if (copied > m_limit - m_out.size()) {
            if (!m_cut) return false;
            copied = m_limit - m_out.size();
        }
        while (copied > 0) {
            const std::size_t part = std::min(copied, offset);
            m_out.append(m_out, m_out.size() - offset, part);
            copied -= part;
        }
        return true;
    }

    std::string_view m_rest;
    std::size_t m_limit;
    std::string m_out;
    bool m_cut = false;    // only the beginning is wanted
    bool m_ended = false;  // the last sequence was met
};

}  // namespace

std::string unlz4_beginning(std::string_view block, std::uint64_t limit) { return Unlz4(block, limit).beginning(); }

Result<std::string> unlz4(std::string_view block, std::uint64_t size) { return Unlz4(block, size).whole(); }

}  // namespace neurolake::formats
