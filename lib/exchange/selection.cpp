// selection.cpp: which tables an export is about.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "exchange/exchange.hpp"

namespace neurolake::exchange {

Result<Content> choose(const catalog::Catalog& catalog, const std::vector<std::string>& words,
                       const std::vector<std::string>& known_buckets) {
    Content content;
    content.catalog = &catalog;
    content.whole = words.empty();
    std::set<std::string_view> buckets, ids;
    for (const std::string& word : words) {
        const bool bucket = std::ranges::find(known_buckets, word) != known_buckets.end() ||
                            std::ranges::find(catalog.tables(), word, &model::Table::bucket) != catalog.tables().end();
        if (bucket) {
            buckets.insert(word);
            continue;
        }
        TRY(const model::Table* table, catalog.get(word));
        ids.insert(table->id);
    }
    for (const model::Table& table : catalog.tables())
        if (content.whole || buckets.contains(table.bucket) || ids.contains(table.id)) content.tables.push_back(&table);
    return content;
}

}  // namespace neurolake::exchange
