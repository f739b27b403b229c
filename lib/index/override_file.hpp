// override_file.hpp: _neurolake.yaml, a person's word on how the files of a folder form tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/table.hpp"

namespace neurolake::index {

inline constexpr std::string_view k_override_name = "_neurolake.yaml";

// Flat "key: value" lines, nothing nested:
//   table: NAME         all data files below this folder form one table of that name
//   ignore: true        nothing below this folder is data
//   single_file: true   every data file below this folder is a table of its own
struct Override {
    std::optional<std::string> table;
    bool ignore = false, single_file = false;
    std::vector<model::Finding> findings;  // lines that were not understood; path left empty
};

Override parse_override(std::string_view text);
// Reads the file of a folder, at most 64 KiB, beneath the bucket.
Result<Override> read_override(int bucket_fd, std::string_view folder);

}  // namespace neurolake::index
