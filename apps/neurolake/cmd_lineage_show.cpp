// cmd_lineage_show.cpp: `neurolake lineage show`, `impact` and `cycles`: the graph as a tree, a picture, a list.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_lineage.hpp"
#include "shell_words.hpp"
#include "table.hpp"

namespace neurolake::apps {

using catalog::Direction;
using catalog::Lineage;
using catalog::LineageView;

namespace {

struct ShowArgs {
    std::string dataset, format = "text", direction = "both", depth = "1";
    std::size_t limit = 25;
    bool columns = false;
};

struct ImpactArgs {
    std::string dataset;
};

struct NoArgs {};

// ---- the tree

class Tree {
public:
    Tree(Output& out, const Lineage& lineage, const LineageView& view, std::size_t deepest, bool columns)
        : m_out(out), m_lineage(lineage), m_deepest(deepest), m_columns(columns) {
        for (const auto& node : view.nodes) m_in_view.insert(node.dataset);
    }

    // False when there is nothing on that side.
    bool print(const char* title, std::size_t start, Direction direction, std::size_t more) {
        const auto links = links_shown(start, direction);
        if (links.empty() && !more) return false;
        m_out.line(fmt::format("{}:", title));
        m_expanded.clear();
        m_depth.clear();
        std::size_t beside = 0, farthest = 0;  // of what is not shown
        for (const auto& at : catalog::walk(m_lineage, start, direction)) {
            if (at.depth <= m_deepest) m_depth[at.dataset] = at.depth;
            if (m_in_view.contains(at.dataset)) continue;
            if (at.depth == 1 && m_deepest > 0) ++beside;
            farthest = std::max(farthest, at.depth);
        }
        branch(start, direction, "", std::min(beside, more));
        if (more > beside) further(direction, more - beside, farthest);
        return true;
    }

private:
    // Not a branch of what was asked for, so it hangs on nothing.
    void further(Direction direction, std::size_t count, std::size_t farthest) {
        const char* where = direction == Direction::up ? "up" : "down";
        const std::string how = farthest > m_deepest ? fmt::format("--depth {}", farthest) : "--limit 0";
        m_out.line("   " + m_out.paint(Style::dim, fmt::format("and {} more further {} ({})",
                                                               text::with_thousands(count), where, how)));
    }

    std::vector<std::size_t> links_shown(std::size_t dataset, Direction direction) const {
        std::vector<std::size_t> shown;
        for (const std::size_t link : catalog::links_of(m_lineage, dataset, direction))
            if (m_in_view.contains(catalog::other_end(m_lineage, link, direction))) shown.push_back(link);
        std::ranges::sort(shown, {}, [&](std::size_t link) { return catalog::other_end(m_lineage, link, direction); });
        return shown;
    }

    bool opens(std::size_t dataset, Direction direction) const {
        const auto at = m_depth.find(dataset);
        return at != m_depth.end() && at->second < m_deepest && !links_shown(dataset, direction).empty();
    }

    void branch(std::size_t dataset, Direction direction, const std::string& indent, std::size_t more) {
        m_expanded.insert(dataset);
        m_way.push_back(dataset);
        const auto links = links_shown(dataset, direction);
        for (std::size_t i = 0; i < links.size(); ++i) {
            const bool last = i + 1 == links.size() && !more;
            const std::size_t end = catalog::other_end(m_lineage, links[i], direction);
            const bool circle = std::ranges::find(m_way, end) != m_way.end();
            const bool again = !circle && m_expanded.contains(end) && opens(end, direction);
            const bool deeper = !circle && !again && opens(end, direction);
            const std::string closed = circle || deeper ? "" : closes(end, direction);
            m_out.line(indent + knee(last) + words(end, links[i], circle, again, closed));
            const std::string below = indent + (last ? "   " : (m_out.utf8() ? "│  " : "|  "));
            if (m_columns) columns(links[i], below + (deeper ? (m_out.utf8() ? "│  " : "|  ") : "   "));
            if (deeper) branch(end, direction, below, 0);
        }
        if (more)
            m_out.line(indent + knee(true) +
                       m_out.paint(Style::dim, fmt::format("and {} more", text::with_thousands(more))));
        m_way.pop_back();
    }

    std::string knee(bool last) const {
        if (m_out.utf8()) return last ? "└─ " : "├─ ";
        return last ? "`- " : "|- ";
    }

    // What this leads back to, where it is not opened to show that.
    std::string closes(std::size_t dataset, Direction direction) const {
        for (const std::size_t before : m_way)
            for (const std::size_t next : catalog::neighbours(m_lineage, dataset, direction))
                if (next == before) return m_lineage.datasets()[before].name;
        return "";
    }

    std::string words(std::size_t dataset, std::size_t link, bool circle, bool again, const std::string& closed) const {
        const auto& at = m_lineage.datasets()[dataset];
        std::string text = one_line(m_out, at.name), notes;
        const auto note = [&](const std::string& more) { notes += (notes.empty() ? "" : ", ") + more; };
        if (!at.table) note(at.ref.name_space == model::k_lake_namespace ? "not in the catalog" : "external");
        if (at.gone()) note("its files are gone");
        if (circle) note("again: a cycle");
        if (!closed.empty()) note("in a cycle with " + one_line(m_out, closed));
        if (again) note("see above");
        const auto jobs = catalog::jobs_of(m_lineage, m_lineage.links()[link]);
        if (!jobs.empty())
            text += m_out.paint(Style::dim, fmt::format("  by {}", one_line(m_out, short_list(jobs, 3))));
        if (!notes.empty()) text += m_out.paint(Style::dim, fmt::format("  ({})", notes));
        return text;
    }

    // Of several inputs the one that a column comes from is named: two may have columns of the same name.
    void columns(std::size_t link, const std::string& indent) const {
        const Lineage::Link& shown = m_lineage.links()[link];
        const bool several = catalog::links_of(m_lineage, shown.to, Direction::up).size() > 1;
        const auto pairs = catalog::columns_of(m_lineage, shown);
        const std::string text = columns_text(m_out, pairs, several ? m_lineage.datasets()[shown.from].name : "");
        if (!pairs.empty()) m_out.line(indent + m_out.paint(Style::dim, text));
    }

    Output& m_out;
    const Lineage& m_lineage;
    std::size_t m_deepest;
    bool m_columns;
    std::map<std::size_t, std::size_t> m_depth;  // on the side that is printed
    std::set<std::size_t> m_in_view;
    std::set<std::size_t> m_expanded;
    std::vector<std::size_t> m_way;
};

std::string head_line(const Output& out, const Lineage::Dataset& dataset) {
    if (dataset.gone()) return "its files are gone since " + dataset.table->deleted_at;
    if (dataset.table) {
        const std::string owner =
            dataset.table->owner.empty() ? "" : out.separator() + "owner " + out.name(dataset.table->owner);
        return card_line(out, *dataset.table) + owner;
    }
    return dataset.ref.name_space == model::k_lake_namespace ? "not in the catalog"
                                                             : "external: " + out.name(dataset.ref.name_space);
}

void print_tree(Session& session, const Lineage& lineage, const LineageView& view, std::size_t depth,
                const ShowArgs& args) {
    Output& out = session.out();
    const auto& start = lineage.datasets()[view.start];
    out.line(out.paint(Style::bold, one_line(out, start.name)));
    out.line("  " + head_line(out, start));
    Tree tree(out, lineage, view, depth, args.columns);
    const bool up = args.direction != "down", down = args.direction != "up";
    if (up && !tree.print("Made from", view.start, Direction::up, view.more_up))
        out.line("Made from nothing that is known");
    if (down && !tree.print("Feeds", view.start, Direction::down, view.more_down))
        out.line("Feeds nothing that is known");
    if (view.more_up + view.more_down)
        out.summary(fmt::format("More of it: neurolake lineage show {} --depth all --limit 0",
                                plain_or_quoted(one_line(out, start.name))));
}

json::Value view_json(const Lineage& lineage, const LineageView& view) {
    auto datasets = json::Value::array(), edges = json::Value::array();
    for (const auto& node : view.nodes) datasets.push(dataset_json(lineage, node.dataset).set("level", node.level));
    for (const std::size_t link : view.links)
        for (const std::size_t edge : lineage.links()[link].edges)
            edges.push(edge_json(lineage, lineage.edges()[edge]));
    auto more = json::Value::object().set("up", view.more_up).set("down", view.more_down);
    auto value = json::Value::object().set("schema", "neurolake.lineage.show/1");
    value.set("dataset", dataset_json(lineage, view.start)).set("datasets", std::move(datasets));
    return value.set("edges", std::move(edges)).set("more", std::move(more));
}

Result<std::size_t> depth_of(const std::string& words) {
    if (words == "all") return catalog::k_any_depth;
    if (words.empty() || words.size() > 9 || words.find_first_not_of("0123456789") != std::string::npos)
        return Error(Errc::usage, fmt::format("--depth wants a number or 'all', got '{}'", words));
    return static_cast<std::size_t>(std::stoul(words));
}

// Whether a table of that name is what an index would make of a file of the lake, or of a folder it lies in:
// "processed.zips" of processed/zips.csv.
bool would_be_of(const std::string& place, std::string_view table) {
    const auto parts = text::split(place, '/');
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto stem = parts[i].substr(0, parts[i].find('.', 1));
        if (table == stem || table == fmt::format("{}.{}", parts[0], stem)) return true;
    }
    return false;
}

// A file that a run made has lineage before it is a table: the name that its table will have leads to it, too.
Result<std::optional<std::size_t>> dataset_to_show(Session& session, const Lineage& lineage, const std::string& words) {
    auto found = dataset_in(session, lineage, words);
    if (found || found.error().code != Errc::not_found) return found;
    for (const auto& dataset : lineage.datasets()) {
        if (dataset.table || dataset.ref.name_space != model::k_lake_namespace) continue;
        if (!would_be_of(dataset.name, words)) continue;
        return Error(Errc::not_found,
                     fmt::format("no table \"{}\" in the catalog yet; there is lineage of {}", words, dataset.name),
                     fmt::format("neurolake catalog index makes it a table; as long as it is none, ask for {}",
                                 plain_or_quoted(dataset.name)));
    }
    return found;
}

// A table that nobody has said anything of is a graph of one.
Result<int> show_alone(Session& session, const Lineage& lineage, const ShowArgs& args) {
    TRY(const model::Table* table, table_named(session, args.dataset));
    Output& out = session.out();
    if (out.machine() || args.format == "json") {
        auto dataset = ref_json(lineage.names(), catalog::LineageNames::ref(*table));
        auto alone = dataset;
        auto more = json::Value::object().set("up", 0).set("down", 0);
        auto value = json::Value::object().set("schema", "neurolake.lineage.show/1").set("dataset", std::move(dataset));
        auto datasets = json::Value::array();
        datasets.push(alone.set("level", 0));
        value.set("datasets", std::move(datasets)).set("edges", json::Value::array());
        out.raw(json::dump(value.set("more", std::move(more))) + "\n");
        return 0;
    }
    if (args.format != "text")
        return Error(Errc::not_found,
                     fmt::format("nothing is known of where {} comes from or goes", table->full_name()),
                     "say it with: neurolake lineage add --in SOURCE --out " + plain_or_quoted(table->full_name()));
    out.line(out.paint(Style::bold, out.name(table->full_name())));
    out.line("  " + card_line(out, *table));
    out.line("Nothing is known of where it comes from or goes");
    out.summary(
        fmt::format("Next: neurolake lineage add --in SOURCE --out {}", out.name(plain_or_quoted(table->full_name()))));
    return 0;
}

Result<int> run_show(Session& session, const ShowArgs& args) {
    TRY(const auto depth, depth_of(args.depth));
    TRY(const auto lineage, read_lineage(session));
    TRY(const auto start, dataset_to_show(session, lineage, args.dataset));
    if (!start) return show_alone(session, lineage, args);
    catalog::ViewWish wish;
    wish.up = args.direction == "down" ? 0 : depth;
    wish.down = args.direction == "up" ? 0 : depth;
    wish.widest = args.limit;
    auto view = catalog::view_of(lineage, *start, wish);
    if (args.direction == "down") view.more_up = 0;
    if (args.direction == "up") view.more_down = 0;
    Output& out = session.out();
    if (out.machine() || args.format == "json")
        out.raw(json::dump(view_json(lineage, view)) + "\n");
    else if (args.format == "dot")
        out.raw(catalog::to_dot(lineage, view, args.columns));
    else if (args.format == "mermaid")
        out.raw(catalog::to_mermaid(lineage, view, args.columns));
    else if (args.format == "svg")
        out.raw(catalog::to_svg(lineage, view, args.columns));
    else
        print_tree(session, lineage, view, depth, args);
    return 0;
}

// ---- impact

struct Affected {
    catalog::Reached at;
    std::vector<std::size_t> way;  // datasets between the start and it
};

std::vector<Affected> affected_by(const Lineage& lineage, std::size_t start) {
    std::vector<Affected> all;
    std::map<std::size_t, std::size_t> place;
    for (const auto& at : catalog::walk(lineage, start, Direction::down)) {
        Affected affected{at, {}};
        const std::size_t before = lineage.links()[at.via].from;
        if (before != start) {
            affected.way = all[place.at(before)].way;
            affected.way.push_back(before);
        }
        place[at.dataset] = all.size();
        all.push_back(std::move(affected));
    }
    return all;
}

std::string owner_of(const Lineage& lineage, std::size_t dataset) {
    const auto* table = lineage.datasets()[dataset].table;
    return table ? table->owner : "";
}

json::Value impact_json(const Lineage& lineage, std::size_t start, const std::vector<Affected>& all) {
    auto list = json::Value::array(), owners = json::Value::array();
    std::set<std::string> known;
    for (const auto& affected : all) {
        auto item = dataset_json(lineage, affected.at.dataset).set("depth", affected.at.depth);
        auto through = json::Value::array(), jobs = json::Value::array();
        for (const std::size_t dataset : affected.way)
            through.push(text::to_valid_utf8(lineage.datasets()[dataset].name));
        for (const auto& job : catalog::jobs_of(lineage, lineage.links()[affected.at.via]))
            jobs.push(text::to_valid_utf8(job));
        list.push(item.set("through", std::move(through)).set("jobs", std::move(jobs)));
        if (const auto owner = owner_of(lineage, affected.at.dataset); !owner.empty()) known.insert(owner);
    }
    for (const auto& owner : known) owners.push(text::to_valid_utf8(owner));
    auto value = json::Value::object().set("schema", "neurolake.lineage.impact/1");
    value.set("dataset", dataset_json(lineage, start)).set("affected", std::move(list));
    return value.set("owners", std::move(owners));
}

void print_impact(Output& out, const Lineage& lineage, std::size_t start, const std::vector<Affected>& all) {
    Table shown({{"DEPTH", TableColumn::Align::right},
                 {"TABLE", TableColumn::Align::left, true, TableColumn::Narrow::own_line, true},
                 {"OWNER", TableColumn::Align::left, true},
                 {"BY", TableColumn::Align::left, true, TableColumn::Narrow::wrap},
                 {"THROUGH", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    std::set<std::string> owners;
    for (const auto& affected : all) {
        const auto& dataset = lineage.datasets()[affected.at.dataset];
        const auto owner = owner_of(lineage, affected.at.dataset);
        if (!owner.empty()) owners.insert(owner);
        std::string way;
        for (const std::size_t step : affected.way)
            way += (way.empty() ? "" : out.utf8() ? " → " : " -> ") + one_line(out, lineage.datasets()[step].name);
        const auto jobs = catalog::jobs_of(lineage, lineage.links()[affected.at.via]);
        const char* mark = dataset.gone()                                      ? " (gone)"
                           : dataset.table                                     ? ""
                           : dataset.ref.name_space == model::k_lake_namespace ? " (not in the catalog)"
                                                                               : " (external)";
        shown.row({std::to_string(affected.at.depth), one_line(out, dataset.name) + mark,
                   owner.empty() ? "-" : one_line(out, owner), jobs.empty() ? "-" : one_line(out, short_list(jobs, 2)),
                   way});
    }
    const auto name = one_line(out, lineage.datasets()[start].name);
    if (all.empty()) return out.summary(fmt::format("Nothing that is known is made from {}", name));
    shown.print(out);
    out.summary(fmt::format(
        "A change of {} reaches {}{}", name, counted(all.size(), "dataset"),
        owners.empty() ? "" : ", owned by " + one_line(out, short_list({owners.begin(), owners.end()}, 5))));
}

Result<int> run_impact(Session& session, const ImpactArgs& args) {
    TRY(const auto lineage, read_lineage(session));
    TRY(const auto start, dataset_to_show(session, lineage, args.dataset));
    Output& out = session.out();
    if (start) {
        const auto all = affected_by(lineage, *start);
        if (out.machine())
            out.object(impact_json(lineage, *start, all));
        else
            print_impact(out, lineage, *start, all);
        return 0;
    }
    TRY(const model::Table* table, table_named(session, args.dataset));
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.lineage.impact/1");
        value.set("dataset", ref_json(lineage.names(), catalog::LineageNames::ref(*table)));
        out.object(value.set("affected", json::Value::array()).set("owners", json::Value::array()));
    }
    out.summary(fmt::format("Nothing that is known is made from {}", out.name(table->full_name())));
    return 0;
}

// ---- cycles

Result<int> run_cycles(Session& session, const NoArgs&) {
    TRY(const auto lineage, read_lineage(session));
    const auto found = catalog::cycles(lineage);
    Output& out = session.out();
    if (out.machine()) {
        auto list = json::Value::array();
        for (const auto& cycle : found) {
            auto names = json::Value::array();
            for (const std::size_t dataset : cycle) names.push(text::to_valid_utf8(lineage.datasets()[dataset].name));
            list.push(json::Value::object().set("datasets", std::move(names)));
        }
        out.object(json::Value::object().set("schema", "neurolake.lineage.cycles/1").set("cycles", std::move(list)));
        return 0;
    }
    const char* arrow = out.utf8() ? " → " : " -> ";
    for (const auto& cycle : found) {
        std::string text;
        for (const std::size_t dataset : cycle) text += one_line(out, lineage.datasets()[dataset].name) + arrow;
        out.line(text + one_line(out, lineage.datasets()[cycle.front()].name));
    }
    out.summary(found.empty() ? "No data flows in a circle"
                              : fmt::format("{}; tolerated: other commands stop where a circle closes",
                                            counted(found.size(), "cycle")));
    return 0;
}

constexpr const char* k_dataset_help = "A table (bucket.table, or a place in a bucket), or a dataset of the lineage";

}  // namespace

void add_lineage_show(CommandLine lineage, Registry& registry) {
    auto [app, args] =
        registry.command<ShowArgs>(lineage, "show", "What a table is made from, and what is made from it", run_show,
                                   {"neurolake lineage show analytics.daily --depth 3",
                                    "neurolake lineage show analytics.daily --format svg > lineage.svg"});
    app.add_option("TABLE", args.dataset, k_dataset_help)->required();
    app.add_option("--format", args.format, "A tree to read, a picture, or JSON (text)")
        ->type_name("text|dot|mermaid|svg|json")
        ->one_of({"text", "dot", "mermaid", "svg", "json"});
    app.add_option("--depth", args.depth, "How many steps each way, or 'all' (1)")->type_name("N");
    app.add_option("--direction", args.direction, "Only what it is made from (up), or what it feeds (down)")
        ->type_name("up|down|both")
        ->one_of({"up", "down", "both"});
    app.add_option("--limit", args.limit, "At most so many datasets a step on each side (25; 0: all)")->type_name("N");
    app.add_flag("--columns", args.columns, "Also which column comes from which");
}

void add_lineage_impact(CommandLine lineage, Registry& registry) {
    auto [app, args] =
        registry.command<ImpactArgs>(lineage, "impact", "All that a change of a table reaches, with owners", run_impact,
                                     {"neurolake lineage impact raw-data.customers",
                                      "neurolake lineage impact raw-data.customers --json | jq -r '.owners[]'"});
    app.add_option("TABLE", args.dataset, k_dataset_help)->required();
}

void add_lineage_cycles(CommandLine lineage, Registry& registry) {
    registry.command<NoArgs>(lineage, "cycles", "Where data flows in a circle", run_cycles,
                             {"neurolake lineage cycles", "neurolake lineage cycles --json | jq '.cycles | length'"});
}

}  // namespace neurolake::apps
