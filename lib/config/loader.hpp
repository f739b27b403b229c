// loader.hpp: from the texts of both files, the environment and the flags to Settings; every problem with its place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/options.hpp"
#include "config/paths.hpp"
#include "config/yaml.hpp"

namespace neurolake::config {

inline constexpr std::string_view k_settings_name = "config/settings.yaml", k_buckets_name = "config/buckets.yaml";

struct Sources {
    std::string settings, buckets;  // texts; a missing buckets.yaml is empty
    bool settings_private = true;   // no one but the owner can read settings.yaml
};

struct Loaded {
    Settings settings;
    std::vector<Shown> shown;
    std::vector<Problem> problems;  // in order of file and line; not empty: settings must not be used
};

using Overrides = std::vector<std::pair<std::string, std::string>>;
Loaded load_from(const std::filesystem::path& home, const Sources& sources, const Environment& env,
                 const Overrides& overrides);

// One error that names all problems, a line each.
Error error_of(const std::vector<Problem>& problems);

enum class Layer { fallback, settings, buckets, environment, flag };

// A value somebody wrote, and where.
struct Given {
    Layer layer = Layer::fallback;
    Node node;
    std::string origin;  // "config/settings.yaml:38", "env NEUROLAKE_STORAGE_HIGH", "flag --set"
    Problem place;       // for messages, its text is filled in then
};

// What is known of one bucket before its fields are converted. The highest layer counts, field by field.
struct BucketDraft {
    std::vector<std::optional<Given>> fields;  // parallel to bucket_fields()
    std::string origin;
    Problem place;
    std::optional<int> settings_line, buckets_line;
};

// The buckets part of the loader.
struct BucketResult {
    std::vector<lake::Bucket> buckets;
    std::vector<Shown> shown;
};
void collect_buckets(const Node& section, std::string_view file, Layer layer,
                     std::map<std::string, BucketDraft>& drafts, std::vector<Problem>& problems);
BucketResult make_buckets(const std::filesystem::path& home, const std::map<std::string, BucketDraft>& drafts,
                          const PathRules& paths, std::vector<std::string>& rerooted, std::vector<Problem>& problems);

Given given_in_file(const Node& node, std::string_view file, Layer layer);
std::string origin_at(std::string_view file, int line);  // "config/settings.yaml:38"

}  // namespace neurolake::config
