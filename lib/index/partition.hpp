// partition.hpp: key=value folders: where a partitioned table begins, its keys and values, the types of the keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/table.hpp"

namespace neurolake::index {

// What Hive writes for a null.
inline constexpr std::string_view k_null_partition = "__HIVE_DEFAULT_PARTITION__";

// "year=2024" -> {"year", "2024"}, percent escapes decoded; nullopt when the name is no key=value.
std::optional<std::pair<std::string, std::string>> key_value(std::string_view folder_name);

// The folder above the first key=value folder of `folder` ("a/b/y=1/m=2" -> "a/b"); nullopt when there is none.
std::optional<std::string_view> partition_root(std::string_view folder);

// The keys and values of the folders between root and a folder below it; names without '=' are left out.
std::vector<std::pair<std::string, std::string>> keys_between(std::string_view root, std::string_view folder);

// The narrowest type of all values, with evidence: int64, double, date, boolean, else text. Leading zeros keep a column
// text (01234 is a zip code), except numbers of one or two digits all padded to two as months, days and hours are
// (01..12).
model::Column partition_column(std::string name, const std::vector<std::string>& values);

}  // namespace neurolake::index
