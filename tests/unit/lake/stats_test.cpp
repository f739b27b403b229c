// stats_test.cpp: what a bucket holds, counted afresh.
// SPDX-License-Identifier: Apache-2.0
#include "lake/stats.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "lake/finding_digest.hpp"
#include "lake/stub.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;
using tests::Scratch;
namespace fs = std::filesystem;

namespace {

BucketStats count(const Scratch& scratch, StatsOptions options = {}) {
    options.threads = 3;
    if (!options.format_of)
        options.format_of = [](std::string_view name) {
            const std::size_t dot = name.rfind('.');
            return dot == std::string_view::npos ? std::string_view("other") : name.substr(dot + 1);
        };
    Bucket bucket;
    bucket.name = "raw-data";
    bucket.root = scratch.path();
    const CancelFlag cancel;
    auto counted = stats(bucket, options, cancel);
    if (!counted) FAIL(counted.error().message);
    return std::move(counted).value();
}

void age(const fs::path& path, std::int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("three files in two nested folders are three files", "[lake][stats]") {
    Scratch scratch;
    scratch.write("a.csv", std::string(100, 'x'));
    scratch.write("one/b.csv", std::string(20, 'x'));
    scratch.write("one/two/c.json", std::string(3, 'x'));
    age(scratch / "a.csv", 1'600'000'000);
    age(scratch / "one/b.csv", 1'700'000'000);
    age(scratch / "one/two/c.json", 1'650'000'000);
    const BucketStats counted = count(scratch);
    CHECK(counted.file_count == 3);
    CHECK(counted.dir_count == 2);
    CHECK(counted.size_bytes == 123);
    CHECK(counted.oldest_ns == 1'600'000'000'000'000'000);
    CHECK(counted.newest_ns == 1'700'000'000'000'000'000);
    REQUIRE(counted.by_format.size() == 2);
    CHECK(counted.by_format[0].format == "csv");
    CHECK(counted.by_format[0].files == 2);
    CHECK(counted.by_format[0].bytes == 120);
    CHECK(counted.by_format[1].format == "json");
    CHECK(counted.findings.empty());
    struct stat st {};
    REQUIRE(::stat((scratch / "a.csv").c_str(), &st) == 0);
    CHECK(counted.allocated_bytes >= static_cast<std::uint64_t>(st.st_blocks) * 512);
}

TEST_CASE("an empty bucket has zeros", "[lake][stats]") {
    Scratch scratch;
    const BucketStats counted = count(scratch);
    CHECK(counted.file_count == 0);
    CHECK(counted.dir_count == 0);
    CHECK(counted.oldest_ns == 0);
    CHECK(counted.by_format.empty());
    CHECK(counted.largest.empty());
}

TEST_CASE("stubs count as cloud, notes and hidden names not at all", "[lake][stats]") {
    Scratch scratch;
    Stub stub;
    stub.lake = std::string(32, 'a');
    stub.bucket = "raw-data";
    stub.path = "t/moved.parquet";
    stub.size = 5'000'000'000;
    stub.sha256 = std::string(64, '0');
    stub.store.provider = "directory";
    stub.store.key = "key";
    const auto bytes = encode(stub);
    REQUIRE(bytes);
    const fs::path path = scratch.write("t/moved.parquet", *bytes);
    REQUIRE(::chmod(path.c_str(), 0) == 0);
    scratch.write("t/here.parquet", "1234");
    scratch.write("t/_IN-CLOUD.txt", "note");
    scratch.write(".hidden/x", "1");
    scratch.write("junk.tmp", "1");
    StatsOptions options;
    options.ignored_name = [](std::string_view name) { return name.ends_with(".tmp"); };
    const BucketStats counted = count(scratch, options);
    CHECK(counted.file_count == 1);
    CHECK(counted.size_bytes == 4);
    CHECK(counted.cloud_files == 1);
    CHECK(counted.cloud_bytes == 5'000'000'000);
    CHECK(counted.ignored_files == 3);
    REQUIRE(counted.by_format.size() == 1);
    CHECK(counted.by_format[0].files == 2);
    REQUIRE(counted.largest.size() == 2);
    CHECK(counted.largest[0].path == "t/moved.parquet");
    CHECK(counted.largest[0].in_cloud);
    struct stat st {};
    REQUIRE(::stat(path.c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0);  // looked at, and left as it was
}

TEST_CASE("the largest are named in order, equal ones by path", "[lake][stats]") {
    Scratch scratch;
    for (int i = 0; i < 200; ++i)
        scratch.write("d" + std::to_string(i % 7) + "/f" + std::to_string(i),
                      std::string(static_cast<std::size_t>(i / 2), 'x'));
    StatsOptions options;
    options.top = 3;
    const BucketStats counted = count(scratch, options);
    REQUIRE(counted.largest.size() == 3);
    CHECK(counted.largest[0].size == 99);
    CHECK(counted.largest[0].path == "d2/f198");
    CHECK(counted.largest[1].path == "d3/f199");
    CHECK(counted.largest[2].size == 98);
    options.top = 0;
    CHECK(count(scratch, options).largest.empty());
}

TEST_CASE("a missing bucket is an error of its own kind", "[lake][stats]") {
    Scratch scratch;
    Bucket bucket;
    bucket.name = "none";
    bucket.root = scratch / "none";
    const CancelFlag cancel;
    const auto counted = stats(bucket, {}, cancel);
    REQUIRE_FALSE(counted);
    CHECK(counted.error().code == Errc::not_found);
}

TEST_CASE("a digest of findings does not depend on the order they come in", "[lake][stats]") {
    const auto finding = [](int i) {
        model::Finding found;
        found.code = "odd";
        found.path = std::to_string(i);
        return found;
    };
    FindingDigest up(5), down(5), half(5);
    for (int i = 100; i < 200; ++i) up.add(finding(i));
    for (int i = 199; i >= 150; --i) down.add(finding(i));
    for (int i = 149; i >= 100; --i) half.add(finding(i));
    down.merge(std::move(half));
    const auto a = up.take(), b = down.take();
    CHECK(a == b);
    REQUIRE(a.size() == 6);
    CHECK(a[0].path == "100");
    CHECK(a[4].path == "104");
    CHECK(a[5].message == "and 95 more like these");
}
