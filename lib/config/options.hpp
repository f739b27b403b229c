// options.hpp: the table of settings: one row a key, with its kind, default, help and where the value goes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/paths.hpp"
#include "config/settings.hpp"
#include "config/yaml.hpp"

namespace neurolake::config {

enum class Kind {
    boolean,          // true, false
    integer,          // days, counts
    number,           // fractions allowed
    percent,          // 50 or 50%
    gigabytes,        // a number of 2^30 bytes, fractions allowed
    size,             // "80GB" (10^9), "80GiB" (2^30), bare bytes
    size_or_percent,  // "50GB" or "5%" of the volume
    word,             // one of `words`
    text,             // one line
    url,              // http(s)://host[:port][/path]
    folder,           // a path, resolved by PathRules
    globs,            // a list of patterns
    days,             // -1 or "forever", or >= 1
    moment,           // RFC 3339
};

// A setting's value after its kind was checked; only the members of the kind are meaningful.
struct Value {
    bool on = false;
    std::int64_t integer = 0;
    double number = 0;
    std::uint64_t bytes = 0;
    bool is_percent = false;
    std::string text;
    std::filesystem::path path;
    bool rerooted = false;
    std::vector<std::string> list;
    std::string origin;  // "storage.high, config/settings.yaml:12"
};

struct Rule {  // what every kind of row has
    std::string_view key;
    Kind kind = Kind::text;
    std::string_view fallback;  // as one would write it; "" = not set
    std::string_view help;
    std::string_view words = {};  // Kind::word: "local|cloud|pinned"
    double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
    bool secret = false;
    bool (*holds_secret)(std::string_view written) = nullptr;  // of a secret that may also be none: whether it is one
    std::string_view yields_to = {};  // the key that counts when both are given in the same place
};

struct Option : Rule {
    void (*set)(Settings&, const Value&) = nullptr;
};
struct BucketField : Rule {  // key is what follows buckets.<name>.
    void (*set)(lake::Bucket&, const Value&) = nullptr;
};

std::span<const Option> options();
std::span<const BucketField> bucket_fields();
const Option* find_option(std::string_view key);
const BucketField* find_bucket_field(std::string_view field);

// Whether this value, as written, must be kept from others.
bool is_secret(const Rule& rule, std::string_view written);

std::string environment_name(std::string_view key);  // storage.high -> NEUROLAKE_STORAGE_HIGH
std::string kind_text(const Rule& rule);             // for help and documents: "size", "true or false", "s3|azure"

// The written value -> a Value, or what is wrong and how to write it (Error::message = what, hint = fix).
Result<Value> convert(const Rule& rule, const Node& written, const PathRules& paths);
// A value from a flag or the environment as if written in YAML; lists are split at commas.
Node node_from_text(const Rule& rule, std::string_view text);
// As `config show` prints it; secrets shortened.
std::string shown_text(const Rule& rule, const Node& written);

}  // namespace neurolake::config
