// orc_stream.cpp: chunks of a stream, and pieces of a chunk.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_stream.hpp"

#include <algorithm>

#include "formats/forward_reader.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_largest_piece = 256u << 10;
constexpr std::uint64_t k_chunk_cost = 512;          // of finding it, however little it holds
constexpr std::uint64_t k_plenty = 8u << 20;         // with less room than this, pieces stay small
constexpr std::uint64_t k_largest_chunk = 8u << 20;  // what the three bytes of its length can say

Error ended() { return {Errc::corrupt, "its data end before its rows"}; }

}  // namespace

Result<std::string> OrcStream::stored(std::uint64_t at, std::uint64_t size) const {
    std::string out(static_cast<std::size_t>(size), '\0');
    FileSource source(m_input.fd, at);
    TRY(const std::size_t got, read_full(source, out));
    if (got < size) return cut_file("earlier than when reading began");
    return out;
}

Status OrcStream::open_chunk() {
    if (m_at >= m_end) return ended();
    if (m_compression.codec == 0) {  // all of the stream is as one chunk
        m_chunk = m_at;
        m_size = m_length = m_end - m_at;
        m_at = m_end;
    } else {
        if (m_end - m_at < k_orc_chunk_head) return ended();
        TRY(const std::string head, stored(m_at, k_orc_chunk_head));
        const OrcChunkHead chunk = read_orc_chunk_head(head);
        m_chunk = m_at + k_orc_chunk_head;
        if (chunk.size > m_end - m_chunk) return ended();
        m_size = chunk.size;
        m_is_original = chunk.is_original;
        m_length = m_is_original ? m_size : ~std::uint64_t{0};  // not known before it is inflated
        m_at = m_chunk + m_size;
    }
    m_from = 0;
    return m_budget.spend(k_chunk_cost);
}

Status OrcStream::load() {
    m_budget.forget(m_piece.size());
    m_piece.clear();
    m_taken = 0;
    while (m_piece.empty()) {
        if (m_from == m_length) TRY_DO(open_chunk());
        if (m_is_original) {
            const std::uint64_t size = std::min<std::uint64_t>(m_length - m_from, m_next_size);
            TRY_DO(m_budget.spend(size));
            TRY(m_piece, stored(m_chunk + m_from, size));
        } else {
            TRY(const std::string chunk, stored(m_chunk, m_size));
            TRY(const std::string whole,
                inflate_orc_chunk(chunk, m_compression, std::min(m_compression.block_bytes, k_largest_chunk)));
            TRY_DO(m_budget.spend(chunk.size() + whole.size()));
            m_length = whole.size();
            m_piece = whole.substr(std::min<std::size_t>(whole.size(), static_cast<std::size_t>(m_from)), m_next_size);
        }
        m_from += m_piece.size();
        if (m_budget.room > k_plenty) m_next_size = std::min(2 * m_next_size, k_largest_piece);
    }
    const Status kept = m_budget.keep(m_piece.size());
    if (!kept) m_piece.clear();
    return kept;
}

Status OrcStream::append(std::uint64_t size, std::string& to) {
    while (size > 0) {
        if (m_taken == m_piece.size()) TRY_DO(load());
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, m_piece.size() - m_taken));
        to.append(m_piece, m_taken, part);
        m_taken += part;
        size -= part;
    }
    return {};
}

Status OrcStream::skip(std::uint64_t size) {
    while (size > 0) {
        if (m_taken == m_piece.size()) TRY_DO(load());
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, m_piece.size() - m_taken));
        m_taken += part;
        size -= part;
    }
    return {};
}

}  // namespace neurolake::formats
