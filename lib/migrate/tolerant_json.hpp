// tolerant_json.hpp: JSON as Python's json module writes it, with what RFC 8259 forbids.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace neurolake::migrate {

// Accepts a byte order mark, NaN and Infinity (read as null), lone surrogates (U+FFFD) and a key that stands twice in
// an object (the last one counts). corrupt for all else that is no JSON, a cut file among it.
Result<json::Value> parse_tolerantly(std::string_view text);

}  // namespace neurolake::migrate
