// lake_test.cpp: the marker, bucket names, mounts.
// SPDX-License-Identifier: Apache-2.0
#include "lake/lake.hpp"

#include <catch2/catch.hpp>

#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;
using tests::Scratch;
using tests::slurp;
namespace fs = std::filesystem;

TEST_CASE("a new lake opens, and making it again changes nothing", "[lake]") {
    Scratch scratch;
    SystemClock clock;
    const auto made = Lake::create(scratch / "l", clock);
    REQUIRE(made);
    CHECK(made->folders.size() == 6);
    const std::string marker = slurp(Layout(scratch / "l").marker);
    const auto again = Lake::create(scratch / "l", clock);
    REQUIRE(again);
    CHECK(again->was_a_lake);
    CHECK(again->folders.empty());
    CHECK(slurp(Layout(scratch / "l").marker) == marker);
    const auto opened = Lake::open(scratch / "l");
    REQUIRE(opened);
    CHECK(opened->id().size() == 32);
    CHECK(fs::file_size(opened->layout().reserve) == 1u << 20);
}

TEST_CASE("no marker means no lake", "[lake]") {
    Scratch scratch;
    CHECK(Lake::open(scratch / "none").error().code == Errc::no_lake);
    CHECK(Lake::open(scratch.path()).error().code == Errc::no_lake);
    scratch.write("x/.neurolake/lake.json", "{}");
    CHECK(Lake::open(scratch / "x").error().code == Errc::corrupt);
}

TEST_CASE("a file in the way of a lake's folder is named", "[lake]") {
    Scratch scratch;
    scratch.write("catalog", "mine");
    const auto made = Lake::create(scratch.path(), SystemClock());
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::already_exists);
    CHECK(slurp(scratch / "catalog") == "mine");
}

TEST_CASE("bucket names follow one rule", "[lake]") {
    for (const char* good : {"raw-data", "processed", "analytics", "ml-models", "archive", "abc", "a1b"})
        CHECK(check_name(good));
    for (const std::string& bad :
         {std::string("../x"), std::string("CON"), std::string("con"), std::string("com1"), std::string("a b."),
          std::string(".hidden"), std::string(64, 'a'), std::string("Raw-Data"), std::string("ab"), std::string(""),
          std::string("-ab"), std::string("ab-"), std::string("a\nb"), std::string("a/b"), std::string("bü-x")}) {
        INFO(bad);
        const auto checked = check_name(bad);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == Errc::usage);
        CHECK_FALSE(checked.error().hint.empty());
    }
    std::vector<Bucket> existing(1);
    existing[0].name = "raw-data";
    CHECK_FALSE(check_new_name("Raw-Data", existing));
    CHECK(check_new_name("raw-data2", existing));
}

TEST_CASE("folders made by hand are found as unregistered buckets", "[lake]") {
    Scratch scratch;
    REQUIRE(Lake::create(scratch.path(), SystemClock()));
    const Layout layout(scratch.path());
    fs::create_directory(layout.buckets / "known");
    fs::create_directory(layout.buckets / "mine");
    fs::create_directory(layout.buckets / ".hidden");
    fs::create_directory_symlink("/", layout.buckets / "link");
    scratch.write("buckets/stray.csv", "a\n");
    Bucket known;
    known.name = "known";
    known.root = layout.buckets / "known";
    const auto found = unregistered_buckets(layout, {known});
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().name == "mine");
    CHECK_FALSE(found->front().registered);
}

TEST_CASE("a bucket on another disk needs its own marker", "[lake]") {
    Scratch scratch;
    REQUIRE(Lake::create(scratch / "l", SystemClock()));
    REQUIRE(Lake::create(scratch / "other", SystemClock()));
    auto lake = Lake::open(scratch / "l");
    auto other = Lake::open(scratch / "other");
    Bucket bucket;
    bucket.name = "far";
    bucket.root = scratch / "disk";
    bucket.outside = true;
    CHECK(check_bucket_mount(*lake, bucket).error().code == Errc::no_lake);
    fs::create_directory(bucket.root);
    CHECK(check_bucket_mount(*lake, bucket).error().code == Errc::no_lake);
    REQUIRE(write_bucket_marker(*lake, bucket));
    CHECK(check_bucket_mount(*lake, bucket));
    CHECK(check_bucket_mount(*other, bucket).error().code == Errc::conflict);
}

TEST_CASE("the reserve is really there and comes back", "[lake]") {
    Scratch scratch;
    REQUIRE(Lake::create(scratch.path(), SystemClock()));
    const Layout layout(scratch.path());
    release_reserve(layout);
    CHECK_FALSE(fs::exists(layout.reserve));
    CHECK(fs::is_empty(layout.spare));
    REQUIRE(make_reserve(layout));
    CHECK(std::distance(fs::directory_iterator(layout.spare), {}) == 64);
    CHECK(identity_of_path(layout.reserve)->allocated >= 1u << 20);
}

TEST_CASE("the home is found from any folder inside", "[lake]") {
    Scratch scratch;
    REQUIRE(Lake::create(scratch / "l", SystemClock()));
    fs::create_directories(scratch / "l/buckets/a/b");
    CHECK(find_home_above(scratch / "l/buckets/a/b") == scratch / "l");
    CHECK(find_home_above(scratch.path()).empty());
}
