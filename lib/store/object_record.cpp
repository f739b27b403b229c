// object_record.cpp: records of a directory store as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "store/object_record.hpp"

#include <charconv>

#include "base/json.hpp"

namespace neurolake::store {
namespace {

template <typename Int>
std::optional<Int> number_of(const Metadata& metadata, const char* name, int base) {
    const auto found = metadata.find(name);
    if (found == metadata.end()) return std::nullopt;
    const std::string& text = found->second;
    Int value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string encode(const ObjectRecord& record) {
    json::Value value = json::Value::object();
    value.set("format", "neurolake.store.object/1");
    json::set_path(value, "key", record.key);
    value.set("size", record.size).set("sha256", record.sha256);
    json::Value metadata = json::Value::object();
    for (const auto& [name, text] : record.metadata) metadata.set(name, text);
    value.set("metadata", std::move(metadata));
    return json::dump(value) + "\n";
}

Result<ObjectRecord> decode_record(std::string_view json) {
    TRY(const json::Value value, json::parse(json));
    ObjectRecord record{json::get_path(value, "key"), value.natural("size"), value.text("sha256"), {}};
    if (record.key.empty()) return Error(Errc::corrupt, "object record without a key");
    if (const json::Value* metadata = value.find("metadata"); metadata != nullptr && metadata->is_object()) {
        for (const auto& [name, text] : *metadata->as_object()) {
            if (text.is_string()) record.metadata.emplace(name, *text.as_string());
        }
    }
    return record;
}

std::optional<std::int64_t> mtime_of(const Metadata& metadata) {
    return number_of<std::int64_t>(metadata, k_meta_mtime_ns, 10);
}

std::optional<std::uint32_t> mode_of(const Metadata& metadata) {
    const auto mode = number_of<std::uint32_t>(metadata, k_meta_mode, 8);
    return mode ? std::optional<std::uint32_t>(*mode & 0777u) : std::nullopt;
}

}  // namespace neurolake::store
