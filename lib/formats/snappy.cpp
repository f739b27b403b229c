// snappy.cpp: literals, and copies of what came before.
// SPDX-License-Identifier: Apache-2.0
#include "formats/snappy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::formats {
namespace {

Error damaged() { return {Errc::corrupt, "inflate Snappy: damaged or cut data"}; }

class Unsnappy {
public:
    explicit Unsnappy(std::string_view stream) : m_rest(stream) {}

    Result<std::string> run(std::uint64_t limit) {
        std::uint64_t size = 0;
        if (!length(size)) return damaged();
        if (size > limit)
            return Error(Errc::guard, fmt::format("inflate Snappy: more than the {} bytes expected", limit));
        m_size = static_cast<std::size_t>(size);
        while (!m_rest.empty())
            if (!element()) return damaged();
        if (m_out.size() != m_size) return damaged();
        return std::move(m_out);
    }

    std::string beginning(std::uint64_t limit) {
        std::uint64_t size = 0;
        if (!length(size)) return {};
        m_size = static_cast<std::size_t>(std::min(size, limit));
        m_cut = true;
        m_out.reserve(m_size);
        while (m_out.size() < m_size && !m_rest.empty())
            if (!element()) break;
        return std::move(m_out);
    }

private:
    bool length(std::uint64_t& value) {
        for (unsigned shift = 0; shift < 35; shift += 7) {
            std::size_t b = 0;
            if (!number(1, b)) return false;
            value |= std::uint64_t{b & 0x7F} << shift;
            if (b < 0x80) return true;
        }
        return false;
    }

    // Little-endian, of so many bytes.
    bool number(std::size_t bytes, std::size_t& value) {
        if (bytes > m_rest.size()) return false;
        value = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            value |= static_cast<std::size_t>(static_cast<unsigned char>(m_rest[i])) << (8 * i);
        m_rest.remove_prefix(bytes);
        return true;
    }

    bool element() {
        std::size_t tag = 0, more = 0, offset = 0;
        if (!number(1, tag)) return false;
        switch (tag & 3) {
            case 0:
                more = tag >> 2;
                if (more >= 60 && !number(more - 59, more)) return false;
                return literal(more + 1);
            case 1:
                if (!number(1, offset)) return false;
                return copy((tag >> 5) << 8 | offset, 4 + (tag >> 2 & 7));
            case 2:
                if (!number(2, offset)) return false;
                return copy(offset, 1 + (tag >> 2));
            default:
                if (!number(4, offset)) return false;
                return copy(offset, 1 + (tag >> 2));
        }
    }

    bool literal(std::size_t size) {
        if (m_cut) size = std::min({size, m_rest.size(), m_size - m_out.size()});
        if (size > m_rest.size() || size > m_size - m_out.size()) return false;
        m_out.append(m_rest.substr(0, size));
        m_rest.remove_prefix(size);
        return true;
    }

    // May overlap what it makes: so runs are written.
    bool copy(std::size_t offset, std::size_t size) {
        if (m_cut) size = std::min(size, m_size - m_out.size());
        if (offset == 0 || offset > m_out.size() || size > m_size - m_out.size()) return false;
        while (size > 0) {
            const std::size_t part = std::min(size, offset);
            m_out.append(m_out, m_out.size() - offset, part);
            size -= part;
        }
        return true;
    }

    std::string_view m_rest;
    std::string m_out;
    std::size_t m_size = 0;
    bool m_cut = false;  // only the beginning is wanted
};

}  // namespace

Result<std::string> unsnappy(std::string_view stream, std::uint64_t limit) { return Unsnappy(stream).run(limit); }

std::string unsnappy_beginning(std::string_view stream, std::uint64_t limit) {
    return Unsnappy(stream).beginning(limit);
}

}  // namespace neurolake::formats
