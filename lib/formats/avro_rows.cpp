// avro_rows.cpp: blocks inflated, their rows as values, and as cells for people.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/compress.hpp"
#include "base/text.hpp"
#include "formats/avro.hpp"
#include "formats/avro_values.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/first_rows.hpp"
#include "formats/snappy.hpp"
#include "formats/value_json.hpp"

namespace neurolake::formats {

using Kind = AvroNode::Kind;

namespace {

constexpr std::uint64_t k_max_block = 16u << 20;  // bytes, stored and inflated

std::uint32_t big_endian_32(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

// Behind Snappy's bytes stands the CRC-32 of what they become.
Result<std::string> inflated_snappy(std::string_view stored) {
    if (stored.size() < 4) return Error(Errc::corrupt, "it has no checksum");
    TRY(std::string bytes, unsnappy(stored.substr(0, stored.size() - 4), k_max_block));
    if (crc32_of(bytes) != big_endian_32(stored.substr(stored.size() - 4)))
        return Error(Errc::corrupt, "its checksum is not that of its bytes");
    return bytes;
}

Result<std::string> plain_bytes(std::string stored, const std::string& codec) {
    if (codec == "null") return stored;
    if (codec == "deflate") return inflate_raw(stored, k_max_block);
    if (codec == "zstandard") return unzstd(stored, k_max_block);
    if (codec == "snappy") return inflated_snappy(stored);
    return Error(Errc::unsupported,
                 fmt::format("the blocks are compressed by {}, which is not read here", text::escape_controls(codec)));
}

Result<std::string> inflated(std::string stored, const std::string& codec, const AvroBlock& block) {
    auto bytes = plain_bytes(std::move(stored), codec);
    if (bytes || bytes.error().code == Errc::unsupported || !is_damage(bytes.error())) return bytes;
    const std::string why = bytes.error().code == Errc::guard
                                ? fmt::format("has more than {} MiB, which is more than we read", k_max_block >> 20)
                                : "cannot be read: " + bytes.error().message;
    return Error(bytes.error().code, fmt::format("block {} {}", block.number, why));
}

Result<std::vector<json::Value>> read_row(AvroValues& values, const AvroSchema& schema) {
    const AvroNode& root = schema[schema.root];
    std::vector<json::Value> row;
    values.begin_row();
    if (root.kind != Kind::record) {
        TRY(json::Value value, values.next(schema.root));
        row.push_back(std::move(value));
        return row;
    }
    for (const std::size_t child : root.children) {
        TRY(json::Value value, values.next(child));
        row.push_back(std::move(value));
    }
    return row;
}

}  // namespace

std::uint64_t avro_most_growth(std::string_view codec) {
    if (codec == "null") return 1;
    if (codec == "snappy") return 22;           // a copy: 64 bytes of 3
    if (codec == "deflate") return 1032;        // a match: 258 bytes of 2 bits
    if (codec == "zstandard") return 1u << 15;  // a run: 128 KiB of 4 bytes
    return 1u << 22;                            // bzip2: a block of 46 MB of some 20 bytes
}

Status AvroRows::open() {
    TRY_DO(m_file.read_header(m_header));
    TRY(m_schema, parse_avro_schema(m_header.schema));
    m_least_bytes = m_schema.least_bytes(m_schema.root);
    return {};
}

Status AvroRows::each(std::uint64_t room, const Take& take) {
    for (bool more = true; more;) {
        m_block = {};
        m_read = 0;
        TRY(const bool found, m_file.next_block(m_block));
        if (!found) break;
        TRY(more, rows_of_block(room, take));
    }
    return {};
}

Result<bool> AvroRows::rows_of_block(std::uint64_t& room, const Take& take) {
    if (m_block.rows == 0 && m_header.codec != "null") return true;  // nothing to inflate for
    TRY(std::string stored, m_file.block_bytes(m_block, k_max_block));
    TRY(const std::string bytes, inflated(std::move(stored), m_header.codec, m_block));
    room -= std::min<std::uint64_t>(room, bytes.size());
    AvroValues values(m_schema, bytes);
    bool more = true;
    while (more && m_read < m_block.rows) {
        TRY(const std::vector<json::Value> row, read_row(values, m_schema));
        more = take(row);
        ++m_read;
        room -= std::min<std::uint64_t>(room, values.work());
        m_out_of_room = more && room == 0;
        more = more && !m_out_of_room;
    }
    TRY_DO(check_count(values.at_end(), bytes.size()));
    return more;
}

Status AvroRows::check_all(std::uint64_t room) {
    while (room > 0) {
        m_block = {};
        m_read = 0;
        TRY(const bool found, m_file.next_block(m_block));
        if (!found) break;
        if (m_block.rows == 0 && m_header.codec != "null") continue;
        Status status;
        auto stored = m_file.block_bytes(m_block, k_max_block);
        if (stored) {
            const auto bytes = inflated(std::move(stored).value(), m_header.codec, m_block);
            room -= std::min<std::uint64_t>(room, bytes ? bytes->size() : k_max_block);
            status = bytes ? check_block(*bytes) : bytes.error();
        } else {
            status = stored.error();
        }
        if (!status && status.error().code != Errc::guard) return status;  // a block that is too large is left out
    }
    return {};
}

Status AvroRows::check_block(const std::string& bytes) {
    AvroValues values(m_schema, bytes);
    for (; m_read < m_block.rows; ++m_read) {
        const Status passed = values.pass(m_schema.root);
        if (!passed)
            return Error(passed.error().code, fmt::format("block {}, row {} of {}: {}", m_block.number, m_read + 1,
                                                          m_block.rows, passed.error().message));
    }
    return check_count(values.at_end(), bytes.size());
}

// Of a block that was not read to its end, only a count that its size cannot hold is known to be wrong.
Status AvroRows::check_count(bool at_end, std::size_t bytes) {
    const bool read_all = m_read == m_block.rows;
    const bool too_many = m_least_bytes > 0 && m_block.rows > bytes / m_least_bytes;
    m_count_is_wrong = read_all ? !at_end : too_many;
    if (!m_count_is_wrong) return {};
    return Error(Errc::corrupt, fmt::format("block {} claims {} {}, but holds {}", m_block.number, m_block.rows,
                                            m_block.rows == 1 ? "row" : "rows",
                                            read_all ? "more" : fmt::format("{} bytes only", bytes)));
}

namespace {

std::size_t bytes_of(const std::vector<std::optional<std::string>>& row) {
    std::size_t bytes = sizeof row;
    for (const auto& cell : row) bytes += sizeof cell + (cell ? cell->size() : 0);
    return bytes;
}

Result<Rows> first_rows(const Input& input, std::size_t count) {
    AvroRows reader(input);
    TRY_DO(reader.open());
    const AvroSchema& schema = reader.schema();
    const AvroNode& root = schema[schema.root];
    Rows rows;
    std::vector<model::Finding> findings;
    rows.columns = root.kind == Kind::record ? usable_names(root.names, root.names.size(), findings, true)
                                             : std::vector<std::string>{"value"};
    if (count == 0) return rows;
    std::uint64_t left = FirstRows(rows.columns.size(), count).room();
    const Status status = reader.each(4 * left, [&](const std::vector<json::Value>& row) {
        std::vector<std::optional<std::string>> cells;
        for (const json::Value& value : row) cells.push_back(cell_of(value));
        const std::size_t size = bytes_of(cells);
        rows.cut = size > left && !rows.cells.empty();
        if (rows.cut) return false;
        left -= std::min<std::uint64_t>(left, size);
        rows.cells.push_back(std::move(cells));
        return rows.cells.size() < count;
    });
    // The rows before damage are good ones.
    if (!status && (rows.cells.empty() || !is_damage(status.error()))) return status.error();
    rows.cut |= reader.out_of_room() || (!status && status.error().code == Errc::guard);
    return rows;
}

}  // namespace

Result<Rows> head_avro(const Input& input, std::size_t count) {
    auto rows = first_rows(input, count);
    return rows ? std::move(rows) : head_refused(rows.error(), "columns, types and the row count", "Avro");
}

}  // namespace neurolake::formats
