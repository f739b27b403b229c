// rewritten_tables.cpp: which table that is gone goes on under another ending at its place.
// SPDX-License-Identifier: Apache-2.0
#include "index/rewritten_tables.hpp"

#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "index/kept_words.hpp"
#include "index/naming.hpp"
#include "lake/went_on.hpp"

namespace neurolake::index {
namespace {

using model::Table;

bool alive(const Table* table) { return table && table->deleted_at.empty(); }

bool knows_columns(const Group& group) {
    for (const File* f : group.files)
        if (f->profile && !f->profile->profile.columns.empty()) return true;
    return false;
}

bool is_twin_of(const Table& table, const Group& group) { return !group.is_folder && is_twin(table, group.path); }

}  // namespace

bool is_twin(const Table& table, std::string_view path) {
    return !table.is_folder && lake::unpacked_path(path) == lake::unpacked_path(table.path);
}

bool has_place_and_name(const Table& table, const Group& group) {
    return !table.path.empty() && parent_of(table.path) == parent_of(group.path) && plain_name(group) == table.name;
}

bool goes_on_as(const Table& table, const Group& group) {
    if (is_twin_of(table, group)) return alive(&table) || came_back(table, group);
    return has_place_and_name(table, group) && !table.columns.empty() && knows_columns(group) &&
           came_back(table, group);
}

void continue_rewritten_tables(std::vector<Seat>& seats, const std::vector<const Table*>& gone) {
    if (gone.empty()) return;
    using Key = std::pair<std::string_view, std::string>;  // with the bucket
    std::multimap<Key, const Table*> by_path, by_name;
    for (const Table* table : gone) {
        if (!table->is_folder) by_path.emplace(Key(table->bucket, lake::unpacked_path(table->path)), table);
        by_name.emplace(Key(table->bucket, table->name), table);
    }
    std::unordered_set<const Table*> continued;
    for (const Seat& seat : seats) continued.insert(seat.before);
    const auto is_free = [](const Seat& seat, const Table* table) {
        return !seat.before || (alive(table) && !alive(seat.before));
    };
    const auto take = [&](Seat& seat, const std::multimap<Key, const Table*>& tables, const Key& key) {
        const auto [first, last] = tables.equal_range(key);
        for (auto at = first; at != last; ++at)
            if (is_free(seat, at->second) && goes_on_as(*at->second, *seat.group) &&
                continued.insert(at->second).second) {
                seat.before = at->second;
                return;
            }
    };
    // Packed files first: their names leave no doubt.
    for (Seat& seat : seats)
        if (!alive(seat.before) && !seat.group->is_folder)
            take(seat, by_path, {seat.bucket, std::string(lake::unpacked_path(seat.group->path))});
    for (Seat& seat : seats)
        if (!alive(seat.before)) take(seat, by_name, {seat.bucket, plain_name(*seat.group)});
}

Waiting::Waiting(const std::set<std::string>& paths) : m_paths(paths) {
    for (const std::string& path : paths) {
        m_unpacked.emplace(lake::unpacked_path(path));
        m_names.emplace(parent_of(path), plain_name({.path = path, .is_folder = false}));
    }
}

bool Waiting::may_hold(const Table& table) const {
    const std::string folder(parent_of(table.path));
    if (m_names.contains({folder, table.name})) return true;
    if (!table.is_folder) return m_unpacked.contains(std::string(lake::unpacked_path(table.path)));
    if (table.path.empty()) return !m_paths.empty();
    const auto first = m_paths.lower_bound(table.path + "/");
    return first != m_paths.end() && first->starts_with(table.path + "/");
}

}  // namespace neurolake::index
