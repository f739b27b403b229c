// test_s3_endpoint.cpp: where requests go, and where they must not.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "store/s3_endpoint.hpp"

using namespace neurolake;
using namespace neurolake::store;

namespace {
S3Address at(const std::string& endpoint, const std::string& bucket = "lake") {
    S3Address address;
    address.endpoint = endpoint;
    address.region = "eu-west-1";
    address.bucket = bucket;
    return address;
}
}  // namespace

TEST_CASE("Amazon's own endpoints carry the bucket in the host", "[store]") {
    const auto plain = s3_endpoint(at(""));
    REQUIRE(plain);
    CHECK(plain->origin() == "https://lake.s3.eu-west-1.amazonaws.com");
    CHECK(plain->bucket_path.empty());
    const auto dotted = s3_endpoint(at("", "my.lake"));
    REQUIRE(dotted);
    CHECK(dotted->origin() == "https://s3.eu-west-1.amazonaws.com");
    CHECK(dotted->bucket_path == "/my.lake");
    S3Address china = at("");
    china.region = "cn-north-1";
    CHECK(s3_endpoint(china)->host == "lake.s3.cn-north-1.amazonaws.com.cn");
}

TEST_CASE("custom endpoints carry the bucket in the path unless told otherwise", "[store]") {
    CHECK(s3_endpoint(at("https://minio.example:9000/"))->origin() == "https://minio.example:9000");
    CHECK(s3_endpoint(at("https://minio.example:9000"))->bucket_path == "/lake");
    CHECK(s3_endpoint(at("https://Minio.Example:443"))->host == "minio.example");
    S3Address host = at("http://localhost:9000");
    host.path_style = false;
    CHECK(s3_endpoint(host)->origin() == "http://lake.localhost:9000");
    CHECK(s3_endpoint(at("http://[::1]:9000"))->host == "[::1]:9000");
}

TEST_CASE("plain http stays on this machine unless allowed", "[store]") {
    for (const char* endpoint : {"http://127.0.0.1:9000", "http://localhost", "http://127.8.9.1:1", "http://[::1]:9"}) {
        CAPTURE(endpoint);
        CHECK(s3_endpoint(at(endpoint)));
    }
    for (const char* endpoint : {"http://minio.example", "http://10.0.0.1:9000", "http://127.0.0.1.evil.example",
                                 "http://localhost.evil.example", "http://127.0.0.evil", "http://[fe80::1]:9000"}) {
        CAPTURE(endpoint);
        CHECK_FALSE(s3_endpoint(at(endpoint)));
        S3Address allowed = at(endpoint);
        allowed.allow_http = true;
        CHECK(s3_endpoint(allowed));
    }
}

TEST_CASE("endpoints that are no plain address are refused and show no password", "[store]") {
    for (const char* endpoint :
         {"minio:9000", "ftp://x", "https://", "https://user:geheim@host", "https://host/path", "https://host?x=1",
          "https://host#x", "https://host:0", "https://host:99999", "https://host:9x", "https://ho st",
          "https://host\n", "https://[::1", "https://h/../x", "file:///etc/passwd", "https://host:"}) {
        CAPTURE(endpoint);
        const auto parsed = s3_endpoint(at(endpoint));
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Errc::config);
        CHECK_THAT(parsed.error().message, !Catch::Contains("geheim"));
    }
}

TEST_CASE("bucket names and regions that could change the address are refused", "[store]") {
    for (const char* bucket : {"", "ab", "a/b", "a b", "../x", "a..b", ".ab", "ab.", "a?b", "a%62", "lake\n"}) {
        CAPTURE(bucket);
        CHECK(s3_endpoint(at("", bucket)).error().code == Errc::config);
    }
    S3Address address = at("");
    address.region = "x/../evil";
    CHECK(s3_endpoint(address).error().code == Errc::config);
}
