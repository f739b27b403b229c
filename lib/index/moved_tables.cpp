// moved_tables.cpp: where the files of each table came from, and which tables are free to follow them.
// SPDX-License-Identifier: Apache-2.0
#include "index/moved_tables.hpp"

#include <map>
#include <unordered_map>
#include <unordered_set>

namespace neurolake::index {
namespace {

using model::Table;

bool alive(const Table* table) { return table && table->deleted_at.empty(); }

// The one table that more than half of the files were files of; null when there is none, or it is the one already here.
const Table* origin_of(const Seat& seat, const Moves& moves, const catalog::Catalog& catalog,
                       const MayLeave& may_leave) {
    std::map<const Table*, std::size_t> came_from;
    for (const File* f : seat.group->files) {
        const PlaceBefore* before = place_before(moves, *f);
        if (!before) continue;
        if (const Table* table = catalog.table_of(before->bucket, before->path)) ++came_from[table];
    }
    for (const auto& [table, count] : came_from)
        if (count * 2 > seat.group->files.size() && table != seat.before && may_leave(*table)) return table;
    return nullptr;
}

// Places whose table went elsewhere while another one came: they are let go, as long as the place it went to takes it.
std::vector<bool> places_let_go(const std::vector<Seat>& seats, const std::vector<const Table*>& origins) {
    std::unordered_map<const Table*, std::size_t> went_to;
    for (std::size_t i = 0; i < seats.size(); ++i)
        if (origins[i]) went_to.emplace(origins[i], i);
    std::vector<bool> free(seats.size(), false);
    for (std::size_t i = 0; i < seats.size(); ++i)
        free[i] = origins[i] && alive(seats[i].before) && went_to.contains(seats[i].before);
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < seats.size(); ++i) {
            if (!free[i]) continue;
            const std::size_t target = went_to[seats[i].before];
            if (!alive(seats[target].before) || free[target]) continue;
            free[i] = false;
            changed = true;
        }
    }
    return free;
}

}  // namespace

void continue_moved_tables(std::vector<Seat>& seats, const Moves& moves, const catalog::Catalog& catalog,
                           const MayLeave& may_leave) {
    if (moves.empty()) return;
    std::vector<const Table*> origins;
    for (const Seat& seat : seats) origins.push_back(origin_of(seat, moves, catalog, may_leave));
    const std::vector<bool> free = places_let_go(seats, origins);
    std::unordered_set<const Table*> continued;
    for (std::size_t i = 0; i < seats.size(); ++i) {
        if (free[i]) seats[i].before = nullptr;
        continued.insert(seats[i].before);
    }
    for (std::size_t i = 0; i < seats.size(); ++i)
        if (!alive(seats[i].before) && origins[i] && continued.insert(origins[i]).second) seats[i].before = origins[i];
}

}  // namespace neurolake::index
