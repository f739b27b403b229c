// parquet_values.hpp: a stored value of Parquet as JSON: what has no form of its own there is its text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "formats/parquet_footer.hpp"

namespace neurolake::formats {

// Source: parquet-format's LogicalTypes.md. Dates, times, decimals, UUIDs and bytes are text, as in cells of the other
// formats. `bytes` are those of PLAIN; null when there are not as many as the type has.
json::Value parquet_json(const ParquetElement& element, const model::Type& type, std::string_view bytes);
// Is it a value that a column of 8 or 16 bits can have? They are stored in 32.
bool parquet_fits(const ParquetElement& element, const model::Type& type, std::string_view bytes);

}  // namespace neurolake::formats
