// arrow_batches.hpp: the record batches of an Arrow file or stream in order, with the dictionaries they need.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/arrow_dictionaries.hpp"

namespace neurolake::formats {

// A plain file is read by its footer; a stream, and a file inside gzip or Zstandard, message by message: of the bodies
// of a compressed one at most 16 MiB are kept, of larger ones the beginnings of their buffers.
class ArrowBatches {
public:
    explicit ArrowBatches(const Input& input) : m_input(input), m_pieces(input) {}

    // Finds the schema; some writers of files leave it to the footer, behind the batches. corrupt.
    Status open();
    // Good as long as this lives.
    const FlatTable& schema() const { return *m_schema; }
    // The next record batch, and before it the dictionaries that stand before it (those of a file: all); null at the
    // end. Errors: corrupt; guard: more dictionaries than we keep; unsupported: see ArrowBatch.
    Result<std::unique_ptr<ArrowBatch>> next(bool with_dictionaries);
    ArrowDictionaries& dictionaries() { return m_dictionaries; }

private:
    Status open_footer();
    Status open_walk(bool is_file);
    Result<std::unique_ptr<ArrowBatch>> next_block(std::string_view& blocks, ArrowMessageKind kind,
                                                   const std::string& name);
    Result<std::unique_ptr<ArrowBatch>> next_message(bool with_dictionaries);
    Result<std::optional<std::string>> take_metadata();
    Result<ArrowBodySource> take_body(const ArrowMessage& message);
    Status skip_body(const ArrowMessage& message);

    const Input& m_input;
    ArrowPieces m_pieces;
    std::string m_schema_bytes;  // the footer, or the message that has the schema
    std::optional<FlatTable> m_schema;
    std::string_view m_dictionary_blocks, m_blocks;
    bool m_by_footer = false;
    std::optional<ForwardReader> m_reader;
    std::uint64_t m_kept = 0;  // bytes of dictionaries
    std::uint64_t m_count = 0, m_dictionary_count = 0;
    ArrowDictionaries m_dictionaries;
};

}  // namespace neurolake::formats
