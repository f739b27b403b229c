// search.hpp: which tables a person's words mean.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace neurolake::catalog {

std::vector<std::string> search_words(std::string_view text);  // lower-cased, split at blanks
// nullopt unless every word is found somewhere in the table. The hit tells where the first word was found.
std::optional<Hit> match(const model::Table& table, const std::vector<std::string>& words);

}  // namespace neurolake::catalog
