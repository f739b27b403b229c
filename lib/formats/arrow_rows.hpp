// arrow_rows.hpp: the first rows of an Arrow file, looked at for what their columns mean.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/first_values.hpp"
#include "formats/input.hpp"

namespace neurolake::formats {

// Shows the first rows of the columns that are wanted to `into`. Of each buffer only what holds them is read, at most
// 32 MiB in all. Errors: io, cancelled; what cannot be read of a column says nothing, and the first damage is put into
// `why`.
Status look_at_arrow(const Input& input, FirstValues& into, std::optional<Error>& why);

}  // namespace neurolake::formats
