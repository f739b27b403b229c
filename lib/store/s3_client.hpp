// s3_client.hpp: one signed S3 request and its answer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "base/http.hpp"
#include "store/s3_errors.hpp"
#include "store/s3_store.hpp"
#include "store/xml.hpp"

namespace neurolake::store {

struct S3Call {
    std::string method;
    std::string key;   // "" = the bucket itself
    std::string what;  // "put object": for messages
    sigv4::Pairs query;
    http::Headers headers;
    std::optional<http::Body> body;
    std::string payload_hash;  // hex; "" = of an empty body
    Errc if_precondition = Errc::conflict;
    std::function<Status(const http::Response&)> head;
    ObjectStore::Sink sink;
};

class S3Client {
public:
    S3Client(S3Options options, S3Endpoint endpoint, const Clock& clock, const CancelFlag& cancel);

    // The answer, whatever its status. Expired credentials are read anew and the request is sent once more.
    Result<http::Response> send(const S3Call& call);
    // The answer of a 2xx, else the Error it means.
    Result<http::Response> call(const S3Call& call);
    // The body of an answer, which must be a whole document with this root.
    Result<xml::Node> document(const http::Response& response, const S3Call& call, std::string_view root) const;
    Result<xml::Node> call_xml(const S3Call& call, std::string_view root);  // both

    Error error_of(const http::Response& response, const S3Call& call);
    std::string describe() const;
    const S3Options& options() const { return m_options; }

private:
    Result<Credentials> credentials();
    bool renew(const Credentials& used);
    Result<http::Response> send_with(const S3Call& call, const Credentials& credentials);
    std::string action(const S3Call& call) const;

    S3Options m_options;
    S3Endpoint m_endpoint;
    const Clock& m_clock;
    http::Client m_http;
    std::mutex m_mutex;
    std::optional<Credentials> m_credentials;
    sigv4::SigningKey m_signing_key;
};

}  // namespace neurolake::store
