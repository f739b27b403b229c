// json_fields.hpp: members of JSON entries that are left out when they say nothing, and lists of texts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace neurolake::model {

// Empty strings, zeros and empty lists are left out: a catalog of many tables stays small and readable. Texts are bytes
// (json::set_path); an item that is not UTF-8 stands as {"path": ..., "path_b64": ...}.
void set_text(json::Value& object, std::string_view key, const std::string& value);
void set_count(json::Value& object, std::string_view key, std::uint64_t value);
void set_texts(json::Value& object, std::string_view key, const std::vector<std::string>& values);
json::Value texts_to_json(const std::vector<std::string>& values);
// The inverse of both; what is no text is left out.
std::vector<std::string> texts_of(const json::Value& object, std::string_view key);

// corrupt: "read the catalog: a table without "id"", with `from` as "the catalog".
Error missing(std::string_view from, std::string_view what, std::string_view key);

}  // namespace neurolake::model
