// views.hpp: the tables as DuckDB views over the files, wherever they are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exchange/exchange.hpp"
#include "formats/profile.hpp"

namespace neurolake::exchange {

struct ViewFile {
    std::string path;          // as DuckDB opens it: relative to the lake's folder, absolute, or "s3://bucket/key"
    bool away = false;         // its bytes are in the cloud
    std::string refusal;       // why DuckDB cannot open it; "": it can
    std::string secret;        // what CREATE SECRET must say for its store
    formats::Profile profile;  // format "" when it is not known
};
// The data files of a table in order of their paths.
using FilesOf = std::function<Result<std::vector<ViewFile>>(const model::Table&)>;

// CREATE VIEW "bucket"."table" for each living table: every file is named, with the dialect and the columns that were
// found, and every column has the type of the catalog. Nothing is left out silently: a table of which DuckDB cannot
// open a file becomes a view that fails with the reason, as do s3:// files that cannot be reached; a format that DuckDB
// does not read is named in a comment.
Status write_views(const Content& content, const FilesOf& files_of, const Sink& sink);

}  // namespace neurolake::exchange
