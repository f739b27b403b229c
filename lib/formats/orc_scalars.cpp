// orc_scalars.cpp: what the specification says of days, seconds and places.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_scalars.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <limits>

#include "base/text.hpp"
#include "formats/cell.hpp"

namespace neurolake::formats {
namespace {

Error of_old_calendar() {
    return {Errc::unsupported, "it has a day before 1582 of the Julian calendar, which is not read here"};
}

}  // namespace

Result<std::string> orc_date_text(std::int64_t days, bool old_calendar) {
    if (old_calendar && days < k_gregorian_since) return of_old_calendar();
    return stored_time_text(model::TypeKind::date, days, 0);
}

Result<std::string> orc_decimal_text(WideInteger value, std::int64_t scale, const OrcType& type) {
    constexpr std::int64_t k_most_places = 38;
    if (scale < 0 || scale > k_most_places) return Error(Errc::corrupt, "a decimal has places that it cannot have");
    std::string text = scaled_text(value, static_cast<int>(scale));
    if (!type.is_sized_decimal()) return text;
    const auto places = static_cast<std::int64_t>(type.scale);
    if (scale < places) {
        if (scale == 0) text += '.';
        text.append(static_cast<std::size_t>(places - scale), '0');
    }
    for (; scale > places && text.back() == '0'; --scale) text.pop_back();
    if (places == 0 && text.back() == '.') text.pop_back();
    return text;
}

Result<std::string> orc_timestamp_text(std::int64_t seconds, std::uint64_t packed_nanos, bool is_instant,
                                       bool old_calendar, const std::optional<TimeZone>& zone) {
    constexpr std::int64_t k_epoch = 1420070400, k_day = 86400;  // 2015-01-01
    constexpr std::int64_t k_second = 1000000000, k_millisecond = 1000000;
    constexpr std::int64_t k_farthest =
        std::numeric_limits<std::int64_t>::max() - 2 * k_day;  // so that zones can be added
    std::int64_t nanos = static_cast<std::int64_t>(packed_nanos) >> 3;
    if (const std::uint64_t zeros = packed_nanos & 7; zeros != 0)
        for (std::uint64_t i = 0; i <= zeros && std::abs(nanos) < k_second; ++i) nanos *= 10;
    if (std::abs(nanos) >= k_second || __builtin_add_overflow(seconds, k_epoch, &seconds) ||
        std::abs(seconds) > k_farthest)
        return Error(Errc::corrupt, "a timestamp is none");
    if (zone) {
        const std::int64_t instant = seconds - zone->offset_at(k_epoch - zone->offset_at(k_epoch));
        seconds = instant + zone->offset_at(instant);
    }
    // Before 1970 the writers of ORC cut seconds towards it once there is more than a millisecond; ClickHouse always,
    // and lets the rest be negative.
    if (nanos < 0) {
        --seconds;
        nanos += k_second;
    } else if (seconds < 0 && nanos >= k_millisecond) {
        --seconds;
    }
    if (old_calendar && seconds < k_gregorian_since * k_day) return of_old_calendar();
    return timestamp_text(seconds, static_cast<std::uint32_t>(nanos)) + (is_instant ? "Z" : "");
}

Result<std::optional<TimeZone>> orc_zone(std::string_view name) {
    constexpr std::array<std::string_view, 6> k_utc{"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Z", "Zulu"};
    for (const std::string_view utc : k_utc)
        if (name == utc) return std::optional<TimeZone>();
    if (name.empty()) return Error(Errc::unsupported, "its timestamps are of a zone that the file does not name");
    auto zone = TimeZone::load(name);
    if (zone) return std::optional(std::move(*zone));
    return Error(Errc::unsupported,
                 fmt::format("its timestamps are by the clock of {}, which this system's time zones do not tell",
                             text::escape_controls(name)),
                 "install the system's time zones (Debian: tzdata)");
}

}  // namespace neurolake::formats
