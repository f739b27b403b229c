// trash_test.cpp: what goes to the trash is whole, explained, and found again.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "retention/trash.hpp"
#include "support/scratch.hpp"

namespace fs = std::filesystem;
using namespace neurolake;

namespace {

struct World {
    tests::Scratch scratch;
    FixedClock clock{*parse_rfc3339("2026-11-22T08:31:00Z")};
    lake::Layout layout{scratch / "lake"};
    World() { REQUIRE(lake::Lake::create(layout.home, clock)); }
};

}  // namespace

TEST_CASE("a folder moved to the trash is gone from its place and whole in the trash", "[retention]") {
    World world;
    const auto bucket = world.layout.buckets / "old";
    world.scratch.write("lake/buckets/old/deep/a.csv", "1,2\n");
    retention::TrashRecord record;
    record.reason = "bucket_removed";
    record.path = "old";
    record.details.set("tier", "local");
    const auto moved = retention::move_folder(world.layout, bucket, record, world.clock);
    REQUIRE(moved);
    CHECK_FALSE(fs::exists(bucket));
    CHECK(tests::slurp(world.layout.trash / moved->id / "data/deep/a.csv") == "1,2\n");
    const auto listed = retention::list(world.layout);
    REQUIRE(listed);
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().path == "old");
    CHECK(listed->front().at == "2026-11-22T08:31:00Z");
    CHECK(listed->front().is_folder);
    CHECK(listed->front().details.text("tier") == "local");
}

TEST_CASE("a kept file stays at its place and keeps its bytes in the trash when it is replaced", "[retention]") {
    World world;
    const auto file = world.scratch.write("lake/buckets/raw/x.csv", "old");
    retention::TrashRecord record;
    record.reason = "overwritten";
    record.path = "raw/x\xff.csv";
    const auto kept = retention::keep_file(world.layout, file, record, world.clock);
    REQUIRE(kept);
    CHECK(tests::slurp(file) == "old");
    REQUIRE(write_file_atomic(file, "new"));
    CHECK(tests::slurp(world.layout.trash / kept->id / "data") == "old");
    CHECK(tests::slurp(file) == "new");
    CHECK(retention::list(world.layout)->front().path == "raw/x\xff.csv");
}

TEST_CASE("entries of the trash without a record are left out, not failures", "[retention]") {
    World world;
    fs::create_directories(world.layout.trash / "op-in-flight");
    const auto listed = retention::list(world.layout);
    REQUIRE(listed);
    CHECK(listed->empty());
}
