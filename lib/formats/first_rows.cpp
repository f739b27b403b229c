// first_rows.cpp: columns of a group put side by side.
// SPDX-License-Identifier: Apache-2.0
#include "formats/first_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "formats/findings.hpp"
#include "formats/value_json.hpp"

namespace neurolake::formats {
namespace {

std::uint64_t room_for(std::size_t rows) {
    constexpr std::uint64_t k_least = 16u << 20, k_most = 128u << 20, k_row = 64u << 10;
    return std::clamp(std::min<std::uint64_t>(rows, k_most) * k_row, k_least, k_most);
}

}  // namespace

FirstRows::FirstRows(std::size_t columns, std::size_t wanted)
    : m_columns(columns), m_wanted(wanted), m_room(room_for(wanted)) {}

// What is wanted, but of very many columns only so many rows that each column gets its share of the room.
std::size_t FirstRows::most() const {
    constexpr std::size_t k_least_cell = 64;
    const std::size_t width = k_least_cell * std::max<std::size_t>(m_columns, 1);
    return std::min(m_wanted, std::max<std::size_t>(m_room / width, 1));
}

Status FirstRows::add(std::uint64_t group, const ReadColumn& read) {
    const std::uint64_t wanted = std::min<std::uint64_t>(most() - std::min(most(), m_cells.size()), group);
    std::uint64_t rows = wanted;
    std::vector<Cells> columns;
    for (std::size_t i = 0; i < m_columns; ++i) {
        Cells& cells = columns.emplace_back();
        TRY_DO(read(i, rows, [&](const json::Value& value) {
            const std::string* text = value.as_string();
            if (text != nullptr && text->size() > m_room - m_shown) return false;  // without a copy of it
            std::optional<std::string> cell = cell_of(value);
            const std::uint64_t size = (cell ? cell->size() : 0) + sizeof(cell);
            if (size > m_room - m_shown) return false;
            m_shown += size;
            cells.push_back(std::move(cell));
            return true;
        }));
        rows = std::min<std::uint64_t>(rows, cells.size());
    }
    if (wanted > 0 && rows == 0 && m_cells.empty()) return Error(Errc::guard, "a row holds more than can be shown");
    m_done = rows < wanted;
    if (columns.empty()) return {};
    for (std::size_t row = 0; row < rows; ++row) {
        Cells& line = m_cells.emplace_back();
        line.reserve(columns.size());
        for (Cells& column : columns) line.push_back(std::move(column[row]));
    }
    return {};
}

Error of_column(const Error& e, std::string_view name) {
    return {e.code, fmt::format("column {}: {}", text::escape_controls(name.substr(0, 100)), e.message), e.hint};
}

Error head_refused(const Error& e, std::string_view known, std::string_view format) {
    if (!is_damage(e)) return e;
    std::string hint = e.hint;
    if (hint.empty() && e.code != Errc::corrupt)
        hint = fmt::format("{}: neurolake catalog show; the rows: any {} reader", known, format);
    return {e.code, "show the first rows: " + e.message, hint};
}

}  // namespace neurolake::formats
