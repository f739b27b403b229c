// view_formats.hpp: what one format's files need to be read by DuckDB as the catalog reads them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/view_readers.hpp"

namespace neurolake::exchange {

// Where the words are that a profile's findings begin with.
bool has_finding(const formats::Profile& profile, std::string_view code);
// unsupported with the finding's own words for the first of `codes` that the profile has.
Status refuse_findings(const formats::Profile& profile, std::initializer_list<std::string_view> codes,
                       std::string_view hint);
Error not_exact(std::string why, std::string hint);
std::string compression_option(const ViewFile& file);
bool is_sampled(const formats::Profile& profile, const model::Table& table);

Result<ViewGroup> csv_group(const ViewFile& file, const model::Table& table);
// The value of a table's column in a group of delimited files.
std::string csv_cell(const ViewGroup& group, const model::Column& column);
// Whether two files' column says the same of how its cells are to be read.
bool same_spelling(const model::Column& a, const model::Column& b);

Result<ViewGroup> json_group(const ViewFile& file, const model::Table& table);
// Read as JSON, as its numbers could not be looked at: a query tells of one that it would change.
bool is_guarded(const ViewGroup& group, const model::Column& column);
// A nested type that DuckDB would read in another way: with times, or with names it cannot tell apart.
bool stays_json(const model::Type& type);

// Sets the keys of the key=value folders of the group's path as DuckDB sees them, and what it would see otherwise.
// unsupported where it would see other values than the catalog.
Status set_partition_keys(ViewGroup& group, std::string_view path, const model::Table& table);
std::string partition_options(const std::vector<std::string>& keys, const model::Table& table);

// CAST(text AS type), in the spellings of times too that DuckDB does not know: "10:00Z", "t", "z" and ",5".
std::string cast_of(const std::string& text, const model::Column& column);

// Whether a nested type has field names that DuckDB cannot tell apart, or none.
bool has_odd_fields(const model::Type& type);

}  // namespace neurolake::exchange
