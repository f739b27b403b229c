// config.cpp: reads the files and hands them to the loader.
// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include "base/file.hpp"
#include "config/loader.hpp"
#include "config/templates.hpp"
#include "lake/lake.hpp"

namespace neurolake::config {

Environment process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        if (!value) return std::nullopt;
        return value;
    };
}

namespace {

// A file too large to be settings is a wrong settings file, not a broken disk.
Error unreadable(Error error) {
    if (error.code == Errc::corrupt) error.code = Errc::config;
    return error;
}

}  // namespace

Result<Config> Config::load(const std::filesystem::path& home, const Environment& env, const Overrides& overrides) {
    const lake::Layout layout(home);
    Sources sources;
    auto settings = read_file(layout.settings_yaml, k_yaml_limit + 1);
    if (!settings && settings.error().code == Errc::not_found)
        return Error(Errc::config, layout.settings_yaml.string() + " is missing",
                     "restore it from config/settings.yaml.bak, or make a new one with `neurolake init`",
                     layout.settings_yaml.string());
    if (!settings) return unreadable(std::move(settings).error());
    sources.settings = std::move(*settings);
    auto buckets = read_file(layout.buckets_yaml, k_yaml_limit + 1);
    if (!buckets && buckets.error().code != Errc::not_found) return unreadable(std::move(buckets).error());
    if (buckets) sources.buckets = std::move(*buckets);
    struct stat seen {};  // of what a link points to: its mode counts
    if (::stat(layout.settings_yaml.c_str(), &seen) == 0) sources.settings_private = (seen.st_mode & 077) == 0;
    Loaded loaded = load_from(home, sources, env, overrides);
    if (!loaded.problems.empty()) return error_of(loaded.problems);
    Config config;
    config.m_settings = std::move(loaded.settings);
    config.m_shown = std::move(loaded.shown);
    return config;
}

std::optional<Shown> Config::get(std::string_view key) const {
    for (const Shown& shown : m_shown)
        if (shown.key == key) return shown;
    return std::nullopt;
}

std::vector<std::string> known_keys() {
    std::vector<std::string> keys;
    for (const Option& option : options()) keys.emplace_back(option.key);
    return keys;
}

std::optional<std::string_view> settings_template(std::string_view name) {
    for (const Template& one : templates())
        if (one.name == name) return one.text;
    return std::nullopt;
}

std::vector<std::string> template_names() {
    std::vector<std::string> names;
    for (const Template& one : templates()) names.emplace_back(one.name);
    return names;
}

}  // namespace neurolake::config
