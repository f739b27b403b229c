// store.cpp: the provider table and the opening of a store with its decorators.
// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include <array>
#include <filesystem>

#include "base/text.hpp"
#include "store/directory_store.hpp"

namespace neurolake::store {
namespace {

using Opened = Result<std::unique_ptr<ObjectStore>>;

struct Provider {
    std::string_view name;
    std::vector<std::string> (*missing)(const Options&);
    Opened (*open)(const Options&, const Clock&, const CancelFlag&);
};

std::vector<std::string> directory_missing(const Options& options) {
    if (options.directory.empty()) return {"hybrid_storage.directory"};
    return {};
}

Opened open_directory(const Options& options, const Clock&, const CancelFlag& cancel) {
    const std::filesystem::path folder(options.directory);
    if (!folder.is_absolute()) {
        return Error(Errc::config, "hybrid_storage.directory '" + text::escape_controls(options.directory) +
                                       "' is not an absolute path");
    }
    std::filesystem::path clean = folder.lexically_normal();
    if (!clean.has_filename()) clean = clean.parent_path();
    return make_directory_store({clean, options.lake_id, options.state_folder}, cancel);
}

constexpr std::array<Provider, 1> k_providers{{
    {"directory", directory_missing, open_directory},
}};

const Provider* provider_named(std::string_view name) {
    for (const Provider& provider : k_providers) {
        if (provider.name == name) return &provider;
    }
    return nullptr;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

}  // namespace

std::vector<std::string> missing(const Options& options) {
    const Provider* provider = provider_named(options.provider);
    return provider == nullptr ? std::vector<std::string>() : provider->missing(options);
}

Result<std::unique_ptr<ObjectStore>> open(const Options& options, const Clock& clock, const CancelFlag& cancel) {
    const Provider* provider = provider_named(options.provider);
    if (provider == nullptr) {
        return Error(Errc::unsupported,
                     "object store provider '" + text::escape_controls(options.provider) + "' is not in this build",
                     "set hybrid_storage.cloud_provider to s3 or directory");
    }
    if (const auto absent = provider->missing(options); !absent.empty()) {
        return Error(Errc::cloud, "the object store is not configured; missing: " + joined(absent),
                     "set it with 'neurolake config set', then try 'neurolake cloud test'");
    }
    return provider->open(options, clock, cancel);
}

RequestCounts request_counts() { return {}; }

}  // namespace neurolake::store
