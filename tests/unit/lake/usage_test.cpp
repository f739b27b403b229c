// usage_test.cpp: the history of use and the forecast made of it.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "lake/usage.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;

namespace {

Time day(double n) { return time_from_ns(1'760'000'000'000'000'000 + static_cast<std::int64_t>(n * 86'400e9)); }

}  // namespace

TEST_CASE("usage is noted once an hour and read back in order of time", "[lake]") {
    tests::Scratch scratch;
    const auto file = scratch.path() / "usage.jsonl";
    CHECK(read_usage(file)->empty());
    REQUIRE(add_usage(file, {day(0), 10, 1}));
    REQUIRE(add_usage(file, {day(0.01), 20, 2}));
    REQUIRE(add_usage(file, {day(1), 30, 3}));
    REQUIRE(add_usage(file, {day(0.5), 40, 4}));
    std::ofstream(file, std::ios::app) << "{\"at\":\"torn";
    const auto points = read_usage(file);
    REQUIRE(points);
    REQUIRE(points->size() == 2);
    CHECK(points->at(0).local == 10);
    CHECK(points->at(1).at == day(1));
    CHECK(points->at(1).cloud == 3);
}

TEST_CASE("a long history is thinned to a point a day and 400 days", "[lake]") {
    tests::Scratch scratch;
    const auto file = scratch.path() / "usage.jsonl";
    {
        std::ofstream out(file);
        for (int i = 0; i < 24 * 500; ++i)
            out << "{\"at\":\"" << to_rfc3339(day(i / 24.0)) << "\",\"local_bytes\":" << i << ",\"cloud_bytes\":0}\n";
    }
    REQUIRE(add_usage(file, {day(501), 7, 0}));
    const auto points = read_usage(file);
    REQUIRE(points);
    CHECK(points->size() == 400);
    CHECK(points->back().local == 7);
    CHECK(std::filesystem::file_size(file) < (64u << 10));
}

TEST_CASE("the forecast is the line through the last 30 days, and burst is no shrinking", "[lake]") {
    std::vector<UsagePoint> history{{day(-40), 0, 0}};  // outside the window
    for (int i = -20; i < 0; ++i) {
        const auto total = static_cast<std::uint64_t>(1000 + 10 * (i + 20));
        history.push_back({day(i), i < -10 ? total : total - 500, i < -10 ? 0u : 500u});
    }
    const auto found = forecast(history, {day(0), 700, 500}, 800, 1000);
    REQUIRE(found);
    CHECK(found->bytes_per_day == Approx(10));
    CHECK(*found->days_to_high == Approx(10));
    CHECK(*found->days_to_full == Approx(30));
    CHECK(*forecast(history, {day(0), 900, 300}, 800, 1000)->days_to_high == 0);
}

TEST_CASE("without growth or a day of history nothing is foretold", "[lake]") {
    CHECK_FALSE(forecast({}, {day(0), 5, 0}, 10, 20));
    CHECK_FALSE(forecast({{day(-0.5), 1, 0}}, {day(0), 5, 0}, 10, 20));
    const auto flat = forecast({{day(-5), 5, 0}}, {day(0), 5, 0}, 10, 20);
    REQUIRE(flat);
    CHECK_FALSE(flat->days_to_high);
    const auto falling = forecast({{day(-5), 9, 0}}, {day(0), 5, 0}, 10, 20);
    REQUIRE(falling);
    CHECK(falling->bytes_per_day < 0);
    CHECK_FALSE(falling->days_to_full);
    // A point from a wrong clock's future is left out.
    CHECK_FALSE(forecast({{day(3), 1, 0}}, {day(0), 5, 0}, 10, 20));
}
