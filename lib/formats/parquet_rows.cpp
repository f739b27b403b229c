// parquet_rows.cpp: the first rows of a Parquet file, column by column through its first row groups.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "formats/avro_values.hpp"
#include "formats/csv.hpp"
#include "formats/parquet.hpp"
#include "formats/parquet_footer.hpp"
#include "formats/parquet_records.hpp"
#include "formats/parquet_tail.hpp"

namespace neurolake::formats {
namespace {

using Cells = std::vector<std::optional<std::string>>;

// Bytes of all cells: who asks for many rows has the memory for them, the first few of a file cost little.
std::uint64_t room_for(std::size_t rows) {
    constexpr std::uint64_t k_least = 16u << 20, k_most = 128u << 20, k_row = 64u << 10;
    return std::clamp(std::min<std::uint64_t>(rows, k_most) * k_row, k_least, k_most);
}

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
        : m_input(input), m_tree(tree), m_count(count), m_room(room_for(count)) {
        m_budget.whole_page = 1u << 20;
        m_budget.page = m_room / 2;
        m_budget.work = m_room * 16;
    }

    // Called for each row group in order; those behind the last row that is wanted are not looked at.
    void take(const ParquetRowGroup& group) {
        m_said += group.rows;
        if (m_done || m_error || m_cells.size() >= most_rows()) return;
        if (const Status status = read(group); !status) m_error = status.error();
    }
    // Of a file that says it has so many.
    Status give(std::int64_t all, Rows& rows) {
        if (m_error) return *m_error;
        const auto wanted =
            std::min<std::uint64_t>(m_count, static_cast<std::uint64_t>(std::max<std::int64_t>(all, 0)));
        rows.cut = m_cells.size() < wanted;
        if (rows.cut && !m_done && m_cells.size() < most_rows())
            return Error(Errc::corrupt,
                         fmt::format("show the first rows: the footer says {} rows, its row groups {}", all, m_said),
                         hint_of(Errc::corrupt));
        rows.cells = std::move(m_cells);
        return {};
    }

private:
    // What is wanted, but of very many columns only so many rows that each column gets its share of the room.
    std::size_t most_rows() const {
        constexpr std::size_t k_least_cell = 64;
        const std::size_t width = k_least_cell * std::max<std::size_t>(m_tree.columns.size(), 1);
        return std::min(m_count, std::max<std::size_t>(m_room / width, 1));
    }

    Status read(const ParquetRowGroup& group) {
        if (group.rows < 0 || group.chunks.size() != m_tree.leaves.size())
            return Error(Errc::corrupt, "show the first rows: a row group does not have the columns of the schema");
        const std::uint64_t wanted =
            std::min<std::uint64_t>(most_rows() - m_cells.size(), static_cast<std::uint64_t>(group.rows));
        std::uint64_t rows = wanted;
        std::vector<Cells> columns;
        for (const ParquetNode& column : m_tree.columns) {
            auto cells = read_column(column, group, rows);
            if (!cells) return of_column(cells.error(), column.name);
            rows = std::min<std::uint64_t>(rows, cells->size());
            columns.push_back(std::move(*cells));
        }
        if (wanted > 0 && rows == 0)
            return Error(Errc::guard, "show the first rows: a row holds more than can be shown");
        if (columns.empty()) return {};
        for (std::size_t row = 0; row < rows; ++row) {
            Cells& line = m_cells.emplace_back();
            line.reserve(columns.size());
            for (Cells& column : columns) line.push_back(std::move(column[row]));
        }
        m_done = rows < wanted;
        return {};
    }

    // At most so many rows; fewer when they are too large.
    Result<Cells> read_column(const ParquetNode& column, const ParquetRowGroup& group, std::uint64_t rows) {
        // One column does not take all the room, and its leaves share it.
        m_budget.column = (m_room - m_shown) / 2 / std::max<std::size_t>(column.leaves, 1);
        Cells cells;
        TRY_DO(read_parquet_column(m_input, m_tree, column, group, rows, m_budget, [&](const json::Value& value) {
            std::optional<std::string> cell = cell_of(value);
            const std::uint64_t size = (cell ? cell->size() : 0) + sizeof(cell);
            if (size > m_room - m_shown) return false;
            m_shown += size;
            cells.push_back(std::move(cell));
            return true;
        }));
        return cells;
    }

    const Input& m_input;
    const ParquetTree& m_tree;
    std::size_t m_count;
    std::uint64_t m_room;
    ParquetBudget m_budget;
    std::uint64_t m_shown = 0;
    std::vector<Cells> m_cells;
    std::optional<Error> m_error;
    std::int64_t m_said = 0;  // rows, by all row groups
    bool m_done = false;
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
