// sampled.hpp: the words of exports for what is known of the first rows only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/table.hpp"

namespace neurolake::exchange {

// "from the first 1,000 rows of each file only" where the table was sampled; "" otherwise.
std::string sample_note(const model::Table& table);
// "at least " before a count that is not exact.
std::string rows_text(const model::Table& table);

}  // namespace neurolake::exchange
