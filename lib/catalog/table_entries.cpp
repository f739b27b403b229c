// table_entries.cpp: quick keys and their order.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/table_entries.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/json.hpp"
#include "catalog/entries_file.hpp"

namespace neurolake::catalog {
namespace {

Result<model::Table> parse_table(std::string_view entry) {
    TRY(const json::Value value, json::parse(entry));
    return model::table_from_json(value);
}

Result<TableKey> slow_key(std::string_view entry) {
    TRY(const model::Table table, parse_table(entry));
    return key_of(table);
}

// The members that stand first in an entry suffice; anything unusual is parsed instead.
Result<TableKey> quick_key(std::string_view entry) {
    EntryScanner scan(entry);
    TableKey key;
    std::string_view name, value;
    while (scan.next(name, value)) {
        if (name == "name")
            key.full_name = value;
        else if (name == "id")
            key.id = value;
        else if (name == "bucket")
            key.bucket = value;
        else if (name == "path")
            key.path = value;
        else if (name == "is_folder")
            key.is_folder = value == "true";
        else if (name == "rule")
            key.rule = value == "folder"          ? model::GroupingRule::folder
                       : value == "partitions"    ? model::GroupingRule::partitions
                       : value == "override_file" ? model::GroupingRule::override_file
                                                  : model::GroupingRule::single_file;
        else if (name == "deleted_at")
            key.alive = false;
        else if (name == "format")
            return key;  // all that matters stands before it
        else
            break;
    }
    return slow_key(entry);
}

}  // namespace

Status TableEntries::load(std::vector<std::string_view> entries, bool check_all) {
    std::vector<std::pair<TableKey, std::string_view>> found;
    found.reserve(entries.size());
    for (const std::string_view entry : entries) {
        TRY(TableKey key, quick_key(entry));
        if (check_all)
            if (auto whole = parse_table(entry); !whole) return std::move(whole).error();
        found.emplace_back(std::move(key), entry);
    }
    const auto in_order = [](const auto& a, const auto& b) { return before(a.first, b.first); };
    if (!std::is_sorted(found.begin(), found.end(), in_order)) std::sort(found.begin(), found.end(), in_order);
    m_keys.clear();
    m_entries.clear();
    m_keys.reserve(found.size());
    m_entries.reserve(found.size());
    for (auto& [key, entry] : found) {
        m_keys.push_back(std::move(key));
        m_entries.push_back(entry);
    }
    return {};
}

Result<model::Table> TableEntries::table(std::size_t key) const { return parse_table(m_entries[key]); }

std::vector<std::string> TableEntries::after(const Change& change) const {
    std::unordered_map<std::string_view, const model::Table*> changed;
    for (const model::Table& table : change.tables) changed[table.id] = &table;
    const std::unordered_set<std::string_view> forgotten(change.forgotten.begin(), change.forgotten.end());
    std::vector<std::pair<TableKey, std::string>> next;
    for (std::size_t i = 0; i < m_keys.size(); ++i)
        if (!changed.contains(m_keys[i].id) && !forgotten.contains(m_keys[i].id))
            next.emplace_back(m_keys[i], m_entries[i]);
    for (const auto& [id, table] : changed) next.emplace_back(key_of(*table), json::dump(model::to_json(*table)));
    std::sort(next.begin(), next.end(), [](const auto& a, const auto& b) { return before(a.first, b.first); });
    std::vector<std::string> entries;
    entries.reserve(next.size());
    for (auto& [key, entry] : next) entries.push_back(std::move(entry));
    return entries;
}

}  // namespace neurolake::catalog
