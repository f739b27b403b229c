// fuzz_json.cpp: JSON: one value, an array, GeoJSON.
// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    neurolake::fuzz::read_as("x.json", bytes, size);
    return 0;
}
