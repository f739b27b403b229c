// csv.hpp: delimited text (RFC 4180 and its relatives): schema from all rows, exact row count, first rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/input.hpp"

namespace neurolake::formats {

// The file is text. Large plain files are read by several threads; the result does not depend on how many. Errors: io,
// cancelled.
Result<Profile> profile_csv(const Input& input);
Result<Rows> head_csv(const Input& input, std::size_t count);

inline constexpr std::size_t k_name_bytes = 1024;

// Names of columns made whole and unique: blanks trimmed, "column3" for an empty one, "a_2" for a second "a", each told
// as a finding.
// Names longer than k_name_bytes, or many that are long, are cut.
// With `declared` the names are a schema's own: blanks stay.
std::vector<std::string> usable_names(const std::vector<std::string>& raw, std::size_t columns,
                                      std::vector<model::Finding>& findings, bool declared = false);

}  // namespace neurolake::formats
