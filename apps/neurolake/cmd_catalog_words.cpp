// cmd_catalog_words.cpp: `neurolake catalog tag`, `describe` and `owner`: what people say of tables.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cmd_catalog.hpp"
#include "table_words.hpp"

namespace neurolake::apps {

namespace {

constexpr std::size_t k_most_tag = 100, k_most_owner = 200, k_most_description = 16384;

struct TagArgs {
    std::string table;
    std::vector<std::string> tags;
    bool remove = false;
};

struct TextArgs {
    std::string table, column;
    std::vector<std::string> words;
    bool remove = false;
};

json::Value text_list(const std::vector<std::string>& words) {
    auto list = json::Value::array();
    for (const auto& word : words) list.push(word);
    return list;
}

bool same_word(const std::string& a, const std::string& b) { return text::lower(a) == text::lower(b); }

Status check_tag(const std::string& tag) {
    TRY_DO(check_word("a tag", tag, k_most_tag));
    if (tag.find_first_of(",\n\t") == std::string::npos) return {};
    return Error(Errc::usage, fmt::format("a tag holds no comma and no line break: \"{}\"", text::escape_controls(tag)),
                 "several tags are several words: neurolake catalog tag TABLE one two");
}

Result<int> run_tag(Session& session, const TagArgs& args) {
    for (const auto& tag : args.tags)  // what is there can be taken away, whatever it is
        if (!args.remove || !text::is_utf8(tag)) TRY_DO(check_tag(tag));
    if (args.remove && args.tags.empty())
        return Error(Errc::usage, "--remove wants the tags to remove", "see them: neurolake catalog tag TABLE");
    const Edit edit = [&](model::Table& table) -> Status {
        for (const auto& tag : args.tags) {
            const auto same = [&](const std::string& known) { return same_word(known, tag); };
            if (args.remove)
                std::erase_if(table.tags, same);
            else if (std::ranges::none_of(table.tags, same))
                table.tags.push_back(tag);
        }
        std::ranges::sort(table.tags);
        return {};
    };
    const auto tell = [](const Output& out, const model::Table& table) {
        return table.tags.empty() ? "no tags" : out.name(fmt::format("{}", fmt::join(table.tags, ", ")));
    };
    auto facts = json::Value::object().set(args.remove ? "removed" : "added", text_list(args.tags));
    return change_words(session, {"catalog.tag", {args.table}, args.tags.empty() ? Edit() : edit, tell, facts});
}

// The words of the command line as one text; "" to read or to remove.
Result<std::string> text_of(const TextArgs& args, std::string_view what, std::size_t most) {
    const std::string text = fmt::format("{}", fmt::join(args.words, " "));
    if (args.words.empty()) return text;
    if (args.remove)
        return Error(Errc::usage, fmt::format("--remove takes no {}", what),
                     "say the words, or --remove to take them away");
    TRY_DO(check_word(what, text, most));
    return text;
}

bool reads(const TextArgs& args) { return args.words.empty() && !args.remove; }

Result<int> run_owner(Session& session, const TextArgs& args) {
    TRY(const std::string name, text_of(args, "an owner", k_most_owner));
    const Edit edit = [&](model::Table& table) -> Status {
        table.owner = name;
        return {};
    };
    const auto tell = [](const Output& out, const model::Table& table) {
        return table.owner.empty() ? "no owner" : "owner " + out.name(table.owner);
    };
    return change_words(
        session,
        {"catalog.owner", {args.table}, reads(args) ? Edit() : edit, tell, json::Value::object().set("owner", name)});
}

model::Column* find_column(model::Table& table, const std::string& name) {
    for (auto* list : {&table.columns, &table.partition_columns})
        for (auto& column : *list)
            if (column.name == name) return &column;
    return nullptr;
}

// The table's description, and below it those of its columns.
std::string all_said(const Output& out, const model::Table& table) {
    std::string said = table.description.empty() ? "no description" : out.name(table.description);
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list)
            if (!column.description.empty())
                said += fmt::format("\n  {}: {}", out.value(column.name), out.name(column.description));
    return said;
}

Result<int> run_describe(Session& session, const TextArgs& args) {
    TRY(const std::string text, text_of(args, "a description", k_most_description));
    const Edit edit = [&](model::Table& table) -> Status {
        if (!args.column.empty()) {
            TRY_DO(column_of(table, args.column));
            find_column(table, args.column)->description = text;
        } else {
            table.description = text;
        }
        return {};
    };
    const bool all = reads(args) && args.column.empty();
    const auto tell = [&](const Output& out, const model::Table& table) -> std::string {
        if (all) return all_said(out, table);
        const model::Column* column = args.column.empty() ? nullptr : column_of(table, args.column).value_or(nullptr);
        const std::string& said = column ? column->description : table.description;
        return (column ? out.value(args.column) + ": " : "") + (said.empty() ? "no description" : out.name(said));
    };
    auto facts = json::Value::object();
    if (!args.column.empty()) json::set_path(facts, "column", args.column);
    if (reads(args) && !args.column.empty()) {
        TRY(const auto tables, tables_meant(session, args.table));
        for (const auto* table : tables) TRY_DO(column_of(*table, args.column));
    }
    return change_words(
        session, {"catalog.describe", {args.table}, reads(args) ? Edit() : edit, tell, facts.set("description", text)});
}

}  // namespace

namespace {

// What `describe` and `owner` take.
void add_text(CommandLine app, TextArgs& args, const char* word, const char* what, const char* remove) {
    add_tables(app, args.table);
    app.add_option(word, args.words, what);
    app.add_flag("--remove", args.remove, remove);
    add_dry_run(app);
}

}  // namespace

void add_catalog_tag(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<TagArgs>(
        catalog, "tag", "Tag tables, or show their tags; kept through every index and rename", run_tag,
        {"neurolake catalog tag raw-data.customers pii gold", "neurolake catalog tag 'raw-data.*' draft --remove"});
    add_tables(app, args.table);
    app.add_option("TAG", args.tags, "The tags (none: those it has are shown)");
    app.add_flag("--remove", args.remove, "Take these tags away");
    add_dry_run(app);
}

void add_catalog_describe(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<TextArgs>(
        catalog, "describe", "Say what a table or a column is, or show what was said", run_describe,
        {"neurolake catalog describe raw-data.orders \"One row an order, without returns\"",
         "neurolake catalog describe raw-data.orders --column zip \"As typed by the customer\""});
    add_text(app, args, "TEXT", "The description (none: what was said is shown)", "Take the description away");
    app.add_option("--column", args.column, "Say it of this column, not of the table")->type_name("COLUMN");
}

void add_catalog_owner(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<TextArgs>(
        catalog, "owner", "Say who answers for tables, or show it", run_owner,
        {"neurolake catalog owner raw-data.orders sales@example.com", "neurolake catalog owner 'archive.*' --remove"});
    add_text(app, args, "NAME", "A person or a team (none: the owner is shown)", "Nobody answers for them any more");
}

}  // namespace neurolake::apps
