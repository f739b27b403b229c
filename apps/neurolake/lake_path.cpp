// lake_path.cpp: resolving the words for a place in the lake.
// SPDX-License-Identifier: Apache-2.0
#include "lake_path.hpp"

#include "base/text.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

std::string without_slashes(std::string path) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    while (!path.empty() && path.front() == '/') path.erase(0, 1);
    return path;
}

// The part of `place` below `root`, both absolute; nullopt when it is elsewhere.
std::optional<std::string> below(const fs::path& place, const fs::path& root) {
    const std::string inner = without_slashes(place.lexically_normal().string()),
                      outer = without_slashes(root.lexically_normal().string());
    if (!text::starts_with_folder(inner, outer)) return std::nullopt;
    return without_slashes(inner.substr(outer.size()));
}

std::optional<LakePath> in_some_bucket(const std::vector<lake::Bucket>& buckets, const fs::path& place) {
    for (const auto& bucket : buckets) {
        // The lake may be reached through a link in its own path: compare the real folder as well.
        std::error_code failed;
        const fs::path real = fs::weakly_canonical(bucket.root, failed);
        auto inside = below(place, bucket.root);
        if (!inside && !failed) inside = below(place, real);
        if (inside) return LakePath{bucket, *inside, false};
    }
    return std::nullopt;
}

Result<std::vector<lake::Bucket>> all_buckets(Session& session) {
    TRY(const config::Settings* settings, session.settings());
    TRY(const lake::Lake* lake, session.lake());
    std::vector<lake::Bucket> all = settings->buckets;
    TRY(auto extra, lake::unregistered_buckets(lake->layout(), all));
    all.insert(all.end(), extra.begin(), extra.end());
    return all;
}

}  // namespace

Result<LakePath> resolve(Session& session, std::string_view words) {
    if (words.empty()) return Error(Errc::usage, "an empty path names nothing", "give BUCKET/PATH");
    TRY(const auto buckets, all_buckets(session));
    const bool folder_meant = words.back() == '/';
    const bool relative_meant = words.starts_with("./") || words.starts_with("../") || words == "." || words == "..";
    if (words.front() != '/' && !relative_meant) {
        const std::string plain = fs::path(words).lexically_normal().string();
        const std::string first = plain.substr(0, plain.find('/'));
        for (const auto& bucket : buckets) {
            if (bucket.name != first) continue;
            return LakePath{bucket, without_slashes(plain.substr(first.size())), folder_meant};
        }
    }
    std::error_code failed;
    const fs::path cwd = fs::current_path(failed);
    const fs::path place = (failed ? fs::path("/") : cwd) / words;
    if (auto found = in_some_bucket(buckets, place)) {
        found->folder_meant = folder_meant;
        return *found;
    }
    const bool names_bucket = words.front() != '/' && !relative_meant;
    if (names_bucket) TRY_DO(session.bucket(words.substr(0, words.find('/'))));  // unknown: says what was meant
    return Error(Errc::usage, "'" + std::string(words) + "' lies in no bucket of this lake",
                 "give BUCKET/PATH, or see: neurolake bucket list", std::string(words));
}

}  // namespace neurolake::apps
