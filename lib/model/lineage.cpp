// lineage.cpp: identities, merging and JSON forms of lineage.
// SPDX-License-Identifier: Apache-2.0
#include "model/lineage.hpp"

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "model/json_fields.hpp"

namespace neurolake::model {
namespace {

using State = LineageRun::State;
constexpr std::array<std::pair<State, std::string_view>, 5> k_states{{{State::running, "running"},
                                                                      {State::complete, "complete"},
                                                                      {State::failed, "failed"},
                                                                      {State::aborted, "aborted"},
                                                                      {State::other, "other"}}};

// Lengths stand before the parts, so that no two lists of parts make the same text.
std::string hashed(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text.append(std::to_string(part.size())).append(":").append(part);
    // Out of memory is the only way to fail; an id from the text itself is still the same for the same thing.
    const auto digest = sha256(text);
    return digest ? to_hex(*digest) : to_hex(text.data(), text.size());
}

std::string short_hash(std::initializer_list<std::string_view> parts) { return hashed(parts).substr(0, 16); }

constexpr std::string_view k_lineage = "the lineage";

void earliest(std::string& into, const std::string& other) {
    if (into.empty() || (!other.empty() && other < into)) into = other;
}
void latest(std::string& into, const std::string& other) {
    if (other > into) into = other;
}
void newer(std::string& into, const std::string& other) {
    if (!other.empty()) into = other;
}

template <typename T>
void unite(std::vector<T>& into, const std::vector<T>& more) {
    for (const T& item : more)
        if (std::find(into.begin(), into.end(), item) == into.end()) into.push_back(item);
}

json::Value refs_to_json(const std::vector<DatasetRef>& refs) {
    auto list = json::Value::array();
    for (const DatasetRef& ref : refs) list.push(to_json(ref));
    return list;
}

Result<std::vector<DatasetRef>> refs_from_json(const json::Value& v, std::string_view key) {
    std::vector<DatasetRef> refs;
    for (const json::Value& item : v.items(key)) {
        TRY(DatasetRef ref, dataset_ref_from_json(item));
        refs.push_back(std::move(ref));
    }
    return refs;
}

json::Value entry(std::string id, const char* kind) {
    return json::Value::object().set("id", std::move(id)).set("kind", kind);
}

bool over(State state) { return state == State::complete || state == State::failed || state == State::aborted; }

}  // namespace

std::string_view to_string(State state) {
    for (const auto& [known, word] : k_states)
        if (known == state) return word;
    return "other";
}

std::string DatasetRef::key() const {
    return table_id.empty() ? std::to_string(name_space.size()) + ":" + name_space + name : "table:" + table_id;
}

std::string edge_id(const LineageEdge& edge) { return "e-" + short_hash({edge.from.key(), edge.to.key(), edge.job}); }

std::string job_id(std::string_view name_space, std::string_view name) { return "j-" + short_hash({name_space, name}); }

std::string run_entry_id(std::string_view job, std::string_view run_id) {
    return "r-" + std::string(job.substr(std::min<std::size_t>(2, job.size()))) + "-" + short_hash({job, run_id});
}

std::string uuid_of(std::string_view text) {
    std::string hex = hashed({"uuid", text}).substr(0, 32);
    hex[12] = '8';
    hex[16] = "89ab"[static_cast<std::size_t>(hex[16]) % 4];
    for (const std::size_t at : {8u, 13u, 18u, 23u}) hex.insert(at, "-");
    return hex;
}

void merge(LineageEdge& into, const LineageEdge& more) {
    // Names of tables as of now; the id is what counts.
    if (more.last_seen >= into.last_seen) {
        into.from.name = more.from.name;
        into.to.name = more.to.name;
    }
    earliest(into.first_seen, more.first_seen);
    latest(into.last_seen, more.last_seen);
    into.count += more.count;
    into.columns.insert(into.columns.end(), more.columns.begin(), more.columns.end());
    std::sort(into.columns.begin(), into.columns.end());
    into.columns.erase(std::unique(into.columns.begin(), into.columns.end()), into.columns.end());
}

void merge(LineageJob& into, const LineageJob& more) {
    newer(into.sql, more.sql);
    newer(into.command, more.command);
    newer(into.description, more.description);
    newer(into.owner, more.owner);
    earliest(into.first_seen, more.first_seen);
    latest(into.last_seen, more.last_seen);
    into.runs += more.runs;
}

void merge(LineageRun& into, const LineageRun& more) {
    if (over(more.state) || !over(into.state)) {
        // OTHER events add facts to a run in whatever state it is.
        if (more.state != State::other || into.state == State::other) into.state = more.state;
    }
    earliest(into.started_at, more.started_at);
    latest(into.ended_at, more.ended_at);
    if (more.duration_ms) into.duration_ms = more.duration_ms;
    if (more.rc) into.rc = more.rc;
    newer(into.command, more.command);
    newer(into.error, more.error);
    unite(into.inputs, more.inputs);
    unite(into.outputs, more.outputs);
}

json::Value to_json(const DatasetRef& ref) {
    auto v = json::Value::object();
    if (ref.table_id.empty())
        json::set_path(v, "namespace", ref.name_space);
    else
        v.set("table", ref.table_id);
    json::set_path(v, "name", ref.name);
    return v;
}

json::Value to_json(const LineageEdge& e) {
    auto v = entry(edge_id(e), "edge");
    v.set("from", to_json(e.from)).set("to", to_json(e.to));
    if (!e.job.empty()) v.set("job", e.job);
    if (!e.columns.empty()) {
        auto columns = json::Value::array();
        for (const ColumnLink& link : e.columns) {
            auto item = json::Value::object();
            json::set_path(item, "from", link.from);
            json::set_path(item, "to", link.to);
            columns.push(std::move(item));
        }
        v.set("columns", std::move(columns));
    }
    return v.set("first_seen", e.first_seen).set("last_seen", e.last_seen).set("count", e.count);
}

json::Value to_json(const LineageJob& j) {
    auto v = entry(job_id(j.name_space, j.name), "job");
    json::set_path(v, "namespace", j.name_space);
    json::set_path(v, "name", j.name);
    set_text(v, "sql", j.sql);
    set_text(v, "command", j.command);
    set_text(v, "description", j.description);
    set_text(v, "owner", j.owner);
    return v.set("first_seen", j.first_seen).set("last_seen", j.last_seen).set("runs", j.runs);
}

json::Value to_json(const LineageRun& r) {
    auto v = entry(run_entry_id(r.job, r.run_id), "run");
    v.set("job", r.job);
    json::set_path(v, "run", r.run_id);
    v.set("state", to_string(r.state));
    set_text(v, "started_at", r.started_at);
    set_text(v, "ended_at", r.ended_at);
    if (r.duration_ms) v.set("duration_ms", *r.duration_ms);
    if (r.rc) v.set("rc", *r.rc);
    set_text(v, "command", r.command);
    set_text(v, "error", r.error);
    return v.set("inputs", refs_to_json(r.inputs)).set("outputs", refs_to_json(r.outputs));
}

Result<DatasetRef> dataset_ref_from_json(const json::Value& v) {
    DatasetRef ref;
    ref.table_id = v.text("table");
    ref.name_space = json::get_path(v, "namespace");
    ref.name = json::get_path(v, "name");
    if (ref.name.empty() && ref.table_id.empty()) return missing(k_lineage, "a dataset", "name");
    return ref;
}

Result<LineageEdge> lineage_edge_from_json(const json::Value& v) {
    LineageEdge e;
    const json::Value *from = v.find("from"), *to = v.find("to");
    if (!from || !to) return missing(k_lineage, "an edge", from ? "to" : "from");
    TRY(e.from, dataset_ref_from_json(*from));
    TRY(e.to, dataset_ref_from_json(*to));
    e.job = v.text("job");
    for (const json::Value& item : v.items("columns"))
        e.columns.push_back({json::get_path(item, "from"), json::get_path(item, "to")});
    std::sort(e.columns.begin(), e.columns.end());
    e.first_seen = v.text("first_seen");
    e.last_seen = v.text("last_seen");
    e.count = v.natural("count", 1);
    return e;
}

Result<LineageJob> lineage_job_from_json(const json::Value& v) {
    LineageJob j;
    j.name_space = json::get_path(v, "namespace");
    j.name = json::get_path(v, "name");
    if (j.name.empty()) return missing(k_lineage, "a job", "name");
    j.sql = json::get_path(v, "sql");
    j.command = json::get_path(v, "command");
    j.description = json::get_path(v, "description");
    j.owner = json::get_path(v, "owner");
    j.first_seen = v.text("first_seen");
    j.last_seen = v.text("last_seen");
    j.runs = v.natural("runs");
    return j;
}

Result<LineageRun> lineage_run_from_json(const json::Value& v) {
    LineageRun r;
    r.job = v.text("job");
    r.run_id = json::get_path(v, "run");
    if (r.job.empty() || r.run_id.empty()) return missing(k_lineage, "a run", r.job.empty() ? "job" : "run");
    r.state = State::other;
    for (const auto& [state, word] : k_states)
        if (word == v.text("state")) r.state = state;
    r.started_at = v.text("started_at");
    r.ended_at = v.text("ended_at");
    if (const json::Value* ms = v.find("duration_ms")) r.duration_ms = ms->as_uint();
    if (const json::Value* rc = v.find("rc")) r.rc = rc->as_int();
    r.command = json::get_path(v, "command");
    r.error = json::get_path(v, "error");
    TRY(r.inputs, refs_from_json(v, "inputs"));
    TRY(r.outputs, refs_from_json(v, "outputs"));
    return r;
}

}  // namespace neurolake::model
