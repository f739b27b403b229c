// sampled.cpp: how an export says that it does not know all rows.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/sampled.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace neurolake::exchange {

std::string sample_note(const model::Table& table) {
    if (table.sampled_rows == 0) return {};
    return fmt::format("from the first {} {} of each file only", text::with_thousands(table.sampled_rows),
                       table.sampled_rows == 1 ? "row" : "rows");
}

std::string rows_text(const model::Table& table) {
    if (!table.rows_exact && table.rows == 0) return "?";
    return (table.rows_exact ? "" : "at least ") + text::with_thousands(table.rows);
}

}  // namespace neurolake::exchange
