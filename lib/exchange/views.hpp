// views.hpp: the tables as DuckDB views over the files, wherever they are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "exchange/exchange.hpp"
#include "formats/profile.hpp"

namespace neurolake::exchange {

struct ViewFile {
    std::string path;            // as DuckDB opens it: relative to the lake's folder, absolute, or "s3://bucket/key"
    std::filesystem::path here;  // as we open it; empty: its bytes are not here
    std::uint64_t bytes = 0;
    bool away = false;         // its bytes are in the cloud
    std::string refusal;       // why DuckDB cannot open it; "": it can
    std::string secret;        // what CREATE SECRET must say for its store
    formats::Profile profile;  // format "" when it is not known
};
// The data files of a table in order of their paths.
using FilesOf = std::function<Result<std::vector<ViewFile>>(const model::Table&)>;

struct ViewReport {
    std::uint64_t views = 0;       // that answer with every row and value
    std::vector<LeftOut> failing;  // views that fail with the reason: files in a store that DuckDB does not reach
    std::vector<LeftOut> without;  // tables that have none
    std::vector<Renamed> renamed;  // tables whose views, failing ones too, have another name
};

// CREATE VIEW "bucket"."table" for each living table: every file is named, with the dialect and the columns that were
// found, and every column has the type of the catalog. A view returns exactly the rows that the catalog counts, with
// every value, or it is not there: a comment names the table, the reason and what to do, and drops a view that an
// earlier script made. A table with files in a store that DuckDB does not reach is a view that fails with the way back.
// Views of files at s3:// stand last: without a connection DuckDB stops at the first of them. A table whose types come
// from a sample has a view that ends with an error at a value that does not fit.
Result<ViewReport> write_views(const Content& content, const FilesOf& files_of, const Sink& sink);

}  // namespace neurolake::exchange
