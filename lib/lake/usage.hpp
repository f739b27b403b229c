// usage.hpp: how full the lake was when, and when it will be full (.neurolake/usage.jsonl).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace neurolake::lake {

struct UsagePoint {
    Time at;
    std::uint64_t local = 0, cloud = 0;  // bytes of data here, bytes of originals in the cloud
};

// Points in order of time; lines that do not parse (torn by a crash) are skipped. A missing file is no history.
Result<std::vector<UsagePoint>> read_usage(const std::filesystem::path& file);

// Adds a point unless the last one is younger than an hour, or lies in the future of `point` (a tried clock must not
// spoil the history). One line by one write; no lock is needed. The file is thinned to one point a day, 400 days, when
// it grows past 64 KiB. Mode 0600.
Status add_usage(const std::filesystem::path& file, const UsagePoint& point);

struct Forecast {
    double bytes_per_day = 0;            // of all data, wherever it lies: burst is no shrinking
    std::optional<double> days_to_high;  // until the high mark; unset when it does not grow
    std::optional<double> days_to_full;  // until the capacity
};
// The line of least squares through the last 30 days. nullopt with less than a day of history. `local` counts against
// the marks, so growth is that of local and cloud together, starting from the local bytes of now.
std::optional<Forecast> forecast(const std::vector<UsagePoint>& history, const UsagePoint& now, std::uint64_t high,
                                 std::uint64_t capacity);

}  // namespace neurolake::lake
