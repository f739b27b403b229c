// ncf_layout.hpp: the parts of the NCF reader: what lies where, the metadata maps, the column blocks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "formats/ncf.hpp"

namespace neurolake::formats {

inline constexpr std::uint64_t k_ncf_max_metadata = 16u << 20;  // schema, statistics
inline constexpr std::size_t k_ncf_max_columns = 100000;
inline constexpr std::size_t k_ncf_max_name = 64u << 10;

// Offsets of the sections; lengths are those of the payload behind a length prefix where the dialect has one.
struct NcfLayout {
    std::uint64_t schema = 0, schema_size = 0;
    std::uint64_t statistics = 0, statistics_size = 0;
    std::uint64_t data = 0, footer = 0;
};

// Bytes [offset, offset + size) of the file; shorter when it ends before.
Result<std::string> ncf_bytes(const Input& input, NcfFile& file, std::uint64_t offset, std::uint64_t size);

// Metadata maps (python, optimized) and arrays (rust). False: not what they must be, with a finding.
bool read_ncf_schema(std::string_view bytes, NcfFile& file);
bool read_ncf_statistics(std::string_view bytes, NcfFile& file);
// Takes out bounds and counts that cannot be, with a finding, and bounds that are not exact.
void leave_out_impossible_statistics(NcfFile& file);

// Places of the column blocks. False with a finding when they do not fill the data section.
Result<bool> locate_python_blocks(const Input& input, const NcfLayout& layout, NcfFile& file);
Result<bool> locate_rust_blocks(const Input& input, const NcfLayout& layout, NcfFile& file);
// What a block may not be: too large or too small for its rows, or one that counts others. Contradicts them.
Status check_ncf_blocks(const Input& input, NcfFile& file);
// Magic, and with options.full the checksum.
Status check_ncf_footer(const Input& input, const NcfLayout& layout, NcfFile& file);

// 0 = not a fixed-width type.
std::size_t ncf_width(std::string_view type);

// The notebook's JSON dialect; `text` is the whole file.
void read_ncf_json(std::string text, NcfFile& file);
Result<std::vector<std::optional<std::string>>> ncf_json_values(std::string text, const std::string& column,
                                                                std::size_t count);

}  // namespace neurolake::formats
