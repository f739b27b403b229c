// value_json.hpp: values of binary formats as JSON, and JSON as the cells that people see.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace neurolake::formats {

// The number that its shortest text means, so that 0.1f is 0.1; infinities and what is no number are text, as JSON has
// none.
json::Value float_json(float value);
json::Value double_json(double value);
// The number of IEEE 754's binary16.
float half_float(std::uint16_t bits);

// null, or the text of a cell: what is text as it is, everything else as JSON.
std::optional<std::string> cell_of(const json::Value& value);

}  // namespace neurolake::formats
