// row_sum.hpp: adding up row counts, which are what files claim: any number.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace neurolake::model {

inline constexpr std::uint64_t k_most_rows = std::numeric_limits<std::int64_t>::max();  // what a database can hold, too

// Adds and stays at the greatest number there is instead of beginning at 0 again. False: that happened, so that the sum
// is not exact.
inline bool add_rows(std::uint64_t& sum, std::uint64_t rows) {
    const bool beyond = __builtin_add_overflow(sum, rows, &sum) || sum > k_most_rows;
    if (beyond) sum = k_most_rows;
    return !beyond;
}

}  // namespace neurolake::model
