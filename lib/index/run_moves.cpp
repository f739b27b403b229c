// run_moves.cpp: what is no longer where it was: where it came from, and which tables are free to follow their files.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "index/run.hpp"

namespace neurolake::index {

using model::Finding;
using model::Table;

namespace {

Origin origin_of(const lake::FileRecord& r) { return {r.ino, r.size, r.mtime_ns}; }

bool is_still_there(const std::filesystem::path& root, const lake::FileRecord& record) {
    const auto found = identity_of_path(root / record.path);
    return found && found->ino == record.ino;
}

}  // namespace

// A bucket that is only scanned for sizes, but has tables since somebody once named it: what went there is news for the
// run that looks at it again, so its part of the inventory stays as it was until then.
void Run::hold_back_gone() {
    lake::Scan& found = m_scan.scan;
    for (const lake::Bucket& bucket : m_buckets) {
        if (bucket.auto_catalog) continue;
        const auto number =
            static_cast<std::uint32_t>(std::ranges::find(found.buckets, bucket.name) - found.buckets.begin());
        const bool any =
            std::ranges::count(found.gone_bucket, number) + std::ranges::count(found.rules_bucket, number) > 0;
        if (!any || m_catalog.places(bucket.name).empty()) continue;
        m_scan.next->put_back(bucket.name);
        std::vector<lake::FileRecord> gone;
        std::vector<std::uint32_t> gone_bucket;
        for (std::size_t i = 0; i < found.gone.size(); ++i) {
            if (found.gone_bucket[i] == number) {
                m_moves.emplace(origin_of(found.gone[i]), PlaceBefore{bucket.name, found.gone[i].path});
                continue;
            }
            gone.push_back(std::move(found.gone[i]));
            gone_bucket.push_back(found.gone_bucket[i]);
        }
        found.gone = std::move(gone);
        found.gone_bucket = std::move(gone_bucket);
    }
}

void Run::find_moves() {
    const lake::Scan& found = m_scan.scan;
    for (std::size_t i = 0; i < found.gone.size(); ++i) {
        const lake::FileRecord& r = found.gone[i];
        if (may_be_of_a_table(r))
            m_moves.emplace(origin_of(r), PlaceBefore{found.buckets[found.gone_bucket[i]], r.path});
    }
    for (std::size_t i = 0; i < found.changed.size(); ++i) {  // what stood under this name may stand elsewhere now
        const lake::FileRecord& r = found.changed[i];
        const std::string& bucket = found.buckets[found.changed_bucket[i]];
        const auto old = m_old.find(bucket, r.path);
        if (old && old->ino != r.ino && may_be_of_a_table(*old))
            m_moves.emplace(origin_of(*old), PlaceBefore{bucket, r.path});
    }
    for (const lake::Bucket& bucket : m_options.others) find_moves_from(bucket);
    for (const lake::Bucket& bucket : m_buckets) leave_bucket(bucket);
}

// New files may come from a bucket that this run does not look at.
void Run::find_moves_from(const lake::Bucket& other) {
    if (m_scan.scan.added.empty() || !open_folder(other.root)) return;
    std::set<Origin> added;
    for (const lake::FileRecord& r : m_scan.scan.added) added.insert(origin_of(r));
    m_old.for_each(other.name, "", [&](const lake::FileRecord& r) {
        const bool moved = may_be_of_a_table(r) && added.contains(origin_of(r)) && !is_still_there(other.root, r);
        if (moved) m_moves.emplace(origin_of(r), PlaceBefore{other.name, r.path});
        return true;
    });
}

// A bucket whose folder is missing keeps its records, unless most of its files lie in another bucket now: its folder
// was renamed by hand, and that bucket takes the tables over.
void Run::leave_bucket(const lake::Bucket& bucket) {
    const auto unreadable = [&](const Finding& f) { return f.code == "bucket_unreadable" && f.path == bucket.name; };
    if (m_scan.scan.added.empty() || std::ranges::none_of(m_scan.scan.findings, unreadable)) return;
    std::set<Origin> added;
    for (const lake::FileRecord& r : m_scan.scan.added) added.insert(origin_of(r));
    Moves moves;
    std::uint64_t files = 0;
    m_old.for_each(bucket.name, "", [&](const lake::FileRecord& r) {
        if (r.state == lake::FileState::ignored) return true;
        ++files;
        if (added.contains(origin_of(r))) moves.emplace(origin_of(r), PlaceBefore{bucket.name, r.path});
        return true;
    });
    if (moves.size() * 2 <= files) return;
    m_moves.insert(moves.begin(), moves.end());
    m_left.insert(bucket.name);
    m_scan.next->drop_bucket(bucket.name);
    m_report.files_seen -= std::min(m_report.files_seen, files);
}

// A table whose place this run did not find changed stays there, whatever came from below it.
bool Run::may_leave(const Table& table) const {
    for (const BucketWork& work : m_work)
        if (work.bucket->name == table.bucket) return !work.stay.contains(&table);
    return m_left.contains(table.bucket) || nothing_left_of(table);
}

// Of a table in a bucket that is not cataloged now.
bool Run::nothing_left_of(const Table& table) const {
    const lake::Bucket* bucket = nullptr;
    for (const auto* list : {&m_buckets, &m_options.others})
        for (const lake::Bucket& each : *list)
            if (each.name == table.bucket) bucket = &each;
    if (!bucket || !open_folder(bucket->root)) return false;
    bool any = false;
    const std::string_view folder = table.is_folder ? std::string_view(table.path) : parent_of(table.path);
    m_old.for_each(table.bucket, folder, [&](const lake::FileRecord& r) {
        any = may_be_of_a_table(r) && m_catalog.table_of(table.bucket, r.path) == &table &&
              is_still_there(bucket->root, r);
        return !any;
    });
    return !any;
}

}  // namespace neurolake::index
