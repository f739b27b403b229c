// lineage_change.cpp: adding to the lineage and removing from it, as entries to write.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/json.hpp"
#include "catalog/lineage.hpp"

namespace neurolake::catalog {

namespace {

void put(LineageChange& change, std::string id, const json::Value& value) {
    change.entries.push_back({List::lineage, std::move(id), json::dump(value)});
}

void drop(LineageChange& change, std::string id) {
    change.entries.push_back({List::lineage, std::move(id), std::nullopt});
}

void to_present_names(const LineageNames& names, LineageAddition& addition) {
    for (auto& edge : addition.edges) {
        edge.from = names.current(edge.from);
        edge.to = names.current(edge.to);
    }
    for (auto& run : addition.runs)
        for (auto* list : {&run.inputs, &run.outputs})
            for (auto& ref : *list) ref = names.current(ref);
}

// The newest of each job; what was pushed out is dropped, should it be stored.
void keep_newest(LineageChange& change, std::map<std::string, model::LineageRun>& runs,
                 const std::set<std::string>& touched_jobs) {
    for (const std::string& job : touched_jobs) {
        std::vector<std::pair<std::string, std::string>> by_age;  // age, id
        for (const auto& [id, run] : runs)
            if (run.job == job) by_age.emplace_back(age_key(run), id);
        std::sort(by_age.rbegin(), by_age.rend());
        for (std::size_t i = k_runs_kept; i < by_age.size(); ++i) {
            drop(change, by_age[i].second);
            runs.erase(by_age[i].second);
        }
    }
}

}  // namespace

std::string age_key(const model::LineageRun& run) {
    return (run.started_at.empty() ? run.ended_at : run.started_at) + " " + run.run_id;
}

LineageChange add_lineage(const Lineage& known, LineageAddition addition) {
    LineageChange change;
    to_present_names(known.names(), addition);
    std::map<std::string, model::LineageEdge> edges;
    std::set<std::string> stored, outdated;
    for (std::size_t i = 0; i < known.m_edges.size(); ++i) {
        const std::string id = model::edge_id(known.m_edges[i]);
        const auto [at, fresh] = edges.try_emplace(id, known.m_edges[i]);
        if (!fresh) merge(at->second, known.m_edges[i]);
        stored.insert(id);
        // Stored under another id: an end of it has become a table since.
        if (known.m_edge_entries[i] == id) continue;
        drop(change, known.m_edge_entries[i]);
        outdated.insert(id);
    }
    std::set<std::string> said;
    for (const auto& edge : addition.edges) {
        const std::string id = model::edge_id(edge);
        const auto [at, fresh] = edges.try_emplace(id, edge);
        if (!fresh) merge(at->second, edge);
        said.insert(id);
    }
    for (const std::string& id : said)
        (stored.contains(id) ? change.known_edges : change.new_edges).push_back(edges.at(id));
    said.insert(outdated.begin(), outdated.end());
    for (const std::string& id : said) put(change, id, to_json(edges.at(id)));

    std::map<std::string, model::LineageJob> jobs;
    for (auto& job : addition.jobs) {
        const std::string id = model::job_id(job.name_space, job.name);
        const model::LineageJob* old = known.job(id);
        const auto [at, fresh] = jobs.try_emplace(id, old ? *old : job);
        if (!fresh || old) merge(at->second, job);
        if (fresh && !old) ++change.new_jobs;
    }
    std::map<std::string, model::LineageRun> runs;
    for (const auto& run : known.m_runs) runs.emplace(model::run_entry_id(run.job, run.run_id), run);
    std::set<std::string> touched_runs, touched_jobs;
    for (const auto& run : addition.runs) {
        const std::string id = model::run_entry_id(run.job, run.run_id);
        const auto [at, fresh] = runs.try_emplace(id, run);
        if (!fresh) merge(at->second, run);
        change.new_runs += fresh;
        touched_runs.insert(id);
        touched_jobs.insert(run.job);
    }
    keep_newest(change, runs, touched_jobs);
    for (const auto& [id, job] : jobs) put(change, id, to_json(job));
    for (const std::string& id : touched_runs)
        if (const auto run = runs.find(id); run != runs.end()) put(change, id, to_json(run->second));
    return change;
}

LineageChange remove_lineage(const Lineage& known, const LineageFilter& filter) {
    LineageChange change;
    const auto wanted = [](const std::vector<std::string>& keys, const model::DatasetRef& ref) {
        return keys.empty() || std::find(keys.begin(), keys.end(), ref.key()) != keys.end();
    };
    std::set<std::string> hit_jobs, kept_jobs;
    for (std::size_t i = 0; i < known.m_edges.size(); ++i) {
        const auto& edge = known.m_edges[i];
        const bool touched = wanted(filter.either, edge.from) || wanted(filter.either, edge.to);
        const bool goes = touched && wanted(filter.from, edge.from) && wanted(filter.to, edge.to) &&
                          (!filter.job || *filter.job == edge.job);
        (goes ? hit_jobs : kept_jobs).insert(edge.job);
        if (!goes) continue;
        drop(change, known.m_edge_entries[i]);
        change.removed_edges.push_back(edge);
    }
    if (filter.job && filter.from.empty() && filter.to.empty() && filter.either.empty()) hit_jobs.insert(*filter.job);
    for (const std::string& job : hit_jobs) {
        if (job.empty() || kept_jobs.contains(job) || !known.job(job)) continue;
        drop(change, job);
        ++change.removed_jobs;
        for (const auto& run : known.m_runs) {
            if (run.job != job) continue;
            drop(change, model::run_entry_id(run.job, run.run_id));
            ++change.removed_runs;
        }
    }
    return change;
}

namespace {

// "raw-data.x" or "raw-data/x" in what was raw-data; true when it changed.
bool rename(model::DatasetRef& ref, std::string_view from, std::string_view to) {
    const bool of_lake = !ref.table_id.empty() || ref.name_space == model::k_lake_namespace;
    if (!of_lake || !ref.name.starts_with(from)) return false;
    const std::string_view rest = std::string_view(ref.name).substr(from.size());
    if (!rest.starts_with('.') && !rest.starts_with('/')) return false;
    ref.name = std::string(to) + std::string(rest);
    return true;
}

}  // namespace

std::vector<EntryChange> lineage_after_bucket_rename(const std::vector<std::string>& entries, std::string_view from,
                                                     std::string_view to) {
    LineageChange change;
    std::map<std::string, model::LineageEdge> edges;
    std::set<std::string> changed;
    for (const std::string& text : entries) {
        const auto value = json::parse(text);
        const std::string kind = value ? value->text("kind") : "";
        if (kind == "edge") {
            auto edge = model::lineage_edge_from_json(*value);
            if (!edge) continue;
            const bool here = rename(edge->from, from, to), there = rename(edge->to, from, to);
            const std::string id = model::edge_id(*edge);
            if (here || there) {
                changed.insert(id);
                if (id != value->text("id")) drop(change, value->text("id"));
            }
            if (const auto [at, fresh] = edges.try_emplace(id, *edge); !fresh) merge(at->second, *edge);
        } else if (kind == "run") {
            auto run = model::lineage_run_from_json(*value);
            if (!run) continue;
            bool other = false;
            for (auto* list : {&run->inputs, &run->outputs})
                for (auto& ref : *list) other |= rename(ref, from, to);
            if (other) put(change, value->text("id"), to_json(*run));
        }
    }
    for (const std::string& id : changed) put(change, id, to_json(edges.at(id)));
    return std::move(change.entries);
}

}  // namespace neurolake::catalog
