// arrow.cpp: messages and footers, and the profile they make.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "formats/arrow_schema.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/flatbuffer.hpp"
#include "formats/forward_reader.hpp"

namespace neurolake::formats {
namespace {

constexpr std::string_view k_magic = "ARROW1";
constexpr std::uint32_t k_continuation = 0xFFFFFFFF;
constexpr std::uint64_t k_max_metadata = 16u << 20;  // bytes of one message, or of the footer
constexpr std::uint64_t k_file_tail = 10;            // footer length and magic
constexpr std::size_t k_node_bytes = 16, k_block_bytes = 24;

enum MessageHeader : std::uint8_t { k_schema = 1, k_dictionary = 2, k_record_batch = 3 };

template <typename T>
T little_endian(std::string_view bytes, std::size_t at = 0) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

Error broken(std::string_view what) { return {Errc::corrupt, fmt::format("{} does not add up", what)}; }

// What is gathered from either form. Some writers of files leave the schema to the footer, behind the batches.
struct Table {
    std::optional<ArrowSchema> schema;
    std::uint64_t rows = 0, batches = 0;
    std::vector<std::uint64_t> nulls;  // by node

    Status take_schema(const FlatTable& from) {
        TRY(schema, read_arrow_schema(from));
        if (batches > 0 && nulls.size() < schema->nodes) return broken("the schema behind the record batches");
        return {};
    }

    Status take_batch(const FlatTable& batch) {
        const std::string name = fmt::format("record batch {}", batches + 1);
        const auto length = batch.number<std::int64_t>(0, 0);
        constexpr std::int64_t k_most = std::int64_t{1} << 60;
        if (length < 0 || length > k_most || rows + static_cast<std::uint64_t>(length) > k_most) return broken(name);
        const std::string_view nodes = batch.vector(1, k_node_bytes);
        const std::size_t count = nodes.size() / k_node_bytes;
        if (batches == 0) nulls.assign(count, 0);
        if (count != nulls.size() || (schema && count < schema->nodes)) return broken(name);
        if (schema)
            for (const ArrowColumn& column : schema->columns)
                if (little_endian<std::int64_t>(nodes, column.node * k_node_bytes) != length) return broken(name);
        for (std::size_t i = 0; i < count; ++i) {
            const auto values = little_endian<std::int64_t>(nodes, i * k_node_bytes),
                       missing = little_endian<std::int64_t>(nodes, i * k_node_bytes + 8);
            if (missing < 0 || missing > values) return broken(name);
            nulls[i] += static_cast<std::uint64_t>(missing);
        }
        rows += static_cast<std::uint64_t>(length);
        ++batches;
        return {};
    }

    std::uint64_t nulls_of(const ArrowColumn& column) const {
        return column.node < nulls.size() ? std::min(nulls[column.node], rows) : 0;
    }
};

struct Message {
    std::uint8_t kind = 0;
    std::optional<FlatTable> header;
    std::uint64_t body = 0;
};

Result<Message> read_message(std::string_view metadata) {
    const auto root = FlatTable::root(metadata);
    if (!root) return broken("a message");
    Message out;
    out.kind = root->number<std::uint8_t>(1, 0);
    out.header = root->table(2);
    const auto body = root->number<std::int64_t>(3, 0);
    if (!out.header || body < 0) return broken("a message");
    out.body = static_cast<std::uint64_t>(body);
    return out;
}

// The size of the next message's metadata; nothing at the end of the stream.
Result<std::optional<std::uint64_t>> next_size(ForwardReader& reader) {
    TRY(const bool end, reader.at_end());
    if (end) return std::optional<std::uint64_t>();
    TRY(std::string word, reader.take(4, 4, "a message's length"));
    if (little_endian<std::uint32_t>(word) == k_continuation) {  // writers before Arrow 0.15 have none
        TRY(word, reader.take(4, 4, "a message's length"));
    }
    const auto size = little_endian<std::int32_t>(word);
    if (size < 0) return broken(fmt::format("the length of the message at byte {}", reader.position() - 4));
    return size == 0 ? std::optional<std::uint64_t>() : std::optional<std::uint64_t>(size);
}

// The schema of a whole footer with its length and the magic behind it.
Status take_footer(std::string_view bytes, Table& table, std::string_view& blocks) {
    if (bytes.size() < k_file_tail || !bytes.ends_with(k_magic)) return cut_file("before its footer");
    bytes.remove_suffix(k_magic.size());
    const auto size = little_endian<std::uint32_t>(bytes, bytes.size() - 4);
    if (size > bytes.size() - 4)
        return Error(Errc::corrupt,
                     fmt::format("the footer says it has {} bytes, there are {}", size, bytes.size() - 4));
    const auto footer = FlatTable::root(bytes.substr(bytes.size() - 4 - size, size));
    const auto schema = footer ? footer->table(1) : std::nullopt;
    if (!schema) return broken("the footer");
    if (!table.schema) TRY_DO(table.take_schema(*schema));
    blocks = footer->vector(3, k_block_bytes);
    return {};
}

Status read_messages(ForwardReader& reader, bool schema_may_follow, Table& table) {
    while (true) {
        if (reader.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const auto size, next_size(reader));
        if (!size) return table.schema || schema_may_follow ? Status() : broken("a stream without a schema");
        TRY(const std::string metadata, reader.take(*size, k_max_metadata, "a message"));
        TRY(const Message message, read_message(metadata));
        if (message.kind == k_schema && !table.schema) {
            TRY_DO(table.take_schema(*message.header));
        } else if (!table.schema && !schema_may_follow) {
            return broken("a stream that does not begin with its schema");
        }
        TRY(const bool whole, reader.skip(message.body));
        if (!whole) return cut_file(fmt::format("within the body of a message ({} bytes)", message.body));
        if (message.kind == k_record_batch) TRY_DO(table.take_batch(*message.header));
    }
}

// Reads pieces of a plain file, and counts what it read.
class Pieces {
public:
    explicit Pieces(const Input& input) : m_input(input) {}
    std::uint64_t bytes_read() const { return m_read; }

    Result<std::string> at(std::uint64_t offset, std::uint64_t size, std::string_view what) {
        if (size > m_input.size || offset > m_input.size - size)
            return Error(Errc::corrupt, fmt::format("{} should stand at byte {}, outside the file", what, offset));
        if (size > k_max_metadata)
            return Error(Errc::guard, fmt::format("{} has {} bytes: more than we read", what, size));
        std::string out(static_cast<std::size_t>(size), '\0');
        FileSource source(m_input.fd, offset);
        TRY(const std::size_t got, read_full(source, out));
        m_read += got;
        if (got < size) return cut_file("earlier than when reading began");
        return out;
    }

private:
    const Input& m_input;
    std::uint64_t m_read = 0;
};

Status read_batch_at(Pieces& pieces, std::string_view block, std::uint64_t file_size, std::uint64_t& budget,
                     Table& table) {
    const auto offset = little_endian<std::uint64_t>(block), body = little_endian<std::uint64_t>(block, 16);
    const auto size = static_cast<std::uint64_t>(little_endian<std::uint32_t>(block, 8));
    const std::string name = fmt::format("record batch {}", table.batches + 1);
    // Batches lie beside each other: what they claim together is no more than the file.
    if (body > file_size || size > file_size || size + body > budget)
        return Error(Errc::corrupt, fmt::format("{} claims more bytes than the file has", name));
    budget -= size + body;
    TRY(const std::string bytes, pieces.at(offset, size, name));
    if (bytes.size() < 8) return broken(name);
    const bool continued = little_endian<std::uint32_t>(bytes) == k_continuation;
    TRY(const Message message, read_message(std::string_view(bytes).substr(continued ? 8 : 4)));
    if (message.kind != k_record_batch) return broken(name);
    if (body > file_size - size || offset + size > file_size - body)
        return Error(Errc::corrupt, fmt::format("{} lies outside the file", name));
    return table.take_batch(*message.header);
}

Status read_footer(const Input& input, Pieces& pieces, Table& table) {
    if (input.size < 8 + k_file_tail) return cut_file("before its footer");
    TRY(std::string bytes, pieces.at(input.size - k_file_tail, k_file_tail, "the end"));
    if (!bytes.ends_with(k_magic)) return cut_file("before its footer");
    const std::uint64_t size = little_endian<std::uint32_t>(bytes) + k_file_tail;
    if (size > input.size - 8)
        return Error(Errc::corrupt,
                     fmt::format("the footer says it has {} bytes, the file has {}", size - k_file_tail, input.size));
    TRY(bytes, pieces.at(input.size - size, size, "the footer"));
    std::string_view blocks;
    TRY_DO(take_footer(bytes, table, blocks));
    std::uint64_t budget = input.size;
    for (std::size_t at = 0; at < blocks.size(); at += k_block_bytes) {
        if (input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY_DO(read_batch_at(pieces, blocks.substr(at, k_block_bytes), input.size, budget, table));
    }
    return {};
}

// The messages of a file begin behind the magic, and may leave the schema to the footer; those of a stream at once.
Status read_all(ForwardReader& reader, bool is_file, Table& table) {
    if (!is_file) return read_messages(reader, false, table);
    TRY([[maybe_unused]] const bool whole, reader.skip(8));
    TRY_DO(read_messages(reader, true, table));
    TRY(const std::string rest, reader.rest(k_max_metadata, "the footer"));
    std::string_view blocks;
    return take_footer(rest, table, blocks);
}

Status walk(const Input& input, bool is_file, Table& table, std::uint64_t& bytes_read) {
    ForwardReader reader(input);
    const Status status = read_all(reader, is_file, table);
    bytes_read += reader.bytes_read();
    return status;
}

void add_columns(const Table& table, Profile& profile) {
    if (!table.schema) return;
    std::vector<std::string> names;
    for (const ArrowColumn& column : table.schema->columns) names.push_back(column.name);
    names = usable_names(names, names.size(), profile.findings, true);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const ArrowColumn& from = table.schema->columns[i];
        model::Column column;
        column.name = names[i];
        column.type = from.type;
        column.nullable = from.nullable;
        column.description = from.description;
        column.evidence.reason = "declared as " + from.declared;
        column.evidence.nulls = table.nulls_of(from);
        column.evidence.values = table.rows - column.evidence.nulls;
        profile.columns.push_back(std::move(column));
    }
}

// Batches that were counted before the damage stay counted.
Status read_plain_file(const Input& input, Table& table, std::uint64_t& bytes_read, std::optional<Error>& damage) {
    Pieces pieces(input);
    const Status status = read_footer(input, pieces, table);
    bytes_read += pieces.bytes_read();
    if (status || !is_damage(status.error())) return status;
    damage = status.error();
    if (table.schema) return {};
    const Status walked = walk(input, true, table, bytes_read);
    return walked || is_damage(walked.error()) ? Status() : walked;
}

}  // namespace

bool begins_like_arrow(std::string_view beginning) {
    if (beginning.starts_with(k_magic)) return true;
    if (beginning.size() < 8 || little_endian<std::uint32_t>(beginning) != k_continuation) return false;
    const auto size = little_endian<std::uint32_t>(beginning, 4);
    return size > 0 && size <= k_max_metadata;
}

Result<Profile> profile_arrow(const Input& input) {
    Profile profile;
    profile.format = "arrow";
    profile.compression = to_string(input.compression);
    InputSource beginning(input);
    std::string first(k_magic.size(), '\0');
    const auto got = read_full(beginning, first);
    if (!got && !is_damage(got.error())) return got.error();
    const bool is_file = first == k_magic;

    Table table;
    std::optional<Error> damage;
    Status status;
    if (is_file && input.compression == Compression::none)
        status = read_plain_file(input, table, profile.bytes_read, damage);
    else
        status = walk(input, is_file, table, profile.bytes_read);
    if (!status && !is_damage(status.error())) return status.error();
    if (!status) damage = status.error();

    profile.rows = table.rows;
    profile.dialect = fmt::format("{}, {} record batch{}", is_file ? "file" : "stream", table.batches,
                                  table.batches == 1 ? "" : "es");
    add_columns(table, profile);
    if (damage) note_damage(profile, *damage);
    return profile;
}

Result<Rows> head_arrow(const Input&, std::size_t) {
    return Error(Errc::unsupported, "show the first rows: Arrow keeps them in column buffers, which are not decoded",
                 "columns, types and the row count: neurolake catalog show; the rows: any Arrow reader");
}

}  // namespace neurolake::formats
