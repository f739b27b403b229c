// orc_scalars.hpp: dates, timestamps and decimals of ORC as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time_zone.hpp"
#include "formats/orc_footer.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

// 1582-10-15 in days since 1970: before it, files of the old calendar count days of the Julian one.
inline constexpr std::int64_t k_gregorian_since = -141427;

// unsupported: a day before 1582 where the file has the old calendar.
Result<std::string> orc_date_text(std::int64_t days, bool old_calendar);

// Of a value with that many places, of a column whose type says how many it has. corrupt: no such number of places.
Result<std::string> orc_decimal_text(WideInteger value, std::int64_t scale, const OrcType& type);

// Timestamps without a zone are stored by the clock of the writer's zone: nothing where that is UTC. unsupported: the
// file does not name it, or this system does not know it.
Result<std::optional<TimeZone>> orc_zone(std::string_view name);

// Seconds since 2015 by that clock, and packed nanoseconds, as the specification has them: as its clock showed them. Of
// an instant, `zone` is nothing. Errors: corrupt; as of dates.
Result<std::string> orc_timestamp_text(std::int64_t seconds, std::uint64_t packed_nanos, bool is_instant,
                                       bool old_calendar, const std::optional<TimeZone>& zone = {});

}  // namespace neurolake::formats
