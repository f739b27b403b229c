// csv_sample.hpp: the rows in the beginning of delimited text, with what could be delimiters counted outside quotes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/csv_separators.hpp"

namespace neurolake::formats {

inline constexpr std::array<char, 4> k_candidates{'\t', '|', ';', ','};
using Counts = std::array<std::uint32_t, k_candidates.size()>;

struct SampledRow {
    Counts counts{};
    std::size_t begin = 0, end = 0;  // with the newline
    bool hash = false;               // begins with #
};

struct Sample {
    std::vector<SampledRow> rows;
    std::size_t quoted_cells = 0;       // closed as they should be
    std::size_t escapes = 0;            // quotes that can only be escaped ones
    Counts enclosing{};                 // quoted cells that hold the candidate
    std::size_t enclosing_newline = 0;  // ... that hold a line end
    std::optional<SampledRow> open;     // the row whose quote is not closed in the sample: it ends before that quote
};

// What a quote is that is not closed in the sample: a plain character, or the begin of a cell that goes on behind it,
// so that no more rows are known.
enum class OpenQuote { plain, goes_on };

// At most `max_rows` of them. `whole`: nothing follows `s`, so the last row needs no newline, and an open quote is
// plain.
Sample sample_rows(std::string_view s, bool whole, const SeparatorSet& set, std::size_t max_rows, OpenQuote open);

// Outside quotes a CR ends lines and no LF does.
bool only_cr_ends_lines(std::string_view s, char quote);

}  // namespace neurolake::formats
