// reader.cpp: the promises of formats::profile and formats::head, held against any bytes.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/file.hpp"
#include "formats/formats.hpp"

namespace neurolake::fuzz {
namespace {

void stop(const char* promise, const std::string& detail) {
    std::fprintf(stderr, "fuzz: broken promise: %s: %s\n", promise, detail.c_str());
    std::abort();
}

// An open file that holds the bytes; made once, as making one costs more than most inputs.
int file_with(const std::uint8_t* bytes, std::size_t size) {
    static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || ::ftruncate(fd, 0) != 0) stop("a file in memory", "cannot be made");
    const auto* text = reinterpret_cast<const char*>(bytes);
    for (std::size_t done = 0; done < size;) {
        const ssize_t n = ::pwrite(fd, text + done, size - done, static_cast<off_t>(done));
        if (n <= 0) stop("a file in memory", "cannot be written");
        done += static_cast<std::size_t>(n);
    }
    return fd;
}

void check(const formats::Profile& profile) {
    if (profile.format.empty()) stop("a profile names its format", "it is empty");
    if (!profile.rows_exact && profile.findings.empty()) stop("rows that are not exact have a reason", profile.format);
    for (const model::Column& column : profile.columns) {
        const auto back = model::column_from_json(model::to_json(column));
        if (!back) stop("a column is read back", back.error().message);
        if (!(back->type == column.type)) stop("a type is read back as it was", model::to_string(column.type));
        if (column.name.empty()) stop("a column has a name", profile.format);
    }
    for (const model::Finding& finding : profile.findings)
        if (finding.code.empty() || finding.message.empty()) stop("a finding says what it is", profile.format);
}

}  // namespace

void read_as(const char* file_name, const std::uint8_t* bytes, std::size_t size, std::size_t rows_shown) {
    const int fd = file_with(bytes, size);
    const CancelFlag never;
    formats::Options options;
    options.threads = 1;
    options.full = true;
    const auto profile = formats::profile(fd, file_name, options, never);
    if (!profile) stop("content is never an error", profile.error().message);
    check(*profile);
    const auto rows = formats::head(fd, file_name, rows_shown);
    if (!rows) return;
    if (rows->cells.size() > rows_shown) stop("head gives so many rows at most", std::to_string(rows->cells.size()));
    const bool json = profile->format == "json" || profile->format == "json_lines";
    if (json && rows->cells.size() != std::min<std::uint64_t>(profile->rows, rows_shown))
        stop("head shows the rows that count", std::to_string(rows->cells.size()));
    for (const auto& row : rows->cells)
        if (row.size() != rows->columns.size()) stop("every row has all columns", std::to_string(row.size()));
}

}  // namespace neurolake::fuzz
