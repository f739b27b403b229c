// cmd_ls.cpp: `neurolake ls`: files and stubs as they are on disk now.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/text.hpp"
#include "commands.hpp"
#include "lake/stub.hpp"
#include "lake/walk.hpp"
#include "lake_path.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct Args {
    std::vector<std::string> paths;
    bool long_form = false, zero = false, local = false, cloud = false, buckets = false;
};

struct Listed {
    std::string path;  // bucket/inside/path
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
    bool maybe_stub = false, in_cloud = false;
};

struct Listing {
    std::mutex mutex;
    std::vector<Listed> files;
    std::vector<model::Finding> findings;
};

bool is_our_note(std::string_view name) { return name == lake::k_note_name || name == ".neurolake-bucket"; }

// Only such a file can be a stub; all others need not be opened.
bool looks_like_stub(std::uint64_t size, std::uint32_t mode) {
    return size > 0 && size % lake::k_stub_size == 0 && (mode & 0333) == 0;
}

class Sink final : public lake::WalkSink {
public:
    Sink(Listing& listing, std::string prefix) : m_listing(listing), m_prefix(std::move(prefix)) {}
    ~Sink() override {
        const std::lock_guard guard(m_listing.mutex);
        std::ranges::move(m_files, std::back_inserter(m_listing.files));
    }

    void entries(const lake::WalkFolder& folder, std::span<const lake::WalkEntry> batch) override {
        for (const auto& entry : batch) {
            if (entry.kind != lake::EntryKind::file || entry.unknown || is_our_note(entry.name)) continue;
            std::string path = m_prefix;
            if (!folder.path.empty()) path.append("/").append(folder.path);
            path.append("/").append(entry.name);
            m_files.push_back(
                {std::move(path), entry.size, entry.mtime_ns, looks_like_stub(entry.size, entry.mode), false});
        }
    }
    void finding(model::Finding finding) override {
        const std::lock_guard guard(m_listing.mutex);
        finding.path = m_prefix + "/" + finding.path;
        m_listing.findings.push_back(std::move(finding));
    }

private:
    Listing& m_listing;
    std::string m_prefix;
    std::vector<Listed> m_files;
};

Status list_place(Session& session, const LakePath& place, Listing& listing) {
    TRY(const Fd root, open_folder(place.bucket.root));
    if (place.path.empty()) {
        return lake::walk(place.bucket.root, {}, session.cancel(),
                          [&](unsigned) { return std::make_unique<Sink>(listing, place.bucket.name); });
    }
    const auto there = open_beneath(root.get(), place.path, O_PATH);
    if (!there && there.error().code == Errc::not_found)
        return Error(Errc::not_found, "no such file or folder", "see what is there: neurolake ls " + place.bucket.name,
                     place.full());
    if (!there) return Error(there.error());
    TRY(const Identity identity, identity_of(there->get()));
    if (identity.is_directory()) {
        return lake::walk(place.bucket.root / place.path, {}, session.cancel(),
                          [&](unsigned) { return std::make_unique<Sink>(listing, place.full()); });
    }
    if (!identity.is_regular()) return Error(Errc::not_found, place.full() + " is neither a file nor a folder");
    listing.files.push_back(
        {place.full(), identity.size, identity.mtime_ns, looks_like_stub(identity.size, identity.mode), false});
    return {};
}

// Stubs show the size of the data they stand for.
void tell_stubs(const lake::Bucket& bucket, std::vector<Listed>& files) {
    std::optional<Fd> root;
    for (auto& file : files) {
        if (!file.maybe_stub) continue;
        if (!root) {
            auto opened = open_folder(bucket.root);
            if (!opened) return;
            root = std::move(opened).value();
        }
        const auto stub = lake::read_stub_at(root->get(), file.path.substr(bucket.name.size() + 1));
        if (!stub || !*stub) continue;
        file.in_cloud = true;
        file.bytes = (*stub)->size;
    }
}

Result<std::vector<LakePath>> places(Session& session, const Args& args) {
    std::vector<LakePath> all;
    for (const auto& words : args.paths) {
        TRY(LakePath place, resolve(session, words));
        all.push_back(std::move(place));
    }
    if (!all.empty()) return all;
    TRY(auto buckets, session.buckets({}));
    TRY(const lake::Lake* lake, session.lake());
    TRY(const auto extra, lake::unregistered_buckets(lake->layout(), buckets));
    buckets.insert(buckets.end(), extra.begin(), extra.end());
    for (auto& bucket : buckets) all.push_back({std::move(bucket), {}, false});
    return all;
}

json::Value to_json(const Listed& file) {
    auto value = json::Value::object();
    json::set_path(value, "path", file.path);
    return value.set("bytes", file.bytes)
        .set("modified", to_rfc3339(time_from_ns(file.mtime_ns)))
        .set("tier", file.in_cloud ? "cloud" : "local");
}

void print_file(Output& out, const Args& args, const Listed& file) {
    if (out.jsonl()) return out.object_line(to_json(file));
    const bool exact = args.zero || (out.utf8() && !out.stdout_is_terminal());
    std::string shown = exact ? file.path : out.name(file.path);
    if (args.long_form) {
        shown = fmt::format("{:5}  {:>10}  {}  ", file.in_cloud ? "cloud" : "local", text::size_text(file.bytes),
                            to_rfc3339(time_from_ns(file.mtime_ns))) +
                shown;
    }
    out.raw(shown + (args.zero ? '\0' : '\n'));
}

int print_findings(Output& out, const Listing& listing) {
    for (const auto& finding : listing.findings) {
        if (finding.severity == model::Finding::Severity::note) continue;
        out.warn(text::escape_controls(finding.path) + ": " + finding.message);
    }
    return std::ranges::any_of(listing.findings, left_out) ? k_exit_partial : 0;
}

Result<int> print_buckets(Session& session) {
    TRY(const auto buckets, session.buckets({}));
    for (const auto& bucket : buckets) session.out().raw(bucket.name + "\n");
    return 0;
}

Result<int> run_ls(Session& session, const Args& args) {
    if (args.buckets) return print_buckets(session);
    Output& out = session.out();
    TRY(const auto all, places(session, args));
    auto rows = json::Value::array();
    int rc = 0;
    std::uint64_t shown = 0;
    for (const auto& place : all) {
        Listing listing;
        auto status = list_place(session, place, listing);
        if (!status && (args.paths.size() == 1 || status.error().code == Errc::cancelled)) {
            return std::move(status).with_context("list " + place.full()).error();
        }
        if (!status) {
            out.error(std::move(status).error().with_context("list " + place.full()), k_exit_partial);
            rc = k_exit_partial;
        }
        tell_stubs(place.bucket, listing.files);
        std::ranges::sort(listing.files, {}, &Listed::path);
        for (const auto& file : listing.files) {
            if (out.closed()) return rc;
            if ((args.local && file.in_cloud) || (args.cloud && !file.in_cloud)) continue;
            ++shown;
            if (out.json()) {
                rows.push(to_json(file));
            } else {
                print_file(out, args, file);
            }
        }
        rc = std::max(rc, print_findings(out, listing));
    }
    // To a person only: scripts count lines.
    if (shown == 0 && rc == 0 && out.stdout_is_terminal() && !out.machine()) out.step("No files there.");
    if (out.json()) out.object(json::Value::object().set("schema", "neurolake.ls/1").set("files", std::move(rows)));
    return rc;
}

}  // namespace

void add_ls(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(root, "ls", "List files and what stands for data in the cloud", run_ls,
                               {"neurolake ls -l raw-data/orders", "neurolake ls --local -0 | xargs -0 -r ls -l"});
    app.add_option("BUCKET[/PATH]", args.paths, "Buckets, folders or files (none: everything)");
    app.add_flag("-l,--long", args.long_form, "With tier, size and time");
    app.add_flag("-0,--null", args.zero, "Names end with NUL instead of a line feed");
    auto local = app.add_flag("--local", args.local, "Only files whose bytes are here");
    app.add_flag("--cloud", args.cloud, "Only files whose bytes are in the cloud")->excludes(local);
    app.add_flag("--buckets", args.buckets, "Only the names of the buckets");
}

}  // namespace neurolake::apps
