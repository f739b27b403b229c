// test_multipart.cpp: the contract of multipart uploads, on every store that has them.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>

#include "contract/store/stores.hpp"
#include "store/probe.hpp"

using namespace neurolake;
using namespace neurolake::store;
using namespace neurolake::contract;

namespace {

constexpr std::size_t k_part = 5 << 20;  // the smallest a server takes but for the last

std::unique_ptr<Bench> next_bench() {
    const std::string name = GENERATE(from_range(k_stores));
    auto bench = std::make_unique<Bench>(name);
    return bench->available() && bench->store->capabilities().multipart ? std::move(bench) : nullptr;
}

PutRequest request_for(const Bench& bench, const std::string& key, const std::string& bytes) {
    PutRequest request;
    request.key = bench.prefix + key;
    request.sha256 = *sha256(bytes);
    request.metadata[k_meta_sha256] = to_hex(request.sha256);
    return request;
}

// Counts the bytes that are asked of it.
struct CountingSource final : UploadSource {
    const std::string& bytes;
    std::atomic<std::uint64_t> given{0};
    explicit CountingSource(const std::string& all) : bytes(all) {}
    std::uint64_t size() const override { return bytes.size(); }
    Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t length) override {
        const std::size_t got = bytes.copy(into, length, offset);
        given += got;
        return got;
    }
};

}  // namespace

TEST_CASE("a part is read once, but where the server announces no checksums also for its MD5", "[contract]") {
    const std::string name = GENERATE("mini", "gateway");
    Bench bench(name);
    CAPTURE(bench.name);
    const std::string bytes = noise(k_part);
    const PutRequest request = request_for(bench, "k", bytes);
    const auto upload = bench.store->create_multipart(request);
    REQUIRE(upload);
    CountingSource source(bytes);
    const auto part = bench.store->put_part(request.key, *upload, 1, source, 0, k_part, *sha256(bytes));
    REQUIRE(part);
    CHECK(source.given == (name == "mini" ? 1 : 2) * k_part);
    REQUIRE(bench.store->complete_multipart(request, *upload, {*part}));
}

TEST_CASE("parts put in any order and at once become one object", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const std::string bytes = noise(2 * k_part + 1234);
    const PutRequest request = request_for(*bench, "k", bytes);
    const auto upload = bench->store->create_multipart(request);
    if (!upload) FAIL(upload.error().message);
    TextSource source(bytes);
    std::vector<Part> parts(3);
    std::atomic<int> failed{0};
    parallel_for(3, 3, [&](std::size_t i, unsigned) {
        const std::size_t number = 3 - i, offset = (number - 1) * k_part;
        const std::size_t length = std::min(k_part, bytes.size() - offset);
        auto part = bench->store->put_part(request.key, *upload, static_cast<unsigned>(number), source, offset, length,
                                           *sha256(bytes.substr(offset, length)));
        if (!part) {
            ++failed;
        } else {
            parts[i] = *part;
        }
    });
    REQUIRE(failed == 0);
    const auto whole = bench->store->complete_multipart(request, *upload, parts);
    if (!whole) FAIL(whole.error().message);
    CHECK(whole->size == bytes.size());
    CHECK((bench->read("k") == bytes));
    const auto head = bench->store->head(request.key);
    REQUIRE(head);
    CHECK(head->size == bytes.size());
    CHECK(head->metadata.at(k_meta_sha256) == to_hex(request.sha256));
    CHECK_FALSE(head->sha256);
    CHECK(whole->composite.has_value() == bench->store->capabilities().attests_sha256);
    CHECK(head->composite == whole->composite);
    CHECK(bench->store->list_uploads(bench->prefix)->empty());
}

TEST_CASE("an interrupted upload tells which parts it has", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const std::string bytes = noise(k_part + 100);
    const PutRequest request = request_for(*bench, "k", bytes);
    const auto upload = bench->store->create_multipart(request);
    REQUIRE(upload);
    TextSource source(bytes);
    const Sha256Digest first = *sha256(bytes.substr(0, k_part));
    const auto sent = bench->store->put_part(request.key, *upload, 1, source, 0, k_part, first);
    REQUIRE(sent);
    const auto found = bench->store->list_parts(request.key, *upload);
    if (!found) FAIL(found.error().message);
    REQUIRE(found->size() == 1);
    CHECK((*found)[0].number == 1);
    CHECK((*found)[0].size == k_part);
    CHECK((*found)[0].etag == sent->etag);
    CHECK((*found)[0].sha256 == sent->sha256);
    if (bench->store->capabilities().attests_sha256) CHECK((*found)[0].sha256 == first);
    const auto uploads = bench->store->list_uploads(bench->prefix);
    REQUIRE(uploads);
    REQUIRE(uploads->size() == 1);
    CHECK((*uploads)[0].key == request.key);
    CHECK((*uploads)[0].upload_id == *upload);
    // A later run goes on with what is there.
    std::vector<Part> parts = *found;
    const auto rest =
        bench->store->put_part(request.key, *upload, 2, source, k_part, 100, *sha256(bytes.substr(k_part)));
    REQUIRE(rest);
    parts.push_back(*rest);
    REQUIRE(bench->store->complete_multipart(request, *upload, parts));
    CHECK((bench->read("k") == bytes));
}

TEST_CASE("an aborted upload is gone, and aborting it again is success", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const PutRequest request = request_for(*bench, "k", "x");
    const auto upload = bench->store->create_multipart(request);
    REQUIRE(upload);
    TextSource source("x");
    REQUIRE(bench->store->put_part(request.key, *upload, 1, source, 0, 1, *sha256("x")));
    REQUIRE(bench->store->abort_multipart(request.key, *upload));
    CHECK(bench->store->list_parts(request.key, *upload).error().code == Errc::not_found);
    CHECK(bench->store->abort_multipart(request.key, *upload));
    CHECK(bench->store->head(request.key).error().code == Errc::not_found);
}

TEST_CASE("completing an upload does not overwrite an object", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    REQUIRE(bench->put("k", "first"));
    const PutRequest request = request_for(*bench, "k", "x");
    const auto upload = bench->store->create_multipart(request);
    REQUIRE(upload);
    TextSource source("x");
    const auto part = bench->store->put_part(request.key, *upload, 1, source, 0, 1, *sha256("x"));
    REQUIRE(part);
    const auto whole = bench->store->complete_multipart(request, *upload, {*part});
    REQUIRE_FALSE(whole);
    CHECK(whole.error().code == Errc::already_exists);
    CHECK(bench->read("k") == "first");
    REQUIRE(bench->store->abort_multipart(request.key, *upload));
}

TEST_CASE("a damaged part is refused", "[contract]") {
    const auto bench = next_bench();
    if (!bench) return;
    CAPTURE(bench->name);
    const PutRequest request = request_for(*bench, "k", "x");
    const auto upload = bench->store->create_multipart(request);
    REQUIRE(upload);
    TextSource source("x");
    const auto part = bench->store->put_part(request.key, *upload, 1, source, 0, 1, *sha256("y"));
    REQUIRE_FALSE(part);
    CHECK(part.error().code == Errc::corrupt);
    REQUIRE(bench->store->abort_multipart(request.key, *upload));
}

TEST_CASE("lists of parts and uploads go over many pages", "[contract]") {
    Bench bench("mini");
    configure_mini(json::Value::object().set("page", 2));
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        const auto upload = bench.store->create_multipart(request_for(bench, "k" + std::to_string(i / 2), "x"));
        REQUIRE(upload);
        ids.push_back(*upload);
    }
    CHECK(bench.store->list_uploads(bench.prefix)->size() == 5);
    TextSource source("xxxxx");
    for (unsigned number = 1; number <= 5; ++number) {
        REQUIRE(bench.store->put_part(bench.prefix + "k0", ids[0], number, source, number - 1, 1, *sha256("x")));
    }
    const auto parts = bench.store->list_parts(bench.prefix + "k0", ids[0]);
    REQUIRE(parts);
    REQUIRE(parts->size() == 5);
    CHECK(parts->back().number == 5);
}

TEST_CASE("a directory store has no multipart and takes any size in one put", "[contract]") {
    Bench bench("directory");
    CHECK_FALSE(bench.store->capabilities().multipart);
    CHECK(bench.store->capabilities().max_single > (1ull << 50));
    CHECK(bench.store->create_multipart({}).error().code == Errc::unsupported);
}
