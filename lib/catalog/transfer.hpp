// transfer.hpp: the catalog carried from one backend to another, compared, and the old one kept aside.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace neurolake::catalog {

struct Copied {
    std::size_t tables = 0, entries = 0;
    bool was_equal = false;         // `to` held the same already: nothing was written
    std::vector<std::string> kept;  // what `to` held before, by its new names
};

// Makes `to` hold exactly what `from` holds, reads that back and compares: mismatch where it differs. What `to` held
// before is set aside under a name that ends in `ending`. `from` does not change, so a death at any point leaves it in
// force and whole, and the same call finishes the work. The caller holds the lake lock.
Result<Copied> copy_catalog(const Options& from, const Options& to, std::string_view ending);

Result<bool> are_equal(const Options& one, const Options& other);

// What copy_catalog() would carry; nothing is written.
Result<Copied> count_catalog(const Options& from);

// The backend that holds the catalog to be brought to `to`: the one of `in_force` when it holds something, else the
// only other one that does, else one that is there and empty. nullopt: none. conflict: several, which are named.
// PostgreSQL is asked where it is in force or `may_ask_server`.
Result<std::optional<std::string>> find_source(const Options& in_force, std::string_view to, bool may_ask_server);

}  // namespace neurolake::catalog
