// fuzz_json_lines.cpp: JSON Lines.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    neurolake::fuzz::read_as("x.jsonl", bytes, size);
    return 0;
}
