// test_sigv4.cpp: signatures against the published test vectors.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "store/sigv4.hpp"

using namespace neurolake;
using namespace neurolake::store;

namespace {

struct Vector {
    std::string name;
    sigv4::Request request;
    sigv4::Scope scope;
    sigv4::Keys keys;
    std::string canonical_request, string_to_sign, signature, query_canonical_request, query_signature;
    std::string expires;
    bool late_token = false;  // the session token is added after signing
    bool sign_body = false;   // the payload hash is a header too
};

// RFC 3986 remove_dot_segments and merging of slashes: what services other than S3 do before they sign.
std::string normalised(const std::string& path) {
    const std::size_t start = path.find_first_not_of('/');
    if (start == std::string::npos) return "/";
    return std::filesystem::path("/" + path.substr(start)).lexically_normal().string();
}

void read_headers(Vector& vector, const std::vector<std::string_view>& lines, std::size_t& at) {
    for (; at < lines.size() && !lines[at].empty(); ++at) {
        const std::size_t colon = lines[at].find(':');
        if (lines[at][0] == ' ') {  // a continued line
            vector.request.headers.back().second += " " + std::string(lines[at]);
        } else {
            vector.request.headers.emplace_back(std::string(lines[at].substr(0, colon)),
                                                std::string(lines[at].substr(colon + 1)));
        }
    }
}

void read_request(Vector& vector, const std::string& request, bool normalise) {
    const auto lines = text::split(request, '\n');
    const std::string line(lines[0]);
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    vector.request.method = line.substr(0, first);
    const std::string target = line.substr(first + 1, last - first - 1);
    const std::size_t mark = target.find('?');
    const std::string path = target.substr(0, mark);
    vector.request.path = normalise ? normalised(path) : path;
    if (mark != std::string::npos) {
        for (const auto part : text::split(std::string_view(target).substr(mark + 1), '&')) {
            const std::size_t equals = part.find('=');
            const auto name = part.substr(0, equals);
            const auto value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
            vector.request.query.emplace_back(*text::percent_decode(name), *text::percent_decode(value));
        }
    }
    std::size_t at = 1;
    read_headers(vector, lines, at);
    std::string body;
    for (std::size_t i = at + 1; i < lines.size(); ++i) body += (i > at + 1 ? "\n" : "") + std::string(lines[i]);
    vector.request.payload_hash = to_hex(*sha256(body));
}

Vector read_vector(const json::Value& value) {
    Vector vector;
    vector.name = value.text("name");
    const json::Value& context = *value.find("context");
    const json::Value& keys = *context.find("credentials");
    vector.keys = {keys.text("access_key_id"), keys.text("secret_access_key"), keys.text("token")};
    vector.scope = {sigv4::amz_date(*parse_rfc3339(context.text("timestamp"))), context.text("region"),
                    context.text("service")};
    vector.late_token = context.boolean("omit_session_token");
    vector.expires = std::to_string(context.integer("expiration_in_seconds"));
    read_request(vector, value.text("request"), context.boolean("normalize"));
    vector.sign_body = context.boolean("sign_body");
    vector.canonical_request = value.text("canonical_request");
    vector.string_to_sign = value.text("string_to_sign");
    vector.signature = value.text("signature");
    vector.query_canonical_request = value.text("query_canonical_request");
    vector.query_signature = value.text("query_signature");
    return vector;
}

std::vector<Vector> read_vectors() {
    const char* folder = std::getenv("NEUROLAKE_TESTS_DIR");
    REQUIRE(folder != nullptr);
    const auto text = read_file(std::filesystem::path(folder) / "support/samples/sigv4-vectors.json");
    REQUIRE(text);
    const auto file = json::parse(*text);
    REQUIRE(file);
    std::vector<Vector> vectors;
    for (const json::Value& value : file->items("vectors")) vectors.push_back(read_vector(value));
    return vectors;
}

}  // namespace

TEST_CASE("signatures in headers equal the published vectors", "[store]") {
    const auto vectors = read_vectors();
    REQUIRE(vectors.size() == 38);
    for (Vector vector : vectors) {
        CAPTURE(vector.name);
        vector.request.headers.emplace_back("X-Amz-Date", vector.scope.date);
        if (vector.sign_body) vector.request.headers.emplace_back("x-amz-content-sha256", vector.request.payload_hash);
        if (!vector.keys.session_token.empty() && !vector.late_token) {
            vector.request.headers.emplace_back("X-Amz-Security-Token", vector.keys.session_token);
        }
        CHECK(sigv4::canonical_request(vector.request) == vector.canonical_request);
        CHECK(*sigv4::string_to_sign(vector.request, vector.scope) == vector.string_to_sign);
        CHECK(*sigv4::signature(vector.request, vector.scope, vector.keys) == vector.signature);
        CHECK(sigv4::authorization(vector.request, vector.scope, vector.keys)
                  ->ends_with("Signature=" + vector.signature));
    }
}

TEST_CASE("a kept signing key gives way to another day, region or secret", "[sigv4]") {
    const sigv4::Request request{"GET", "/", {}, {{"host", "h"}}, "UNSIGNED-PAYLOAD"};
    const sigv4::Keys first{"ID", "secret", ""}, second{"ID", "other", ""};
    const sigv4::Scope today{"20261122T083100Z", "us-east-1"}, later{"20261122T093100Z", "us-east-1"};
    const sigv4::Scope tomorrow{"20261123T083100Z", "us-east-1"}, elsewhere{"20261122T083100Z", "eu-west-1"};
    sigv4::SigningKey kept;
    using Case = std::pair<const sigv4::Scope&, const sigv4::Keys&>;
    for (const auto& [scope, keys] :
         {Case{today, first}, {later, first}, {tomorrow, first}, {today, first}, {today, second}, {elsewhere, second}})
        CHECK(*sigv4::signature(request, scope, keys, kept) == *sigv4::signature(request, scope, keys));
}

TEST_CASE("signatures in queries equal the published vectors", "[store]") {
    for (Vector vector : read_vectors()) {
        CAPTURE(vector.name);
        auto& query = vector.request.query;
        query.emplace_back("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
        query.emplace_back("X-Amz-Credential", vector.keys.access_key_id + "/" + vector.scope.text());
        query.emplace_back("X-Amz-Date", vector.scope.date);
        query.emplace_back("X-Amz-Expires", vector.expires);
        query.emplace_back("X-Amz-SignedHeaders", sigv4::signed_headers(vector.request.headers));
        if (!vector.keys.session_token.empty() && !vector.late_token) {
            query.emplace_back("X-Amz-Security-Token", vector.keys.session_token);
        }
        CHECK(sigv4::canonical_request(vector.request) == vector.query_canonical_request);
        CHECK(*sigv4::signature(vector.request, vector.scope, vector.keys) == vector.query_signature);
    }
}
