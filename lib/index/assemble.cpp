// assemble.cpp: columns, partitions, tiers, counts and findings of a table.
// SPDX-License-Identifier: Apache-2.0
#include "index/assemble.hpp"

#include <fmt/format.h>

#include <algorithm>
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

namespace neurolake::index {
namespace {

using model::Column;
using model::Finding;
using model::Table;

constexpr std::size_t k_max_findings = 20;  // a table of broken files must not drown the catalog

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
        t.rows += f->profile ? f->profile->profile.rows : 0;
        t.rows_exact = t.rows_exact && f->profile && f->profile->profile.rows_exact;
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
        (partition.values[key] == k_null_partition ? column.evidence.nulls : column.evidence.values) += partition.rows;
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
        partition.rows += f->profile ? f->profile->profile.rows : 0;
        partition.rows_exact = partition.rows_exact && f->profile && f->profile->profile.rows_exact;
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

void add_finding(Table& t, Finding finding, std::size_t& left_out) {
    if (t.findings.size() < k_max_findings)
        t.findings.push_back(std::move(finding));
    else
        ++left_out;
}

void collect_findings(Table& t, const Group& g, const Table* before, std::vector<Finding> of_partitions) {
    std::size_t left_out = 0;
    for (const Finding& finding : g.findings) add_finding(t, finding, left_out);
    for (Finding& finding : of_partitions) add_finding(t, std::move(finding), left_out);
    const bool shrunk = before && before->deleted_at.empty() && before->files >= 4 && t.files * 2 < before->files;
    if (shrunk)
        add_finding(t,
                    {Finding::Severity::warning, "files_gone", fmt::format("{}/{}", t.bucket, t.path), 0,
                     fmt::format("{} of its {} files are gone since {}", before->files - t.files, before->files,
                                 before->indexed_at)},
                    left_out);
    for (const File* f : g.files) {
        const std::string shown = fmt::format("{}/{}", t.bucket, f->path);
        if (f->failed) add_finding(t, {Finding::Severity::error, "unreadable", shown, 0, f->why_failed}, left_out);
        if (f->state == lake::FileState::stub && !f->profile)
            add_finding(t,
                        {Finding::Severity::note, "not_profiled", shown, 0,
                         "its rows are not counted: the bytes are in the cloud and were never read here"},
                        left_out);
        if (!f->profile) continue;
        for (Finding finding : f->profile->profile.findings) {
            finding.path = shown;
            add_finding(t, std::move(finding), left_out);
        }
    }
    if (left_out)
        t.findings.push_back({Finding::Severity::note, "more_findings", fmt::format("{}/{}", t.bucket, t.path), 0,
                              fmt::format("and {} more", text::with_thousands(left_out))});
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
    if (before) keep_words(t, *before);
    count_files(t, g);
    collect_findings(t, g, before, std::move(of_partitions));
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
