// put_file_test.cpp: a file put into a bucket is whole or not there, and nothing is lost on the way.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "lake/put_file.hpp"
#include "lake/stub.hpp"
#include "support/scratch.hpp"

namespace fs = std::filesystem;
using namespace neurolake;

namespace {

struct World {
    tests::Scratch scratch;
    lake::Bucket bucket;
    CancelFlag cancel;
    lake::PutHooks hooks;
    int kept = 0;

    World() {
        bucket.name = "raw";
        bucket.root = scratch / "raw";
        fs::create_directories(bucket.root);
        hooks.keep_old = [this](const fs::path&) {
            ++kept;
            return Status();
        };
    }
    Result<lake::PutResult> put(const fs::path& source, std::string target, Overwrite overwrite = Overwrite::no,
                                bool move = false) {
        return lake::put_file(bucket, {source, std::move(target), overwrite, move}, hooks, cancel);
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::recursive_directory_iterator(bucket.root), fs::recursive_directory_iterator()));
    }
};

}  // namespace

TEST_CASE("a put file has the bytes, mode and time of its source", "[lake]") {
    World world;
    std::string bytes(3'000'001, 'x');
    const auto source = world.scratch.write("in.csv", bytes);
    ::chmod(source.c_str(), 0640);
    const timespec times[2] = {{1000000000, 5}, {1000000000, 5}};
    ::utimensat(AT_FDCWD, source.c_str(), times, 0);
    const auto result = world.put(source, "a/b/in.csv");
    REQUIRE(result);
    CHECK(result->bytes == bytes.size());
    CHECK(result->sha256 == to_hex(*sha256(bytes)));
    CHECK_FALSE(result->replaced);
    CHECK(tests::slurp(world.bucket.root / "a/b/in.csv") == bytes);
    const auto identity = identity_of_path(world.bucket.root / "a/b/in.csv");
    CHECK((identity->mode & 07777) == 0640);
    CHECK(identity->mtime_ns == 1'000'000'000'000'000'005);
    CHECK(fs::exists(source));
}

TEST_CASE("an existing name is never replaced unless asked, and then the old content is kept first", "[lake]") {
    World world;
    const auto source = world.scratch.write("new", "new");
    world.scratch.write("raw/x", "old");
    const auto refused = world.put(source, "x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::already_exists);
    CHECK(tests::slurp(world.bucket.root / "x") == "old");
    CHECK(world.kept == 0);
    const auto replaced = world.put(source, "x", Overwrite::yes);
    REQUIRE(replaced);
    CHECK(replaced->replaced);
    CHECK(world.kept == 1);
    CHECK(tests::slurp(world.bucket.root / "x") == "new");
}

TEST_CASE("when the old content cannot be kept nothing is replaced", "[lake]") {
    World world;
    world.hooks.keep_old = [](const fs::path&) -> Status { return Error(Errc::full, "no room"); };
    const auto source = world.scratch.write("new", "new");
    world.scratch.write("raw/x", "old");
    CHECK_FALSE(world.put(source, "x", Overwrite::yes));
    CHECK(tests::slurp(world.bucket.root / "x") == "old");
    CHECK(world.files() == 1);
}

TEST_CASE("a moved file leaves its source only after the copy is whole", "[lake]") {
    World world;
    const auto source = world.scratch.write("in", "bytes");
    REQUIRE(world.put(source, "in", Overwrite::no, true));
    CHECK_FALSE(fs::exists(source));
    CHECK(tests::slurp(world.bucket.root / "in") == "bytes");
    const auto link = world.scratch / "link";
    fs::create_symlink(world.bucket.root / "in", link);
    CHECK_FALSE(world.put(link, "other", Overwrite::no, true));
    CHECK(fs::exists(world.bucket.root / "in"));
}

TEST_CASE("a cancelled put leaves nothing behind", "[lake]") {
    World world;
    const auto source = world.scratch.write("in", "bytes");
    world.cancel.cancel();
    const auto result = world.put(source, "in");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::cancelled);
    CHECK(world.files() == 0);
}

TEST_CASE("names that are ours, leave the bucket or cannot be shown are refused", "[lake]") {
    const char* bad[] = {
        "", "../x", "a/../x", "/x", "a//b", "a\nb", "a\x7f", ".", ".neurolake/x", "_IN-CLOUD.txt", "d/.x.nl-tmp-00"};
    for (const char* name : bad) {
        INFO(name);
        const auto status = lake::check_target(name);
        REQUIRE_FALSE(status);
        CHECK(status.error().code == Errc::usage);
    }
    CHECK(lake::check_target("a b/ü.csv"));
    CHECK_FALSE(lake::check_target(std::string(241, 'n')));
}

TEST_CASE("a link inside the bucket is not followed", "[lake]") {
    World world;
    const auto source = world.scratch.write("in", "bytes");
    fs::create_directories(world.scratch / "outside");
    fs::create_symlink(world.scratch / "outside", world.bucket.root / "link");
    CHECK_FALSE(world.put(source, "link/in"));
    CHECK(fs::is_empty(world.scratch / "outside"));
}

TEST_CASE("folders and the file itself are no sources", "[lake]") {
    World world;
    fs::create_directories(world.scratch / "folder");
    CHECK(world.put(world.scratch / "folder", "x").error().code == Errc::usage);
    const auto inside = world.scratch.write("raw/x", "old");
    CHECK(world.put(inside, "x", Overwrite::yes).error().code == Errc::usage);
    CHECK(tests::slurp(inside) == "old");
}

TEST_CASE("a stub is neither copied nor replaced", "[lake]") {
    World world;
    lake::Stub stub;
    stub.lake = std::string(32, '0');
    stub.op = "op";
    stub.bucket = "raw";
    stub.path = "gone.csv";
    stub.sha256 = std::string(64, '0');
    stub.store.provider = "directory";
    stub.store.key = "k";
    const auto bytes = lake::encode(stub);
    REQUIRE(bytes);
    const auto place = world.scratch.write("raw/gone.csv", *bytes);
    const auto source = world.scratch.write("in", "bytes");
    CHECK(world.put(source, "gone.csv", Overwrite::yes).error().code == Errc::conflict);
    CHECK(world.put(place, "copy.csv").error().code == Errc::conflict);
    CHECK(tests::slurp(place) == *bytes);
}
