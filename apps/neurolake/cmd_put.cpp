// cmd_put.cpp: `neurolake put`: copies files into a bucket.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "commands.hpp"
#include "lake/put_file.hpp"
#include "lake_path.hpp"
#include "progress.hpp"
#include "retention/trash.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct Args {
    std::vector<std::string> words;  // sources, then the target
    bool overwrite = false, move = false, from0 = false;
};

struct Job {
    std::string source, target;  // target inside the bucket
};

struct Failure {
    Job job;
    Error error;
};

struct Report {
    std::vector<std::pair<Job, lake::PutResult>> done;
    std::vector<Failure> failed;
    std::uint64_t bytes = 0;
};

Result<std::string> read_stdin() {
    std::string all;
    std::array<char, 1 << 16> block;
    while (true) {
        const ssize_t n = ::read(STDIN_FILENO, block.data(), block.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error(errno, "read the list of files from standard input");
        if (n == 0) return all;
        all.append(block.data(), static_cast<std::size_t>(n));
    }
}

// The sources: as given, or one a line ("-"), or separated by NUL (--from0).
Result<std::vector<std::string>> sources(const Args& args) {
    std::vector<std::string> names(args.words.begin(), args.words.end() - 1);
    const bool from_stdin = args.from0 || (names.size() == 1 && names[0] == "-");
    if (!from_stdin) return names;
    if (args.from0 && !names.empty()) return Error(Errc::usage, "--from0 takes the files from standard input only");
    TRY(const std::string list, read_stdin());
    names.clear();
    for (const auto part : text::split(list, args.from0 ? '\0' : '\n')) {
        if (!part.empty()) names.emplace_back(part);
    }
    return names;
}

// Where each file goes: into the folder, or under the one name given.
Result<std::vector<Job>> jobs(const Args& args, const LakePath& target) {
    TRY(const auto names, sources(args));
    if (names.empty() && !args.from0 && args.words.size() < 2) {
        return Error(Errc::usage, "put wants files and a target", "example: neurolake put orders.csv raw-data/orders/");
    }
    const bool is_folder = target.path.empty() || target.folder_meant || names.size() != 1 ||
                           fs::is_directory(target.bucket.root / target.path);
    std::vector<Job> all;
    for (const auto& name : names) {
        const std::string base = fs::path(name).filename().string();
        const std::string folder = target.path.empty() ? "" : target.path + "/";
        all.push_back({name, is_folder ? folder + base : target.path});
        TRY_DO(lake::check_target(all.back().target));
    }
    std::vector<std::string> targets;
    for (const auto& job : all) targets.push_back(job.target);
    std::ranges::sort(targets);
    if (const auto twice = std::ranges::adjacent_find(targets); twice != targets.end()) {
        return Error(Errc::usage, fmt::format("two of the files would become {}", *twice), "copy them one by one");
    }
    return all;
}

Status keep_in_trash(Session& session, const std::string& path, const fs::path& file) {
    TRY(const lake::Lake* lake, session.lake());
    retention::TrashRecord record;
    record.reason = "overwritten";
    record.path = path;
    TRY(record, retention::keep_file(lake->layout(), file, std::move(record), session.clock()));
    return session.audit("file.kept_in_trash",
                         json::Value::object().set("path", text::to_valid_utf8(path)).set("trash", record.id));
}

Status put_one(Session& session, const Args& args, const LakePath& target, const Job& job, Progress& progress,
               Report& report) {
    const std::string path = target.bucket.name + "/" + job.target;
    lake::PutHooks hooks;
    hooks.keep_old = [&](const fs::path& file) { return keep_in_trash(session, path, file); };
    std::error_code unknown;
    const std::uint64_t size = fs::file_size(job.source, unknown);
    hooks.progress = [&](std::uint64_t done) { progress.update(done, unknown ? 0 : size, job.target); };
    const lake::PutRequest request{job.source, job.target, args.overwrite ? Overwrite::yes : Overwrite::no, args.move};
    auto put = lake::put_file(target.bucket, request, hooks, session.cancel());
    if (!put) {
        Error error = std::move(put).error();
        if (error.message.starts_with(job.target + " ")) error.message.insert(0, target.bucket.name + "/");
        return error;
    }
    const lake::PutResult result = std::move(put).value();
    auto fields = json::Value::object();
    json::set_path(fields, "path", path);
    fields.set("bytes", result.bytes).set("sha256", result.sha256).set("moved", args.move);
    TRY_DO(session.audit("file.put", fields.set("replaced", result.replaced)));
    report.bytes += result.bytes;
    report.done.emplace_back(job, result);
    return {};
}

// A dry run looks at the same things as far as looking goes.
Status look_only(const Args& args, const LakePath& target, const Job& job, Report& report) {
    TRY(const Fd source, open_file(job.source, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    TRY(const Identity identity, identity_of(source.get()));
    if (!identity.is_regular()) return Error(Errc::usage, job.source + " is no regular file", {}, job.source);
    const bool taken = fs::exists(fs::symlink_status(target.bucket.root / job.target));
    if (taken && !args.overwrite) {
        return Error(Errc::already_exists, target.bucket.name + "/" + job.target + " exists",
                     "choose another name, or --overwrite", job.target);
    }
    report.bytes += identity.size;
    report.done.emplace_back(job, lake::PutResult{identity.size, "", taken});
    return {};
}

json::Value to_json(const Session& session, const Report& report, const LakePath& target) {
    auto done = json::Value::array(), failed = json::Value::array();
    for (const auto& [job, result] : report.done) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", target.bucket.name + "/" + job.target);
        json::set_path(entry, "source", job.source);
        entry.set("bytes", result.bytes).set("replaced", result.replaced);
        if (!result.sha256.empty()) entry.set("sha256", result.sha256);
        done.push(std::move(entry));
    }
    for (const auto& [job, error] : report.failed) {
        auto entry = json::Value::object();
        json::set_path(entry, "source", job.source);
        failed.push(entry.set("code", to_string(error.code)).set("message", error.message));
    }
    return json::Value::object()
        .set("schema", "neurolake.put/1")
        .set("dry_run", session.dry_run())
        .set("put", std::move(done))
        .set("failed", std::move(failed))
        .set("bytes", report.bytes);
}

int print(Session& session, const Report& report, const LakePath& target) {
    Output& out = session.out();
    for (const auto& failure : report.failed) {
        if (!out.machine()) out.error(failure.error, 1);
    }
    if (out.machine()) {
        out.object(to_json(session, report, target));
    } else {
        for (const auto& [job, result] : report.done) {
            out.summary(fmt::format("{}{}/{}  {}{}", session.dry_run() ? "would put " : "", target.bucket.name,
                                    out.name(job.target), text::size_text(result.bytes),
                                    result.replaced ? "  (the old one goes to trash)" : ""));
        }
        out.summary(fmt::format("{} file{}, {}", report.done.size(), report.done.size() == 1 ? "" : "s",
                                text::size_text(report.bytes)));
    }
    return report.failed.empty() ? 0 : k_exit_partial;
}

Result<int> run_put(Session& session, const Args& args) {
    TRY_DO(begin_change(session));
    TRY(const LakePath target, resolve(session, args.words.back()));
    TRY(const lake::Lake* lake, session.lake());
    TRY_DO(lake::check_bucket_mount(*lake, target.bucket));
    TRY(const auto all, jobs(args, target));
    Report report;
    {
        Progress progress(session.out(), "put");
        for (const auto& job : all) {
            TRY_DO(session.check_cancelled());
            auto status = session.dry_run() ? look_only(args, target, job, report)
                                            : put_one(session, args, target, job, progress, report);
            if (status) continue;
            if (status.error().code == Errc::cancelled) return std::move(status).error();
            report.failed.push_back({job, std::move(status).error()});
        }
    }
    // A single failure is the command's own; among several files the rest stands and each failed one is named.
    if (all.size() == 1 && !report.failed.empty()) return std::move(report.failed.front().error);
    return print(session, report, target);
}

}  // namespace

void add_put(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(root, "put", "Copy files into a bucket, whole or not at all", run_put,
                               {"neurolake put orders-2026.csv raw-data/orders/",
                                "find . -name '*.parquet' -print0 | neurolake put --from0 --move processed/events/"});
    app.add_option("FILE... BUCKET[/PATH]", args.words,
                   "The files (- reads their names from standard input), then the bucket or folder")
        ->required();
    app.add_flag("--overwrite", args.overwrite, "Replace a file of the same name; the old one goes to the trash");
    app.add_flag("--move", args.move, "Remove each source after its copy was read back and is equal");
    app.add_flag("-0,--from0", args.from0, "File names from standard input, separated by NUL");
    add_dry_run(app);
}

}  // namespace neurolake::apps
