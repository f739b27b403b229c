// table_entries.hpp: the tables of a catalog as compact JSON entries: their keys, in order, and what they hold.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/backend.hpp"

namespace neurolake::catalog {

// A view on entries that the backend holds. Const members may be called from several threads.
class TableEntries {
public:
    // Finds the keys in the first members of each entry. corrupt: an entry that is no table; with `check_all` each is
    // parsed to its end (the caller does not know that this program wrote them).
    Status load(std::vector<std::string_view> entries, bool check_all);

    const std::vector<TableKey>& keys() const { return m_keys; }
    std::string_view entry(std::size_t key) const { return m_entries[key]; }
    Result<model::Table> table(std::size_t key) const;
    // All entries as they are after the change, in the order of their keys.
    std::vector<std::string> after(const Change& change) const;

private:
    std::vector<TableKey> m_keys;
    std::vector<std::string_view> m_entries;  // parallel
};

}  // namespace neurolake::catalog
