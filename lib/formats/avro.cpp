// avro.cpp: what an Avro file's header and blocks say, as a profile.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "formats/avro_file.hpp"
#include "formats/avro_rows.hpp"
#include "formats/avro_schema.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/first_values.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_max_doc = 2000;  // bytes of a field's words

// Blocks, as far as they are whole.
struct Blocks {
    std::uint64_t blocks = 0, rows = 0;
    std::optional<Error> damage;

    // Errors that are not of the file's bytes only.
    Status count(AvroFile& file, std::uint64_t least_bytes, std::string_view codec) {
        AvroBlock block;
        while (true) {
            const auto more = file.next_block(block);  // finds out whether the block before was whole
            if (file.whole_blocks() > blocks) take();
            if (!more && !is_damage(more.error())) return more.error();
            if (!more && !damage) damage = more.error();
            if (damage || !*more) return {};
            m_open_rows = block.rows;
            if (least_bytes > 0 && block.rows > most_bytes(block, codec) / least_bytes) {
                damage = Error(Errc::corrupt, fmt::format("block {} claims {} rows, but has {} bytes only",
                                                          block.number, block.rows, block.size));
                return {};
            }
        }
    }

private:
    static std::uint64_t most_bytes(const AvroBlock& block, std::string_view codec) {
        std::uint64_t bytes = 0;
        const bool beyond = __builtin_mul_overflow(block.size, avro_most_growth(codec), &bytes);
        return beyond ? std::numeric_limits<std::uint64_t>::max() : bytes;
    }
    void take() {
        constexpr std::uint64_t k_most = std::uint64_t{1} << 62;
        ++blocks;
        if (m_open_rows > k_most - rows)
            damage = Error(Errc::corrupt, "the blocks claim more rows than a file can hold");
        else
            rows += m_open_rows;
    }
    std::uint64_t m_open_rows = 0;
};

model::Column column_of(const AvroSchema& schema, std::size_t node, model::Type type, std::uint64_t rows) {
    model::Column column;
    column.type = std::move(type);
    column.nullable = schema.is_nullable(node);
    column.evidence.reason = "declared as " + schema[schema.without_null(node)].declared.substr(0, 200);
    if (!column.nullable) column.evidence.values = rows;  // of the others only the rows tell, which are not read
    return column;
}

void add_columns(const AvroSchema& schema, Profile& profile) {
    const AvroNode& root = schema[schema.root];
    const bool is_record = root.kind == AvroNode::Kind::record;
    const std::vector<std::size_t> nodes = schema.columns();
    std::vector<model::Type> types = schema.types();
    const std::vector<std::string> names = is_record
                                               ? usable_names(root.names, root.names.size(), profile.findings, true)
                                               : std::vector<std::string>{"value"};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        model::Column& column =
            profile.columns.emplace_back(column_of(schema, nodes[i], std::move(types[i]), profile.rows));
        column.name = names[i];
        if (is_record && text::is_utf8(root.docs[i]) && root.docs[i].size() <= k_max_doc)
            column.description = root.docs[i];
    }
}

constexpr std::uint64_t k_look_room = 128u << 20;  // bytes that are inflated and made for the first rows

// What reading the first rows, or all of them, tells of a block whose count was believed. Damage that the counting met,
// too, is told once.
void hold_against(const AvroRows& rows, const Error& why, const Blocks& blocks, bool all_read, Profile& profile) {
    const AvroBlock& block = rows.block();
    if (why.code != Errc::corrupt || block.number == 0 || block.number > blocks.blocks) return;
    profile.rows -= block.rows - rows.rows_read();
    if (rows.count_is_wrong() || all_read)
        note_damage(profile, why);
    else
        note_damaged_rows(profile, why);
    profile.rows_exact = false;
    for (model::Column& column : profile.columns)
        if (column.evidence.values > 0) column.evidence.values = profile.rows;
}

// What the values mean, and whether the blocks hold what they claim.
Status look_at_values(const Input& input, const Blocks& blocks, Profile& profile) {
    FirstValues values(profile.columns);
    if (!values.wants_any() || profile.rows == 0) return {};
    AvroRows reader(input);
    TRY_DO(reader.open());
    std::uint64_t rows = 0;
    const Status status = reader.each(k_look_room, [&](const std::vector<json::Value>& row) {
        for (std::size_t i = 0; i < row.size(); ++i)
            if (values.wants(i)) values.look(i, row[i]);
        return ++rows < k_first_rows;
    });
    if (!status && !is_damage(status.error())) return status;
    if (!status) hold_against(reader, status.error(), blocks, false, profile);
    values.tell(profile);
    return {};
}

// Where all is to be verified.
Status look_at_blocks(const Input& input, const Blocks& blocks, Profile& profile) {
    constexpr std::uint64_t k_free = 64u << 20, k_growth = 32;  // what inflates to more is no longer data
    AvroRows reader(input);
    TRY_DO(reader.open());
    const Status status = reader.check_all(std::max(k_free, input.size * k_growth));
    if (!status && !is_damage(status.error())) return status;
    if (!status) hold_against(reader, status.error(), blocks, true, profile);
    return {};
}

}  // namespace

Result<Profile> profile_avro(const Input& input) {
    Profile profile;
    profile.format = "avro";
    profile.compression = to_string(input.compression);
    AvroFile file(input);
    AvroHeader header;
    Result<AvroSchema> schema(AvroSchema{});
    Status status = file.read_header(header);
    if (status) {
        schema = parse_avro_schema(header.schema);
        if (!schema) status = schema.error();
    }
    if (!status) {
        if (!is_damage(status.error())) return status.error();
        note_damage(profile, status.error());
        profile.bytes_read = file.bytes_read();
        return profile;
    }
    Blocks blocks;
    TRY_DO(blocks.count(file, schema->least_bytes(schema->root), header.codec));
    profile.rows = blocks.rows;
    profile.bytes_read = file.bytes_read();
    profile.dialect = fmt::format("{} block{}, codec {}", blocks.blocks, blocks.blocks == 1 ? "" : "s",
                                  text::escape_controls(header.codec));
    add_columns(*schema, profile);
    if (blocks.damage) note_damage(profile, *blocks.damage);
    TRY_DO(look_at_values(input, blocks, profile));
    if (input.options.full && profile.rows_exact) TRY_DO(look_at_blocks(input, blocks, profile));
    return profile;
}

}  // namespace neurolake::formats
