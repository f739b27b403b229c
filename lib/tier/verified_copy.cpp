// verified_copy.cpp: what counts as proof, strongest first.
// SPDX-License-Identifier: Apache-2.0
#include "tier/verified_copy.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace neurolake::tier {

namespace {

Error mismatch(const store::ObjectStore& store, const Claim& claim, std::string_view what) {
    return Error(Errc::mismatch, fmt::format("{} in {} {}", text::escape_controls(claim.key), store.describe(), what),
                 "nothing was deleted here; run `neurolake cloud verify` to see what else is affected", claim.key);
}

enum class Attested { yes, no, wrong };

Attested attested(const store::ObjectInfo& info, const Claim& claim, std::string& how) {
    if (info.sha256) {
        how = "attested";
        return *info.sha256 == claim.sha256 ? Attested::yes : Attested::wrong;
    }
    if (info.composite && claim.composite) {
        how = "composite";
        return *info.composite == *claim.composite ? Attested::yes : Attested::wrong;
    }
    if (info.attested_by_md5) {
        how = "md5";
        return Attested::yes;
    }
    return Attested::no;
}

Result<bool> reads_back_equal(store::ObjectStore& store, const Claim& claim) {
    Sha256 hash;
    std::uint64_t got = 0;
    TRY(const auto info, store.get(claim.key, claim.version_id, 0, 0, {}, [&](std::string_view bytes) -> Status {
        hash.update(bytes);
        got += bytes.size();
        return {};
    }));
    TRY(const auto digest, hash.finish());
    return got == claim.size && digest == claim.sha256;
}

}  // namespace

Result<VerifiedCopy> prove(store::ObjectStore& store, const Claim& claim, const store::ObjectInfo* answer) {
    std::string how;
    // A single put's own answer may be proof; after the parts of a large object were joined the store is always asked
    // again, since a join can fail behind an answer of success.
    if (answer && !claim.composite && answer->size == claim.size) {
        const auto verdict = attested(*answer, claim, how);
        if (verdict == Attested::wrong) return mismatch(store, claim, "has another SHA-256 than was sent");
        if (verdict == Attested::yes) {
            auto proven = claim;
            proven.version_id = answer->version_id;
            return VerifiedCopy(std::move(proven), answer->etag, how);
        }
    }
    auto wanted = claim;
    if (answer && wanted.version_id.empty()) wanted.version_id = answer->version_id;
    auto info = store.head(wanted.key, wanted.version_id);
    if (!info && info.error().code == Errc::not_found) return mismatch(store, claim, "is not there");
    if (!info) return std::move(info).error();
    if (info->size != claim.size)
        return mismatch(store, claim, fmt::format("has {} bytes instead of {}", info->size, claim.size));
    auto verdict = attested(*info, claim, how);
    if (verdict == Attested::wrong) return mismatch(store, claim, "has another checksum than the file");
    if (verdict == Attested::no) {
        TRY(const bool equal, reads_back_equal(store, wanted));
        if (!equal) return mismatch(store, claim, "reads back as other bytes");
        how = "read back";
    }
    if (wanted.version_id.empty()) wanted.version_id = info->version_id;
    return VerifiedCopy(std::move(wanted), info->etag, how);
}

}  // namespace neurolake::tier
