// avro.cpp: what an Avro file's header and blocks say, as a profile.
// SPDX-License-Identifier: Apache-2.0
#include "formats/avro.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "formats/avro_file.hpp"
#include "formats/avro_schema.hpp"
#include "formats/avro_values.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_max_doc = 2000;  // bytes of a field's words

// Blocks, as far as they are whole.
struct Blocks {
    std::uint64_t blocks = 0, rows = 0;
    std::optional<Error> damage;

    // Errors that are not of the file's bytes only.
    Status count(AvroFile& file, std::uint64_t least_bytes, bool stored_plain) {
        AvroBlock block;
        for (bool any = false;; any = true) {
            const auto more = file.next_block(block);  // finds out whether the block before was whole
            if (!more) {
                if (is_damage(more.error())) damage = more.error();
                return damage ? Status() : more.error();
            }
            if (any) take();
            if (damage || !*more) return {};
            m_open_rows = block.rows;
            if (stored_plain && least_bytes > 0 && block.rows > block.size / least_bytes) {
                damage = Error(Errc::corrupt, fmt::format("block {} claims {} rows, but has {} bytes only",
                                                          block.number, block.rows, block.size));
                return {};
            }
        }
    }

private:
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

model::Column column_of(const AvroSchema& schema, std::size_t node, std::string name, std::string doc,
                        std::uint64_t rows) {
    model::Column column;
    column.name = std::move(name);
    column.type = schema.type_of(node);
    column.nullable = schema.is_nullable(node);
    column.description = text::is_utf8(doc) && doc.size() <= k_max_doc ? std::move(doc) : std::string();
    column.evidence.reason = "declared as " + schema[schema.without_null(node)].declared.substr(0, 200);
    if (!column.nullable) column.evidence.values = rows;  // of the others only the rows tell, which are not read
    return column;
}

void add_columns(const AvroSchema& schema, Profile& profile) {
    const AvroNode& root = schema[schema.root];
    if (root.kind != AvroNode::Kind::record) {
        profile.columns.push_back(column_of(schema, schema.root, "value", {}, profile.rows));
        return;
    }
    const auto names = usable_names(root.names, root.names.size(), profile.findings, true);
    for (std::size_t i = 0; i < names.size(); ++i)
        profile.columns.push_back(column_of(schema, root.children[i], names[i], root.docs[i], profile.rows));
}

}  // namespace

namespace {

// What the values mean; damage that is met on the way is told once.
Status look_at_values(const Input& input, Profile& profile) {
    FirstValues values(profile.columns);
    if (!values.wants_any() || profile.rows == 0) return {};
    const Status status = look_at_avro(input, values);
    if (!status && !is_damage(status.error())) return status;
    if (!status && status.error().code == Errc::corrupt && profile.rows_exact)
        note_damaged_rows(profile, status.error());
    values.tell(profile);
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
    TRY_DO(blocks.count(file, schema->least_bytes(schema->root), header.codec == "null"));
    profile.rows = blocks.rows;
    profile.bytes_read = file.bytes_read();
    profile.dialect = fmt::format("{} block{}, codec {}", blocks.blocks, blocks.blocks == 1 ? "" : "s",
                                  text::escape_controls(header.codec));
    add_columns(*schema, profile);
    if (blocks.damage) note_damage(profile, *blocks.damage);
    TRY_DO(look_at_values(input, profile));
    return profile;
}

}  // namespace neurolake::formats
