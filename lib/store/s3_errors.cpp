// s3_errors.cpp: S3 error codes and statuses as Errors.
// SPDX-License-Identifier: Apache-2.0
#include "store/s3_errors.hpp"

#include <ctime>
#include <optional>

#include "base/text.hpp"
#include "store/xml.hpp"

namespace neurolake::store {
namespace {

struct Meaning {
    std::string_view code;
    Errc errc;
    std::string_view hint;
};

constexpr std::string_view k_hint_keys = "check the access key and its rights: neurolake cloud test";
constexpr std::string_view k_hint_expired = "get new credentials, then run again; what was done stays done";

constexpr Meaning k_meanings[] = {
    {"NoSuchBucket", Errc::not_found, "create the bucket, or set hybrid_storage.cloud_bucket to one that exists"},
    {"NoSuchKey", Errc::not_found, ""},
    {"NoSuchVersion", Errc::not_found, ""},
    {"NoSuchUpload", Errc::not_found, ""},
    {"AccessDenied", Errc::denied, k_hint_keys},
    {"AllAccessDisabled", Errc::denied, k_hint_keys},
    {"AccountProblem", Errc::denied, k_hint_keys},
    {"InvalidAccessKeyId", Errc::denied, k_hint_keys},
    {"SignatureDoesNotMatch", Errc::denied,
     "the secret key does not belong to the access key, or a proxy changes requests"},
    {"AuthorizationHeaderMalformed", Errc::denied, "check hybrid_storage.region"},
    {"ExpiredToken", Errc::denied, k_hint_expired},
    {"InvalidToken", Errc::denied, k_hint_expired},
    {"TokenRefreshRequired", Errc::denied, k_hint_expired},
    {"RequestExpired", Errc::denied, k_hint_expired},
    {"BadDigest", Errc::corrupt, ""},
    {"InvalidDigest", Errc::corrupt, ""},
    {"XAmzContentSHA256Mismatch", Errc::corrupt, ""},
    {"XAmzContentChecksumMismatch", Errc::corrupt, ""},
    {"InvalidPart", Errc::corrupt, ""},
    {"InvalidPartOrder", Errc::corrupt, ""},
    {"QuotaExceeded", Errc::full, "free space in the store, or raise its quota"},
    {"InsufficientCapacity", Errc::full, "free space in the store, or raise its quota"},
    {"XMinioStorageFull", Errc::full, "free space in the store"},
    {"NotImplemented", Errc::unsupported, ""},
    {"MethodNotAllowed", Errc::unsupported, ""},
    {"InternalError", Errc::unavailable, ""},
    {"SlowDown", Errc::unavailable, ""},
    {"ServiceUnavailable", Errc::unavailable, ""},
    {"RequestLimitExceeded", Errc::unavailable, ""},
    {"RequestTimeout", Errc::unavailable, ""},
    {"IncompleteBody", Errc::unavailable, ""},
    {"OperationAborted", Errc::unavailable, ""},
    {"ConditionalRequestConflict", Errc::unavailable, ""},
    {"InvalidRange", Errc::usage, ""},
    {"EntityTooLarge", Errc::usage, "raise hybrid_storage.part_size"},
    {"EntityTooSmall", Errc::usage, "raise hybrid_storage.part_size"},
    {"KeyTooLongError", Errc::usage, "shorten the folder names above the file, or the prefix"},
    {"MetadataTooLarge", Errc::usage, ""},
    {"InvalidBucketName", Errc::config, "check hybrid_storage.cloud_bucket"},
};

const Meaning* meaning_of(std::string_view code) {
    for (const Meaning& meaning : k_meanings) {
        if (meaning.code == code) return &meaning;
    }
    return nullptr;
}

Errc errc_of_status(int status, Errc if_precondition) {
    switch (status) {
        case 401:
        case 403:
            return Errc::denied;
        case 404:
        case 410:
            return Errc::not_found;
        case 408:
        case 409:
        case 425:
        case 429:
            return Errc::unavailable;
        case 412:
            return if_precondition;
        case 416:
            return Errc::usage;
        case 405:
        case 501:
            return Errc::unsupported;
        case 507:
            return Errc::full;
        default:
            return status >= 500 || status == 200 ? Errc::unavailable : Errc::cloud;
    }
}

struct Words {
    std::string code, message, region;
};

Words words_of(const http::Response& response) {
    Words words;
    const auto document = xml::parse(response.body);
    if (!document || document->name != "Error") return words;
    return {document->child_text("Code"), document->child_text("Message"), document->child_text("Region")};
}

std::string header_or(const http::Response& response, std::string_view name) {
    const std::string* value = response.header(name);
    return value == nullptr ? "" : *value;
}

// Redirects and region errors: the request is not sent elsewhere, the user is told.
std::optional<Error> wrong_region(const http::Response& response, const Words& words, const S3Situation& situation) {
    const bool redirect =
        response.status == 301 || response.status == 302 || response.status == 307 || response.status == 308;
    std::string region = header_or(response, "x-amz-bucket-region");
    if (region.empty()) region = words.region;
    const bool malformed =
        words.code == "AuthorizationHeaderMalformed" && !region.empty() && region != situation.region;
    if (!redirect && !malformed) return std::nullopt;
    if (region.empty() || region == situation.region) {
        return Error(Errc::cloud,
                     situation.action + ": the server sends us to another address (" + std::to_string(response.status) +
                         "), which is not followed",
                     "set hybrid_storage.endpoint and hybrid_storage.region to where the bucket is");
    }
    return Error(
        Errc::cloud,
        "bucket " + situation.bucket + " is in " + text::escape_controls(region) + ", settings say " + situation.region,
        "neurolake config set hybrid_storage.region " + text::escape_controls(region));
}

// Refusals because of the clock, also where a HEAD answer gives no code.
std::optional<Error> wrong_clock(const http::Response& response, const Words& words, const S3Situation& situation) {
    const auto server = parse_http_date(header_or(response, "date"));
    const auto off =
        server ? std::chrono::duration_cast<std::chrono::minutes>(situation.now - *server) : std::chrono::minutes(0);
    const bool said = words.code == "RequestTimeTooSkewed";
    const bool guessed =
        words.code.empty() && response.status == 403 && std::chrono::abs(off) >= std::chrono::minutes(5);
    if (!said && !guessed) return std::nullopt;
    std::string how = "this machine's clock is wrong";
    if (off.count() != 0) {
        how = "this machine's clock is " + std::to_string(std::abs(off.count())) + " min " +
              (off.count() > 0 ? "ahead" : "behind");
    }
    return Error(Errc::denied, situation.action + ": refused because " + how,
                 "set the clock (timedatectl), then run again");
}

}  // namespace

std::optional<Time> parse_http_date(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return Time(std::chrono::seconds(::timegm(&parts)));
}

std::chrono::milliseconds retry_after(const http::Response& response, Time now) {
    const std::string text = header_or(response, "retry-after");
    if (text.empty()) return std::chrono::milliseconds(0);
    if (text.size() <= 6 && text.find_first_not_of("0123456789") == std::string::npos) {
        return std::chrono::seconds(std::stoi(text));
    }
    const auto date = parse_http_date(text);
    if (!date || *date <= now) return std::chrono::milliseconds(0);
    return std::chrono::duration_cast<std::chrono::milliseconds>(*date - now);
}

std::string s3_error_code(const http::Response& response) { return words_of(response).code; }

Error s3_error(const http::Response& response, const S3Situation& situation) {
    const Words words = words_of(response);
    if (auto error = wrong_region(response, words, situation)) return std::move(*error);
    if (auto error = wrong_clock(response, words, situation)) return std::move(*error);
    const Meaning* meaning = meaning_of(words.code);
    Error error(meaning != nullptr ? meaning->errc : errc_of_status(response.status, situation.if_precondition),
                situation.action + ": ");
    if (response.status == 412) error.code = situation.if_precondition;
    if (words.code.empty()) {
        error.message += "the server answered " + std::to_string(response.status);
    } else {
        error.message += text::escape_controls(words.message.empty() ? words.code : words.message);
        error.message += " (" + text::escape_controls(words.code) + ", " + std::to_string(response.status) + ")";
    }
    if (meaning != nullptr) error.hint = meaning->hint;
    if (error.code == Errc::denied && error.hint.empty()) error.hint = k_hint_keys;
    if (error.code == Errc::denied) error.message += "; keys from " + situation.key_origin;
    if (error.code == Errc::unavailable) error.retry_after = retry_after(response, situation.now);
    return error;
}

}  // namespace neurolake::store
