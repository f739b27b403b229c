// run_told.cpp: what an index run tells besides the changes of tables: what is settling, failed, or still in trouble.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "index/renamed_bucket.hpp"
#include "index/run.hpp"
#include "lake/leftovers.hpp"

namespace neurolake::index {

using model::Finding;
using model::Table;

std::string shown(std::string_view bucket, std::string_view path) { return fmt::format("{}/{}", bucket, path); }

// Names what could not be read, and what this run read and found broken, also when the table did not change by it.
bool Run::tell_failure(const std::string& bucket, const File& f) {
    const std::string path = shown(bucket, f.path);
    bool failed = f.failed;
    if (f.failed) m_report.findings.push_back({Finding::Severity::error, "unreadable", path, 0, f.why_failed});
    if (!f.profile || !f.read_now) return failed;
    for (Finding finding : f.profile->profile.findings) {
        if (finding.severity != Finding::Severity::error) continue;
        finding.path = path;
        m_report.findings.push_back(std::move(finding));
        failed = true;
    }
    return failed;
}

// Under a temporary name: for a day somebody may still be writing it, after that it looks abandoned.
void Run::report_temporaries(const Tree& tree) {
    constexpr std::int64_t k_day_ns = 86'400'000'000'000;
    for (const Temporary& file : tree.temporaries()) {
        if (to_ns(m_now) - file.mtime_ns > k_day_ns) {
            m_report.findings.push_back({Finding::Severity::warning, "unfinished_file", file.path, 0,
                                         fmt::format("looks unfinished: its name is a temporary one and it was last "
                                                     "written at {}; rename it to have it indexed, or remove it",
                                                     to_rfc3339(time_from_ns(file.mtime_ns)))});
            m_told_once = true;
            continue;
        }
        m_report.settling.push_back(file.path);
        ++m_report.temporary;
        m_unfinished.insert(file.path);
    }
}

namespace {

// What nobody read yet says nothing: until it has rested, its table keeps what it was told of the file last.
void be_as_it_was(File& f) {
    f.size = f.profile->size;
    f.mtime_ns = f.profile->mtime_ns;
}

}  // namespace

// Names what is settling or failed, and takes files that say nothing yet out of their units.
void Run::report_tree(BucketWork& work) {
    const std::string& bucket = work.bucket->name;
    report_temporaries(*work.tree);
    m_report.findings.insert(m_report.findings.end(), work.tree->findings().begin(), work.tree->findings().end());
    for (Unit& unit : work.tree->units()) {
        for (File& f : unit.files) {
            if (f.settling) {
                if (f.profile)
                    be_as_it_was(f);
                else
                    work.waiting.insert(f.path);
                m_report.settling.push_back(shown(bucket, f.path));
                m_report.settled_in = std::max(m_report.settled_in, f.settles_in);
            }
            if (tell_failure(bucket, f)) m_report.failed.push_back(shown(bucket, f.path));
            if (f.settling || f.failed) m_unfinished.insert(shown(bucket, f.path));
        }
        std::erase_if(unit.files, [](const File& f) { return f.settling && !f.profile; });
    }
}

namespace {

constexpr Finding::Severity k_trouble = Finding::Severity::error;

std::vector<const Finding*> troubles(const Table& table) {
    std::vector<const Finding*> found;
    for (const Finding& finding : table.findings)
        if (finding.severity == k_trouble) found.push_back(&finding);
    return found;
}

}  // namespace

// What an earlier run found stands until it is mended: one line a table, also where nothing changed.
void Run::tell_standing_trouble() {
    std::set<std::string> told, failed(m_report.failed.begin(), m_report.failed.end());
    for (const Finding& finding : m_report.findings)
        if (finding.severity == k_trouble) told.insert(finding.path);
    for (const Table* table : m_catalog.tables_with(Finding::Severity::warning)) {
        std::vector<const Finding*> still = troubles(*table);
        const bool more =
            std::erase_if(still, [](const Finding* finding) { return finding->code == "more_findings"; }) > 0;
        (still.empty() ? m_report.remarked : m_report.troubled).push_back(table->full_name());
        const auto of_table = [&](const BucketWork& work) { return work.bucket->name == table->bucket; };
        if (std::ranges::none_of(m_work, of_table)) continue;
        for (const Finding* finding : still) failed.insert(finding->path);
        std::erase_if(still, [&](const Finding* finding) { return told.contains(finding->path); });
        if (still.empty()) continue;
        Finding line = *still.front();
        std::set<std::string> files;
        for (const Finding* finding : still) files.insert(finding->path);
        if (files.size() > 1) {
            line.path = shown(table->bucket, table->path);
            line.line = 0;
            line.message = fmt::format("{}{} of its files still have trouble: neurolake catalog show {}",
                                       more ? "at least " : "", files.size(), table->full_name());
        }
        m_report.findings.push_back(std::move(line));
    }
    m_report.failed.assign(failed.begin(), failed.end());
}

// What writers left that were killed. The lake lock is held, so nobody else writes here.
void Run::remove_leftovers() {
    const auto told = [&](std::string path) {
        m_report.findings.push_back({Finding::Severity::note, "leftover_removed", std::move(path), 0,
                                     "a writer that was killed left it; it is removed"});
    };
    for (std::string& path : lake::remove_leftovers(m_lake.layout())) told(std::move(path));
    for (const BucketWork& work : m_work)
        for (const std::string& path : lake::leftovers_of(*m_scan.next, work.bucket->name))
            if (lake::remove_leftover(work.fd.get(), path)) told(shown(work.bucket->name, path));
}

// A bucket whose folder is not where it was: perhaps it stands under another name beside it.
void Run::tell_missing_buckets() {
    for (Finding& finding : m_report.findings) {
        if (finding.code != "bucket_unreadable") continue;
        const auto bucket = std::ranges::find(m_buckets, finding.path, &lake::Bucket::name);
        if (bucket == m_buckets.end()) continue;
        if (const auto lost = lost_folder(*bucket, m_old, m_lake.layout().buckets, m_buckets))
            finding.message += "; " + lost->advice;
    }
}

Error Run::looks_renamed(Error guard) const {
    if (const auto folder = folder_with_files_of(guard.path, m_old, m_lake.layout().buckets))
        guard.hint = renamed_text(*folder);
    return guard;
}

}  // namespace neurolake::index
