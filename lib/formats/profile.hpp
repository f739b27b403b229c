// profile.hpp: what one data file turned out to be: format, columns with evidence, row count, findings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/table.hpp"

namespace neurolake::formats {

struct Profile {
    std::string format;   // "csv", "tsv", "json_lines", "json", "parquet", "ncf", "avro", "arrow", "unknown", "empty"
    std::string dialect;  // for people: "delimiter ;, quote \", header, utf-8" or "ncf dialect A"
    std::string compression;  // "", "gzip", "zstd"
    std::vector<model::Column> columns;
    std::uint64_t rows = 0;
    bool rows_exact = true;
    std::uint64_t bytes_read = 0;          // from the file, for reports
    std::vector<model::Finding> findings;  // path left empty: the caller knows it
};

}  // namespace neurolake::formats
