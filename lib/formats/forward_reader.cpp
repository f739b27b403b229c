// forward_reader.cpp: a small buffer that moves forward.
// SPDX-License-Identifier: Apache-2.0
#include "formats/forward_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::formats {
namespace {

constexpr std::size_t k_plain_bytes = 4u << 10;      // at a time: of most of the file only the edges are wanted
constexpr std::size_t k_inflated_bytes = 64u << 10;  // here all bytes come by

}  // namespace

Error cut_file(std::string_view where) {
    return {Errc::corrupt, fmt::format("the file ends {}: it was cut or is still written", where)};
}

ForwardReader::ForwardReader(const Input& input) : m_input(input) {
    const bool plain = input.compression == Compression::none;
    if (!plain) m_inflated = std::make_unique<InputSource>(input);
    m_buffer.resize(plain ? k_plain_bytes : k_inflated_bytes);
}

std::uint64_t ForwardReader::bytes_read() const { return m_inflated ? m_inflated->bytes_read() : m_total; }

Result<int> ForwardReader::byte() {
    if (m_begin == m_end) {
        const std::span<char> room(m_buffer);
        m_begin = m_end = 0;
        if (m_inflated) {
            TRY(m_end, m_inflated->read(room));
        } else {
            TRY(m_end, read_some(m_input.fd, std::as_writable_bytes(room), m_read_to));
        }
        m_read_to += m_end;
        m_total += m_end;
        if (m_end == 0) return -1;
    }
    return static_cast<unsigned char>(m_buffer[m_begin++]);
}

Result<bool> ForwardReader::at_end() {
    TRY(const int b, byte());
    if (b < 0) return true;
    --m_begin;
    return false;
}

Result<bool> ForwardReader::skip(std::uint64_t bytes) {
    const std::uint64_t here = std::min<std::uint64_t>(bytes, m_end - m_begin);
    m_begin += here;
    bytes -= here;
    if (bytes == 0) return true;
    if (!m_inflated) {
        if (bytes > m_input.size || m_read_to > m_input.size - bytes) return false;
        m_begin = m_end = 0;
        m_read_to += bytes;
        return true;
    }
    while (bytes > 0) {
        if (cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const int b, byte());
        if (b < 0) return false;
        const std::uint64_t more = std::min<std::uint64_t>(--bytes, m_end - m_begin);
        m_begin += more;
        bytes -= more;
    }
    return true;
}

Result<std::string> ForwardReader::take(std::uint64_t size, std::uint64_t limit, std::string_view what) {
    if (size > limit) return Error(Errc::guard, fmt::format("{} has {} bytes: more than we read", what, size));
    std::string out;
    while (out.size() < size) {
        TRY(const int b, byte());
        if (b < 0) return cut_file(fmt::format("within {}", what));
        out += static_cast<char>(b);
        const std::size_t more = std::min<std::size_t>(size - out.size(), m_end - m_begin);
        out.append(m_buffer, m_begin, more);
        m_begin += more;
    }
    return out;
}

Result<std::string> ForwardReader::rest(std::uint64_t limit, std::string_view what) {
    std::string out;
    while (true) {
        TRY(const bool end, at_end());
        if (end) return out;
        out.append(m_buffer, m_begin, m_end - m_begin);
        m_begin = m_end;
        if (out.size() > limit)
            return Error(Errc::guard, fmt::format("{} has more than {} bytes: more than we read", what, limit));
    }
}

}  // namespace neurolake::formats
