// kept_rows.hpp: the first rows that the catalog keeps of a table, after a person's word on which columns to hide.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "catalog/catalog.hpp"
#include "session.hpp"

namespace neurolake::apps {

// What to write of List::samples so that kept rows are as if taken now. `hide` goes before the tables are written and
// `show` after it: whatever dies between, no value is kept that the tables say to hide.
struct KeptRows {
    std::vector<catalog::EntryChange> hide, show;
};

// Of tables as they will be. Values that were hidden and need not be are read again from the files that are here; where
// none is, they stay hidden.
Result<KeptRows> kept_rows(Session& session, const std::vector<model::Table>& tables);

}  // namespace neurolake::apps
