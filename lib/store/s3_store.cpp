// s3_store.cpp: objects over the S3 protocol.
// SPDX-License-Identifier: Apache-2.0
#include "store/s3_store.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "store/keys.hpp"
#include "store/probe.hpp"
#include "store/s3_client.hpp"

namespace neurolake::store {
namespace {

constexpr std::uint64_t k_mib = 1 << 20, k_gib = 1 << 30;
constexpr std::size_t k_longest_value = 255;
constexpr const char* k_meta_prefix = "x-amz-meta-";
constexpr const char* k_checksum = "x-amz-checksum-sha256";
constexpr const char* k_algorithm = "x-amz-checksum-algorithm";

enum class Known { unknown, yes, no };  // what the server's answers have told of it

std::string header(const http::Response& response, std::string_view name) {
    const std::string* value = response.header(name);
    return value == nullptr ? "" : *value;
}

std::optional<std::uint64_t> natural(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

// The token without its quotes, as some servers give it in one answer and not in the other.
std::string unquoted(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

std::optional<Sha256Digest> digest_of(const std::string& base64) {
    const auto bytes = from_base64(base64);
    Sha256Digest digest{};
    if (!bytes || bytes->size() != digest.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}

// The size of the whole object in "bytes 5-9/20" or "bytes */20".
struct ContentRange {
    std::optional<std::uint64_t> first, last;
    std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
    if (!text.starts_with("bytes ")) return std::nullopt;
    text.remove_prefix(6);
    const std::size_t slash = text.find('/'), dash = text.find('-');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto total = natural(text.substr(slash + 1));
    if (!total) return std::nullopt;
    ContentRange range;
    range.total = *total;
    if (text.substr(0, slash) == "*") return range;
    if (dash == std::string_view::npos || dash > slash) return std::nullopt;
    range.first = natural(text.substr(0, dash));
    range.last = natural(text.substr(dash + 1, slash - dash - 1));
    if (!range.first || !range.last || *range.first > *range.last || *range.last >= range.total) return std::nullopt;
    return range;
}

http::Body body_of(UploadSource& source, std::uint64_t offset, std::uint64_t length) {
    http::Body body;
    body.size = length;
    body.read = [&source, offset](std::uint64_t at, char* into, std::size_t room) {
        return source.read(offset + at, into, room);
    };
    return body;
}

Result<std::string> md5_of(UploadSource& source, std::uint64_t offset, std::uint64_t length) {
    std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(256 << 10, length)));
    Md5 hash;
    for (std::uint64_t done = 0; done < length;) {
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), length - done));
        TRY(const std::size_t got, source.read(offset + done, buffer.data(), want));
        if (got == 0 || got > want) return Error(Errc::conflict, "the source of an upload became shorter");
        hash.update({buffer.data(), got});
        done += got;
    }
    TRY(const Md5Digest digest, hash.finish());
    return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

class S3Store final : public ObjectStore {
public:
    S3Store(S3Options options, S3Endpoint endpoint, const Clock& clock, const CancelFlag& cancel)
        : m_client(std::move(options), std::move(endpoint), clock, cancel) {}

    std::string describe() const override { return m_client.describe(); }
    Capabilities capabilities() const override;
    Result<ObjectInfo> put(const PutRequest& request, UploadSource& source) override;
    Result<std::string> create_multipart(const PutRequest& request) override;
    Result<Part> put_part(const std::string& key, const std::string& upload_id, unsigned number, UploadSource& whole,
                          std::uint64_t offset, std::uint64_t length, const Sha256Digest& part_sha256) override;
    Result<ObjectInfo> complete_multipart(const PutRequest& request, const std::string& upload_id,
                                          const std::vector<Part>& parts) override;
    Status abort_multipart(const std::string& key, const std::string& upload_id) override;
    Result<std::vector<Part>> list_parts(const std::string& key, const std::string& upload_id) override;
    Result<std::vector<Upload>> list_uploads(const std::string& prefix) override;
    Result<ObjectInfo> head(const std::string& key, const std::string& version_id) override;
    Result<ObjectInfo> get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                           std::uint64_t length, const std::string& if_match, const Sink& sink,
                           const Opened& opened) override;
    Status list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) override;
    Status remove(const std::string& key, const std::string& version_id) override;
    Status check() override;

private:
    Status check_key(const std::string& key) const { return store::check_key(key, KeyPlace::object, 1024); }
    Error exists(const std::string& key) const {
        return Error(Errc::already_exists, "object '" + text::escape_controls(key) + "' exists in " + describe(), {},
                     key);
    }
    Result<http::Headers> object_headers(const PutRequest& request) const;
    Status emulate_must_not_exist(const PutRequest& request);
    // Runs `send` with the condition as a header, or where the server does not know it, after a look.
    template <typename Send>
    auto conditionally(const PutRequest& request, const Send& send) -> decltype(send(false));
    Result<ObjectInfo> put_once(const PutRequest& request, UploadSource& source, bool condition);
    Result<ObjectInfo> complete_once(const PutRequest& request, const std::string& upload_id,
                                     const std::vector<Part>& parts, bool condition);
    Result<std::optional<std::string>> add_md5(http::Headers& headers, UploadSource& source, std::uint64_t offset,
                                               std::uint64_t length) const;
    Result<std::optional<Sha256Digest>> attested(const http::Response& response, const Sha256Digest& expected,
                                                 const std::string& key);
    Result<bool> holds(const ObjectInfo& put);
    Result<std::vector<Part>> with_checksums(const std::string& key, const std::string& upload_id,
                                             std::vector<Part> parts);
    Result<ObjectInfo> info_of(const std::string& key, const http::Response& response,
                               std::optional<std::uint64_t> size = std::nullopt) const;
    Result<ObjectInfo> opened_info(const std::string& key, const http::Response& response, std::uint64_t offset,
                                   std::uint64_t length, std::uint64_t& promised) const;
    Result<ObjectInfo> beyond_end(const std::string& key, const std::string& version_id, std::uint64_t offset,
                                  const std::string& if_match);
    Error replaced(const std::string& key) const {
        return Error(Errc::conflict, "object '" + text::escape_controls(key) + "' in " + describe() + " was replaced",
                     {}, key);
    }
    Result<std::string> decoded(const xml::Node& document, const std::string& key) const;
    template <typename Page>
    Status pages(S3Call call, std::string_view root, std::initializer_list<std::pair<const char*, const char*>> markers,
                 const Page& page);

    S3Client m_client;
    std::atomic<Known> m_conditions{Known::unknown}, m_checksums{Known::unknown};
    std::atomic<bool> m_announced{false};  // an upload was begun with our checksums, by the server's own words
};

Capabilities S3Store::capabilities() const {
    Capabilities can;
    can.conditional_put = m_conditions.load() != Known::no;
    can.attests_sha256 = m_checksums.load() != Known::no;
    can.multipart = true;
    can.min_part = 5 * k_mib;
    can.max_part = can.max_single = 5 * k_gib;
    can.max_parts = 10000;
    return can;
}

// ---- writing

Result<http::Headers> S3Store::object_headers(const PutRequest& request) const {
    http::Headers headers;
    for (const auto& [name, value] : request.metadata) {
        if (value.size() > k_longest_value && name == k_meta_path) continue;
        const bool plain = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
        if (!plain || value.size() > k_longest_value) {
            return Error(Errc::usage, "metadata '" + name + "' of object '" + text::escape_controls(request.key) +
                                          "' is not short plain ASCII");
        }
        headers.emplace_back(k_meta_prefix + name, value);
    }
    const std::string& storage_class =
        request.storage_class.empty() ? m_client.options().storage_class : request.storage_class;
    if (!storage_class.empty()) headers.emplace_back("x-amz-storage-class", storage_class);
    return headers;
}

Status S3Store::emulate_must_not_exist(const PutRequest& request) {
    const auto there = head(request.key, "");
    if (there) return exists(request.key);
    return there.error().code == Errc::not_found ? Status() : Status(there.error());
}

template <typename Send>
auto S3Store::conditionally(const PutRequest& request, const Send& send) -> decltype(send(false)) {
    if (!request.must_not_exist) return send(false);
    if (m_conditions.load() != Known::no) {
        auto result = send(true);
        if (result) m_conditions.store(Known::yes);
        if (result || result.error().code != Errc::unsupported || m_conditions.load() == Known::yes) return result;
        m_conditions.store(Known::no);
    }
    if (Status free = emulate_must_not_exist(request); !free) return std::move(free).error();
    return send(false);
}

// Content-MD5 goes along until the server has shown that it checks SHA-256. It costs another reading of all bytes.
Result<std::optional<std::string>> S3Store::add_md5(http::Headers& headers, UploadSource& source, std::uint64_t offset,
                                                    std::uint64_t length) const {
    if (m_checksums.load() == Known::yes) return std::optional<std::string>();
    TRY(std::string digest, md5_of(source, offset, length));
    headers.emplace_back("Content-MD5", to_base64(digest));
    return std::optional<std::string>(to_hex(digest.data(), digest.size()));
}

// What the server has shown once it can always do; a single answer without its checksum proves nothing about it.
Result<std::optional<Sha256Digest>> S3Store::attested(const http::Response& response, const Sha256Digest& expected,
                                                      const std::string& key) {
    const auto digest = digest_of(header(response, k_checksum));
    if (digest) m_checksums.store(Known::yes);
    if (!digest && m_checksums.load() == Known::unknown) m_checksums.store(Known::no);
    if (digest && *digest != expected) {
        return Error(Errc::corrupt, describe() + " holds other bytes of '" + text::escape_controls(key) +
                                        "' than were sent: its SHA-256 differs");
    }
    return digest;
}

// An ETag in the answer to a put proves nothing by itself: the server is asked again what it holds.
Result<bool> S3Store::holds(const ObjectInfo& put) {
    auto there = head(put.key, put.version_id);
    if (!there && there.error().code == Errc::not_found) return false;
    if (!there) return std::move(there).error();
    return there->size == put.size && there->etag == put.etag;
}

Result<ObjectInfo> S3Store::put(const PutRequest& request, UploadSource& source) {
    TRY_DO(check_key(request.key));
    return conditionally(request, [&](bool condition) { return put_once(request, source, condition); });
}

Result<ObjectInfo> S3Store::put_once(const PutRequest& request, UploadSource& source, bool condition) {
    S3Call call{"PUT", request.key, "put object"};
    TRY(call.headers, object_headers(request));
    call.headers.emplace_back(k_checksum, to_base64(request.sha256));
    if (condition) call.headers.emplace_back("If-None-Match", "*");
    TRY(const auto md5_hex, add_md5(call.headers, source, 0, source.size()));
    call.body = body_of(source, 0, source.size());
    call.payload_hash = to_hex(request.sha256);
    call.if_precondition = Errc::already_exists;
    TRY(const http::Response response, m_client.call(call));
    ObjectInfo info;
    info.key = request.key;
    info.size = source.size();
    info.etag = unquoted(header(response, "etag"));
    info.version_id = header(response, "x-amz-version-id");
    info.metadata = request.metadata;
    TRY(info.sha256, attested(response, request.sha256, request.key));
    if (!info.sha256 && md5_hex && text::lower(info.etag) == *md5_hex) {
        TRY(info.attested_by_md5, holds(info));
    }
    return info;
}

Result<std::string> S3Store::create_multipart(const PutRequest& request) {
    TRY_DO(check_key(request.key));
    S3Call call{"POST", request.key, "begin a multipart upload of object", {{"uploads", ""}}};
    TRY(call.headers, object_headers(request));
    call.headers.emplace_back(k_algorithm, "SHA256");
    TRY(const http::Response response, m_client.call(call));
    TRY(const xml::Node answer, m_client.document(response, call, "InitiateMultipartUploadResult"));
    if (header(response, k_algorithm) == "SHA256") m_announced.store(true);
    std::string id = answer.child_text("UploadId");
    if (!id.empty()) return id;
    return Error(Errc::corrupt, describe() + " began a multipart upload without naming it");
}

Result<Part> S3Store::put_part(const std::string& key, const std::string& upload_id, unsigned number,
                               UploadSource& whole, std::uint64_t offset, std::uint64_t length,
                               const Sha256Digest& part_sha256) {
    S3Call call{"PUT",
                key,
                "put part " + std::to_string(number) + " of object",
                {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}}};
    call.headers.emplace_back(k_checksum, to_base64(part_sha256));
    // The MD5 of a part proves nothing later, so what the server announced is enough to leave it out.
    if (!m_announced.load() || m_checksums.load() == Known::no) {
        TRY_DO(add_md5(call.headers, whole, offset, length));
    }
    call.body = body_of(whole, offset, length);
    call.payload_hash = to_hex(part_sha256);
    TRY(const http::Response response, m_client.call(call));
    Part part{number, length, unquoted(header(response, "etag")), std::nullopt};
    TRY(part.sha256, attested(response, part_sha256, key));
    const bool complete = !part.etag.empty() && (part.sha256 || m_checksums.load() != Known::yes);
    if (complete) return part;
    return Error(Errc::corrupt, describe() + " took part " + std::to_string(number) + " without saying what it holds");
}

// The checksum of a composite object: SHA-256 over the parts' SHA-256s, with their number.
Result<std::optional<std::string>> composite_of(const std::vector<Part>& parts) {
    std::string all;
    for (const Part& part : parts) {
        if (!part.sha256) return std::optional<std::string>();
        all.append(reinterpret_cast<const char*>(part.sha256->data()), part.sha256->size());
    }
    TRY(const Sha256Digest digest, sha256(all));
    return std::optional<std::string>(to_base64(digest) + "-" + std::to_string(parts.size()));
}

// Parts in order, each with its checksum where the server has one, and without where it has none: it refuses a list
// that differs from what it recorded.
Result<std::vector<Part>> S3Store::with_checksums(const std::string& key, const std::string& upload_id,
                                                  std::vector<Part> parts) {
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.number < b.number; });
    const auto has_checksum = [](const Part& part) { return part.sha256.has_value(); };
    if (m_checksums.load() == Known::no) {
        for (Part& part : parts) part.sha256.reset();
        return parts;
    }
    if (std::all_of(parts.begin(), parts.end(), has_checksum)) return parts;
    TRY(const std::vector<Part> listed, list_parts(key, upload_id));
    for (Part& part : parts) {
        const auto same =
            std::find_if(listed.begin(), listed.end(), [&](const Part& l) { return l.number == part.number; });
        if (same != listed.end()) part.sha256 = same->sha256;
    }
    return parts;
}

std::string part_list(const std::vector<Part>& parts) {
    std::string out = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (const Part& part : parts) {
        out += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><ETag>&quot;" +
               xml::escape(part.etag) + "&quot;</ETag>";
        if (part.sha256) out += "<ChecksumSHA256>" + to_base64(*part.sha256) + "</ChecksumSHA256>";
        out += "</Part>";
    }
    return out + "</CompleteMultipartUpload>";
}

Result<ObjectInfo> S3Store::complete_multipart(const PutRequest& request, const std::string& upload_id,
                                               const std::vector<Part>& parts) {
    return conditionally(request, [&](bool condition) { return complete_once(request, upload_id, parts, condition); });
}

Result<ObjectInfo> S3Store::complete_once(const PutRequest& request, const std::string& upload_id,
                                          const std::vector<Part>& parts, bool condition) {
    TRY(const std::vector<Part> ordered, with_checksums(request.key, upload_id, parts));
    TRY(const auto composite, composite_of(ordered));
    const std::string body = part_list(ordered);
    TRY(const Sha256Digest body_hash, sha256(body));
    S3Call call{"POST", request.key, "complete the multipart upload of object", {{"uploadId", upload_id}}};
    call.headers.emplace_back("Content-Type", "application/xml");
    if (condition) call.headers.emplace_back("If-None-Match", "*");
    call.body = http::body_of(body);
    call.payload_hash = to_hex(body_hash);
    call.if_precondition = Errc::already_exists;
    TRY(const http::Response response, m_client.call(call));
    TRY(const xml::Node answer, xml::parse(response.body).with_context(describe()));
    if (answer.name != "CompleteMultipartUploadResult") {
        return Error(Errc::corrupt, describe() + " answered the completion of '" + text::escape_controls(request.key) +
                                        "' with <" + text::escape_controls(answer.name) + ">");
    }
    ObjectInfo info;
    info.key = request.key;
    for (const Part& part : ordered) info.size += part.size;
    info.etag = unquoted(answer.child_text("ETag"));
    info.version_id = header(response, "x-amz-version-id");
    info.metadata = request.metadata;
    if (std::string said = answer.child_text("ChecksumSHA256"); !said.empty() && composite) {
        if (said.find('-') == std::string::npos) said += "-" + std::to_string(ordered.size());
        if (said != *composite) {
            return Error(Errc::corrupt, describe() + " put other parts together for '" +
                                            text::escape_controls(request.key) + "' than were sent");
        }
        info.composite = std::move(said);
    }
    return info;
}

Status S3Store::abort_multipart(const std::string& key, const std::string& upload_id) {
    const auto answer =
        m_client.call({"DELETE", key, "abort the multipart upload of object", {{"uploadId", upload_id}}});
    if (answer || (answer.error().code == Errc::not_found)) return {};
    return answer.error();
}

// ---- reading

Result<ObjectInfo> S3Store::info_of(const std::string& key, const http::Response& response,
                                    std::optional<std::uint64_t> size) const {
    ObjectInfo info;
    info.key = key;
    info.etag = unquoted(header(response, "etag"));
    info.version_id = header(response, "x-amz-version-id");
    info.last_modified = header(response, "last-modified");
    for (const auto& [name, value] : response.headers) {
        if (name.starts_with(k_meta_prefix)) info.metadata[name.substr(std::string_view(k_meta_prefix).size())] = value;
    }
    const std::string checksum = header(response, k_checksum);
    if (checksum.find('-') != std::string::npos) {
        info.composite = checksum;
    } else if (header(response, "content-range").empty()) {
        info.sha256 = digest_of(checksum);
    }
    if (!size) size = natural(header(response, "content-length"));
    if (!size)
        return Error(Errc::corrupt, describe() + " does not tell the size of '" + text::escape_controls(key) + "'");
    info.size = *size;
    return info;
}

sigv4::Pairs version_query(const std::string& version_id) {
    return version_id.empty() ? sigv4::Pairs() : sigv4::Pairs{{"versionId", version_id}};
}

Result<ObjectInfo> S3Store::head(const std::string& key, const std::string& version_id) {
    TRY_DO(check_key(key));
    S3Call call{"HEAD", key, "look at object", version_query(version_id)};
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
    TRY(const http::Response response, m_client.call(call));
    return info_of(key, response);
}

// What the answer promises must be the range that was asked for, in this very object. `promised` = bytes to come.
Result<ObjectInfo> S3Store::opened_info(const std::string& key, const http::Response& response, std::uint64_t offset,
                                        std::uint64_t length, std::uint64_t& promised) const {
    const std::string said = header(response, "content-length");
    if (response.status == 206) {
        const auto range = parse_content_range(header(response, "content-range"));
        const std::uint64_t rest = range && range->first == offset ? range->total - offset : 0;
        promised = length == 0 ? rest : std::min(length, rest);
        const bool fits =
            rest > 0 && range->last == offset + promised - 1 && (said.empty() || natural(said) == promised);
        if (fits) return info_of(key, response, range->total);
        return Error(Errc::unavailable, describe() + " answers with another range of '" + text::escape_controls(key) +
                                            "' than was asked for");
    }
    TRY(ObjectInfo info, info_of(key, response));
    promised = info.size;
    // A 200 that is an error document has no ETag; it must not pass for the object.
    if (offset == 0 && (length == 0 || length >= promised) && !info.etag.empty()) return info;
    return Error(Errc::unavailable, describe() + " ignores the range asked of '" + text::escape_controls(key) + "'");
}

// 416: right at the end of the object there is nothing more to read; beyond it the caller is wrong. Not every server
// says the size in this answer, and none the version.
Result<ObjectInfo> S3Store::beyond_end(const std::string& key, const std::string& version_id, std::uint64_t offset,
                                       const std::string& if_match) {
    TRY(ObjectInfo info, head(key, version_id));
    if (!if_match.empty() && info.etag != if_match) return replaced(key);
    if (info.size == offset) return info;
    return Error(Errc::usage, "range starts at " + std::to_string(offset) + ", beyond the end of object '" +
                                  text::escape_controls(key) + "' (" + std::to_string(info.size) + " bytes)");
}

Result<ObjectInfo> S3Store::get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                                std::uint64_t length, const std::string& if_match, const Sink& sink,
                                const Opened& opened) {
    TRY_DO(check_key(key));
    S3Call call{"GET", key, "read object", version_query(version_id)};
    // Always a range: only its answer tells the size of the whole, so that a short answer is seen as one.
    const std::string last = length == 0 ? "" : std::to_string(offset + length - 1);
    call.headers.emplace_back("Range", "bytes=" + std::to_string(offset) + "-" + last);
    if (!if_match.empty()) call.headers.emplace_back("If-Match", "\"" + if_match + "\"");
    ObjectInfo info;
    std::uint64_t promised = 0;
    call.head = [&](const http::Response& response) -> Status {
        TRY(info, opened_info(key, response, offset, length, promised));
        if (!if_match.empty() && info.etag != if_match) return replaced(key);
        if (opened) opened(info);
        return {};
    };
    call.sink = sink;
    TRY(const http::Response response, m_client.send(call));
    if (response.status == 416) return beyond_end(key, version_id, offset, if_match);
    if (response.status != 200 && response.status != 206) return m_client.error_of(response, call);
    if (response.received == promised) return info;
    return Error(Errc::unavailable, describe() + " sent " + std::to_string(response.received) + " of " +
                                        std::to_string(promised) + " bytes of '" + text::escape_controls(key) + "'");
}

// ---- listing

// Keys in lists are percent-encoded when we asked for it and the server understood.
Result<std::string> S3Store::decoded(const xml::Node& document, const std::string& key) const {
    if (document.child_text("EncodingType") != "url") return unescape_key(key);
    std::string spaced = key;
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    TRY(const std::string plain, text::percent_decode(spaced).with_context(describe()));
    return unescape_key(plain);
}

// Follows the markers (name in the answer -> name in the next query) until the list says it is whole.
template <typename Page>
Status S3Store::pages(S3Call call, std::string_view root,
                      std::initializer_list<std::pair<const char*, const char*>> markers, const Page& page) {
    const sigv4::Pairs first = call.query;
    for (std::string before;;) {
        TRY(const xml::Node document, m_client.call_xml(call, root));
        TRY_DO(page(document));
        const std::string more = document.child_text("IsTruncated");
        if (more == "false") return {};
        call.query = first;
        std::string now;
        for (const auto& [answered, asked] : markers) {
            std::string value = document.child_text(answered);
            // Markers that are keys come encoded like keys do.
            if (std::string_view(asked) == "key-marker" && document.child_text("EncodingType") == "url") {
                TRY(value, text::percent_decode(value));
            }
            now += value + "\n";
            if (!value.empty()) call.query.emplace_back(asked, std::move(value));
        }
        if (more != "true" || call.query == first || now == before) {
            return Error(Errc::corrupt, describe() + " gave a list that neither ends nor goes on");
        }
        before = std::move(now);
    }
}

Status S3Store::list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) {
    S3Call call{"GET", "", "list objects", {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1000"}}};
    if (!prefix.empty()) call.query.emplace_back("prefix", escape_key(prefix, KeyPlace::object));
    return pages(std::move(call), "ListBucketResult", {{"NextContinuationToken", "continuation-token"}},
                 [&](const xml::Node& document) -> Status {
                     for (const xml::Node& entry : document.children) {
                         if (entry.name != "Contents") continue;
                         ObjectInfo info;
                         TRY(info.key, decoded(document, entry.child_text("Key")));
                         const auto size = natural(entry.child_text("Size"));
                         if (!size || !info.key.starts_with(prefix)) {
                             return Error(Errc::corrupt, describe() + " gave a list with a strange entry");
                         }
                         info.size = *size;
                         info.etag = unquoted(entry.child_text("ETag"));
                         info.last_modified = entry.child_text("LastModified");
                         TRY_DO(each(info));
                     }
                     return {};
                 });
}

Result<std::vector<Part>> S3Store::list_parts(const std::string& key, const std::string& upload_id) {
    std::vector<Part> parts;
    S3Call call{"GET", key, "list the parts of object", {{"uploadId", upload_id}, {"max-parts", "1000"}}};
    TRY_DO(pages(std::move(call), "ListPartsResult", {{"NextPartNumberMarker", "part-number-marker"}},
                 [&](const xml::Node& document) -> Status {
                     for (const xml::Node& entry : document.children) {
                         if (entry.name != "Part") continue;
                         const auto number = natural(entry.child_text("PartNumber"));
                         const auto size = natural(entry.child_text("Size"));
                         if (!number || !size || *number < 1 || *number > 10000) {
                             return Error(Errc::corrupt, describe() + " gave a list of parts with a strange entry");
                         }
                         parts.push_back({static_cast<unsigned>(*number), *size, unquoted(entry.child_text("ETag")),
                                          digest_of(entry.child_text("ChecksumSHA256"))});
                     }
                     return {};
                 }));
    // Uploads are begun with SHA-256 checksums: a server that knows them lists them.
    const bool some = std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.sha256.has_value(); });
    if (some) m_checksums.store(Known::yes);
    if (!some && !parts.empty() && m_checksums.load() == Known::unknown) m_checksums.store(Known::no);
    return parts;
}

Result<std::vector<ObjectStore::Upload>> S3Store::list_uploads(const std::string& prefix) {
    std::vector<Upload> uploads;
    S3Call call{"GET", "", "list uploads", {{"uploads", ""}, {"encoding-type", "url"}, {"max-uploads", "1000"}}};
    if (!prefix.empty()) call.query.emplace_back("prefix", escape_key(prefix, KeyPlace::object));
    TRY_DO(
        pages(std::move(call), "ListMultipartUploadsResult",
              {{"NextKeyMarker", "key-marker"}, {"NextUploadIdMarker", "upload-id-marker"}},
              [&](const xml::Node& document) -> Status {
                  for (const xml::Node& entry : document.children) {
                      if (entry.name != "Upload") continue;
                      TRY(std::string key, decoded(document, entry.child_text("Key")));
                      if (!key.starts_with(prefix)) {
                          return Error(Errc::corrupt, describe() + " gave a list of uploads with a strange entry");
                      }
                      uploads.push_back({std::move(key), entry.child_text("UploadId"), entry.child_text("Initiated")});
                  }
                  return {};
              }));
    return uploads;
}

Status S3Store::remove(const std::string& key, const std::string& version_id) {
    TRY_DO(check_key(key));
    const auto answer = m_client.call({"DELETE", key, "remove object", version_query(version_id)});
    if (answer) return {};
    // A missing object is removed; a missing bucket is a mistake.
    const bool gone =
        answer.error().code == Errc::not_found && answer.error().message.find("NoSuchBucket") == std::string::npos;
    return gone ? Status() : Status(answer.error());
}

Status S3Store::check() {
    S3Call call{"GET", "", "list objects", {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", ".neurolake-check/"}}};
    TRY_DO(m_client.call_xml(call, "ListBucketResult"));
    return probe_round_trip(*this);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> make_s3_store(S3Options options, const Clock& clock, const CancelFlag& cancel) {
    if (options.address.region.empty()) options.address.region = find_region(options.credentials);
    if (options.address.region.empty()) options.address.region = "us-east-1";
    TRY(S3Endpoint endpoint, s3_endpoint(options.address));
    return std::unique_ptr<ObjectStore>(
        std::make_unique<S3Store>(std::move(options), std::move(endpoint), clock, cancel));
}

}  // namespace neurolake::store
