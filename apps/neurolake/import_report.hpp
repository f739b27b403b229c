// import_report.hpp: what an import found in other catalogs and what became of it, in words and as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "migrate/migrate.hpp"
#include "session.hpp"

namespace neurolake::apps {

json::Value import_json(const migrate::Report& report);  // the members of neurolake.catalog.import/1
void print_import(Session& session, const migrate::Report& report);

// Writes what an import changes, all of it or nothing: also the kept first rows of tables in which a column came to be
// about people, masked, or is not any more.
Status apply_import(Session& session, migrate::Plan& plan);

// After an index: what was imported earlier takes its table now. Best effort: the index itself is done.
void attach_imported(Session& session);

}  // namespace neurolake::apps
