// stores.cpp: how each store of the contract suite is set up.
// SPDX-License-Identifier: Apache-2.0
#include "contract/store/stores.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <random>

#include "base/digest.hpp"
#include "base/http.hpp"
#include "store/directory_store.hpp"
#include "store/probe.hpp"
#include "store/sigv4.hpp"

namespace neurolake::contract {

using namespace neurolake::store;
namespace fs = std::filesystem;

const std::vector<std::string> k_stores{"directory", "mini", "mini, host style", "mini, versions", "gateway", "swift"};

ServerProcess& mini_s3() {
    static ServerProcess server("mini_s3.py", {"--end-with-stdin"});
    REQUIRE(server.listens());
    return server;
}

ServerProcess& fault_proxy() {
    static ServerProcess server("faultproxy.py", {"--end-with-stdin", "--upstream",
                                                  mini_s3().endpoint().substr(std::string("http://").size())});
    REQUIRE(server.listens());
    return server;
}

namespace {

Keys keys_of(const ServerProcess& server) {
    return {server.said().text("access_key"), server.said().text("secret_key"), ""};
}

// The one thing a store never does itself: making its bucket.
void create_bucket(const std::string& endpoint, const Keys& keys) {
    const SystemClock clock;
    const CancelFlag never;
    sigv4::Request to_sign{"PUT", "/lake", {}, {}, to_hex(*sha256(""))};
    const sigv4::Scope scope{sigv4::amz_date(clock.now()), "us-east-1"};
    to_sign.headers = {
        {"host", endpoint.substr(7)}, {"x-amz-date", scope.date}, {"x-amz-content-sha256", to_sign.payload_hash}};
    http::Request request;
    request.method = "PUT";
    request.url = endpoint + "/lake";
    request.headers = {to_sign.headers[1], to_sign.headers[2]};
    request.headers.emplace_back("Authorization",
                                 *sigv4::authorization(to_sign, scope, {keys.access_key, keys.secret_key, ""}));
    request.body = http::body_of("");
    const auto answer = http::Client({}, never).send(request);
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
}

}  // namespace

ServerProcess& swift() {
    static ServerProcess server("swift_node.py", {});
    static const bool made = [] {
        if (server.listens()) create_bucket(server.endpoint(), keys_of(server));
        return true;
    }();
    (void)made;
    return server;
}

void configure_mini(const json::Value& options) {
    ask("POST", mini_s3().endpoint() + "/_reset", json::Value::object());
    const json::Value now = ask("POST", mini_s3().endpoint() + "/_config", options);
    REQUIRE(now.find("error") == nullptr);
}

json::Value mini_dump() { return ask("GET", mini_s3().endpoint() + "/_dump"); }

void set_faults(const json::Value& rules) {
    const std::string control = "http://127.0.0.1:" + std::to_string(fault_proxy().said().natural("control"));
    REQUIRE(ask("PUT", control + "/rules", rules).find("error") == nullptr);
    ask("POST", control + "/reset", json::Value::object());
}

std::uint64_t faults_fired() {
    const std::string control = "http://127.0.0.1:" + std::to_string(fault_proxy().said().natural("control"));
    const json::Value stats = ask("GET", control + "/stats");
    std::uint64_t fired = 0;
    for (const json::Value& one : stats.items("rules")) fired += one.natural("fired");
    return fired;
}

Keys mini_keys() { return {"TESTKEY0000000000001", "testSecret/with+odd=chars00000000000001", ""}; }
Keys swift_keys() { return keys_of(swift()); }

S3Options s3_options(const std::string& endpoint, const Keys& keys) {
    S3Options options;
    options.address.endpoint = endpoint;
    options.address.region = "us-east-1";
    options.address.bucket = "lake";
    options.stall_timeout = std::chrono::seconds(2);
    options.credentials.environment = [keys](const std::string& name) -> std::optional<std::string> {
        if (name == "AWS_ACCESS_KEY_ID") return keys.access_key;
        if (name == "AWS_SECRET_ACCESS_KEY") return keys.secret_key;
        if (name == "AWS_SESSION_TOKEN") return keys.session_token;
        return std::nullopt;
    };
    return options;
}

namespace {

std::unique_ptr<ObjectStore> make_mini(Bench& bench, const json::Value& config, bool host_style) {
    configure_mini(config);
    S3Options options = s3_options(mini_s3().endpoint(), mini_keys());
    if (host_style) {
        options.address.endpoint = "http://localhost:" + std::to_string(mini_s3().said().natural("port"));
        options.address.path_style = false;
    }
    auto made = make_s3_store(std::move(options), bench.clock, bench.cancel);
    REQUIRE(made);
    return std::move(*made);
}

std::unique_ptr<ObjectStore> make_swift(Bench& bench) {
    if (!swift().listens()) {
        std::printf("skipped: OpenStack Swift is not installed (%s)\n", json::dump(swift().said()).c_str());
        return nullptr;
    }
    auto made = make_s3_store(s3_options(swift().endpoint(), swift_keys()), bench.clock, bench.cancel);
    REQUIRE(made);
    return std::move(*made);
}

std::unique_ptr<ObjectStore> make_directory(Bench& bench) {
    std::string name = (fs::temp_directory_path() / "nl-contract-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    bench.scratch = name;
    return make_directory_store({bench.scratch / "target", "lake", bench.scratch / "state"}, bench.cancel);
}

}  // namespace

Bench::Bench(std::string store_name) : name(std::move(store_name)), prefix("t-" + random_hex(6) + "/") {
    const json::Value plain = json::Value::object();
    if (name == "directory") store = make_directory(*this);
    if (name == "mini") store = wrap(make_mini(*this, plain, false));
    if (name == "mini, host style") store = wrap(make_mini(*this, plain, true));
    if (name == "mini, versions") store = wrap(make_mini(*this, json::Value::object().set("versioning", true), false));
    if (name == "gateway") {
        store = wrap(make_mini(*this, json::Value::object().set("checksums", false).set("conditions", false), false));
    }
    if (name == "swift") {
        if (auto made = make_swift(*this)) store = wrap(std::move(made));
    }
}

Bench::~Bench() {
    store.reset();
    if (!scratch.empty()) fs::remove_all(scratch);
}

std::unique_ptr<ObjectStore> Bench::wrap(std::unique_ptr<ObjectStore> inner) {
    RetryTools tools;
    tools.sleep = [this](std::chrono::milliseconds wait) {
        waits.push_back(wait);
        return Status();
    };
    return make_retry_store(std::move(inner), {}, cancel, std::move(tools));
}

Result<ObjectInfo> Bench::put(const std::string& key, const std::string& bytes, Metadata metadata,
                              bool must_not_exist) {
    TextSource source(bytes);
    PutRequest request;
    request.key = prefix + key;
    request.sha256 = *sha256(bytes);
    request.metadata = std::move(metadata);
    request.metadata[k_meta_sha256] = to_hex(request.sha256);
    request.must_not_exist = must_not_exist;
    return store->put(request, source);
}

Result<std::string> Bench::get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                               const std::string& if_match) {
    std::string bytes;
    TRY_DO(store->get(prefix + key, "", offset, length, if_match, [&](std::string_view part) {
        bytes += part;
        return Status();
    }));
    return bytes;
}

std::string Bench::read(const std::string& key, std::uint64_t offset, std::uint64_t length,
                        const std::string& if_match) {
    auto bytes = get(key, offset, length, if_match);
    if (!bytes) FAIL(bytes.error().message);
    return std::move(*bytes);
}

std::vector<std::string> Bench::keys(const std::string& below) {
    std::vector<std::string> found;
    const Status listed = store->list(prefix + below, [&](const ObjectInfo& info) {
        found.push_back(info.key.substr(prefix.size()));
        return Status();
    });
    if (!listed) FAIL(listed.error().message);
    std::sort(found.begin(), found.end());
    return found;
}

Result<ObjectInfo> Bench::put_in_parts(const std::string& key, const std::vector<std::string>& parts) {
    std::string whole;
    for (const std::string& part : parts) whole += part;
    PutRequest request;
    request.key = prefix + key;
    request.sha256 = *sha256(whole);
    request.metadata[k_meta_sha256] = to_hex(request.sha256);
    TRY(const std::string upload, store->create_multipart(request));
    TextSource source(whole);
    std::vector<Part> done;
    std::uint64_t offset = 0;
    for (const std::string& part : parts) {
        TRY(Part put, store->put_part(request.key, upload, static_cast<unsigned>(done.size() + 1), source, offset,
                                      part.size(), *sha256(part)));
        done.push_back(std::move(put));
        offset += part.size();
    }
    return store->complete_multipart(request, upload, done);
}

std::string noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(random());
    return bytes;
}

}  // namespace neurolake::contract
