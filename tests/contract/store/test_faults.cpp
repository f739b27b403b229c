// test_faults.cpp: the S3 store behind a proxy that lies, stalls, cuts, corrupts and loses.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "contract/store/stores.hpp"
#include "store/probe.hpp"

using namespace neurolake;
using namespace neurolake::store;
using namespace neurolake::contract;

namespace {

json::Value fault(const std::string& fields) {
    auto parsed = json::parse(fields);
    REQUIRE(parsed);
    return std::move(*parsed);
}

// One rule: requests of this method (and query) meet the fault, `times` times.
json::Value rule(const std::string& method, const std::string& query, const json::Value& what, int times,
                 int skip = 0) {
    json::Value match = json::Value::object();
    match.set("method", "^" + method + "$");
    if (!query.empty()) match.set("query", query);
    json::Value one = json::Value::object();
    one.set("match", std::move(match)).set("times", times).set("skip", skip).set("fault", what);
    json::Value rules = json::Value::array();
    rules.push(std::move(one));
    return rules;
}

// A bench whose store goes through the proxy; truth() is told by the server itself.
struct Faulty : Bench {
    Faulty() : Bench("mini") {
        set_faults(json::Value::array());
        auto made = make_s3_store(s3_options(fault_proxy().endpoint(), mini_keys()), clock, cancel);
        REQUIRE(made);
        store = wrap(std::move(*made));
    }
    ~Faulty() { set_faults(json::Value::array()); }
    Faulty(const Faulty&) = delete;
    Faulty& operator=(const Faulty&) = delete;

    // SHA-256 of what the server really holds; "" when it holds nothing.
    std::string truth(const std::string& key) const {
        const json::Value dump = mini_dump();
        const json::Value* object = dump.find("objects")->find("lake/" + prefix + key);
        return object == nullptr ? "" : object->text("sha256");
    }
};

struct Case {
    const char* name;
    const char* fields;
};

// What a second try cures.
const Case k_passing[] = {
    {"503 SlowDown", R"({"type":"status","code":503,"s3code":"SlowDown","retry_after":1})"},
    {"500 InternalError", R"({"type":"status","code":500,"s3code":"InternalError"})"},
    {"429", R"({"type":"status","code":429,"s3code":"TooManyRequests"})"},
    {"502 without words", R"({"type":"status","code":502,"body":"<html>bad gateway</html>"})"},
    {"500 although done", R"({"type":"status","code":500,"s3code":"InternalError","forward":true})"},
    {"200 with an error", R"({"type":"ok_error","s3code":"InternalError"})"},
    {"200 with an error although done", R"({"type":"ok_error","s3code":"InternalError","forward":true})"},
    {"reset before the body", R"({"type":"reset_request","after":0})"},
    {"reset amid the body", R"({"type":"reset_request","after":70000})"},
    {"reset between proxy and server", R"({"type":"reset_upstream","after":70000})"},
    {"answer lost", R"({"type":"reset_response","after":0})"},
    {"answer cut in its head", R"({"type":"reset_response","after":40})"},
    {"stalled answer", R"({"type":"stall","seconds":4,"where":"before_response"})"},
    {"stalled before the server", R"({"type":"stall","seconds":4,"where":"before_request"})"},
    {"request corrupted on its way", R"({"type":"corrupt","where":"request"})"},
    {"not HTTP", R"({"type":"garbage"})"},
    {"answered twice", R"({"type":"duplicate_response"})"},
};
constexpr const char* k_sent_twice = R"({"type":"duplicate_request"})";

// What ends the operation at once.
struct Fatal {
    const char* name;
    const char* fields;
    Errc code;
    const char* words;
};
const Fatal k_fatal[] = {
    {"expired token", R"({"type":"expired"})", Errc::denied, "expired"},
    {"access denied", R"({"type":"access_denied"})", Errc::denied, "Access Denied"},
    {"clock skew", R"({"type":"clock_skew"})", Errc::denied, "clock"},
    {"redirect", R"({"type":"redirect","region":"eu-central-1"})", Errc::cloud,
     "bucket lake is in eu-central-1, settings say us-east-1"},
    {"temporary redirect", R"({"type":"redirect","code":307,"region":"eu-central-1","location":"http://127.0.0.1:1/"})",
     Errc::cloud, "eu-central-1"},
};

std::size_t requests_of(const std::string& method) {
    std::size_t count = 0;
    const json::Value dump = mini_dump();
    for (const json::Value& request : dump.items("requests")) count += (*request.as_array())[0] == json::Value(method);
    return count;
}

}  // namespace

TEST_CASE("a put survives each passing fault and the object is right", "[faults]") {
    for (const Case& one : k_passing) {
        Faulty bench;
        CAPTURE(one.name);
        const std::string bytes = noise(200'000);
        REQUIRE(bench.put("learn", "1"));
        set_faults(rule("PUT", "", fault(one.fields), 1));
        const auto put = bench.put("k", bytes);
        if (!put) FAIL(put.error().message);
        CHECK(faults_fired() == 1);
        CHECK(put->sha256 == *sha256(bytes));
        CHECK(bench.truth("k") == to_hex(*sha256(bytes)));
    }
}

TEST_CASE("a put that the network sends twice meets its own object, and a completion knows it", "[faults]") {
    Faulty bench;
    set_faults(rule("PUT|POST", "^(uploadId=.*)?$", fault(k_sent_twice), 1000));
    const std::string bytes = noise(200'000);
    const auto put = bench.put("k", bytes);
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::already_exists);
    CHECK(bench.store->head(bench.prefix + "k")->sha256 == *sha256(bytes));
    const auto whole = bench.put_in_parts("parts", {bytes});
    if (!whole) FAIL(whole.error().message);
    CHECK(bench.truth("parts") == to_hex(*sha256(bytes)));
}

TEST_CASE("a fault that stays is an error in the end, and never a wrong object", "[faults]") {
    for (const Case& one : k_passing) {
        const std::string name = one.name;
        if (name.starts_with("answered") || name.starts_with("stalled")) continue;
        Faulty bench;
        CAPTURE(name);
        const std::string bytes = noise(200'000);
        set_faults(rule("PUT|HEAD", "", fault(one.fields), 1000));
        const auto put = bench.put("k", bytes);
        REQUIRE_FALSE(put);
        const bool damaged = name.starts_with("request corrupted");
        CHECK(put.error().code == (damaged ? Errc::corrupt : Errc::unavailable));
        CHECK(bench.waits.size() == (damaged ? 1 : 4));
        const std::string truth = bench.truth("k");
        CHECK((truth.empty() || truth == to_hex(*sha256(bytes))));
    }
}

TEST_CASE("refusals end a put at once and say what to do", "[faults]") {
    for (const Fatal& one : k_fatal) {
        Faulty bench;
        CAPTURE(one.name);
        set_faults(rule("PUT", "", fault(one.fields), 1000));
        const auto put = bench.put("k", noise(1000));
        REQUIRE_FALSE(put);
        CHECK(put.error().code == one.code);
        CHECK_THAT(put.error().message, Catch::Contains(one.words));
        CHECK_FALSE(put.error().hint.empty());
        CHECK(bench.waits.empty());
        CHECK(bench.truth("k").empty());
    }
}

TEST_CASE("a server that says yes and stores nothing is not believed", "[faults]") {
    Faulty bench;
    SECTION("before its checksums are known") {}
    SECTION("after") { REQUIRE(bench.put("learn", "1")); }
    set_faults(rule("PUT", "", fault(R"({"type":"swallow"})"), 1));
    const auto put = bench.put("k", noise(1000));
    REQUIRE(put);
    CHECK_FALSE(put->sha256);
    CHECK_FALSE(put->attested_by_md5);
    CHECK(bench.store->head(bench.prefix + "k").error().code == Errc::not_found);
}

TEST_CASE("an answer that lies about ETag or drops the checksum attests nothing", "[faults]") {
    Faulty bench;
    const std::string bytes = noise(1000);
    set_faults(rule("PUT", "", fault(R"({"type":"headers","set":{"ETag":"\"0123456789abcdef0123456789abcdef\""},
                                         "drop":["x-amz-checksum-sha256"]})"),
                    1));
    const auto put = bench.put("k", bytes);
    REQUIRE(put);
    CHECK_FALSE(put->sha256);
    CHECK_FALSE(put->attested_by_md5);
    const auto head = bench.store->head(bench.prefix + "k");
    REQUIRE(head);
    CHECK(head->sha256 == *sha256(bytes));
}

TEST_CASE("an answer with another checksum than ours is not believed, the object is looked at", "[faults]") {
    Faulty bench;
    const std::string bytes = noise(1000), other = to_base64(*sha256("other"));
    const json::Value lie = fault(R"({"type":"headers","set":{"x-amz-checksum-sha256":")" + other + "\"}}");
    set_faults(rule("PUT", "", lie, 1000));
    const auto put = bench.put("k", bytes);
    REQUIRE(put);
    CHECK(put->sha256 == *sha256(bytes));  // from the HEAD
    CHECK(bench.waits.size() == 1);
    set_faults(rule("PUT|HEAD", "", lie, 1000));
    const auto both = bench.put("k2", bytes);
    REQUIRE_FALSE(both);
    CHECK(both.error().code == Errc::already_exists);  // an object that is not ours by what the server says
}

TEST_CASE("a wait the server asks for is kept, an endless one is not", "[faults]") {
    Faulty bench;
    set_faults(rule("HEAD", "", fault(R"({"type":"status","code":503,"retry_after":30})"), 2));
    CHECK(bench.store->head(bench.prefix + "k").error().code == Errc::not_found);
    REQUIRE(bench.waits.size() == 2);
    CHECK(bench.waits[0] >= std::chrono::seconds(30));
    set_faults(rule("HEAD", "", fault(R"({"type":"status","code":503,"retry_after":86400})"), 1000));
    bench.waits.clear();
    CHECK(bench.store->head(bench.prefix + "k").error().code == Errc::unavailable);
    CHECK(bench.waits.empty());
}

TEST_CASE("a download goes on where it was cut and delivers each byte once", "[faults]") {
    const Case cuts[] = {
        {"reset", R"({"type":"reset_response","after":150000})"},
        {"truncated", R"({"type":"truncate","after":150000})"},
        {"chunked and cut", R"({"type":"chunked_cut","after":150000})"},
        {"stalled amid", R"({"type":"stall","seconds":4,"where":"mid_response","after":150000})"},
        {"shorter than the range", R"({"type":"short","after":150000})"},
        {"503", R"({"type":"status","code":503})"},
        {"200 with an error", R"({"type":"ok_error"})"},
        {"answer lost", R"({"type":"reset_response","after":0})"},
        {"not HTTP", R"({"type":"garbage"})"},
        {"answered twice", R"({"type":"duplicate_response"})"},
        {"slow", R"({"type":"throttle","bps":2000000})"},
    };
    for (const Case& one : cuts) {
        Faulty bench;
        CAPTURE(one.name);
        const std::string bytes = noise(400'000);
        REQUIRE(bench.put("k", bytes));
        set_faults(rule("GET", "", fault(one.fields), 2));
        CHECK((bench.read("k") == bytes));
        CHECK(faults_fired() >= 1);
        set_faults(rule("GET", "", fault(one.fields), 1));
        CHECK((bench.read("k", 1000, 300'000) == bytes.substr(1000, 300'000)));
    }
}

TEST_CASE("a download does not go on in another object", "[faults]") {
    Faulty bench;
    const std::string first = noise(400'000, 1), second = noise(400'000, 2);
    REQUIRE(bench.put("k", first));
    set_faults(rule("GET", "", fault(R"({"type":"truncate","after":150000})"), 1));
    std::string got;
    bool replaced = false;
    const auto read = bench.store->get(bench.prefix + "k", "", 0, 0, "", [&](std::string_view part) {
        got += part;
        if (got.size() >= 100'000 && !std::exchange(replaced, true)) REQUIRE(bench.put("k", second, {}, false));
        return Status();
    });
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::conflict);
    CHECK((got == first.substr(0, got.size())));
}

TEST_CASE("bytes corrupted on their way down are the caller's to find, by digest", "[faults]") {
    Faulty bench;
    const std::string bytes = noise(100'000);
    REQUIRE(bench.put("k", bytes));
    set_faults(rule("GET", "", fault(R"({"type":"corrupt","where":"response","offset":500})"), 1));
    const auto got = bench.get("k");
    REQUIRE(got);
    CHECK(*sha256(*got) != *sha256(bytes));
}

TEST_CASE("stale answers are told as they are, never mended by hope", "[faults]") {
    Faulty bench;
    REQUIRE(bench.put("k", "1"));
    set_faults(rule("HEAD", "", fault(R"({"type":"stale","what":"404"})"), 1));
    CHECK(bench.store->head(bench.prefix + "k").error().code == Errc::not_found);
    CHECK(bench.store->head(bench.prefix + "k"));
}

TEST_CASE("a failing page fails the list, it never shortens it", "[faults]") {
    Faulty bench;
    configure_mini(json::Value::object().set("page", 2));
    for (int i = 0; i < 5; ++i) REQUIRE(bench.put("k" + std::to_string(i), "1"));
    set_faults(rule("GET", "list-type=2", fault(R"({"type":"status","code":503})"), 1, 1));
    CHECK(bench.keys("").size() == 5);
    CHECK(faults_fired() == 1);  // mended by a second try, each key told once
    for (const char* fields :
         {R"({"type":"status","code":503})", R"({"type":"short","after":60})", R"({"type":"ok_error"})"}) {
        set_faults(rule("GET", "continuation-token", fault(fields), 1000));
        int told = 0;
        const Status listed = bench.store->list(bench.prefix, [&](const ObjectInfo&) {
            ++told;
            return Status();
        });
        CHECK_FALSE(listed);
        CHECK(told == 2);
    }
}

TEST_CASE("a multipart upload survives each passing fault of each of its requests", "[faults]") {
    const std::vector<std::string> parts{noise(5 << 20, 1), noise(300'000, 2)};
    const std::string whole = parts[0] + parts[1];
    struct Step {
        const char* method;
        const char* query;
    };
    for (const Step& step : {Step{"POST", "uploads="}, Step{"PUT", "partNumber=2"}, Step{"POST", "uploadId="}}) {
        for (const Case& one : k_passing) {
            Faulty bench;
            CAPTURE(one.name, step.method, step.query);
            set_faults(rule(step.method, step.query, fault(one.fields), 1));
            const auto put = bench.put_in_parts("k", parts);
            if (!put) FAIL(put.error().message);
            CHECK(faults_fired() == 1);
            CHECK(put->size == whole.size());
            CHECK(bench.truth("k") == to_hex(*sha256(whole)));
            const auto head = bench.store->head(bench.prefix + "k");
            REQUIRE(head);
            CHECK(head->composite);
        }
    }
}

TEST_CASE("a completion that fails for good leaves no object and says so", "[faults]") {
    Faulty bench;
    set_faults(rule("POST", "uploadId=", fault(R"({"type":"ok_error","s3code":"InternalError"})"), 1000));
    const auto put = bench.put_in_parts("k", {"x"});
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::unavailable);
    CHECK(bench.truth("k").empty());
    set_faults(json::Value::array());
    CHECK(bench.store->list_uploads(bench.prefix)->size() == 1);
}

TEST_CASE("an upload that is gone is not found", "[faults]") {
    Faulty bench;
    set_faults(rule("PUT", "partNumber", fault(R"({"type":"no_such_upload"})"), 1000));
    const auto put = bench.put_in_parts("k", {"x"});
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::not_found);
}

TEST_CASE("a part whose answer lost its checksum is sent again", "[faults]") {
    Faulty bench;
    REQUIRE(bench.put("learn", "1"));
    set_faults(rule("PUT", "partNumber", fault(R"({"type":"headers","drop":["x-amz-checksum-sha256"]})"), 1));
    const auto put = bench.put_in_parts("k", {noise(1000)});
    if (!put) FAIL(put.error().message);
    CHECK(faults_fired() == 1);
    CHECK(put->composite);
}

TEST_CASE("a redirect is not followed", "[faults]") {
    Faulty bench;
    const std::string elsewhere = mini_s3().endpoint() + "/lake/" + bench.prefix + "k";
    set_faults(rule("GET", "", fault(R"({"type":"redirect","code":307,"location":")" + elsewhere + "\"}"), 1000));
    REQUIRE_FALSE(bench.get("k"));
    CHECK(requests_of("GET") == 0);
}
