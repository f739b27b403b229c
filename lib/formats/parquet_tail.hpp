// parquet_tail.hpp: the end of a Parquet file: where its footer is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/input.hpp"

namespace neurolake::formats {

struct ParquetTail {
    std::string bytes;
    std::size_t footer_at = 0, footer_size = 0;  // in bytes
    std::optional<model::Finding> verdict;       // why there is no footer to read: cut, encrypted, too large

    // A view into `bytes`.
    std::string_view footer() const { return std::string_view(bytes).substr(footer_at, footer_size); }
};

// Source: the Parquet format's README, "File format". Reads at most the footer, 64 KiB at the least; never more than
// 32 MiB. Errors: io.
Result<ParquetTail> read_parquet_tail(const Input& input);

}  // namespace neurolake::formats
