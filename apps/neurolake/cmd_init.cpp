// cmd_init.cpp: `neurolake init`: makes a lake; running it again changes nothing.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "catalog/sqlite.hpp"
#include "commands.hpp"
#include "sample_lake.hpp"
#include "shell_words.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

constexpr const char* k_logs[] = {"audit.log", "error.log", "query.log"};

struct Args {
    std::string path;
    std::string config_template = "settings";
    std::optional<std::string> capacity, threshold;
    bool example = false;
};

struct Report {
    fs::path home;
    bool was_a_lake = false;
    std::vector<fs::path> created;  // folders, in the order they were made
    std::vector<std::string> sample;
    std::vector<std::string> to_fill_in;  // "cloud_bucket (line 63)" of settings.yaml
    lake::Lake::CloudOwner taken_over;
    DiskSpace disk;
    tier::Marks marks;
};

// The user's name as a cloud bucket may contain it.
std::string safe_user() {
    std::string name;
    if (const passwd* entry = ::getpwuid(::geteuid())) name = text::lower(entry->pw_name);
    std::erase_if(name, [](char c) { return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')); });
    return name.empty() ? "lake" : name.substr(0, 32);
}

// Names of cloud buckets are shared by the whole world: below an empty cloud_bucket, propose one that nobody has.
void propose_cloud_bucket(std::string& settings) {
    const std::size_t key = settings.find("\n  cloud_bucket: ''");
    if (key == std::string::npos) return;
    const std::size_t line_end = std::min(settings.find('\n', key + 1), settings.size());
    settings.insert(line_end, fmt::format("\n  # cloud_bucket: neurolake-{}-{}  # a name nobody else has: make this "
                                          "bucket at your provider, then use it above",
                                          safe_user(), random_hex(3)));
}

std::string template_list() {
    std::string known;
    for (const auto& name : config::template_names()) known += (known.empty() ? "" : ", ") + name;
    return known;
}

Result<std::string> settings_text(const Args& args) {
    const auto text = config::settings_template(args.config_template);
    if (!text) {
        return Error(Errc::usage, fmt::format("no template '{}'", args.config_template),
                     "templates: " + template_list());
    }
    std::string out(*text);
    propose_cloud_bucket(out);
    return out;
}

Status check_sizes(const Args& args) {
    std::uint64_t capacity = 0, threshold = 0;
    if (args.capacity) {
        TRY(capacity, text::parse_size(*args.capacity));
    }
    if (args.threshold) {
        TRY(threshold, text::parse_size(*args.threshold));
    }
    if ((args.capacity && capacity == 0) || (args.threshold && threshold == 0)) {
        return Error(Errc::usage, "a capacity or threshold of nothing makes no sense", "example: --capacity 100GB");
    }
    if (args.capacity && args.threshold && threshold > capacity) {
        return Error(Errc::usage,
                     fmt::format("the threshold {} is more than the capacity {}", *args.threshold, *args.capacity),
                     "bursting begins at the threshold: make it smaller");
    }
    return {};
}

Status write_if_missing(const fs::path& file, std::string_view bytes, mode_t mode) {
    if (fs::exists(fs::symlink_status(file))) return {};
    auto written = write_file_atomic(file, bytes, mode, Overwrite::no);
    if (!written && written.error().code == Errc::already_exists) return {};  // another init was faster
    return written;
}

// Everything that was asked for is judged before the first folder is made. nullopt: the lake has settings already.
Result<std::optional<std::string>> judged_settings(const Session& session, const lake::Layout& layout,
                                                   const Args& args) {
    const auto env = config::process_environment();
    const auto& overrides = session.globals().overrides;
    if (fs::exists(layout.settings_yaml)) {
        TRY_DO(config::Config::load(layout.home, env, overrides));
        return std::optional<std::string>();
    }
    TRY(std::string text, settings_text(args));
    std::vector<std::pair<std::string, std::string>> values;
    if (args.capacity) values.emplace_back("storage.capacity", *args.capacity);
    if (args.threshold) values.emplace_back("storage.high", *args.threshold);
    TRY(text, config::new_settings(layout.home, std::move(text), values, env, overrides));
    return std::optional<std::string>(std::move(text));
}

// The keys whose comments ask for a value.
std::vector<std::string> keys_to_fill_in(std::string_view settings) {
    std::vector<std::string> keys;
    std::size_t number = 0;
    for (const std::string_view line : text::split(settings, '\n')) {
        ++number;
        const std::string_view words = text::trim(line);
        if (words.starts_with('#') || words.find("# fill in") == std::string_view::npos) continue;
        keys.push_back(fmt::format("{} (line {})", words.substr(0, words.find(':')), number));
    }
    return keys;
}

Status write_logs(const lake::Layout& layout) {
    for (const char* name : k_logs) {
        TRY_DO(write_if_missing(layout.logs / name, "", 0600));
    }
    return {};
}

// Whether a lake lacks nothing that init would make: then not even the lock is touched.
Result<bool> is_complete(Session& session, const lake::Layout& layout, bool with_sample) {
    TRY(const config::Settings* settings, session.settings());
    std::vector<fs::path> wanted = {layout.settings_yaml};
    for (const char* name : k_logs) wanted.push_back(layout.logs / name);
    if (settings->catalog.backend == "json") {
        for (const char* name : {"tables.json", "schemas.json", "lineage.json", "glossary.json"})
            wanted.push_back(settings->catalog.folder / name);
    } else if (settings->catalog.backend == "sqlite") {
        wanted.push_back(catalog::sqlite_file(settings->catalog.folder));
    }  // a server is not asked each time
    for (const auto& bucket : settings->buckets) {
        if (!bucket.outside) wanted.push_back(bucket.root);
    }
    if (with_sample) {
        for (const auto& sample : sample_files()) wanted.push_back(layout.buckets / sample.path);
    }
    return std::ranges::all_of(wanted, [](const fs::path& path) { return fs::exists(path); });
}

Status make_bucket_folders(Session& session, Report& report) {
    TRY(const config::Settings* settings, session.settings());
    for (const auto& bucket : settings->buckets) {
        if (bucket.outside || fs::exists(bucket.root)) continue;
        TRY_DO(make_folders(bucket.root));
        report.created.push_back(bucket.root);
    }
    return {};
}

// Sample files bear a date in the past, so that they are not taken for files still being written.
Status set_old(const fs::path& file) {
    constexpr timespec k_then{1782885600, 0};  // 2026-07-01T06:00:00Z
    const timespec times[2] = {k_then, k_then};
    if (::utimensat(AT_FDCWD, file.c_str(), times, 0) != 0) return os_error(errno, "date " + file.string());
    return {};
}

Status write_sample(const lake::Layout& layout, Report& report) {
    for (const auto& sample : sample_files()) {
        const fs::path place = layout.buckets / sample.path;
        if (sample.path.back() == '/') {
            TRY_DO(make_folders(place.parent_path()));
            continue;
        }
        if (fs::exists(fs::symlink_status(place))) continue;  // never over a file of the user
        TRY_DO(make_folders(place.parent_path()));
        TRY_DO(write_file_atomic(place, sample.bytes, 0666, Overwrite::no));
        TRY_DO(set_old(place));
        report.sample.push_back(sample.path);
    }
    return {};
}

std::vector<fs::path> missing_folders(const lake::Layout& layout) {
    std::vector<fs::path> missing;
    for (const auto& folder :
         {layout.config, layout.catalog, layout.buckets, layout.logs, layout.cache, layout.query_results}) {
        if (!fs::exists(folder)) missing.push_back(folder);
    }
    return missing;
}

Result<Report> look_only(const Session& session, const fs::path& home, const Args& args) {
    const lake::Layout layout(home);
    Report report;
    report.home = home;
    report.was_a_lake = fs::exists(layout.marker);
    report.created = missing_folders(layout);
    TRY_DO(judged_settings(session, layout, args));
    if (!report.was_a_lake) {
        TRY(report.taken_over, lake::Lake::cloud_owner(layout));
    }
    if (args.example) {
        for (const auto& sample : sample_files()) report.sample.push_back(sample.path);
    }
    return report;
}

Status fill(Session& session, const lake::Layout& layout, const Args& args, Report& report) {
    TRY_DO(session.lock());
    TRY(const catalog::Options options, session.catalog_options());
    TRY_DO(catalog::Catalog::create(options));
    TRY_DO(write_logs(layout));
    TRY_DO(make_bucket_folders(session, report));
    if (args.example) TRY_DO(write_sample(layout, report));
    auto fields = json::Value::object().set("template", args.config_template);
    if (!report.taken_over.id.empty()) fields.set("taken_over", report.taken_over.id);
    return session.audit("lake.created", fields.set("folders", report.created.size()));
}

Result<Report> make_lake(Session& session, const fs::path& home, const Args& args) {
    const lake::Layout layout(home);
    TRY(const auto text, judged_settings(session, layout, args));
    TRY(auto created, lake::Lake::create(home, session.clock()));
    Report report;
    report.taken_over = created.taken_over;
    report.home = home;
    report.was_a_lake = created.was_a_lake;
    report.created = std::move(created.folders);
    if (text) {
        TRY_DO(write_if_missing(layout.settings_yaml, *text, 0666));
        report.to_fill_in = keys_to_fill_in(*text);
    } else if (args.capacity || args.threshold) {
        session.out().warn(
            "the lake has its settings already: --capacity and --threshold change nothing; use: "
            "neurolake config set storage.capacity SIZE");
    }
    TRY(const config::Settings* settings, session.settings());
    TRY(const bool complete, is_complete(session, layout, args.example));
    if (!complete || !report.was_a_lake || !report.created.empty()) TRY_DO(fill(session, layout, args, report));
    TRY(report.disk, disk_space(home));
    report.marks = tier::effective_marks(settings->tier.marks, 0, report.disk.total, report.disk.available);
    return report;
}

// A command that works from where the user is now.
std::string next_command(const fs::path& home) {
    std::error_code failed;
    const auto without = config::find_home(std::nullopt, config::process_environment(), fs::current_path(failed));
    if (without && (without->path == home)) return "neurolake catalog index";
    return fmt::format("neurolake --home {} catalog index", plain_or_quoted(home.string()));
}

json::Value to_json(const Session& session, const Report& report, const std::string& next) {
    auto created = json::Value::array(), sample = json::Value::array();
    for (const auto& folder : report.created) created.push(text::to_valid_utf8(folder.string()));
    for (const auto& file : report.sample) sample.push(file);
    auto value = json::Value::object().set("schema", "neurolake.init/1");
    json::set_path(value, "home", report.home.string());
    value.set("already", report.was_a_lake).set("dry_run", session.dry_run()).set("created", std::move(created));
    value.set("sample_files", std::move(sample));
    if (!report.taken_over.id.empty()) value.set("taken_over", report.taken_over.id);
    value.set("disk",
              json::Value::object().set("total_bytes", report.disk.total).set("free_bytes", report.disk.available));
    value.set("marks", json::Value::object()
                           .set("capacity_bytes", report.marks.capacity.bytes)
                           .set("high_bytes", report.marks.high.bytes)
                           .set("low_bytes", report.marks.low.bytes));
    return value.set("next", next);
}

// Where the disk and not the settings say how much the lake may hold, in words that are true.
void print_tight(Output& out, const Report& report) {
    const tier::Marks& marks = report.marks;
    const auto capacity = text::size_text(marks.capacity.bytes);
    const auto counts = marks.high.origin.starts_with("storage.min_free")
                            ? fmt::format("; {} are kept free", text::size_text(marks.min_free))
                            : std::string();
    if (marks.capacity.bytes > report.disk.total)
        out.prose(fmt::format("The disk is smaller than the capacity ({}){}.", capacity, counts));
    else if (marks.capacity.bytes > report.disk.available)
        out.prose(fmt::format("Only {} are free, less than the capacity ({}){}.",
                              text::size_text(report.disk.available), capacity, counts));
}

void print_taken_over(Output& out, const Report& report, bool dry) {
    if (report.taken_over.id.empty()) return;
    out.prose(
        fmt::format("{} the id {} of the lake that {} in the cloud (catalog/cloud.jsonl) belong{} to: recall "
                    "works again. What else .neurolake held, such as pins, is gone.",
                    dry ? "Would take over" : "Took over", report.taken_over.id,
                    counted(report.taken_over.files, "file"), report.taken_over.files == 1 ? "s" : ""));
}

void print_new(Output& out, const Report& report, const std::string& next) {
    const lake::Layout layout(report.home);
    out.summary();
    out.prose(fmt::format("Lake initialized at {}", out.name(report.home.string())));
    Table table({{""}, {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    table.row({"Browse:", out.name(layout.buckets.string())});
    table.row({"Config file:", out.name(layout.settings_yaml.string())});
    table.row({"State:", out.name(layout.state.string()) + " (hidden; part of the lake)"});
    table.row(
        {"Disk:", fmt::format("{}, {} free: capacity {}, burst from {}", text::size_text(report.disk.total),
                              text::size_text(report.disk.available), text::size_text(report.marks.capacity.bytes),
                              text::size_text(report.marks.high.bytes))});
    if (!report.to_fill_in.empty()) table.row({"Fill in:", fmt::format("{}", fmt::join(report.to_fill_in, ", "))});
    if (!out.quiet()) table.print(out);
    print_tight(out, report);
    out.prose(report.sample.empty() ? fmt::format("Next: put a file into {}, then: {}",
                                                  out.name((layout.buckets / "raw-data").string()), next)
                                    : "Next: " + next);
}

void print(Output& out, const Report& report, bool dry, const std::string& next) {
    for (const auto& folder : report.created) {
        out.summary(fmt::format("{}: {}", dry ? "Would create" : "Created", out.name(folder.string())));
    }
    for (const auto& file : report.sample) {
        out.summary(fmt::format("{}: {}", dry ? "Would write" : "Sample", out.name(file)));
    }
    print_taken_over(out, report, dry);
    if (report.was_a_lake) {
        out.prose(fmt::format("{} is already a lake{}", out.name(report.home.string()),
                              report.created.empty() && report.sample.empty() ? ": nothing changed" : ""));
        return;
    }
    if (!dry) print_new(out, report, next);
}

Result<int> run_init(Session& session, const Args& args) {
    TRY_DO(check_sizes(args));
    if (!args.path.empty()) session.use_home(args.path);
    TRY(const config::Home* home, session.home());
    TRY(const Report report,
        session.dry_run() ? look_only(session, home->path, args) : make_lake(session, home->path, args));
    Output& out = session.out();
    const std::string next = next_command(report.home);
    if (out.machine()) {
        out.object(to_json(session, report, next));
    } else {
        print(out, report, session.dry_run(), next);
    }
    return 0;
}

}  // namespace

void add_init(CommandLine root, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        root, "init", "Make a lake; safe to run again", run_init,
        {"neurolake init ~/NeuroLake --capacity 100GB --threshold 80GB", "neurolake init /tmp/demo --example"});
    app.add_option("PATH", args.path, "The lake's folder (else as --home finds it)");
    app.add_option("--template", args.config_template, "Settings to begin with: " + template_list())->type_name("NAME");
    app.add_option("--capacity", args.capacity, "How much the lake may hold")->type_name("SIZE");
    app.add_option("--threshold", args.threshold, "Where bursting begins")->type_name("SIZE");
    app.add_flag("--example", args.example, "Add a small sample lake to try things on");
    add_dry_run(app);
}

}  // namespace neurolake::apps
