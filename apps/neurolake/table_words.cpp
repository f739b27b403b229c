// table_words.cpp: tables and columns by name, and changes of what is said of them.
// SPDX-License-Identifier: Apache-2.0
#include "table_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "shell_words.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

bool is_pattern(std::string_view words) { return words.find_first_of("*?[") != std::string_view::npos; }

// '/' in a table's name is no border here: '*' crosses nothing else.
bool meets(std::string_view pattern, const std::string& name) { return text::glob_match(pattern, name); }

Result<std::vector<const model::Table*>> tables_like(Session& session, const std::string& pattern) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    std::vector<const model::Table*> found;
    for (const auto& table : catalog->tables())
        if (table.deleted_at.empty() && meets(pattern, table.full_name())) found.push_back(&table);
    if (!found.empty()) return found;
    return Error(Errc::not_found, fmt::format("no table matches \"{}\"", pattern),
                 "neurolake catalog tables lists them all");
}

bool is_there(const Result<const model::Table*>& found) { return found.has_value(); }

}  // namespace

Result<std::vector<const model::Table*>> tables_meant(Session& session, const std::string& words) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    if (const auto whole = catalog->get(words)) return std::vector<const model::Table*>{*whole};
    if (words.find('/') != std::string::npos)
        if (const auto place = table_named(session, words)) return std::vector<const model::Table*>{*place};
    std::vector<const model::Table*> all;
    for (const std::string_view part : text::split(words, ',')) {
        const std::string word(text::trim(part));
        std::vector<const model::Table*> found;
        if (is_pattern(word)) {
            TRY(found, tables_like(session, word));
        } else {
            TRY(const model::Table* table, table_named(session, word));
            found = {table};
        }
        for (const auto* table : found)
            if (std::ranges::find(all, table) == all.end()) all.push_back(table);
    }
    return all;
}

Result<const model::Column*> column_of(const model::Table& table, std::string_view name) {
    std::vector<std::string> known;
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list) {
            if (column.name == name) return &column;
            known.push_back(column.name);
        }
    std::string hint = fmt::format("see its columns: neurolake catalog schema {}", plain_or_quoted(table.full_name()));
    if (const auto meant = text::closest(name, known)) hint = fmt::format("did you mean {}?", *meant);
    return Error(Errc::not_found, fmt::format("{} has no column \"{}\"", table.full_name(), name), std::move(hint));
}

Result<ColumnMeant> column_meant(Session& session, const std::string& words) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    std::optional<Error> no_column;
    for (auto dot = words.rfind('.'); dot != std::string::npos && dot > 0; dot = words.rfind('.', dot - 1)) {
        const auto table = catalog->get(words.substr(0, dot));
        if (!is_there(table)) continue;
        const auto column = column_of(**table, words.substr(dot + 1));
        if (column) return ColumnMeant{*table, *column};
        if (!no_column) no_column = column.error();
    }
    if (no_column) return std::move(*no_column);
    if (const auto table = catalog->get(words))
        return Error(Errc::usage, fmt::format("\"{}\" is a table: name a column of it", words),
                     (*table)->columns.empty()
                         ? fmt::format("see them: neurolake catalog schema {}", plain_or_quoted((*table)->full_name()))
                         : fmt::format("for instance {}",
                                       plain_or_quoted((*table)->full_name() + "." + (*table)->columns.front().name)));
    TRY_DO(table_named(session, words.substr(0, words.rfind('.'))));
    return Error(Errc::not_found, fmt::format("no column \"{}\" in the catalog", words));
}

Result<ColumnMeant> table_or_column_meant(Session& session, const std::string& words) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    if (const auto table = catalog->get(words)) return ColumnMeant{*table, nullptr};
    if (words.find('/') != std::string::npos)
        if (const auto table = table_named(session, words)) return ColumnMeant{*table, nullptr};
    return column_meant(session, words);
}

Status check_word(std::string_view what, std::string_view text, std::size_t most) {
    const auto refuse = [&](std::string_view why) {
        return Error(Errc::usage, fmt::format("{} {}: \"{}\"", what, why, text::escape_controls(text.substr(0, 80))));
    };
    if (text.empty()) return refuse("must not be empty");
    if (!text::is_utf8(text)) return refuse("must be UTF-8");
    if (text::trim(text).size() != text.size()) return refuse("must not begin or end with a blank");
    if (text.size() > most) return refuse(fmt::format("has at most {} bytes", text::with_thousands(most)));
    const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F; };
    if (std::ranges::any_of(text, is_control)) return refuse("must not hold control characters");
    return {};
}

json::Value words_json(const model::Table& table, bool changed) {
    auto value = json::Value::object();
    json::set_path(value, "table", table.full_name());
    value.set("changed", changed);
    if (!table.description.empty()) json::set_path(value, "description", table.description);
    if (!table.owner.empty()) json::set_path(value, "owner", table.owner);
    const auto list = [](const std::vector<std::string>& words) {
        auto items = json::Value::array();
        for (const auto& word : words) items.push(text::to_valid_utf8(word));
        return items;
    };
    value.set("tags", list(table.tags)).set("terms", list(table.terms));
    if (!table.compatibility.empty()) value.set("compatibility", table.compatibility);
    auto columns = json::Value::array();
    for (const auto* all : {&table.columns, &table.partition_columns})
        for (const auto& column : *all) {
            if (column.description.empty() && column.term.empty()) continue;
            auto entry = json::Value::object();
            json::set_path(entry, "name", column.name);
            if (!column.description.empty()) json::set_path(entry, "description", column.description);
            if (!column.term.empty()) json::set_path(entry, "term", column.term);
            columns.push(std::move(entry));
        }
    return value.set("columns", std::move(columns));
}

Status write_words(Session& session, const char* event, const std::vector<model::Table>& changed, json::Value facts) {
    if (changed.empty() || session.dry_run()) return {};
    TRY(catalog::Catalog * catalog, session.catalog());
    auto names = json::Value::array();
    for (const auto& table : changed) names.push(text::to_valid_utf8(table.full_name()));
    TRY_DO(catalog->update_tables(changed).with_context("write the catalog"));
    return session.audit(event, facts.set("tables", std::move(names)));
}

Result<int> change_words(Session& session, WordsChange change) {
    if (change.edit) TRY_DO(begin_change(session));
    std::vector<model::Table> after, changed;
    std::vector<bool> differs;
    for (const auto& words : change.tables) {
        TRY(const auto tables, tables_meant(session, words));
        for (const auto* table : tables) {
            after.push_back(*table);
            if (change.edit) TRY_DO(change.edit(after.back()));
            differs.push_back(!(after.back() == *table));
            if (differs.back()) changed.push_back(after.back());
        }
    }
    TRY_DO(write_words(session, change.event, changed, std::move(change.facts)));
    Output& out = session.out();
    if (out.machine()) {
        auto list = json::Value::array();
        for (std::size_t i = 0; i < after.size(); ++i) list.push(words_json(after[i], differs[i]));
        auto value = json::Value::object().set("schema", "neurolake.catalog.words/1").set("dry_run", session.dry_run());
        out.object(value.set("tables", std::move(list)));
        return 0;
    }
    for (std::size_t i = 0; i < after.size(); ++i) {
        const char* verb = session.dry_run() && differs[i] ? " would have" : "";
        const std::string line =
            fmt::format("{}{}: {}", out.name(after[i].full_name()), verb, change.tell(out, after[i]));
        if (!change.edit)
            out.line(line);
        else
            out.summary(differs[i] ? line : line + " (nothing changed)");
    }
    if (session.dry_run() && change.edit) out.summary("Dry run: nothing was written");
    return 0;
}

}  // namespace neurolake::apps
