// reader.hpp: one input through the door of formats: profiled, its first rows shown, and what comes out looked at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace neurolake::fuzz {

// Profiles the bytes under this file name, with every checksum verified, and shows the first rows; then everything of
// the profile is written as JSON and read back, as the catalog does. Stops the process when a promise is broken: an
// Error on content, a type that cannot be read back, a profile that does not say why its rows are not exact.
void read_as(const char* file_name, const std::uint8_t* bytes, std::size_t size, std::size_t rows_shown = 20);

}  // namespace neurolake::fuzz
