// completion_words.cpp: what a word on the command line may become: buckets, tables, places, settings.
// SPDX-License-Identifier: Apache-2.0
#include "completion_words.hpp"

#include <filesystem>

#include "base/text.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

Status add_buckets(Session& session, std::string_view end, Words& words) {
    TRY(const auto buckets, session.buckets({}));
    for (const auto& bucket : buckets) words.push_back(bucket.name + std::string(end));
    return {};
}

Status add_tables(Session& session, Words& words) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto buckets, session.buckets({}));
    for (const auto& bucket : buckets)
        for (const auto& place : catalog->places(bucket.name)) words.push_back(bucket.name + "." + place.name);
    return {};
}

// Buckets first, then the folder that the word is in.
Status add_places(Session& session, const std::string& word, Words& words) {
    const auto slash = word.find('/');
    if (slash == std::string::npos) return add_buckets(session, "/", words);
    TRY(const lake::Bucket* bucket, session.bucket(word.substr(0, slash)));
    const std::string folder = word.substr(0, word.rfind('/') + 1);
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(bucket->root / folder.substr(slash + 1), failed)) {
        const std::string name = entry.path().filename().string();
        std::error_code unknown;
        if (!name.starts_with('.')) words.push_back(folder + name + (entry.is_directory(unknown) ? "/" : ""));
    }
    return {};
}

void add_bucket_settings(const std::string& word, Words& words) {
    if (word.starts_with("tier=")) {
        for (const char* tier : {"local", "cloud", "pinned"}) words.push_back(std::string("tier=") + tier);
    } else if (word.starts_with("auto_catalog=")) {
        words.insert(words.end(), {"auto_catalog=true", "auto_catalog=false"});
    } else if (word.find('=') == std::string::npos) {
        for (const char* key : {"tier", "retention", "purpose", "auto_catalog", "burst.min_age_days", "burst.min_size",
                                "burst.include", "burst.exclude"})
            words.push_back(std::string(key) + "=");
    }
}

}  // namespace

Result<Words> completion_words(Session& session, std::string_view kinds, const std::string& word) {
    Words words;
    for (const std::string_view kind : text::split(kinds, ' ')) {
        if (kind == "bucket") TRY_DO(add_buckets(session, "", words));
        if (kind == "table") TRY_DO(add_tables(session, words));
        if (kind == "place") TRY_DO(add_places(session, word, words));
        if (kind == "bucket-setting") add_bucket_settings(word, words);
        if (kind == "setting")
            for (const auto& key : config::known_keys()) words.push_back(key);
    }
    std::erase_if(words, [&](const auto& each) { return !each.starts_with(word); });
    return words;
}

}  // namespace neurolake::apps
