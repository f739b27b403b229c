// imported_lineage.cpp: names become tables or external data sets; what is known already is left alone.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/imported_lineage.hpp"

#include <algorithm>
#include <set>

#include "base/json.hpp"

namespace neurolake::migrate {

using catalog::Lineage;
using catalog::LineageAddition;
using catalog::LineageNames;
using model::DatasetRef;

namespace {

DatasetRef external(const std::string& name) { return {"", std::string(model::k_lake_namespace), name}; }

DatasetRef ref_of(const std::string& name, const TablesByName& tables) {
    const auto found = tables.find(name);
    return found == tables.end() ? external(name) : LineageNames::ref(*found->second);
}

// Drops from the addition what the lineage knows, so that counts and times do not grow with each import.
class OnlyNew {
public:
    explicit OnlyNew(const Lineage& known) : m_known(known) {
        for (const auto& edge : known.edges()) m_edges[model::edge_id(edge)] = &edge;
        for (const auto& run : known.runs()) m_runs.insert(model::run_entry_id(run.job, run.run_id));
    }

    void add(model::LineageEdge edge) {
        edge.from = m_known.names().current(edge.from);
        edge.to = m_known.names().current(edge.to);
        std::sort(edge.columns.begin(), edge.columns.end());
        const auto at = m_edges.find(model::edge_id(edge));
        const bool same = at != m_edges.end() && std::ranges::includes(at->second->columns, edge.columns);
        if (same) return;
        if (at != m_edges.end()) edge.count = 0;  // only its columns are new
        addition.edges.push_back(std::move(edge));
    }
    void add(model::LineageJob job) {
        const auto* known = m_known.job(model::job_id(job.name_space, job.name));
        const auto tells = [](const std::string& here, const std::string& there) {
            return there.empty() || here == there;
        };
        if (known && tells(known->sql, job.sql) && tells(known->description, job.description)) return;
        if (known) job.runs = 0;
        addition.jobs.push_back(std::move(job));
    }
    void add(model::LineageRun run) {
        if (!m_runs.contains(model::run_entry_id(run.job, run.run_id))) addition.runs.push_back(std::move(run));
    }

    LineageAddition addition;

private:
    const Lineage& m_known;
    std::map<std::string, const model::LineageEdge*> m_edges;
    std::set<std::string> m_runs;
};

// Ids of tables mean nothing in another lake: there the name counts.
void settle(DatasetRef& ref, const LineageNames& names) {
    if (!ref.table_id.empty() && !names.table(ref)) ref = external(ref.name);
}

Status take_entry(const std::string& text, const LineageNames& names, OnlyNew& into) {
    TRY(const json::Value entry, json::parse(text));
    const std::string kind = entry.text("kind");
    if (kind == "edge") {
        TRY(model::LineageEdge edge, model::lineage_edge_from_json(entry));
        settle(edge.from, names);
        settle(edge.to, names);
        into.add(std::move(edge));
    } else if (kind == "job") {
        TRY(model::LineageJob job, model::lineage_job_from_json(entry));
        into.add(std::move(job));
    } else if (kind == "run") {
        TRY(model::LineageRun run, model::lineage_run_from_json(entry));
        for (auto* list : {&run.inputs, &run.outputs})
            for (DatasetRef& ref : *list) settle(ref, names);
        into.add(std::move(run));
    }
    return {};
}

}  // namespace

Result<catalog::LineageChange> take_lineage(const Lineage& known, const Foreign& foreign, const TablesByName& tables,
                                            const std::string& now) {
    OnlyNew addition(known);
    for (const ForeignJob& from : foreign.jobs) {
        model::LineageJob job;
        job.name_space = k_imported_namespace;
        job.name = from.name;
        job.sql = from.sql;
        job.description = from.description;
        job.first_seen = job.last_seen = from.at.empty() ? now : from.at;
        addition.add(std::move(job));
    }
    for (const ForeignEdge& from : foreign.edges) {
        model::LineageEdge edge;
        edge.from = ref_of(from.from, tables);
        edge.to = ref_of(from.to, tables);
        if (!from.job.empty()) edge.job = model::job_id(k_imported_namespace, from.job);
        for (const auto& [source, target] : from.columns) edge.columns.push_back({source, target});
        edge.first_seen = edge.last_seen = from.at.empty() ? now : from.at;
        addition.add(std::move(edge));
    }
    for (const std::string& entry : foreign.lineage_entries) TRY_DO(take_entry(entry, known.names(), addition));
    return add_lineage(known, std::move(addition.addition));
}

catalog::LineageChange follow_tables(const Lineage& known, const TablesByName& tables) {
    std::map<std::string, DatasetRef> now;
    for (const auto& [name, table] : tables) now[external(name).key()] = LineageNames::ref(*table);
    LineageAddition moved;
    std::vector<catalog::EntryChange> outdated;
    for (const model::LineageEdge& edge : known.edges()) {
        const auto from = now.find(edge.from.key()), to = now.find(edge.to.key());
        if (from == now.end() && to == now.end()) continue;
        outdated.push_back({catalog::List::lineage, model::edge_id(edge), std::nullopt});
        model::LineageEdge next = edge;
        if (from != now.end()) next.from = from->second;
        if (to != now.end()) next.to = to->second;
        moved.edges.push_back(std::move(next));
    }
    catalog::LineageChange change = add_lineage(known, std::move(moved));
    change.entries.insert(change.entries.begin(), outdated.begin(), outdated.end());
    return change;
}

}  // namespace neurolake::migrate
