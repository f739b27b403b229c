// sigv4.hpp: AWS Signature Version 4 as pure functions: request in, signature out, no clock and no network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/result.hpp"

namespace neurolake::store::sigv4 {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Keys {
    std::string access_key_id, secret_access_key, session_token;
};

// The request as it will be sent. Every header given is signed; the list must hold "host".
struct Request {
    std::string method;
    std::string path;          // bytes, not encoded; encoded once here and never normalised, as S3 wants it
    Pairs query;               // names and values, not encoded
    Pairs headers;             // any case; equal names are joined in order
    std::string payload_hash;  // hex SHA-256 of the body, or "UNSIGNED-PAYLOAD"
};

struct Scope {
    std::string date;  // 20261122T083100Z
    std::string region, service = "s3";
    std::string text() const { return date.substr(0, 8) + "/" + region + "/" + service + "/aws4_request"; }
};

std::string amz_date(Time t);                      // 20261122T083100Z
std::string canonical_query(const Pairs& query);   // encoded and sorted; also what belongs into the URL
std::string signed_headers(const Pairs& headers);  // "host;x-amz-date"
std::string canonical_request(const Request& request);
Result<std::string> string_to_sign(const Request& request, const Scope& scope);

// The key derived from a secret for a day, region and service. Four of the five HMACs of a signature go into it, and
// all requests of a day share it: the last one is kept. Thread-safe.
class SigningKey {
public:
    Result<Sha256Digest> of(const Scope& scope, const Keys& keys);

private:
    std::mutex m_mutex;
    std::string m_scope, m_secret;  // what m_key is of
    Sha256Digest m_key{};
};

Result<std::string> signature(const Request& request, const Scope& scope, const Keys& keys, SigningKey& key);  // hex
// The Authorization header's value. The caller has put x-amz-date and x-amz-security-token among the headers.
Result<std::string> authorization(const Request& request, const Scope& scope, const Keys& keys, SigningKey& key);
// The same once, with nothing kept.
Result<std::string> signature(const Request& request, const Scope& scope, const Keys& keys);
Result<std::string> authorization(const Request& request, const Scope& scope, const Keys& keys);

}  // namespace neurolake::store::sigv4
