// csv_ragged.hpp: tables whose lines end at their last filled cell, so that no number of cells is that of most.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/csv_sample.hpp"

namespace neurolake::formats {

// How many times the candidate stands in the first line, if that line names columns by it and the lines behind have as
// many cells or fewer, nearly all of them two or more. Else 0.
std::uint32_t ragged_delimiters(std::string_view text, const std::vector<SampledRow>& rows, std::size_t candidate,
                                const SeparatorSet& quoting);

}  // namespace neurolake::formats
