// exchange.hpp: the door of exchange: the catalog written for other programs and for people.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "exchange/sql_words.hpp"

namespace neurolake::exchange {

// Takes the text piece by piece, so that no export is ever whole in memory. Its failure ends the export.
using Sink = std::function<Status(std::string_view)>;

// What is exported: of a whole catalog or of the tables and buckets a person named.
struct Content {
    const catalog::Catalog* catalog = nullptr;
    std::string lake;                         // its id
    std::vector<const model::Table*> tables;  // by full name; tombstones too, which only the JSON export carries
    bool whole = true;
};

// `words` name tables or buckets; none = everything. not_found with "did you mean" for a word that is neither, except
// for those in `known_buckets`, which may hold no table.
Result<Content> choose(const catalog::Catalog& catalog, const std::vector<std::string>& words,
                       const std::vector<std::string>& known_buckets);

// Everything the catalog knows (neurolake.catalog.export/1, docs/schemas/catalog.export.json): tables with tombstones,
// schema histories, samples, lineage, glossary, what was imported. The bytes depend on the content alone, not on the
// backend that keeps it: lists in order of name or id, one compact entry a line. Of a choice: what belongs to its
// tables.
Status write_json(const Content& content, const Sink& sink);
// One living table a line, as in the export above.
Status write_jsonl(const Content& content, const Sink& sink);
// One row a column of each living table (RFC 4180, CRLF, a header). A cell of text that a spreadsheet would take for a
// formula (it begins with = + - @, a tab or a carriage return, and is no number) gets a ' in front.
Status write_csv(const Content& content, const Sink& sink);
// A table of which an export says only why it is not in it; hint: what to do about that.
struct LeftOut {
    std::string table, why, hint;
};
// A table that is called otherwise in the export than in the lake (sql_names.hpp); name: quoted, as a query says it.
struct Renamed {
    std::string table, name;
};
struct DdlReport {
    std::uint64_t tables = 0;  // with a CREATE TABLE
    std::vector<LeftOut> without;
    std::vector<Renamed> renamed;
};
// CREATE TABLE for each living table in one transaction, with comments; a bucket is a schema (SQLite: part of the
// name). Each type holds every value of ours (sql_words.hpp). A table whose columns are not known,
// or are more than the database takes (SQLite 2,000, PostgreSQL 1,600), is named in a comment; so is one of another
// name.
Result<DdlReport> write_ddl(const Content& content, SqlDialect dialect, const Sink& sink);
// A data dictionary in Markdown: an index, then each living table. Values about people are shown masked or not at all.
Status write_markdown(const Content& content, const Sink& sink);

}  // namespace neurolake::exchange
