// cmd_catalog_export.cpp: `neurolake catalog export`: the catalog for other programs and for people.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "cmd_catalog.hpp"
#include "cmd_lineage.hpp"
#include "exchange/exchange.hpp"
#include "view_files.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct Args {
    std::vector<std::string> words;
    std::string format = "json", file, dialect = "duckdb";
    bool overwrite = false;
};

// What there is to tell of an export besides its tables.
struct Report {
    struct Events {
        std::uint64_t events = 0, edges = 0;
    };
    std::optional<exchange::ViewReport> views;
    std::optional<exchange::DdlReport> ddl;
    std::optional<Events> lineage;
};
using Write = Result<Report> (*)(Session&, const Args&, const exchange::Content&, const exchange::Sink&);

template <Status (*write)(const exchange::Content&, const exchange::Sink&)>
Result<Report> plainly(Session&, const Args&, const exchange::Content& content, const exchange::Sink& sink) {
    TRY_DO(write(content, sink));
    return Report();
}

Result<Report> write_ddl(Session&, const Args& args, const exchange::Content& content, const exchange::Sink& sink) {
    const auto dialect = exchange::dialect_from(args.dialect).value_or(exchange::SqlDialect::duckdb);
    Report told;
    TRY(told.ddl, exchange::write_ddl(content, dialect, sink));
    return told;
}

Result<Report> write_views(Session& session, const Args&, const exchange::Content& content,
                           const exchange::Sink& sink) {
    TRY(const exchange::FilesOf files_of, view_files(session));
    Report told;
    TRY(told.views, exchange::write_views(content, files_of, sink));
    return told;
}

// As `lineage export`: one event a line.
Result<Report> write_openlineage(Session& session, const Args&, const exchange::Content& content,
                                 const exchange::Sink& sink) {
    if (!content.whole)
        return Error(Errc::usage, "the events of --format openlineage are of the whole lake",
                     "leave the tables and buckets out");
    TRY(const auto lineage, catalog::Lineage::read(*content.catalog));
    TRY(const auto roots, bucket_roots(session));
    Report::Events told{0, lineage.edges().size()};
    for (const auto& event : exchange::openlineage_events(lineage, roots)) {
        TRY_DO(sink(json::dump(event) + "\n"));
        ++told.events;
    }
    Report report;
    report.lineage = told;
    return report;
}

struct Format {
    const char* name;
    Write write;
};
constexpr Format k_formats[] = {
    {"json", plainly<exchange::write_json>},
    {"jsonl", plainly<exchange::write_jsonl>},
    {"csv", plainly<exchange::write_csv>},
    {"ddl", write_ddl},
    {"duckdb", write_views},
    {"openlineage", write_openlineage},
    {"markdown", plainly<exchange::write_markdown>},
};

std::vector<std::string> format_names() {
    std::vector<std::string> names;
    for (const Format& format : k_formats) names.emplace_back(format.name);
    return names;
}

Result<exchange::Content> content_of(Session& session, const Args& args) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const auto buckets, session.buckets({}));
    std::vector<std::string> known;
    for (const auto& bucket : buckets) known.push_back(bucket.name);
    TRY(exchange::Content content, exchange::choose(*catalog, args.words, known));
    content.lake = lake->id();
    return content;
}

Error name_taken(const std::string& file) {
    return Error(Errc::already_exists, fmt::format("write the export to {}: a file of that name is there", file),
                 "another name, or --overwrite", file);
}

// The file appears whole or not at all.
Result<Report> write_file(Session& session, const Args& args, const Format& format, const exchange::Content& content) {
    std::error_code unknown;
    if (!args.overwrite && fs::exists(fs::symlink_status(args.file, unknown))) return name_taken(args.file);
    TRY(AtomicFile file, AtomicFile::create(args.file).with_context("write the export"));
    std::string waiting;
    constexpr std::size_t k_piece = std::size_t{256} << 10;
    const exchange::Sink sink = [&](std::string_view text) -> Status {
        waiting += text;
        if (waiting.size() < k_piece) return {};
        TRY_DO(session.check_cancelled());
        return file.write(std::exchange(waiting, {}));
    };
    TRY(Report report, format.write(session, args, content, sink));
    TRY_DO(file.write(waiting).with_context("write the export"));
    auto done = file.commit(args.overwrite ? Overwrite::yes : Overwrite::no);
    if (!done && done.error().code == Errc::already_exists) return name_taken(args.file);
    TRY_DO(done);
    return report;
}

Result<Report> write_out(Session& session, const Args& args, const Format& format, const exchange::Content& content) {
    return format.write(session, args, content, [&](std::string_view text) -> Status {
        session.out().raw(text);
        return session.check_cancelled();
    });
}

json::Value missing_json(const std::vector<exchange::LeftOut>& tables) {
    auto list = json::Value::array();
    for (const auto& table : tables) {
        auto item = json::Value::object();
        json::set_path(item, "table", table.table);
        json::set_path(item, "why", table.why);
        list.push(item.set("hint", table.hint));
    }
    return list;
}

json::Value renamed_json(const std::vector<exchange::Renamed>& tables) {
    auto list = json::Value::array();
    for (const auto& table : tables) {
        auto item = json::Value::object();
        json::set_path(item, "table", table.table);
        list.push(item.set("name", table.name));
    }
    return list;
}

void set_views(json::Value& value, const exchange::ViewReport& report) {
    value.set("views", report.views);
    value.set("failing", missing_json(report.failing)).set("without", missing_json(report.without));
    value.set("renamed", renamed_json(report.renamed));
}

// "a, b, c and 4 more"
std::string names_of(const Output& out, const std::vector<exchange::LeftOut>& tables) {
    constexpr std::size_t k_named = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(tables.size(), k_named); ++i)
        text += (i ? ", " : "") + out.name(tables[i].table);
    if (tables.size() > k_named) text += fmt::format(" and {} more", tables.size() - k_named);
    return text;
}

// "; 1 table has another name there: raw-data.orders is "raw-data"."orders_2""
std::string renamed_text(const Output& out, const std::vector<exchange::Renamed>& tables) {
    constexpr std::size_t k_named = 3;
    if (tables.empty()) return {};
    std::string text = fmt::format("; {} {} another name there: ", counted(tables.size(), "table"),
                                   tables.size() == 1 ? "has" : "have");
    for (std::size_t i = 0; i < std::min(tables.size(), k_named); ++i)
        text += fmt::format("{}{} is {}", i ? ", " : "", out.name(tables[i].table), out.name(tables[i].name));
    return tables.size() > k_named ? text + fmt::format(" and {} more", tables.size() - k_named) : text;
}

// "12 views written to lake.sql; 2 tables have none: raw-data.a, raw-data.b (the file says why)"
std::string views_text(const Output& out, const exchange::ViewReport& report, const std::string& file) {
    std::string text = fmt::format("{} written to {}", counted(report.views, "view"), out.name(file));
    if (const auto n = report.without.size(); n > 0)
        text += fmt::format("; {} {} none: {} (the file says why)", counted(n, "table"), n == 1 ? "has" : "have",
                            names_of(out, report.without));
    if (const auto n = report.failing.size(); n > 0)
        text += fmt::format("; {} out of DuckDB's reach and {} with the reason: {}",
                            n == 1 ? "1 is" : fmt::format("{} are", n), n == 1 ? "fails" : "fail",
                            names_of(out, report.failing));
    return text + renamed_text(out, report.renamed);
}

// "26 tables written to lake.sql; 3 tables are not in it: raw-data.a, ... (a comment says why)"
std::string ddl_text(const Output& out, const exchange::DdlReport& report, const std::string& file) {
    std::string text = fmt::format("{} written to {}", counted(report.tables, "table"), out.name(file));
    if (const auto n = report.without.size(); n > 0)
        text += fmt::format("; {} {} not in it: {} (a comment says why)", counted(n, "table"), n == 1 ? "is" : "are",
                            names_of(out, report.without));
    return text + renamed_text(out, report.renamed);
}

std::string told(const Output& out, const Report& report, const std::string& file, std::uint64_t living) {
    if (report.views) return views_text(out, *report.views, file);
    if (report.ddl) return ddl_text(out, *report.ddl, file);
    if (!report.lineage) return fmt::format("{} written to {}", counted(living, "table"), out.name(file));
    if (report.lineage->events == 0)
        return fmt::format("No lineage is known yet: {} is empty; say some with: neurolake lineage add",
                           out.name(file));
    return fmt::format("{} written to {}, of {}", counted(report.lineage->events, "event"), out.name(file),
                       counted(report.lineage->edges, "edge"));
}

json::Value told_json(const Report& report, const Args& args, std::uint64_t living) {
    auto value = json::Value::object().set("schema", "neurolake.catalog.exported/1").set("format", args.format);
    json::set_path(value, "file", args.file);
    value.set("tables", report.ddl ? report.ddl->tables : living);
    if (report.views) set_views(value, *report.views);
    if (report.lineage) value.set("events", report.lineage->events).set("edges", report.lineage->edges);
    if (!report.ddl) return value;
    return value.set("without", missing_json(report.ddl->without)).set("renamed", renamed_json(report.ddl->renamed));
}

Result<int> run_export(Session& session, const Args& args) {
    const auto* format = std::ranges::find(k_formats, args.format, [](const Format& f) { return std::string(f.name); });
    TRY(const exchange::Content content, content_of(session, args));
    const auto living = std::ranges::count_if(content.tables, [](const auto* t) { return t->deleted_at.empty(); });
    if (args.file.empty() || args.file == "-") {
        TRY_DO(write_out(session, args, *format, content));
        return 0;
    }
    TRY_DO(check_output_place(session, args.file));
    TRY(const Report report, write_file(session, args, *format, content));
    Output& out = session.out();
    const auto tables = static_cast<std::uint64_t>(living);
    if (out.machine())
        out.object(told_json(report, args, tables));
    else
        out.summary(told(out, report, args.file, tables));
    return 0;
}

}  // namespace

void add_catalog_export(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "export", "The catalog for other programs and for people", run_export,
        {"neurolake catalog export -o catalog.json", "neurolake catalog export raw-data --format csv -o columns.csv"});
    app.add_option("TABLE|BUCKET", args.words, "Only these tables, and all of these buckets");
    app.add_option("--format", args.format,
                   fmt::format("What to write (default: json): {}", fmt::join(format_names(), ", ")))
        ->one_of(format_names())
        ->type_name("FORMAT")
        ->capture_default_str();
    app.add_option("--dialect", args.dialect, "The database of --format ddl (default: duckdb)")
        ->one_of({"duckdb", "postgresql", "sqlite"})
        ->type_name("DATABASE");
    app.add_option("-o,--output", args.file, "Write to this file instead of standard output")->type_name("FILE");
    app.add_flag("--overwrite", args.overwrite, "Replace the file that is there");
}

}  // namespace neurolake::apps
