// orc_rows.hpp: the first values of an ORC file's columns, for what they mean.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "formats/first_values.hpp"
#include "formats/input.hpp"
#include "formats/orc_footer.hpp"
#include "formats/orc_tail.hpp"

namespace neurolake::formats {

// Shows the first rows of each column that is wanted to `into`, as far as they can be read. `why`: damage that was met.
// Errors: io.
Status look_at_orc(const Input& input, const OrcTail& tail, const OrcFooter& footer,
                   const std::vector<OrcColumn>& columns, FirstValues& into, std::optional<Error>& why);

}  // namespace neurolake::formats
