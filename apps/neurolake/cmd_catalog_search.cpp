// cmd_catalog_search.cpp: `neurolake catalog search`: the tables that words mean, and every place where they stand.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "catalog/glossary.hpp"
#include "catalog/search.hpp"
#include "cmd_catalog.hpp"
#include "cmd_lineage.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

using catalog::FoundPlace;
using catalog::SearchWord;

struct Args {
    std::vector<std::string> words;
    std::size_t limit = 50;
};

json::Value found_json(const std::string& word, const std::string& where, const std::string& match) {
    auto one = json::Value::object().set("word", text::to_valid_utf8(word)).set("where", where);
    json::set_path(one, "match", match);
    return one;
}

json::Value hit_json(const catalog::Hit& hit, const std::vector<SearchWord>& words) {
    auto entry = json::Value::object();
    json::set_path(entry, "table", hit.table->full_name());
    entry.set("where", hit.found.front().where);
    json::set_path(entry, "match", hit.found.front().match);
    auto best = json::Value::array(), places = json::Value::array();
    for (const auto& found : hit.found) best.push(found_json(found.word, found.where, found.match));
    for (const auto& place : catalog::all_places(*hit.table, words)) {
        auto one = found_json(place.word, place.where, place.match);
        if (!place.column.empty()) json::set_path(one, "column", place.column);
        places.push(std::move(one));
    }
    entry.set("found", std::move(best)).set("places", std::move(places));
    return entry.set("tier", model::to_string(hit.table->tier)).set("rows", hit.table->rows);
}

// "column email, tag pii": a name that holds the word speaks for itself.
std::string best_places(const Output& out, const catalog::Hit& hit) {
    std::vector<std::string> places;
    for (const auto& found : hit.found) {
        const std::string place = found.where == "table" ? "name" : found.where + " " + out.value(found.match);
        if (std::ranges::find(places, place) == places.end()) places.push_back(place);
    }
    return fmt::format("{}", fmt::join(places, ", "));
}

// Of one kind, in words: "columns order_id, order_date", "description of zip".
struct Kind {
    std::string one, more;
    std::vector<std::string> what;
};

Kind kind_of(const Output& out, const FoundPlace& place) {
    const bool of_column = !place.column.empty() && place.where != "column";
    if (of_column) return {place.where + " of column", place.where + "s of columns", {out.value(place.column)}};
    return {place.where, place.where + "s", {out.value(place.match)}};
}

// Where a table holds the words, the best first: the best place of each of several words, then a line a kind.
std::vector<std::string> lines_of(const Output& out, const catalog::Hit& hit, const std::vector<SearchWord>& words) {
    constexpr std::size_t k_most = 20;  // on a screen
    const bool in_text = hit.found.front().where != "table" && hit.found.front().where != "bucket";
    const bool starts_with_kind = hit.found.size() == 1 && in_text;
    std::vector<Kind> kinds;
    for (const auto& place : catalog::all_places(*hit.table, words)) {
        const bool told = !starts_with_kind && std::ranges::any_of(hit.found, [&](const auto& found) {
            return found.where == place.where && found.match == place.match;
        });
        if (told || place.where == "table" || place.where == "bucket") continue;
        Kind next = kind_of(out, place);
        const auto known = std::ranges::find(kinds, next.one, &Kind::one);
        if (known == kinds.end())
            kinds.push_back(std::move(next));
        else if (std::ranges::find(known->what, next.what[0]) == known->what.end())
            known->what.push_back(next.what[0]);
    }
    std::vector<std::string> lines;
    if (!starts_with_kind) lines.push_back(best_places(out, hit));
    const std::size_t most = out.stdout_is_terminal() ? k_most : std::numeric_limits<std::size_t>::max();
    for (const auto& kind : kinds)
        lines.push_back((kind.what.size() == 1 ? kind.one : kind.more) + " " + short_list(kind.what, most));
    return lines;
}

void print_hits(Output& out, const catalog::Hits& hits, const std::vector<SearchWord>& words, std::uint64_t tables) {
    using Column = TableColumn;
    Table shown({{"TABLE", Column::Align::left, true, Column::Narrow::own_line, true},
                 {"FOUND IN", Column::Align::left, true, Column::Narrow::wrap}});
    for (const auto& hit : hits.best) {
        std::string name = out.name(hit.table->full_name());
        for (auto& line : lines_of(out, hit, words)) shown.row({std::exchange(name, ""), std::move(line)});
    }
    if (!hits.best.empty()) shown.print(out);
    if (hits.total == 0)
        out.summary(
            fmt::format("Nothing found in the names, columns, tags, terms, descriptions and owners of {}; the "
                        "data itself is not searched",
                        counted(tables, "table")));
    else if (hits.best.size() < hits.total)
        out.summary(fmt::format("and {} more: say another word, or --limit 0 for all",
                                text::with_thousands(hits.total - hits.best.size())));
    else
        out.summary(fmt::format("Found in {}", counted(hits.total, "table")));
}

Result<int> run_search(Session& session, const Args& args) {
    const std::string text = fmt::format("{}", fmt::join(args.words, " "));
    if (catalog::search_words(text, {}).empty())
        return Error(Errc::usage, "nothing to search for: the text is empty",
                     "all tables: neurolake catalog tables; or a word: neurolake catalog search email");
    TRY(const catalog::Catalog* catalog, session.catalog());
    const auto hits = catalog->search(text, args.limit);
    session.query("catalog.search", json::Value::object().set("text", text).set("hits", hits.total));
    const auto glossary = catalog::read_terms(*catalog);  // a damaged one is no reason to find nothing
    const auto words = catalog::search_words(text, glossary ? *glossary : std::vector<catalog::Term>{});
    Output& out = session.out();
    if (out.jsonl()) {
        for (const auto& hit : hits.best) out.object_line(hit_json(hit, words));
    } else if (out.json()) {
        auto list = json::Value::array();
        for (const auto& hit : hits.best) list.push(hit_json(hit, words));
        auto value = json::Value::object().set("schema", "neurolake.catalog.search/1").set("text", text);
        out.object(value.set("total", hits.total).set("hits", std::move(list)));
    } else {
        print_hits(out, hits, words, catalog->totals().tables);
    }
    return 0;
}

}  // namespace

void add_catalog_search(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "search", "Find tables by name, column, tag, term, owner or description", run_search,
        {"neurolake catalog search email", "neurolake catalog search orders zip --json"});
    app.add_option("TEXT", args.words, "Words that must all be found, without regard to case")->required();
    app.add_option("--limit", args.limit, "Show so many tables, the best first (50; 0: all)")
        ->type_name("N")
        ->capture_default_str();
}

}  // namespace neurolake::apps
