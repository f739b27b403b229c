// grouping.cpp: the grouping rules.
// SPDX-License-Identifier: Apache-2.0
#include "index/grouping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "formats/formats.hpp"
#include "index/drift.hpp"
#include "index/partition.hpp"

namespace neurolake::index {
namespace {

using model::Finding;
using model::GroupingRule;
using Files = std::vector<const File*>;

constexpr std::size_t k_percent_shared = 70;

bool decides(const File& f) {
    const std::string format = format_of(f);
    return !format.empty() && format != "unknown";
}

std::vector<std::string> names_of(const File& f) {
    std::vector<std::string> names;
    if (f.profile)
        for (const model::Column& column : f.profile->profile.columns) names.push_back(column.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::size_t shared_count(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both.size();
}

std::string shown(const std::string& bucket, std::string_view path) { return fmt::format("{}/{}", bucket, path); }

std::string counted(std::size_t n, std::string_view noun) {
    return fmt::format("{} {}{}", text::with_thousands(n), noun, n == 1 ? "" : "s");
}

// Two files that differ where a table's files should not.
struct Difference {
    const File *a = nullptr, *b = nullptr;
    std::string what;
};

// The most common value over the files, the earliest of equals, with its first file.
template <typename Value>
const File* typical(const Files& files, Value value_of) {
    std::map<decltype(value_of(*files[0])), std::pair<std::size_t, const File*>> counts;
    for (const File* f : files) {
        auto& [count, first] = counts[value_of(*f)];
        ++count;
        if (!first) first = f;
    }
    const File* best = nullptr;
    std::size_t most = 0;
    for (const auto& [value, entry] : counts)
        if (entry.first > most || (entry.first == most && entry.second->path < best->path))
            std::tie(most, best) = entry;
    return best;
}

std::optional<Difference> different_format(const Files& files) {
    const File* usual = typical(files, [](const File& f) { return format_of(f); });
    for (const File* f : files)
        if (format_of(*f) != format_of(*usual))
            return Difference{usual, f,
                              fmt::format("{} is {}, {} is {}", name_of(usual->path), format_of(*usual),
                                          name_of(f->path), format_of(*f))};
    return std::nullopt;
}

std::optional<Difference> different_columns(const Files& files) {
    Files with_columns;
    for (const File* f : files)
        if (!names_of(*f).empty()) with_columns.push_back(f);
    if (with_columns.empty()) return std::nullopt;
    const File* usual = typical(with_columns, names_of);
    const auto usual_names = names_of(*usual);
    for (const File* f : with_columns) {
        const auto names = names_of(*f);
        if (similar_columns(usual_names, names)) continue;
        return Difference{usual, f,
                          fmt::format("{} and {} share {} of {} column names", name_of(usual->path), name_of(f->path),
                                      shared_count(usual_names, names), std::max(usual_names.size(), names.size()))};
    }
    return std::nullopt;
}

Group single(const File& f, std::string reason) {
    Group g;
    g.path = f.path;
    g.is_folder = false;
    g.rule = GroupingRule::single_file;
    g.reason = std::move(reason);
    g.files = {&f};
    return g;
}

void add_singles(std::vector<Group>& out, const Files& files, const std::string& reason) {
    for (const File* f : files) out.push_back(single(*f, reason));
}

// Files that can say what they are, files that say nothing (empty, unreadable), files of unknown format.
struct Sorted {
    Files known, silent, unknown;
    explicit Sorted(const Unit& unit) {
        for (const File& f : unit.files) (decides(f) ? known : format_of(f).empty() ? silent : unknown).push_back(&f);
    }
    // Those that make the folder's table; unknown ones only when there is nothing else.
    Files members() const {
        Files all = known;
        all.insert(all.end(), silent.begin(), silent.end());
        if (all.empty()) all = unknown;
        std::sort(all.begin(), all.end(), [](const File* a, const File* b) { return a->path < b->path; });
        return all;
    }
    bool strangers() const { return !unknown.empty() && !(known.empty() && silent.empty()); }
};

constexpr std::string_view k_stranger = "its format is unknown, so it is no part of the folder's table";

std::string folder_reason(const Sorted& sorted, const Files& members) {
    if (sorted.known.empty()) return fmt::format("{} of unknown format in one folder", counted(members.size(), "file"));
    const std::string format = format_of(*sorted.known.front());
    if (members.size() == 1) return fmt::format("the folder holds one {} file", format);
    return fmt::format("the {} of the folder share format {} and at least {} % of their column names",
                       counted(members.size(), "file"), format, k_percent_shared);
}

void find_drift(const std::string& bucket, Group& g, ColumnDrift columns) {
    for (Finding& finding : drift(bucket, g.files, columns)) g.findings.push_back(std::move(finding));
}

std::vector<Group> group_folder(const std::string& bucket, const Unit& unit) {
    std::vector<Group> out;
    Files all;
    for (const File& f : unit.files) all.push_back(&f);
    if (unit.root.empty()) {
        add_singles(out, all, "it lies directly in the bucket");
        return out;
    }
    const Sorted sorted(unit);
    std::optional<Difference> different;
    if (!sorted.known.empty()) different = different_format(sorted.known);
    if (!different && !sorted.known.empty()) different = different_columns(sorted.known);
    if (different) {
        add_singles(out, all, "the files of its folder are not alike: " + different->what);
        return out;
    }
    Group g;
    g.path = unit.root;
    g.findings = unit.findings;
    g.rule = GroupingRule::folder;
    g.files = sorted.members();
    g.reason = folder_reason(sorted, g.files);
    find_drift(bucket, g, ColumnDrift::tell);
    out.push_back(std::move(g));
    if (sorted.strangers()) add_singles(out, sorted.unknown, std::string(k_stranger));
    return out;
}

std::vector<std::string> key_names(const std::string& root, const File& f) {
    std::vector<std::string> names;
    for (auto& [key, value] : keys_between(root, parent_of(f.path)))  // dt=1/dt=2: the outer one counts
        if (std::ranges::find(names, key) == names.end()) names.push_back(std::move(key));
    return names;
}

std::string words(const std::vector<std::string>& keys) {
    return keys.empty() ? std::string("no key") : fmt::format("{}", fmt::join(keys, ", "));
}

// A flat file among partitions, or year/month here and month/year there: one table, but never silently.
void find_mixed_keys(const std::string& bucket, const Unit& unit, Group& g) {
    const auto keys = [&](const File& f) { return key_names(unit.root, f); };
    const File* usual = typical(g.files, keys);
    g.keys = keys(*usual);
    const File* odd = nullptr;
    std::size_t count = 0;
    for (const File* f : g.files) {
        const auto names = keys(*f);
        if (names == keys(*usual)) continue;
        if (!odd) odd = f;
        ++count;
        for (const std::string& name : names)
            if (std::find(g.keys.begin(), g.keys.end(), name) == g.keys.end()) g.keys.push_back(name);
    }
    if (!odd) return;
    const bool depth = keys(*usual).size() != keys(*odd).size();
    g.findings.push_back(
        {Finding::Severity::warning, depth ? "mixed_depth" : "mixed_keys", shown(bucket, odd->path), 0,
         fmt::format("{} lies under {}, but {} under {} ({} so); missing keys count as null", odd->path,
                     words(keys(*odd)), usual->path, words(keys(*usual)), counted(count, "file"))});
}

std::vector<Group> group_partitions(const std::string& bucket, const Unit& unit) {
    std::vector<Group> out;
    const Sorted sorted(unit);
    Group g;
    g.path = unit.root;
    g.rule = GroupingRule::partitions;
    g.files = sorted.members();
    find_mixed_keys(bucket, unit, g);
    g.reason = fmt::format("its folders are named key=value: {}", words(g.keys));
    for (const auto& [code, different] :
         {std::pair("mixed_format", different_format(g.files)), std::pair("mixed_columns", different_columns(g.files))})
        if (different)
            g.findings.push_back({Finding::Severity::warning, code, shown(bucket, different->b->path), 0,
                                  "the files of one partitioned table differ: " + different->what});
    const bool told = !g.findings.empty() && g.findings.back().code == "mixed_columns";
    find_drift(bucket, g, told ? ColumnDrift::expected : ColumnDrift::tell);
    out.push_back(std::move(g));
    if (sorted.strangers()) add_singles(out, sorted.unknown, std::string(k_stranger));
    return out;
}

std::vector<Group> group_override(const std::string& bucket, const Unit& unit) {
    Group g;
    g.path = unit.root;
    g.rule = GroupingRule::override_file;
    g.wanted_name = unit.table_name;
    g.reason = fmt::format("{} says table: {}", k_override_name, unit.table_name);
    for (const File& f : unit.files) g.files.push_back(&f);
    const bool keyed =
        std::any_of(g.files.begin(), g.files.end(), [&](const File* f) { return !key_names(unit.root, *f).empty(); });
    if (keyed) find_mixed_keys(bucket, unit, g);
    find_drift(bucket, g, ColumnDrift::expected);  // a person said that these are one table
    return {std::move(g)};
}

std::vector<Group> group_override_files(const Unit& unit) {
    std::vector<Group> out;
    for (const File& f : unit.files) {
        out.push_back(single(f, fmt::format("{} says single_file: true", k_override_name)));
        out.back().rule = GroupingRule::override_file;
    }
    return out;
}

}  // namespace

std::string format_of(const File& f) {
    const std::string by_name = formats::format_of_name(name_of(f.path));
    if (!f.profile) return by_name;
    const std::string& format = f.profile->profile.format;
    return format == "empty" ? by_name : format;
}

bool similar_columns(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    if (a.empty() || b.empty()) return true;
    const std::size_t shared = shared_count(a, b), smaller = std::min(a.size(), b.size());
    if (shared * 100 >= k_percent_shared * std::max(a.size(), b.size())) return true;
    return shared == smaller && smaller >= 2;
}

std::vector<Group> group(const std::string& bucket, const Unit& unit) {
    if (unit.files.empty()) return {};
    switch (unit.kind) {
        case Unit::Kind::override_table:
            return group_override(bucket, unit);
        case Unit::Kind::override_files:
            return group_override_files(unit);
        case Unit::Kind::partitions:
            return group_partitions(bucket, unit);
        case Unit::Kind::folder:
            break;
    }
    return group_folder(bucket, unit);
}

}  // namespace neurolake::index
