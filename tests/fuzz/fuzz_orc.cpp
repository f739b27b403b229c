// fuzz_orc.cpp: ORC files, their footers and the values of many rows.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t k_rows = 500;  // of several runs
    neurolake::fuzz::read_as("x.orc", bytes, size, k_rows);
    return 0;
}
