// assemble.cpp: columns, partitions, tiers, counts and findings of a table.
// SPDX-License-Identifier: Apache-2.0
#include "index/assemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "index/kept_words.hpp"
#include "index/partition.hpp"
#include "index/partition_overlap.hpp"
#include "index/table_columns.hpp"
#include "model/compatibility.hpp"
#include "model/meaning.hpp"
#include "model/merge.hpp"
#include "model/row_sum.hpp"

namespace neurolake::index {
namespace {

using model::Column;
using model::Finding;
using model::Table;

// A table of broken files must not drown the catalog; and remarks must not crowd out what is broken.
constexpr std::size_t k_max_errors = 100, k_max_remarks = 20;

// An empty or unreadable file says nothing about columns.
bool says_nothing(const File* f) {
    if (f->failed || !f->profile || f->profile->profile.format == "empty") return true;
    const auto& findings = f->profile->profile.findings;
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.severity == Finding::Severity::error; });
}

// Only files without values are left: what was known of a column's type stays true until a value says otherwise.
void keep_known_types(Table& t, const Group& g, const Table& before) {
    if (t.columns.empty()) {
        if (!std::all_of(g.files.begin(), g.files.end(), says_nothing)) return;
        t.columns = before.columns;
        for (Column& column : t.columns) column.evidence = {};
        return;
    }
    for (Column& column : t.columns) {
        if (column.type.kind != model::TypeKind::unknown) continue;
        const auto old = std::find_if(before.columns.begin(), before.columns.end(),
                                      [&](const Column& c) { return c.name == column.name; });
        if (old == before.columns.end() || old->type.kind == model::TypeKind::unknown) continue;
        column.type = old->type;
        column.evidence.reason =
            fmt::format("no value now; {} as in schema version {}", model::to_string(old->type), before.schema_version);
    }
}

// Stubs whose profile was lost: their columns are those the table had.
void keep_columns_of_stubs(Table& t, const Group& g, const Table& before) {
    const bool lost = std::any_of(g.files.begin(), g.files.end(),
                                  [](const File* f) { return f->state == lake::FileState::stub && !f->profile; });
    if (!lost) return;
    std::vector<Column> known = before.columns;
    for (Column& column : known) {
        column.evidence = {};
        column.semantic_evidence = {};
        column.semantic.clear();
        column.pii = false;
    }
    model::merge_into(t.columns, known);
}

// What the values of a column said stays known when the files they were counted in are out of sight.
void keep_meanings(Table& t, const Table& before) {
    std::unordered_map<std::string_view, const Column*> known;
    for (const Column& c : before.columns)
        if (!c.semantic.empty()) known.emplace(c.name, &c);
    for (Column& column : t.columns) {
        if (known.empty() || column.semantic_evidence.checked > 0 || column.evidence.values > 0) continue;
        const auto old = known.find(column.name);
        if (old == known.end()) continue;
        column.semantic = old->second->semantic;
        column.semantic_evidence = old->second->semantic_evidence;
        column.pii = old->second->pii;
    }
}

void count_files(Table& t, const Group& g) {
    std::int64_t newest = 0;
    for (const File* f : g.files) {
        ++t.files;
        t.bytes += f->size;
        if (f->state == lake::FileState::stub) {
            ++t.cloud_files;
            t.cloud_bytes += f->size;
        }
        const bool summed = model::add_rows(t.rows, f->profile ? f->profile->profile.rows : 0);
        t.rows_exact = t.rows_exact && summed && f->profile && f->profile->profile.rows_exact;
        newest = std::max(newest, f->mtime_ns);
    }
    t.modified_at = to_rfc3339(time_from_ns(newest));
    if (t.cloud_files) t.tier = t.cloud_files == t.files ? model::TableTier::cloud : model::TableTier::mixed;
}

void set_format(Table& t, const Group& g) {
    t.format.clear();
    for (const File* f : g.files) {
        const std::string format = format_of(*f);
        if (format.empty()) continue;
        if (t.format.empty()) t.format = format;
        if (t.format != format) {
            t.format = "mixed";
            return;
        }
    }
    if (t.format.empty()) t.format = "unknown";
}

// A folder's value is the value of each of its rows.
void count_rows(Column& column, const std::vector<model::Partition>& partitions, std::size_t key) {
    column.evidence.values = column.evidence.nulls = 0;
    for (const model::Partition& partition : partitions)
        model::add_rows(partition.values[key] == k_null_partition ? column.evidence.nulls : column.evidence.values,
                        partition.rows);
}

void set_partitions(Table& t, const Group& g) {
    if (g.keys.empty()) return;
    std::map<std::string, std::pair<model::Partition, std::uint64_t>> by_folder;  // with the number of stubs
    std::map<std::string, std::vector<std::string>> values_of;
    for (const File* f : g.files) {
        const std::string folder(parent_of(f->path));
        auto& [partition, stubs] = by_folder[folder];
        if (partition.files == 0) {
            const auto keys = keys_between(g.path, folder);
            for (const std::string& key : g.keys) {
                const auto at =
                    std::find_if(keys.begin(), keys.end(), [&](const auto& pair) { return pair.first == key; });
                partition.values.push_back(at == keys.end() ? std::string(k_null_partition) : at->second);
            }
            partition.path = folder;
        }
        ++partition.files;
        partition.bytes += f->size;
        const bool summed = model::add_rows(partition.rows, f->profile ? f->profile->profile.rows : 0);
        partition.rows_exact = partition.rows_exact && summed && f->profile && f->profile->profile.rows_exact;
        stubs += f->state == lake::FileState::stub;
    }
    for (auto& [folder, entry] : by_folder) {
        if (entry.second == entry.first.files) t.cloud_partitions.push_back(folder);
        for (std::size_t i = 0; i < g.keys.size(); ++i) values_of[g.keys[i]].push_back(entry.first.values[i]);
        t.partitions.push_back(std::move(entry.first));
    }
    for (std::size_t i = 0; i < g.keys.size(); ++i) {
        t.partition_columns.push_back(partition_column(g.keys[i], values_of[g.keys[i]]));
        count_rows(t.partition_columns.back(), t.partitions, i);
    }
}

using Severity = Finding::Severity;

std::optional<Finding> files_gone(const Table& t, const Table* before) {
    const bool shrunk = before && before->deleted_at.empty() && before->files >= 4 && t.files * 2 < before->files;
    if (!shrunk) return std::nullopt;
    return Finding{Severity::warning, "files_gone", fmt::format("{}/{}", t.bucket, t.path), 0,
                   fmt::format("{} of its {} files are gone since {}", before->files - t.files, before->files,
                               before->indexed_at)};
}

// Visits all that is to be said of a table, in the order in which it is told: what it is, and where.
template <typename Visit>
void each_finding(const Table& t, const Group& g, const std::vector<Finding>& of_table, const Visit& visit) {
    for (const Finding& finding : g.findings) visit(finding, finding.path);
    for (const Finding& finding : of_table) visit(finding, finding.path);
    for (const File* f : g.files) {
        const std::string shown = fmt::format("{}/{}", t.bucket, f->path);
        if (f->failed) visit({Severity::error, "unreadable", shown, 0, f->why_failed}, shown);
        if (f->state == lake::FileState::stub && !f->profile)
            visit({Severity::note, "not_profiled", shown, 0,
                   "its rows are not counted: the bytes are in the cloud and were never read here"},
                  shown);
        if (!f->profile) continue;
        for (const Finding& finding : f->profile->profile.findings) visit(finding, shown);
    }
}

// The gravest are kept when there are too many.
void collect_findings(Table& t, const Group& g, const std::vector<Finding>& of_table) {
    constexpr std::size_t k_severities = static_cast<std::size_t>(Severity::error) + 1;
    const auto of = [](Severity severity) { return static_cast<std::size_t>(severity); };
    std::array<std::size_t, k_severities> left{}, room{};
    each_finding(t, g, of_table, [&](const Finding& finding, const std::string&) { ++left[of(finding.severity)]; });
    room[of(Severity::error)] = k_max_errors;
    room[of(Severity::warning)] = k_max_remarks;
    room[of(Severity::note)] = k_max_remarks - std::min(k_max_remarks, left[of(Severity::warning)]);
    each_finding(t, g, of_table, [&](const Finding& finding, const std::string& path) {
        std::size_t& here = room[of(finding.severity)];
        if (here == 0) return;
        --here;
        --left[of(finding.severity)];
        t.findings.push_back(finding);
        t.findings.back().path = path;
    });
    const std::string folder = fmt::format("{}/{}", t.bucket, t.path);
    const std::size_t errors = left[of(Severity::error)];
    const std::size_t remarks = left[of(Severity::warning)] + left[of(Severity::note)];
    if (errors)
        t.findings.push_back(
            {Severity::error, "more_findings", folder, 0,
             fmt::format("and {} more error{}", text::with_thousands(errors), errors == 1 ? "" : "s")});
    if (remarks)
        t.findings.push_back(
            {Severity::note, "more_findings", folder, 0, fmt::format("and {} more", text::with_thousands(remarks))});
}

void keep_identity(Table& t, const Table* before, const std::string& now) {
    t.id = before ? before->id : random_hex(8);
    t.first_seen = before ? before->first_seen : now;
    if (!before) return;
    t.description = before->description;
    t.owner = before->owner;
    t.tags = before->tags;
    t.terms = before->terms;
    t.compatibility = before->compatibility;
    t.schema_version = before->schema_version;
}

void label_sample(Table& t, const Group& g) {
    for (const File* f : g.files)
        if (f->profile) t.sampled_rows = std::max(t.sampled_rows, f->profile->sampled_rows);
}

}  // namespace

std::optional<Table> without_own_words(const Table& table, const Group& g) {
    if (!g.said || g.said->empty()) return std::nullopt;
    Table out = table;
    for (auto* list : {&out.columns, &out.partition_columns})
        for (Column& column : *list)
            if (g.said->contains({column.name, column.description})) column.description.clear();
    return out;
}

Table assemble(const std::string& bucket, const std::string& name, const Group& g, const Table* before,
               const std::string& now) {
    Table t;
    t.bucket = bucket;
    t.name = name;
    t.path = g.path;
    t.is_folder = g.is_folder;
    t.rule = g.rule;
    t.rule_reason = g.reason;
    keep_identity(t, before, now);
    t.columns = merged_columns(g);
    if (before) keep_columns_of_stubs(t, g, *before);
    std::vector<Finding> of_partitions = give_way_to_partitions(t, g);
    for (Column& column : t.columns) model::settle_meaning(column);
    if (before) {
        keep_known_types(t, g, *before);
        keep_meanings(t, *before);
    }
    set_format(t, g);
    set_partitions(t, g);
    label_sample(t, g);
    if (before) {
        const auto theirs = without_own_words(*before, g);
        keep_words(t, theirs ? *theirs : *before);
    }
    count_files(t, g);
    if (auto gone = files_gone(t, before)) of_partitions.push_back(std::move(*gone));
    collect_findings(t, g, of_partitions);
    if (before && !model::diff(model::whole_schema(*before), model::whole_schema(t)).changes.empty())
        ++t.schema_version;
    if (before) t.indexed_at = before->indexed_at;
    if (!before || !(t == *before)) t.indexed_at = now;
    return t;
}

std::optional<model::SchemaVersion> next_version(const Table& t, const Table* before, const std::string& now) {
    if (before && before->schema_version == t.schema_version) return std::nullopt;
    const std::vector<Column> now_there = model::whole_schema(t);
    model::SchemaVersion version = model::diff(before ? model::whole_schema(*before) : now_there, now_there);
    version.version = t.schema_version;
    version.seen_at = now;
    return version;
}

}  // namespace neurolake::index
