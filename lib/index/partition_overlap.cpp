// partition_overlap.cpp: compares the values that files hold with those of their folders.
// SPDX-License-Identifier: Apache-2.0
#include "index/partition_overlap.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "index/partition.hpp"
#include "model/merge.hpp"

namespace neurolake::index {
namespace {

using model::Column;
using model::Finding;

bool same_name(std::string_view a, std::string_view b) { return text::lower(a) == text::lower(b); }

const Column* column_of(const File& f, std::string_view key) {
    if (!f.profile) return nullptr;
    const auto& columns = f.profile->profile.columns;
    const auto found = std::ranges::find_if(columns, [&](const Column& c) { return same_name(c.name, key); });
    return found == columns.end() ? nullptr : &*found;
}

// What the file says instead of `value`; "" when it says nothing else.
std::string other_values(const Column& column, const std::string& value) {
    const model::Evidence& seen = column.evidence;
    if (column.type.kind == model::TypeKind::unknown || (seen.values == 0 && seen.nulls > 0)) return {};
    if (!seen.min || !seen.max) return "values that are not known here";
    const bool same = model::compare_values(column.type, *seen.min, value) == 0 &&
                      model::compare_values(column.type, *seen.max, value) == 0;
    if (same) return {};
    return *seen.min == *seen.max ? *seen.min : fmt::format("{} to {}", *seen.min, *seen.max);
}

std::optional<Finding> difference(const model::Table& table, const Group& g, const std::string& key) {
    for (const File* f : g.files) {
        const Column* column = column_of(*f, key);
        if (!column) continue;
        const auto keys = keys_between(g.path, parent_of(f->path));
        const auto at = std::ranges::find_if(keys, [&](const auto& pair) { return pair.first == key; });
        const std::string value = at == keys.end() ? std::string(k_null_partition) : at->second;
        const std::string other = other_values(*column, value);
        if (other.empty()) continue;
        return Finding{Finding::Severity::warning, "partition_column", fmt::format("{}/{}", table.bucket, f->path), 0,
                       fmt::format("{} is a key of the folders and a column of the files: readers take the folder's "
                                   "value, {} here, and {} holds {}",
                                   key, value, f->path, other)};
    }
    return std::nullopt;
}

}  // namespace

std::vector<Finding> give_way_to_partitions(model::Table& table, const Group& g) {
    std::vector<Finding> findings;
    for (const std::string& key : g.keys) {
        if (std::erase_if(table.columns, [&](const Column& c) { return same_name(c.name, key); }) == 0) continue;
        if (auto finding = difference(table, g, key)) findings.push_back(std::move(*finding));
    }
    return findings;
}

}  // namespace neurolake::index
