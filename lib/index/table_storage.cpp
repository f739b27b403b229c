// table_storage.cpp: the last overwrite in the history, and the version of the metadata.
// SPDX-License-Identifier: Apache-2.0
#include "index/table_storage.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/file.hpp"
#include "base/json.hpp"

namespace neurolake::index {
namespace {

constexpr std::uint64_t k_limit = 2u << 20;

Result<json::Value> parse(std::string_view text, std::string_view name) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return json::parse(text).with_context(fmt::format("read {}", name));
}

Result<std::string> read_small(int bucket_fd, std::string_view folder, std::string_view name) {
    TRY(const Fd file,
        open_beneath(bucket_fd, fmt::format("{}{}{}", folder, folder.empty() ? "" : "/", name), O_RDONLY));
    return read_file(file.get(), k_limit);
}

}  // namespace

std::optional<std::uint64_t> version_of_name(std::string_view name) {
    constexpr std::string_view k_before = "data_v", k_behind = ".ncf";
    if (!name.starts_with(k_before) || !name.ends_with(k_behind)) return std::nullopt;
    name.remove_prefix(k_before.size());
    if (name.size() <= k_behind.size()) return std::nullopt;
    name.remove_suffix(k_behind.size());
    std::uint64_t version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return version;
}

Result<std::optional<LiveVersions>> live_versions(std::string_view metadata_text, std::string_view history_text) {
    TRY(const json::Value metadata, parse(metadata_text, k_storage_metadata));
    const json::Value* version = metadata.find("version");
    const auto newest = version != nullptr ? version->as_uint() : std::nullopt;
    if (!newest || metadata.find("name") == nullptr || metadata.find("schema") == nullptr)
        return std::optional<LiveVersions>();
    TRY(const json::Value history, parse(history_text, k_storage_history));
    if (!history.is_array()) return std::optional<LiveVersions>();
    LiveVersions live{1, *newest};
    for (const json::Value& entry : *history.as_array())
        if (entry.text("mode") == "overwrite" && entry.natural("version") <= *newest)
            live.from = std::max(live.from, entry.natural("version"));
    return std::optional(live);
}

Result<std::optional<LiveVersions>> read_live_versions(int bucket_fd, std::string_view folder) {
    TRY(const std::string metadata, read_small(bucket_fd, folder, k_storage_metadata));
    TRY(const std::string history, read_small(bucket_fd, folder, k_storage_history));
    return live_versions(metadata, history);
}

bool OldVersions::holds(std::string_view path) {
    const auto slash = path.rfind('/');
    const auto version = version_of_name(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
    if (!version) return false;
    const auto [at, first] =
        m_folders.try_emplace(std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash)));
    if (first)
        if (const auto live = read_live_versions(m_bucket_fd, at->first)) at->second = *live;
    return at->second && !at->second->holds(*version);
}

}  // namespace neurolake::index
