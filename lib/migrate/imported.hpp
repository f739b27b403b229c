// imported.hpp: the entries of imported.json: tables of other catalogs, and texts taken over as they are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "migrate/foreign.hpp"

namespace neurolake::migrate {

// A table of another catalog. While `attached` is empty no table of the lake is meant by it.
struct Imported {
    ForeignTable table;
    std::string imported_at;  // RFC 3339, the first time
    std::string attached;     // id of the table that took its words over
    friend bool operator==(const Imported&, const Imported&) = default;
};

std::string entry_id(std::string_view kind, std::string_view name);  // "table:zoo.raw.animals"
bool is_table_entry(const json::Value& entry);
json::Value to_json(const Imported& imported);
Imported imported_from_json(const json::Value& entry);
json::Value to_json(const ForeignText& text, const std::string& imported_at);
json::Value to_json(const RecordedFile& file, const std::string& source, const std::string& imported_at);
std::string_view to_string(RecordedFile::State state);

}  // namespace neurolake::migrate
