// object_record.hpp: what a directory store remembers of one object beside its bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/object_store.hpp"

namespace neurolake::store {

struct ObjectRecord {
    std::string key;
    std::uint64_t size = 0;
    std::string sha256;  // hex, of the bytes as they were put
    Metadata metadata;
};

std::string encode(const ObjectRecord& record);
Result<ObjectRecord> decode_record(std::string_view json);

// Metadata in the words of the original file; nullopt when absent or nonsense.
std::optional<std::int64_t> mtime_of(const Metadata& metadata);
std::optional<std::uint32_t> mode_of(const Metadata& metadata);  // permission bits only

}  // namespace neurolake::store
