// test_policy.cpp: the marks, and each rule that decides for a file.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "support/scratch.hpp"
#include "tier/policy.hpp"

using namespace neurolake;
using namespace neurolake::tier;

namespace {

constexpr std::int64_t k_second = 1'000'000'000;
const Time k_now = time_from_ns(1'800'000'000 * k_second);

lake::FileRecord file_of(const std::string& path, std::uint64_t size, double age_days) {
    lake::FileRecord file;
    file.path = path;
    file.size = size;
    file.mtime_ns = to_ns(k_now) - static_cast<std::int64_t>(age_days * 86400) * k_second;
    return file;
}

struct Case {
    const char* what;
    std::string rule;
    bool movable;
    std::function<void(Policy&, lake::Bucket&, Pins&, lake::FileRecord&)> set;
};

}  // namespace

TEST_CASE("each rule of burst decides as its words say", "[tier]") {
    const std::vector<Case> cases = {
        {"nothing special", "coldest_first", true, [](auto&, auto&, auto&, auto&) {}},
        {"tier pinned", "tier_pinned", false, [](auto&, auto& b, auto&, auto&) { b.tier = lake::Tier::pinned; }},
        {"pinned file", "pinned", false, [](auto&, auto&, auto& pins, auto&) { pins.paths = {"raw-data/a/b.csv"}; }},
        {"pinned folder", "pinned", false, [](auto&, auto&, auto& pins, auto&) { pins.paths = {"raw-data/a"}; }},
        {"a pin of a longer name", "coldest_first", true,
         [](auto&, auto&, auto& pins, auto&) { pins.paths = {"raw-data/a/b"}; }},
        {"switched off", "burst_disabled", false, [](auto& p, auto&, auto&, auto&) { p.enabled = false; }},
        {"excluded", "excluded", false, [](auto& p, auto&, auto&, auto&) { p.exclude = {"raw-data/**/*.csv"}; }},
        {"excluded by its bucket", "excluded", false,
         [](auto&, auto& b, auto&, auto&) { b.burst.exclude = std::vector<std::string>{"a/*"}; }},
        {"the bucket's own list stands instead of the lake's", "coldest_first", true,
         [](auto& p, auto& b, auto&, auto&) {
             p.exclude = {"**"};
             b.burst.exclude = std::vector<std::string>{};
         }},
        {"not included", "not_included", false, [](auto& p, auto&, auto&, auto&) { p.include = {"*.parquet"}; }},
        {"included", "coldest_first", true, [](auto& p, auto&, auto&, auto&) { p.include = {"*.csv"}; }},
        {"too small", "too_small", false, [](auto&, auto&, auto&, auto& f) { f.size = 100; }},
        {"too young", "too_young", false, [](auto& p, auto&, auto&, auto&) { p.min_age_days = 20; }},
        {"young by first sight", "too_young", false,
         [](auto& p, auto&, auto&, auto& f) {
             p.min_age_days = 5;
             f.first_seen_ns = to_ns(k_now) - 86400 * k_second;
         }},
        {"just written", "settling", false, [](auto&, auto&, auto&, auto& f) { f.mtime_ns = to_ns(k_now) - k_second; }},
        {"settling is never under two seconds", "settling", false,
         [](auto& p, auto&, auto&, auto& f) {
             p.settle_seconds = 0;
             f.mtime_ns = to_ns(k_now) - k_second;
         }},
        {"a time in the future", "settling", false,
         [](auto&, auto&, auto&, auto& f) { f.mtime_ns = to_ns(k_now) + 86400 * k_second; }},
        {"tier cloud", "tier_cloud", true, [](auto&, auto& b, auto&, auto&) { b.tier = lake::Tier::cloud; }},
        {"tier cloud asks neither age nor size", "tier_cloud", true,
         [](auto& p, auto& b, auto&, auto& f) {
             b.tier = lake::Tier::cloud;
             p.min_age_days = 99;
             f.size = 1;
         }},
        {"but its own rules hold", "too_small", false,
         [](auto&, auto& b, auto&, auto& f) {
             b.tier = lake::Tier::cloud;
             b.burst.min_size = 10;
             f.size = 1;
         }},
    };
    for (const auto& one : cases) {
        INFO(one.what);
        Policy policy;
        lake::Bucket bucket;
        bucket.name = "raw-data";
        Pins pins;
        auto file = file_of("a/b.csv", 1 << 20, 10);
        one.set(policy, bucket, pins, file);
        const auto decision = decide(policy, bucket, pins, file, k_now);
        CHECK(decision.rule == one.rule);
        CHECK(decision.movable == one.movable);
        CHECK(!decision.why.empty());
    }
}

TEST_CASE("a file that came back yesterday is not the coldest today", "[tier]") {
    lake::Bucket bucket;
    bucket.name = "raw-data";
    const auto file = file_of("a", 1 << 20, 100);
    const auto cold = decide({}, bucket, {}, file, k_now);
    const auto warm = decide({}, bucket, {}, file, k_now, k_now - std::chrono::hours(24));
    CHECK(cold.score == Approx(100 * 86400));
    CHECK(warm.score == Approx(86400));
}

TEST_CASE("the high mark is the lowest of all bounds, and says which", "[tier]") {
    MarkSettings settings;
    settings.capacity = {1000, "capacity"};
    settings.min_free_percent = 10;
    SECTION("capacity") { CHECK(effective_marks(settings, 0, 0, 0).high.origin == "capacity"); }
    SECTION("threshold") {
        settings.threshold = Mark{800, "threshold"};
        const auto marks = effective_marks(settings, 0, 100000, 90000);
        CHECK(marks.high.bytes == 800);
        CHECK(marks.high.origin == "threshold");
        CHECK(marks.low.bytes == 720);
    }
    SECTION("percent") {
        settings.threshold_percent = 50;
        settings.threshold_percent_origin = "percent";
        CHECK(effective_marks(settings, 0, 0, 0).high.bytes == 500);
    }
    SECTION("the disk: what is used and free, less what must stay free") {
        const auto marks = effective_marks(settings, 100, 2000, 350);
        CHECK(marks.high.bytes == 250);
        CHECK(marks.min_free == 200);
        CHECK(!marks.over());
    }
    SECTION("a full disk is over the mark") {
        const auto marks = effective_marks(settings, 100, 2000, 0);
        CHECK(marks.high.bytes == 0);
        CHECK(marks.over());
    }
    SECTION("a low mark over the high one does not count") {
        settings.low = Mark{5000, "low"};
        CHECK(effective_marks(settings, 0, 0, 0).low.bytes == 900);
        settings.low = Mark{300, "low"};
        CHECK(effective_marks(settings, 0, 0, 0).low.bytes == 300);
    }
}

TEST_CASE("pins are read as they were written, bytes and all", "[tier]") {
    const neurolake::tests::Scratch scratch;
    const auto file = scratch / "pins.json";
    CHECK(read_pins(file).value().paths.empty());
    REQUIRE(write_pins(file, Pins{{"raw-data/a", "raw-data/\xff\n"}}));
    CHECK(read_pins(file).value().paths == std::vector<std::string>{"raw-data/a", "raw-data/\xff\n"});
    scratch.write("pins.json", "{\"pins\":");
    const auto damaged = read_pins(file);
    REQUIRE(!damaged);
    CHECK(damaged.error().code == Errc::corrupt);
}

TEST_CASE("the policy's hash moves with every rule and mark", "[tier]") {
    lake::Bucket bucket;
    bucket.name = "b";
    const auto hash = [](const Policy& p, const lake::Bucket& b, const Pins& pins) {
        return policy_hash(p, {b}, pins).value();
    };
    const auto base = hash({}, bucket, {});
    Policy policy;
    policy.min_age_days = 1;
    CHECK(hash(policy, bucket, {}) != base);
    policy = {};
    policy.marks.threshold = Mark{1, "x"};
    CHECK(hash(policy, bucket, {}) != base);
    CHECK(hash({}, bucket, Pins{{"b/x"}}) != base);
    bucket.tier = lake::Tier::cloud;
    CHECK(hash({}, bucket, {}) != base);
}
