// openlineage_import.cpp: understanding events of any emitter.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "exchange/openlineage.hpp"

namespace neurolake::exchange {

namespace {

namespace fs = std::filesystem;
using catalog::Lineage;
using catalog::LineageNames;
using json::Value;

constexpr std::size_t k_longest_text = 64u << 10;  // of a query or message; what is longer is cut

// ---- the file as events

struct Piece {
    std::size_t line;
    std::string_view text;
};

// One line an event. Blank lines are nothing.
std::vector<Piece> lines_of(std::string_view text) {
    std::vector<Piece> pieces;
    std::size_t line = 0;
    for (const auto each : text::split(text, '\n')) {
        ++line;
        if (const auto trimmed = text::trim(each); !trimmed.empty()) pieces.push_back({line, trimmed});
    }
    return pieces;
}

// The values of an array, or values one after the other, by their brackets. What is no bracketed value ends at the next
// comma or line.
std::vector<Piece> values_of(std::string_view text) {
    std::vector<Piece> pieces;
    std::size_t line = 1, begin = 0, begin_line = 1;
    int depth = 0;
    bool in_string = false, open = false;
    const auto end = [&](std::size_t at) {
        if (open) pieces.push_back({begin_line, text::trim(text.substr(begin, at - begin))});
        open = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (i < text.size() && text[i] == '\n') ++line;
            in_string = c != '"';
            continue;
        }
        const bool between = depth == 0 && (c == ',' || c == '\n');
        if (between) end(i);
        if (c == '\n') ++line;
        if (between || (!open && (c == ' ' || c == '\t' || c == '\r'))) continue;
        if (!open) {
            open = true;
            begin = i;
            begin_line = line;
        }
        if (c == '"') in_string = true;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && depth > 0 && --depth == 0) end(i + 1);
    }
    end(text.size());
    std::erase_if(pieces, [](const Piece& piece) { return piece.text.empty(); });
    return pieces;
}

std::vector<Piece> pieces_of(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::string_view inner = text::trim(text);
    if (inner.starts_with('[')) {
        const std::size_t lines_before = static_cast<std::size_t>(std::count(text.data(), inner.data(), '\n'));
        inner.remove_prefix(1);
        if (inner.ends_with(']')) inner.remove_suffix(1);
        auto pieces = values_of(inner);
        for (Piece& piece : pieces) piece.line += lines_before;
        return pieces;
    }
    // A file of lines keeps its good lines when one is cut; objects over several lines are found by their brackets.
    const auto lines = lines_of(text);
    const bool whole_lines =
        std::any_of(lines.begin(), lines.end(), [](const Piece& line) { return json::parse(line.text).has_value(); });
    const auto alone = [](const Piece& line) { return line.text == "}" || line.text == "{" || line.text == "},"; };
    const bool spread = std::any_of(lines.begin(), lines.end(), alone);
    return whole_lines && !spread ? lines : values_of(text);
}

// ---- one event

Result<const Value*> member(const Value& object, const char* key, const char* what) {
    const Value* found = object.find(key);
    if (!found || !found->is_object()) return Error(Errc::corrupt, fmt::format("{} has no object \"{}\"", what, key));
    return found;
}

Result<std::string> text_member(const Value& object, const char* key, const char* what) {
    const Value* found = object.find(key);
    if (!found || !found->is_string() || found->as_string()->empty())
        return Error(Errc::corrupt, fmt::format("{} has no text \"{}\"", what, key));
    return *found->as_string();
}

std::string cut(std::string text) {
    if (text.size() <= k_longest_text) return text;
    text.resize(k_longest_text);
    return text::to_valid_utf8(text);
}

// Some emitters leave the zone out and mean UTC.
Result<Time> time_of(const Value& event) {
    TRY(const std::string text, text_member(event, "eventTime", "the event"));
    auto time = parse_rfc3339(text);
    if (!time) time = parse_rfc3339(text + "Z");
    if (!time) return Error(Errc::corrupt, fmt::format("its eventTime \"{}\" is no time", text::escape_controls(text)));
    return time;
}

std::string time_text(Time time) {
    const bool whole = to_ns(time) % 1'000'000'000 == 0;
    return to_rfc3339(time, whole ? Precision::seconds : Precision::milliseconds);
}

const Value* facet_of(const Value* object, std::string_view name) {
    const Value* facets = object ? object->find("facets") : nullptr;
    const Value* found = facets ? facets->find(name) : nullptr;
    return found && found->is_object() ? found : nullptr;
}

model::LineageRun::State state_of(const std::string& type) {
    using State = model::LineageRun::State;
    if (type == "START" || type == "RUNNING") return State::running;
    if (type == "COMPLETE") return State::complete;
    if (type == "FAIL") return State::failed;
    if (type == "ABORT") return State::aborted;
    return State::other;
}

class Reader {
public:
    Reader(const Lineage& known, const std::vector<BucketRoot>& buckets) : m_names(known.names()) {
        for (const auto& bucket : buckets) {
            std::error_code failed;
            const auto real = fs::weakly_canonical(bucket.root, failed);
            m_roots.emplace_back(bucket.name, bucket.root.lexically_normal().string());
            if (!failed && real != bucket.root) m_roots.emplace_back(bucket.name, real.string());
        }
        for (auto& [name, root] : m_roots)
            while (root.size() > 1 && root.ends_with('/')) root.pop_back();
        for (const auto& run : known.runs()) {  // oldest first
            m_old_runs.emplace(model::run_entry_id(run.job, run.run_id), &run);
            Kept& kept = m_kept[run.job];
            if (kept.runs++ == 0) kept.oldest = catalog::age_key(run);
        }
        for (const auto& edge : known.edges()) m_old_edges.insert(model::edge_id(edge));
    }

    // Understood whole or not taken at all.
    Status take(const Value& event) {
        if (!event.is_object()) return Error(Errc::corrupt, "it is no JSON object");
        TRY(const Time time, time_of(event));
        if (event.find("dataset") && !event.find("job")) {
            ++m_result.without_effect;
            return {};
        }
        TRY(const Value* job_value, member(event, "job", "the event"));
        Event read;
        read.time = time_text(time);
        read.type = event.text("eventType");
        TRY_DO(read_job(*job_value, read));
        TRY_DO(read_datasets(event, "inputs", read.inputs, nullptr));
        TRY_DO(read_datasets(event, "outputs", read.outputs, &read));
        const Value* run = event.find("run");
        if (run) {
            TRY(read.run_id, text_member(*run, "runId", "its run"));
            read_run_facets(*run, read);
        }
        store(std::move(read));
        return {};
    }

    ReadEvents finish() {
        for (auto& [id, run] : m_runs) {
            const auto old = m_old_runs.find(id);
            const bool unknown = old == m_old_runs.end();
            const bool fresh = unknown && !is_past(run);
            model::LineageRun whole = unknown ? run : *old->second;
            if (!unknown) merge(whole, run);
            measure(whole);
            // A run of which only RUNNING or OTHER was told has neither: then an event of it counts.
            const std::string& time = !whole.ended_at.empty()     ? whole.ended_at
                                      : !whole.started_at.empty() ? whole.started_at
                                                                  : m_last_event[id];
            for (const auto& from : whole.inputs)
                for (const auto& to : whole.outputs) edge(from, to, run.job, time, fresh);
            m_jobs.at(run.job).runs += fresh;
            if (fresh || !unknown) m_result.addition.runs.push_back(std::move(whole));
        }
        for (const auto& [between, links] : m_columns) column_edge(between, links);
        for (auto& [id, edge] : m_edges) {
            if (!m_old_edges.contains(id)) edge.count = std::max<std::uint64_t>(1, edge.count);
            m_result.addition.edges.push_back(std::move(edge));
        }
        for (auto& [id, job] : m_jobs) m_result.addition.jobs.push_back(std::move(job));
        return std::move(m_result);
    }

    ReadEvents& result() { return m_result; }

private:
    using Refs = std::vector<model::DatasetRef>;
    struct Columns {
        model::DatasetRef from, to;
        model::ColumnLink link;
    };
    struct Event {
        model::LineageJob job;
        std::string time, type, run_id;
        model::LineageRun facts;  // of our own and the error facet
        Refs inputs, outputs;
        std::vector<Columns> columns;
        bool declared = false, jobless = false;
    };

    Status read_job(const Value& value, Event& read) {
        TRY(read.job.name_space, text_member(value, "namespace", "its job"));
        TRY(read.job.name, text_member(value, "name", "its job"));
        if (const auto* sql = facet_of(&value, "sql")) read.job.sql = cut(sql->text("query"));
        if (const auto* text = facet_of(&value, "documentation")) read.job.description = cut(text->text("description"));
        if (const auto* own = facet_of(&value, "neurolake_job")) read.job.command = cut(own->text("command"));
        if (const auto* ownership = facet_of(&value, "ownership"))
            for (const auto& owner : ownership->items("owners"))
                read.job.owner += (read.job.owner.empty() ? "" : ", ") + owner.text("name");
        read.job.first_seen = read.job.last_seen = read.time;
        return {};
    }

    void read_run_facets(const Value& run, Event& read) {
        if (const auto* declared = facet_of(&run, "neurolake_declared")) {
            read.declared = true;
            read.jobless = !declared->boolean("job", true);
        }
        if (const auto* error = facet_of(&run, "errorMessage")) read.facts.error = cut(error->text("message"));
        if (const auto* own = facet_of(&run, "neurolake_run")) {
            if (const auto* rc = own->find("rc")) read.facts.rc = rc->as_int();
            if (const auto* ms = own->find("durationMs")) read.facts.duration_ms = ms->as_uint();
            read.facts.command = cut(own->text("command"));
        }
    }

    Status read_datasets(const Value& event, const char* key, Refs& refs, Event* columns_of) {
        const Value* list = event.find(key);
        if (!list || list->is_null()) return {};
        if (!list->is_array()) return Error(Errc::corrupt, fmt::format("its \"{}\" is no list", key));
        const std::string what = fmt::format("a dataset of its {}", key);
        for (const Value& item : *list->as_array()) {
            TRY(const std::string name_space, text_member(item, "namespace", what.c_str()));
            TRY(const std::string name, text_member(item, "name", what.c_str()));
            const auto ref = dataset(name_space, name, &item);
            if (std::find(refs.begin(), refs.end(), ref) == refs.end()) refs.push_back(ref);
            if (columns_of) read_columns(item, ref, *columns_of);
        }
        return {};
    }

    void read_columns(const Value& item, const model::DatasetRef& to, Event& read) {
        const auto* facet = facet_of(&item, "columnLineage");
        const Value* fields = facet ? facet->find("fields") : nullptr;
        if (!fields || !fields->is_object()) return;
        for (const auto& [column, value] : *fields->as_object())
            for (const auto& source : value.items("inputFields")) {
                const auto name_space = source.text("namespace"), name = source.text("name");
                if (name_space.empty() || name.empty() || source.text("field").empty()) continue;
                read.columns.push_back({dataset(name_space, name, nullptr), to, {source.text("field"), column}});
            }
    }

    // ---- names

    static std::string path_in(const std::string& name_space, std::string name) {
        if (name_space != "file" && !name_space.starts_with("file:")) return "";
        if (name.starts_with("file:")) name = name.substr(5);
        while (name.starts_with("//")) name.erase(0, 1);
        if (!name.starts_with('/')) return "";
        name = fs::path(name).lexically_normal().string();
        while (name.size() > 1 && name.ends_with('/')) name.pop_back();
        return name;
    }

    std::optional<model::DatasetRef> in_lake(const std::string& path) const {
        for (const auto& [bucket, root] : m_roots) {
            if (!text::starts_with_folder(path, root)) continue;
            const std::string inside = path.size() > root.size() ? path.substr(root.size() + 1) : "";
            if (const auto* table = m_names.table_at(bucket, inside)) return LineageNames::ref(*table);
            return model::DatasetRef{"", std::string(model::k_lake_namespace), bucket + "/" + inside};
        }
        return std::nullopt;
    }

    model::DatasetRef dataset(const std::string& name_space, const std::string& name, const Value* item) const {
        const std::string path = path_in(name_space, name);
        model::DatasetRef ref{"", path.empty() ? name_space : "file", path.empty() ? name : path};
        if (!path.empty())
            if (auto inside = in_lake(path)) ref = *inside;
        ref = m_names.current(ref);
        if (!ref.table_id.empty()) return ref;
        // The same dataset under its other names: of a lake that lay elsewhere, or a table at a path of ours.
        const auto* links = facet_of(item, "symlinks");
        if (!links) return ref;
        for (const auto& link : links->items("identifiers")) {
            const std::string other = path_in(link.text("namespace"), link.text("name"));
            if (link.text("namespace") == model::k_lake_namespace)
                if (const auto* table = m_names.table_called(link.text("name"))) return LineageNames::ref(*table);
            if (other.empty()) continue;
            const auto inside = in_lake(other);
            if (inside && !inside->table_id.empty()) return *inside;
        }
        return ref;
    }

    // ---- putting events together

    void store(Event read) {
        const std::string job = read.jobless ? "" : model::job_id(read.job.name_space, read.job.name);
        if (!job.empty()) {
            const auto [at, fresh] = m_jobs.try_emplace(job, read.job);
            if (!fresh) merge(at->second, read.job);
        }
        for (auto& [from, to, link] : read.columns)
            m_columns[{job, from.key(), to.key()}].push_back({from, to, link, read.time});
        if (read.run_id.empty() || read.declared) {
            if (read.inputs.empty() && read.outputs.empty()) ++m_result.without_effect;
            for (const auto& from : read.inputs)
                for (const auto& to : read.outputs)
                    edge(from, to, job, read.time, false);  // said once, however often read
            return;
        }
        model::LineageRun run = std::move(read.facts);
        run.run_id = read.run_id;
        run.job = job;
        run.state = state_of(read.type);
        // RUNNING says that it runs, not when it began.
        if (read.type == "START") run.started_at = read.time;
        if (read.type == "COMPLETE" || read.type == "FAIL" || read.type == "ABORT") run.ended_at = read.time;
        run.inputs = std::move(read.inputs);
        run.outputs = std::move(read.outputs);
        const auto id = model::run_entry_id(job, run.run_id);
        std::string& last = m_last_event[id];
        last = std::max(last, read.time);
        const auto [at, fresh] = m_runs.try_emplace(id, run);
        if (!fresh) merge(at->second, run);
    }

    // Older than all that are kept of a job with as many as are kept: whether it was counted before nobody knows, and
    // reading the same file again must change nothing.
    bool is_past(const model::LineageRun& run) const {
        const auto kept = m_kept.find(run.job);
        return kept != m_kept.end() && kept->second.runs >= catalog::k_runs_kept &&
               catalog::age_key(run) < kept->second.oldest;
    }

    static void measure(model::LineageRun& run) {
        if (run.duration_ms || run.started_at.empty() || run.ended_at.empty()) return;
        const auto began = parse_rfc3339(run.started_at), ended = parse_rfc3339(run.ended_at);
        if (began && ended && *ended >= *began)
            run.duration_ms = static_cast<std::uint64_t>((to_ns(*ended) - to_ns(*began)) / 1'000'000);
    }

    model::LineageEdge& edge(const model::DatasetRef& from, const model::DatasetRef& to, const std::string& job,
                             const std::string& time, bool counts) {
        model::LineageEdge edge{from, to, job, {}, time, time, counts ? 1u : 0u};
        const auto [at, fresh] = m_edges.try_emplace(model::edge_id(edge), edge);
        if (!fresh) merge(at->second, edge);
        return at->second;
    }

    struct Kept {
        std::size_t runs = 0;
        std::string oldest;  // its age
    };
    struct TimedColumns {
        model::DatasetRef from, to;
        model::ColumnLink link;
        std::string time;
    };

    // A column may come from a dataset that no event names as an input.
    void column_edge(const std::tuple<std::string, std::string, std::string>& between,
                     const std::vector<TimedColumns>& links) {
        for (const auto& [from, to, link, time] : links) {
            auto& known = edge(from, to, std::get<0>(between), time, false);
            known.columns.push_back(link);
            std::sort(known.columns.begin(), known.columns.end());
            known.columns.erase(std::unique(known.columns.begin(), known.columns.end()), known.columns.end());
        }
    }

    const LineageNames& m_names;
    std::vector<std::pair<std::string, std::string>> m_roots;  // bucket, folder without a final slash
    std::map<std::string, const model::LineageRun*> m_old_runs;
    std::map<std::string, Kept> m_kept;  // by job
    std::map<std::string, model::LineageRun> m_runs;
    std::map<std::string, std::string> m_last_event;  // of each of m_runs, its time
    std::map<std::string, model::LineageJob> m_jobs;
    std::map<std::string, model::LineageEdge> m_edges;
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<TimedColumns>> m_columns;
    std::set<std::string> m_old_edges;
    ReadEvents m_result;
};

}  // namespace

Result<ReadEvents> read_openlineage(std::string_view text, const catalog::Lineage& known,
                                    const std::vector<BucketRoot>& buckets) {
    Reader reader(known, buckets);
    for (const Piece& piece : pieces_of(text)) {
        auto event = json::parse(piece.text);
        const Status taken = event ? reader.take(*event) : Status(std::move(event).error());
        if (taken)
            ++reader.result().events;
        else
            reader.result().bad.push_back({piece.line, taken.error().message});
    }
    if (reader.result().events == 0 && !reader.result().bad.empty())
        return Error(Errc::corrupt,
                     fmt::format("no OpenLineage event in it; line {}: {}", reader.result().bad[0].line,
                                 reader.result().bad[0].message),
                     "it wants one JSON event a line, or a JSON array of events");
    return reader.finish();
}

}  // namespace neurolake::exchange
