// test_plan.cpp: units, the choice by the marks, the sealed plan file.
// SPDX-License-Identifier: Apache-2.0
#include <utime.h>

#include "rig.hpp"

using namespace neurolake;
using namespace neurolake::tests;

namespace {

void age(const std::filesystem::path& path, int days) {
    const auto then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) - days * 86400;
    const struct utimbuf times { then, then };
    REQUIRE(::utime(path.c_str(), &times) == 0);
}

std::vector<std::string> paths_of(const tier::Plan& plan) {
    std::vector<std::string> out;
    for (const auto& unit : plan.units) out.push_back(unit.path);
    return out;
}

}  // namespace

TEST_CASE("the coldest go first, down to the low mark and no further", "[tier]") {
    Rig rig;
    for (int i = 1; i <= 5; ++i) {
        rig.write("f" + std::to_string(i), std::string(1000, 'x'));
        age(rig.file("f" + std::to_string(i)), i);
    }
    rig.policy.marks.threshold = tier::Mark{3000, "test"};
    rig.policy.marks.low = tier::Mark{2500, "test"};
    const auto plan = rig.plan();
    CHECK(plan.reason == "over the high mark");
    CHECK(paths_of(plan) == std::vector<std::string>{"f5", "f4", "f3"});
    CHECK(plan.bytes == 3000);
    rig.policy.marks.threshold = tier::Mark{5000, "test"};
    CHECK(rig.plan().units.empty());
    CHECK(rig.plan().reason == "below the high mark");
}

TEST_CASE("a table is one unit, as old as its youngest file", "[tier]") {
    Rig rig;
    rig.add_table("orders");
    rig.write("orders/a.csv", std::string(1000, 'x'));
    rig.write("orders/b.csv", std::string(1000, 'x'));
    rig.write("single", std::string(6000, 'x'));
    age(rig.file("orders/a.csv"), 30);
    age(rig.file("orders/b.csv"), 2);
    age(rig.file("single"), 10);
    rig.policy.marks.threshold = tier::Mark{5000, "test"};
    auto plan = rig.plan();
    REQUIRE(plan.units.size() == 1);
    CHECK(plan.units[0].path == "single");
    rig.policy.marks.low = tier::Mark{100, "test"};
    plan = rig.plan();
    REQUIRE(plan.units.size() == 2);
    CHECK(plan.units[1].table == "raw-data.orders");
    CHECK(plan.units[1].files.size() == 2);
}

TEST_CASE("partitions are units of their own", "[tier]") {
    Rig rig;
    rig.add_table("orders", {"orders/year=2023", "orders/year=2024"});
    rig.write("orders/year=2023/a.csv", "x");
    rig.write("orders/year=2024/a.csv", "x");
    rig.write("orders/year=2023/a.csv", std::string(9000, 'x'));
    rig.write("orders/year=2024/a.csv", std::string(9000, 'x'));
    rig.policy.marks.threshold = tier::Mark{10000, "test"};
    rig.policy.marks.low = tier::Mark{1, "test"};
    CHECK(rig.plan().units.size() == 2);
}

TEST_CASE("a file that a rule keeps, keeps its whole table", "[tier]") {
    Rig rig;
    rig.add_table("orders");
    rig.write("orders/a.csv", std::string(9000, 'x'));
    rig.write("orders/b.csv", std::string(9000, 'x'));
    rig.write("other", std::string(9000, 'x'));
    rig.policy.marks.threshold = tier::Mark{26000, "test"};
    rig.policy.marks.low = tier::Mark{1, "test"};
    CHECK(rig.plan().units.size() == 2);
    rig.pins.paths = {"raw-data/orders/b.csv"};
    const auto plan = rig.plan();
    CHECK(paths_of(plan) == std::vector<std::string>{"other"});
    REQUIRE(plan.kept.size() == 1);
    CHECK(plan.kept[0].rule == "pinned");
    CHECK(plan.kept[0].path == "raw-data/orders");
}

TEST_CASE("a table larger than all that may lie here goes file by file", "[tier]") {
    Rig rig;
    rig.add_table("orders");
    rig.write("orders/a.csv", std::string(9000, 'x'));
    rig.write("orders/b.csv", std::string(9000, 'x'));
    rig.policy.marks.threshold = tier::Mark{17999, "test"};
    const auto plan = rig.plan();
    REQUIRE(plan.units.size() == 1);
    CHECK(plan.units[0].path == "orders/a.csv");
    CHECK(plan.units[0].table == "raw-data.orders");
}

TEST_CASE("by hand a file moves below the mark, whatever its age and size, but never against a pin", "[tier]") {
    Rig rig;
    rig.write("a", "x");
    rig.write("b", "x");
    rig.policy.marks.threshold.reset();
    rig.policy.min_size = 1000;
    rig.policy.min_age_days = 9;
    tier::PlanRequest request;
    request.paths = {"raw-data/a"};
    auto plan = rig.plan(request);
    CHECK(plan.reason == "asked by path");
    CHECK(paths_of(plan) == std::vector<std::string>{"a"});
    rig.pins.paths = {"raw-data"};
    plan = rig.plan(request);
    CHECK(plan.units.empty());
}

TEST_CASE("buckets of tier cloud are emptied below the mark; nothing else is then", "[tier]") {
    Rig rig;
    rig.add_bucket("archive", lake::Tier::cloud);
    rig.write("a", std::string(9000, 'x'));
    rig.write("old", "x", "archive");
    rig.policy.marks.threshold.reset();
    const auto plan = rig.plan();
    REQUIRE(plan.units.size() == 1);
    CHECK(plan.units[0].bucket == "archive");
    CHECK(plan.units[0].rule == "tier_cloud");
    CHECK(plan.reason == "tier: cloud buckets");
}

TEST_CASE("a run moves no more than it may", "[tier]") {
    Rig rig;
    for (int i = 1; i <= 5; ++i) rig.write("f" + std::to_string(i), std::string(1000, 'x'));
    tier::PlanRequest request;
    request.limit = 2500;
    const auto plan = rig.plan(request);
    CHECK(plan.bytes == 2000);
    CHECK(plan.kept.size() == 3);
}

TEST_CASE("a plan is read back as it was made, and any change to it is found", "[tier]") {
    Rig rig;
    rig.write("a\xff\nb", std::string(5000, 'x'));
    rig.write("c", std::string(5000, 'x'));
    const auto plan = rig.plan();
    REQUIRE(plan.units.size() == 2);
    const auto text = json::dump(tier::to_json(plan), json::Style::pretty);
    const auto back = tier::plan_from_json(json::parse(text).value());
    REQUIRE(back);
    CHECK(back->id == plan.id);
    CHECK(json::dump(tier::to_json(*back)) == json::dump(tier::to_json(plan)));
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"5000", "5001"}, {"raw-data", "raw-dato"}}) {
        auto changed = text;
        changed.replace(changed.find(from), from.size(), to);
        const auto refused = tier::plan_from_json(json::parse(changed).value());
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::corrupt);
    }
}

TEST_CASE("why says of a path what the plan does with it", "[tier]") {
    Rig rig;
    rig.add_table("orders");
    rig.write("orders/a.csv", std::string(9000, 'x'));
    rig.write("orders/b.csv", std::string(9000, 'x'));
    rig.write("single", std::string(9000, 'x'));
    age(rig.file("single"), 3);
    rig.policy.marks.threshold = tier::Mark{20000, "test"};
    rig.pins.paths = {"raw-data/orders/b.csv"};
    const auto tree = rig.scan();
    const auto plan = rig.plan();
    const auto orders = tier::explain(rig.context(), tree, rig.pins, "raw-data/orders/a.csv");
    REQUIRE(orders);
    CHECK(!orders->planned);
    CHECK(orders->decision.rule == plan.kept[0].rule);
    CHECK(orders->decision.why == plan.kept[0].why);
    const auto single = tier::explain(rig.context(), tree, rig.pins, "raw-data/single");
    REQUIRE(single);
    CHECK(single->planned);
    CHECK(single->decision.why == plan.units[0].why);
    CHECK(!tier::explain(rig.context(), tree, rig.pins, "raw-data/none"));
}
