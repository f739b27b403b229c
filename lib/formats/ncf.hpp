// ncf.hpp: files named .ncf in all their dialects, told apart and read without trusting a number in them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/input.hpp"

namespace neurolake::formats {

enum class NcfDialect { unknown, python, optimized, rust, json };
enum class NcfChecksum { absent, unchecked, ok, ok_zeroed_header, mismatch };

struct NcfStatistics {
    std::optional<std::string> min, max;  // as stored: text of python files, spelled numbers (doubles) of the others
    std::optional<std::uint64_t> nulls, total, distinct;
    std::optional<double> average_length;
};

struct NcfColumn {
    std::string name;  // bytes as stored
    std::string type;  // lower-case: "int64", "string", ...
    std::string semantic = "unknown";
    bool nullable = true, pii = false;
    std::optional<std::uint64_t> declared_group, stored_group;
    std::string encoding;  // "raw", "string", "pickle", "json"
    std::optional<NcfStatistics> statistics;
    // The stored block.
    bool has_data = false, compressed = false;
    std::uint64_t offset = 0, size = 0;
};

struct NcfFile {
    NcfDialect dialect = NcfDialect::unknown;
    bool finalised = true, data_readable = false;
    std::string table, compression = "none";
    std::uint64_t rows = 0;                   // as the header says (json: as there are)
    std::optional<std::uint64_t> least_rows;  // what stands elsewhere contradicts `rows`: there are at least so many
    std::uint64_t created = 0, modified = 0;  // Unix seconds, 0 = not stored
    NcfChecksum checksum = NcfChecksum::absent;
    std::vector<NcfColumn> columns;
    std::vector<model::Finding> findings;
    std::uint64_t bytes_read = 0;

    bool has_error() const;
    // Something else says, or holds, so many rows.
    void contradict_rows(std::uint64_t others);
};

// Never fails on content: what is wrong stands in findings. With input.options.full the checksum is verified and the
// blocks' inflated sizes are checked. Pickled columns are opaque: a pickle is a program and is never run.
Result<NcfFile> read_ncf(const Input& input);

// The first values of a raw or string column. unsupported for opaque ones; corrupt or guard when the block lies.
Result<std::vector<std::optional<std::string>>> ncf_values(const Input& input, const NcfFile& file,
                                                           const NcfColumn& column, std::size_t count);

Result<Profile> profile_ncf(const Input& input);
Result<Rows> head_ncf(const Input& input, std::size_t count);

// "python", "optimized", "rust", "json"; "unknown".
std::string_view to_string(NcfDialect dialect);

}  // namespace neurolake::formats
