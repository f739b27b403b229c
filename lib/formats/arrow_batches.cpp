// arrow_batches.cpp: blocks by the footer, or messages as they come.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_batches.hpp"

#include <fmt/format.h>

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_most_kept = 16u << 20;  // bytes of bodies out of a compressed file

// Walks over a whole file to what stands behind its messages.
Result<std::string> bytes_behind(ForwardReader& reader) {
    while (true) {
        if (reader.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const auto size, next_arrow_message(reader));
        if (!size) return reader.rest(k_max_arrow_metadata, "the footer");
        TRY(const std::string metadata, reader.take(*size, k_max_arrow_metadata, "a message"));
        TRY(const ArrowMessage message, read_arrow_message(metadata));
        TRY(const bool whole, reader.skip(message.body));
        if (!whole) return cut_file(fmt::format("within the body of a message ({} bytes)", message.body));
    }
}

constexpr std::uint64_t k_before_messages = 8;  // of a file: the magic

}  // namespace

Status ArrowBatches::open() {
    InputSource beginning(m_input);
    std::string first(k_arrow_magic.size(), '\0');
    TRY([[maybe_unused]] const std::size_t got, read_full(beginning, first));
    const bool is_file = first == k_arrow_magic;
    return is_file && m_input.compression == Compression::none ? open_footer() : open_walk(is_file);
}

Status ArrowBatches::open_footer() {
    TRY(m_schema_bytes, m_pieces.footer());
    TRY(const ArrowFooter footer, read_arrow_footer(m_schema_bytes));
    m_schema = footer.schema;
    m_dictionary_blocks = footer.dictionaries;
    m_blocks = footer.batches;
    m_by_footer = true;
    return {};
}

Status ArrowBatches::open_walk(bool is_file) {
    const auto begin = [&]() -> Status {
        m_reader.emplace(m_input);
        const auto skipped = m_reader->skip(is_file ? k_before_messages : 0);
        return skipped ? Status() : skipped.error();
    };
    TRY_DO(begin());
    TRY(auto first, take_metadata());
    if (!first) return broken_arrow("a stream without a schema");
    TRY(const ArrowMessage message, read_arrow_message(*first));
    if (message.kind == ArrowMessageKind::schema) {
        m_schema_bytes = std::move(*first);
        TRY(const ArrowMessage again, read_arrow_message(m_schema_bytes));
        m_schema = again.header;
        TRY([[maybe_unused]] const bool whole, m_reader->skip(again.body));
        return {};
    }
    if (!is_file) return broken_arrow("a stream that does not begin with its schema");
    TRY_DO(begin());
    TRY(m_schema_bytes, bytes_behind(*m_reader));
    TRY(const ArrowFooter footer, read_arrow_footer(m_schema_bytes));
    m_schema = footer.schema;
    return begin();
}

Result<std::optional<std::string>> ArrowBatches::take_metadata() {
    TRY(const auto size, next_arrow_message(*m_reader));
    if (!size) return std::optional<std::string>();
    TRY(std::string metadata, m_reader->take(*size, k_max_arrow_metadata, "a message"));
    return std::optional(std::move(metadata));
}

// Steps over the body of a message with a batch; of a compressed file it is kept.
Result<ArrowBodySource> ArrowBatches::take_body(const ArrowMessage& message) {
    if (m_input.compression != Compression::none) {
        const bool is_dictionary = message.kind == ArrowMessageKind::dictionary;
        const auto batch = is_dictionary ? message.header->table(1) : message.header;
        const std::uint64_t left = k_most_kept - m_kept, room = is_dictionary ? left / 2 : left;
        TRY(ArrowBodySource kept,
            ArrowBodySource::kept(*m_reader, message.body,
                                  batch ? batch->vector(2, k_arrow_node_bytes) : std::string_view(), room));
        if (is_dictionary) m_kept += kept.kept_bytes();
        return kept;
    }
    ArrowBodySource out(m_input.fd, m_reader->position(), message.body);
    TRY_DO(skip_body(message));
    return out;
}

Status ArrowBatches::skip_body(const ArrowMessage& message) {
    TRY(const bool whole, m_reader->skip(message.body));
    return whole ? Status() : cut_file(fmt::format("within the body of a message ({} bytes)", message.body));
}

Result<std::unique_ptr<ArrowBatch>> ArrowBatches::next_block(std::string_view& blocks, ArrowMessageKind kind,
                                                             const std::string& name) {
    TRY(ArrowBlock block, m_pieces.block(blocks, name));
    blocks.remove_prefix(k_arrow_block_bytes);
    TRY(const ArrowMessage message, read_arrow_message(block.metadata));
    if (message.kind != kind) return broken_arrow(name);
    return ArrowBatch::open(std::move(block.metadata), {m_input.fd, block.body_at, block.body}, name);
}

Result<std::unique_ptr<ArrowBatch>> ArrowBatches::next_message(bool with_dictionaries) {
    while (true) {
        if (m_reader->cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(auto metadata, take_metadata());
        if (!metadata) return std::unique_ptr<ArrowBatch>();
        TRY(const ArrowMessage message, read_arrow_message(*metadata));
        const bool is_dictionary = message.kind == ArrowMessageKind::dictionary;
        const bool is_batch = message.kind == ArrowMessageKind::record_batch;
        if (!is_batch && !(is_dictionary && with_dictionaries)) {
            TRY_DO(skip_body(message));
            continue;
        }
        const std::string name = is_batch ? fmt::format("record batch {}", ++m_count)
                                          : fmt::format("dictionary batch {}", ++m_dictionary_count);
        TRY(ArrowBodySource body, take_body(message));
        TRY(auto batch, ArrowBatch::open(std::move(*metadata), std::move(body), name));
        if (is_batch) return batch;
        TRY_DO(m_dictionaries.add(std::move(batch)));
    }
}

Result<std::unique_ptr<ArrowBatch>> ArrowBatches::next(bool with_dictionaries) {
    if (!m_by_footer) return next_message(with_dictionaries);
    while (with_dictionaries && !m_dictionary_blocks.empty()) {
        if (m_input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        const std::string name = fmt::format("dictionary batch {}", ++m_dictionary_count);
        TRY(auto batch, next_block(m_dictionary_blocks, ArrowMessageKind::dictionary, name));
        TRY_DO(m_dictionaries.add(std::move(batch)));
    }
    if (m_blocks.empty()) return std::unique_ptr<ArrowBatch>();
    return next_block(m_blocks, ArrowMessageKind::record_batch, fmt::format("record batch {}", ++m_count));
}

}  // namespace neurolake::formats
