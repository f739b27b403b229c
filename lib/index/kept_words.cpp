// kept_words.cpp: words by column name, from the table before and from its schema history.
// SPDX-License-Identifier: Apache-2.0
#include "index/kept_words.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "model/compatibility.hpp"
#include "model/meaning.hpp"

namespace neurolake::index {
namespace {

using model::Column;
using model::Table;

bool has_words(const Column& c) { return model::has_word(c) || !c.description.empty() || !c.term.empty(); }

void take_words(Column& now, const Column& before) {
    now.term = before.term;
    if (!before.description.empty()) now.description = before.description;
    model::keep_word(now, before);
}

void keep_words(std::vector<Column>& columns, const Table& before) {
    std::unordered_map<std::string_view, const Column*> known;
    for (const auto* list : {&before.columns, &before.partition_columns})
        for (const Column& c : *list)
            if (has_words(c)) known.emplace(c.name, &c);
    if (known.empty()) return;
    for (Column& c : columns)
        if (const auto old = known.find(c.name); old != known.end()) take_words(c, *old->second);
}

const Column* named(const std::vector<Column>& columns, const std::string& name) {
    const auto found = std::ranges::find(columns, name, &Column::name);
    return found == columns.end() ? nullptr : &*found;
}

bool has_column(const Table& table, const std::string& name) {
    return named(table.columns, name) || named(table.partition_columns, name);
}

// What was said of a column when it last went; null when nothing was.
const Column* words_of(const model::SchemaHistory& history, const std::string& name) {
    for (std::size_t i = history.versions.size(); i-- > 1;) {
        if (named(history.versions[i].columns, name) || !named(history.versions[i - 1].columns, name)) continue;
        return named(history.versions[i].gone, name);
    }
    return nullptr;
}

}  // namespace

void keep_words(Table& table, const Table& before) {
    keep_words(table.columns, before);
    keep_words(table.partition_columns, before);
}

std::vector<Column> words_that_went(const Table& now, const Table& before) {
    std::vector<Column> gone;
    for (const Column& c : model::whole_schema(before)) {
        if (!has_words(c) || has_column(now, c.name)) continue;
        Column kept;
        kept.name = c.name;
        kept.type = c.type;
        kept.description = c.description;
        kept.term = c.term;
        kept.not_pii = c.not_pii;
        if (c.semantic_evidence.source == "person") {
            kept.pii = c.pii;
            kept.semantic_evidence.source = "person";
        }
        gone.push_back(std::move(kept));
    }
    return gone;
}

void give_back_words(Table& now, const Table& before, const model::SchemaHistory& history) {
    for (auto* list : {&now.columns, &now.partition_columns})
        for (Column& c : *list) {
            if (has_column(before, c.name)) continue;
            if (const Column* words = words_of(history, c.name)) take_words(c, *words);
        }
}

bool came_back(const Table& gone, const Group& group) {
    std::set<std::string_view> now, before;
    for (const File* f : group.files)
        if (f->profile)
            for (const Column& c : f->profile->profile.columns) now.insert(c.name);
    for (const Column& c : gone.columns) before.insert(c.name);
    if (now.empty() || before.empty()) return true;
    const auto shared =
        static_cast<std::size_t>(std::ranges::count_if(now, [&](const auto& name) { return before.contains(name); }));
    return shared * 2 >= std::max(now.size(), before.size());
}

bool has_words(const Table& t) {
    const auto said = [](const Column& c) { return has_words(c); };
    return !t.description.empty() || !t.owner.empty() || !t.tags.empty() || !t.terms.empty() ||
           !t.compatibility.empty() || std::ranges::any_of(t.columns, said) ||
           std::ranges::any_of(t.partition_columns, said);
}

}  // namespace neurolake::index
