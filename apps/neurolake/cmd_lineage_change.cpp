// cmd_lineage_change.cpp: `neurolake lineage add` and `lineage remove`: what a person says of where data comes from.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cmd_lineage.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

struct AddArgs {
    std::vector<std::string> in, out, columns;
    std::string job, sql, command;
};

struct RemoveArgs {
    std::vector<std::string> datasets, in, out;
    std::string job;
};

struct End {
    std::string words;
    model::DatasetRef ref;
    const model::Table* table = nullptr;
};

struct Said {
    std::vector<End> in, out;
    std::vector<std::string> notes;
};

Status name_ends(Session& session, const catalog::Lineage& lineage, const std::vector<std::string>& given, Said& said,
                 std::vector<End>& ends) {
    TRY(const auto words, dataset_words(session, given));
    for (const auto& word : words) {
        TRY(auto named, dataset_named(session, lineage, word));
        if (!named.note.empty()) said.notes.push_back(named.note);
        const auto* table = lineage.names().table(named.ref);
        ends.push_back({word, std::move(named.ref), table});
    }
    return {};
}

// The name without its bucket of a dataset that has no table here yet.
std::string bare_name(const End& end) {
    if (end.table) return end.table->name;
    const std::string name = end.ref.name_space == model::k_lake_namespace ? catalog::shown_name(end.ref) : "";
    return name.substr(std::min(name.find('.') + 1, name.size()));
}

// "C.x" or, where there is one dataset only, "x": the dataset and its column.
Result<std::pair<const End*, std::string>> column_named(const std::vector<End>& ends, const std::string& words,
                                                        const char* option) {
    const End* best = nullptr;
    std::size_t longest = 0;
    for (const End& end : ends)
        for (const std::string& name : {end.words, catalog::shown_name(end.ref), bare_name(end)}) {
            const bool fits =
                !name.empty() && words.size() > name.size() + 1 && words.starts_with(name) && words[name.size()] == '.';
            if (fits && name.size() > longest) {
                best = &end;
                longest = name.size();
            }
        }
    if (best) return std::pair(best, words.substr(longest + 1));
    const bool bare = words.find('.') == std::string::npos;
    if (ends.size() == 1 && bare && !words.empty()) return std::pair(&ends[0], words);
    return Error(Errc::usage, fmt::format("--column: \"{}\" is no column of a dataset of {}", words, option),
                 fmt::format("write TABLE.COLUMN, for instance {}.id", ends.empty() ? "orders" : ends[0].words));
}

void check_column(Session& session, const End& end, const std::string& column, Said& said) {
    if (!end.table || end.table->columns.empty()) return;
    std::vector<std::string> known;
    for (const auto* list : {&end.table->columns, &end.table->partition_columns})
        for (const auto& each : *list) known.push_back(each.name);
    if (std::ranges::find(known, column) != known.end()) return;
    const auto close = text::closest(column, known);
    said.notes.push_back(fmt::format("{} has no column \"{}\"{}; kept all the same",
                                     session.out().name(end.table->full_name()), session.out().name(column),
                                     close ? " (did you mean " + session.out().name(*close) + "?)" : ""));
}

struct ColumnPair {
    const End *from = nullptr, *to = nullptr;
    model::ColumnLink link;
};

// C.x=A.y
Result<std::vector<ColumnPair>> column_pairs(Session& session, const std::vector<std::string>& given, Said& said) {
    std::vector<ColumnPair> pairs;
    for (const auto& list : given)
        for (const auto part : text::split(list, ',')) {
            const std::string pair(text::trim(part));
            if (pair.empty()) continue;
            const auto equals = pair.find('=');
            if (equals == std::string::npos)
                return Error(Errc::usage, fmt::format("--column wants OUT.COLUMN=IN.COLUMN, got '{}'", pair),
                             "example: --column summary.total=orders.amount");
            TRY(const auto to, column_named(said.out, std::string(text::trim(pair.substr(0, equals))), "--out"));
            TRY(const auto from, column_named(said.in, std::string(text::trim(pair.substr(equals + 1))), "--in"));
            check_column(session, *to.first, to.second, said);
            check_column(session, *from.first, from.second, said);
            pairs.push_back({from.first, to.first, {from.second, to.second}});
        }
    return pairs;
}

Result<model::LineageJob> job_of(const AddArgs& args, const Said& said, const std::string& now) {
    model::LineageJob job;
    job.name = args.job;
    if (job.name.empty() && (!args.sql.empty() || !args.command.empty())) {
        if (said.out.size() != 1)
            return Error(Errc::usage, "--sql and --command tell of a job, and it has no name",
                         "name it with --job NAME");
        job.name = catalog::shown_name(said.out[0].ref);
    }
    job.sql = args.sql;
    job.command = args.command;
    job.first_seen = job.last_seen = now;
    return job;
}

catalog::LineageAddition addition_of(const Said& said, const std::vector<ColumnPair>& pairs,
                                     const model::LineageJob& job, const std::string& now) {
    catalog::LineageAddition addition;
    if (!job.name.empty()) addition.jobs.push_back(job);
    for (const End& to : said.out)
        for (const End& from : said.in) {
            model::LineageEdge edge;
            edge.from = from.ref;
            edge.to = to.ref;
            if (!job.name.empty()) edge.job = model::job_id(job.name_space, job.name);
            for (const auto& pair : pairs)
                if (pair.from->ref == from.ref && pair.to->ref == to.ref) edge.columns.push_back(pair.link);
            std::ranges::sort(edge.columns);
            edge.first_seen = edge.last_seen = now;
            addition.edges.push_back(std::move(edge));
        }
    return addition;
}

json::Value names_json(const std::vector<End>& ends) {
    auto list = json::Value::array();
    for (const End& end : ends) list.push(text::to_valid_utf8(catalog::shown_name(end.ref)));
    return list;
}

std::string edge_text(const Output& out, const model::LineageEdge& edge) {
    return fmt::format("{} {} {}", one_line(out, catalog::shown_name(edge.from)), out.utf8() ? "→" : "->",
                       one_line(out, catalog::shown_name(edge.to)));
}

// Of an edge that was known before: what its columns are made from beyond what was said then.
std::vector<model::ColumnLink> new_columns(const catalog::Lineage& before, const model::LineageEdge& edge) {
    std::vector<model::ColumnLink> fresh = edge.columns;
    for (const auto& known : before.edges())
        if (model::edge_id(known) == model::edge_id(edge))
            for (const auto& link : known.columns) std::erase(fresh, link);
    return fresh;
}

void report_added(Session& session, const AddArgs& args, const catalog::Lineage& lineage,
                  const catalog::LineageChange& change, const model::LineageJob& job, const Said& said) {
    Output& out = session.out();
    if (out.machine()) {
        auto edges = json::Value::array(), notes = json::Value::array();
        for (const auto* list : {&change.new_edges, &change.known_edges})
            for (const auto& edge : *list) {
                auto item = edge_json(lineage, edge);
                if (!job.name.empty()) json::set_path(item, "job", job.name);
                edges.push(item.set("new", list == &change.new_edges));
            }
        for (const auto& note : said.notes) notes.push(text::to_valid_utf8(note));
        auto value = json::Value::object().set("schema", "neurolake.lineage.add/1").set("dry_run", session.dry_run());
        if (!job.name.empty()) json::set_path(value, "job", job.name);
        out.object(value.set("edges", std::move(edges)).set("notes", std::move(notes)));
        return;
    }
    for (const auto& note : said.notes) out.warn(note);
    if (!job.name.empty() && args.job.empty())
        out.note(fmt::format("a query or a command line is a job's; without --job it is called {}, as what it makes",
                             one_line(out, job.name)));
    const char* verb = session.dry_run() ? "Would add" : "Added";
    const std::string by = job.name.empty() ? "" : fmt::format("  by {}", one_line(out, job.name));
    for (const auto& edge : change.new_edges)
        out.summary(fmt::format("{}: {}{}{}", verb, edge_text(out, edge), by,
                                edge.columns.empty() ? "" : "  (" + columns_text(out, edge.columns) + ")"));
    for (const auto& edge : change.known_edges) {
        const auto fresh = new_columns(lineage, edge);
        out.summary(fresh.empty()
                        ? fmt::format("Known already: {}{}", edge_text(out, edge), by)
                        : fmt::format("{} to {}{}: {}", verb, edge_text(out, edge), by, columns_text(out, fresh)));
    }
}

// A slip of the hand: what a job appends to comes from elsewhere, and that is what lineage tells.
Status check_not_itself(const Said& said) {
    for (const End& from : said.in)
        for (const End& to : said.out)
            if (from.ref == to.ref)
                return Error(
                    Errc::usage,
                    fmt::format("{} cannot be made from itself", text::escape_controls(catalog::shown_name(to.ref))),
                    "name in --in what its data comes from");
    return {};
}

Result<int> run_add(Session& session, const AddArgs& args) {
    TRY_DO(begin_change(session));
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(const auto lineage, read_lineage(session));
    Said said;
    TRY_DO(name_ends(session, lineage, args.in, said, said.in));
    TRY_DO(name_ends(session, lineage, args.out, said, said.out));
    if (said.in.empty() || said.out.empty())
        return Error(Errc::usage, "lineage add wants at least one input and one output",
                     "example: neurolake lineage add --in raw-data.orders --out analytics.daily");
    TRY_DO(check_not_itself(said));
    TRY(const auto pairs, column_pairs(session, args.columns, said));
    const std::string now = to_rfc3339(session.now());
    TRY(const auto job, job_of(args, said, now));
    const auto change = catalog::add_lineage(lineage, addition_of(said, pairs, job, now));
    if (!session.dry_run()) {
        TRY_DO(catalog->change_entries(change.entries));
        auto fields = json::Value::object().set("in", names_json(said.in)).set("out", names_json(said.out));
        if (!job.name.empty()) json::set_path(fields, "job", job.name);
        TRY_DO(session.audit("lineage.add", std::move(fields)));
    }
    report_added(session, args, lineage, change, job, said);
    return 0;
}

// ---- remove

Result<std::vector<std::string>> keys_of(Session& session, const catalog::Lineage& lineage,
                                         const std::vector<std::string>& given) {
    TRY(const auto words, dataset_words(session, given));
    std::vector<std::string> keys;
    for (const auto& word : words) {
        TRY(const auto dataset, dataset_in(session, lineage, word));
        if (!dataset)
            return Error(Errc::not_found, fmt::format("{} has no lineage", session.out().name(word)),
                         "neurolake lineage show NAME shows what there is");
        keys.push_back(lineage.datasets()[*dataset].ref.key());
    }
    return keys;
}

void report_removed(Session& session, const catalog::Lineage& lineage, const catalog::LineageChange& change) {
    Output& out = session.out();
    if (out.machine()) {
        auto edges = json::Value::array();
        for (const auto& edge : change.removed_edges) edges.push(edge_json(lineage, edge));
        out.object(json::Value::object()
                       .set("schema", "neurolake.lineage.remove/1")
                       .set("dry_run", session.dry_run())
                       .set("edges", std::move(edges))
                       .set("jobs", change.removed_jobs)
                       .set("runs", change.removed_runs));
        return;
    }
    const char* verb = session.dry_run() ? "Would remove" : "Removed";
    for (const auto& edge : change.removed_edges) {
        const std::string job = lineage.job_name(edge.job);
        out.summary(
            fmt::format("{}: {}{}", verb, edge_text(out, edge), job.empty() ? "" : "  by " + one_line(out, job)));
    }
    if (change.removed_jobs)
        out.summary(fmt::format("{}: {}{}", verb, counted(change.removed_jobs, "job"),
                                change.removed_runs ? " with " + counted(change.removed_runs, "run") : ""));
}

Result<int> run_remove(Session& session, const RemoveArgs& args) {
    if (args.datasets.empty() && args.in.empty() && args.out.empty() && args.job.empty())
        return Error(Errc::usage, "lineage remove wants to know what", "give a dataset, --in, --out or --job");
    TRY_DO(begin_change(session));
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(const auto lineage, read_lineage(session));
    catalog::LineageFilter filter;
    TRY(filter.either, keys_of(session, lineage, args.datasets));
    TRY(filter.from, keys_of(session, lineage, args.in));
    TRY(filter.to, keys_of(session, lineage, args.out));
    if (!args.job.empty()) {
        TRY(filter.job, job_named(lineage, args.job));
    }
    const auto change = catalog::remove_lineage(lineage, filter);
    if (change.entries.empty())
        return Error(Errc::not_found, "no edge of the lineage is all that",
                     "neurolake lineage show NAME shows what there is");
    if (!session.dry_run()) {
        auto edges = json::Value::array();
        for (const auto& edge : change.removed_edges)
            edges.push(text::to_valid_utf8(catalog::shown_name(edge.from) + " -> " + catalog::shown_name(edge.to)));
        TRY_DO(catalog->change_entries(change.entries));
        TRY_DO(session.audit("lineage.remove", json::Value::object().set("edges", std::move(edges))));
    }
    report_removed(session, lineage, change);
    return 0;
}

}  // namespace

void add_lineage_add(CommandLine lineage, Registry& registry) {
    auto [app, args] = registry.command<AddArgs>(
        lineage, "add", "Say what a table is made from", run_add,
        {"neurolake lineage add --in raw-data.customers,raw-data.orders --out analytics.summary --job nightly",
         "neurolake lineage add --in raw-data.orders --out analytics.summary --column total=amount"});
    app.add_option("--in", args.in, "What it is made from: tables, paths, URLs; separated by commas or given again")
        ->type_name("DATASET")
        ->required();
    app.add_option("--out", args.out, "What is made")->type_name("DATASET")->required();
    app.add_option("--job", args.job, "The job that makes it (with --sql or --command: called as what it makes)")
        ->type_name("NAME");
    app.add_option("--column", args.columns,
                   "Which column is made from which: MADE=FROM,..., each COLUMN or TABLE.COLUMN")
        ->type_name("PAIRS");
    app.add_option("--sql", args.sql, "The job's query")->type_name("QUERY");
    app.add_option("--command", args.command, "The job's command line")->type_name("LINE");
    add_dry_run(app);
}

void add_lineage_remove(CommandLine lineage, Registry& registry) {
    auto [app, args] = registry.command<RemoveArgs>(
        lineage, "remove", "Take back what was said; tables and files stay as they are", run_remove,
        {"neurolake lineage remove --in raw-data.orders --out analytics.summary",
         "neurolake lineage remove --job nightly --dry-run"});
    app.add_option("DATASET", args.datasets, "All edges to and from it");
    app.add_option("--in", args.in, "Edges from it")->type_name("DATASET");
    app.add_option("--out", args.out, "Edges to it")->type_name("DATASET");
    app.add_option("--job", args.job, "Edges of this job; alone: the job itself and its runs, too")->type_name("NAME");
    add_dry_run(app);
}

}  // namespace neurolake::apps
