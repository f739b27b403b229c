// file_test.cpp: atomic files, opening beneath a folder, locks, renames.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "support/scratch.hpp"

using namespace neurolake;
using neurolake::tests::Scratch;
using neurolake::tests::slurp;
namespace fs = std::filesystem;

TEST_CASE("an atomic file appears only on commit and leaves nothing when dropped", "[base]") {
    Scratch scratch;
    const auto target = scratch / "a.txt";
    {
        auto file = AtomicFile::create(target);
        REQUIRE(file);
        REQUIRE(file->write("half"));
        CHECK_FALSE(fs::exists(target));
    }
    CHECK(fs::is_empty(scratch.path()));
    REQUIRE(write_file_atomic(target, "one"));
    CHECK(slurp(target) == "one");
    REQUIRE(write_file_atomic(target, "two"));
    CHECK(slurp(target) == "two");
    const Status taken = write_file_atomic(target, "three", 0644, Overwrite::no);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::already_exists);
    CHECK(slurp(target) == "two");
    CHECK(std::distance(fs::directory_iterator(scratch.path()), {}) == 1);
}

TEST_CASE("an atomic file takes a name of 255 bytes", "[base]") {
    Scratch scratch;
    const auto target = scratch / std::string(255, 'n');
    REQUIRE(write_file_atomic(target, "x"));
    CHECK(slurp(target) == "x");
}

TEST_CASE("open_beneath never leaves its folder and never follows a link", "[base]") {
    Scratch scratch;
    scratch.write("root/in/file", "inside");
    scratch.write("secret", "outside");
    fs::create_symlink(scratch / "secret", scratch / "root/link");
    fs::create_directory_symlink(scratch.path(), scratch / "root/up");
    auto root = open_folder(scratch / "root");
    REQUIRE(root);
    CHECK(open_beneath(root->get(), "in/file", O_RDONLY));
    for (const char* bad : {"../secret", "/etc/passwd", "in/../../secret", "", "link", "up/secret", ".."}) {
        INFO(bad);
        CHECK_FALSE(open_beneath(root->get(), bad, O_RDONLY));
    }
}

TEST_CASE("open_beneath opens paths longer than the kernel takes in one call", "[base]") {
    Scratch scratch;
    std::string relative;
    const std::string name(200, 'd');
    Fd at(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY));
    for (int i = 0; i < 30; ++i) {
        REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
        at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
        relative += name + "/";
    }
    Fd made(::openat(at.get(), "deep", O_CREAT | O_WRONLY, 0644));
    REQUIRE(made);
    auto root = open_folder(scratch.path());
    CHECK(open_beneath(root->get(), relative + "deep", O_RDONLY));
}

TEST_CASE("open_beneath does not hang on a FIFO", "[base]") {
    Scratch scratch;
    REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0644) == 0);
    auto root = open_folder(scratch.path());
    auto opened = open_beneath(root->get(), "pipe", O_RDONLY);
    REQUIRE(opened);
    CHECK_FALSE(identity_of(opened->get())->is_regular());
}

TEST_CASE("renames never overwrite and can exchange", "[base]") {
    Scratch scratch;
    scratch.write("a", "A");
    scratch.write("b", "B");
    auto dir = open_folder(scratch.path());
    const Status taken = rename_noreplace(dir->get(), "a", dir->get(), "b");
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::already_exists);
    CHECK(slurp(scratch / "b") == "B");
    REQUIRE(rename_exchange(dir->get(), "a", dir->get(), "b"));
    CHECK(slurp(scratch / "a") == "B");
    REQUIRE(rename_noreplace(dir->get(), "a", dir->get(), "c"));
    CHECK(slurp(scratch / "c") == "B");
}

TEST_CASE("a held lock names its holder and is free after its holder", "[base]") {
    Scratch scratch;
    {
        auto held = LockFile::acquire(scratch / "lock", "pid 7, burst", std::chrono::milliseconds(0));
        REQUIRE(held);
        auto second = LockFile::acquire(scratch / "lock", "other", std::chrono::milliseconds(30));
        REQUIRE_FALSE(second);
        CHECK(second.error().code == Errc::locked);
        CHECK(second.error().message.find("pid 7, burst") != std::string::npos);
        CHECK(LockFile::holder(scratch / "lock") == "pid 7, burst");
    }
    CHECK_FALSE(LockFile::holder(scratch / "lock"));
    CHECK(LockFile::acquire(scratch / "lock", "next", std::chrono::milliseconds(0)));
}

TEST_CASE("a waiting lock is taken when its holder ends", "[base]") {
    Scratch scratch;
    auto held =
        std::make_unique<Result<LockFile>>(LockFile::acquire(scratch / "lock", "first", std::chrono::milliseconds(0)));
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        held.reset();
    });
    CHECK(LockFile::acquire(scratch / "lock", "second", std::chrono::seconds(30)));
    release.join();
}

TEST_CASE("read_file refuses more than its limit and tells what is missing", "[base]") {
    Scratch scratch;
    scratch.write("big", std::string(1000, 'x'));
    CHECK(read_file(scratch / "big", 1000)->size() == 1000);
    CHECK(read_file(scratch / "big", 999).error().code == Errc::corrupt);
    const auto missing = read_file(scratch / "none");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    CHECK(missing.error().message.find("none") != std::string::npos);
}

TEST_CASE("make_folders makes a chain and refuses a file in the way", "[base]") {
    Scratch scratch;
    REQUIRE(make_folders(scratch / "a/b/c"));
    REQUIRE(make_folders(scratch / "a/b/c"));
    CHECK(fs::is_directory(scratch / "a/b/c"));
    scratch.write("f", "");
    CHECK_FALSE(make_folders(scratch / "f"));
    CHECK_FALSE(make_folders(scratch / "f/g"));
}
