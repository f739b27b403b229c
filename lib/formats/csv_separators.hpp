// csv_separators.hpp: finds the delimiters and newlines of delimited text outside quotes, 64 bytes at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace neurolake::formats {

struct SeparatorSet {
    char delimiter = ',';
    char newline = '\n';
    char quote = '"';
    char escape = '\0';  // inside quotes, besides the doubled quote; rows are then parsed by hand
};

struct SeparatorSpan {
    std::size_t found = 0;    // positions written
    std::size_t scanned = 0;  // bytes looked at, from `begin`; all of them unless `out` was full or `irregular`
    bool irregular = false;   // a quote stands where the quick rules do not know it; from `scanned` on, parse by hand
    bool open_quote = false;  // all bytes scanned and still inside quotes: the last row is not whole
};

// `begin` is the start of a row. Writes the offsets from `begin` of all separators outside quotes, ascending. Quotes
// are known when they enclose whole cells and are doubled inside. `capacity` must be at least 128. Reads up to 63 bytes
// beyond `size`. Picks the widest instructions the processor has; every path gives the same result.
SeparatorSpan find_separators(const char* begin, std::size_t size, const SeparatorSet& set, std::uint32_t* out,
                              std::size_t capacity);

// The same by a named path ("portable", "sse2", "avx2"), for tests and benches; false when this processor lacks it.
bool find_separators_by(std::string_view path, const char* begin, std::size_t size, const SeparatorSet& set,
                        std::uint32_t* out, std::size_t capacity, SeparatorSpan& result);

}  // namespace neurolake::formats
