// sigv4.cpp: AWS Signature Version 4 (AWS General Reference, "Signing AWS requests").
// SPDX-License-Identifier: Apache-2.0
#include "store/sigv4.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace neurolake::store::sigv4 {
namespace {

// Leading and trailing blanks go, runs of blanks become one.
std::string squeezed(std::string_view value) {
    std::string out;
    for (const char c : text::trim(value)) {
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (blank && (out.empty() || out.back() == ' ')) continue;
        out += blank ? ' ' : c;
    }
    return out;
}

std::map<std::string, std::string> canonical_headers(const Pairs& headers) {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : headers) {
        const auto [at, fresh] = out.try_emplace(text::lower(name), squeezed(value));
        if (!fresh) at->second += "," + squeezed(value);
    }
    return out;
}

std::string_view bytes_of(const Sha256Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<Sha256Digest> derived(const Scope& scope, const Keys& keys) {
    TRY(Sha256Digest key, hmac_sha256("AWS4" + keys.secret_access_key, scope.date.substr(0, 8)));
    for (const std::string& word : {scope.region, scope.service, std::string("aws4_request")}) {
        TRY(key, hmac_sha256(bytes_of(key), word));
    }
    return key;
}

}  // namespace

std::string amz_date(Time t) {
    std::string out;
    for (const char c : to_rfc3339(t, Precision::seconds)) {
        if (c != '-' && c != ':') out += c;
    }
    return out;
}

std::string canonical_query(const Pairs& query) {
    Pairs encoded;
    for (const auto& [name, value] : query) {
        encoded.emplace_back(text::percent_encode(name, false), text::percent_encode(value, false));
    }
    std::sort(encoded.begin(), encoded.end());
    std::string out;
    for (const auto& [name, value] : encoded) out += (out.empty() ? "" : "&") + name + "=" + value;
    return out;
}

std::string signed_headers(const Pairs& headers) {
    std::string out;
    for (const auto& [name, value] : canonical_headers(headers)) out += (out.empty() ? "" : ";") + name;
    return out;
}

std::string canonical_request(const Request& request) {
    std::string out = request.method + "\n" + text::percent_encode(request.path, true) + "\n";
    out += canonical_query(request.query) + "\n";
    for (const auto& [name, value] : canonical_headers(request.headers)) out += name + ":" + value + "\n";
    return out + "\n" + signed_headers(request.headers) + "\n" + request.payload_hash;
}

Result<std::string> string_to_sign(const Request& request, const Scope& scope) {
    TRY(const Sha256Digest digest, sha256(canonical_request(request)));
    return "AWS4-HMAC-SHA256\n" + scope.date + "\n" + scope.text() + "\n" + to_hex(digest);
}

Result<Sha256Digest> SigningKey::of(const Scope& scope, const Keys& keys) {
    std::string wanted = scope.text();
    const std::lock_guard lock(m_mutex);
    if (wanted != m_scope || keys.secret_access_key != m_secret) {
        TRY(m_key, derived(scope, keys));
        m_scope = std::move(wanted);
        m_secret = keys.secret_access_key;
    }
    return m_key;
}

Result<std::string> signature(const Request& request, const Scope& scope, const Keys& keys, SigningKey& key) {
    TRY(const Sha256Digest of_the_day, key.of(scope, keys));
    TRY(const std::string text, string_to_sign(request, scope));
    TRY(const Sha256Digest signed_text, hmac_sha256(bytes_of(of_the_day), text));
    return to_hex(signed_text);
}

Result<std::string> authorization(const Request& request, const Scope& scope, const Keys& keys, SigningKey& key) {
    TRY(const std::string hex, signature(request, scope, keys, key));
    return "AWS4-HMAC-SHA256 Credential=" + keys.access_key_id + "/" + scope.text() +
           ", SignedHeaders=" + signed_headers(request.headers) + ", Signature=" + hex;
}

Result<std::string> signature(const Request& request, const Scope& scope, const Keys& keys) {
    SigningKey once;
    return signature(request, scope, keys, once);
}

Result<std::string> authorization(const Request& request, const Scope& scope, const Keys& keys) {
    SigningKey once;
    return authorization(request, scope, keys, once);
}

}  // namespace neurolake::store::sigv4
