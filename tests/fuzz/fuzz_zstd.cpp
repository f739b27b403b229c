// fuzz_zstd.cpp: Zstandard framing round text.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    neurolake::fuzz::read_as("x.jsonl.zst", bytes, size);
    return 0;
}
