// parquet_first_values.hpp: the first rows of a Parquet file, column by column, looked at for what they mean.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/first_values.hpp"
#include "formats/input.hpp"
#include "formats/parquet_footer.hpp"

namespace neurolake::formats {

// Shows the first rows of the columns that are wanted to `into`. Of each only the pages that hold them are read, at
// most 32 MiB in all. Errors: io; what cannot be read of a column says nothing, and the first damage is put into `why`.
Status look_at_parquet(const Input& input, std::string_view footer, const std::vector<ParquetElement>& schema,
                       FirstValues& into, std::optional<Error>& why);

}  // namespace neurolake::formats
