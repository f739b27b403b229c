// avro_file.hpp: the frame of an Avro object container file: its header, and one block after the other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "formats/forward_reader.hpp"

namespace neurolake::formats {

struct AvroHeader {
    std::string schema, codec = "null";
    std::array<char, 16> sync{};
};

struct AvroBlock {
    std::uint64_t number = 0;  // from 1
    std::uint64_t offset = 0;  // of its bytes, in the inflated file
    std::uint64_t rows = 0, size = 0;
};

// Reads forward only, so that a file inside gzip is read alike; in a plain one, blocks are stepped over.
class AvroFile {
public:
    explicit AvroFile(const Input& input) : m_bytes(input) {}

    // corrupt: not what it must be, or cut; guard: larger than we read.
    Status read_header(AvroHeader& header);
    // The next block's count and size; its bytes come next. False at the end of the file. Checks the sync marker of the
    // block before.
    Result<bool> next_block(AvroBlock& block);
    // The block's bytes, instead of stepping over them. guard beyond `limit`.
    Result<std::string> block_bytes(const AvroBlock& block, std::uint64_t limit);
    std::uint64_t whole_blocks() const { return m_whole; }  // that were passed, with the sync marker behind them
    std::uint64_t bytes_read() const { return m_bytes.bytes_read(); }

private:
    Result<std::int64_t> number(const char* what);
    Status read_entry(AvroHeader& header);
    Status end_block();

    ForwardReader m_bytes;
    std::array<char, 16> m_sync{};
    AvroBlock m_open;  // the block whose bytes come next
    bool m_has_open = false;
    std::uint64_t m_whole = 0;
};

}  // namespace neurolake::formats
