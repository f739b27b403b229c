// target.cpp: from what a person typed to a bucket and a path in it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/text.hpp"
#include "tier/tier.hpp"

namespace neurolake::tier {

namespace fs = std::filesystem;

namespace {

bool stands(const fs::path& path) {
    struct stat s {};
    return ::lstat(path.c_str(), &s) == 0;
}

// The bucket that holds an absolute path, the deepest root first; links in the folders above are followed once.
std::optional<Target> inside_a_bucket(const std::vector<lake::Bucket>& buckets, const fs::path& absolute) {
    std::error_code error;
    const auto parent = fs::weakly_canonical(absolute.parent_path(), error);
    const fs::path candidates[] = {absolute.lexically_normal(),
                                   (error ? absolute.parent_path() : parent) / absolute.filename()};
    std::optional<Target> best;
    std::size_t depth = 0;
    for (const auto& path : candidates)
        for (const auto& bucket : buckets) {
            const auto canonical = fs::weakly_canonical(bucket.root, error);
            for (const auto& root : {bucket.root.lexically_normal(), error ? bucket.root : canonical}) {
                auto text = path.native();
                while (text.size() > 1 && text.back() == '/') text.pop_back();
                if (!text::starts_with_folder(text, root.native()) || root.native().size() < depth) continue;
                depth = root.native().size();
                const auto inside = text.size() > depth ? text.substr(depth + 1) : std::string();
                best = Target{bucket.name, inside, {}};
            }
        }
    return best;
}

std::optional<Target> by_bucket_name(const std::vector<lake::Bucket>& buckets, std::string_view words) {
    while (words.size() > 1 && words.ends_with('/')) words.remove_suffix(1);
    const auto slash = words.find('/');
    const auto name = words.substr(0, slash);
    const auto found = std::find_if(buckets.begin(), buckets.end(), [&](const auto& b) { return b.name == name; });
    if (found == buckets.end()) return std::nullopt;
    return Target{
        std::string(name), slash == std::string_view::npos ? std::string() : std::string(words.substr(slash + 1)), {}};
}

bool leaves(std::string_view path) {
    const auto parts = text::split(path, '/');
    return std::any_of(parts.begin(), parts.end(), [](auto part) { return part == ".." || part == "."; });
}

}  // namespace

Result<Target> find_target(const std::vector<lake::Bucket>& buckets, const catalog::Catalog& catalog,
                           const fs::path& working_folder, std::string_view words) {
    const fs::path typed{std::string(words)};
    const auto outside = [&]() {
        return Error(Errc::usage, fmt::format("{} is in no bucket of this lake", text::escape_controls(words)),
                     "give BUCKET/path, a path below a bucket's folder, or a table as BUCKET.TABLE",
                     std::string(words));
    };
    if (words.empty()) return outside();
    if (typed.is_absolute()) {
        if (auto target = inside_a_bucket(buckets, typed)) return *target;
        return outside();
    }
    // What exists from here counts first, as for any other command; then BUCKET/path; then a table's name.
    if (stands(working_folder / typed))
        if (auto target = inside_a_bucket(buckets, working_folder / typed)) return *target;
    if (auto target = by_bucket_name(buckets, words)) {
        if (leaves(target->path)) return outside();
        return *target;
    }
    if (words.find('/') == std::string_view::npos)
        if (auto table = catalog.get(words); table)
            return Target{(*table)->bucket, (*table)->path, (*table)->full_name()};
    if (auto target = inside_a_bucket(buckets, working_folder / typed)) return *target;
    std::vector<std::string> known;
    for (const auto& bucket : buckets) known.push_back(bucket.name);
    const auto near = text::closest(words.substr(0, words.find_first_of("./")), known);
    return Error(Errc::not_found, fmt::format("no bucket, path or table is called {}", text::escape_controls(words)),
                 near ? fmt::format("did you mean {}?", *near) : "see: neurolake ls, neurolake catalog tables",
                 std::string(words));
}

}  // namespace neurolake::tier
