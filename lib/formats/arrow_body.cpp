// arrow_body.cpp: pieces of buffers, from the file, from memory, or inflated.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "formats/arrow_file.hpp"
#include "formats/lz4_frame.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_buffer_bytes = 16;            // of the struct Buffer: offset and length
constexpr std::uint64_t k_length_bytes = 8;           // before the data of a compressed buffer
constexpr std::uint64_t k_most_kept = 8u << 20;       // of all buffers together
constexpr std::uint64_t k_most_inflated = 16u << 20;  // of one

constexpr std::uint64_t k_opened_cost = 256;  // bytes that knowing of a buffer takes

// What is read of a compressed buffer costs, however little comes out of it. Gives little at first, as the beginning of
// a buffer is mostly all that is wanted.
class PaidSource final : public ByteSource {
public:
    PaidSource(ByteSource& from, ArrowBudget& budget) : m_from(from), m_budget(budget) {}
    Result<std::size_t> read(std::span<char> into) override {
        constexpr std::uint64_t k_call = 256;
        TRY(const std::size_t got, m_from.read(into.first(std::min(into.size(), m_most))));
        TRY_DO(m_budget.spend(got + k_call));
        m_most *= 2;
        return got;
    }

private:
    ByteSource& m_from;
    ArrowBudget& m_budget;
    std::size_t m_most = 4u << 10;
};

std::uint64_t offset_of(std::string_view buffers, std::size_t i) {
    return little_endian_at<std::uint64_t>(buffers, i * k_buffer_bytes);
}
std::uint64_t length_of(std::string_view buffers, std::size_t i) {
    return little_endian_at<std::uint64_t>(buffers, i * k_buffer_bytes + 8);
}

}  // namespace

Error ArrowBody::damaged(std::size_t buffer, std::string_view why) const {
    const std::string place = m_source.place(offset_of(m_buffers, buffer));
    return {Errc::corrupt, fmt::format("its buffer at {} is damaged: {}", place, why)};
}

std::size_t ArrowBody::count() const { return m_buffers.size() / k_buffer_bytes; }

bool ArrowBody::is_empty(std::size_t buffer) const { return buffer >= count() || length_of(m_buffers, buffer) == 0; }

Status ArrowBody::check() const {
    for (std::size_t i = 0; i < count(); ++i) {
        const std::uint64_t offset = offset_of(m_buffers, i), length = length_of(m_buffers, i);
        if (length > m_source.size() || offset > m_source.size() - length)
            return Error(Errc::corrupt, fmt::format("its buffer {} lies outside its body", i + 1));
    }
    return {};
}

Result<ArrowBody::Opened*> ArrowBody::opened(std::size_t buffer) {
    if (buffer >= count()) return Error(Errc::corrupt, "it has fewer buffers than its columns need");
    const auto found = m_opened.find(buffer);
    if (found != m_opened.end()) return &found->second;
    if (m_kept > k_most_kept) forget();
    Opened made;
    made.at = offset_of(m_buffers, buffer);
    made.stored = made.length = length_of(m_buffers, buffer);
    if (m_codec != ArrowCodec::none && made.stored > 0) {
        if (made.stored < k_length_bytes) return damaged(buffer, "it is too short for the length before its data");
        TRY(const std::string length, m_source.bytes(made.at, k_length_bytes));
        const auto inflated = little_endian_at<std::int64_t>(length);  // -1: the data are not compressed
        if (inflated < -1) return damaged(buffer, "it says it has fewer than no bytes");
        made.at += k_length_bytes;
        made.stored -= k_length_bytes;
        made.compressed = inflated >= 0;
        made.length = made.compressed ? static_cast<std::uint64_t>(inflated) : made.stored;
    }
    m_kept += k_opened_cost;
    return &m_opened.emplace(buffer, std::move(made)).first->second;
}

void ArrowBody::forget() {
    m_opened.clear();
    m_kept = 0;
}

// The first bytes of a compressed buffer; where that is all of it, there must be no more.
Result<std::string> ArrowBody::inflated(const Opened& buffer, std::uint64_t size, ArrowBudget& budget) const {
    constexpr int k_window_log = 24;
    const bool whole = size == buffer.length;
    const auto bytes = m_source.stream(buffer.at, buffer.stored);
    PaidSource source(*bytes, budget);
    if (m_codec == ArrowCodec::lz4_frame) return unlz4_frame(source, size, whole);
    InflateLimits limits;
    limits.max_window_log = k_window_log;
    const auto stream = inflate(source, Compression::zstd, limits);
    std::string out(static_cast<std::size_t>(size) + (whole ? 1 : 0), '\0');
    TRY(const std::size_t got, read_full(*stream, out));
    if (got != size) return Error(Errc::corrupt, "inflate Zstandard: the data are not as long as they say");
    out.resize(got);
    return out;
}

// Puts into the buffer's piece the bytes that are asked for, and some behind them: the more the longer it is read on.
Status ArrowBody::load(Opened& buffer, std::uint64_t from, std::uint64_t size, ArrowBudget& budget) {
    constexpr std::uint64_t k_first = 1u << 10, k_most_ahead = 64u << 10;
    const std::uint64_t had = buffer.piece.size(), end = buffer.from + had;
    m_kept -= had;
    buffer.piece = {};
    if (buffer.compressed) {
        const std::uint64_t wanted = std::min(buffer.length, std::max({from + size, 2 * had, k_first}));
        if (from + size > k_most_inflated)
            return Error(
                Errc::guard,
                fmt::format("it has a buffer that inflates to {} bytes: more than can be shown of it", buffer.length));
        const std::uint64_t bounded = std::min(wanted, k_most_inflated);
        TRY_DO(budget.spend(bounded));
        auto piece = inflated(buffer, bounded, budget);
        // What is ahead may not have been kept.
        if (!piece && piece.error().code == Errc::guard && bounded > from + size)
            piece = inflated(buffer, from + size, budget);
        if (!piece) return piece.error();
        buffer.piece = std::move(*piece);
        buffer.from = 0;
    } else {
        const bool goes_on = had > 0 && from >= buffer.from && from <= end + k_first;
        const std::uint64_t ahead = goes_on ? std::min(2 * had, k_most_ahead) : k_first;
        const std::uint64_t wanted = std::min(buffer.length - from, std::max(size, ahead)),
                            bounded = std::max(size, m_source.there(buffer.at + from, wanted));
        TRY_DO(budget.spend(bounded));
        TRY(buffer.piece, m_source.bytes(buffer.at + from, bounded));
        buffer.from = from;
    }
    m_kept += buffer.piece.size();
    return {};
}

Result<std::string_view> ArrowBody::bytes(std::size_t number, std::uint64_t from, std::uint64_t size,
                                          ArrowBudget& budget) {
    TRY(Opened * buffer, opened(number));
    if (from > buffer->length || size > buffer->length - from) return damaged(number, "it holds less than it should");
    if (!buffer->compressed)
        if (const auto there = m_source.view(buffer->at + from, size)) return *there;
    const std::uint64_t end = buffer->from + buffer->piece.size();
    if (from < buffer->from || from + size > end) {
        if (m_kept > k_most_kept) {
            forget();
            TRY(buffer, opened(number));
        }
        const Status status = load(*buffer, from, size, budget);
        if (!status && status.error().code == Errc::corrupt) return damaged(number, status.error().message);
        if (!status) return status.error();
    }
    return std::string_view(buffer->piece)
        .substr(static_cast<std::size_t>(from - buffer->from), static_cast<std::size_t>(size));
}

}  // namespace neurolake::formats
