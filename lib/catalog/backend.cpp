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

Result<Contents> contents_of(const Backend& backend) {
    Contents all;
    all.indexed_at = backend.indexed_at();
    all.totals = backend.totals();
    for (std::size_t i = 0; i < backend.keys().size(); ++i) {
        all.tables.emplace_back(backend.text(i));
        if (!all.tables.back().empty()) continue;
        TRY(const model::Table table, backend.table(i));
        all.tables.back() = json::dump(model::to_json(table));
    }
    for (const List list : k_all_lists) {
        TRY(auto entries, backend.entries(list));
        if (!entries.empty()) all.lists[list] = std::move(entries);
    }
    return all;
}

std::string_view name_of(List list) {
    switch (list) {
        case List::histories:
            return "histories";
        case List::samples:
            return "samples";
        case List::lineage:
            return "lineage";
        case List::glossary:
            return "glossary";
        case List::imported:
            return "imported";
    }
    return "";
}

}  // namespace neurolake::catalog
