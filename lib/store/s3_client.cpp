// s3_client.cpp: signing, sending, and the renewal of credentials.
// SPDX-License-Identifier: Apache-2.0
#include "store/s3_client.hpp"

#include <array>

#include "base/text.hpp"
#include "store/keys.hpp"

namespace neurolake::store {
namespace {

constexpr const char* k_empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

bool is_success(int status) { return status >= 200 && status < 300; }

bool says_expired(const http::Response& response) {
    if (response.status != 400 && response.status != 401 && response.status != 403) return false;
    const std::string code = s3_error_code(response);
    for (const std::string_view expired : {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestExpired"}) {
        if (code == expired) return true;
    }
    return false;
}

http::Options http_options(const S3Options& options) {
    http::Options http;
    http.ca_file = options.ca_file;
    http.bytes_per_second = options.bytes_per_second;
    http.stall_timeout = options.stall_timeout;
    return http;
}

}  // namespace

S3Client::S3Client(S3Options options, S3Endpoint endpoint, const Clock& clock, const CancelFlag& cancel)
    : m_options(std::move(options)),
      m_endpoint(std::move(endpoint)),
      m_clock(clock),
      m_http(http_options(m_options), cancel) {}

std::string S3Client::describe() const {
    return "s3 bucket " + m_options.address.bucket + " at " + m_endpoint.origin();
}

std::string S3Client::action(const S3Call& call) const {
    const std::string object = call.key.empty() ? "" : " '" + text::escape_controls(call.key) + "'";
    return call.what + object + " in " + describe();
}

Result<Credentials> S3Client::credentials() {
    const std::lock_guard lock(m_mutex);
    if (!m_credentials) {
        TRY(m_credentials, find_credentials(m_options.credentials));
    }
    if (m_credentials) return *m_credentials;
    return Error(Errc::denied, "there are no credentials for " + describe(),
                 "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or hybrid_storage.credentials_file");
}

// True when there are other keys than those the server refused.
bool S3Client::renew(const Credentials& used) {
    const auto same = [&](const Credentials& other) {
        return other.keys.access_key_id == used.keys.access_key_id &&
               other.keys.secret_access_key == used.keys.secret_access_key &&
               other.keys.session_token == used.keys.session_token;
    };
    const std::lock_guard lock(m_mutex);
    if (m_credentials && !same(*m_credentials)) return true;  // another thread was faster
    auto found = find_credentials(m_options.credentials);
    if (!found || !*found || same(**found)) return false;
    m_credentials = std::move(**found);
    return true;
}

Result<http::Response> S3Client::send_with(const S3Call& call, const Credentials& credentials) {
    sigv4::Request to_sign;
    to_sign.method = call.method;
    to_sign.path = m_endpoint.bucket_path + "/" + escape_key(call.key, KeyPlace::object);
    if (call.key.empty() && !m_endpoint.bucket_path.empty()) to_sign.path = m_endpoint.bucket_path;
    to_sign.query = call.query;
    to_sign.payload_hash = call.payload_hash.empty() ? k_empty_hash : call.payload_hash;
    const sigv4::Scope scope{sigv4::amz_date(m_clock.now()), m_options.address.region};
    http::Request request;
    request.method = call.method;
    request.headers = call.headers;
    request.headers.emplace_back("x-amz-date", scope.date);
    request.headers.emplace_back("x-amz-content-sha256", to_sign.payload_hash);
    if (!credentials.keys.session_token.empty()) {
        request.headers.emplace_back("x-amz-security-token", credentials.keys.session_token);
    }
    to_sign.headers = request.headers;
    to_sign.headers.emplace_back("host", m_endpoint.host);
    TRY(std::string authorization, sigv4::authorization(to_sign, scope, credentials.keys, m_signing_key));
    request.headers.emplace_back("Authorization", std::move(authorization));
    const std::string query = sigv4::canonical_query(call.query);
    request.url = m_endpoint.origin() + text::percent_encode(to_sign.path, true) + (query.empty() ? "" : "?" + query);
    request.body = call.body;
    if (!request.body && (call.method == "PUT" || call.method == "POST")) request.body = http::body_of("");
    request.head = call.head;
    request.sink = call.sink;
    return m_http.send(request);
}

Result<http::Response> S3Client::send(const S3Call& call) {
    TRY(const Credentials first, credentials());
    TRY(http::Response response, send_with(call, first).with_context(action(call)));
    if (!says_expired(response) || !renew(first)) return response;
    TRY(const Credentials second, credentials());
    return send_with(call, second).with_context(action(call));
}

Error S3Client::error_of(const http::Response& response, const S3Call& call) {
    S3Situation situation{action(call),  m_options.address.bucket, m_options.address.region, "",
                          m_clock.now(), call.if_precondition};
    {
        const std::lock_guard lock(m_mutex);
        if (m_credentials) {
            situation.key_origin = m_credentials->origin + " (" + shown(m_credentials->keys.access_key_id) + ")";
        }
    }
    Error error = s3_error(response, situation);
    error.path = call.key;
    return error;
}

Result<http::Response> S3Client::call(const S3Call& call) {
    TRY(http::Response response, send(call));
    if (response.repeated && (response.status == 412 || response.status == 404)) {
        return Error(Errc::unavailable, action(call) + ": the connection was lost before the answer came", {},
                     call.key);
    }
    if (!is_success(response.status)) return error_of(response, call);
    // S3 may say 200 first and fail later: then the body is an error document.
    if (!response.body.empty() && !s3_error_code(response).empty()) return error_of(response, call);
    return response;
}

Result<xml::Node> S3Client::document(const http::Response& response, const S3Call& call, std::string_view root) const {
    TRY(xml::Node document, xml::parse(response.body).with_context(action(call)));
    if (document.name == root) return document;
    return Error(Errc::corrupt, action(call) + ": the answer is a <" + text::escape_controls(document.name) +
                                    ">, expected <" + std::string(root) + ">");
}

Result<xml::Node> S3Client::call_xml(const S3Call& call, std::string_view root) {
    TRY(const http::Response response, this->call(call));
    return document(response, call, root);
}

}  // namespace neurolake::store
