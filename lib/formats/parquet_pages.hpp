// parquet_pages.hpp: the first values of a column chunk of Parquet, with their levels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "formats/input.hpp"
#include "formats/parquet_footer.hpp"

namespace neurolake::formats {

// Where a leaf stands: the highest definition and repetition levels its values can have.
struct ParquetLeaf {
    const ParquetElement* element = nullptr;
    model::Type type;
    std::uint8_t definition = 0, repetition = 0;
};

struct ParquetEntry {
    std::uint8_t definition = 0, repetition = 0;
    json::Value value;  // where the definition level is the leaf's
};

struct ParquetEntries {
    std::vector<ParquetEntry> entries;
    std::uint64_t records = 0;  // whole ones
    bool cut = false;           // there are more, but no room for them
};

// What showing the rows of a file may cost: bytes inflated and read, and what is kept of a column.
struct ParquetBudget {
    std::uint64_t work = 256u << 20;
    std::uint64_t column = 8u << 20;
    std::uint64_t page = 8u << 20;  // that is read of a page at most
    // Pages that inflate to at most so much are read whole, whatever is wanted of them, while more than half of the
    // work is left: only of a whole one can damage be told from data.
    std::uint64_t whole_page = 0;
};

// Source: the Parquet format's README ("Data Pages") and Compression.md. Reads pages from the chunk's first on until
// there are `records` records, the chunk ends, or budget.column is used up (then there are fewer). Of a page larger
// than budget.whole_page only its beginning is read and inflated, as far as it is needed, at most budget.page of it: a
// record that goes on behind that is not given. What is read whole must be of the size, and have the CRC-32, that its
// header says. Errors: io; corrupt; unsupported: a codec or encoding that is not read, an encrypted column; guard: the
// first record is larger than we read.
Result<ParquetEntries> read_parquet_entries(const Input& input, const ParquetLeaf& leaf, const ParquetChunk& chunk,
                                            std::uint64_t records, ParquetBudget& budget);

// The same of a leaf that is neither repeated nor inside what is: each record's bytes as PLAIN stores them, or nothing
// where it is null, handed to `take` one by one; nothing is kept.
using ParquetTake = std::function<void(std::optional<std::string_view>)>;
Status read_parquet_bytes(const Input& input, const ParquetLeaf& leaf, const ParquetChunk& chunk, std::uint64_t records,
                          ParquetBudget& budget, const ParquetTake& take);

}  // namespace neurolake::formats
