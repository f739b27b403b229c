// fuzz_arrow.cpp: Arrow IPC files and streams, their metadata and the values of many rows.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t k_rows = 500;  // of several batches
    neurolake::fuzz::read_as("x.arrow", bytes, size, k_rows);
    return 0;
}
