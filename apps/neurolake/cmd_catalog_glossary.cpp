// cmd_catalog_glossary.cpp: `neurolake catalog glossary`: terms, and the tables and columns they stand for.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog/glossary.hpp"
#include "cmd_catalog.hpp"
#include "table.hpp"
#include "table_words.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

using catalog::Term;

constexpr std::size_t k_most_term = 200, k_most_definition = 16384;

struct ListArgs {};

struct TermArgs {
    std::string term, definition;
    std::vector<std::string> synonyms, targets;
};

// A table or column that stands for a term.
struct Link {
    const model::Table* table = nullptr;
    std::string column;  // "": the table itself
};

std::vector<Link> links_of(const catalog::Catalog& catalog, const std::string& term) {
    std::vector<Link> links;
    for (const auto& table : catalog.tables()) {
        if (!table.deleted_at.empty()) continue;
        if (std::ranges::find(table.terms, term) != table.terms.end()) links.push_back({&table, {}});
        for (const auto* list : {&table.columns, &table.partition_columns})
            for (const auto& column : *list)
                if (column.term == term) links.push_back({&table, column.name});
    }
    return links;
}

std::string shown(const Output& out, const Link& link) {
    return out.name(link.table->full_name() + (link.column.empty() ? "" : "." + link.column));
}

Result<Term> term_meant(const std::vector<Term>& terms, const std::string& word) {
    if (const Term* found = catalog::find_term(terms, word)) return *found;
    std::vector<std::string> known;
    for (const auto& term : terms) known.push_back(term.name);
    std::string hint = fmt::format("make it: neurolake catalog glossary add \"{}\" --definition \"...\"", word);
    if (const auto meant = text::closest(word, known)) hint = fmt::format("did you mean \"{}\"?", *meant);
    return Error(Errc::not_found, fmt::format("no term \"{}\" in the glossary", word), std::move(hint));
}

json::Value term_json(const Term& term, const std::vector<Link>& links) {
    auto value = json::Value::object().set("term", term.name).set("definition", term.definition);
    auto synonyms = json::Value::array(), places = json::Value::array();
    for (const auto& word : term.synonyms) synonyms.push(word);
    for (const auto& link : links) {
        auto place = json::Value::object();
        json::set_path(place, "table", link.table->full_name());
        if (!link.column.empty()) json::set_path(place, "column", link.column);
        places.push(std::move(place));
    }
    return value.set("synonyms", std::move(synonyms)).set("links", std::move(places));
}

// What every command of the family answers with --json: the terms it was about.
void answer(Session& session, json::Value terms, bool changed) {
    auto value = json::Value::object().set("schema", "neurolake.catalog.glossary/1");
    value.set("dry_run", session.dry_run()).set("changed", changed);
    session.out().object(value.set("terms", std::move(terms)));
}

Result<int> run_list(Session& session, const ListArgs&) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto terms, catalog::read_terms(*catalog));
    Output& out = session.out();
    auto list = json::Value::array();
    Table rows({{"TERM", TableColumn::Align::left, true},
                {"LINKS", TableColumn::Align::right},
                {"DEFINITION", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    for (const auto& term : terms) {
        const auto links = links_of(*catalog, term.name);
        rows.row({out.name(term.name), std::to_string(links.size()), out.name(term.definition)});
        list.push(term_json(term, links));
    }
    if (out.machine()) {
        answer(session, std::move(list), false);
        return 0;
    }
    if (!terms.empty()) rows.print(out);
    if (terms.empty())
        out.summary("The glossary is empty; a first term: neurolake catalog glossary add NAME --definition \"...\"");
    return 0;
}

void print_term(Output& out, const Term& term, const std::vector<Link>& links) {
    out.line(out.paint(Style::bold, out.name(term.name)));
    if (!term.definition.empty()) out.line("  " + out.name(term.definition));
    if (!term.synonyms.empty()) out.line("  Also: " + out.name(fmt::format("{}", fmt::join(term.synonyms, ", "))));
    for (const auto& link : links) out.line("  " + shown(out, link));
    if (links.empty())
        out.summary(
            fmt::format("  Stands for no table or column yet: neurolake catalog glossary link \"{}\" "
                        "BUCKET.TABLE[.COLUMN]",
                        out.name(term.name)));
}

Result<int> run_show(Session& session, const TermArgs& args) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto terms, catalog::read_terms(*catalog));
    TRY(const Term term, term_meant(terms, args.term));
    const auto links = links_of(*catalog, term.name);
    if (session.out().machine()) {
        auto list = json::Value::array();
        list.push(term_json(term, links));
        answer(session, std::move(list), false);
        return 0;
    }
    print_term(session.out(), term, links);
    return 0;
}

Status write_term(Session& session, const char* event, const Term& term, bool goes) {
    if (session.dry_run()) return {};
    TRY(catalog::Catalog * catalog, session.catalog());
    catalog::EntryChange change{catalog::List::glossary, catalog::term_id(term.name), std::nullopt};
    if (!goes) change.entry = catalog::to_entry(term);
    TRY_DO(catalog->change_entries({change}).with_context("write the glossary"));
    return session.audit(event, json::Value::object().set("term", term.name).set("definition", term.definition));
}

// The end of every change: what is so now, and whether this run made it so.
int finish(Session& session, const Term& term, bool changed, std::string_view said) {
    Output& out = session.out();
    if (out.machine()) {
        auto list = json::Value::array();
        const auto catalog = session.catalog();
        list.push(term_json(term, catalog ? links_of(**catalog, term.name) : std::vector<Link>{}));
        answer(session, std::move(list), changed);
        return 0;
    }
    const char* would = session.dry_run() && changed ? "would be " : "";
    out.summary(fmt::format("{}: {}{}", out.name(term.name), would, changed ? said : "nothing changed"));
    if (session.dry_run()) out.summary("Dry run: nothing was written");
    return 0;
}

// A word means one term: a synonym that is another term, or another's synonym, would lead some searches to one of them
// and some to the other.
Status check_meaning(const std::vector<Term>& terms, const std::string& own_id, const std::string& word) {
    const auto said = text::lower(word);
    const auto same = [&](const std::string& known) { return text::lower(known) == said; };
    for (const Term& other : terms) {
        if (catalog::term_id(other.name) == own_id) continue;
        if (same(other.name))
            return Error(Errc::conflict, fmt::format("\"{}\" is a term of its own", word),
                         fmt::format("see it: neurolake catalog glossary show \"{}\"", other.name));
        if (std::ranges::any_of(other.synonyms, same))
            return Error(Errc::conflict,
                         fmt::format("\"{}\" is a synonym of the term \"{}\" already", word, other.name),
                         fmt::format("take it from there first: neurolake catalog glossary remove \"{}\" --synonym "
                                     "\"{}\"",
                                     other.name, word));
    }
    return {};
}

Status take_synonyms(Term& term, const std::vector<Term>& terms, const std::vector<std::string>& words) {
    for (const auto& word : words) {
        TRY_DO(check_word("a synonym", word, k_most_term));
        TRY_DO(check_meaning(terms, catalog::term_id(term.name), word));
        const auto same = [&](const auto& known) { return text::lower(known) == text::lower(word); };
        if (!same(term.name) && std::ranges::none_of(term.synonyms, same)) term.synonyms.push_back(word);
    }
    std::ranges::sort(term.synonyms);
    return {};
}

Result<int> run_add(Session& session, const TermArgs& args) {
    TRY_DO(check_word("a term", args.term, k_most_term));
    if (!args.definition.empty()) TRY_DO(check_word("a definition", args.definition, k_most_definition));
    TRY_DO(begin_change(session));
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto terms, catalog::read_terms(*catalog));
    const auto id = catalog::term_id(args.term);
    const auto known = std::ranges::find_if(terms, [&](const Term& t) { return catalog::term_id(t.name) == id; });
    if (known == terms.end()) TRY_DO(check_meaning(terms, id, args.term));
    Term term = known == terms.end() ? Term{args.term, {}, {}} : *known;
    if (!args.definition.empty()) term.definition = args.definition;
    TRY_DO(take_synonyms(term, terms, args.synonyms));
    const bool changed = known == terms.end() || !(term == *known);
    if (changed) TRY_DO(write_term(session, "glossary.add", term, false));
    return finish(session, term, changed, known == terms.end() ? "added" : "changed");
}

// The links first: when the run dies between, the term is still there and removing it again finishes the work.
Result<int> run_remove(Session& session, const TermArgs& args) {
    TRY_DO(begin_change(session));
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto terms, catalog::read_terms(*catalog));
    const Term* found = catalog::find_term(terms, args.term);
    if (!found) return finish(session, Term{args.term, {}, {}}, false, "");
    Term term = *found;
    if (!args.synonyms.empty()) {
        for (const auto& word : args.synonyms)
            std::erase_if(term.synonyms, [&](const auto& known) { return text::lower(known) == text::lower(word); });
        const bool changed = !(term == *found);
        if (changed) TRY_DO(write_term(session, "glossary.add", term, false));
        return finish(session, term, changed, "changed");
    }
    std::vector<model::Table> linked;
    for (const auto& table : catalog->tables()) {  // of tables that are gone, too
        model::Table without = table;
        std::erase(without.terms, term.name);
        for (auto* list : {&without.columns, &without.partition_columns})
            for (auto& column : *list)
                if (column.term == term.name) column.term.clear();
        if (!(without == table)) linked.push_back(std::move(without));
    }
    const auto links = links_of(*catalog, term.name).size();
    TRY_DO(write_words(session, "glossary.unlink", linked, json::Value::object().set("term", term.name)));
    TRY_DO(write_term(session, "glossary.remove", term, true));
    return finish(session, term, true,
                  links == 0 ? "removed" : fmt::format("removed, with its {}", counted(links, "link")));
}

model::Column& same_column(model::Table& table, const std::string& name) {
    for (auto* list : {&table.columns, &table.partition_columns})
        for (auto& column : *list)
            if (column.name == name) return column;
    return table.columns.front();  // not reached: the name comes from the same table
}

enum class Verb { link, unlink };

bool change_link(model::Table& table, const std::string& column, const std::string& term, Verb verb) {
    const model::Table before = table;
    if (!column.empty()) {
        std::string& word = same_column(table, column).term;
        if (verb == Verb::link)
            word = term;
        else if (word == term)
            word.clear();
    } else {
        std::erase(table.terms, term);
        if (verb == Verb::link) table.terms.push_back(term);
        std::ranges::sort(table.terms);
    }
    return !(table == before);
}

Result<int> change_links(Session& session, const TermArgs& args, Verb verb) {
    TRY_DO(begin_change(session));
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto terms, catalog::read_terms(*catalog));
    TRY(const Term term, term_meant(terms, args.term));
    std::vector<model::Table> changed;
    std::vector<std::string> lines;
    for (const auto& words : args.targets) {
        TRY(const ColumnMeant meant, table_or_column_meant(session, words));
        auto copy = std::ranges::find(changed, meant.table->id, &model::Table::id);
        if (copy == changed.end()) copy = changed.insert(copy, *meant.table);
        const std::string column = meant.column ? meant.column->name : "";
        const std::string was = meant.column ? meant.column->term : "";
        const bool differs = change_link(*copy, column, term.name, verb);
        std::string line = session.out().name(meant.table->full_name() + (column.empty() ? "" : "." + column));
        const bool would = differs && session.dry_run();
        if (verb == Verb::link)
            line += would ? " would stand for " : " stands for ";
        else
            line += would ? " would no longer stand for " : " no longer stands for ";
        line += session.out().name(term.name);
        if (differs && verb == Verb::link && !was.empty())
            line += fmt::format(", {} {}", would ? "now" : "was", session.out().name(was));
        lines.push_back(line + (differs ? "" : " (nothing changed)"));
    }
    std::erase_if(changed, [&](const model::Table& table) {
        const auto same = catalog->get(table.full_name());
        return same && **same == table;
    });
    const bool any = !changed.empty();
    TRY_DO(write_words(session, verb == Verb::link ? "glossary.link" : "glossary.unlink", changed,
                       json::Value::object().set("term", term.name)));
    if (session.out().machine()) return finish(session, term, any, "");
    for (const auto& line : lines) session.out().summary(line);
    if (session.dry_run()) session.out().summary("Dry run: nothing was written");
    return 0;
}

Result<int> run_link(Session& session, const TermArgs& args) { return change_links(session, args, Verb::link); }
Result<int> run_unlink(Session& session, const TermArgs& args) { return change_links(session, args, Verb::unlink); }

void add_term(CommandLine app, TermArgs& args) { app.add_option("TERM", args.term, "The term")->required(); }

void add_linking(CommandLine glossary, Registry& registry) {
    const auto add_targets = [](CommandLine app, TermArgs& args) {
        add_term(app, args);
        app.add_option("TABLE", args.targets, "Tables, or columns as TABLE.COLUMN")->required();
        add_dry_run(app);
    };
    auto [link, link_args] =
        registry.command<TermArgs>(glossary, "link", "Say that tables or columns stand for a term", run_link,
                                   {"neurolake catalog glossary link Customer raw-data.customers",
                                    "neurolake catalog glossary link \"Postal code\" raw-data.orders.zip"});
    add_targets(link, link_args);
    auto [unlink, unlink_args] =
        registry.command<TermArgs>(glossary, "unlink", "Say that they no longer do", run_unlink,
                                   {"neurolake catalog glossary unlink Customer raw-data.customers",
                                    "neurolake catalog glossary unlink Customer raw-data.orders.buyer"});
    add_targets(unlink, unlink_args);
}

}  // namespace

void add_catalog_glossary(CommandLine catalog, Registry& registry) {
    CommandLine glossary = registry.group(
        catalog, "glossary", "The words of your trade: what they mean, which tables and columns stand for them",
        {"neurolake catalog glossary add Customer --definition \"Someone who bought once\" --synonym client",
         "neurolake catalog glossary link Customer raw-data.customers"});
    auto [add, add_args] = registry.command<TermArgs>(
        glossary, "add", "Add a term, or change what it means", run_add,
        {"neurolake catalog glossary add Customer --definition \"Someone who bought once\" --synonym client",
         "neurolake catalog glossary add Customer --synonym buyer"});
    add_term(add, add_args);
    add.add_option("--definition", add_args.definition, "What it means")->type_name("WORDS");
    add.add_option("--synonym", add_args.synonyms, "What else it is called; search finds it so")->type_name("WORD");
    add_dry_run(add);
    registry.command<ListArgs>(
        glossary, "list", "All terms", run_list,
        {"neurolake catalog glossary list", "neurolake catalog glossary list --json | jq -r '.terms[].term'"});
    auto [show, show_args] = registry.command<TermArgs>(
        glossary, "show", "One term, and what stands for it", run_show,
        {"neurolake catalog glossary show Customer", "neurolake catalog glossary show client --json"});
    add_term(show, show_args);
    auto [remove, remove_args] = registry.command<TermArgs>(
        glossary, "remove", "Remove a term with its links, or only synonyms of it", run_remove,
        {"neurolake catalog glossary remove Customer", "neurolake catalog glossary remove Customer --synonym client"});
    add_term(remove, remove_args);
    remove.add_option("--synonym", remove_args.synonyms, "Only these synonyms")->type_name("WORD");
    add_dry_run(remove);
    add_linking(glossary, registry);
}

}  // namespace neurolake::apps
