// store.cpp: the provider table and the opening of a store with its decorators.
// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/http.hpp"
#include "base/text.hpp"
#include "store/directory_store.hpp"
#include "store/retry_store.hpp"
#include "store/s3_store.hpp"

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

CredentialSources sources_of(const Options& options) {
    return {options.profile, options.credentials_file, options.access_key_id, options.secret_access_key, {}};
}

std::vector<std::string> s3_missing(const Options& options) {
    std::vector<std::string> absent;
    if (options.bucket.empty()) absent.emplace_back("hybrid_storage.cloud_bucket");
    // Credentials that exist and are wrong are not missing: using them says why.
    const auto found = find_credentials(sources_of(options));
    if (found && !*found) absent.emplace_back("credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    return absent;
}

Opened open_s3(const Options& options, const Clock& clock, const CancelFlag& cancel) {
    TRY_DO(find_credentials(sources_of(options)));
    S3Options s3;
    s3.address = {options.endpoint, options.region, options.bucket, options.path_style, options.allow_http};
    s3.credentials = sources_of(options);
    s3.storage_class = options.storage_class;
    s3.ca_file = options.ca_file;
    s3.bytes_per_second = options.bytes_per_second;
    TRY(auto store, make_s3_store(std::move(s3), clock, cancel));
    RetryPolicy policy;
    policy.tries = std::max(1u, options.tries);
    return make_retry_store(std::move(store), policy, cancel);
}

constexpr std::array<Provider, 2> k_providers{{
    {"s3", s3_missing, open_s3},
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

RequestCounts request_counts() {
    http::Counts counts = http::counts();
    return {std::move(counts.requests), counts.bytes_sent, counts.bytes_received};
}

}  // namespace neurolake::store
