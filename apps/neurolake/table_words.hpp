// table_words.hpp: what people say of tables: whom their words mean, writing and reporting them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "session.hpp"

namespace neurolake::apps {

// "raw-data.orders", a bare name, several with commas between, or a pattern ("raw-data.*", "*.orders*"). Each once, in
// the order named. not_found for a word that means no table, a pattern that meets none included.
Result<std::vector<const model::Table*>> tables_meant(Session& session, const std::string& words);

// "raw-data.orders.zip": the longest part before a dot that is a table, and a column of it; names of both may hold
// dots.
struct ColumnMeant {
    const model::Table* table = nullptr;
    const model::Column* column = nullptr;  // null: the words name a table
};
Result<ColumnMeant> column_meant(Session& session, const std::string& words);  // never null
Result<ColumnMeant> table_or_column_meant(Session& session, const std::string& words);
// not_found with "did you mean".
Result<const model::Column*> column_of(const model::Table& table, std::string_view name);

using Edit = std::function<Status(model::Table&)>;  // empty: nothing is changed, only told
struct WordsChange {
    const char* event;                // for audit.log: "catalog.tag"
    std::vector<std::string> tables;  // words for tables_meant
    Edit edit;
    std::function<std::string(const Output&, const model::Table&)> tell;  // what holds now, in words
    json::Value facts;                                                    // of the audit line, beside the tables
};
// Takes the lock, edits copies, writes those that changed at once, audits, and tells of each; twice is once.
Result<int> change_words(Session& session, WordsChange change);

// The last part: writes `changed` (by id), and one audit line for those that differ from what the catalog holds.
Status write_words(Session& session, const char* event, const std::vector<model::Table>& changed, json::Value facts);

// {table, changed, description, owner, tags, terms, compatibility, columns with words}: of neurolake.catalog.words/1.
json::Value words_json(const model::Table& table, bool changed);

// Refuses what could not be shown or listed: control characters, bytes that are no UTF-8, blanks around, more than
// `most` bytes, nothing at all. `what` is "a tag", "an owner" ...
Status check_word(std::string_view what, std::string_view text, std::size_t most);

}  // namespace neurolake::apps
