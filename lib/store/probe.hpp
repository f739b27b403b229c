// probe.hpp: a small object through its whole life, to see that a store does what we rely on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/object_store.hpp"

namespace neurolake::store {

// Bytes in memory as an upload source.
class TextSource final : public UploadSource {
public:
    explicit TextSource(std::string bytes) : m_bytes(std::move(bytes)) {}
    std::uint64_t size() const override { return m_bytes.size(); }
    Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t length) override;

private:
    std::string m_bytes;
};

// Puts a few bytes at a random key below ".neurolake-check/", puts them again (must be refused), looks, reads, removes,
// looks again. The object is removed whatever fails in between. Error = the step that failed and what to do.
Status probe_round_trip(ObjectStore& store, const std::string& prefix = ".neurolake-check/");

}  // namespace neurolake::store
