// arrow_body_source.hpp: where the bytes of a record batch's body come from: the file, or what was kept of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/forward_reader.hpp"

namespace neurolake::formats {

// Of a plain file a body is read where it stands. A compressed file gives its bytes once only: of a body that is too
// large to be kept, the beginning of each buffer is, which is where the first rows stand.
class ArrowBodySource {
public:
    ArrowBodySource(int fd, std::uint64_t at, std::uint64_t size) : m_fd(fd), m_at(at), m_size(size) {}
    // Takes the body of so many bytes that comes next, and keeps at most `room` of it. `buffers` are the structs of
    // Message.fbs. corrupt: the file ends within it.
    static Result<ArrowBodySource> kept(ForwardReader& reader, std::uint64_t size, std::string_view buffers,
                                        std::uint64_t room);

    std::uint64_t size() const { return m_size; }
    std::uint64_t kept_bytes() const;
    std::string place(std::uint64_t offset) const;  // for people
    // How many of the bytes from there on can be had; all, or those that were kept.
    std::uint64_t there(std::uint64_t at, std::uint64_t size) const;
    // Bytes that are in memory already, as they stand there.
    std::optional<std::string_view> view(std::uint64_t at, std::uint64_t size) const;
    // guard: they were not kept.
    Result<std::string> bytes(std::uint64_t at, std::uint64_t size) const;
    std::unique_ptr<ByteSource> stream(std::uint64_t at, std::uint64_t size) const;  // must not outlive this

private:
    struct Piece {
        std::uint64_t at = 0;
        std::string bytes;
    };
    std::string_view kept_at(std::uint64_t at) const;

    int m_fd = -1;  // of a plain file
    std::uint64_t m_at = 0, m_size = 0;
    std::vector<Piece> m_pieces;  // by their place
};

}  // namespace neurolake::formats
