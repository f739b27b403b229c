// input.cpp: sliding a window over a file or an inflated stream.
// SPDX-License-Identifier: Apache-2.0
#include "formats/input.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "formats/findings.hpp"

namespace neurolake::formats {

Window::Window(ByteSource& source, std::size_t capacity) : m_source(source) { reserve(capacity); }

void Window::reserve(std::size_t capacity) {
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity + k_padding);
    if (m_end > m_begin) std::memcpy(bytes.get(), m_bytes.get() + m_begin, m_end - m_begin);
    m_end -= m_begin;
    m_begin = 0;
    m_bytes = std::move(bytes);
    m_capacity = capacity;
    std::memset(m_bytes.get() + m_capacity, 0, k_padding);
}

Status Window::fill() {
    if (m_begin > 0) {
        std::memmove(m_bytes.get(), m_bytes.get() + m_begin, m_end - m_begin);
        m_end -= m_begin;
        m_begin = 0;
    }
    bool fresh = false;
    while (m_end < m_capacity && !m_at_end) {
        if (m_damage && !fresh) return *m_damage;
        if (m_damage) break;
        auto got = m_source.read(std::span(m_bytes.get() + m_end, m_capacity - m_end));
        if (!got && !is_damage(got.error())) return std::move(got).error();
        if (!got) {
            m_damage = std::move(got).error();
            continue;
        }
        m_at_end = *got == 0;
        m_end += *got;
        fresh |= *got > 0;
    }
    if (m_at_end) std::memset(m_bytes.get() + m_end, 0, k_padding);
    return {};
}

bool Window::grow(std::size_t limit) {
    if (m_capacity >= limit) return false;
    reserve(std::min(m_capacity * 2, limit));
    return true;
}

namespace {

// Of a plain file whose size is known nothing is read to see that the end is the end.
std::uint64_t end_of(const Input& input) {
    const bool known = input.compression == Compression::none && input.size > 0;
    return known ? input.size : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

InputSource::InputSource(const Input& input) : m_file(input.fd, 0, end_of(input)), m_last(&m_file) {
    const auto add = [&](std::unique_ptr<ByteSource>& stage, std::unique_ptr<ByteSource> made) {
        stage = std::move(made);
        m_last = stage.get();
    };
    InflateLimits limits;
    limits.tail_at = input.tail_at != nullptr ? input.tail_at : &m_tail_at;
    if (input.compression != Compression::none) add(m_inflated, inflate(*m_last, input.compression, limits));
    if (input.encoding != TextEncoding::utf8) add(m_text, to_utf8(*m_last, input.encoding));
    if (input.mixed_newlines) add(m_lines, unify_newlines(*m_last));
}

Result<std::size_t> InputSource::read(std::span<char> into) { return m_last->read(into); }

}  // namespace neurolake::formats
