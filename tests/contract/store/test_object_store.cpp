// test_object_store.cpp: the contract of ObjectStore, on every store.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "contract/store/stores.hpp"
#include "store/probe.hpp"

using namespace neurolake;
using namespace neurolake::store;
using namespace neurolake::contract;

namespace {

// The bench of the store whose turn it is; nullptr where it is not installed.
std::unique_ptr<Bench> next_bench() {
    const std::string name = GENERATE(from_range(k_stores));
    auto bench = std::make_unique<Bench>(name);
    return bench->available() ? std::move(bench) : nullptr;
}

// Raises the flag while it is read.
class CancellingSource final : public UploadSource {
public:
    CancellingSource(std::string bytes, CancelFlag& cancel) : m_bytes(std::move(bytes)), m_cancel(cancel) {}
    std::uint64_t size() const override { return m_bytes.size(); }
    Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t length) override {
        if (offset > 0) m_cancel.cancel();
        const std::size_t count = std::min<std::size_t>({length, m_bytes.size() - offset, 64u << 10});
        std::copy_n(m_bytes.data() + offset, count, into);
        return count;
    }

private:
    std::string m_bytes;
    CancelFlag& m_cancel;
};

// Says it has more bytes than it gives.
class ShortSource final : public UploadSource {
public:
    std::uint64_t size() const override { return 100'000; }
    Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t length) override {
        if (offset >= 50'000) return std::size_t{0};
        const std::size_t count = std::min<std::size_t>(length, 50'000 - offset);
        std::fill_n(into, count, 'x');
        return count;
    }
};

}  // namespace

TEST_CASE("what is put comes back, byte for byte", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    for (const std::size_t size : {0u, 1u, 4096u, 300'000u}) {
        const std::string key = "size-" + std::to_string(size), bytes = noise(size);
        const auto put = bench->put(key, bytes, {{k_meta_mtime_ns, "1600000000000000001"}, {k_meta_mode, "0640"}});
        if (!put) FAIL(put.error().message);
        CHECK(put->size == size);
        const auto head = bench->store->head(bench->prefix + key);
        REQUIRE(head);
        CHECK(head->size == size);
        CHECK(head->etag == put->etag);
        CHECK(head->version_id == put->version_id);
        CHECK(head->metadata.at(k_meta_sha256) == to_hex(*sha256(bytes)));
        CHECK(head->metadata.at(k_meta_mtime_ns) == "1600000000000000001");
        CHECK((bench->read(key) == bytes));
    }
}

TEST_CASE("a store attests exactly what it claims to attest", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const std::string bytes = noise(1000);
    REQUIRE(bench->put("learn", bytes));  // after the first answer the capabilities are known
    const auto put = bench->put("k", bytes);
    REQUIRE(put);
    const auto head = bench->store->head(bench->prefix + "k");
    REQUIRE(head);
    if (bench->store->capabilities().attests_sha256) {
        CHECK(put->sha256 == *sha256(bytes));
        CHECK(head->sha256 == *sha256(bytes));
    } else {
        CHECK_FALSE(put->sha256);
        CHECK_FALSE(head->sha256);
        CHECK(put->attested_by_md5);
    }
    const bool strong = bench->name != "gateway" && bench->name != "swift";
    CHECK(bench->store->capabilities().attests_sha256 == strong);
    CHECK(bench->store->capabilities().conditional_put == strong);
}

TEST_CASE("the very first put of a store may be large", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const std::string bytes = noise(12 << 20);
    const auto put = bench->put("k", bytes);
    if (!put) FAIL(put.error().message);
    CHECK(bench->waits.empty());
    CHECK((bench->read("k") == bytes));
}

TEST_CASE("an object that exists is not overwritten unless asked", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    REQUIRE(bench->put("k", "first"));
    const auto again = bench->put("k", "second");
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Errc::already_exists);
    CHECK(bench->read("k") == "first");
    REQUIRE(bench->put("k", "third", {}, false));
    CHECK(bench->read("k") == "third");
}

TEST_CASE("bytes that are not what was announced are not stored", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    TextSource source("these bytes");
    PutRequest request;
    request.key = bench->prefix + "k";
    request.sha256 = *sha256("other bytes");
    const auto put = bench->store->put(request, source);
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::corrupt);
    CHECK(bench->store->head(request.key).error().code == Errc::not_found);
}

TEST_CASE("a source that ends early stores nothing", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    ShortSource source;
    PutRequest request;
    request.key = bench->prefix + "k";
    CHECK_FALSE(bench->store->put(request, source));
    CHECK(bench->store->head(request.key).error().code == Errc::not_found);
}

TEST_CASE("a cancelled upload says so and stores nothing", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    REQUIRE(bench->put("warm", "1"));
    const std::string bytes = noise(16 << 20);
    CancellingSource source(bytes, bench->cancel);
    PutRequest request;
    request.key = bench->prefix + "k";
    request.sha256 = *sha256(bytes);
    const auto put = bench->store->put(request, source);
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::cancelled);
}

TEST_CASE("ranges of an object are delivered exactly", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const std::string bytes = noise(10'000);
    REQUIRE(bench->put("k", bytes));
    CHECK((bench->read("k", 0, 1) == bytes.substr(0, 1)));
    CHECK((bench->read("k", 0, 10'000) == bytes));
    CHECK((bench->read("k", 5'000, 100) == bytes.substr(5'000, 100)));
    CHECK((bench->read("k", 9'999, 0) == bytes.substr(9'999)));
    CHECK((bench->read("k", 9'000, 5'000) == bytes.substr(9'000)));
    CHECK((bench->read("k", 10'000, 0)).empty());
    const auto beyond = bench->get("k", 10'001, 0);
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == Errc::usage);
}

TEST_CASE("get tells the object before its bytes, and its whole size for a range", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const auto put = bench->put("k", noise(1000));
    REQUIRE(put);
    int opened = 0;
    bool before = true;
    const auto got = bench->store->get(
        bench->prefix + "k", "", 10, 20, "",
        [&](std::string_view) {
            before = before && opened == 1;
            return Status();
        },
        [&](const ObjectInfo& info) {
            ++opened;
            CHECK(info.etag == put->etag);
            CHECK(info.size == 1000);
        });
    REQUIRE(got);
    CHECK(got->size == 1000);
    CHECK(opened == 1);
    CHECK(before);
}

TEST_CASE("a read bound to a version refuses another one", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const auto first = bench->put("k", "first");
    REQUIRE(first);
    CHECK(bench->read("k", 0, 0, first->etag) == "first");
    REQUIRE(bench->put("k", "second", {}, false));
    const auto got = bench->get("k", 0, 0, first->etag);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::conflict);
}

TEST_CASE("an old version can be read by its id", "[contract]") {
    Bench bench("mini, versions");
    const auto first = bench.put("k", "first");
    REQUIRE(first);
    REQUIRE_FALSE(first->version_id.empty());
    REQUIRE(bench.put("k", "second", {}, false));
    std::string bytes;
    REQUIRE(bench.store->get(bench.prefix + "k", first->version_id, 0, 0, "", [&](std::string_view part) {
        bytes += part;
        return Status();
    }));
    CHECK(bytes == "first");
    REQUIRE(bench.store->remove(bench.prefix + "k", first->version_id));
    CHECK(bench.store->head(bench.prefix + "k", first->version_id).error().code == Errc::not_found);
    CHECK(bench.read("k") == "second");
}

TEST_CASE("the error of a sink ends the transfer and is returned", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    REQUIRE(bench->put("k", noise(3 << 20)));
    int calls = 0;
    const auto got = bench->store->get(bench->prefix + "k", "", 0, 0, "", [&](std::string_view) -> Status {
        ++calls;
        return Error(Errc::full, "the disk is full");
    });
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::full);
    CHECK(calls == 1);
}

TEST_CASE("missing objects are not found, and removing them is success", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    CHECK(bench->store->head(bench->prefix + "none").error().code == Errc::not_found);
    CHECK(bench->get("none").error().code == Errc::not_found);
    CHECK(bench->store->remove(bench->prefix + "none"));
    REQUIRE(bench->put("k", "1"));
    REQUIRE(bench->store->remove(bench->prefix + "k"));
    CHECK(bench->store->head(bench->prefix + "k").error().code == Errc::not_found);
    CHECK(bench->store->remove(bench->prefix + "k"));
}

TEST_CASE("nasty keys are distinct objects and come back from a list", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    std::vector<std::string> names{"plain",       "with space",  "a+b",       "a%20b",      "a%b",
                                   "quo\"te'",    "<&>",         "new\nline", "esc\x1b[1m", "größe",
                                   "日本/語.csv", "bad\xff\xfe", "-dash",     "tail.",      "a/../b",
                                   "Case",        "case",        "x=1/y=2",   "q?a=1#f",    "semi;colon",
                                   "tilde~",      "back\\slash", ".hidden",   "~$x",        "a:b|c*d"};
    for (const std::string& name : names) {
        CAPTURE(name);
        const auto put = bench->put(name, "bytes of " + name);
        if (!put) FAIL(put.error().message);
    }
    std::sort(names.begin(), names.end());
    CHECK(bench->keys("") == names);
    for (const std::string& name : names) {
        CAPTURE(name);
        const auto got = bench->get(name);
        REQUIRE(got);
        CHECK(*got == "bytes of " + name);
        CHECK(bench->store->remove(bench->prefix + name));
    }
    CHECK(bench->keys("").empty());
}

TEST_CASE("a list holds every key below its prefix, over all pages", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    if (bench->name.starts_with("mini")) configure_mini(json::Value::object().set("page", 3));
    std::vector<std::string> names;
    for (int i = 10; i < 21; ++i) names.push_back("d/f" + std::to_string(i));
    for (const std::string& name : names) REQUIRE(bench->put(name, name));
    REQUIRE(bench->put("da", "1"));
    REQUIRE(bench->put("e/f", "1"));
    CHECK(bench->keys("d/") == names);
    CHECK(bench->keys("d/f2") == std::vector<std::string>{"d/f20"});
    CHECK(bench->keys("d").size() == names.size() + 1);
    CHECK(bench->keys("nothing").empty());
    std::uint64_t bytes = 0;
    REQUIRE(bench->store->list(bench->prefix + "d/", [&](const ObjectInfo& info) {
        bytes += info.size;
        return Status();
    }));
    CHECK(bytes == names.size() * 5);
}

TEST_CASE("many threads may use one store", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    std::atomic<int> wrong{0};
    parallel_for(24, 8, [&](std::size_t i, unsigned) {
        const std::string key = "k" + std::to_string(i), bytes = noise(20'000 + i, static_cast<unsigned>(i));
        const auto put = bench->put(key, bytes);
        const auto got = bench->get(key);
        if (!put || !got || *got != bytes) ++wrong;
    });
    CHECK(wrong == 0);
    CHECK(bench->keys("").size() == 24);
}

TEST_CASE("of several writers of one key exactly one wins", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    REQUIRE(bench->put("learn", "1"));
    if (!bench->store->capabilities().conditional_put) return;  // a look before the write cannot promise it
    std::atomic<int> won{0}, told{0};
    parallel_for(8, 8, [&](std::size_t i, unsigned) {
        const auto put = bench->put("k", "writer " + std::to_string(i));
        if (put) ++won;
        if (!put && put.error().code == Errc::already_exists) ++told;
    });
    CHECK(won == 1);
    CHECK(told == 7);
}

TEST_CASE("check uses a small object and leaves nothing behind", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    REQUIRE(bench->put("k", "1"));
    const Status checked = bench->store->check();
    if (!checked) FAIL(checked.error().message);
    std::vector<std::string> left;
    REQUIRE(bench->store->list(".neurolake-check/", [&](const ObjectInfo& info) {
        left.push_back(info.key);
        return Status();
    }));
    CHECK(left.empty());
}

TEST_CASE("metadata that no header can carry is refused, a path too long is left out", "[contract]") {
    const auto bench = next_bench();
    if (!bench || !bench->is_s3()) return;
    CAPTURE(bench->name);
    CHECK(bench->put("a", "1", {{"neurolake-x", "größe"}}).error().code == Errc::usage);
    CHECK(bench->put("a", "1", {{"neurolake-x", "two\r\nlines"}}).error().code == Errc::usage);
    CHECK(bench->put("a", "1", {{"neurolake-x", std::string(300, 'x')}}).error().code == Errc::usage);
    REQUIRE(bench->put("a", "1", {{k_meta_path, std::string(300, 'x')}}));
    CHECK(bench->store->head(bench->prefix + "a")->metadata.count(k_meta_path) == 0);
}
