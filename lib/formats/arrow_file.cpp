// arrow_file.cpp: lengths, messages and footers, each held against what the file has.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_file.hpp"

#include <fmt/format.h>

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_file_tail = 10;  // footer length and magic

}  // namespace

Error broken_arrow(std::string_view what) { return {Errc::corrupt, fmt::format("{} does not add up", what)}; }

Result<ArrowMessage> read_arrow_message(std::string_view metadata) {
    const auto root = FlatTable::root(metadata);
    if (!root) return broken_arrow("a message");
    ArrowMessage out;
    const auto kind = root->number<std::uint8_t>(1, 0);
    out.kind = kind <= 3 ? static_cast<ArrowMessageKind>(kind) : ArrowMessageKind::none;
    out.version = root->number<std::int16_t>(0, 0);
    out.message = root;
    out.header = root->table(2);
    const auto body = root->number<std::int64_t>(3, 0);
    if (!out.header || body < 0) return broken_arrow("a message");
    out.body = static_cast<std::uint64_t>(body);
    return out;
}

Result<std::optional<std::uint64_t>> next_arrow_message(ForwardReader& reader) {
    TRY(const bool end, reader.at_end());
    if (end) return std::optional<std::uint64_t>();
    TRY(std::string word, reader.take(4, 4, "a message's length"));
    if (little_endian_at<std::uint32_t>(word) == k_arrow_continuation) {  // writers before Arrow 0.15 have none
        TRY(word, reader.take(4, 4, "a message's length"));
    }
    const auto size = little_endian_at<std::int32_t>(word);
    if (size < 0) return broken_arrow(fmt::format("the length of the message at byte {}", reader.position() - 4));
    return size == 0 ? std::optional<std::uint64_t>() : std::optional<std::uint64_t>(size);
}

Result<ArrowFooter> read_arrow_footer(std::string_view bytes) {
    if (bytes.size() < k_file_tail || !bytes.ends_with(k_arrow_magic)) return cut_file("before its footer");
    bytes.remove_suffix(k_arrow_magic.size());
    const auto size = little_endian_at<std::uint32_t>(bytes, bytes.size() - 4);
    if (size > bytes.size() - 4)
        return Error(Errc::corrupt,
                     fmt::format("the footer says it has {} bytes, there are {}", size, bytes.size() - 4));
    const auto footer = FlatTable::root(bytes.substr(bytes.size() - 4 - size, size));
    ArrowFooter out;
    if (footer) out.schema = footer->table(1);
    if (!out.schema) return broken_arrow("the footer");
    out.version = footer->number<std::int16_t>(0, 0);
    out.dictionaries = footer->vector(2, k_arrow_block_bytes);
    out.batches = footer->vector(3, k_arrow_block_bytes);
    return out;
}

Result<std::string> ArrowPieces::at(std::uint64_t offset, std::uint64_t size, std::string_view what) {
    if (size > m_input.size || offset > m_input.size - size)
        return Error(Errc::corrupt, fmt::format("{} should stand at byte {}, outside the file", what, offset));
    if (size > k_max_arrow_metadata)
        return Error(Errc::guard, fmt::format("{} has {} bytes: more than we read", what, size));
    std::string out(static_cast<std::size_t>(size), '\0');
    FileSource source(m_input.fd, offset);
    TRY(const std::size_t got, read_full(source, out));
    m_read += got;
    if (got < size) return cut_file("earlier than when reading began");
    return out;
}

Result<std::string> ArrowPieces::footer() {
    if (m_input.size < 8 + k_file_tail) return cut_file("before its footer");
    TRY(const std::string bytes, at(m_input.size - k_file_tail, k_file_tail, "the end"));
    if (!bytes.ends_with(k_arrow_magic)) return cut_file("before its footer");
    const std::uint64_t size = little_endian_at<std::uint32_t>(bytes) + k_file_tail;
    if (size > m_input.size - 8)
        return Error(Errc::corrupt,
                     fmt::format("the footer says it has {} bytes, the file has {}", size - k_file_tail, m_input.size));
    return at(m_input.size - size, size, "the footer");
}

Result<ArrowBlock> ArrowPieces::block(std::string_view block, const std::string& name) {
    const auto offset = little_endian_at<std::uint64_t>(block);
    const auto size = static_cast<std::uint64_t>(little_endian_at<std::uint32_t>(block, 8));
    ArrowBlock out;
    out.body = little_endian_at<std::uint64_t>(block, 16);
    if (out.body > m_input.size || size > m_input.size || size + out.body > m_left)
        return Error(Errc::corrupt, fmt::format("{} claims more bytes than the file has", name));
    m_left -= size + out.body;
    TRY(out.metadata, at(offset, size, name));
    if (out.metadata.size() < 8) return broken_arrow(name);
    const bool continued = little_endian_at<std::uint32_t>(out.metadata) == k_arrow_continuation;
    out.metadata.erase(0, continued ? 8 : 4);
    out.body_at = offset + size;
    if (out.body > m_input.size - size || out.body_at > m_input.size - out.body)
        return Error(Errc::corrupt, fmt::format("{} lies outside the file", name));
    return out;
}

}  // namespace neurolake::formats
