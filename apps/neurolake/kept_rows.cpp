// kept_rows.cpp: kept rows masked anew, or taken anew from the files.
// SPDX-License-Identifier: Apache-2.0
#include "kept_rows.hpp"

#include "index/sample.hpp"
#include "model/meaning.hpp"
#include "table_files.hpp"

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
    const auto bucket = session.bucket(table.bucket);
    if (!bucket) return std::nullopt;
    const auto root = open_folder((*bucket)->root);
    if (!root) return std::nullopt;
    auto files = files_of(session, table);
    std::erase_if(files, [](const auto& file) { return file.state != lake::FileState::data; });
    index::Group group;
    for (auto& file : files) {
        file.profile.emplace().profile.rows = 1;  // it may have rows: reading it will tell
        group.files.push_back(&file);
    }
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
