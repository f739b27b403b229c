// search.cpp: matching words against names, columns, tags and descriptions.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/search.hpp"

#include "base/text.hpp"

namespace neurolake::catalog {
namespace {

bool has(std::string_view text, const std::string& lower_word) {
    return text::lower(text).find(lower_word) != std::string::npos;
}

std::optional<Hit> match_word(const model::Table& table, const std::string& word) {
    if (has(table.full_name(), word)) return Hit{&table, "table", table.full_name()};
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns)
            if (has(column.name, word)) return Hit{&table, "column", column.name};
    for (const std::string& tag : table.tags)
        if (has(tag, word)) return Hit{&table, "tag", tag};
    if (has(table.description, word)) return Hit{&table, "description", table.description};
    if (has(table.owner, word)) return Hit{&table, "owner", table.owner};
    return std::nullopt;
}

}  // namespace

std::vector<std::string> search_words(std::string_view words) {
    std::vector<std::string> out;
    for (const std::string_view word : text::split(words, ' '))
        if (!text::trim(word).empty()) out.push_back(text::lower(text::trim(word)));
    return out;
}

std::optional<Hit> match(const model::Table& table, const std::vector<std::string>& words) {
    std::optional<Hit> first;
    for (const std::string& word : words) {
        auto hit = match_word(table, word);
        if (!hit) return std::nullopt;
        if (!first) first = std::move(hit);
    }
    return first;
}

}  // namespace neurolake::catalog
