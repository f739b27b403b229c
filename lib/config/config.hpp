// config.hpp: the door of config: defaults < settings.yaml < buckets.yaml < environment < flags, each with its origin.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace neurolake::config {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

enum class Platform { posix, windows };

// `cwd` is empty where the working directory was removed.
// --home > NEUROLAKE_HOME > nearest parent of cwd with config/settings.yaml > platform default (~/NeuroLake,
// C:\NeuroLake).
struct Home {
    std::filesystem::path path;  // absolute
    std::string rule;            // "--home", "NEUROLAKE_HOME", "parent folder of ...", "default"
};
// usage: a drive-letter path on POSIX; no HOME for the default.
Result<Home> find_home(const std::optional<std::string>& flag, const Environment& env, const std::filesystem::path& cwd,
                       Platform platform = Platform::posix);

// One effective value, for `config show`.
struct Shown {
    std::string key;     // "hybrid_storage.local_threshold_gb"
    std::string value;   // as text; secrets as "AKIA...last4" or "(set)"
    std::string origin;  // "default", "config/settings.yaml:38", "env NEUROLAKE_...", "flag --set", ...
    std::string help;
    bool secret = false;
};

class Config {
public:
    // Reads both files once. All errors at once in one Error (config): one "file:line:column: what; fix" line each.
    // `overrides`: key=value from flags (--set storage.high=1GB).
    static Result<Config> load(const std::filesystem::path& home, const Environment& env,
                               const std::vector<std::pair<std::string, std::string>>& overrides = {});
    const Settings& settings() const { return m_settings; }
    const std::vector<Shown>& shown() const { return m_shown; }
    std::optional<Shown> get(std::string_view key) const;

private:
    Settings m_settings;
    std::vector<Shown> m_shown;
};

// Edits one value in settings.yaml (or buckets.yaml for buckets.<name>.*) in place: comments, order and every other
// byte stay. Creates missing sections. The result is parsed and checked before the atomic rename; refuses (conflict) a
// file that changed since it was read.
Status set_value(const std::filesystem::path& home, std::string_view key, std::string_view value);
// The same checks, and nothing is written.
Status check_value(const std::filesystem::path& home, std::string_view key, std::string_view value);
// The text of a new lake's settings.yaml: a template's with `values` in their places. Nothing is written; what a
// value, the environment or a flag gets wrong is an error now.
Result<std::string> new_settings(const std::filesystem::path& home, std::string text,
                                 const std::vector<std::pair<std::string, std::string>>& values, const Environment& env,
                                 const std::vector<std::pair<std::string, std::string>>& overrides);

// buckets.yaml: add, change one field, rename, remove an entry; comments of other entries stay.
Status write_bucket(const std::filesystem::path& home, const lake::Bucket& bucket);
Status rename_bucket(const std::filesystem::path& home, std::string_view from, std::string_view to);
Status remove_bucket(const std::filesystem::path& home, std::string_view name);

// The embedded config-templates/<name>.yaml ("settings" is the default one).
std::optional<std::string_view> settings_template(std::string_view name);
std::vector<std::string> template_names();
std::vector<std::string> known_keys();

}  // namespace neurolake::config
