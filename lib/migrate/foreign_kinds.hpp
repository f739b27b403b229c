// foreign_kinds.hpp: values of another kind than the programs that write such catalogs give them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "migrate/foreign_readers.hpp"

namespace neurolake::migrate {

// Names each value of the file that its reader passes over because it is a number where a text belongs, and so on.
// null is as good as nothing. Where it is one of the older JSON catalogs; else nothing is told.
void tell_wrong_kinds(const ForeignFile& file, Collection& into);

}  // namespace neurolake::migrate
