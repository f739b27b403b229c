// time_zone_test.cpp: zones of the TZif format, their changes and the rules behind them.
// SPDX-License-Identifier: Apache-2.0
#include "base/time_zone.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace neurolake;

namespace {

std::string number(std::int64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
    return out;
}

struct Change {
    std::int64_t from;
    int type;
};

// A file with one block of 64 bits behind an empty one.
std::string tzif(const std::vector<std::int32_t>& offsets, const std::vector<Change>& changes,
                 const std::string& rule) {
    std::string out = "TZif2" + std::string(39, '\0');
    out += "TZif2" + std::string(27, '\0') + number(static_cast<std::int64_t>(changes.size()), 4) +
           number(static_cast<std::int64_t>(offsets.size()), 4) + number(4, 4);
    for (const Change& change : changes) out += number(change.from, 8);
    for (const Change& change : changes) out += static_cast<char>(change.type);
    for (const std::int32_t offset : offsets) out += number(offset, 4) + std::string(2, '\0');
    return out + std::string("XYZ\0", 4) + "\n" + rule + "\n";
}

}  // namespace

TEST_CASE("a zone has the offset of its last change", "[base]") {
    const auto zone = TimeZone::parse(tzif({-100, 3600, 7200}, {{1000, 1}, {2000, 2}, {3000, 1}}, ""));
    REQUIRE(zone.has_value());
    CHECK(zone->offset_at(-5000000000) == -100);
    CHECK(zone->offset_at(999) == -100);
    CHECK(zone->offset_at(1000) == 3600);
    CHECK(zone->offset_at(2999) == 7200);
    CHECK(zone->offset_at(4000000000) == 3600);
}

TEST_CASE("behind its last change a zone follows its rule", "[base]") {
    const auto berlin = TimeZone::parse(tzif({3600}, {}, "CET-1CEST,M3.5.0,M10.5.0/3"));
    REQUIRE(berlin.has_value());
    CHECK(berlin->offset_at(1711846799) == 3600);  // 2024-03-31 00:59:59 UTC
    CHECK(berlin->offset_at(1711846800) == 7200);
    CHECK(berlin->offset_at(1729990799) == 7200);  // 2024-10-27 00:59:59 UTC
    CHECK(berlin->offset_at(1729990800) == 3600);
    const auto new_york = TimeZone::parse(tzif({-18000}, {}, "EST5EDT,M3.2.0,M11.1.0"));
    REQUIRE(new_york.has_value());
    CHECK(new_york->offset_at(1710053999) == -18000);  // 2024-03-10 06:59:59 UTC
    CHECK(new_york->offset_at(1710054000) == -14400);
    CHECK(new_york->offset_at(1730613600) == -18000);  // 2024-11-03 06:00:00 UTC
    // South of the equator summer goes over the new year.
    const auto sydney = TimeZone::parse(tzif({36000}, {}, "AEST-10AEDT,M10.1.0,M4.1.0/3"));
    REQUIRE(sydney.has_value());
    CHECK(sydney->offset_at(1704067200) == 39600);  // January
    CHECK(sydney->offset_at(1719792000) == 36000);  // July
    const auto kathmandu = TimeZone::parse(tzif({0}, {}, "<+0545>-5:45"));
    REQUIRE(kathmandu.has_value());
    CHECK(kathmandu->offset_at(0) == 20700);
    CHECK(TimeZone::parse(tzif({0}, {}, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"))->offset_at(1719792000) == -3600);
}

TEST_CASE("what is no zone is refused", "[base]") {
    CHECK(TimeZone::parse("").error().code == Errc::corrupt);
    CHECK(TimeZone::parse("TZif2").error().code == Errc::corrupt);
    const std::string whole = tzif({0, 1}, {{1, 0}, {2, 1}}, "UTC0");
    for (std::size_t size = 0; size + 6 < whole.size(); ++size)
        CHECK_FALSE(TimeZone::parse(std::string_view(whole).substr(0, size)).has_value());
    CHECK(TimeZone::parse(tzif({0}, {{1, 1}}, "")).error().code == Errc::corrupt);
    CHECK(TimeZone::parse(tzif({0}, {{2, 0}, {1, 0}}, "")).error().code == Errc::corrupt);
    CHECK(TimeZone::parse(tzif({}, {}, "")).error().code == Errc::corrupt);
    CHECK(TimeZone::parse(tzif({0}, {}, "A1")).has_value());
    CHECK(TimeZone::parse(tzif({0}, {}, "1")).error().code == Errc::corrupt);
    CHECK(TimeZone::parse(tzif({0}, {}, "AB1CD,J60,J300")).error().code == Errc::unsupported);
    CHECK(TimeZone::parse(tzif({0}, {}, "AB1CD,M13.1.0,M1.1.0")).error().code == Errc::unsupported);
    for (const char* name : {"", "../../etc/passwd", "/etc/passwd", "Nowhere/Near", "a b", "localtime"})
        CHECK(TimeZone::load(name).error().code == Errc::not_found);
}
