// credentials.cpp: keys from the environment, from AWS's shared files, from a file of the user's choice.
// SPDX-License-Identifier: Apache-2.0
#include "store/credentials.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::store {
namespace {

using Section = std::map<std::string, std::string>;
using Sections = std::map<std::string, Section>;
constexpr std::uint64_t k_file_limit = 1 << 20;

std::string variable(const CredentialSources& sources, const std::string& name) {
    if (sources.environment) return sources.environment(name).value_or("");
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

std::string quoted(const std::filesystem::path& path) { return "'" + text::escape_controls(path.native()) + "'"; }

// AWS's INI dialect: [section] or [profile section], name = value, # and ; comments, indented lines belong to a nested
// setting and are passed over.
Result<Sections> parse_ini(std::string_view bytes, const std::filesystem::path& file) {
    Sections sections;
    Section* current = nullptr;
    int number = 0;
    for (const std::string_view raw : text::split(bytes, '\n')) {
        ++number;
        const std::string_view line = text::trim(raw);
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        const auto wrong = [&](std::string_view what) {
            return Error(Errc::config, file.string() + ":" + std::to_string(number) + ": " + std::string(what));
        };
        if (line[0] == '[') {
            if (line.back() != ']') return wrong("a section must end with ']'");
            std::string_view name = text::trim(line.substr(1, line.size() - 2));
            if (name.starts_with("profile ")) name = text::trim(name.substr(8));
            current = &sections[std::string(name)];
            continue;
        }
        if (raw[0] == ' ' || raw[0] == '\t') continue;
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) return wrong("'name = value' is expected");
        if (current == nullptr) current = &sections["default"];
        (*current)[text::lower(text::trim(line.substr(0, equals)))] = std::string(text::trim(line.substr(equals + 1)));
    }
    return sections;
}

// Empty sections when the file does not exist: the shared files are optional.
Result<Sections> read_shared(const std::filesystem::path& file) {
    if (file.empty()) return Sections();
    const auto bytes = read_file(file, k_file_limit);
    if (!bytes && bytes.error().code == Errc::not_found) return Sections();
    if (!bytes) return bytes.error();
    return parse_ini(*bytes, file);
}

std::filesystem::path shared_path(const CredentialSources& sources, const std::string& name, const char* fallback) {
    if (std::string named = variable(sources, name); !named.empty()) return named;
    const std::string home = variable(sources, "HOME");
    return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".aws" / fallback;
}

Result<std::optional<Credentials>> keys_of(const Section& section, std::string origin) {
    const auto value = [&](const char* name) {
        const auto found = section.find(name);
        return found == section.end() ? std::string() : found->second;
    };
    Credentials found{{value("aws_access_key_id"), value("aws_secret_access_key"), value("aws_session_token")},
                      std::move(origin)};
    if (found.keys.access_key_id.empty() && found.keys.secret_access_key.empty()) return std::optional<Credentials>();
    if (found.keys.access_key_id.empty() || found.keys.secret_access_key.empty()) {
        return Error(Errc::config, "credentials from " + found.origin + " lack " +
                                       (found.keys.access_key_id.empty() ? "the access key id" : "the secret key"));
    }
    return std::optional<Credentials>(std::move(found));
}

Result<std::optional<Credentials>> from_environment(const CredentialSources& sources) {
    return keys_of({{"aws_access_key_id", variable(sources, "AWS_ACCESS_KEY_ID")},
                    {"aws_secret_access_key", variable(sources, "AWS_SECRET_ACCESS_KEY")},
                    {"aws_session_token", variable(sources, "AWS_SESSION_TOKEN")}},
                   "the environment");
}

std::string named_profile(const CredentialSources& sources) {
    std::string name = variable(sources, "AWS_PROFILE");
    return name.empty() ? sources.profile : name;
}

Result<std::optional<Credentials>> from_profile(const CredentialSources& sources) {
    const std::string named = named_profile(sources);
    const std::string name = named.empty() ? "default" : named;
    bool exists = false;
    for (const auto& file : {shared_path(sources, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
                             shared_path(sources, "AWS_CONFIG_FILE", "config")}) {
        TRY(const Sections sections, read_shared(file));
        const auto section = sections.find(name);
        if (section == sections.end()) continue;
        exists = true;
        TRY(auto found, keys_of(section->second, "profile '" + name + "' in " + file.string()));
        if (found) return found;
    }
    if (!named.empty() && !exists) {
        return Error(Errc::config, "AWS profile '" + text::escape_controls(named) + "' is in none of the shared files",
                     "check AWS_PROFILE and hybrid_storage.profile, or run 'aws configure --profile " + named + "'");
    }
    return std::optional<Credentials>();
}

// The rule of ssh: a secret that others can read is none.
Result<std::optional<Credentials>> from_named_file(const CredentialSources& sources) {
    if (sources.credentials_file.empty()) return std::optional<Credentials>();
    const std::filesystem::path file(sources.credentials_file);
    TRY(const Fd fd, open_file(file, O_RDONLY | O_CLOEXEC).with_context("read hybrid_storage.credentials_file"));
    TRY(const Identity identity, identity_of(fd.get()));
    if ((identity.mode & 077u) != 0) {
        return Error(Errc::denied, "credentials file " + quoted(file) + " can be read by other users; it is not used",
                     "chmod 600 " + quoted(file), file.native());
    }
    TRY(const std::string bytes, read_file(fd.get(), k_file_limit));
    TRY(const Sections sections, parse_ini(bytes, file));
    const std::string named = named_profile(sources);
    const auto section = sections.find(named.empty() ? "default" : named);
    if (section == sections.end()) {
        return Error(Errc::config, quoted(file) + " has no section [" + (named.empty() ? "default" : named) + "]");
    }
    TRY(auto found, keys_of(section->second, file.string()));
    if (!found) return Error(Errc::config, quoted(file) + " holds no aws_access_key_id");
    return found;
}

Result<std::optional<Credentials>> from_settings(const CredentialSources& sources) {
    return keys_of({{"aws_access_key_id", sources.access_key_id}, {"aws_secret_access_key", sources.secret_access_key}},
                   "settings.yaml");
}

}  // namespace

Result<std::optional<Credentials>> find_credentials(const CredentialSources& sources) {
    for (const auto source : {from_environment, from_profile, from_named_file, from_settings}) {
        TRY(auto found, source(sources));
        if (found) return found;
    }
    return std::optional<Credentials>();
}

std::string find_region(const CredentialSources& sources) {
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
        if (std::string region = variable(sources, name); !region.empty()) return region;
    }
    const std::string named = named_profile(sources);
    for (const auto& file : {shared_path(sources, "AWS_CONFIG_FILE", "config"),
                             shared_path(sources, "AWS_SHARED_CREDENTIALS_FILE", "credentials")}) {
        const auto sections = read_shared(file);
        if (!sections) continue;
        const auto section = sections->find(named.empty() ? "default" : named);
        if (section == sections->end()) continue;
        if (const auto region = section->second.find("region"); region != section->second.end()) return region->second;
    }
    return "";
}

std::string shown(std::string_view access_key_id) {
    if (access_key_id.size() <= 8) return "****";
    return std::string(access_key_id.substr(0, 4)) + "..." +
           std::string(access_key_id.substr(access_key_id.size() - 4));
}

}  // namespace neurolake::store
