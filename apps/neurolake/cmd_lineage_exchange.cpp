// cmd_lineage_exchange.cpp: `neurolake lineage export` and `import`: OpenLineage events, and the graph as one object.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.hpp"
#include "cmd_lineage.hpp"
#include "exchange/openlineage.hpp"
#include "writer.hpp"

namespace neurolake::apps {

using catalog::Lineage;

Result<std::vector<exchange::BucketRoot>> bucket_roots(Session& session) {
    TRY(const config::Settings* settings, session.settings());
    TRY(const lake::Lake* lake, session.lake());
    TRY(const auto by_hand, lake::unregistered_buckets(lake->layout(), settings->buckets));
    std::vector<exchange::BucketRoot> roots;
    for (const auto* list : {&settings->buckets, &by_hand})
        for (const auto& bucket : *list) roots.push_back({bucket.name, bucket.root});
    return roots;
}

namespace {

struct ExportArgs {
    std::string format = "openlineage", output;
    bool overwrite = false;
};

struct ImportArgs {
    std::string file;
};

constexpr std::uint64_t k_largest_file = 1ull << 30;

// ---- export

json::Value graph_json(const Lineage& lineage) {
    auto datasets = json::Value::array(), edges = json::Value::array(), jobs = json::Value::array(),
         runs = json::Value::array();
    for (std::size_t i = 0; i < lineage.datasets().size(); ++i) datasets.push(dataset_json(lineage, i));
    for (const auto& edge : lineage.edges()) edges.push(edge_json(lineage, edge));
    for (const auto& job : lineage.jobs()) jobs.push(model::to_json(job));
    for (const auto& run : lineage.runs()) runs.push(model::to_json(run));
    auto value = json::Value::object().set("schema", "neurolake.lineage.graph/1");
    value.set("datasets", std::move(datasets)).set("edges", std::move(edges));
    return value.set("jobs", std::move(jobs)).set("runs", std::move(runs));
}

Result<int> run_export(Session& session, const ExportArgs& args) {
    TRY(const auto lineage, read_lineage(session));
    Output& out = session.out();
    const bool graph = args.format == "json" || (out.machine() && (args.output.empty() || args.output == "-"));
    std::string text;
    std::uint64_t events = 0;
    if (graph) {
        text = json::dump(graph_json(lineage)) + "\n";
    } else {
        TRY(const auto roots, bucket_roots(session));
        for (const auto& event : exchange::openlineage_events(lineage, roots)) {
            text += json::dump(event) + "\n";
            ++events;
        }
    }
    if (args.output.empty() || args.output == "-") {
        out.raw(text);
        return 0;
    }
    TRY_DO(check_output_place(session, args.output));
    const auto written = write_file_atomic(args.output, text, 0666, args.overwrite ? Overwrite::yes : Overwrite::no);
    if (!written && written.error().code == Errc::already_exists)
        return Error(Errc::already_exists,
                     fmt::format("write the lineage to {}: a file of that name is there", args.output),
                     "another name, or --overwrite", args.output);
    TRY_DO(written);
    if (out.machine()) {
        auto value = json::Value::object().set("schema", "neurolake.lineage.export/1").set("format", args.format);
        json::set_path(value, "file", args.output);
        out.object(value.set("edges", lineage.edges().size()).set("events", events));
        return 0;
    }
    out.summary(fmt::format("Wrote {}: {}{}", out.name(args.output), counted(lineage.edges().size(), "edge"),
                            graph ? "" : " in " + counted(events, "event")));
    return 0;
}

// ---- import

Result<std::string> read_stdin() {
    std::string text;
    std::string block(1 << 16, '\0');
    while (true) {
        const ssize_t n = ::read(STDIN_FILENO, block.data(), block.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error(errno, "read standard input");
        if (n == 0) return text;
        if (text.size() + static_cast<std::size_t>(n) > k_largest_file)
            return Error(Errc::unsupported, "standard input holds more than 1 GiB of events", "import it in parts");
        text.append(block, 0, static_cast<std::size_t>(n));
    }
}

struct Imported {
    std::size_t events = 0, without_effect = 0;
    std::vector<exchange::BadEvent> bad;
    catalog::LineageChange change;
};

json::Value import_json(Session& session, const Imported& done) {
    auto failed = json::Value::array();
    for (const auto& bad : done.bad)
        failed.push(json::Value::object().set("line", bad.line).set("message", text::to_valid_utf8(bad.message)));
    auto value = json::Value::object().set("schema", "neurolake.lineage.import/1").set("dry_run", session.dry_run());
    value.set("events", done.events).set("without_effect", done.without_effect);
    value.set("new_edges", done.change.new_edges.size()).set("known_edges", done.change.known_edges.size());
    value.set("new_jobs", done.change.new_jobs).set("new_runs", done.change.new_runs);
    return value.set("failed", std::move(failed));
}

void print_import(Session& session, const ImportArgs& args, const Imported& done) {
    Output& out = session.out();
    const std::string name = args.file == "-" ? "standard input" : out.name(args.file);
    constexpr std::size_t k_warned = 20;
    for (std::size_t i = 0; i < std::min(done.bad.size(), k_warned); ++i)
        out.warn(fmt::format("{}:{}: {}", name, done.bad[i].line, out.name(done.bad[i].message)));
    out.summary(fmt::format("{} {}: {}, {} known, {}, {}", session.dry_run() ? "Would import" : "Imported",
                            counted(done.events, "event"), counted(done.change.new_edges.size(), "new edge"),
                            text::with_thousands(done.change.known_edges.size()),
                            counted(done.change.new_jobs, "new job"), counted(done.change.new_runs, "new run")));
    if (!done.bad.empty())
        out.summary(fmt::format("Left out: {}, {}", counted(done.bad.size(), "event"),
                                done.bad.size() > k_warned
                                    ? fmt::format("the first {} named above; --json names all", k_warned)
                                    : "each named above"));
}

Result<int> run_import(Session& session, const ImportArgs& args) {
    std::error_code failed;
    if (args.file != "-" && !std::filesystem::exists(args.file, failed) && !failed)
        return Error(Errc::not_found, fmt::format("import {}: there is no such file", args.file),
                     "name a file of OpenLineage events, or - for standard input", args.file);
    if (args.file != "-" && std::filesystem::is_directory(args.file, failed))
        return Error(Errc::usage, fmt::format("import {}: it is a folder, not a file of OpenLineage events", args.file),
                     fmt::format("all files in it: cat {0}/* | neurolake lineage import - ; of an older catalog: "
                                 "neurolake catalog import {0}",
                                 args.file),
                     args.file);
    // Before the lock: nobody waits for a slow pipe.
    TRY(const std::string text, args.file == "-" ? read_stdin() : read_file(args.file, k_largest_file));
    TRY_DO(begin_change(session));
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY(const auto lineage, read_lineage(session));
    TRY(const auto roots, bucket_roots(session));
    TRY(auto read, exchange::read_openlineage(text, lineage, roots)
                       .with_context("import " + (args.file == "-" ? "standard input" : args.file)));
    Imported done{read.events, read.without_effect, std::move(read.bad), {}};
    done.change = catalog::add_lineage(lineage, std::move(read.addition));
    if (!session.dry_run() && !done.change.entries.empty()) {
        TRY_DO(catalog->change_entries(done.change.entries));
        auto fields = json::Value::object();
        json::set_path(fields, "file", args.file);
        fields.set("events", done.events).set("new_edges", done.change.new_edges.size());
        TRY_DO(session.audit("lineage.import", fields.set("new_runs", done.change.new_runs)));
    }
    if (session.out().machine())
        session.out().object(import_json(session, done));
    else
        print_import(session, args, done);
    return done.bad.empty() ? 0 : k_exit_partial;
}

}  // namespace

void add_lineage_export(CommandLine lineage, Registry& registry) {
    auto [app, args] = registry.command<ExportArgs>(
        lineage, "export", "The lineage as OpenLineage events, one a line, or as one JSON object", run_export,
        {"neurolake lineage export -o events.jsonl", "neurolake lineage export --format json | jq '.edges | length'"});
    app.add_option("--format", args.format, "Events for other tools, or everything as we have it")
        ->type_name("openlineage|json")
        ->one_of({"openlineage", "json"});
    app.add_option("-o,--output", args.output, "The file to write (none, or -: standard output)")->type_name("FILE");
    app.add_flag("--overwrite", args.overwrite, "Replace the file that is there");
}

void add_lineage_import(CommandLine lineage, Registry& registry) {
    auto [app, args] = registry.command<ImportArgs>(
        lineage, "import", "Take in OpenLineage events of any tool", run_import,
        {"neurolake lineage import events.jsonl", "cat events/*.json | neurolake lineage import - --dry-run"});
    app.add_option("FILE", args.file, "JSON lines or an array of events; - is standard input")->required();
    add_dry_run(app);
}

}  // namespace neurolake::apps
