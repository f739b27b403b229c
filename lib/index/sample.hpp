// sample.hpp: a table's first rows, kept in the catalog: they can be looked at while the data is in the cloud.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/formats.hpp"
#include "index/grouping.hpp"
#include "model/table.hpp"

namespace neurolake::index {

using Cells = std::vector<std::optional<std::string>>;  // nullopt = null

// An entry of catalog::List::samples. Bounded: 20 rows, 100 columns, 64 bytes a cell, 16 KiB in all; what is longer is
// cut, which a cell tells by "...". Values of columns about people are masked before they are kept.
struct Sample {
    std::string table_id, table;  // full name when it was taken
    std::string path;             // the file of the first row, inside the bucket
    std::vector<std::string> columns;
    std::vector<bool> masked;  // parallel to columns
    std::vector<Cells> rows;   // in the order of `columns`
    friend bool operator==(const Sample&, const Sample&) = default;
};

inline constexpr std::size_t k_sample_rows = 20;

std::string to_entry(const Sample& sample);
Result<Sample> sample_from_entry(std::string_view entry);

// Adds a file's rows to `out`, in the table's column order: columns that the file does not have are null, partition
// columns come from its path (inside the bucket). Until `out` holds `wanted`.
void add_rows(const model::Table& table, const std::string& path, const formats::Rows& rows, std::size_t wanted,
              std::vector<Cells>& out);

// From the table's first files that are here. nullopt when none of them has rows to show.
std::optional<Sample> take_sample(const model::Table& table, const Group& group, int bucket_fd);

// Masks what is about people now and was not when the sample was taken; the sample is then as if taken now.
void mask(Sample& sample, const model::Table& table);

}  // namespace neurolake::index
