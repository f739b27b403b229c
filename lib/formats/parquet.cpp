// parquet.cpp: checks the footer against the file, and tells what it says.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/parquet_bounds.hpp"
#include "formats/parquet_first_values.hpp"
#include "formats/parquet_footer.hpp"
#include "formats/parquet_tail.hpp"

namespace neurolake::formats {
namespace {

// What the values mean; damage that is met on the way is told.
Status look_at_values(const Input& input, const ParquetTail& tail, const std::vector<ParquetElement>& schema,
                      Profile& profile) {
    FirstValues values(profile.columns);
    if (!values.wants_any() || profile.rows == 0 || !profile.rows_exact) return {};
    std::optional<Error> why;
    TRY_DO(look_at_parquet(input, tail.footer(), schema, values, why));
    if (why) note_damaged_rows(profile, *why);
    values.tell(profile);
    return {};
}

// What does not agree between row groups, schema and file; counted, the first is told.
struct Disagreements {
    std::uint64_t wrong_chunks = 0, outside = 0;
    std::int64_t rows = 0;
    bool negative = false;

    void check(const ParquetRowGroup& group, std::size_t leaves, std::uint64_t file_size) {
        negative |= group.rows < 0 || __builtin_add_overflow(rows, group.rows, &rows);
        wrong_chunks += group.chunks.size() != leaves;
        for (const ParquetChunk& chunk : group.chunks) {
            if (chunk.elsewhere || chunk.encrypted) continue;
            const auto begin = static_cast<std::uint64_t>(chunk.first_page),
                       size = static_cast<std::uint64_t>(chunk.compressed_bytes);
            outside +=
                chunk.first_page < 0 || chunk.compressed_bytes < 0 || begin > file_size || size > file_size - begin;
        }
    }
    void report(const ParquetFooter& footer, Profile& profile) const {
        if (footer.rows < 0 || negative || rows != footer.rows) {
            profile.findings.push_back(error(
                "row_count_mismatch", fmt::format("the footer says {} rows, its row groups {}", footer.rows, rows)));
            profile.rows_exact = false;
        }
        if (wrong_chunks > 0)
            profile.findings.push_back(error(
                "bad_row_group", fmt::format("{} row groups do not have the columns of the schema", wrong_chunks)));
        if (outside > 0) {
            profile.findings.push_back(error(
                "bad_offset", fmt::format("{} column chunks lie outside the file: it was cut or patched", outside)));
            profile.rows_exact = false;
        }
    }
};

model::Column column_of(const ParquetColumn& from, std::string name, const ParquetElement& element,
                        const ParquetBounds& bounds, std::uint64_t rows) {
    model::Column column;
    column.name = std::move(name);
    column.type = from.type;
    column.nullable = from.nullable;
    column.evidence.reason = "footer";
    column.evidence.values = rows;
    if (from.leaf == ParquetColumn::k_nested) return column;
    if (bounds.nulls_known()) column.evidence.nulls = std::min(bounds.nulls(), rows);
    column.evidence.values -= column.evidence.nulls;
    if (rows == 0) return column;
    column.evidence.min = bounds.min(element, from.type);
    column.evidence.max = bounds.max(element, from.type);
    return column;
}

}  // namespace

Result<Profile> profile_parquet(const Input& input) {
    if (input.compression != Compression::none)
        return unknown_profile(to_string(input.compression),
                               warning("unsupported",
                                       "Parquet inside a compressed file is not read: inflate it, Parquet "
                                       "compresses its own pages"));
    TRY(const ParquetTail tail, read_parquet_tail(input));
    if (tail.verdict) return unread_profile("parquet", *tail.verdict);

    // Row groups come after the schema in the footer, but thrift does not promise it: first the schema, then the
    // groups.
    const auto schema = decode_parquet_footer(tail.footer(), [](const ParquetRowGroup&) {});
    if (!schema) return unread_profile("parquet", error("damaged", schema.error().message));
    std::size_t leaves = 0;
    const auto columns = parquet_columns(schema->schema, leaves);
    if (!columns) return unread_profile("parquet", error("damaged", columns.error().message));

    Disagreements disagreements;
    std::vector<ParquetBounds> bounds(columns->size());
    const auto footer = decode_parquet_footer(tail.footer(), [&](const ParquetRowGroup& group) {
        disagreements.check(group, leaves, input.size);
        if (group.chunks.size() != leaves) return;
        for (std::size_t i = 0; i < columns->size(); ++i) {
            const ParquetColumn& column = (*columns)[i];
            if (column.leaf == ParquetColumn::k_nested) continue;
            bounds[i].add(schema->schema[column.element], column.type, group.chunks[column.leaf], group.rows);
        }
    });

    Profile profile;
    profile.format = "parquet";
    profile.dialect = fmt::format("{} row group{}{}{}", footer->row_groups, footer->row_groups == 1 ? "" : "s",
                                  footer->created_by.empty() ? "" : ", written by ", footer->created_by);
    profile.bytes_read = tail.bytes.size();
    profile.rows = footer->rows > 0 ? static_cast<std::uint64_t>(footer->rows) : 0;
    disagreements.report(*footer, profile);
    if (footer->encrypted_columns)
        profile.findings.push_back(note("encrypted_columns", "some columns are encrypted; the footer is not"));
    std::vector<std::string> names;
    for (const ParquetColumn& column : *columns) names.push_back(column.name);
    names = usable_names(names, names.size(), profile.findings, true);
    for (std::size_t i = 0; i < columns->size(); ++i)
        profile.columns.push_back(
            column_of((*columns)[i], names[i], schema->schema[(*columns)[i].element], bounds[i], profile.rows));
    TRY_DO(look_at_values(input, tail, schema->schema, profile));
    return profile;
}

}  // namespace neurolake::formats
