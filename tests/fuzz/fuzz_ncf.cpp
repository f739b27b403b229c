// fuzz_ncf.cpp: NCF in all its dialects.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    neurolake::fuzz::read_as("x.ncf", bytes, size);
    return 0;
}
