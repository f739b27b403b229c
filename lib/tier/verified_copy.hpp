// verified_copy.hpp: the proof that a store holds a file's bytes; without one no local byte can be freed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/digest.hpp"
#include "store/object_store.hpp"

namespace neurolake::tier {

// What we say an object is.
struct Claim {
    std::string key, version_id;
    std::uint64_t size = 0;
    Sha256Digest sha256{};
    std::optional<std::string> composite;  // of the parts we sent, when it went up in parts
};

class VerifiedCopy;

// The store attests the SHA-256 (or the composite of the parts) and the size of the object; where it attests nothing
// strong the object is read back and hashed. `answer`: what the store said to the upload; when that is proof by
// itself, no request is sent. mismatch: another size or content, or missing although an upload was said to be done.
Result<VerifiedCopy> prove(store::ObjectStore& store, const Claim& claim, const store::ObjectInfo* answer = nullptr);

// Can only be made by prove(): free_local() takes one, so that no code path frees bytes that were not proven.
class VerifiedCopy {
public:
    const Claim& claim() const { return m_claim; }
    const std::string& etag() const { return m_etag; }
    const std::string& how() const { return m_how; }  // "attested", "composite", "md5", "read back"

private:
    friend Result<VerifiedCopy> prove(store::ObjectStore&, const Claim&, const store::ObjectInfo*);
    VerifiedCopy(Claim claim, std::string etag, std::string how)
        : m_claim(std::move(claim)), m_etag(std::move(etag)), m_how(std::move(how)) {}
    Claim m_claim;
    std::string m_etag, m_how;
};

}  // namespace neurolake::tier
