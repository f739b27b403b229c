// probe.cpp: the round trip of `cloud test`.
// SPDX-License-Identifier: Apache-2.0
#include "store/probe.hpp"

#include <algorithm>
#include <cstring>

namespace neurolake::store {
namespace {

Status see_bytes(ObjectStore& store, const std::string& key, const std::string& bytes) {
    TRY(const ObjectInfo info, store.head(key).with_context("look at a test object"));
    if (info.size != bytes.size()) {
        return Error(Errc::corrupt, store.describe() + " says a test object of " + std::to_string(bytes.size()) +
                                        " bytes has " + std::to_string(info.size));
    }
    std::string read;
    TRY_DO(store
               .get(key, "", 0, 0, info.etag,
                    [&](std::string_view part) {
                        read += part;
                        return Status();
                    })
               .with_context("read a test object"));
    if (read != bytes) return Error(Errc::corrupt, store.describe() + " gave other bytes back than were put");
    return {};
}

Status use(ObjectStore& store, const PutRequest& request, const std::string& bytes) {
    TextSource source(bytes);
    TRY_DO(store.put(request, source).with_context("put a test object"));
    TRY_DO(see_bytes(store, request.key, bytes));
    const auto again = store.put(request, source);
    if (again || again.error().code != Errc::already_exists) {
        return Error(Errc::unsupported,
                     store.describe() + " let an existing object be overwritten although asked not to",
                     "this store cannot keep objects safe; use another one");
    }
    return {};
}

}  // namespace

Result<std::size_t> TextSource::read(std::uint64_t offset, char* into, std::size_t length) {
    if (offset >= m_bytes.size()) return std::size_t{0};
    const std::size_t count = std::min(length, m_bytes.size() - static_cast<std::size_t>(offset));
    std::memcpy(into, m_bytes.data() + offset, count);
    return count;
}

Status probe_round_trip(ObjectStore& store, const std::string& prefix) {
    PutRequest request;
    request.key = prefix + random_hex(16);
    const std::string bytes = "neurolake checks that it can write here\n";
    TRY(request.sha256, sha256(bytes));
    request.metadata[k_meta_sha256] = to_hex(request.sha256);
    const Status used = use(store, request, bytes);
    const Status removed = store.remove(request.key).with_context("remove a test object");
    TRY_DO(used);
    TRY_DO(removed);
    const auto after = store.head(request.key);
    if (after || after.error().code != Errc::not_found) {
        return Error(Errc::unavailable, store.describe() + " still shows a test object after its removal");
    }
    return {};
}

}  // namespace neurolake::store
