// known_ranges.cpp: the table's columns made again from its files' profiles, and what fits taken over.
// SPDX-License-Identifier: Apache-2.0
#include "index/known_ranges.hpp"

#include <algorithm>

#include "index/partition.hpp"
#include "index/reading.hpp"
#include "index/table_columns.hpp"
#include "model/meaning.hpp"

namespace neurolake::index {
namespace {

using model::Column;
using model::Table;

bool lacks_range(const Column& c) { return !c.evidence.min && !c.pii && !model::is_hint(c); }

// Type and evidence, without the bounds that the table does not know.
bool tells_the_same(Column known, const Column& c) {
    known.evidence.min = known.evidence.max = std::nullopt;
    return known.type == c.type && known.evidence == c.evidence;
}

std::vector<Column> columns_of(const std::string& bucket, std::vector<File> files, const ProfileStore& store) {
    Unit unit;
    unit.files = std::move(files);
    recall_profiles(bucket, unit, store, {}, {}, {});
    Group group;
    for (const File& f : unit.files) group.files.push_back(&f);
    auto columns = merged_columns(group);
    for (Column& c : columns) model::settle_meaning(c);
    return columns;
}

void show_partition_ranges(Table& table) {
    for (std::size_t key = 0; key < table.partition_columns.size(); ++key) {
        Column& c = table.partition_columns[key];
        if (!lacks_range(c)) continue;
        std::vector<std::string> values;
        for (const auto& partition : table.partitions)
            if (key < partition.values.size()) values.push_back(partition.values[key]);
        const Column known = partition_column(c.name, values);
        if (known.type != c.type) continue;
        c.evidence.min = known.evidence.min;
        c.evidence.max = known.evidence.max;
    }
}

}  // namespace

void show_known_ranges(Table& table, std::vector<File> files, const ProfileStore& store) {
    show_partition_ranges(table);
    if (std::ranges::none_of(table.columns, lacks_range)) return;
    for (const Column& known : columns_of(table.bucket, std::move(files), store))
        for (Column& c : table.columns) {
            if (c.name != known.name || !lacks_range(c) || !tells_the_same(known, c)) continue;
            c.evidence.min = known.evidence.min;
            c.evidence.max = known.evidence.max;
        }
}

}  // namespace neurolake::index
