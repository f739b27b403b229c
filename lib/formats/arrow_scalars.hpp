// arrow_scalars.hpp: a stored value of Arrow that has a fixed width, as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "formats/arrow_layout.hpp"

namespace neurolake::formats {

// Source: Schema.fbs. Dates, times, decimals, intervals, UUIDs and bytes are text, spelled as in cells of the other
// formats. `bytes` are as many as the layout's width.
json::Value arrow_scalar(const ArrowLayout& layout, std::string_view bytes);

}  // namespace neurolake::formats
