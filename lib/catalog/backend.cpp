// backend.cpp: what every backend tells of its tables and entries in the same way.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/backend.hpp"

#include "base/json.hpp"
#include "catalog/entries_file.hpp"

namespace neurolake::catalog {

TableKey key_of(const model::Table& t) {
    return {t.full_name(), t.id, t.bucket, t.path, t.is_folder, t.deleted_at.empty(), t.rule};
}

bool before(const TableKey& a, const TableKey& b) {
    if (a.full_name != b.full_name) return a.full_name < b.full_name;
    if (a.alive != b.alive) return a.alive;
    return a.id < b.id;
}

std::string id_of_entry(std::string_view entry) {
    EntryScanner scan(entry);
    std::string_view name, value;
    while (scan.next(name, value))
        if (name == "id") return std::string(value);
    auto parsed = json::parse(entry);
    return parsed ? parsed->text("id") : std::string();
}

}  // namespace neurolake::catalog
