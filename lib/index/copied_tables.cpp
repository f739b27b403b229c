// copied_tables.cpp: compares what is gone with what is new, by content.
// SPDX-License-Identifier: Apache-2.0
#include "index/copied_tables.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace neurolake::index {
namespace {

using model::Table;

// The profile without what a copy has of its own.
std::string print_of(FileProfile profile) {
    profile.ino = 0;
    profile.mtime_ns = profile.ctime_ns = 0;
    profile.made_by = k_codec;
    return encode({{"", std::move(profile)}});
}

std::string joined(std::vector<std::string> prints) {
    std::ranges::sort(prints);
    std::string all;
    for (const std::string& print : prints) all += std::to_string(print.size()) + ":" + print;
    return all;
}

// "" when not every file is known.
std::string print_of(const Group& group) {
    std::vector<std::string> prints;
    std::uint64_t bytes = 0;
    for (const File* f : group.files) {
        if (!f->profile || f->failed || f->settling || f->state != lake::FileState::data) return {};
        prints.push_back(print_of(*f->profile));
        bytes += f->size;
    }
    return bytes == 0 ? std::string() : joined(std::move(prints));
}

// Tables that vanished whole and that no place continues yet, by their print.
std::map<std::string, std::vector<const Table*>> vanished(const std::vector<Seat>& seats, const GonePrints& gone,
                                                          const catalog::Catalog& catalog, const MayLeave& may_leave) {
    std::set<const Table*> continued;
    for (const Seat& seat : seats) continued.insert(seat.before);
    std::map<const Table*, std::vector<std::string>> prints;
    for (const auto& [place, print] : gone)
        if (const Table* table = catalog.table_of(place.first, place.second); table && !continued.contains(table))
            prints[table].push_back(print);
    std::map<std::string, std::vector<const Table*>> by_print;
    for (auto& [table, files] : prints)
        if (files.size() == table->files && table->bytes > 0 && may_leave(*table))
            by_print[joined(std::move(files))].push_back(table);
    return by_print;
}

}  // namespace

GonePrints prints_of_gone(const lake::Scan& scan, const ProfileStore& profiles) {
    GonePrints prints;
    if (scan.added.empty()) return prints;
    std::map<std::pair<std::string, std::string>, FolderProfiles> folders;
    for (std::size_t i = 0; i < scan.gone.size(); ++i) {
        const lake::FileRecord& r = scan.gone[i];
        if (r.state != lake::FileState::data) continue;
        const std::string& bucket = scan.buckets[scan.gone_bucket[i]];
        const auto [folder, fresh] = folders.try_emplace({bucket, std::string(parent_of(r.path))});
        if (fresh) folder->second = profiles.load(bucket, parent_of(r.path));
        const auto known = folder->second.find(std::string(name_of(r.path)));
        if (known == folder->second.end()) continue;
        if (known->second.size == r.size && known->second.mtime_ns == r.mtime_ns)
            prints.emplace(std::pair(bucket, r.path), print_of(known->second));
    }
    return prints;
}

void continue_copied_tables(std::vector<Seat>& seats, const GonePrints& gone, const catalog::Catalog& catalog,
                            const MayLeave& may_leave) {
    if (gone.empty()) return;
    const auto tables = vanished(seats, gone, catalog, may_leave);
    if (tables.empty()) return;
    std::map<std::string, std::vector<std::size_t>> places;
    for (std::size_t i = 0; i < seats.size(); ++i) {
        if (seats[i].before && seats[i].before->deleted_at.empty()) continue;
        if (std::string print = print_of(*seats[i].group); !print.empty()) places[std::move(print)].push_back(i);
    }
    for (const auto& [print, at] : places) {
        const auto table = tables.find(print);
        if (table != tables.end() && table->second.size() == 1 && at.size() == 1)
            seats[at.front()].before = table->second.front();
    }
}

}  // namespace neurolake::index
