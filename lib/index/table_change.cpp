// table_change.cpp: two states of a table compared for people.
// SPDX-License-Identifier: Apache-2.0
#include "index/table_change.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/compatibility.hpp"

namespace neurolake::index {
namespace {

using model::Table;

TableChange facts_of(const Table& table) {
    TableChange change;
    change.table = table.full_name();
    change.path = table.bucket + "/" + table.path;
    change.format = table.format;
    change.is_folder = table.is_folder;
    change.rows = table.rows;
    change.rows_exact = table.rows_exact;
    change.bytes = table.bytes;
    change.files = table.files;
    change.cloud_files = table.cloud_files;
    change.schema_version = table.schema_version;
    return change;
}

std::string place_text(const Table& table) {
    switch (table.tier) {
        case model::TableTier::local:
            return "all of it is here now";
        case model::TableTier::cloud:
            return "all of it is in the cloud now";
        case model::TableTier::mixed:
            break;
    }
    return fmt::format("{} of its {} files are in the cloud now", table.cloud_files, table.files);
}

// Columns whose values were found to be about people, and were not before.
std::vector<std::string> new_pii(const Table& now, const Table* before) {
    std::vector<std::string> out;
    for (const model::Column& column : now.columns) {
        if (!column.pii) continue;
        const bool known =
            before && std::any_of(before->columns.begin(), before->columns.end(),
                                  [&](const model::Column& old) { return old.name == column.name && old.pii; });
        if (!known) out.push_back(column.name);
    }
    return out;
}

bool has_unreadable(const Table& table) {
    return std::ranges::find(table.findings, "unreadable", &model::Finding::code) != table.findings.end();
}

// Alike but for what is said of their meaning, and of the file where it was seen: the range of a column that is about
// people is hidden.
bool same_values(const model::Column& a, const model::Column& b) {
    model::Evidence now = a.evidence, before = b.evidence;
    if (!now.min || !before.min) now.min = now.max = before.min = before.max = std::nullopt;
    if (now.forced_path != before.forced_path)  // the reason names the file
        for (model::Evidence* evidence : {&now, &before}) evidence->forced_path = evidence->reason = {};
    return a.name == b.name && a.type == b.type && a.nullable == b.nullable && now == before;
}

std::vector<std::string> told_anew(const Table& now, const Table& before) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < now.columns.size(); ++i)
        if (now.columns[i] != before.columns[i]) names.push_back(now.columns[i].name);
    return names;
}

// The most telling of what differs beyond counts and schema.
std::string reason_of(const Table& now, const Table& before) {
    constexpr std::size_t k_most = 5;  // names in a line
    if (now.path != before.path) return fmt::format("its place is {}/{} now", now.bucket, now.path);
    if (now.cloud_files != before.cloud_files) return place_text(now);
    if (now.format != before.format) return fmt::format("its format is {} now, was {}", now.format, before.format);
    const bool readable = !has_unreadable(now) && !has_unreadable(before);
    if (readable && now.bytes == before.bytes && now.rows_exact != before.rows_exact)
        return now.rows_exact ? "all of its rows are counted now" : "not all of its rows are counted now";
    if (has_unreadable(now)) return now.files > 1 ? "some of it could not be read" : "it could not be read";
    if (has_unreadable(before)) return "it could be read again";
    if (!std::ranges::equal(now.columns, before.columns, same_values)) return "values changed";
    if (now.bytes != before.bytes) return "its files have another size, what is known of their values is the same";
    if (const auto told = told_anew(now, before); !told.empty())
        return fmt::format("what is known of {} changed, no value did", told.size() > k_most
                                                                            ? fmt::format("{} columns", told.size())
                                                                            : fmt::format("{}", fmt::join(told, ", ")));
    if (now.modified_at != before.modified_at) return "files were written again with the same values";
    if (now.partitions != before.partitions) return "its files are laid out anew";
    if (now.findings != before.findings)
        return "its remarks changed, see: neurolake catalog explain " + now.full_name();
    return "how its files are grouped changed";
}

}  // namespace

TableChange change_of(const Table& table, const Table* before) {
    TableChange change = facts_of(table);
    change.what = TableChange::What::added;
    change.new_pii = new_pii(table, before);
    if (before && before->full_name() != table.full_name()) change.renamed_from = before->full_name();
    if (!before || !before->deleted_at.empty()) return change;
    change.what = TableChange::What::changed;
    change.rows_before = before->rows;
    change.rows_before_exact = before->rows_exact;
    change.files_before = before->files;
    change.reason = reason_of(table, *before);
    return change;
}

void tell_version(TableChange& change, const model::SchemaVersion& version, const Table& table, const Table& before) {
    change.schema_changes = version.changes;
    change.breaking = version.breaking;
    change.compatibility = version.compatibility;
    change.asked = table.compatibility;
    const auto found = model::compatibility(model::whole_schema(before), model::whole_schema(table));
    change.breaks = model::breaks(found, table.compatibility);
}

TableChange change_of_gone(const Table& table) {
    TableChange change = facts_of(table);
    change.what = TableChange::What::gone;
    return change;
}

}  // namespace neurolake::index
