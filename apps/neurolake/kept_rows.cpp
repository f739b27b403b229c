// kept_rows.cpp: kept rows masked anew, or taken anew from the files.
// SPDX-License-Identifier: Apache-2.0
#include "kept_rows.hpp"

#include <fcntl.h>

#include <algorithm>

#include "index/sample.hpp"
#include "index/table_storage.hpp"
#include "model/meaning.hpp"

namespace neurolake::apps {

namespace {

bool hidden_for_nothing(const index::Sample& sample, const model::Table& table) {
    for (std::size_t i = 0; i < sample.columns.size(); ++i)
        for (const auto* list : {&table.columns, &table.partition_columns})
            for (const auto& column : *list)
                if (sample.masked[i] && column.name == sample.columns[i] && !column.pii && !model::is_hint(column))
                    return true;
    return false;
}

std::optional<index::Sample> taken_anew(Session& session, const model::Table& table) {
    const auto catalog = session.catalog();
    const auto inventory = session.inventory();
    const auto bucket = session.bucket(table.bucket);
    if (!catalog || !inventory || !bucket) return std::nullopt;
    const auto root = open_folder((*bucket)->root);
    if (!root) return std::nullopt;
    index::OldVersions old(root->get());
    std::vector<index::File> files;
    (*inventory)->for_each(table.bucket, table.path, [&](const lake::FileRecord& record) {
        const model::Table* of = (*catalog)->table_of(table.bucket, record.path);
        if (!of || of->id != table.id || record.state != lake::FileState::data || old.holds(record.path)) return true;
        auto& file = files.emplace_back();
        file.path = record.path;
        file.profile.emplace().profile.rows = 1;  // it may have rows: reading it will tell
        return true;
    });
    std::ranges::sort(files, {}, &index::File::path);
    index::Group group;
    for (const auto& file : files) group.files.push_back(&file);
    return index::take_sample(table, group, root->get());
}

}  // namespace

Result<KeptRows> kept_rows(Session& session, const std::vector<model::Table>& tables) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    KeptRows out;
    for (const auto& table : tables) {
        TRY(const std::string entry, catalog->entry(catalog::List::samples, table.id));
        if (entry.empty()) continue;
        TRY(index::Sample sample, index::sample_from_entry(entry));
        const bool shows = hidden_for_nothing(sample, table);
        index::mask(sample, table);
        if (std::string masked = index::to_entry(sample); masked != entry)
            out.hide.push_back({catalog::List::samples, table.id, std::move(masked)});
        if (!shows) continue;
        if (const auto anew = taken_anew(session, table))
            out.show.push_back({catalog::List::samples, table.id, index::to_entry(*anew)});
    }
    return out;
}

}  // namespace neurolake::apps
