// openlineage_export.cpp: writing run events.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "exchange/openlineage.hpp"

namespace neurolake::exchange {

namespace {

namespace fs = std::filesystem;
using catalog::Lineage;
using json::Value;

constexpr const char* k_producer = "urn:neurolake:" NEUROLAKE_VERSION;

// Every facet names who wrote it and which schema it follows.
Value facet(std::string_view schema) { return Value::object().set("_producer", k_producer).set("_schemaURL", schema); }
Value standard_facet(const char* version, const char* name) {
    return facet(fmt::format("https://openlineage.io/spec/facets/{0}/{1}.json#/$defs/{1}", version, name));
}

std::string valid(const std::string& text) { return text::to_valid_utf8(text); }

class Writer {
public:
    Writer(const Lineage& lineage, const std::vector<BucketRoot>& buckets) : m_lineage(lineage), m_buckets(buckets) {
        for (const auto& edge : lineage.edges()) m_edge_of[model::edge_id(edge)].push_back(&edge);
    }

    std::vector<Value> write() {
        for (const auto& run : m_lineage.runs()) add_run(run);
        add_declared();
        std::stable_sort(m_events.begin(), m_events.end(),
                         [](const Value& a, const Value& b) { return a.text("eventTime") < b.text("eventTime"); });
        return std::move(m_events);
    }

private:
    using Refs = std::vector<model::DatasetRef>;

    // Where a place in the lake is today.
    std::string absolute(std::string_view bucket, std::string_view path) const {
        for (const auto& each : m_buckets)
            if (each.name == bucket) {
                const fs::path whole = path.empty() ? each.root : each.root / path;
                return whole.lexically_normal().string();
            }
        return "";
    }

    std::pair<std::string, std::string> named(const model::DatasetRef& ref) const {
        if (const auto* table = m_lineage.names().table(ref))
            if (auto path = absolute(table->bucket, table->path); !path.empty()) return {"file", valid(path)};
        const std::size_t slash = ref.name.find('/');
        if (ref.table_id.empty() && ref.name_space == model::k_lake_namespace && slash != std::string::npos)
            if (auto path = absolute(ref.name.substr(0, slash), ref.name.substr(slash + 1)); !path.empty())
                return {"file", valid(path)};
        return {valid(ref.table_id.empty() ? ref.name_space : std::string(model::k_lake_namespace)), valid(ref.name)};
    }

    Value dataset(const model::DatasetRef& ref) const {
        const auto [name_space, name] = named(ref);
        auto facets = Value::object();
        if (const auto* table = m_lineage.names().table(ref)) add_table_facets(facets, *table);
        auto value = Value::object().set("namespace", name_space).set("name", name);
        return value.set("facets", std::move(facets));
    }

    static void add_table_facets(Value& facets, const model::Table& table) {
        auto link = Value::object().set("namespace", model::k_lake_namespace).set("name", valid(table.full_name()));
        auto links = Value::array();
        links.push(link.set("type", "TABLE"));
        facets.set("symlinks", standard_facet("1-0-1", "SymlinksDatasetFacet").set("identifiers", std::move(links)));
        auto fields = Value::array();
        for (const auto* list : {&table.columns, &table.partition_columns})
            for (const auto& column : *list) {
                auto field = Value::object().set("name", valid(column.name)).set("type", model::to_string(column.type));
                if (!column.description.empty()) field.set("description", valid(column.description));
                fields.push(std::move(field));
            }
        if (!fields.as_array()->empty())
            facets.set("schema", standard_facet("1-1-1", "SchemaDatasetFacet").set("fields", std::move(fields)));
        if (!table.owner.empty()) {
            auto owners = Value::array();
            owners.push(Value::object().set("name", valid(table.owner)));
            facets.set("ownership", standard_facet("1-0-1", "OwnershipDatasetFacet").set("owners", std::move(owners)));
        }
        if (!table.description.empty())
            facets.set(
                "documentation",
                standard_facet("1-0-1", "DocumentationDatasetFacet").set("description", valid(table.description)));
    }

    Value output(const model::DatasetRef& to, const Refs& inputs, const std::string& job) const {
        std::map<std::string, Value> fields;  // column -> its sources
        for (const auto& from : inputs) {
            const auto [name_space, name] = named(from);
            for (const auto& link : columns(from, to, job)) {
                auto source = Value::object().set("namespace", name_space).set("name", name);
                auto& sources = fields.try_emplace(valid(link.to), Value::array()).first->second;
                sources.push(source.set("field", valid(link.from)));
            }
        }
        Value value = dataset(to);
        if (fields.empty()) return value;
        auto members = Value::object();
        for (auto& [column, sources] : fields)
            members.set(column, Value::object().set("inputFields", std::move(sources)));
        value.find("facets")->set(
            "columnLineage", standard_facet("1-0-1", "ColumnLineageDatasetFacet").set("fields", std::move(members)));
        return value;
    }

    std::vector<model::ColumnLink> columns(const model::DatasetRef& from, const model::DatasetRef& to,
                                           const std::string& job) const {
        std::set<model::ColumnLink> all;
        const auto found = m_edge_of.find(model::edge_id({from, to, job, {}, "", "", 1}));
        if (found != m_edge_of.end())
            for (const auto* edge : found->second) all.insert(edge->columns.begin(), edge->columns.end());
        return {all.begin(), all.end()};
    }

    static Value job_value(const model::LineageJob& job) {
        auto facets = Value::object();
        facets.set("jobType", standard_facet("2-0-3", "JobTypeJobFacet")
                                  .set("processingType", "BATCH")
                                  .set("integration", "NEUROLAKE")
                                  .set("jobType", job.sql.empty() ? "COMMAND" : "QUERY"));
        if (!job.sql.empty()) facets.set("sql", standard_facet("1-0-1", "SQLJobFacet").set("query", valid(job.sql)));
        if (!job.description.empty())
            facets.set("documentation",
                       standard_facet("1-0-1", "DocumentationJobFacet").set("description", valid(job.description)));
        if (!job.owner.empty()) {
            auto owners = Value::array();
            owners.push(Value::object().set("name", valid(job.owner)));
            facets.set("ownership", standard_facet("1-0-1", "OwnershipJobFacet").set("owners", std::move(owners)));
        }
        if (!job.command.empty())
            facets.set("neurolake_job", facet("urn:neurolake:facet:job:1").set("command", valid(job.command)));
        auto value = Value::object().set("namespace", valid(job.name_space)).set("name", valid(job.name));
        return value.set("facets", std::move(facets));
    }

    void add_event(const char* type, const std::string& time, Value run, Value job, Value inputs, Value outputs) {
        auto event = Value::object().set("eventType", type).set("eventTime", time);
        event.set("producer", k_producer).set("schemaURL", k_openlineage_schema);
        event.set("run", std::move(run)).set("job", std::move(job));
        m_events.push_back(event.set("inputs", std::move(inputs)).set("outputs", std::move(outputs)));
    }

    Value inputs_of(const Refs& refs) const {
        auto list = Value::array();
        for (const auto& ref : refs) list.push(dataset(ref));
        return list;
    }

    Value outputs_of(const Refs& refs, const Refs& inputs, const std::string& job) const {
        auto list = Value::array();
        for (const auto& ref : refs) list.push(output(ref, inputs, job));
        return list;
    }

    static Value run_value(const model::LineageRun& run) {
        auto facets = Value::object();
        auto own = facet("urn:neurolake:facet:run:1");
        if (run.rc) own.set("rc", *run.rc);
        if (run.duration_ms) own.set("durationMs", *run.duration_ms);
        if (!run.command.empty()) own.set("command", valid(run.command));
        if (own.as_object()->size() > 2) facets.set("neurolake_run", std::move(own));
        if (!run.error.empty())
            facets.set("errorMessage", standard_facet("1-0-1", "ErrorMessageRunFacet")
                                           .set("message", valid(run.error))
                                           .set("programmingLanguage", "unknown"));
        return Value::object().set("runId", valid(run.run_id)).set("facets", std::move(facets));
    }

    void add_run(const model::LineageRun& run) {
        const auto* job = m_lineage.job(run.job);
        if (!job) return;
        for (const auto& from : run.inputs)
            for (const auto& to : run.outputs) m_told.insert(model::edge_id({from, to, run.job, {}, "", "", 1}));
        using State = model::LineageRun::State;
        const char* type = run.state == State::complete  ? "COMPLETE"
                           : run.state == State::failed  ? "FAIL"
                           : run.state == State::aborted ? "ABORT"
                           : run.state == State::running ? "RUNNING"
                                                         : "OTHER";
        const std::string& end = !run.ended_at.empty()     ? run.ended_at
                                 : !run.started_at.empty() ? run.started_at
                                                           : job->last_seen;
        if (!run.started_at.empty())
            add_event("START", run.started_at, run_value(run), job_value(*job), Value::array(), Value::array());
        add_event(type, end, run_value(run), job_value(*job), inputs_of(run.inputs),
                  outputs_of(run.outputs, run.inputs, run.job));
    }

    struct Output {
        std::map<std::string, model::DatasetRef> inputs;  // by key
        model::DatasetRef ref;
        std::string last_seen;
    };

    // Outputs of one job with the same inputs share an event, so that no edge comes out of it that nobody named.
    void add_declared() {
        std::map<std::string, std::map<std::string, Output>> jobs;  // job -> output's key -> what it is made from
        for (const auto& edge : m_lineage.edges()) {
            if (m_told.contains(model::edge_id(edge))) continue;
            Output& output = jobs[edge.job][edge.to.key()];
            output.ref = edge.to;
            output.inputs[edge.from.key()] = edge.from;
            output.last_seen = std::max(output.last_seen, edge.last_seen);
        }
        for (const auto& [job, outputs] : jobs) {
            std::map<std::vector<std::string>, std::vector<const Output*>> alike;
            for (const auto& [key, output] : outputs) {
                std::vector<std::string> inputs;
                for (const auto& [from, ref] : output.inputs) inputs.push_back(from);
                alike[inputs].push_back(&output);
            }
            for (const auto& [inputs, group] : alike) add_declared_event(job, group);
        }
    }

    void add_declared_event(const std::string& id, const std::vector<const Output*>& group) {
        Refs inputs, outputs;
        std::string time, content = id;
        for (const auto& [key, ref] : group[0]->inputs) {
            inputs.push_back(ref);
            content += "\n<" + key;
        }
        for (const Output* output : group) {
            outputs.push_back(output->ref);
            content += "\n>" + output->ref.key();
            time = std::max(time, output->last_seen);
        }
        model::LineageJob unnamed;
        unnamed.name = catalog::shown_name(outputs[0]);
        const auto* job = m_lineage.job(id);
        auto facets = Value::object();
        facets.set("neurolake_declared", facet("urn:neurolake:facet:declared:1").set("job", job != nullptr));
        auto run = Value::object().set("runId", model::uuid_of(content)).set("facets", std::move(facets));
        add_event("COMPLETE", time, std::move(run), job_value(job ? *job : unnamed), inputs_of(inputs),
                  outputs_of(outputs, inputs, id));
    }

    const Lineage& m_lineage;
    const std::vector<BucketRoot>& m_buckets;
    std::map<std::string, std::vector<const model::LineageEdge*>> m_edge_of;
    std::set<std::string> m_told;  // edges that runs tell
    std::vector<Value> m_events;
};

}  // namespace

std::vector<json::Value> openlineage_events(const catalog::Lineage& lineage, const std::vector<BucketRoot>& buckets) {
    return Writer(lineage, buckets).write();
}

}  // namespace neurolake::exchange
