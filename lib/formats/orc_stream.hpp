// orc_stream.hpp: the bytes of one stream of an ORC file, from its beginning on, inflated as far as they are asked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/input.hpp"
#include "formats/orc_chunks.hpp"
#include "formats/orc_stripe.hpp"

namespace neurolake::formats {

// Keeps a piece of a chunk, at first of 4 KiB: a column may have hundreds of streams, and only their beginnings are
// wanted. Errors: io; corrupt: damaged, or nothing is left; guard: the budget; unsupported: the codec.
class OrcStream {
public:
    OrcStream(const Input& input, const OrcCompression& compression, OrcStreamPlace place, OrcBudget& budget)
        : m_input(input), m_compression(compression), m_budget(budget), m_at(place.at), m_end(place.at + place.size) {}
    ~OrcStream() { m_budget.forget(m_piece.size()); }
    OrcStream(const OrcStream&) = delete;
    OrcStream& operator=(const OrcStream&) = delete;

    Result<std::uint8_t> byte() {
        if (m_taken == m_piece.size()) TRY_DO(load());
        return static_cast<std::uint8_t>(m_piece[m_taken++]);
    }
    // Appends so many bytes.
    Status append(std::uint64_t size, std::string& to);
    Status skip(std::uint64_t size);

private:
    Status load();        // the next piece; there is at least one byte in it
    Status open_chunk();  // the next chunk's head
    Result<std::string> stored(std::uint64_t at, std::uint64_t size) const;

    const Input& m_input;
    const OrcCompression& m_compression;
    OrcBudget& m_budget;
    std::uint64_t m_at, m_end;               // in the file: what of the stream comes behind the open chunk
    std::uint64_t m_chunk = 0, m_size = 0;   // where the open chunk stands, and its bytes there
    std::uint64_t m_from = 0, m_length = 0;  // in the chunk: what comes behind the piece, and how long it is
    bool m_is_original = true;
    std::string m_piece;
    std::size_t m_taken = 0, m_next_size = 4u << 10;
};

}  // namespace neurolake::formats
