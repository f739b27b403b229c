// time_zone.hpp: how far the clocks of a zone are ahead of UTC, from the system's time zone database.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace neurolake {

// Source: RFC 9636 (TZif) and, for the rule at its end, POSIX's TZ variable.
class TimeZone {
public:
    // By its name ("Europe/Berlin"), from the folder that TZDIR names, else /usr/share/zoneinfo. not_found: there is no
    // such zone; corrupt, unsupported: as of parse.
    static Result<TimeZone> load(std::string_view name);
    // corrupt: the bytes are no TZif file; unsupported: a rule by the days of the year.
    static Result<TimeZone> parse(std::string_view tzif);

    // In seconds, at an instant in seconds since 1970.
    std::int32_t offset_at(std::int64_t instant) const;

private:
    struct Day {  // the so-many-th weekday of a month, 5 is its last one; and the time on it, in seconds
        unsigned month = 1, week = 1, weekday = 0;
        std::int32_t time = 0;
    };
    struct Rule {
        std::int32_t standard = 0, summer = 0;
        std::optional<std::pair<Day, Day>> between;  // when it is summer
    };
    class RuleReader;
    static std::int64_t seconds_of(const Day& day, std::chrono::year year);
    std::int32_t by_rule(std::int64_t instant) const;

    std::vector<std::pair<std::int64_t, std::int32_t>> m_changes;  // from when on which offset
    std::int32_t m_before = 0;                                     // the first change
    std::optional<Rule> m_after;                                   // the last change
};

}  // namespace neurolake
