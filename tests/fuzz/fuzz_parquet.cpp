// fuzz_parquet.cpp: Parquet footers, and the pages of the first rows.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    neurolake::fuzz::read_as("x.parquet", bytes, size);
    return 0;
}
