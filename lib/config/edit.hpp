// edit.hpp: edits of one place in a YAML text: every other byte stays, comments and line ends included.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/options.hpp"
#include "config/yaml.hpp"

namespace neurolake::config {

using KeyPath = std::vector<std::string>;  // {"buckets", "raw-data", "tier"}

// A value as it is to stand in the file: plain where every YAML reader takes it as meant, else in single quotes; lists
// as [a, b]. usage: control characters.
Result<std::string> yaml_scalar(const Rule& rule, const Node& value);

// Each takes a text that parses and gives the new one. The result was parsed again and compared: exactly the asked
// place differs. unsupported where the text is written in a way that cannot be edited safely (the message says so).
Result<std::string> with_value(std::string_view text, std::string_view file, const KeyPath& path,
                               std::string_view rendered);
// A whole entry below a section: `lines` are "key: value" pairs, one level deep ("burst.min_size" nests once more).
Result<std::string> with_entry(std::string_view text, std::string_view file, const KeyPath& path,
                               const std::vector<std::pair<std::string, std::string>>& lines);
Result<std::string> with_renamed_key(std::string_view text, std::string_view file, const KeyPath& path,
                                     std::string_view new_name);
// Removes the lines of an entry; comments above and below it stay.
Result<std::string> without_entry(std::string_view text, std::string_view file, const KeyPath& path);

// Every value by its full path, for comparing two texts.
using Flat = std::vector<std::pair<std::string, std::string>>;
Flat flatten(const Node& root);

}  // namespace neurolake::config
