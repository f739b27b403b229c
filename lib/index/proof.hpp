// proof.hpp: the row that forced a column's type, looked up in its file again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/workers.hpp"
#include "index/profile_store.hpp"
#include "lake/inventory.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// What reading the file again says of the evidence.
struct Proof {
    bool same_content = false;           // size and time are those of the content that was indexed
    bool forced = false;                 // the row still forces the type, as the evidence says
    bool with_later_rows = false;        // ... together with rows behind it: the one date, in row 1, among numbers
    std::optional<std::string> value;    // the cell of that row; nullopt: null, not there, or too far into the file
    std::optional<model::Type> without;  // the type of all rows before it; nullopt when it is the first
};

// The content a file had when it was indexed, and how many of its first rows were read (0: all).
struct IndexedAs {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t sampled_rows = 0;
};

// Reads the rows up to Evidence::forced_row (1-based, not 0) of an open file by the code that typed them first, and all
// rows where these force nothing: the evidence names the first of the few among the many, and these may follow. Memory
// is bounded: the value itself is looked up only within the first few million cells. Errors: io, cancelled.
Result<Proof> prove(int fd, std::string_view file_name, const model::Column& column, const IndexedAs& indexed,
                    const CancelFlag& cancel);

// What the column is in the table's files but one, by what the last index knew of them.
struct OtherFiles {
    model::Type type;  // unknown: no value in them
    std::uint64_t files = 0, rows = 0;
};
OtherFiles other_files(const ProfileStore& profiles, const lake::Inventory& inventory, const model::Table& table,
                       const std::string& column, const std::string& but);

}  // namespace neurolake::index
