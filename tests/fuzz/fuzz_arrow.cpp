// fuzz_arrow.cpp: Arrow IPC files and streams.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    neurolake::fuzz::read_as("x.arrow", bytes, size);
    return 0;
}
