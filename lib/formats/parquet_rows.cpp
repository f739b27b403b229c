// parquet_rows.cpp: the first rows of a Parquet file, column by column through its first row groups.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "formats/csv.hpp"
#include "formats/first_rows.hpp"
#include "formats/parquet.hpp"
#include "formats/parquet_footer.hpp"
#include "formats/parquet_records.hpp"
#include "formats/parquet_tail.hpp"

namespace neurolake::formats {
namespace {

std::string hint_of(Errc code) {
    if (code == Errc::corrupt) return "write the file again, or restore it from where it came";
    if (code != Errc::unsupported && code != Errc::guard) return {};
    return "columns, types and ranges: neurolake catalog show; the rows: any Parquet reader";
}

Error refusal(const model::Finding& why) {
    return {why.code == "encrypted"   ? Errc::unsupported
            : why.code == "too_large" ? Errc::guard
                                      : Errc::corrupt,
            "show the first rows: " + why.message,
            hint_of(why.code == "encrypted" ? Errc::unsupported : Errc::corrupt)};
}

Error of_column(const Error& e, const std::string& name) {
    return {e.code,
            fmt::format("show the first rows: column {}: {}", text::escape_controls(name.substr(0, 100)), e.message),
            hint_of(e.code)};
}

class RowReader {
public:
    RowReader(const Input& input, const ParquetTree& tree, std::size_t count)
        : m_input(input), m_tree(tree), m_count(count), m_rows(tree.columns.size(), count) {
        m_budget.whole_page = 1u << 20;
        m_budget.page = m_rows.room() / 2;
        m_budget.work = m_rows.room() * 16;
    }

    // Called for each row group in order; those behind the last row that is wanted are not looked at.
    void take(const ParquetRowGroup& group) {
        m_said += group.rows;
        if (m_error || m_rows.full()) return;
        if (const Status status = read(group); !status) m_error = status.error();
    }
    // Of a file that says it has so many.
    Status give(std::int64_t all, Rows& rows) {
        if (m_error) return *m_error;
        const auto wanted =
            std::min<std::uint64_t>(m_count, static_cast<std::uint64_t>(std::max<std::int64_t>(all, 0)));
        rows.cut = m_rows.size() < wanted;
        if (rows.cut && !m_rows.full())
            return Error(Errc::corrupt,
                         fmt::format("show the first rows: the footer says {} rows, its row groups {}", all, m_said),
                         hint_of(Errc::corrupt));
        rows.cells = m_rows.take();
        return {};
    }

private:
    Status read(const ParquetRowGroup& group) {
        if (group.rows < 0 || group.chunks.size() != m_tree.leaves.size())
            return Error(Errc::corrupt, "show the first rows: a row group does not have the columns of the schema");
        const Status status = m_rows.add(
            static_cast<std::uint64_t>(group.rows),
            [&](std::size_t i, std::uint64_t rows, const FirstRows::Take& take) -> Status {
                const ParquetNode& column = m_tree.columns[i];
                // One column does not take all the room, and its leaves share it.
                m_budget.column = m_rows.room_left() / 2 / std::max<std::size_t>(column.leaves, 1);
                const Status read = read_parquet_column(m_input, m_tree, column, group, rows, m_budget, take);
                return read ? read : of_column(read.error(), column.name);
            });
        if (!status && status.error().hint.empty() && status.error().code == Errc::guard)
            return Error(Errc::guard, "show the first rows: " + status.error().message);
        return status;
    }

    const Input& m_input;
    const ParquetTree& m_tree;
    std::size_t m_count;
    FirstRows m_rows;
    ParquetBudget m_budget;
    std::optional<Error> m_error;
    std::int64_t m_said = 0;  // rows, by all row groups
};

}  // namespace

Result<Rows> head_parquet(const Input& input, std::size_t count) {
    if (input.compression != Compression::none)
        return Error(Errc::unsupported, "show the first rows: Parquet inside a compressed file is not read");
    TRY(const ParquetTail tail, read_parquet_tail(input));
    if (tail.verdict) return refusal(*tail.verdict);
    TRY(const ParquetFooter footer, decode_parquet_footer(tail.footer(), [](const ParquetRowGroup&) {}));
    std::size_t leaves = 0;
    TRY(const auto columns, parquet_columns(footer.schema, leaves));
    TRY(const ParquetTree tree, parquet_tree(footer.schema));
    if (tree.columns.size() != columns.size() || tree.leaves.size() != leaves)
        return Error(Errc::corrupt, "show the first rows: the footer's schema does not add up");

    Rows rows;
    std::vector<std::string> names;
    for (const ParquetColumn& column : columns) names.push_back(column.name);
    std::vector<model::Finding> findings;
    rows.columns = usable_names(names, names.size(), findings, true);
    RowReader reader(input, tree, count);
    TRY_DO([&]() -> Status {
        TRY([[maybe_unused]] const ParquetFooter again,
            decode_parquet_footer(tail.footer(), [&](const ParquetRowGroup& group) { reader.take(group); }));
        return {};
    }());
    TRY_DO(reader.give(footer.rows, rows));
    return rows;
}

}  // namespace neurolake::formats
