// bytes.hpp: a stream of bytes to read from, and the one over an open file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "base/file.hpp"
#include "base/result.hpp"

namespace neurolake {

// Bytes in order, read once. read() fills `into` as far as it likes (at least one byte) and returns how many; 0 = end.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual Result<std::size_t> read(std::span<char> into) = 0;
};

// Bytes [begin, end) of an open file by pread: the descriptor's offset is not moved, and a file that shrinks meanwhile
// is simply shorter. Does not own the descriptor.
class FileSource final : public ByteSource {
public:
    explicit FileSource(int fd, std::uint64_t begin = 0, std::uint64_t end = std::numeric_limits<std::uint64_t>::max())
        : m_fd(fd), m_begin(begin), m_position(begin), m_end(end) {}

    Result<std::size_t> read(std::span<char> into) override {
        const std::uint64_t left = m_end > m_position ? m_end - m_position : 0;
        const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left));
        if (wanted == 0) return std::size_t{0};
        TRY(const std::size_t got, read_some(m_fd, std::as_writable_bytes(into.first(wanted)), m_position));
        m_position += got;
        return got;
    }

    std::uint64_t position() const { return m_position; }
    std::uint64_t bytes_read() const { return m_position - m_begin; }

private:
    int m_fd;
    std::uint64_t m_begin, m_position, m_end;
};

// Reads until `into` is full or the source ends; returns how many bytes.
inline Result<std::size_t> read_full(ByteSource& source, std::span<char> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        TRY(const std::size_t got, source.read(into.subspan(filled)));
        if (got == 0) break;
        filled += got;
    }
    return filled;
}

}  // namespace neurolake
