// kept_words.hpp: what a person said of columns outlives every index, also while a column is away.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "index/grouping.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// Descriptions, glossary terms and words about people go from `before` to the columns of the same name.
void keep_words(model::Table& table, const model::Table& before);

// The columns that `before` had and `now` has not, as far as a person had said something of them: name, type, words.
// They are kept in the schema version that lost them (SchemaVersion::gone).
std::vector<model::Column> words_that_went(const model::Table& now, const model::Table& before);

// A column that `before` had not, but an earlier version had, gets back what was said of it when it last went.
void give_back_words(model::Table& now, const model::Table& before, const model::SchemaHistory& history);

// Whether a table that was gone is the one whose files lie at its place now: at least half of the column names of the
// larger side are the same, or one side says nothing.
bool came_back(const model::Table& gone, const Group& group);

// A person's words on the table or its columns.
bool has_words(const model::Table& table);

}  // namespace neurolake::index
