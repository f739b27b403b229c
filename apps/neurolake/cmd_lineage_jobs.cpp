// cmd_lineage_jobs.cpp: `neurolake lineage jobs`: what makes tables out of tables, and how its last runs went.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "base/text.hpp"
#include "cmd_lineage.hpp"
#include "table.hpp"

namespace neurolake::apps {

using catalog::Lineage;

namespace {

struct Args {
    std::string job;
};

struct JobFacts {
    std::string id;
    const model::LineageJob* job = nullptr;
    std::set<std::string> inputs, outputs;
    std::vector<const model::LineageRun*> runs;  // newest first
};

std::vector<JobFacts> facts_of(const Lineage& lineage) {
    std::vector<JobFacts> all;
    std::map<std::string, std::size_t> place;
    for (const auto& job : lineage.jobs()) {
        const auto id = model::job_id(job.name_space, job.name);
        place[id] = all.size();
        all.push_back({id, &job, {}, {}, {}});
    }
    for (const auto& edge : lineage.edges()) {
        const auto at = place.find(edge.job);
        if (at == place.end()) continue;
        all[at->second].inputs.insert(catalog::shown_name(edge.from));
        all[at->second].outputs.insert(catalog::shown_name(edge.to));
    }
    for (auto run = lineage.runs().rbegin(); run != lineage.runs().rend(); ++run) {
        const auto at = place.find(run->job);
        if (at == place.end()) continue;
        auto& facts = all[at->second];
        facts.runs.push_back(&*run);
        for (const auto& ref : run->inputs) facts.inputs.insert(catalog::shown_name(ref));
        for (const auto& ref : run->outputs) facts.outputs.insert(catalog::shown_name(ref));
    }
    return all;
}

std::string state_text(const model::LineageRun& run) {
    return run.rc ? fmt::format("{}, rc {}", model::to_string(run.state), *run.rc)
                  : std::string(model::to_string(run.state));
}

json::Value name_list(const std::set<std::string>& names) {
    auto list = json::Value::array();
    for (const auto& name : names) list.push(text::to_valid_utf8(name));
    return list;
}

json::Value run_json(const model::LineageRun& run) {
    auto value = json::Value::object();
    json::set_path(value, "run", run.run_id);
    value.set("state", model::to_string(run.state));
    const auto text = [&](const char* key, const std::string& words) {
        if (!words.empty()) json::set_path(value, key, words);
    };
    text("started_at", run.started_at);
    text("ended_at", run.ended_at);
    if (run.duration_ms) value.set("duration_ms", *run.duration_ms);
    if (run.rc) value.set("rc", *run.rc);
    text("command", run.command);
    text("error", run.error);
    std::set<std::string> inputs, outputs;
    for (const auto& ref : run.inputs) inputs.insert(catalog::shown_name(ref));
    for (const auto& ref : run.outputs) outputs.insert(catalog::shown_name(ref));
    return value.set("inputs", name_list(inputs)).set("outputs", name_list(outputs));
}

json::Value job_json(const JobFacts& facts, bool with_runs) {
    auto value = json::Value::object();
    set_name(value, facts.job->name);
    json::set_path(value, "namespace", facts.job->name_space);
    for (const auto& [key, words] :
         {std::pair("sql", &facts.job->sql), std::pair("command", &facts.job->command),
          std::pair("description", &facts.job->description), std::pair("owner", &facts.job->owner)})
        if (!words->empty()) json::set_path(value, key, *words);
    value.set("first_seen", facts.job->first_seen).set("last_seen", facts.job->last_seen).set("runs", facts.job->runs);
    value.set("inputs", name_list(facts.inputs)).set("outputs", name_list(facts.outputs));
    if (!facts.runs.empty()) value.set("last_run", run_json(*facts.runs[0]));
    if (!with_runs) return value;
    auto runs = json::Value::array();
    for (const auto* run : facts.runs) runs.push(run_json(*run));
    return value.set("last_runs", std::move(runs));
}

std::string duration_of(const model::LineageRun& run) {
    if (!run.duration_ms) return "-";
    if (*run.duration_ms < 10'000) return fmt::format("{:.1f} s", static_cast<double>(*run.duration_ms) / 1000);
    return text::duration_text(static_cast<std::int64_t>(*run.duration_ms / 1000));
}

// "-" of a run of which no event says when it began or ended.
std::string moment_of(const model::LineageRun& run) {
    const std::string& moment = run.started_at.empty() ? run.ended_at : run.started_at;
    return moment.empty() ? "-" : moment;
}

// "2026-11-22T21:33:07Z": people need no milliseconds.
std::string seconds_of(const std::string& moment) {
    const auto dot = moment.find('.');
    const auto end = dot == std::string::npos ? dot : moment.find_first_not_of("0123456789", dot + 1);
    if (dot == std::string::npos) return moment;
    return moment.substr(0, dot) + (end == std::string::npos ? "" : moment.substr(end));
}

// Of a job that touches hundreds of tables the first ones; lineage jobs JOB names them all.
std::string names_text(const Output& out, const std::set<std::string>& names) {
    constexpr std::size_t k_most = 3;
    return one_line(out, short_list({names.begin(), names.end()}, k_most));
}

std::vector<std::string> last_run_cells(const JobFacts& facts) {
    const auto* last = facts.runs.empty() ? nullptr : facts.runs[0];
    return {text::with_thousands(facts.job->runs), last ? seconds_of(moment_of(*last)) : "-",
            last ? state_text(*last) : "-"};
}

// Names of tables are there to be copied: where the columns are too many for the terminal, they stand below their job.
Table narrow_table(const Output& out, const Lineage& lineage, const std::vector<JobFacts>& all) {
    Table shown({{"JOB", TableColumn::Align::left, true, TableColumn::Narrow::own_line, true},
                 {"RUNS", TableColumn::Align::right},
                 {"LAST RUN"},
                 {"ENDED"}});
    for (const auto& facts : all) {
        std::vector<std::string> cells{one_line(out, lineage.job_name(facts.id))};
        std::ranges::move(last_run_cells(facts), std::back_inserter(cells));
        shown.row(std::move(cells));
        std::string tables = facts.outputs.empty() ? "" : "makes " + names_text(out, facts.outputs);
        if (!facts.inputs.empty()) tables += (tables.empty() ? "reads " : " from ") + names_text(out, facts.inputs);
        if (!tables.empty()) shown.below(std::move(tables));
    }
    return shown;
}

void print_jobs(Output& out, const Lineage& lineage, const std::vector<JobFacts>& all) {
    if (all.empty())
        return out.summary("No job is known yet; name one with: neurolake lineage add --in A --out B --job NAME");
    Table shown({{"JOB"}, {"MAKES"}, {"FROM"}, {"RUNS", TableColumn::Align::right}, {"LAST RUN"}, {"ENDED"}});
    for (const auto& facts : all) {
        std::vector<std::string> cells{one_line(out, lineage.job_name(facts.id)), names_text(out, facts.outputs),
                                       names_text(out, facts.inputs)};
        std::ranges::move(last_run_cells(facts), std::back_inserter(cells));
        shown.row(std::move(cells));
    }
    (shown.fits(out) ? shown : narrow_table(out, lineage, all)).print(out);
}

void print_text(Output& out, const char* title, const std::string& words) {
    for (const auto line : text::split(words, '\n')) {
        if (!words.empty()) out.line(fmt::format("  {:<12} {}", title, out.name(line)));
        title = "";
    }
}

void print_job(Output& out, const Lineage& lineage, const JobFacts& facts) {
    out.line(out.paint(Style::bold, one_line(out, lineage.job_name(facts.id))));
    print_text(out, "Makes", fmt::format("{}", fmt::join(facts.outputs, ", ")));
    print_text(out, "From", fmt::format("{}", fmt::join(facts.inputs, ", ")));
    print_text(out, "Owner", facts.job->owner);
    print_text(out, "Description", facts.job->description);
    print_text(out, "Command", facts.job->command);
    print_text(out, "SQL", facts.job->sql);
    print_text(out, "First seen", facts.job->first_seen);
    if (facts.runs.empty()) return;
    out.line();
    Table shown({{"  RUN BEGAN"},
                 {"TOOK", TableColumn::Align::right},
                 {"ENDED"},
                 {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    for (const auto* run : facts.runs)
        shown.row({"  " + moment_of(*run), duration_of(*run), state_text(*run), one_line(out, run->error)});
    shown.print(out);
    if (facts.job->runs > facts.runs.size())
        out.summary(fmt::format("  The last {} of {} are kept", counted(facts.runs.size(), "run"),
                                text::with_thousands(facts.job->runs)));
}

Result<int> run_jobs(Session& session, const Args& args) {
    TRY(const auto lineage, read_lineage(session));
    auto all = facts_of(lineage);
    Output& out = session.out();
    if (!args.job.empty()) {
        TRY(const auto id, job_named(lineage, args.job));
        std::erase_if(all, [&](const auto& facts) { return facts.id != id; });
    }
    if (out.jsonl()) {
        for (const auto& facts : all) out.object_line(job_json(facts, !args.job.empty()));
    } else if (out.json()) {
        auto list = json::Value::array();
        for (const auto& facts : all) list.push(job_json(facts, !args.job.empty()));
        out.object(json::Value::object().set("schema", "neurolake.lineage.jobs/1").set("jobs", std::move(list)));
    } else if (args.job.empty()) {
        print_jobs(out, lineage, all);
    } else {
        print_job(out, lineage, all[0]);
    }
    return 0;
}

}  // namespace

void add_lineage_jobs(CommandLine lineage, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        lineage, "jobs", "The jobs of the lineage and how they ran", run_jobs,
        {"neurolake lineage jobs", "neurolake lineage jobs nightly --json | jq '.jobs[0].last_run'"});
    app.add_option("JOB", args.job, "Everything of this one, with its last runs");
}

}  // namespace neurolake::apps
