// orc_footer.hpp: the footer of an ORC file as plain structures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/type.hpp"

namespace neurolake::formats {

// Type.Kind of orc_proto.proto.
enum class OrcKind : std::uint8_t {
    boolean,
    byte,
    short_integer,
    integer,
    long_integer,
    real,
    double_real,
    string,
    binary,
    timestamp,  // without zone
    list,
    map,
    structure,
    one_of,  // union
    decimal,
    date,
    varchar,
    character,
    instant,  // timestamp with local time zone
    newer,    // what came later
};

// One node of the tree of types; nodes are numbered in depth-first order, 0 is the row.
struct OrcType {
    OrcKind kind = OrcKind::structure;
    std::vector<std::uint32_t> children;  // numbers of nodes
    std::vector<std::string_view> names;  // of a structure's children; views into the footer
    std::uint64_t length = 0, precision = 0, scale = 0;

    // The first writers did not say how many digits a decimal has: each value says it of itself.
    bool is_sized_decimal() const {
        constexpr std::uint64_t k_widest = 38;
        return precision > 0 && precision <= k_widest && scale <= precision;
    }
};

// What the footer says of one column's values; nothing where it says nothing, or nothing that can be trusted.
struct OrcStatistics {
    std::optional<std::uint64_t> values;  // that are no nulls
    std::optional<std::string> min, max;  // as text for people
};

// In bytes, one after the other: index, data, footer.
struct OrcStripePlace {
    std::uint64_t offset = 0, index_bytes = 0, data_bytes = 0, footer_bytes = 0, rows = 0;
};

struct OrcFooter {
    std::vector<OrcType> types;
    std::uint64_t rows = 0, stripes = 0, stripe_rows = 0;
    std::uint64_t outside = 0;                  // stripes that claim bytes behind `body_end`
    std::vector<OrcStripePlace> first_stripes;  // as many as we may have to look into, up to one that lies outside
    std::string writer;                         // "ORC C++ 2.0.2"; empty where it is not told
    bool encrypted = false;                     // some columns are
    bool old_calendar = true;                   // dates before 1582-10-15 may be of the Julian calendar
};

// A column of the table.
struct OrcColumn {
    std::string name, declared;  // declared: "varchar(20)"
    model::Type type;
    std::uint32_t node = 0;  // its type's number, and that of its statistics
};

// Source: the ORC specification v1 and orc_proto.proto. `bytes` must outlive the footer. corrupt when it is not what it
// must be, guard when it has more types than we read.
Result<OrcFooter> decode_orc_footer(std::string_view bytes, std::uint64_t body_end);

// The columns: those of the row where it is a structure, else one of the name "value". corrupt when the tree does not
// add up, guard when it is deeper than we read.
Result<std::vector<OrcColumn>> orc_columns(const OrcFooter& footer);

// What the footer says of each of the columns.
std::vector<OrcStatistics> orc_statistics(std::string_view bytes, const OrcFooter& footer,
                                          const std::vector<OrcColumn>& columns);

}  // namespace neurolake::formats
