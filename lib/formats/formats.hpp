// formats.hpp: the door of formats: recognise a file, infer its schema from all rows, count, show the first rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/workers.hpp"
#include "formats/profile.hpp"

namespace neurolake::formats {

struct Options {
    std::uint64_t sample_rows = 0;  // 0 = all rows; else counts are marked inexact
    unsigned threads = 0;           // for one large file: 0 = as many as there are cores (at most 8)
    bool full = false;              // verify checksums the format carries, although that reads every byte
    // One thread reads so much of a text file at a time; files of more than two such parts are read by several threads.
    std::uint64_t segment_bytes = 16u << 20;
};

// By name only, without opening: "csv", "parquet" ..., "" when the extension says nothing. Lower-cased double
// extensions
// (.csv.gz, .jsonl.zst) are understood.
std::string format_of_name(std::string_view file_name);

// True for names that are known and never data: dot files, BUCKET_INFO.txt, desktop.ini, Thumbs.db, .DS_Store,
// _SUCCESS, _IN-CLOUD.txt, _neurolake.yaml, _delta_log ...  (also folders).
bool is_known_non_data(std::string_view name);
// .tmp .part .crdownload ~ and our own temporaries: a file someone is still writing.
bool is_temporary_name(std::string_view name);

// Reads an open regular file (from offset 0, by pread or mmap; the offset is not moved) and tells what it is. Memory is
// bounded (64 MiB) whatever the file says. A damaged or unknown file is a Profile with findings and format "unknown"
// (or its format with rows_exact = false), not an Error; Errors are io and cancelled only. A file that shrinks while it
// is read must not crash the process.
Result<Profile> profile(int fd, std::string_view file_name, const Options& options, const CancelFlag& cancel);

// The first `count` rows as text cells, in column order. unsupported where the format carries no readable rows.
struct Rows {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> cells;  // nullopt = null
    bool cut = false;                                            // there are more, but they are too large to be given
};
Result<Rows> head(int fd, std::string_view file_name, std::size_t count);

}  // namespace neurolake::formats
