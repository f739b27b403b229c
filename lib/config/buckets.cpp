// buckets.cpp: the bucket entries of both files: fields, folders, and that no two buckets share a folder.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/loader.hpp"

namespace neurolake::config {

namespace {

Problem at_key(const Node& node, std::string_view file, std::string text) {
    return {std::string(file), node.key_at.line, node.key_at.column, std::move(text)};
}

std::string unknown_field(const std::string& bucket, const std::string& field) {
    std::vector<std::string> known;
    for (const BucketField& row : bucket_fields()) known.emplace_back(row.key);
    std::string text = fmt::format("unknown key '{}' in bucket {}", field, bucket);
    if (find_option(field)) return text + "; it is a setting of the whole lake";
    if (const auto meant = text::closest(field, known)) return text + fmt::format("; did you mean {}?", *meant);
    return text + fmt::format("; the keys are {}", fmt::join(known, ", "));
}

void take_field(const std::string& bucket, const std::string& name, const Node& node, std::string_view file,
                Layer layer, BucketDraft& draft, std::vector<Problem>& problems) {
    const BucketField* row = find_bucket_field(name);
    if (!row) {
        problems.push_back(at_key(node, file, unknown_field(bucket, name)));
        return;
    }
    draft.fields[static_cast<std::size_t>(row - bucket_fields().data())] = given_in_file(node, file, layer);
}

void take_entry(const Node& entry, std::string_view file, Layer layer, BucketDraft& draft,
                std::vector<Problem>& problems) {
    for (const Node& field : entry.children) {
        const bool is_section = field.kind == Node::Kind::map || field.kind == Node::Kind::null;
        if (field.key != "burst" || !is_section) {
            take_field(entry.key, field.key, field, file, layer, draft, problems);
            continue;
        }
        for (const Node& inner : field.children)
            take_field(entry.key, "burst." + inner.key, inner, file, layer, draft, problems);
    }
}

class Maker {
public:
    Maker(const std::filesystem::path& home, const PathRules& paths, std::vector<std::string>& rerooted,
          std::vector<Problem>& problems)
        : m_home(home),
          m_buckets_folder((home / "buckets").string()),
          m_paths(paths),
          m_rerooted(rerooted),
          m_problems(problems) {}

    lake::Bucket make(const std::string& name, const BucketDraft& draft, std::vector<Shown>& shown) {
        lake::Bucket bucket;
        bucket.name = name;
        bucket.root = m_home / "buckets" / name;
        bucket.origin = draft.origin;
        for (std::size_t i = 0; i < bucket_fields().size(); ++i) {
            const BucketField& row = bucket_fields()[i];
            const auto& given = draft.fields[i];
            if (given) set(bucket, row, *given);
            if (given || row.key == "path" || !row.fallback.empty()) shown.push_back(show(name, row, given));
        }
        bucket.outside = !text::starts_with_folder(bucket.root.string(), m_buckets_folder);
        return bucket;
    }

private:
    void set(lake::Bucket& bucket, const BucketField& row, const Given& given) {
        auto value = convert(row, given.node, m_paths);
        if (!value) {
            m_problems.push_back({given.place.file, given.place.line, given.place.column,
                                  fmt::format("buckets.{}.{}: {}; {}", bucket.name, row.key, value.error().message,
                                              value.error().hint)});
            return;
        }
        if (value->rerooted)
            m_rerooted.push_back(fmt::format("buckets.{}.{} ({})", bucket.name, row.key, given.origin));
        row.set(bucket, *value);
    }
    static Shown show(const std::string& name, const BucketField& row, const std::optional<Given>& given) {
        Shown shown;
        shown.key = fmt::format("buckets.{}.{}", name, row.key);
        shown.help = row.help;
        shown.value = given ? shown_text(row, given->node) : std::string(row.fallback);
        if (!given && row.key == "path") shown.value = "buckets/" + name;
        shown.origin = given ? given->origin : "default";
        return shown;
    }

    const std::filesystem::path& m_home;
    std::string m_buckets_folder;
    const PathRules& m_paths;
    std::vector<std::string>& m_rerooted;
    std::vector<Problem>& m_problems;
};

const Problem& place_of_path(const BucketDraft& draft) {
    const auto& path = draft.fields[static_cast<std::size_t>(find_bucket_field("path") - bucket_fields().data())];
    return path ? path->place : draft.place;
}

// A folder counted twice would be indexed, measured and moved twice; the lake's own state is never data.
std::string clash(const lake::Bucket& bucket, const std::filesystem::path& home) {
    const std::string root = bucket.root.string();
    if (text::starts_with_folder(home.string(), root)) return fmt::format("{} holds the lake itself", root);
    if (root == (home / "buckets").string()) return fmt::format("{} holds all buckets", root);
    for (const char* own : {"config", "catalog", "logs", "cache", ".neurolake"})
        if (text::starts_with_folder(root, (home / own).string()))
            return fmt::format("{} is the lake's own folder", root);
    return {};
}

void check_folders(const std::vector<lake::Bucket>& buckets, const std::map<std::string, BucketDraft>& drafts,
                   const std::filesystem::path& home, std::vector<Problem>& problems) {
    std::vector<std::pair<std::string, const lake::Bucket*>> roots;
    const auto report = [&](const lake::Bucket& bucket, const std::string& what) {
        const Problem& at = place_of_path(drafts.at(bucket.name));
        problems.push_back(
            {at.file, at.line, at.column,
             fmt::format("buckets.{}.path: {}; give the bucket a folder of its own", bucket.name, what)});
    };
    for (const lake::Bucket& bucket : buckets) {
        if (const std::string what = clash(bucket, home); !what.empty()) report(bucket, what);
        roots.emplace_back(bucket.root.string() + '/', &bucket);
    }
    // With the slash, a folder sorts directly before all that lies inside it.
    std::sort(roots.begin(), roots.end());
    for (std::size_t i = 1; i < roots.size(); ++i)
        if (roots[i].first.starts_with(roots[i - 1].first))
            report(*roots[i].second,
                   fmt::format("{} lies inside bucket {}", roots[i].second->root.string(), roots[i - 1].second->name));
}

}  // namespace

void collect_buckets(const Node& section, std::string_view file, Layer layer,
                     std::map<std::string, BucketDraft>& drafts, std::vector<Problem>& problems) {
    for (const Node& entry : section.children) {
        if (auto good = lake::check_name(entry.key); !good)
            problems.push_back(at_key(entry, file, fmt::format("{}; {}", good.error().message, good.error().hint)));
        if (entry.kind != Node::Kind::map && entry.kind != Node::Kind::null) {
            problems.push_back(
                at_key(entry, file, fmt::format("bucket {} must be a section with its keys below it", entry.key)));
            continue;
        }
        BucketDraft& draft = drafts[entry.key];
        draft.fields.resize(bucket_fields().size());
        draft.origin = origin_at(file, entry.key_at.line);
        draft.place = {std::string(file), entry.key_at.line, entry.key_at.column, {}};
        (layer == Layer::settings ? draft.settings_line : draft.buckets_line) = entry.key_at.line;
        take_entry(entry, file, layer, draft, problems);
    }
}

BucketResult make_buckets(const std::filesystem::path& home, const std::map<std::string, BucketDraft>& drafts,
                          const PathRules& paths, std::vector<std::string>& rerooted, std::vector<Problem>& problems) {
    BucketResult result;
    Maker maker(home, paths, rerooted, problems);
    for (const auto& [name, draft] : drafts) result.buckets.push_back(maker.make(name, draft, result.shown));
    check_folders(result.buckets, drafts, home, problems);
    return result;
}

}  // namespace neurolake::config
