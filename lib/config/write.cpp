// write.cpp: the edits as a person asks for them: which file, is the result valid, did nobody change it meanwhile.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/edit.hpp"
#include "config/loader.hpp"
#include "config/settings_file.hpp"
#include "lake/lake.hpp"

namespace neurolake::config {

namespace {

constexpr std::string_view k_new_buckets =
    "# Buckets of this lake. `neurolake bucket` writes here; edit as you like, comments stay.\n"
    "buckets:\n";

struct Files {
    SettingsFile settings, buckets;

    static Result<Files> read(const std::filesystem::path& home) {
        const lake::Layout layout(home);
        TRY(auto settings, SettingsFile::read(layout.settings_yaml, k_settings_name, SettingsFile::Missing::error));
        TRY(auto buckets, SettingsFile::read(layout.buckets_yaml, k_buckets_name, SettingsFile::Missing::empty));
        return Files{std::move(settings), std::move(buckets)};
    }
};

const Environment& no_environment() {
    static const Environment none = [](std::string_view) { return std::optional<std::string>(); };
    return none;
}

std::vector<std::string> problem_texts(const std::filesystem::path& home, const std::string& settings,
                                       const std::string& buckets) {
    std::vector<std::string> texts;
    for (const Problem& problem : load_from(home, {settings, buckets, true}, no_environment(), {}).problems)
        texts.push_back(problem.text);
    std::sort(texts.begin(), texts.end());
    return texts;
}

// The edit may leave old mistakes (they are reported by every command), but must bring no new one.
Status check_no_new_problem(const std::filesystem::path& home, const Files& files, const std::string& settings,
                            const std::string& buckets) {
    const auto before = problem_texts(home, files.settings.text(), files.buckets.text());
    const auto after = problem_texts(home, settings, buckets);
    std::vector<std::string> fresh;
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(fresh));
    if (fresh.empty()) return {};
    return Error(Errc::config, fmt::format("{}", fmt::join(fresh, "\n")), "nothing was written");
}

bool has_bucket(const SettingsFile& file, std::string_view name) {
    const Document document = parse_yaml(file.text(), file.name());
    const Node* buckets = document.root.find("buckets");
    return buckets && buckets->kind == Node::Kind::map && buckets->find(name);
}

Error unknown_bucket(std::string_view name) {
    return Error(Errc::not_found, fmt::format("no settings file names the bucket {}", name),
                 "`neurolake bucket list` shows the buckets");
}

// Where an existing bucket's fields stand: buckets.yaml counts, so it is edited first.
Result<const SettingsFile*> file_of_bucket(const Files& files, std::string_view name) {
    for (const SettingsFile* file : {&files.buckets, &files.settings})
        if (has_bucket(*file, name)) return file;
    return unknown_bucket(name);
}

enum class Then { write, check_only };

// Checks the lake's settings with the new text of one file, then writes that file.
Status apply(const std::filesystem::path& home, const Files& files, const SettingsFile& target,
             const std::string& after, Then then = Then::write) {
    const bool is_settings = &target == &files.settings;
    TRY_DO(check_no_new_problem(home, files, is_settings ? after : files.settings.text(),
                                is_settings ? files.buckets.text() : after));
    return then == Then::write ? target.write(after) : Status();
}

KeyPath key_path(std::string_view key) {
    KeyPath path;
    for (const std::string_view part : text::split(key, '.')) path.emplace_back(part);
    return path;
}

Status set_bucket_field(const std::filesystem::path& home, std::string_view rest, std::string_view value, Then then) {
    const std::string name(rest.substr(0, rest.find('.')));
    const std::string field(rest.substr(std::min(name.size() + 1, rest.size())));
    const BucketField* row = find_bucket_field(field);
    if (!row) {
        std::vector<std::string> known;
        for (const BucketField& one : bucket_fields()) known.emplace_back(one.key);
        return Error(Errc::usage, fmt::format("a bucket has no setting '{}'", field),
                     fmt::format("the settings are {}", fmt::join(known, ", ")));
    }
    TRY(const Files files, Files::read(home));
    TRY(const SettingsFile* file, file_of_bucket(files, name));
    TRY(const std::string rendered, yaml_scalar(*row, node_from_text(*row, value)));
    KeyPath path{"buckets", name};
    for (std::string& part : key_path(field)) path.push_back(std::move(part));
    TRY(const std::string after, with_value(file->text(), file->name(), path, rendered));
    return apply(home, files, *file, after, then);
}

// A bucket's fields as they stand in a file, in the order of a new entry. nullopt: not to stand there.
using FieldTexts = std::vector<std::pair<std::string, std::optional<Node>>>;
FieldTexts field_texts(const lake::Bucket& bucket) {
    FieldTexts fields;
    const auto add = [&](const char* key, const std::optional<std::string>& text) {
        std::optional<Node> node;
        if (text) node = node_from_text(*find_bucket_field(key), *text);
        fields.emplace_back(key, std::move(node));
    };
    const auto add_list = [&](const char* key, const std::optional<std::vector<std::string>>& list) {
        std::optional<Node> node;
        if (list) {
            node.emplace();
            node->kind = Node::Kind::list;
            for (const std::string& item : *list) {
                node->children.emplace_back();
                node->children.back().kind = Node::Kind::scalar;
                node->children.back().text = item;
            }
        }
        fields.emplace_back(key, std::move(node));
    };
    const auto unless_empty = [](const std::string& text) {
        return text.empty() ? std::optional<std::string>() : text;
    };
    const lake::BurstRules& burst = bucket.burst;
    add("path", bucket.configured_path.empty() ? "buckets/" + bucket.name : bucket.configured_path);
    add("tier", std::string(lake::to_string(bucket.tier)));
    add("retention_days", std::to_string(bucket.retention_days));
    add("purpose", unless_empty(bucket.purpose));
    add("auto_catalog", bucket.auto_catalog ? std::optional<std::string>() : "false");
    add("created_at", unless_empty(bucket.created_at));
    add("burst.min_age_days",
        burst.min_age_days ? fmt::format("{}", *burst.min_age_days) : std::optional<std::string>());
    add("burst.min_size", burst.min_size ? std::to_string(*burst.min_size) : std::optional<std::string>());
    add_list("burst.include", burst.include);
    add_list("burst.exclude", burst.exclude);
    return fields;
}

bool same_value(const std::optional<Node>& a, const std::optional<Node>& b) {
    if (!a || !b) return !a && !b;
    return flatten(*a) == flatten(*b);
}

Result<std::string> new_entry(const SettingsFile& file, const lake::Bucket& bucket) {
    std::vector<std::pair<std::string, std::string>> lines;
    for (const auto& [key, node] : field_texts(bucket)) {
        if (!node) continue;
        TRY(std::string rendered, yaml_scalar(*find_bucket_field(key), *node));
        lines.emplace_back(key, std::move(rendered));
    }
    const std::string text = file.text().empty() ? std::string(k_new_buckets) : file.text();
    return with_entry(text, file.name(), {"buckets", bucket.name}, lines);
}

Result<std::string> changed_entry(const SettingsFile& file, const lake::Bucket& was, const lake::Bucket& is) {
    std::string text = file.text();
    const FieldTexts before = field_texts(was), after = field_texts(is);
    for (std::size_t i = 0; i < after.size(); ++i) {
        const auto& [key, node] = after[i];
        if (same_value(before[i].second, node)) continue;
        KeyPath path{"buckets", is.name};
        for (std::string& part : key_path(key)) path.push_back(std::move(part));
        const BucketField& row = *find_bucket_field(key);
        if (!node && row.fallback.empty() && key.starts_with("burst.")) {
            TRY(text, without_entry(text, file.name(), path));
            continue;
        }
        // Back to the default is written out: the entry of the other file must not count again.
        TRY(const std::string rendered, yaml_scalar(row, node ? *node : node_from_text(row, row.fallback)));
        TRY(text, with_value(text, file.name(), path, rendered));
    }
    return text;
}

// A bucket that has its usual folder keeps the usual folder under its new name.
Result<std::string> renamed_text(const std::filesystem::path& home, const SettingsFile& file, const std::string& from,
                                 const std::string& to) {
    TRY(std::string text, with_renamed_key(file.text(), file.name(), {"buckets", from}, to));
    const Document document = parse_yaml(file.text(), file.name());
    const Node* entry = document.root.find("buckets")->find(from);
    const Node* path = entry->find("path");
    const Node* base = document.root.find("storage") ? document.root.find("storage")->find("base_path") : nullptr;
    if (!path) return text;
    auto resolved = PathRules(home, base ? base->text : "", std::nullopt).resolve(path->text);
    if (!resolved || resolved->path != home / "buckets" / from) return text;
    return with_value(text, file.name(), {"buckets", to, "path"}, "buckets/" + to);
}

Status edit_value(const std::filesystem::path& home, std::string_view key, std::string_view value, Then then) {
    if (key.starts_with("buckets.")) return set_bucket_field(home, key.substr(8), value, then);
    const Option* option = find_option(key);
    if (!option) {
        const auto known = known_keys();
        const auto meant = text::closest(key, known);
        return Error(Errc::usage, fmt::format("no setting is called '{}'", key),
                     meant ? fmt::format("did you mean {}?", *meant) : "`neurolake config show` lists all settings");
    }
    if (is_secret(*option, value))
        return Error(Errc::usage, fmt::format("{} is a secret, and the command line can be seen by others", key),
                     key.starts_with("catalog.")
                         ? "write it without the password, which belongs in ~/.pgpass or PGPASSWORD"
                         : "keep it in the environment or ~/.aws/credentials");
    TRY(const Files files, Files::read(home));
    TRY(const std::string rendered, yaml_scalar(*option, node_from_text(*option, value)));
    TRY(const std::string after, with_value(files.settings.text(), k_settings_name, key_path(key), rendered));
    return apply(home, files, files.settings, after, then);
}

}  // namespace

Status set_value(const std::filesystem::path& home, std::string_view key, std::string_view value) {
    return edit_value(home, key, value, Then::write);
}

Status check_value(const std::filesystem::path& home, std::string_view key, std::string_view value) {
    return edit_value(home, key, value, Then::check_only);
}

Result<std::string> new_settings(const std::filesystem::path& home, std::string text, const Overrides& values,
                                 const Environment& env, const Overrides& overrides) {
    std::string buckets;
    if (const lake::Layout layout(home); std::filesystem::exists(layout.buckets_yaml)) {
        TRY(buckets, read_file(layout.buckets_yaml, k_yaml_limit + 1));
    }
    for (const auto& [key, value] : values) {
        // Judged as a flag first: a message that names a line of a file which is not there helps nobody.
        const auto judged = load_from(home, {text, {}, true}, no_environment(), {{key, value}});
        if (!judged.problems.empty()) return Error(Errc::config, judged.problems[0].text, "nothing was made");
        const Option& option = *find_option(key);
        TRY(const std::string rendered, yaml_scalar(option, node_from_text(option, value)));
        TRY(text, with_value(text, k_settings_name, key_path(key), rendered));
    }
    const auto loaded = load_from(home, {text, buckets, true}, env, overrides);
    if (!loaded.problems.empty()) return error_of(loaded.problems);
    return text;
}

Status write_bucket(const std::filesystem::path& home, const lake::Bucket& bucket) {
    TRY(const Files files, Files::read(home));
    if (!has_bucket(files.buckets, bucket.name) && !has_bucket(files.settings, bucket.name)) {
        TRY(const std::string after, new_entry(files.buckets, bucket));
        return apply(home, files, files.buckets, after);
    }
    TRY(const SettingsFile* file, file_of_bucket(files, bucket.name));
    const Loaded now = load_from(home, {files.settings.text(), files.buckets.text(), true}, no_environment(), {});
    for (const lake::Bucket& was : now.settings.buckets) {
        if (was.name != bucket.name) continue;
        TRY(const std::string after, changed_entry(*file, was, bucket));
        return apply(home, files, *file, after);
    }
    return error_of(now.problems);
}

Status rename_bucket(const std::filesystem::path& home, std::string_view from, std::string_view to) {
    TRY(const Files files, Files::read(home));
    TRY_DO(lake::check_name(to));
    if (has_bucket(files.buckets, to) || has_bucket(files.settings, to))
        return Error(Errc::already_exists, fmt::format("a bucket is called {} already", to), "choose another name");
    bool found = false;
    for (const SettingsFile* file : {&files.buckets, &files.settings}) {
        if (!has_bucket(*file, from)) continue;
        TRY(const std::string after, renamed_text(home, *file, std::string(from), std::string(to)));
        TRY_DO(file->write(after));
        found = true;
    }
    return found ? Status() : unknown_bucket(from);
}

Status remove_bucket(const std::filesystem::path& home, std::string_view name) {
    TRY(const Files files, Files::read(home));
    bool found = false;
    for (const SettingsFile* file : {&files.buckets, &files.settings}) {
        if (!has_bucket(*file, name)) continue;
        TRY(const std::string after, without_entry(file->text(), file->name(), {"buckets", std::string(name)}));
        TRY_DO(file->write(after));
        found = true;
    }
    return found ? Status() : unknown_bucket(name);
}

}  // namespace neurolake::config
