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
// A line that is no such YAML, whose value has the wrong type, whose key stands there twice, or that contradicts
// another (table beside ignore or single_file) is an error ("override_broken") and the whole file says nothing; a key
// that is not known is an error, too ("override_line"), and its line alone says nothing.
struct Override {
    std::optional<std::string> table;
    bool ignore = false, single_file = false;
    std::vector<model::Finding> findings;  // path left empty
};

Override parse_override(std::string_view text);
// Under its name stands something else: `what` it is ("a folder").
model::Finding no_override_file(std::string_view what);
// Reads the file of a folder, at most 64 KiB, beneath the bucket.
Result<Override> read_override(int bucket_fd, std::string_view folder);

}  // namespace neurolake::index
