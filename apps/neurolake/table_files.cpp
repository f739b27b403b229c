// table_files.cpp: a table's files, from the inventory and the catalog.
// SPDX-License-Identifier: Apache-2.0
#include "table_files.hpp"

#include <algorithm>

#include "catalog/catalog.hpp"
#include "index/table_storage.hpp"

namespace neurolake::apps {

std::vector<index::File> files_of(Session& session, const model::Table& table) {
    const auto catalog = session.catalog();
    const auto inventory = session.inventory();
    const auto bucket = session.bucket(table.bucket);
    if (!catalog || !inventory || !bucket) return {};
    const auto root = open_folder((*bucket)->root);
    if (!root) return {};
    index::OldVersions old(root->get());
    std::vector<index::File> files;
    (*inventory)->for_each(table.bucket, table.path, [&](const lake::FileRecord& record) {
        const model::Table* of = (*catalog)->table_of(table.bucket, record.path);
        if (of && of->id == table.id && index::is_data(record) && !old.holds(record.path))
            files.push_back(index::file_of(record));
        return true;
    });
    std::ranges::sort(files, {}, &index::File::path);
    return files;
}

}  // namespace neurolake::apps
