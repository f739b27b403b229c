// arrow_file.hpp: the frame of an Arrow IPC file or stream: messages, blocks, the footer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "formats/flatbuffer.hpp"
#include "formats/forward_reader.hpp"

namespace neurolake::formats {

inline constexpr std::string_view k_arrow_magic = "ARROW1";
inline constexpr std::uint32_t k_arrow_continuation = 0xFFFFFFFF;  // before a message's length
inline constexpr std::uint64_t k_max_arrow_metadata = 16u << 20;   // bytes of one message, or of the footer
inline constexpr std::size_t k_arrow_node_bytes = 16, k_arrow_block_bytes = 24;

enum class ArrowMessageKind : std::uint8_t { none, schema, dictionary, record_batch };

// Source: Message.fbs. The header points into the metadata.
struct ArrowMessage {
    ArrowMessageKind kind = ArrowMessageKind::none;
    std::int16_t version = 0;  // MetadataVersion: 4 is V5
    std::optional<FlatTable> message, header;
    std::uint64_t body = 0;  // bytes
};
Result<ArrowMessage> read_arrow_message(std::string_view metadata);

// The size of the next message's metadata; nothing at the end of the stream.
Result<std::optional<std::uint64_t>> next_arrow_message(ForwardReader& reader);

// Source: File.fbs. Points into the bytes.
struct ArrowFooter {
    std::optional<FlatTable> schema;
    std::int16_t version = 0;
    std::string_view dictionaries, batches;  // blocks of k_arrow_block_bytes
};
// Of bytes that end with the footer, its length and the magic; no footer without a schema.
Result<ArrowFooter> read_arrow_footer(std::string_view bytes);

// A message as the footer points to it.
struct ArrowBlock {
    std::string metadata;
    std::uint64_t body_at = 0, body = 0;
};

// Reads pieces of a plain file, and counts what it read.
class ArrowPieces {
public:
    explicit ArrowPieces(const Input& input) : m_input(input), m_left(input.size) {}
    std::uint64_t bytes_read() const { return m_read; }

    // The end of the file, as read_arrow_footer wants it.
    Result<std::string> footer();
    // Blocks lie beside each other: what they claim together is no more than the file. `name` is for messages.
    Result<ArrowBlock> block(std::string_view block, const std::string& name);

private:
    Result<std::string> at(std::uint64_t offset, std::uint64_t size, std::string_view what);

    const Input& m_input;
    std::uint64_t m_left, m_read = 0;
};

Error broken_arrow(std::string_view what);

template <typename T>
T little_endian_at(std::string_view bytes, std::size_t at = 0) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

}  // namespace neurolake::formats
