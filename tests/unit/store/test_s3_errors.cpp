// test_s3_errors.cpp: refusals as codes and words.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "store/s3_errors.hpp"

using namespace neurolake;
using namespace neurolake::store;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
const Time k_now = *parse_rfc3339("2026-11-22T08:31:00Z");

S3Situation situation(Errc if_precondition = Errc::conflict) {
    return {"put object 'k' in s3 bucket lake at x", "lake", "us-east-1",
            "the environment (AKIA...0001)",         k_now,  if_precondition};
}
http::Response answer(int status, const std::string& code = "", http::Headers headers = {}) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    if (!code.empty()) response.body = "<Error><Code>" + code + "</Code><Message>words</Message></Error>";
    return response;
}
Errc errc(int status, const std::string& code = "") { return s3_error(answer(status, code), situation()).code; }
}  // namespace

TEST_CASE("S3's codes and statuses are ours", "[store]") {
    CHECK(errc(404, "NoSuchKey") == Errc::not_found);
    CHECK(errc(404) == Errc::not_found);
    CHECK(errc(403) == Errc::denied);
    CHECK(errc(403, "SignatureDoesNotMatch") == Errc::denied);
    CHECK(errc(400, "ExpiredToken") == Errc::denied);
    CHECK(errc(400, "BadDigest") == Errc::corrupt);
    CHECK(errc(400, "RequestTimeout") == Errc::unavailable);
    CHECK(errc(409, "ConditionalRequestConflict") == Errc::unavailable);
    CHECK(errc(503, "SlowDown") == Errc::unavailable);
    CHECK(errc(429) == Errc::unavailable);
    CHECK(errc(500) == Errc::unavailable);
    CHECK(errc(200, "InternalError") == Errc::unavailable);
    CHECK(errc(501) == Errc::unsupported);
    CHECK(errc(507) == Errc::full);
    CHECK(errc(400, "SomethingNew") == Errc::cloud);
    CHECK(s3_error(answer(412), situation(Errc::already_exists)).code == Errc::already_exists);
    CHECK(s3_error(answer(412), situation(Errc::conflict)).code == Errc::conflict);
}

TEST_CASE("control characters of a server's words do not reach the terminal", "[store]") {
    http::Response response = answer(400);
    response.body = "<Error><Code>X&#27;[2J</Code><Message>&#7;bell&#x202e;</Message></Error>";
    const Error error = s3_error(response, situation());
    CHECK(error.message.find('\x1b') == std::string::npos);
    CHECK(error.message.find('\a') == std::string::npos);
    CHECK(error.message.find("\xe2\x80\xae") == std::string::npos);
}

TEST_CASE("Retry-After is understood as seconds and as a date", "[store]") {
    const auto wait = [](const std::string& value) {
        return retry_after(answer(503, "", {{"retry-after", value}}), k_now);
    };
    CHECK(wait("7") == seconds(7));
    CHECK(wait("Sun, 22 Nov 2026 08:32:00 GMT") == seconds(60));
    CHECK(wait("Sun, 22 Nov 2026 08:30:00 GMT") == seconds(0));
    for (const char* nonsense : {"", "-1", "soon", "1e9", "99999999999999"}) CHECK(wait(nonsense) == seconds(0));
    CHECK(s3_error(answer(503, "SlowDown", {{"retry-after", "3"}}), situation()).retry_after == seconds(3));
}

TEST_CASE("a refusal because of the clock says by how much", "[store]") {
    const http::Headers date{{"date", "Sun, 22 Nov 2026 08:14:00 GMT"}};
    const Error said = s3_error(answer(403, "RequestTimeTooSkewed", date), situation());
    CHECK(said.code == Errc::denied);
    CHECK_THAT(said.message, Catch::Contains("this machine's clock is 17 min ahead"));
    const Error guessed = s3_error(answer(403, "", date), situation());
    CHECK_THAT(guessed.message, Catch::Contains("17 min ahead"));
    const Error other = s3_error(answer(403, "AccessDenied", date), situation());
    CHECK_THAT(other.message, !Catch::Contains("clock"));
}
