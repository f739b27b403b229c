// rewritten_tables.hpp: a table whose file was packed, unpacked or written in another format where it lies is the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/grouping.hpp"
#include "index/moved_tables.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// Whether the path is, but for an ending such as .gz, that of the table's only file ("p.csv" and "p.csv.gz").
bool is_twin(const model::Table& table, std::string_view path);
// Whether a table made of `group` would lie in the folder of `table` and be called as that.
bool has_place_and_name(const model::Table& table, const Group& group);
// One or the other; where it is the name alone or `table` a tombstone, only with at least half of its column names.
bool goes_on_as(const model::Table& table, const Group& group);

// Name and place say more of a table than bytes: each table of `gone`, living ones and tombstones in the order in which
// they are to be preferred, continues at the first seat without a living table that it goes on as.
void continue_rewritten_tables(std::vector<Seat>& seats, const std::vector<const model::Table*>& gone);

// The files of a bucket of which nothing is known yet: they were written a moment ago.
class Waiting {
public:
    explicit Waiting(const std::set<std::string>& paths);  // which must outlive it
    // Whether one of them is a file of the table, or one that the table may go on as.
    bool may_hold(const model::Table& table) const;

private:
    const std::set<std::string>& m_paths;
    std::set<std::string> m_unpacked;
    std::set<std::pair<std::string, std::string>> m_names;  // folder, and the name a table would have
};

}  // namespace neurolake::index
