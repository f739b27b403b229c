// scan_test.cpp: a tree against its last inventory: new, changed, gone, and what is only out of sight.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "base/workers.hpp"
#include "lake/inventory.hpp"
#include "lake/stub.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;
using tests::Scratch;
using tests::slurp;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t k_long_ago = 1'600'000'000;

void age(const fs::path& path, std::int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

// A bucket with its inventory, scanned again and again.
struct World {
    Scratch scratch;
    std::vector<Bucket> buckets;
    FixedClock clock{time_from_ns(2'000'000'000'000'000'000)};
    ScanOptions options;

    World() {
        options.threads = 2;
        add("raw-data");
    }
    void add(const std::string& name) {
        Bucket bucket;
        bucket.name = name;
        bucket.root = scratch / name;
        fs::create_directories(bucket.root);
        buckets.push_back(bucket);
    }
    fs::path write(const std::string& path, std::string_view bytes) { return scratch.write("raw-data/" + path, bytes); }
    fs::path file() const { return scratch / "inventory"; }
    // Folders that stood still for long, so that a quick scan may rely on them.
    void age_folders() {
        for (const auto& entry : fs::recursive_directory_iterator(scratch / "raw-data"))
            if (entry.is_directory() && !entry.is_symlink()) age(entry.path(), k_long_ago);
        age(scratch / "raw-data", k_long_ago);
    }
    Inventory inventory() const {
        auto opened = Inventory::open(file());
        REQUIRE(opened);
        REQUIRE(opened->verify());
        return std::move(opened).value();
    }
    ScanResult look() {
        const CancelFlag cancel;
        auto result = scan(buckets, inventory(), options, clock, cancel);
        if (!result) FAIL(result.error().message);
        return std::move(result).value();
    }
    Scan commit() {
        ScanResult result = look();
        REQUIRE(result.next->commit(file()));
        clock.set(clock.now() + std::chrono::hours(1));
        return std::move(result.scan);
    }
};

std::set<std::string> names(const std::vector<FileRecord>& records) {
    std::set<std::string> all;
    for (const auto& record : records) all.insert(record.path);
    return all;
}

using Names = std::set<std::string>;

const model::Finding* find(const Scan& scan, std::string_view code) {
    const auto found = std::ranges::find(scan.findings, code, &model::Finding::code);
    return found == scan.findings.end() ? nullptr : &*found;
}

std::string stub_bytes(std::uint64_t size, const std::string& path) {
    Stub stub;
    stub.lake = std::string(32, 'a');
    stub.op = "op";
    stub.bucket = "raw-data";
    stub.path = path;
    stub.size = size;
    stub.sha256 = std::string(64, '0');
    stub.store.provider = "directory";
    stub.store.key = "key";
    auto bytes = encode(stub);
    REQUIRE(bytes);
    return *bytes;
}

}  // namespace

TEST_CASE("a first scan finds everything new, a second nothing", "[lake][scan]") {
    World world;
    world.write("a.csv", "123");
    world.write("x/b.csv", "1");
    world.write("x/y/c.csv", "");
    fs::create_directories(world.scratch / "raw-data/empty/deeper");
    const Scan first = world.commit();
    CHECK(names(first.added) == Names{"a.csv", "x/b.csv", "x/y/c.csv"});
    CHECK(first.added_bucket == std::vector<std::uint32_t>{0, 0, 0});
    CHECK(first.changed.empty());
    CHECK(first.gone.empty());
    CHECK(first.totals[0].files == 3);
    CHECK(first.totals[0].folders == 4);
    CHECK(first.totals[0].bytes == 4);
    CHECK(first.buckets == std::vector<std::string>{"raw-data"});

    const std::string before = slurp(world.file());
    const Scan second = world.commit();
    CHECK(second.added.empty());
    CHECK(second.changed.empty());
    CHECK(second.gone.empty());
    CHECK(second.unchanged == 3);
    CHECK(second.totals[0].files == 3);
    CHECK(second.totals[0].folders == 4);
    const std::string after = slurp(world.file());
    CHECK(before.substr(128) == after.substr(128));  // only the time of the last look is new
    CHECK(to_ns(world.inventory().taken_at()) == to_ns(second.at));
    CHECK(second.at > first.at);
}

TEST_CASE("the time of the last look is kept by many looks, whichever of the two was written last", "[lake][scan]") {
    World world;
    world.write("a.csv", "123");
    world.commit();
    for (int i = 0; i < 5; ++i) {
        const Scan scan = world.commit();
        CHECK(to_ns(world.inventory().taken_at()) == to_ns(scan.at));
    }
}

TEST_CASE("new, rewritten, touched, replaced and removed files are told", "[lake][scan]") {
    World world;
    for (const char* name : {"same", "longer", "touched", "replaced", "removed", "dir/removed"})
        age(world.write(name, "12345"), k_long_ago);
    const Scan first = world.commit();
    REQUIRE(first.added.size() == 6);

    world.write("longer", "1234567");
    age(world.scratch / "raw-data/longer", k_long_ago);
    age(world.scratch / "raw-data/touched", k_long_ago + 1);
    world.write("other", "54321");
    age(world.scratch / "raw-data/other", k_long_ago);
    fs::rename(world.scratch / "raw-data/other", world.scratch / "raw-data/replaced");
    fs::remove(world.scratch / "raw-data/removed");
    fs::remove_all(world.scratch / "raw-data/dir");
    world.write("new/one", "1");
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"new/one"});
    CHECK(names(scan.changed) == Names{"longer", "touched", "replaced"});
    CHECK(names(scan.gone) == Names{"removed", "dir/removed"});
    CHECK(scan.unchanged == 1);
    CHECK(scan.totals[0].files == 5);
    CHECK(world.inventory().totals("raw-data")->files == 5);
    CHECK_FALSE(world.inventory().find("raw-data", "removed"));
    CHECK(world.inventory().find("raw-data", "longer")->size == 7);
}

TEST_CASE("first_seen stays with the path, indexed goes with the content", "[lake][scan]") {
    World world;
    world.write("kept", "1");
    world.write("rewritten", "1");
    const Scan first = world.commit();
    auto next = InventoryBuilder::from(world.inventory());
    next->mark_all_indexed(first.at, {});
    REQUIRE(next->commit(world.file()));
    world.write("rewritten", "12");
    world.write("later", "1");
    const Scan second = world.commit();
    const Inventory inventory = world.inventory();
    CHECK(inventory.find("raw-data", "kept")->first_seen_ns == to_ns(first.at));
    CHECK(inventory.find("raw-data", "kept")->indexed_ns == to_ns(first.at));
    CHECK(inventory.find("raw-data", "rewritten")->first_seen_ns == to_ns(first.at));
    CHECK(inventory.find("raw-data", "rewritten")->indexed_ns == 0);
    CHECK(inventory.find("raw-data", "later")->first_seen_ns == to_ns(second.at));
    CHECK(inventory.find("raw-data", "later")->indexed_ns == 0);
}

TEST_CASE("a file replaced by a folder of its name, and the other way round", "[lake][scan]") {
    World world;
    world.write("a", "1");
    world.write("b/in", "1");
    world.commit();
    fs::remove(world.scratch / "raw-data/a");
    world.write("a/in", "1");
    fs::remove_all(world.scratch / "raw-data/b");
    world.write("b", "1");
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"a/in", "b"});
    CHECK(names(scan.gone) == Names{"a", "b/in"});
    CHECK(world.commit().unchanged == 2);
}

TEST_CASE("known non-data is kept apart", "[lake][scan]") {
    World world;
    world.options.ignored_name = [](std::string_view name) { return name == "Thumbs.db"; };
    for (const char* name : {"data.csv", "Thumbs.db", ".hidden", ".git/config", "_IN-CLOUD.txt", ".x.csv.nl-tmp-0a1b",
                             "x.csv.nl-side-op", "sub/.ipynb_checkpoints/n.csv"})
        world.write(name, "x");
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"data.csv"});
    CHECK(scan.totals[0].files == 1);
    CHECK(scan.totals[0].ignored_files == 7);
    CHECK(world.inventory().find("raw-data", "Thumbs.db")->state == FileState::ignored);
    fs::remove(world.scratch / "raw-data/Thumbs.db");
    CHECK(world.commit().gone.empty());
}

TEST_CASE("links and special files are told, counted and never entered", "[lake][scan]") {
    World world;
    world.scratch.write("outside/secret.csv", "x");
    world.write("data.csv", "x");
    fs::create_symlink(world.scratch / "outside", world.scratch / "raw-data/way-out");
    fs::create_symlink("data.csv", world.scratch / "raw-data/alias.csv");
    REQUIRE(::mkfifo((world.scratch / "raw-data/pipe").c_str(), 0600) == 0);
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"data.csv"});
    CHECK(scan.totals[0].symlinks == 2);
    CHECK(scan.totals[0].specials == 1);
    REQUIRE(find(scan, "symlink"));
    CHECK(find(scan, "symlink")->path == "raw-data/alias.csv");
    CHECK(find(scan, "special_file")->path == "raw-data/pipe");
    CHECK(world.commit().unchanged == 1);
}

TEST_CASE("findings are capped per code, the rest is counted", "[lake][scan]") {
    World world;
    for (int i = 0; i < 1234; ++i)
        fs::create_symlink("nowhere", world.scratch / ("raw-data/link" + std::to_string(1000 + i)));
    const Scan scan = world.commit();
    CHECK(scan.findings.size() == 21);
    CHECK(scan.findings[0].path == "raw-data/link1000");
    CHECK(scan.findings[19].path == "raw-data/link1019");
    CHECK(scan.findings[20].message == "and 1,214 more like these");
}

TEST_CASE("names of any bytes are scanned, and odd ones told", "[lake][scan]") {
    World world;
    world.write("two\nlines.csv", "x");
    world.write("bad\xff.csv", "x");
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"two\nlines.csv", "bad\xff.csv"});
    CHECK(find(scan, "odd_name"));
    CHECK(world.commit().unchanged == 2);
}

TEST_CASE("stubs are told from data by their content", "[lake][scan]") {
    World world;
    const fs::path stub = world.write("moved.csv", stub_bytes(123'456, "moved.csv"));
    age(stub, k_long_ago);
    REQUIRE(::chmod(stub.c_str(), 0) == 0);
    world.write("same-size.csv", std::string(k_stub_size, 'x'));
    std::string broken = stub_bytes(99, "broken.csv");
    broken[100] ^= 1;
    world.write("broken.csv", broken);
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"moved.csv", "same-size.csv"});
    CHECK(scan.totals[0].cloud_files == 1);
    CHECK(scan.totals[0].cloud_bytes == 123'456);
    CHECK(scan.totals[0].files == 1);
    const auto record = world.inventory().find("raw-data", "moved.csv");
    REQUIRE(record);
    CHECK(record->state == FileState::stub);
    CHECK(record->size == 123'456);
    REQUIRE(find(scan, "damaged_stub"));

    const Scan again = world.commit();
    CHECK(again.unchanged == 3);
    CHECK(again.changed.empty());
    CHECK(find(again, "damaged_stub"));  // as long as it lies there
    world.options.rehash_stubs = true;
    const Scan distrustful = world.commit();
    CHECK(distrustful.changed.empty());
    CHECK(distrustful.unchanged == 3);
    CHECK(distrustful.totals[0].cloud_bytes == 123'456);

    world.write("moved.csv", "back");
    const Scan back = world.commit();
    CHECK(names(back.changed) == Names{"moved.csv"});
    CHECK(back.totals[0].cloud_files == 0);
}

TEST_CASE("a file that went to the cloud unnoticed stays indexed", "[lake][scan]") {
    World world;
    const fs::path path = world.write("t.csv", std::string(777, 'x'));
    age(path, k_long_ago);
    const Scan first = world.commit();
    auto next = InventoryBuilder::from(world.inventory());
    next->mark_all_indexed(first.at, {});
    REQUIRE(next->commit(world.file()));
    fs::remove(path);
    age(world.write("t.csv", stub_bytes(777, "t.csv")), k_long_ago);
    const Scan scan = world.commit();
    CHECK(names(scan.changed) == Names{"t.csv"});
    CHECK(scan.changed[0].state == FileState::stub);
    CHECK(world.inventory().find("raw-data", "t.csv")->indexed_ns == to_ns(first.at));
}

TEST_CASE("buckets that are not scanned keep their records", "[lake][scan]") {
    World world;
    world.add("archive");
    world.write("a", "1");
    world.scratch.write("archive/b", "1");
    world.commit();
    fs::remove(world.scratch / "archive/b");
    world.buckets.pop_back();
    world.write("c", "1");
    const Scan scan = world.commit();
    CHECK(scan.buckets == std::vector<std::string>{"raw-data"});
    CHECK(scan.gone.empty());
    CHECK(world.inventory().find("archive", "b"));
    CHECK(world.inventory().find("raw-data", "c"));
}

TEST_CASE("several buckets are told apart", "[lake][scan]") {
    World world;
    world.add("archive");
    world.write("a", "1");
    world.scratch.write("archive/b", "12");
    const Scan scan = world.commit();
    REQUIRE(scan.added.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string& bucket = scan.buckets[scan.added_bucket[i]];
        CHECK(scan.added[i].path == (bucket == "archive" ? "b" : "a"));
    }
    CHECK(scan.totals[1].bytes == 2);
}

TEST_CASE("a bucket whose folder is missing keeps its records", "[lake][scan]") {
    World world;
    world.write("a", "1");
    world.commit();
    fs::rename(world.scratch / "raw-data", world.scratch / "elsewhere");
    const Scan scan = world.commit();
    CHECK(scan.gone.empty());
    REQUIRE(find(scan, "bucket_unreadable"));
    CHECK(find(scan, "bucket_unreadable")->severity == model::Finding::Severity::error);
    CHECK(world.inventory().find("raw-data", "a"));
    CHECK(scan.totals[0].files == 1);
}

TEST_CASE("what cannot be read is not gone", "[lake][scan]") {
    World world;
    world.write("closed/a", "1");
    world.write("closed/below/b", "1");
    world.write("listed/c", "1");
    world.write("listed/below/d", "1");
    world.write("open/e", "1");
    world.write("open/f", "1");
    world.commit();
    fs::remove(world.scratch / "raw-data/open/f");
    const fs::path closed = world.scratch / "raw-data/closed", listed = world.scratch / "raw-data/listed";
    fs::permissions(closed, fs::perms(0));
    fs::permissions(listed, fs::perms(0444));
    fs::permissions(world.scratch.path(), fs::perms(0755));
    fs::permissions(world.file(), fs::perms(0644));
    const pid_t child = ::fork();
    if (child == 0) {  // root may read everything: look as somebody else
        if (::geteuid() == 0 && (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0))
            ::_exit(2);
        auto inventory = Inventory::open(world.file());
        const CancelFlag cancel;
        const auto result = scan(world.buckets, *inventory, world.options, world.clock, cancel);
        const bool good = result && names(result->scan.gone) == Names{"open/f"} && result->scan.added.empty() &&
                          result->scan.changed.empty() && find(result->scan, "unreadable") &&
                          result->next->find("raw-data", "closed/below/b") &&
                          result->next->find("raw-data", "listed/below/d") &&
                          result->next->find("raw-data", "listed/c") && result->scan.totals[0].files == 5;
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    fs::permissions(closed, fs::perms(0755));
    fs::permissions(listed, fs::perms(0755));
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a wide folder is merged from its parts", "[lake][scan]") {
    World world;
    fs::create_directory(world.scratch / "raw-data/wide");
    const int wide = ::open((world.scratch / "raw-data/wide").c_str(), O_RDONLY | O_DIRECTORY);
    constexpr int count = 20'000;
    const auto name = [](int i) { return "file_" + std::to_string(i) + ".csv"; };
    for (int i = 0; i < count; ++i) ::close(::openat(wide, name(i).c_str(), O_WRONLY | O_CREAT, 0644));
    world.options.threads = 4;
    const Scan first = world.commit();
    CHECK(first.added.size() == count);
    CHECK(names(first.added).size() == count);
    CHECK(std::ranges::is_sorted(first.added, {}, &FileRecord::path));
    const Scan second = world.commit();
    CHECK(second.unchanged == count);
    for (int i = 0; i < count; i += 100) ::unlinkat(wide, name(i).c_str(), 0);
    for (int i = 1; i < count; i += 100) {
        const int fd = ::openat(wide, name(i).c_str(), O_WRONLY);
        REQUIRE(::write(fd, "x", 1) == 1);
        ::close(fd);
    }
    ::close(wide);
    const Scan third = world.commit();
    CHECK(third.gone.size() == count / 100);
    CHECK(third.changed.size() == count / 100);
    CHECK(third.unchanged == count - 2 * count / 100);
    CHECK(world.commit().unchanged == count - count / 100);
}

TEST_CASE("a quick scan looks at folders only and finds new, moved and removed names", "[lake][scan]") {
    World world;
    for (int i = 0; i < 50; ++i) world.write("d" + std::to_string(i) + "/sub/f", "1");
    world.age_folders();
    world.commit();
    world.options.quick = true;
    const Scan calm = world.commit();
    CHECK(calm.unchanged == 50);
    CHECK(calm.totals[0].files == 50);
    CHECK(calm.totals[0].folders == 100);

    world.write("d3/sub/new", "1");
    world.write("d4/fresh/deep/one", "1");
    fs::remove(world.scratch / "raw-data/d5/sub/f");
    fs::remove_all(world.scratch / "raw-data/d6");
    fs::rename(world.scratch / "raw-data/d7/sub", world.scratch / "raw-data/d8/sub2");
    std::ofstream(world.scratch / "raw-data/d9/sub/f") << "rewritten in place";
    const Scan scan = world.commit();
    CHECK(names(scan.added) == Names{"d3/sub/new", "d4/fresh/deep/one", "d8/sub2/f"});
    CHECK(names(scan.gone) == Names{"d5/sub/f", "d6/sub/f", "d7/sub/f"});
    CHECK(scan.changed.empty());  // d9/sub did not move
    CHECK(scan.totals[0].files == 50);
    world.options.quick = false;
    CHECK(names(world.commit().changed) == Names{"d9/sub/f"});
}

TEST_CASE("a quick scan tells of a damaged stub and of a link as often as any other", "[lake][scan]") {
    World world;
    std::string broken = stub_bytes(99, "broken.csv");
    broken[100] ^= 1;
    world.write("d/broken.csv", broken);
    world.write("e/f", "1");
    fs::create_symlink("nowhere", world.scratch / "raw-data/e/link");
    for (int i = 0; i < 3; ++i) {
        world.age_folders();
        world.options.quick = i > 0;
        const Scan scan = world.commit();
        CHECK(find(scan, "damaged_stub"));
        CHECK(find(scan, "symlink"));
        CHECK(scan.gone.empty());
    }
}

TEST_CASE("a quick scan does not look through links that took a folder's place", "[lake][scan]") {
    World world;
    world.write("a/b/f", "1");
    world.write("g", "1");
    world.age_folders();
    world.commit();
    fs::rename(world.scratch / "raw-data/a", world.scratch / "away");
    fs::create_symlink(world.scratch / "away", world.scratch / "raw-data/a");
    world.options.quick = true;
    const Scan scan = world.commit();
    CHECK(names(scan.gone) == Names{"a/b/f"});
    CHECK(scan.totals[0].symlinks == 1);
}

TEST_CASE("a folder that moved just now is read again by the next quick scan", "[lake][scan]") {
    World world;
    world.write("a", "1");
    world.commit();
    timespec stamp{};
    struct stat st {};
    REQUIRE(::stat((world.scratch / "raw-data").c_str(), &st) == 0);
    stamp = st.st_mtim;
    world.write("b", "1");
    const timespec times[2] = {stamp, stamp};  // as if both happened within one tick
    REQUIRE(::utimensat(AT_FDCWD, (world.scratch / "raw-data").c_str(), times, 0) == 0);
    world.options.quick = true;
    CHECK(names(world.commit().added) == Names{"b"});
}

TEST_CASE("a damaged inventory is not believed: the tree alone counts", "[lake][scan]") {
    World world;
    world.write("a", "1");
    world.commit();
    std::string bytes = slurp(world.file());
    bytes[bytes.size() - 8] ^= 1;
    world.scratch.write("inventory", bytes);
    auto opened = Inventory::open(world.file());
    REQUIRE(opened);
    const CancelFlag cancel;
    const auto result = scan(world.buckets, *opened, world.options, world.clock, cancel);
    REQUIRE(result);
    CHECK(names(result->scan.added) == Names{"a"});
    REQUIRE(result->scan.findings.size() == 1);
    CHECK(result->scan.findings[0].code == "inventory_damaged");
}

TEST_CASE("a cancelled scan says so", "[lake][scan]") {
    World world;
    world.write("a", "1");
    CancelFlag cancel;
    cancel.cancel();
    const auto result = scan(world.buckets, Inventory(), world.options, world.clock, cancel);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::cancelled);
}

TEST_CASE("more than half of a bucket's files gone is stopped by the guard", "[lake][scan]") {
    World world;
    for (int i = 0; i < 10; ++i) world.write("d/f" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
    world.commit();
    const auto remove = [&](int from, int to) {
        for (int i = from; i < to; ++i) fs::remove(world.scratch / ("raw-data/d/f" + std::to_string(i)));
    };
    remove(0, 5);
    CHECK(check_shrink(world.look().scan, world.inventory()));  // half is not more than half
    remove(5, 6);
    const auto guarded = check_shrink(world.look().scan, world.inventory());
    REQUIRE_FALSE(guarded);
    CHECK(guarded.error().code == Errc::guard);
    CHECK(guarded.error().message.find("6 of 10 files of bucket raw-data") != std::string::npos);
    CHECK(guarded.error().hint.find("--accept-shrink") != std::string::npos);
    CHECK(check_shrink(world.look().scan, world.inventory(), 0.7));
}

TEST_CASE("the guard lets moved files and tiny buckets pass", "[lake][scan]") {
    World world;
    for (int i = 0; i < 10; ++i) world.write("d/f" + std::to_string(i), "x");
    world.add("tiny");
    for (int i = 0; i < 3; ++i) world.scratch.write("tiny/f" + std::to_string(i), "x");
    world.commit();
    fs::rename(world.scratch / "raw-data/d", world.scratch / "raw-data/renamed");
    for (const char* file : {"tiny/f0", "tiny/f1"}) fs::remove(world.scratch / file);
    const ScanResult result = world.look();
    CHECK(result.scan.gone.size() == 12);
    CHECK(check_shrink(result.scan, world.inventory()));
    fs::remove_all(world.scratch / "raw-data/renamed");
    CHECK_FALSE(check_shrink(world.look().scan, world.inventory()));
}

TEST_CASE("the guard lets files pass that were packed or unpacked where they are", "[lake][scan]") {
    World world;
    for (int i = 0; i < 6; ++i) world.write("d/f" + std::to_string(i) + ".csv", "x");
    for (int i = 6; i < 10; ++i) world.write("d/f" + std::to_string(i) + ".csv.gz", "x");
    world.commit();
    const auto replace = [&](int i, const char* ending, const char* with, const char* folder) {
        const std::string name = "/f" + std::to_string(i);
        world.write(folder + name + with, "packed");
        fs::remove(world.scratch / ("raw-data/d" + name + ending));
    };
    for (int i = 0; i < 6; ++i) replace(i, ".csv", i % 2 ? ".csv.ZST" : ".csv.gz", "d");
    for (int i = 6; i < 10; ++i) replace(i, ".csv.gz", ".csv", "d");
    const ScanResult result = world.look();
    CHECK(result.scan.gone.size() == 10);
    CHECK(check_shrink(result.scan, world.inventory()));
    world.commit();
    for (int i = 0; i < 6; ++i) replace(i, i % 2 ? ".csv.ZST" : ".csv.gz", ".csv", "elsewhere");
    CHECK_FALSE(check_shrink(world.look().scan, world.inventory()));
}

TEST_CASE("a folder that is empty where two files or more were is stopped by the guard", "[lake][scan]") {
    World world;
    for (const char* file : {"f0", "f1", "README"}) world.write(file, "x");
    world.add("lone");
    world.scratch.write("lone/f0", "x");
    world.commit();
    fs::remove(world.scratch / "lone/f0");
    CHECK(check_shrink(world.look().scan, world.inventory()));  // one file is soon gone
    for (const char* file : {"f0", "f1"}) fs::remove(world.scratch / "raw-data" / file);
    CHECK(check_shrink(world.look().scan, world.inventory()));  // something is left: the disk is there
    fs::remove(world.scratch / "raw-data/README");
    const auto guarded = check_shrink(world.look().scan, world.inventory());
    REQUIRE_FALSE(guarded);
    CHECK(guarded.error().message.find("3 of 3 files of bucket raw-data") != std::string::npos);
}
