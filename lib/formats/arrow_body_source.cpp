// arrow_body_source.cpp: reading from the file, and keeping the beginnings of buffers.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_body_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "formats/arrow_file.hpp"

namespace neurolake::formats {
namespace {

Error not_kept(std::uint64_t at) {
    return {Errc::guard,
            fmt::format("its body is too large to be kept of a compressed file: what is behind byte {} is missing", at),
            "inflate the file: of a plain one only what is shown is read"};
}

// Bytes that are in memory already; where they are cut, it fails at their end.
class KeptSource final : public ByteSource {
public:
    KeptSource(std::string_view bytes, bool cut, std::uint64_t at)
        : m_rest(bytes), m_cut(cut), m_end(at + bytes.size()) {}
    Result<std::size_t> read(std::span<char> into) override {
        const std::size_t size = std::min(into.size(), m_rest.size());
        if (size == 0) return m_cut ? Result<std::size_t>(not_kept(m_end)) : size;
        std::memcpy(into.data(), m_rest.data(), size);
        m_rest.remove_prefix(size);
        return size;
    }

private:
    std::string_view m_rest;
    bool m_cut;
    std::uint64_t m_end;
};

using Range = std::pair<std::uint64_t, std::uint64_t>;  // where, and how many bytes

// Where buffers begin, in their order, each with what is kept of it.
std::vector<Range> beginnings(std::string_view buffers, std::uint64_t size, std::uint64_t room) {
    constexpr std::size_t k_struct = 16;
    std::vector<Range> out;
    for (std::size_t at = 0; at + k_struct <= buffers.size(); at += k_struct) {
        const auto offset = little_endian_at<std::uint64_t>(buffers, at),
                   length = little_endian_at<std::uint64_t>(buffers, at + 8);
        if (length > 0 && length <= size && offset <= size - length) out.emplace_back(offset, length);
    }
    std::ranges::sort(out);
    std::size_t left = out.size();
    for (Range& range : out) {  // what the short ones leave is for those behind them
        range.second = std::min(range.second, room / left--);
        room -= range.second;
    }
    return out;
}

}  // namespace

Result<ArrowBodySource> ArrowBodySource::kept(ForwardReader& reader, std::uint64_t size, std::string_view buffers,
                                              std::uint64_t room) {
    ArrowBodySource out(-1, 0, size);
    const auto ranges = size <= room ? std::vector<Range>{{0, size}} : beginnings(buffers, size, room);
    std::uint64_t position = 0;
    const auto skip_to = [&](std::uint64_t at) -> Status {
        TRY(const bool whole, reader.skip(at - std::exchange(position, at)));
        return whole ? Status() : cut_file(fmt::format("within the body of a message ({} bytes)", size));
    };
    for (const auto& [at, length] : ranges) {
        if (at < position) continue;  // it shares its bytes with the one before
        TRY_DO(skip_to(at));
        TRY(std::string bytes, reader.take(length, length, "the body of a message"));
        position += length;
        out.m_pieces.push_back({at, std::move(bytes)});
    }
    TRY_DO(skip_to(size));
    return out;
}

std::uint64_t ArrowBodySource::kept_bytes() const {
    std::uint64_t bytes = 0;
    for (const Piece& piece : m_pieces) bytes += piece.bytes.size();
    return bytes;
}

std::string ArrowBodySource::place(std::uint64_t offset) const {
    return m_fd < 0 ? fmt::format("byte {} of its body", offset) : fmt::format("byte {}", m_at + offset);
}

std::string_view ArrowBodySource::kept_at(std::uint64_t at) const {
    const auto behind = std::ranges::upper_bound(m_pieces, at, {}, &Piece::at);
    if (behind == m_pieces.begin()) return {};
    const Piece& piece = *(behind - 1);
    if (at - piece.at > piece.bytes.size()) return {};
    return std::string_view(piece.bytes).substr(static_cast<std::size_t>(at - piece.at));
}

std::uint64_t ArrowBodySource::there(std::uint64_t at, std::uint64_t size) const {
    return m_fd < 0 ? std::min<std::uint64_t>(kept_at(at).size(), size) : size;
}

std::optional<std::string_view> ArrowBodySource::view(std::uint64_t at, std::uint64_t size) const {
    const std::string_view kept = m_fd < 0 ? kept_at(at) : std::string_view();
    if (m_fd >= 0 || kept.size() < size) return std::nullopt;
    return kept.substr(0, static_cast<std::size_t>(size));
}

Result<std::string> ArrowBodySource::bytes(std::uint64_t at, std::uint64_t size) const {
    if (m_fd < 0) {
        const std::string_view kept = kept_at(at);
        if (kept.size() < size) return not_kept(at + kept.size());
        return std::string(kept.substr(0, static_cast<std::size_t>(size)));
    }
    std::string out(static_cast<std::size_t>(size), '\0');
    FileSource source(m_fd, m_at + at);
    TRY(const std::size_t got, read_full(source, out));
    if (got < size) return cut_file("earlier than when reading began");
    return out;
}

std::unique_ptr<ByteSource> ArrowBodySource::stream(std::uint64_t at, std::uint64_t size) const {
    if (m_fd >= 0) return std::make_unique<FileSource>(m_fd, m_at + at, m_at + at + size);
    const std::string_view kept = kept_at(at).substr(0, static_cast<std::size_t>(size));
    return std::make_unique<KeptSource>(kept, kept.size() < size, at);
}

}  // namespace neurolake::formats
