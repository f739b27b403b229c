// value_text.hpp: values of binary formats as text for people: decimals, times, bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/type.hpp"

namespace neurolake::formats {

__extension__ typedef __int128 WideInteger;  // holds every integer and decimal(38)

// A signed integer of at most 16 bytes, the highest first; nothing when there are more, or none.
std::optional<WideInteger> big_endian_integer(std::string_view bytes);
std::string wide_text(WideInteger value);
// The digits of a signed integer of any size, the lowest byte first.
std::string wide_text(std::string_view bytes);
// "-12.50" of -1250 and scale 2.
std::string scaled_text(WideInteger value, int scale);
std::string scaled_text(std::string digits, int scale);

// A date in days (per_second 0), or a time of day or timestamp in units of 1/per_second: as text the way it is written
// in a CSV file, an instant with Z behind it. What no calendar has is the plain number.
std::string stored_time_text(model::TypeKind kind, std::int64_t stored, std::uint32_t per_second);

// As much of a text as a bound keeps.
inline constexpr std::size_t k_bound_bytes = 256;
// A text that was cut after a number of bytes, without a character that lost its end.
std::string whole_characters(std::string text);

std::string uuid_text(std::string_view sixteen_bytes);
// 0x0aff...; at most 64 bytes, then "...".
std::string bytes_text(std::string_view bytes);

}  // namespace neurolake::formats
