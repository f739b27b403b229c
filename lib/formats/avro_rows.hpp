// avro_rows.hpp: the first rows of an Avro file, and whether its blocks hold what they claim.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "formats/avro_file.hpp"
#include "formats/avro_schema.hpp"

namespace neurolake::formats {

// At most so many bytes become of one that is stored; of a codec we do not know, as many as of any we know of.
std::uint64_t avro_most_growth(std::string_view codec);

// Row after row, of blocks that are plain or compressed by deflate, Snappy or Zstandard (unsupported: others).
class AvroRows {
public:
    explicit AvroRows(const Input& input) : m_file(input) {}

    Status open();
    const AvroSchema& schema() const { return m_schema; }

    // One value for each column; false: no more.
    using Take = std::function<bool(const std::vector<json::Value>&)>;
    // Until `take` says no, or about `room` bytes went by. Of each block that is read, the count of its rows is held
    // against its bytes. Errors: corrupt (damage, or a count that is wrong), guard (a row or a block is too large),
    // unsupported, and those of reading; rows before them were given.
    Status each(std::uint64_t room, const Take& take);

    // Reads every block, without making values, as far as about `room` bytes and blocks of at most 16 MiB go. corrupt:
    // a block does not hold what its count and the schema say.
    Status check_all(std::uint64_t room);

    // Where each() or check_all() ended: the block, and how many of its rows were read.
    const AvroBlock& block() const { return m_block; }
    std::uint64_t rows_read() const { return m_read; }
    bool count_is_wrong() const { return m_count_is_wrong; }
    bool out_of_room() const { return m_out_of_room; }

private:
    Result<bool> rows_of_block(std::uint64_t& room, const Take& take);
    Status check_block(const std::string& bytes);
    Status check_count(bool at_end, std::size_t bytes);

    AvroFile m_file;
    AvroHeader m_header;
    AvroSchema m_schema;
    std::uint64_t m_least_bytes = 0;  // of a row
    AvroBlock m_block;
    std::uint64_t m_read = 0;
    bool m_count_is_wrong = false, m_out_of_room = false;
};

}  // namespace neurolake::formats
