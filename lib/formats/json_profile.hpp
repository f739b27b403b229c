// json_profile.hpp: what both kinds of JSON file share: limits, the profile of scanned rows, rows shown as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "formats/input.hpp"
#include "formats/json_cells.hpp"
#include "formats/json_rows.hpp"

namespace neurolake::formats {

inline constexpr std::size_t k_max_json_bytes = 4u << 20;  // of one row; its structural index takes four times as much

Profile json_profile(const Input& input, std::string_view format, JsonRows& rows, std::uint64_t bytes_read,
                     bool geojson = false);

// Documents that follow each other, where lines were expected: nothing where they are damaged.
std::optional<Rows> head_documents(const Input& input, std::size_t count);

// The scan that an index makes, of enough rows to know the columns by the same names: `cells` gets what it counts.
inline void show_first_rows(JsonRows& rows, JsonCells& cells, std::size_t count) {
    rows.stop_after(std::max<std::size_t>(count, 1000));
    rows.show_to([&cells](std::string_view document) { cells.take(document); });
}

inline std::size_t window_bytes(const Input& input, std::size_t wanted) {
    if (!input.is_plain()) return wanted;
    return static_cast<std::size_t>(std::min<std::uint64_t>(input.size + 1, wanted));
}

}  // namespace neurolake::formats
