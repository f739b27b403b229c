// s3_errors.hpp: what an S3 server's refusal means, in our codes and in words that say what to do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "base/http.hpp"
#include "base/result.hpp"

namespace neurolake::store {

struct S3Situation {
    std::string action;  // "put object 'x' into s3 bucket lake at ..."
    std::string bucket, region, key_origin;
    Time now;                               // when the request was signed
    Errc if_precondition = Errc::conflict;  // what 412 means for this request
};

// The code inside an <Error> answer, "" when there is none (HEAD answers have no body).
std::string s3_error_code(const http::Response& response);

// For every status that is not 2xx, and for a 2xx answer whose body is an <Error>.
Error s3_error(const http::Response& response, const S3Situation& situation);

// Seconds or an HTTP date (RFC 9110, 10.2.3); 0 when absent or nonsense.
std::chrono::milliseconds retry_after(const http::Response& response, Time now);
// RFC 9110 5.6.7, IMF-fixdate only; nullopt on anything else.
std::optional<Time> parse_http_date(const std::string& text);

}  // namespace neurolake::store
