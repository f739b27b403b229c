// catalog_report.hpp: what is told of a table, in words and as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.hpp"
#include "index/index.hpp"
#include "output.hpp"
#include "session.hpp"

namespace neurolake::apps {

// The members that every report of a table has: name, bucket, path, format, rows, bytes, files, columns, partitions
// (the partition columns), schema_version, tier, indexed_at. `detail`: with evidence, the partitions themselves,
// grouping rule and findings.
enum class Detail { brief, full };
json::Value table_json(const model::Table& table, Detail detail);
json::Value findings_json(const std::vector<model::Finding>& findings);
json::Value column_json(const model::Column& column, Detail detail);
json::Value report_json(const index::Report& report);  // the members of neurolake.catalog.index/1

json::Value named(const char* schema, const model::Table& table);  // {schema, table}: how reports of one table begin

std::string verdict_text(std::string_view compatibility);  // "backward compatible", "not compatible" ...
std::string asked_text(std::string_view compatibility);    // "must be backward compatible", "may be anything"
std::string tables_text(const catalog::Catalog& catalog);  // "29 tables", "29 tables, 1 gone"
std::string rows_text(const model::Table& table);          // "1,234 rows", "at least 7 rows", "rows unknown"
std::string sample_text(const model::Table& table);  // where sampled_rows is set: "types from the first 100 rows ..."
std::string card_line(const Output& out, const model::Table& table);
// One end of a range: "" for a text without letters, which nobody would see.
std::string range_end_text(const Output& out, const std::string& value);
// Why a column has its type, in words: the evidence's reason, or what was seen.
std::string why_text(const model::Column& column, bool name_file);
// "raw-data/orders/b.csv: what is wrong"; a message that begins with the file's path inside its bucket says it already.
std::string finding_text(const model::Finding& finding);
void print_findings(Output& out, const std::vector<model::Finding>& findings);

// A table as a person names it: full, bare, or by the place of its folder or of one of its files ("raw-data/a.csv").
// not_found says when the word is a bucket's, a pattern, or a table's whose files are gone.
Result<const model::Table*> table_named(Session& session, const std::string& name);
// Also a table whose files are gone, the last one of the name: which is told on stderr.
Result<const model::Table*> table_known(Session& session, const std::string& name);

}  // namespace neurolake::apps
