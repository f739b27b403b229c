// upload.cpp: hashing while sending, keys that are never overwritten, parts in parallel.
// SPDX-License-Identifier: Apache-2.0
#include "tier/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <span>

#include "base/text.hpp"

namespace neurolake::tier {

namespace {

constexpr std::uint64_t k_mib = 1u << 20;
constexpr std::uint64_t k_least_part = 8 * k_mib;
constexpr std::uint64_t k_parts_aimed_at = 9000;
constexpr std::size_t k_small_step = 1u << 20;
constexpr std::size_t k_large_step = 8u << 20;  // long enough to be worth its threads
constexpr std::size_t k_longest_key = 900;

Error source_changed(std::string_view how) {
    return Error(Errc::conflict, fmt::format("the file {} while it was read: kept here, tried again next time", how));
}

enum class Pass2 { hash, lease };  // what tells that the bytes sent are those of pass 1

// Nobody writes while the lease is held, and the store compares the checksums it was sent with those it computes: where
// both are so, reading needs no third hash.
Pass2 pass2_of(const HeldFile& file, bool attested) {
    return attested && file.writers() == Writers::none ? Pass2::lease : Pass2::hash;
}

// One range of the held file as the store's source. With Pass2::hash, what is read in order is hashed again; a store
// that rewinds for another try starts the hash anew.
class RangeSource final : public store::UploadSource {
public:
    RangeSource(HeldFile& file, std::uint64_t offset, std::uint64_t length, Pass2 pass2, const CancelFlag& cancel)
        : m_file(file), m_offset(offset), m_length(length), m_pass2(pass2), m_cancel(cancel) {}

    // The whole file's coordinates for parts, as put_part() hands out offsets of the whole.
    std::uint64_t size() const override { return m_file.identity().size; }

    Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t length) override {
        if (m_cancel.cancelled()) return Error(Errc::cancelled, "stopped while sending");
        if (m_file.lease_broken()) return source_changed("was opened for writing");
        const auto end = m_offset + m_length;
        if (offset < m_offset || offset > end) return Error(Errc::io, "the store asked for bytes outside the range");
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, end - offset));
        TRY(const auto got, read_some(m_file.fd(), std::as_writable_bytes(std::span(into, wanted)), offset));
        if (got == 0 && wanted > 0) return source_changed("became shorter");
        const std::scoped_lock lock(m_mutex);
        if (offset == m_offset) {
            m_hash.reset();
            m_read_to = m_offset;
        }
        if (offset == m_read_to) {
            if (m_pass2 == Pass2::hash) m_hash.update(into, got);
            m_read_to += got;
        }
        return got;
    }

    // Pass 2 must equal pass 1.
    Status sent_equals(const Sha256Digest& first_pass) {
        const std::scoped_lock lock(m_mutex);
        if (m_length == 0) return {};
        if (m_read_to != m_offset + m_length) return Error(Errc::io, "the store did not read the file in order");
        if (m_pass2 == Pass2::lease) return lease_unbroken();
        TRY(const auto digest, m_hash.finish());
        if (digest != first_pass) return source_changed("changed its content");
        return {};
    }

    // A store that found the bytes damaged may only have been the first to see that somebody writes.
    Error blame(Error error) {
        auto held = lease_unbroken();
        return held || error.code == Errc::cancelled ? std::move(error) : std::move(held).error();
    }

private:
    Status lease_unbroken() {
        const bool writer = m_file.writers() == Writers::none && !m_file.lease_held();
        return writer ? Status(source_changed("was opened for writing")) : Status();
    }

    HeldFile& m_file;
    std::uint64_t m_offset, m_length;
    Pass2 m_pass2;
    const CancelFlag& m_cancel;
    std::mutex m_mutex;
    Sha256 m_hash;
    std::uint64_t m_read_to = 0;
};

store::PutRequest request_of(const UploadJob& job) {
    store::PutRequest request;
    request.key = job.key;
    request.metadata = job.metadata;
    request.sha256 = job.sums.whole;
    request.storage_class = job.storage_class;
    return request;
}

Result<Claim> claim_of(const UploadJob& job) {
    Claim claim;
    claim.key = job.key;
    claim.size = job.file.identity().size;
    claim.sha256 = job.sums.whole;
    TRY(claim.composite, job.sums.composite());
    return claim;
}

bool says_same(const store::ObjectInfo& info, const UploadJob& job) {
    if (info.size != job.file.identity().size) return false;
    if (info.sha256) return *info.sha256 == job.sums.whole;
    const auto said = info.metadata.find(store::k_meta_sha256);
    return said != info.metadata.end() && said->second == to_hex(job.sums.whole);
}

enum class Found { nothing, same, other };

// Whether the key is free, and if not, whether what lies there is this file: said first, proven then.
Result<Found> look(store::ObjectStore& store, const UploadJob& job, std::optional<VerifiedCopy>& proof) {
    auto info = store.head(job.key);
    if (!info && info.error().code == Errc::not_found) return Found::nothing;
    if (!info) return std::move(info).error();
    if (!says_same(*info, job)) return Found::other;
    TRY(auto claim, claim_of(job));
    claim.version_id = info->version_id;
    auto proven = prove(store, claim);
    if (!proven && proven.error().code == Errc::mismatch) return Found::other;
    if (!proven) return std::move(proven).error();
    proof.emplace(std::move(proven).value());
    return Found::same;
}

// One request. nullopt: the key is taken.
Result<std::optional<VerifiedCopy>> send_whole(store::ObjectStore& store, UploadJob& job, const CancelFlag& cancel) {
    const auto pass2 = pass2_of(job.file, store.capabilities().attests_sha256);
    RangeSource source(job.file, 0, job.file.identity().size, pass2, cancel);
    auto answer = store.put(request_of(job), source);
    if (!answer && answer.error().code == Errc::already_exists) return std::optional<VerifiedCopy>();
    if (!answer) return source.blame(std::move(answer).error());
    job.created = true;
    // An MD5 is proof only of the bytes that were hashed beside it.
    if (pass2 == Pass2::lease) answer->attested_by_md5 = false;
    if (job.sent) job.sent(job.file.identity().size);
    TRY_DO(source.sent_equals(job.sums.whole));
    TRY(const auto claim, claim_of(job));
    TRY(auto proof, prove(store, claim, &*answer));
    return std::optional<VerifiedCopy>(std::move(proof));
}

std::uint64_t length_of_part(const UploadJob& job, std::size_t index) {
    const auto begin = index * job.sums.part_size;
    return std::min(job.sums.part_size, job.file.identity().size - begin);
}

// Parts that an earlier, killed run already sent: by number. The upload may be gone meanwhile.
Result<std::vector<std::optional<store::Part>>> parts_there(store::ObjectStore& store, UploadJob& job) {
    std::vector<std::optional<store::Part>> there(job.sums.parts.size());
    if (job.upload_id.empty()) return there;
    auto listed = store.list_parts(job.key, job.upload_id);
    if (!listed && listed.error().code == Errc::not_found) {
        job.upload_id.clear();
        return there;
    }
    if (!listed) return std::move(listed).error();
    for (auto& part : *listed) {
        const auto index = part.number - 1;
        if (part.number == 0 || index >= there.size() || part.size != length_of_part(job, index)) continue;
        if (part.sha256 && *part.sha256 != job.sums.parts[index]) continue;
        if (!part.sha256) part.sha256 = job.sums.parts[index];
        there[index] = std::move(part);
    }
    return there;
}

Result<store::Part> send_part(store::ObjectStore& store, UploadJob& job, std::size_t index, const CancelFlag& cancel) {
    const auto offset = index * job.sums.part_size;
    const auto length = length_of_part(job, index);
    // What the parts became is proven by their checksums, or read back whole.
    RangeSource source(job.file, offset, length, pass2_of(job.file, true), cancel);
    auto part = store.put_part(job.key, job.upload_id, static_cast<unsigned>(index + 1), source, offset, length,
                               job.sums.parts[index]);
    if (!part) return source.blame(std::move(part).error());
    TRY_DO(source.sent_equals(job.sums.parts[index]));
    return part;
}

Result<std::vector<store::Part>> send_parts(store::ObjectStore& store, UploadJob& job, const CancelFlag& cancel) {
    TRY(auto parts, parts_there(store, job));
    if (job.upload_id.empty()) {
        TRY_DO(abort_unknown_uploads(store, job.key, {}));
        TRY(job.upload_id, store.create_multipart(request_of(job)));
        if (auto known = job.journal(job); !known) {
            // Nobody would know of this upload after a crash: it must not stay.
            auto aborted = store.abort_multipart(job.key, job.upload_id);
            if (aborted) job.upload_id.clear();
            return std::move(known).error();
        }
    }
    std::mutex mutex;
    std::optional<Error> failure;
    parallel_for(parts.size(), job.concurrency, [&](std::size_t index, unsigned) {
        {
            const std::scoped_lock lock(mutex);
            if (failure) return;
        }
        if (!parts[index]) {
            auto sent = send_part(store, job, index, cancel);
            const std::scoped_lock lock(mutex);
            if (!sent) {
                if (!failure) failure = std::move(sent).error();
                return;
            }
            parts[index] = std::move(sent).value();
        }
        if (job.sent) job.sent(length_of_part(job, index));
    });
    if (failure) return std::move(*failure);
    std::vector<store::Part> out;
    for (auto& part : parts) out.push_back(std::move(*part));
    return out;
}

// In parts. nullopt: the key is taken.
Result<std::optional<VerifiedCopy>> send_in_parts(store::ObjectStore& store, UploadJob& job, const CancelFlag& cancel) {
    TRY(const auto parts, send_parts(store, job, cancel));
    auto answer = store.complete_multipart(request_of(job), job.upload_id, parts);
    if (!answer && answer.error().code == Errc::already_exists) {
        TRY_DO(store.abort_multipart(job.key, job.upload_id));
        job.upload_id.clear();
        return std::optional<VerifiedCopy>();
    }
    if (!answer) return std::move(answer).error();
    job.created = true;
    // A begin that the network delivered twice leaves a second, empty upload. Best effort: it holds nothing of the
    // user's.
    (void)abort_unknown_uploads(store, job.key, {});
    TRY(const auto claim, claim_of(job));
    TRY(auto proof, prove(store, claim, &*answer));
    job.upload_id.clear();
    return std::optional<VerifiedCopy>(std::move(proof));
}

// Under one key. nullopt: other content lies there.
Result<std::optional<VerifiedCopy>> try_key(store::ObjectStore& store, UploadJob& job, const CancelFlag& cancel) {
    const bool in_parts = job.sums.part_size > 0;
    std::optional<VerifiedCopy> proof;
    // Where a put says by itself that the key is taken, asking before would be one request more for each small file.
    if (in_parts || !store.capabilities().conditional_put) {
        TRY(const auto found, look(store, job, proof));
        if (found == Found::other) return std::optional<VerifiedCopy>();
        if (found == Found::same) {
            if (!job.upload_id.empty()) TRY_DO(store.abort_multipart(job.key, job.upload_id));
            job.upload_id.clear();
            return proof;
        }
    }
    TRY(proof, in_parts ? send_in_parts(store, job, cancel) : send_whole(store, job, cancel));
    if (proof) return proof;
    TRY(const auto found, look(store, job, proof));
    if (found == Found::nothing)
        return Error(Errc::unavailable,
                     fmt::format("{} first says that {} exists, then that it does not", store.describe(), job.key));
    return proof;
}

}  // namespace

Status abort_unknown_uploads(store::ObjectStore& store, const std::string& key, const std::string& keep) {
    auto listed = store.list_uploads(key);
    if (!listed && listed.error().code == Errc::unsupported) return {};
    if (!listed) return std::move(listed).error();
    for (const auto& upload : *listed)
        if (upload.key == key && upload.upload_id != keep) TRY_DO(store.abort_multipart(key, upload.upload_id));
    return {};
}

Result<std::optional<std::string>> Sums::composite() const {
    if (part_size == 0) return std::optional<std::string>();
    std::string joined;
    for (const auto& part : parts) joined.append(reinterpret_cast<const char*>(part.data()), part.size());
    TRY(const auto digest, sha256(joined));
    return std::optional<std::string>(fmt::format("{}-{}", to_base64(digest), parts.size()));
}

std::uint64_t part_size_for(std::uint64_t size, std::uint64_t wished, const store::Capabilities& can) {
    if (!can.multipart) return 0;
    const bool one_request_can = can.max_single == 0 || size <= can.max_single;
    if (size <= wished && one_request_can) return 0;
    const auto parts = std::min<std::uint64_t>(k_parts_aimed_at, std::max(1u, can.max_parts));
    auto part = std::max({wished, can.min_part, (size + parts - 1) / parts});
    if (part > wished) part = std::max(k_least_part, (part + k_mib - 1) / k_mib * k_mib);
    return part;
}

namespace {

// The next bytes of the file, as many as fit or are left.
Result<std::string_view> read_step(const HeldFile& file, std::vector<char>& buffer, std::uint64_t at) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file.identity().size - at));
    std::size_t have = 0;
    while (have < wanted) {
        const auto into = std::as_writable_bytes(std::span(buffer.data() + have, wanted - have));
        TRY(const auto got, read_some(file.fd(), into, at + have));
        if (got == 0) return source_changed("became shorter");
        have += got;
    }
    return std::string_view(buffer.data(), have);
}

// Carries the digests of the parts on by `bytes`, which lie at `at`.
Status add_to_parts(Sums& sums, Sha256& hash, std::string_view bytes, std::uint64_t at, std::uint64_t size) {
    while (sums.part_size > 0 && !bytes.empty()) {
        const auto end = std::min(size, (at / sums.part_size + 1) * sums.part_size);
        const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), end - at));
        hash.update(bytes.substr(0, step));
        bytes.remove_prefix(step);
        at += step;
        if (at < end) break;
        TRY(const auto digest, hash.finish());
        sums.parts.push_back(digest);
    }
    return {};
}

}  // namespace

// Both digests are of the very same bytes, read once. For a large file they are computed side by side, while the next
// bytes are read.
Result<Sums> sum_up(HeldFile& file, std::uint64_t part_size, const CancelFlag& cancel,
                    const std::function<void(std::uint64_t)>& read) {
    Sums sums;
    sums.part_size = part_size;
    const auto size = file.identity().size;
    const auto step = std::min<std::uint64_t>(part_size > 0 ? k_large_step : k_small_step, size);
    std::array<std::vector<char>, 2> buffers{std::vector<char>(step), std::vector<char>(size > step ? step : 0)};
    Sha256 whole, part;
    TRY(auto bytes, read_step(file, buffers[0], 0));
    std::size_t other = 1;
    for (std::uint64_t at = 0; !bytes.empty(); other = 1 - other) {
        if (cancel.cancelled()) return Error(Errc::cancelled, "stopped while hashing");
        if (file.lease_broken()) return source_changed("was opened for writing");
        const auto after = at + bytes.size();
        Status parts;
        Result<std::string_view> next = std::string_view();
        parallel_for(3, part_size > 0 ? 3 : 1, [&](std::size_t task, unsigned) {
            if (task == 0) whole.update(bytes);
            if (task == 1) parts = add_to_parts(sums, part, bytes, at, size);
            if (task == 2) next = read_step(file, buffers[other], after);
        });
        TRY_DO(parts);
        if (read) read(bytes.size());
        TRY(bytes, next);
        at = after;
    }
    TRY(sums.whole, whole.finish());
    return sums;
}

Result<VerifiedCopy> upload_and_prove(store::ObjectStore& store, UploadJob& job, const CancelFlag& cancel) {
    TRY(auto proof, try_key(store, job, cancel));
    if (proof) return std::move(*proof);
    job.key += ".~" + to_hex(job.sums.whole).substr(0, 16);
    TRY_DO(job.journal(job));
    TRY(proof, try_key(store, job, cancel));
    if (proof) return std::move(*proof);
    return Error(Errc::conflict,
                 fmt::format("{} holds other content under every name for this file, last {}", store.describe(),
                             text::escape_controls(job.key)),
                 "look at these objects; neurolake never overwrites one", job.key);
}

Result<std::string> key_of(const std::string& prefix, const std::string& bucket, const std::string& path) {
    const auto front = prefix.empty() ? bucket : prefix + "/" + bucket;
    auto key = front + "/" + path;
    if (text::percent_encode(key, true).size() <= k_longest_key || key.size() <= k_longest_key / 3) return key;
    TRY(const auto digest, sha256(path));
    return front + "/.long/" + to_hex(digest);
}

}  // namespace neurolake::tier
