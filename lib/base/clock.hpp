// clock.hpp: time as a parameter, RFC 3339 in and out; all times are UTC nanoseconds since 1970.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

inline Time time_from_ns(std::int64_t ns) { return Time(std::chrono::nanoseconds(ns)); }
inline std::int64_t to_ns(Time t) { return t.time_since_epoch().count(); }

// Ages are UTC seconds: a day is 86,400 s, never calendar arithmetic in local time.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
};

class SystemClock final : public Clock {
public:
    Time now() const override;
};

class FixedClock final : public Clock {
public:
    explicit FixedClock(Time t) : m_now(t) {}
    Time now() const override { return m_now; }
    void set(Time t) { m_now = t; }

private:
    Time m_now;
};

enum class Precision { seconds, milliseconds, nanoseconds };
std::string to_rfc3339(Time t, Precision precision = Precision::seconds);  // "2026-11-22T08:31:00Z"
// Accepts Z and +hh:mm offsets, a space or T, fractions up to 9 digits, and a bare date (midnight UTC). usage on
// nonsense.
Result<Time> parse_rfc3339(std::string_view s);

// A file's time in nanoseconds since 1970. What does not fit (before 1677, after 2262) is the nearest end of the type.
constexpr std::int64_t saturated_ns(std::int64_t seconds, std::int64_t nanoseconds) {
    constexpr std::int64_t k_most = 9'223'372'035;
    if (seconds > k_most) return INT64_MAX;
    if (seconds < -k_most) return INT64_MIN;
    return seconds * 1'000'000'000 + nanoseconds;
}

}  // namespace neurolake
