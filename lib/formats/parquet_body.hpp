// parquet_body.hpp: one page of a Parquet file: its header, and the beginning of its body, inflated.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/compress.hpp"
#include "formats/parquet_pages.hpp"

namespace neurolake::formats {

struct ParquetPage {
    enum class Kind { data, index, dictionary, data_v2 } kind = Kind::index;
    std::int64_t values = 0, encoding = -1;
    std::int64_t definition_encoding = 3, repetition_encoding = 3;
    std::uint64_t body = 0;                                    // offset in the file
    std::uint64_t stored_bytes = 0, inflated_bytes = 0;        // as claimed; stored_bytes lie in the file
    std::uint64_t repetition_bytes = 0, definition_bytes = 0;  // of data_v2: before the values, never compressed
    bool compressed = true;                                    // of data_v2: whether the codec was used
    std::optional<std::uint32_t> crc;                          // CRC-32 of the body as it is stored
};

struct ParquetBody {
    std::string repetition, definition;  // of data_v2
    std::string values;                  // of data: levels, then values
    bool cut = false;                    // there is more than was read
};

// The pages of one column chunk, of which at most `limit` bytes are read and inflated each.
class ParquetFile {
public:
    ParquetFile(const Input& input, int codec, std::uint64_t limit, ParquetBudget& budget)
        : m_input(input), m_codec(codec), m_limit(limit), m_budget(budget) {}

    // corrupt: no page header there, or a page that does not lie in the file; guard: the budget is used up.
    Result<ParquetPage> page(std::uint64_t at);
    // corrupt: it inflates to less than its header says, or, where it is read whole, to more or from other bytes;
    // guard; unsupported: a codec that is not read.
    Result<ParquetBody> body(const ParquetPage& page);

private:
    Status spend(std::uint64_t bytes);
    Result<std::string> stored(std::uint64_t at, std::uint64_t size);
    // `wanted` bytes from the front of what lies in stored_bytes at `at`; `whole`: there should be no more.
    struct Part {
        std::uint64_t at = 0, stored_bytes = 0, wanted = 0;
        bool whole = false;
    };
    Result<std::string> beginning(const Part& part, int codec);
    Result<std::string> inflated(const Part& part, int codec);
    Result<std::string> streamed(const Part& part, Compression codec);
    std::uint64_t most_of(std::uint64_t size) const;
    Status check_crc(const ParquetPage& page);

    const Input& m_input;
    int m_codec;
    std::uint64_t m_limit;
    ParquetBudget& m_budget;
};

}  // namespace neurolake::formats
