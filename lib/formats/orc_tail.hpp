// orc_tail.hpp: the end of an ORC file: its postscript, and its footer inflated.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/input.hpp"
#include "formats/orc_chunks.hpp"

namespace neurolake::formats {

struct OrcTail {
    std::string footer;  // a protobuf message
    OrcCompression compression;
    std::uint64_t body_end = 0;  // where the stripes end at the latest
    std::uint64_t bytes_read = 0;
    std::optional<model::Finding> verdict;  // why there is no footer to read: cut, damaged, too large
};

// Source: the ORC specification v1, "File Tail", "Postscript", "Compression". Reads at most 8 MiB of stored footer,
// which inflate to at most 16 MiB. Errors: io.
Result<OrcTail> read_orc_tail(const Input& input);

}  // namespace neurolake::formats
