// arrow.cpp: what the messages and the footer say, as a profile.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/arrow_file.hpp"
#include "formats/arrow_rows.hpp"
#include "formats/arrow_schema.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"

namespace neurolake::formats {
namespace {

// What is gathered from either form. Some writers of files leave the schema to the footer, behind the batches.
struct Table {
    std::optional<ArrowSchema> schema;
    std::uint64_t rows = 0, batches = 0;
    std::vector<std::uint64_t> nulls;  // by node
    std::vector<bool> not_counted;     // the same: some writers leave nulls to be counted by readers

    Status take_schema(const FlatTable& from) {
        TRY(schema, read_arrow_schema(from));
        if (batches > 0 && nulls.size() < schema->nodes) return broken_arrow("the schema behind the record batches");
        return {};
    }

    Status take_batch(const FlatTable& batch) {
        const std::string name = fmt::format("record batch {}", batches + 1);
        const auto length = batch.number<std::int64_t>(0, 0);
        constexpr std::int64_t k_most = std::int64_t{1} << 60;
        if (length < 0 || length > k_most || rows + static_cast<std::uint64_t>(length) > k_most)
            return broken_arrow(name);
        const std::string_view nodes = batch.vector(1, k_arrow_node_bytes);
        const std::size_t count = nodes.size() / k_arrow_node_bytes;
        if (batches == 0) {
            nulls.assign(count, 0);
            not_counted.assign(count, false);
        }
        if (count != nulls.size() || (schema && count < schema->nodes)) return broken_arrow(name);
        if (schema)
            for (const ArrowColumn& column : schema->columns)
                if (little_endian_at<std::int64_t>(nodes, column.node * k_arrow_node_bytes) != length)
                    return broken_arrow(name);
        if (!count_nulls(nodes)) return broken_arrow(name);
        rows += static_cast<std::uint64_t>(length);
        ++batches;
        return {};
    }

    bool count_nulls(std::string_view nodes) {
        for (std::size_t i = 0; i < nulls.size(); ++i) {
            const auto values = little_endian_at<std::int64_t>(nodes, i * k_arrow_node_bytes),
                       missing = little_endian_at<std::int64_t>(nodes, i * k_arrow_node_bytes + 8);
            if (missing < -1 || missing > values) return false;
            if (missing == -1) not_counted[i] = true;
            nulls[i] += static_cast<std::uint64_t>(std::max<std::int64_t>(missing, 0));
        }
        return true;
    }

    bool are_counted(const ArrowColumn& column) const {
        return !column.nulls_below && (column.node >= nulls.size() || !not_counted[column.node]);
    }
    std::uint64_t nulls_of(const ArrowColumn& column) const {
        if (column.type.kind == model::TypeKind::unknown) return rows;  // of the type that has no values
        return column.node < nulls.size() ? std::min(nulls[column.node], rows) : 0;
    }
};

// The schema, unless it stood before the batches.
Result<ArrowFooter> take_footer(std::string_view bytes, Table& table) {
    TRY(ArrowFooter footer, read_arrow_footer(bytes));
    if (!table.schema) TRY_DO(table.take_schema(*footer.schema));
    return footer;
}

Status read_messages(ForwardReader& reader, bool schema_may_follow, Table& table) {
    while (true) {
        if (reader.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const auto size, next_arrow_message(reader));
        if (!size) return table.schema || schema_may_follow ? Status() : broken_arrow("a stream without a schema");
        TRY(const std::string metadata, reader.take(*size, k_max_arrow_metadata, "a message"));
        TRY(const ArrowMessage message, read_arrow_message(metadata));
        if (message.kind == ArrowMessageKind::schema && !table.schema) {
            TRY_DO(table.take_schema(*message.header));
        } else if (!table.schema && !schema_may_follow) {
            return broken_arrow("a stream that does not begin with its schema");
        }
        TRY(const bool whole, reader.skip(message.body));
        if (!whole) return cut_file(fmt::format("within the body of a message ({} bytes)", message.body));
        if (message.kind == ArrowMessageKind::record_batch) TRY_DO(table.take_batch(*message.header));
    }
}

Status read_footer(const Input& input, ArrowPieces& pieces, Table& table) {
    TRY(const std::string bytes, pieces.footer());
    TRY(const ArrowFooter footer, take_footer(bytes, table));
    for (std::size_t at = 0; at < footer.batches.size(); at += k_arrow_block_bytes) {
        if (input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        const std::string name = fmt::format("record batch {}", table.batches + 1);
        TRY(const ArrowBlock block, pieces.block(footer.batches.substr(at, k_arrow_block_bytes), name));
        TRY(const ArrowMessage message, read_arrow_message(block.metadata));
        if (message.kind != ArrowMessageKind::record_batch) return broken_arrow(name);
        TRY_DO(table.take_batch(*message.header));
    }
    return {};
}

// The messages of a file begin behind the magic, and may leave the schema to the footer; those of a stream at once.
Status read_all(ForwardReader& reader, bool is_file, Table& table) {
    if (!is_file) return read_messages(reader, false, table);
    TRY([[maybe_unused]] const bool whole, reader.skip(8));
    TRY_DO(read_messages(reader, true, table));
    TRY(const std::string rest, reader.rest(k_max_arrow_metadata, "the footer"));
    TRY([[maybe_unused]] const ArrowFooter footer, take_footer(rest, table));
    return {};
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
        if (table.are_counted(from) || from.type.kind == model::TypeKind::unknown) {
            column.evidence.nulls = table.nulls_of(from);
            column.evidence.values = table.rows - column.evidence.nulls;
        }
        profile.columns.push_back(std::move(column));
    }
}

// Batches that were counted before the damage stay counted.
Status read_plain_file(const Input& input, Table& table, std::uint64_t& bytes_read, std::optional<Error>& damage) {
    ArrowPieces pieces(input);
    const Status status = read_footer(input, pieces, table);
    bytes_read += pieces.bytes_read();
    if (status || !is_damage(status.error())) return status;
    damage = status.error();
    if (table.schema) return {};
    const Status walked = walk(input, true, table, bytes_read);
    return walked || is_damage(walked.error()) ? Status() : walked;
}

// What the values mean; damage that is met on the way is told once.
Status look_at_values(const Input& input, Profile& profile) {
    FirstValues values(profile.columns);
    if (!values.wants_any() || profile.rows == 0) return {};
    std::optional<Error> why;
    TRY_DO(look_at_arrow(input, values, why));
    if (why && profile.rows_exact) note_damaged_rows(profile, *why);
    values.tell(profile);
    return {};
}

}  // namespace

bool begins_like_arrow(std::string_view beginning) {
    if (beginning.starts_with(k_arrow_magic)) return true;
    if (beginning.size() < 8 || little_endian_at<std::uint32_t>(beginning) != k_arrow_continuation) return false;
    const auto size = little_endian_at<std::uint32_t>(beginning, 4);
    return size > 0 && size <= k_max_arrow_metadata;
}

Result<Profile> profile_arrow(const Input& input) {
    Profile profile;
    profile.format = "arrow";
    profile.compression = to_string(input.compression);
    InputSource beginning(input);
    std::string first(k_arrow_magic.size(), '\0');
    const auto got = read_full(beginning, first);
    if (!got && !is_damage(got.error())) return got.error();
    const bool is_file = first == k_arrow_magic;

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
    TRY_DO(look_at_values(input, profile));
    return profile;
}

}  // namespace neurolake::formats
