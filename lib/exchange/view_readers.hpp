// view_readers.hpp: how DuckDB reads a group of files that are alike: the call, and each column in the catalog's type.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/views.hpp"

namespace neurolake::exchange {

// Files that one call reads.
struct ViewGroup {
    enum class Kind { csv, json, parquet } kind = Kind::csv;
    std::vector<std::string> paths;
    std::string options;                      // behind the list of files, without partition columns
    std::vector<model::Column> columns;       // of the files, in their order; csv only
    std::vector<std::string> partition_keys;  // of the key=value folders, in their order
    // Keys whose value is a word that DuckDB would take for no value (NULL, in any case), with that word.
    std::map<std::string, std::string> null_words;
    std::string list;                   // the member whose elements are the rows; "" = none; json only
    bool features = false;              // of GeoJSON: columns are members of "properties"
    std::vector<std::string> guarded;   // columns of text; json only
    std::string where;                  // which lines are rows; "" = all
    std::optional<std::uint64_t> rows;  // only so many, then come lines that are no rows
};

// The group a file would be in by itself. unsupported: why DuckDB would not read it exactly as the catalog does, and
// what to do. Reads a file that is here when its profile alone does not tell.
Result<ViewGroup> group_of(const ViewFile& file, const model::Table& table);
bool may_join(const ViewGroup& group, const ViewGroup& other);

// "SELECT ... FROM read_...([...])": the table's columns under `names` (parallel: columns, then partition columns).
std::string select_of(const ViewGroup& group, const model::Table& table, const std::vector<std::string>& names);

// A path as DuckDB takes it literally, although it looks for wildcards in it.
std::string path_text(std::string_view path);

}  // namespace neurolake::exchange
