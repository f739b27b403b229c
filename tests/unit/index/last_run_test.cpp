// last_run_test.cpp: the last runs of the verbs are remembered, each on its own.
// SPDX-License-Identifier: Apache-2.0
#include "lake/last_run.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>

#include "base/file.hpp"

using namespace neurolake;
using namespace neurolake::lake;

TEST_CASE("a run's time, code and last success are remembered beside those of other verbs", "[index]") {
    char name[] = "/tmp/neurolake-last-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(name), file = folder / "last_run.json";
    CHECK_FALSE(LastRuns::read(file)->find("index"));
    REQUIRE(record_run(file, "index", {"2026-01-01T00:00:00Z", 0, {}}));
    REQUIRE(record_run(file, "burst", {"2026-01-02T00:00:00Z", 12, {}}));
    REQUIRE(record_run(file, "index", {"2026-01-03T00:00:00Z", 3, {}}));
    const auto runs = LastRuns::read(file);
    REQUIRE(runs);
    CHECK(runs->find("index")->at == "2026-01-03T00:00:00Z");
    CHECK(runs->find("index")->rc == 3);
    CHECK(runs->find("index")->good_at == "2026-01-01T00:00:00Z");
    CHECK(runs->find("burst")->rc == 12);
    CHECK(runs->find("burst")->good_at.empty());
    REQUIRE(write_file_atomic(file, "{\"index\":"));  // damaged: as if nothing ever ran, and healed by the next record
    CHECK_FALSE(LastRuns::read(file)->find("index"));
    REQUIRE(record_run(file, "index", {"2026-01-04T00:00:00Z", 0, {}}));
    CHECK(LastRuns::read(file)->find("index")->rc == 0);
    std::filesystem::remove_all(folder);
}
