// first_rows.hpp: the first rows of a file that keeps its values column by column, as far as there is room for them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake::formats {

// Rows come in groups (row groups, record batches); of each one column is read after the other. All cells together take
// at most 16 MiB where few rows are wanted, 128 MiB where many are: who asks for many rows has the memory for them.
class FirstRows {
public:
    FirstRows(std::size_t columns, std::size_t wanted);

    using Cells = std::vector<std::optional<std::string>>;
    // Takes the value of the column's next row; false: no more.
    using Take = std::function<bool(const json::Value&)>;
    // Hands the first rows of a column to `take`: at most so many, fewer where they are large. Called for every column,
    // in order; for later ones with fewer rows, if one before had fewer.
    using ReadColumn = std::function<Status(std::size_t column, std::uint64_t rows, const Take& take)>;

    // The next group, of so many rows. Errors: of reading; guard: not even its first row is given, and no row before.
    Status add(std::uint64_t rows, const ReadColumn& read);

    bool full() const { return m_done || m_cells.size() >= most(); }  // no group behind is looked at
    bool out_of_room() const { return m_done || (m_cells.size() >= most() && most() < m_wanted); }
    std::size_t size() const { return m_cells.size(); }
    std::uint64_t room() const { return m_room; }  // bytes, of all cells
    std::uint64_t room_left() const { return m_room - m_shown; }
    std::vector<Cells> take() { return std::move(m_cells); }

private:
    std::size_t most() const;

    std::size_t m_columns, m_wanted;
    std::uint64_t m_room, m_shown = 0;
    bool m_done = false;  // a row was too large
    std::vector<Cells> m_cells;
};

// What went wrong in a column, named.
Error of_column(const Error& e, std::string_view name);
// Why no rows are shown, with what to do instead: `known` is in the catalog all the same.
Error head_refused(const Error& e, std::string_view known, std::string_view format);

}  // namespace neurolake::formats
