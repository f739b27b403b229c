// test_directory_store.cpp: the directory store's own rules; the rest of its contract is in tests/contract.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "store/probe.hpp"
#include "store/store.hpp"

using namespace neurolake;
using namespace neurolake::store;
namespace fs = std::filesystem;

namespace {

struct Scratch {
    fs::path path;
    Scratch() {
        std::string name = (fs::temp_directory_path() / "nl-store-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Scratch() { fs::remove_all(path); }
};

struct Setup {
    Scratch scratch;
    SystemClock clock;
    CancelFlag cancel;
    Options options;
    std::unique_ptr<ObjectStore> store;
    Setup() {
        options.provider = "directory";
        options.directory = (scratch.path / "target").string();
        options.lake_id = "lake-a";
        options.state_folder = (scratch.path / "state").string();
        reopen();
    }
    void reopen() {
        auto opened = open(options, clock, cancel);
        REQUIRE(opened);
        store = std::move(*opened);
    }
    Result<ObjectInfo> put(const std::string& key, const std::string& bytes, Metadata metadata = {}) {
        TextSource source(bytes);
        PutRequest request;
        request.key = key;
        request.sha256 = *sha256(bytes);
        request.metadata = std::move(metadata);
        return store->put(request, source);
    }
    Result<std::string> get(const std::string& key) {
        std::string bytes;
        TRY_DO(store->get(key, "", 0, 0, "", [&](std::string_view part) {
            bytes += part;
            return Status();
        }));
        return bytes;
    }
    std::string file(const std::string& name) {
        std::ifstream in(fs::path(options.directory) / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

}  // namespace

TEST_CASE("objects of a directory store are plain files with the original's time and mode", "[store]") {
    Setup s;
    const auto info =
        s.put("p/sales/a b.csv", "x,y\n1,2\n", {{k_meta_mtime_ns, "1600000000123456789"}, {k_meta_mode, "0640"}});
    REQUIRE(info);
    CHECK(info->sha256 == *sha256("x,y\n1,2\n"));
    CHECK(s.file("p/sales/a b.csv") == "x,y\n1,2\n");
    struct stat status {};
    REQUIRE(::stat((fs::path(s.options.directory) / "p/sales/a b.csv").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(status.st_mtim.tv_sec == 1600000000);
    CHECK(status.st_mtim.tv_nsec == 123456789);
    CHECK(s.store->head("p/sales/a b.csv")->metadata.at(k_meta_mode) == "0640");
}

TEST_CASE("head of a directory store tells what the file holds now", "[store]") {
    Setup s;
    REQUIRE(s.put("k", "good"));
    std::ofstream(fs::path(s.options.directory) / "k", std::ios::binary) << "evil";
    const auto info = s.store->head("k");
    REQUIRE(info);
    CHECK(info->sha256 == *sha256("evil"));
}

TEST_CASE("a put whose source changed leaves nothing behind", "[store]") {
    Setup s;
    TextSource source("other");
    PutRequest request;
    request.key = "k";
    request.sha256 = *sha256("bytes");
    const auto put = s.store->put(request, source);
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::corrupt);
    CHECK_FALSE(fs::exists(fs::path(s.options.directory) / "k"));
    CHECK(fs::is_empty(fs::path(s.options.directory) / ".neurolake-objects"));
}

TEST_CASE("a target that was begun and lost its marker is not begun again", "[store]") {
    Setup s;
    REQUIRE(s.put("k", "1"));
    const fs::path away = s.scratch.path / "away";
    fs::rename(s.options.directory, away);
    SECTION("the folder is gone") {}
    SECTION("an empty mount point is there") { fs::create_directory(s.options.directory); }
    s.reopen();
    for (const Errc code : {s.put("k2", "2").error().code, s.store->head("k").error().code,
                            s.store->list("", [](const ObjectInfo&) { return Status(); }).error().code,
                            s.store->remove("k").error().code, s.store->check().error().code}) {
        CHECK(code == Errc::unavailable);
    }
    CHECK((!fs::exists(s.options.directory) || fs::is_empty(s.options.directory)));
    fs::remove(s.options.directory);
    fs::rename(away, s.options.directory);
    CHECK(*s.get("k") == "1");
}

TEST_CASE("another disk mounted at the target is refused", "[store]") {
    Setup s;
    REQUIRE(s.put("k", "1"));
    fs::rename(s.options.directory, s.scratch.path / "away");
    const std::string state = std::exchange(s.options.state_folder, (s.scratch.path / "other").string());
    s.reopen();
    REQUIRE(s.put("k", "1"));
    s.options.state_folder = state;
    s.reopen();
    CHECK(s.put("k2", "2").error().code == Errc::unavailable);
}

TEST_CASE("a target of another lake is refused", "[store]") {
    Setup s;
    REQUIRE(s.put("k", "1"));
    s.options.lake_id = "lake-b";
    s.reopen();
    CHECK(s.put("k2", "2").error().code == Errc::conflict);
    CHECK(s.store->head("k").error().code == Errc::conflict);
}

TEST_CASE("a target whose parent is missing is not begun", "[store]") {
    Setup s;
    s.options.directory = (s.scratch.path / "no" / "such").string();
    s.reopen();
    const auto put = s.put("k", "1");
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::unavailable);
    CHECK(s.store->check().error().code == Errc::unavailable);
}

TEST_CASE("a check of a target that was never begun leaves nothing", "[store]") {
    Setup s;
    const Status missing = s.store->check();
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::unavailable);
    CHECK(missing.error().hint.find("mkdir") != std::string::npos);
    CHECK_FALSE(fs::exists(s.options.directory));
    fs::create_directory(s.options.directory);
    REQUIRE(s.store->check());
    CHECK(fs::is_empty(s.options.directory));
    REQUIRE(s.put("k", "1"));
    REQUIRE(s.store->check());
    CHECK_FALSE(fs::exists(fs::path(s.options.directory) / "%2Eneurolake-check"));
}

TEST_CASE("links below a target are never followed", "[store]") {
    Setup s;
    REQUIRE(s.put("real/k", "1"));
    fs::create_directory(s.scratch.path / "outside");
    fs::create_directory_symlink(s.scratch.path / "outside", fs::path(s.options.directory) / "link");
    CHECK_FALSE(s.put("link/k", "2"));
    CHECK(fs::is_empty(s.scratch.path / "outside"));
    std::vector<std::string> keys;
    REQUIRE(s.store->list("", [&](const ObjectInfo& info) {
        keys.push_back(info.key);
        return Status();
    }));
    CHECK(keys == std::vector<std::string>{"real/k"});
}

TEST_CASE("two writers of one key in a directory: one wins, the other is told", "[store]") {
    Setup s;
    REQUIRE(s.put("begin", "0"));
    for (int round = 0; round < 20; ++round) {
        const std::string key = "d" + std::to_string(round) + "/k";
        Result<ObjectInfo> a = ObjectInfo(), b = ObjectInfo();
        std::thread other([&] { a = s.put(key, "aaaa"); });
        b = s.put(key, "bbbb");
        other.join();
        REQUIRE(a.has_value() != b.has_value());
        CHECK((a ? b : a).error().code == Errc::already_exists);
        const auto head = s.store->head(key);
        REQUIRE(head);
        CHECK(head->etag == to_hex(*head->sha256));
        REQUIRE(s.store->remove(key));
    }
}

TEST_CASE("removing the last object of a folder of a directory store removes the folder", "[store]") {
    Setup s;
    REQUIRE(s.put("a/b/c", "1"));
    REQUIRE(s.store->remove("a/b/c"));
    CHECK_FALSE(fs::exists(fs::path(s.options.directory) / "a"));
    CHECK_FALSE(fs::exists(fs::path(s.options.directory) / ".neurolake-objects" / "a"));
    CHECK(s.store->remove("a/b/c"));
}

TEST_CASE("open says which settings a directory store lacks", "[store]") {
    Options options;
    options.provider = "directory";
    const SystemClock clock;
    const CancelFlag cancel;
    CHECK(missing(options) == std::vector<std::string>{"hybrid_storage.directory"});
    CHECK(open(options, clock, cancel).error().code == Errc::cloud);
    options.directory = "relative/path";
    CHECK(open(options, clock, cancel).error().code == Errc::config);
    options.provider = "azure";
    CHECK(open(options, clock, cancel).error().code == Errc::unsupported);
}
