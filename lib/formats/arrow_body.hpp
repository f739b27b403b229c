// arrow_body.hpp: the body of an Arrow record batch: pieces of its buffers, wherever they stand and however compressed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "formats/arrow_body_source.hpp"

namespace neurolake::formats {

// What showing the first rows of a file may cost: bytes read and inflated, and so much for each value inside others.
struct ArrowBudget {
    std::uint64_t work = 256u << 20;

    Status spend(std::uint64_t bytes) {
        if (bytes > work) return Error(Errc::guard, "the first rows take more reading than can be spent on them");
        work -= bytes;
        return {};
    }
};

enum class ArrowCodec { none, lz4_frame, zstd };

// Source: Message.fbs, Buffer and BodyCompression. Reads of a buffer what is asked for and a little more: of a
// compressed one it inflates the beginning up to there, as no other place can be reached. Keeps at most 8 MiB of them,
// or one piece that is larger.
class ArrowBody {
public:
    // `buffers`: the structs of Message.fbs, which must outlive this.
    ArrowBody(ArrowBodySource source, std::string_view buffers, ArrowCodec codec)
        : m_source(std::move(source)), m_buffers(buffers), m_codec(codec) {}

    // corrupt: a buffer lies outside the body.
    Status check() const;
    std::size_t count() const;
    bool is_empty(std::size_t buffer) const;
    // Good until the next call. corrupt: the buffer is damaged or has no such bytes; guard: more than 16 MiB of it
    // would have to be inflated, it was not kept, or the budget is used up.
    Result<std::string_view> bytes(std::size_t buffer, std::uint64_t from, std::uint64_t size, ArrowBudget& budget);

private:
    struct Opened {
        std::uint64_t at = 0, stored = 0;  // in the body, behind the length of a compressed buffer
        std::uint64_t length = 0;          // inflated
        bool compressed = false;
        std::uint64_t from = 0;  // where in the buffer the piece begins
        std::string piece;
    };

    Result<Opened*> opened(std::size_t buffer);
    void forget();
    Result<std::string> inflated(const Opened& buffer, std::uint64_t size, ArrowBudget& budget) const;
    Status load(Opened& buffer, std::uint64_t from, std::uint64_t size, ArrowBudget& budget);
    Error damaged(std::size_t buffer, std::string_view why) const;

    ArrowBodySource m_source;
    std::string_view m_buffers;
    ArrowCodec m_codec;
    std::uint64_t m_kept = 0;
    std::unordered_map<std::size_t, Opened> m_opened;
};

}  // namespace neurolake::formats
