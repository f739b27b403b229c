// s3_endpoint.cpp: endpoints and bucket names.
// SPDX-License-Identifier: Apache-2.0
#include "store/s3_endpoint.hpp"

#include <algorithm>

#include "base/http.hpp"
#include "base/text.hpp"

namespace neurolake::store {
namespace {

Error wrong(const std::string& endpoint, std::string_view why, std::string hint) {
    // An endpoint may hold a password by mistake: show nothing before an '@'.
    const std::size_t at = endpoint.rfind('@');
    const std::string shown = at == std::string::npos ? endpoint : "..." + endpoint.substr(at);
    return Error(Errc::config, "hybrid_storage.endpoint '" + text::escape_controls(shown) + "' " + std::string(why),
                 std::move(hint));
}

// Amazon's rules for bucket names; underscores and capitals are left to old buckets and other servers.
Status check_bucket(const std::string& bucket) {
    const bool known_characters = std::all_of(bucket.begin(), bucket.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
    });
    const bool good = bucket.size() >= 3 && bucket.size() <= 255 && known_characters &&
                      bucket.find("..") == bucket.npos && bucket.front() != '.' && bucket.back() != '.';
    if (good) return {};
    return Error(Errc::config, "hybrid_storage.cloud_bucket '" + text::escape_controls(bucket) + "' is no bucket name",
                 "3 to 63 lower-case letters, digits, '-' and '.'");
}

bool valid_port(std::string_view port) {
    return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos &&
           std::stoi(std::string(port)) >= 1 && std::stoi(std::string(port)) <= 65535;
}

bool valid_host(std::string_view host) {
    if (host.starts_with('[')) {
        return host.ends_with(']') && host.size() > 3 &&
               host.find_first_not_of("[]0123456789abcdefABCDEF:.") == std::string_view::npos;
    }
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
    });
}

struct Authority {
    std::string host, port;
};

Result<Authority> split_authority(const std::string& endpoint, std::string_view rest) {
    const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
    const std::size_t colon = bracket == std::string_view::npos ? bracket : rest.find(':', bracket);
    Authority authority{text::lower(rest.substr(0, colon)),
                        colon == std::string_view::npos ? "" : std::string(rest.substr(colon + 1))};
    if (!valid_host(authority.host) || (colon != std::string_view::npos && !valid_port(authority.port))) {
        return wrong(endpoint, "is not a URL of the form https://host:port", "write scheme, host and port only");
    }
    return authority;
}

Result<S3Endpoint> custom(const S3Address& address) {
    const std::string& endpoint = address.endpoint;
    const bool secure = endpoint.starts_with("https://"), plain = endpoint.starts_with("http://");
    if (!secure && !plain) return wrong(endpoint, "does not start with https:// or http://", "try https://" + endpoint);
    std::string_view rest = std::string_view(endpoint).substr(secure ? 8 : 7);
    if (rest.find('@') != std::string_view::npos) {
        return wrong(endpoint, "carries a user or password", "keys belong into the environment or a credentials file");
    }
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find_first_of("/?#") != std::string_view::npos) {
        return wrong(endpoint, "has a path",
                     "write scheme, host and port only; the bucket is hybrid_storage.cloud_bucket");
    }
    TRY(Authority authority, split_authority(endpoint, rest));
    if (plain && !address.allow_http && !http::is_loopback(authority.host)) {
        return wrong(endpoint, "would send data unencrypted over the network", "use https://");
    }
    if (authority.port == (secure ? "443" : "80")) authority.port.clear();
    const std::string host = authority.host + (authority.port.empty() ? "" : ":" + authority.port);
    return S3Endpoint{secure ? "https" : "http", host, ""};
}

std::string amazon_host(const std::string& region) {
    return "s3." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

}  // namespace

Result<S3Endpoint> s3_endpoint(const S3Address& address) {
    TRY_DO(check_bucket(address.bucket));
    if (!valid_host(address.region)) {
        return Error(Errc::config,
                     "hybrid_storage.region '" + text::escape_controls(address.region) + "' is no region");
    }
    S3Endpoint found{"https", amazon_host(address.region), ""};
    if (!address.endpoint.empty()) {
        TRY(found, custom(address));
    }
    // A dotted name would not fit the certificate of *.s3.amazonaws.com.
    const bool dotted = address.bucket.find('.') != std::string::npos;
    if (address.path_style.value_or(!address.endpoint.empty() || dotted)) {
        found.bucket_path = "/" + address.bucket;
    } else {
        found.host = text::lower(address.bucket) + "." + found.host;
    }
    return found;
}

}  // namespace neurolake::store
