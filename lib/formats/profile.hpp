// profile.hpp: what one data file turned out to be: format, columns with evidence, row count, findings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/table.hpp"

namespace neurolake::formats {

// How the cells of a column of delimited text are written: what decides where other files' cells are of another kind.
struct WrittenAs {
    std::optional<std::string> min, max;  // of all cells as texts, bytewise; nullopt: none, about people, or not known
    std::uint64_t empty = 0;              // cells of nothing but quotes: values where the column is text, else nulls
    bool plain = false;                   // numbers of digits and a point, and nothing else
    bool may_group = false;               // ... whose points may all stand between thousands, as in 1.234
    std::uint64_t whole = 0, scale = 0;   // of these: most digits before and behind the point
    friend bool operator==(const WrittenAs&, const WrittenAs&) = default;
};

struct Profile {
    std::string
        format;  // "csv", "tsv", "json_lines", "json", "parquet", "ncf", "avro", "arrow", "orc", "unknown", "empty"
    std::string dialect;      // for people: "delimiter ;, quote \", header, utf-8" or "ncf dialect A"
    std::string compression;  // "", "gzip", "zstd"
    std::vector<model::Column> columns;
    std::vector<WrittenAs> written;  // of each column of delimited text; empty: not known
    std::uint64_t rows = 0;
    bool rows_exact = true;
    std::uint64_t bytes_read = 0;          // from the file, for reports
    std::vector<model::Finding> findings;  // path left empty: the caller knows it
};

}  // namespace neurolake::formats
