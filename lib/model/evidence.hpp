// evidence.hpp: what the counts of a column can tell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/table.hpp"

namespace neurolake::model {

// False when no one counted the column's values: Avro does not tell them, nor does a stub whose profile was lost. Its
// zeros then say nothing, except of a table that is known to be empty.
inline bool values_counted(const Table& table, const Column& column) {
    const Evidence& seen = column.evidence;
    return seen.values + seen.nulls > 0 || (table.rows == 0 && table.rows_exact);
}

// A column that may hold no null has none, counted or not.
inline bool nulls_known(const Table& table, const Column& column) {
    return values_counted(table, column) || !column.nullable;
}

}  // namespace neurolake::model
