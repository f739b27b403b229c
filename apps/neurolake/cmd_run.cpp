// cmd_run.cpp: `neurolake run`: any command, with what it read and made kept as lineage.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/text.hpp"
#include "cmd_lineage.hpp"
#include "formats/formats.hpp"
#include "lake/stub.hpp"
#include "run/traced_command.hpp"
#include "shell_words.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct Args {
    std::string job;
    std::vector<std::string> in, out, words;
};

constexpr auto k_patience = std::chrono::minutes(10);  // for the lock: the work is done, its record must not be lost

// "clean.py" of `python3 -u clean.py --fast`; of all else the program's own name.
std::string job_of(const std::vector<std::string>& words) {
    static constexpr std::string_view k_interpreters[] = {"python", "bash",    "sh",   "dash", "zsh",   "perl",
                                                          "ruby",   "Rscript", "node", "php",  "duckdb"};
    const std::string program = fs::path(words[0]).filename().string();
    const std::string bare = program.substr(0, program.find_first_of("0123456789."));
    if (std::ranges::find(k_interpreters, bare) != std::end(k_interpreters))
        for (std::size_t i = 1; i < words.size() && words[i] != "-c" && words[i] != "-e"; ++i)
            if (!words[i].starts_with('-')) return fs::path(words[i]).filename().string();
    return program;
}

std::string command_line(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + plain_or_quoted(word);
    return line;
}

// ---- from files to datasets

struct Place {
    std::string bucket, path;  // inside the bucket
};

class Places {
public:
    static Result<Places> of(Session& session) {
        Places places;
        TRY(places.m_roots, bucket_roots(session));
        for (auto& root : places.m_roots) {
            std::error_code missing;
            if (const auto real = fs::canonical(root.root, missing); !missing) root.root = real;
        }
        return places;
    }

    // The folder of all buckets, too: the command may make one.
    std::vector<std::string> folders(const fs::path& buckets) const {
        std::error_code missing;
        std::vector<std::string> all{fs::weakly_canonical(buckets, missing).string()};
        for (const auto& root : m_roots) all.push_back(root.root.string());
        return all;
    }

    // Of the innermost bucket; nullopt for files that are never data.
    std::optional<Place> place_of(const std::string& file) const {
        const exchange::BucketRoot* best = nullptr;
        for (const auto& root : m_roots)
            if (file.starts_with(root.root.string() + "/") &&
                (!best || root.root.native().size() > best->root.native().size()))
                best = &root;
        if (!best) return std::nullopt;
        Place place{best->name, file.substr(best->root.native().size() + 1)};
        for (const auto part : text::split(place.path, '/'))
            if (formats::is_known_non_data(part) || formats::is_temporary_name(part)) return std::nullopt;
        return place;
    }

private:
    std::vector<exchange::BucketRoot> m_roots;
};

constexpr std::size_t k_most_files = 50;  // of one folder that are kept one by one

// The folder that holds the partitions ("year=2024") of a file: that is one table. "" where there are none.
std::string partitioned_folder(const fs::path& file) {
    fs::path folder = file.parent_path();
    const auto is_partition = [](const fs::path& path) {
        return path.filename().native().find('=') != std::string::npos;
    };
    if (!is_partition(folder)) return {};
    while (is_partition(folder)) folder = folder.parent_path();
    return folder.string();
}

struct Uses {
    std::vector<Place> read, written;
    std::vector<std::string> placeholders;  // "bucket/path" of those that were read and hold no data here
};

bool is_placeholder(const std::string& file) {
    const auto opened = open_file(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!opened) return false;
    const auto stub = lake::read_stub(opened->get());
    return stub && stub->has_value();
}

Uses sorted_out(const std::vector<run::FileUse>& files, const Places& places) {
    Uses uses;
    for (const auto& file : files) {
        const auto place = places.place_of(file.path);
        if (!place) continue;
        if (file.read) {
            uses.read.push_back(*place);
            if (is_placeholder(file.path)) uses.placeholders.push_back(place->bucket + "/" + place->path);
        }
        if (file.written) uses.written.push_back(*place);
    }
    return uses;
}

// The tables of the files, each once. What is in no table yet is kept by its place, and becomes the table once that is
// indexed: the folder where it holds partitions or very many files were used, else the file.
class Datasets {
public:
    Datasets(const catalog::Lineage& lineage) : m_lineage(lineage) {}

    void add(const std::vector<Place>& files) {
        std::map<std::string, std::size_t> in_folder;
        std::vector<const Place*> homeless;
        for (const auto& file : files) {
            if (const auto* table = m_lineage.names().table_at(file.bucket, file.path)) {
                add(catalog::LineageNames::ref(*table));
                continue;
            }
            homeless.push_back(&file);
            ++in_folder[folder_of(file)];
        }
        for (const Place* file : homeless) {
            const std::string partitioned = partitioned_folder(file->path);
            std::string place = file->bucket + "/" + file->path;
            if (!partitioned.empty())
                place = file->bucket + "/" + partitioned;
            else if (in_folder[folder_of(*file)] > k_most_files && file->path.find('/') != std::string::npos)
                place = folder_of(*file);
            add({"", std::string(model::k_lake_namespace), place});
        }
    }
    void add(model::DatasetRef ref) {
        if (m_keys.insert(ref.key()).second) m_refs.push_back(std::move(ref));
    }
    const std::vector<model::DatasetRef>& refs() const { return m_refs; }

private:
    static std::string folder_of(const Place& file) {
        return fs::path(file.bucket + "/" + file.path).parent_path().string();
    }

    const catalog::Lineage& m_lineage;
    std::set<std::string> m_keys;
    std::vector<model::DatasetRef> m_refs;
};

// ---- the record

struct Done {
    model::LineageJob job;
    model::LineageRun run;
};

Done record_of(const Args& args, const run::CommandEnd& end, Time began, std::chrono::milliseconds took) {
    Done done;
    done.job.name = args.job.empty() ? job_of(args.words) : args.job;
    constexpr std::size_t k_longest = 4096;  // bytes of a command line that are kept of each run
    done.job.command = command_line(args.words);
    if (done.job.command.size() > k_longest) done.job.command = done.job.command.substr(0, k_longest - 3) + "...";
    done.job.first_seen = done.job.last_seen = to_rfc3339(began);
    done.job.runs = 1;
    auto& run = done.run;
    run.job = model::job_id(done.job.name_space, done.job.name);
    run.started_at = to_rfc3339(began, Precision::milliseconds);
    run.ended_at = to_rfc3339(began + took, Precision::milliseconds);
    run.duration_ms = static_cast<std::uint64_t>(took.count());
    run.state = end.rc == 0 ? model::LineageRun::State::complete : model::LineageRun::State::failed;
    run.rc = end.rc;
    run.command = done.job.command;
    run.run_id = model::uuid_of(fmt::format("{} {} {} {}", run.job, run.started_at, ::getpid(), run.command));
    return done;
}

catalog::LineageAddition addition_of(const Done& done) {
    catalog::LineageAddition addition;
    for (const auto& to : done.run.outputs)
        for (const auto& from : done.run.inputs) {
            if (from == to) continue;  // changed in place: its run says so
            model::LineageEdge edge;
            edge.from = from;
            edge.to = to;
            edge.job = done.run.job;
            edge.first_seen = edge.last_seen = done.job.last_seen;
            addition.edges.push_back(std::move(edge));
        }
    addition.jobs.push_back(done.job);
    addition.runs.push_back(done.run);
    return addition;
}

Status add_said(Session& session, const catalog::Lineage& lineage, const std::vector<std::string>& given,
                Datasets& datasets) {
    TRY(const auto words, dataset_words(session, given));
    for (const auto& word : words) {
        TRY(auto named, dataset_named(session, lineage, word));
        if (!named.note.empty()) session.out().note(named.note);
        datasets.add(std::move(named.ref));
    }
    return {};
}

json::Value names_json(const std::vector<model::DatasetRef>& refs) {
    auto list = json::Value::array();
    for (const auto& ref : refs) list.push(text::to_valid_utf8(catalog::shown_name(ref)));
    return list;
}

Status record(Session& session, const Args& args, const Uses& uses, Done& done) {
    auto begun = begin_change(session);
    if (!begun && begun.error().code == Errc::locked) {
        session.out().note(begun.error().message + "; waiting for it, to keep what the command did");
        session.be_patient(k_patience);
        begun = begin_change(session);
    }
    TRY_DO(begun);
    session.reload_catalog();
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(const auto lineage, read_lineage(session));
    Datasets inputs(lineage), outputs(lineage);
    inputs.add(uses.read);
    outputs.add(uses.written);
    TRY_DO(add_said(session, lineage, args.in, inputs));
    TRY_DO(add_said(session, lineage, args.out, outputs));
    done.run.inputs = inputs.refs();
    done.run.outputs = outputs.refs();
    const auto change = catalog::add_lineage(lineage, addition_of(done));
    TRY_DO(catalog->change_entries(change.entries));
    auto fields = json::Value::object();
    json::set_path(fields, "job", done.job.name);
    fields.set("in", names_json(done.run.inputs)).set("out", names_json(done.run.outputs));
    return session.audit("run", fields.set("job_rc", *done.run.rc));
}

// ---- what people see; standard output is the command's

std::string shown(const Output& out, const std::vector<model::DatasetRef>& refs, const char* none) {
    std::vector<std::string> names;
    for (const auto& ref : refs) names.push_back(out.name(catalog::shown_name(ref)));
    return names.empty() ? none : short_list(names, 5);
}

void report(Session& session, const Done& done) {
    Output& out = session.out();
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.run/1");
        json::set_path(value, "job", done.job.name);
        value.set("run", done.run.run_id).set("rc", *done.run.rc).set("started_at", done.run.started_at);
        value.set("duration_ms", *done.run.duration_ms).set("inputs", names_json(done.run.inputs));
        out.object(value.set("outputs", names_json(done.run.outputs)));
        return;
    }
    if (done.run.inputs.empty() && done.run.outputs.empty())
        return out.step(
            fmt::format("{}: it used no file of the lake's buckets", out.name(text::escape_controls(done.job.name))));
    out.step(fmt::format("{}: {} {} {}", out.name(text::escape_controls(done.job.name)),
                         shown(out, done.run.inputs, "nothing of the lake"), out.utf8() ? "→" : "->",
                         shown(out, done.run.outputs, "nothing of the lake")));
}

void warn_of_placeholders(Session& session, const std::vector<std::string>& places) {
    if (places.empty()) return;
    std::vector<std::string> names;
    for (const auto& place : places) names.push_back(session.out().name(place));
    session.out().warn(fmt::format("the command read {} whose data is in the cloud, and got a note in its place: {}",
                                   counted(places.size(), "file"), short_list(names, 3)));
    session.out().warn("bring it back and run again: neurolake recall " + plain_or_quoted(places[0]));
}

Result<int> run_command(Session& session, const Args& args) {
    TRY_DO(session.lake());
    TRY_DO(session.settings());
    Output& out = session.out();
    if (session.dry_run()) {
        out.summary(fmt::format("Would run: {}", out.name(command_line(args.words))));
        out.summary(fmt::format("as the job {}; which files it uses is known when it has run",
                                out.name(text::escape_controls(args.job.empty() ? job_of(args.words) : args.job))));
        return 0;
    }
    for (const auto* given : {&args.in, &args.out})
        if (std::ranges::find(*given, "") != given->end())
            return Error(Errc::usage, "an empty name names no dataset", "give BUCKET.TABLE, a path or a URL");
    TRY(const lake::Lake* lake, session.lake());
    TRY(const auto before, Places::of(session));
    TRY_DO(out.flush());
    const auto waits = [&](std::size_t left) {
        out.note(fmt::format("the command has ended; waiting for {} that it left running (interrupt to end {})",
                             left == 1 ? "a process" : fmt::format("{} processes", left), left == 1 ? "it" : "them"));
    };
    const Time began = SystemClock().now();
    const auto clock = std::chrono::steady_clock::now();
    TRY(const auto end, run::run_traced(args.words, before.folders(lake->layout().buckets), waits));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - clock);
    if (end.not_run) {
        out.error(*end.not_run, end.rc);
        return end.rc;
    }
    if (end.nested) out.note("it ran below another neurolake run, which has its files");
    if (end.untraced) out.warn(end.untraced->message + "\n" + end.untraced->hint);

    session.reload_settings();  // the command may have made buckets
    TRY(const auto places, Places::of(session));
    const auto uses = sorted_out(end.files, places);
    Done done = record_of(args, end, began, took);
    const auto recorded = record(session, args, uses, done);
    const bool nothing_known = (end.untraced || end.nested) && done.run.inputs.empty() && done.run.outputs.empty();
    if (recorded && (!nothing_known || out.machine()))
        report(session, done);
    else if (!recorded)
        out.warn(fmt::format("its lineage was not kept: {}", recorded.error().message));
    warn_of_placeholders(session, uses.placeholders);
    const bool part = !recorded || end.untraced || !uses.placeholders.empty();
    return end.rc == 0 && part ? k_exit_partial : end.rc;
}

}  // namespace

void add_run(CommandLine root, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        root, "run", "Run a command; keep what it read and made as lineage", run_command,
        {"neurolake run --job clean -- python3 clean.py", "neurolake run -- sh -c 'sort -u raw.csv > clean.csv'"});
    app.add_option("COMMAND", args.words, "The command and its words, after --; its exit code is ours")->required();
    app.add_option("--job", args.job, "The job's name in the lineage (the script's or program's name)")
        ->type_name("NAME");
    app.add_option("--in", args.in, "Also made from this: what does not come out of the lake's files")
        ->type_name("DATASET")
        ->repeatable();
    app.add_option("--out", args.out, "Also made: what does not go into the lake's files")
        ->type_name("DATASET")
        ->repeatable();
    add_dry_run(app);
}

}  // namespace neurolake::apps
