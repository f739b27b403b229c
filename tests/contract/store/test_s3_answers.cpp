// test_s3_answers.cpp: what the S3 store makes of a server's refusals, and of settings that do not fit the server.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "contract/store/stores.hpp"
#include "store/probe.hpp"
#include "store/store.hpp"

using namespace neurolake;
using namespace neurolake::store;
using namespace neurolake::contract;

namespace {

std::unique_ptr<ObjectStore> made(Bench& bench, S3Options options) {
    auto store = make_s3_store(std::move(options), bench.clock, bench.cancel);
    REQUIRE(store);
    return bench.wrap(std::move(*store));
}

}  // namespace

TEST_CASE("wrong keys are denied, by name of their origin and never in full", "[contract]") {
    Bench bench("mini");
    SECTION("wrong secret") {
        bench.store = made(bench, s3_options(mini_s3().endpoint(), {mini_keys().access_key, "wrongSecretValue", ""}));
    }
    SECTION("wrong id") {
        bench.store = made(bench, s3_options(mini_s3().endpoint(), {"WRONGKEYWRONGKEY0001", "wrongSecretValue", ""}));
    }
    const auto put = bench.put("k", "1");
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::denied);
    CHECK_THAT(put.error().message, Catch::Contains("the environment"));
    CHECK_THAT(put.error().message, !Catch::Contains("wrongSecretValue") && !Catch::Contains("WRONGKEYWRONGKEY0001"));
    CHECK(bench.waits.empty());
    CHECK(bench.store->check().error().code == Errc::denied);
}

TEST_CASE("a bucket that does not exist is named with what to do", "[contract]") {
    Bench bench("mini");
    S3Options options = s3_options(mini_s3().endpoint(), mini_keys());
    options.address.bucket = "no-such-bucket";
    bench.store = made(bench, std::move(options));
    for (const Error& error : {bench.store->check().error(), bench.put("k", "1").error(),
                               bench.store->list("", [](const ObjectInfo&) { return Status(); }).error()}) {
        CHECK(error.code == Errc::not_found);
        CHECK_THAT(error.message, Catch::Contains("no-such-bucket"));
        CHECK_THAT(error.hint, Catch::Contains("hybrid_storage.cloud_bucket"));
    }
}

TEST_CASE("a bucket in another region is told, not followed", "[contract]") {
    Bench bench("mini");
    configure_mini(json::Value::object().set("elsewhere", "eu-central-1"));
    for (const Error& error :
         {bench.put("k", "1").error(), bench.store->check().error(), bench.store->head("k").error()}) {
        CHECK(error.code == Errc::cloud);
        CHECK_THAT(error.message, Catch::Contains("bucket lake is in eu-central-1, settings say us-east-1"));
        CHECK_THAT(error.hint, Catch::Contains("config set hybrid_storage.region eu-central-1"));
    }
}

TEST_CASE("a region the server does not sign for is told", "[contract]") {
    Bench bench("mini");
    S3Options options = s3_options(mini_s3().endpoint(), mini_keys());
    options.address.region = "eu-west-1";
    bench.store = made(bench, std::move(options));
    const auto put = bench.put("k", "1");
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::cloud);
    CHECK_THAT(put.error().message, Catch::Contains("is in us-east-1, settings say eu-west-1"));
}

TEST_CASE("a wrong clock is told in minutes", "[contract]") {
    Bench bench("mini");
    configure_mini(json::Value::object().set("clock_offset", -20 * 60));
    for (const Error& error : {bench.put("k", "1").error(), bench.store->head("k").error()}) {
        CHECK(error.code == Errc::denied);
        CHECK_THAT(error.message, Catch::Contains("this machine's clock is 20 min ahead") ||
                                      Catch::Contains("this machine's clock is 19 min ahead"));
    }
    configure_mini(json::Value::object().set("clock_offset", 60 * 60));
    CHECK_THAT(bench.put("k", "1").error().message, Catch::Contains("min behind"));
}

TEST_CASE("expired credentials are read anew once", "[contract]") {
    Bench bench("mini");
    configure_mini(json::Value::object().set("session_token", "fresh"));
    int asked = 0;
    std::string second;
    SECTION("new ones are there: the run goes on") { second = "fresh"; }
    SECTION("there are none: the run stops") { second = "stale"; }
    S3Options options = s3_options(mini_s3().endpoint(), mini_keys());
    options.credentials.environment = [&](const std::string& name) -> std::optional<std::string> {
        if (name == "AWS_ACCESS_KEY_ID") return mini_keys().access_key;
        if (name == "AWS_SECRET_ACCESS_KEY") return mini_keys().secret_key;
        if (name == "AWS_SESSION_TOKEN") return ++asked == 1 ? "stale" : second;
        return std::nullopt;
    };
    bench.store = made(bench, std::move(options));
    const auto put = bench.put("k", "1");
    CHECK(put.has_value() == (second == "fresh"));
    if (!put) {
        CHECK(put.error().code == Errc::denied);
        CHECK_THAT(put.error().hint, Catch::Contains("new credentials"));
    }
    CHECK(asked == 2);
    CHECK(bench.waits.empty());
}

TEST_CASE("a full store is full", "[contract]") {
    Bench bench("mini");
    configure_mini(json::Value::object().set("quota", 1000));
    REQUIRE(bench.put("a", noise(900)));
    const auto put = bench.put("b", noise(900));
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::full);
}

TEST_CASE("a server that is not there is unavailable, and says where it should be", "[contract]") {
    Bench bench("mini");
    bench.store = made(bench, s3_options("http://127.0.0.1:9", mini_keys()));
    const auto put = bench.put("k", "1");
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::unavailable);
    CHECK_THAT(put.error().message, Catch::Contains("http://127.0.0.1:9"));
    CHECK_THAT(put.error().hint, Catch::Contains("hybrid_storage.endpoint"));
    CHECK(bench.waits.size() == 4);
}

TEST_CASE("a small put costs one request, and none for proof", "[contract]") {
    Bench bench("mini");
    REQUIRE(bench.put("learn", "1"));
    const auto before = request_counts();
    for (int i = 0; i < 10; ++i) REQUIRE(bench.put("k" + std::to_string(i), noise(1000)));
    const auto after = request_counts();
    CHECK(after.requests.at("PUT") - before.requests.at("PUT") == 10);
    const auto count = [](const RequestCounts& counts, const char* method) {
        const auto found = counts.requests.find(method);
        return found == counts.requests.end() ? 0 : found->second;
    };
    CHECK(count(after, "HEAD") == count(before, "HEAD"));
    CHECK(after.bytes_sent - before.bytes_sent == 10'000);
}

TEST_CASE("a bandwidth limit is kept", "[contract]") {
    Bench bench("mini");
    S3Options options = s3_options(mini_s3().endpoint(), mini_keys());
    options.bytes_per_second = 200'000;
    bench.store = made(bench, std::move(options));
    const auto start = std::chrono::steady_clock::now();
    const std::string bytes = noise(200'000);
    parallel_for(2, 2, [&](std::size_t i, unsigned) { (void)bench.put("k" + std::to_string(i), bytes); });
    // 400,000 bytes at 200,000 a second, the first grain free: it cannot have been faster.
    CHECK(std::chrono::steady_clock::now() - start > std::chrono::milliseconds(1700));
    CHECK(bench.keys("").size() == 2);
}

TEST_CASE("open makes a store from settings that works", "[contract]") {
    Bench bench("mini");
    Options options;
    options.bucket = "lake";
    options.endpoint = mini_s3().endpoint();
    options.region = "us-east-1";
    options.access_key_id = mini_keys().access_key;
    options.secret_access_key = mini_keys().secret_key;
    ::setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    ::setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"})
        ::unsetenv(name);
    CHECK(missing(options).empty());
    auto opened = open(options, bench.clock, bench.cancel);
    REQUIRE(opened);
    CHECK((*opened)->describe() == "s3 bucket lake at " + mini_s3().endpoint());
    CHECK((*opened)->check());
    options.access_key_id.clear();
    options.secret_access_key.clear();
    options.bucket.clear();
    CHECK(missing(options).size() == 2);
    CHECK(open(options, bench.clock, bench.cancel).error().code == Errc::cloud);
}
