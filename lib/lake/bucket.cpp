// bucket.cpp: the rules of bucket names and the words for tiers.
// SPDX-License-Identifier: Apache-2.0
#include "lake/bucket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace neurolake::lake {

namespace {

struct TierWord {
    Tier tier;
    std::string_view word;
};
constexpr std::array k_tiers{TierWord{Tier::local, "local"}, TierWord{Tier::cloud, "cloud"},
                             TierWord{Tier::pinned, "pinned"}};

constexpr char k_rule[] = "3 to 63 characters of a-z, 0-9 and '-', the first and last a letter or digit";

// Names that Windows keeps for devices, in any folder.
bool is_device_name(std::string_view name) {
    static constexpr std::array<std::string_view, 4> k_plain{"con", "prn", "aux", "nul"};
    if (std::ranges::find(k_plain, name) != k_plain.end()) return true;
    return name.size() == 4 && (name.starts_with("com") || name.starts_with("lpt")) && name[3] >= '0' && name[3] <= '9';
}

}  // namespace

std::string_view to_string(Tier tier) {
    for (const auto& row : k_tiers)
        if (row.tier == tier) return row.word;
    return "local";
}

std::optional<Tier> tier_from(std::string_view word) {
    for (const auto& row : k_tiers)
        if (row.word == word) return row.tier;
    return std::nullopt;
}

Status check_name(std::string_view name) {
    const auto refuse = [&](std::string_view why) -> Status {
        return Error(Errc::usage, fmt::format("'{}' cannot be a bucket name: {}", text::escape_controls(name), why),
                     fmt::format("use {}", k_rule));
    };
    const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (is_device_name(text::lower(name))) return refuse("Windows keeps this name for a device");
    if (name.size() < 3) return refuse("it is shorter than 3 characters");
    if (name.size() > 63) return refuse("it is longer than 63 characters");
    for (const char c : name)
        if (!alphanumeric(c) && c != '-')
            return refuse(fmt::format("the character '{}' is not allowed", text::escape_controls({&c, 1})));
    if (!alphanumeric(name.front()) || !alphanumeric(name.back())) return refuse("it begins or ends with '-'");
    return {};
}

Status check_new_name(std::string_view name, std::span<const Bucket> existing) {
    for (const Bucket& bucket : existing)
        if (bucket.name != name && text::lower(bucket.name) == text::lower(name))
            return Error(Errc::usage, fmt::format("'{}' differs from the bucket '{}' only by case", name, bucket.name),
                         "Windows and macOS would take both for one folder: choose another name");
    return check_name(name);
}

}  // namespace neurolake::lake
