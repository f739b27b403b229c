// migrate.hpp: the door of migrate: what older catalogs and exports say becomes part of this lake's catalog.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "migrate/foreign.hpp"

namespace neurolake::migrate {

// A table of another catalog that is taken for a table of this lake, and what of its words is new here.
struct Attachment {
    std::string name, table;         // there; full name here
    std::vector<std::string> taken;  // "description", "tag v2", "description of zip" ...
    std::vector<std::string> kept;   // what differs and stays as a person has it here
    std::vector<std::string>
        aside;  // what has no place here and waits in the list of imports: "column x" ...; told once
};

struct Report {
    // What was found, each once.
    std::uint64_t tables = 0, files = 0, columns = 0, tags = 0, terms = 0, edges = 0, jobs = 0, versions = 0;
    std::map<std::string, std::uint64_t> texts;  // by kind
    std::vector<std::string> sources, unread;
    // What becomes of it.
    std::vector<Attachment> attached;
    std::vector<std::string> waiting;    // tables that no table of the lake stands for
    std::vector<std::string> ambiguous;  // of those: several tables of the lake could be meant, or one by several names
    std::uint64_t histories = 0;         // tables with more schema versions there: kept as text, no history here
    std::uint64_t new_entries = 0, changed_entries = 0, new_terms = 0, new_edges = 0, new_jobs = 0;
    std::vector<Orphan> orphans, wrong;
    std::vector<RecordedFile> recorded;
};

struct Plan {
    Report report;
    // For Catalog::apply, all at once; empty when everything is known already. The kept first rows of tables in which a
    // column came to be about people are not in it: whoever applies it masks them, too.
    catalog::Batch batch;
};

// What importing `foreign` changes. A table of another catalog is taken for the table of the lake at its place, else
// for the one of its name (with database and schema, with the schema, alone), if only one is called so. Its words fill
// what is empty here; what a person said here stays. What stands for nothing here is kept in List::imported until a
// file of its name appears, and is no table until then: an index neither sees nor removes it. Texts are kept as texts.
// A table that gives nothing because all of it is known here leaves no entry behind.
// A word of the glossary stays that of one term, and words with control characters are left out; both are told.
// Importing the same again changes nothing. `source` names the import for people, `now` is RFC 3339.
Result<Plan> plan_import(const catalog::Catalog& catalog, const Foreign& foreign, const std::string& now);

// After an index: what was imported earlier and now has a table.
Result<Plan> plan_attachments(const catalog::Catalog& catalog);

}  // namespace neurolake::migrate
