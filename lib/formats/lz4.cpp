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
    // Appends to `out`, up to `limit` bytes in all; copies reach back to `oldest` in it.
    Unlz4(std::string_view block, std::uint64_t limit, std::string& out, std::size_t oldest)
        : m_rest(block), m_limit(static_cast<std::size_t>(limit)), m_out(out), m_oldest(oldest) {}

    // As much as there is and fits. False: something did not fit what came before.
    bool beginning() {
        m_cut = true;
        while (m_out.size() < m_limit && !m_rest.empty() && !m_ended)
            if (!sequence()) return m_out.size() == m_limit;
        return true;
    }

    // False: damaged, or more than the limit.
    bool whole() {
        while (!m_ended)
            if (m_rest.empty() || !sequence()) return false;
        return true;
    }

private:
    std::size_t byte() {
        const auto b = static_cast<unsigned char>(m_rest.front());
        m_rest.remove_prefix(1);
        return b;
    }

    // 15 goes on in the next bytes, up to one that is not 255. Of a long run that fills the rest of what is wanted
    // they are many, and nothing behind them counts; behind those of literals stand the literals.
    bool length(std::size_t& value, bool of_literals) {
        if (value != 15) return true;
        while (!m_rest.empty()) {
            if (m_cut && !of_literals && value >= m_limit - m_out.size()) return true;
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
        if (!length(literals, true)) return false;
        const std::size_t there = std::min({literals, m_rest.size(), m_limit - m_out.size()});
        if (!m_cut && there < literals) return false;
        m_out.append(m_rest.substr(0, there));
        if (there < literals) return false;
        m_rest.remove_prefix(there);
        m_ended = m_rest.empty();  // the last sequence has literals only
        if (m_ended) return true;
        if (m_rest.size() < 2) return false;
        const std::size_t low = byte(), offset = low | byte() << 8;
        if (!length(copied, false) || offset == 0 || offset > m_out.size() - m_oldest) return false;
        copied += k_least_copy;
        if (copied > m_limit - m_out.size()) {
            if (!m_cut) return false;
            copied = m_limit - m_out.size();
        }
        // What repeats itself grows twice as long with each step.
        for (const std::size_t from = m_out.size() - offset; copied > 0;) {
            const std::size_t part = std::min(copied, m_out.size() - from);
            m_out.append(m_out, from, part);
            copied -= part;
        }
        return true;
    }

    std::string_view m_rest;
    std::size_t m_limit;
    std::string& m_out;
    std::size_t m_oldest;
    bool m_cut = false;    // only the beginning is wanted
    bool m_ended = false;  // the last sequence was met
};

}  // namespace

std::string unlz4_beginning(std::string_view block, std::uint64_t limit) {
    std::string out;
    Unlz4(block, limit, out, 0).beginning();
    return out;
}

Result<std::string> unlz4(std::string_view block, std::uint64_t size) {
    std::string out;
    if (!Unlz4(block, size, out, 0).whole() || out.size() != size) return damaged();
    return out;
}

Status unlz4_onto(std::string& out, std::string_view block, std::uint64_t limit, bool cut, std::size_t oldest) {
    Unlz4 reader(block, limit, out, oldest);
    return (cut ? reader.beginning() : reader.whole()) ? Status() : damaged();
}

}  // namespace neurolake::formats
