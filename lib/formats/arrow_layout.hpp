// arrow_layout.hpp: how the values of an Arrow schema's fields are stored: what is needed to read them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/flatbuffer.hpp"

namespace neurolake::formats {

// The union Type of Schema.fbs.
enum class ArrowStored : std::uint8_t {
    none,
    null,
    integer,
    real,
    binary,
    utf8,
    boolean,
    decimal,
    date,
    time,
    timestamp,
    interval,
    list,
    structure,
    one_of,
    fixed_binary,
    fixed_list,
    map,
    duration,
    large_binary,
    large_utf8,
    large_list,
    run_end,
    binary_view,
    utf8_view,
    list_view,
    large_list_view,
};

struct ArrowLayout {
    enum class Meaning : std::uint8_t {
        plain,
        uuid,
        boolean,
        in_zone
    } meaning = Meaning::plain;  // in_zone: an instant
    ArrowStored stored = ArrowStored::none;
    std::uint8_t unit = 0;          // of times, as Schema.fbs numbers them
    bool is_signed = true;          // of integers
    bool dense = false;             // of unions
    bool index_is_signed = true;    // of what stands for the values of a dictionary
    std::uint8_t index_width = 4;   // the same
    std::uint32_t width = 0;        // bytes of a value where all have as many; 0: others, and bits
    int scale = 0;                  // of decimals
    std::uint32_t items = 0;        // of each fixed list
    std::string_view name;          // points into the schema
    std::vector<std::int32_t> ids;  // of unions: what stands for which child; empty: its place
    std::vector<ArrowLayout> children;
    std::optional<std::int64_t> dictionary;  // its id; then the fields above are those of the dictionary's values

    bool has_buffers() const { return stored != ArrowStored::null && stored != ArrowStored::run_end; }
    bool is_view() const { return stored == ArrowStored::binary_view || stored == ArrowStored::utf8_view; }
    bool is_bytes() const {
        return stored == ArrowStored::binary || stored == ArrowStored::large_binary ||
               stored == ArrowStored::binary_view || stored == ArrowStored::fixed_binary;
    }
};

// Source: the Arrow columnar format 1.5, Schema.fbs. The schema must be one that read_arrow_schema takes, and outlive
// what is made of it. corrupt: a type that has no sense; unsupported: numbers with the highest byte first.
Result<std::vector<ArrowLayout>> read_arrow_layout(const FlatTable& schema);

bool has_dictionary(const std::vector<ArrowLayout>& fields);

}  // namespace neurolake::formats
