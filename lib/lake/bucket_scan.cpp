// bucket_scan.cpp: merges folder by folder while the walk goes on, then puts the next inventory of the bucket together.
// SPDX-License-Identifier: Apache-2.0
#include "lake/bucket_scan.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "lake/ignored_names.hpp"
#include "lake/stub.hpp"

namespace neurolake::lake {

namespace format = inventory_format;

namespace {

constexpr std::uint64_t k_most_stub_bytes = 1u << 20;
constexpr std::uint64_t k_most_pages = k_most_stub_bytes / k_stub_size;
// File systems stamp mtimes in ticks of up to two seconds: a folder that moved just now may move again unnoticed.
constexpr std::int64_t k_mtime_tick_ns = 2'000'000'000;

using Severity = model::Finding::Severity;

bool is_damaged_stub(const format::Record& record) {
    return record.state == static_cast<std::uint8_t>(FileState::ignored) && record.stub_pages != 0;
}

}  // namespace

// A worker's side of the scan. Folders that are not split need no lock at all.
class ScanSink final : public WalkSink {
public:
    ScanSink(BucketScan& scan, ScanPart& part) : m_scan(scan), m_part(part) {}

    bool enter(const WalkFolder& folder) override {
        if (m_scan.m_moved.empty()) return true;
        const format::Folder* old = m_scan.old_folder(folder.path);  // quick: what is known has been looked at itself
        if (!old) return true;
        const auto number = static_cast<std::size_t>(old - m_scan.m_old_folders.data());
        return !m_scan.m_moved[number] && !(m_scan.m_visits[number] & BucketScan::k_visited);
    }

    void entries(const WalkFolder& folder, std::span<const WalkEntry> batch) override {
        tell_odd_ones(folder, batch);
        if (!folder.split) return current(folder).add(batch);
        BucketScan::SplitFolder& shared = split(folder);
        const std::lock_guard lock(shared.mutex);
        shared.merge.add(batch);
    }

    void folder_done(const WalkFolder& folder, FolderEnd end) override {
        if (end == FolderEnd::vanished || end == FolderEnd::skipped) return;
        if (end == FolderEnd::unreadable) return m_scan.could_not_read(folder, m_part);
        if (!folder.split) return m_scan.end(current(folder), folder, end, m_part);
        m_scan.end(split(folder).merge, folder, end, m_part);
        const std::lock_guard lock(m_scan.m_split_mutex);
        m_scan.m_split.erase(folder.number);
    }

    void finding(model::Finding finding) override {
        finding.path = m_scan.finding_path(finding.path);
        m_part.findings.add(std::move(finding));
    }

private:
    FolderMerge& current(const WalkFolder& folder) {
        if (m_current == folder.number + 1) return m_merge;
        m_current = folder.number + 1;
        m_scan.begin(m_merge, folder);
        return m_merge;
    }

    BucketScan::SplitFolder& split(const WalkFolder& folder) {
        const std::lock_guard lock(m_scan.m_split_mutex);
        auto& place = m_scan.m_split[folder.number];
        if (!place) {
            place = std::make_unique<BucketScan::SplitFolder>();
            m_scan.begin(place->merge, folder);
        }
        return *place;
    }

    void tell_odd_ones(const WalkFolder& folder, std::span<const WalkEntry> batch) {
        for (const WalkEntry& entry : batch) {
            if (entry.kind != EntryKind::symlink && entry.kind != EntryKind::special) continue;
            const bool link = entry.kind == EntryKind::symlink;
            std::string path(folder.path);
            if (!path.empty()) path += '/';
            m_scan.find(m_part, Severity::note, link ? "symlink" : "special_file", path.append(entry.name),
                        link ? "symlink not followed" : "neither file nor folder (pipe, socket or device): left alone");
        }
    }

    BucketScan& m_scan;
    ScanPart& m_part;
    FolderMerge m_merge;
    std::uint64_t m_current = 0;  // number + 1 of the folder m_merge is about
};

BucketScan::BucketScan(const Bucket& bucket, const InventoryBuilder::Impl& next, const ScanOptions& options,
                       std::uint32_t first_seen)
    : m_bucket(bucket), m_next(next), m_options(options), m_first_seen(first_seen) {
    m_started_ns = to_ns(SystemClock().now());  // the kernel's clock: it is compared with mtimes
    m_old = next.map ? next.map->find(bucket.name) : nullptr;
    if (m_old) m_old_folders = next.map->folders(*m_old);
    m_visits = std::make_unique<std::atomic<std::uint8_t>[]>(m_old_folders.size());
}

std::string BucketScan::finding_path(std::string_view path) const {
    std::string out = m_bucket.name;
    if (!path.empty()) out += '/';
    return out.append(path);
}

void BucketScan::find(ScanPart& part, Severity severity, const char* code, std::string_view path,
                      std::string message) const {
    model::Finding finding;
    finding.severity = severity;
    finding.code = code;
    finding.path = finding_path(path);
    finding.message = std::move(message);
    part.findings.add(std::move(finding));
}

const format::Folder* BucketScan::old_folder(std::string_view path) const {
    if (!m_old) return nullptr;
    const std::size_t at = m_next.map->lower_bound(*m_old, path);
    if (at == m_old_folders.size() || m_next.map->path(*m_old, m_old_folders[at]) != path) return nullptr;
    return &m_old_folders[at];
}

void BucketScan::mark(const format::Folder* old, std::uint8_t visit) {
    if (old) m_visits[static_cast<std::size_t>(old - m_old_folders.data())].fetch_or(visit, std::memory_order_relaxed);
}

void BucketScan::begin(FolderMerge& merge, const WalkFolder& folder) {
    const format::Folder* old = old_folder(folder.path);
    const auto files = old ? m_next.map->files(*m_old, *old) : std::nullopt;
    if (old && !files) m_damaged = true;
    merge.begin(files ? old : nullptr, files.value_or(FolderFiles{}), m_options.rehash_stubs);
}

bool BucketScan::is_silent(const format::Record& record, std::string_view name) const {
    if (static_cast<FileState>(record.state) != FileState::ignored) return false;
    return !m_options.rule_name || !m_options.rule_name(name);
}

std::int64_t BucketScan::mtime_to_keep(std::int64_t mtime_ns) const {
    return mtime_ns > m_started_ns - k_mtime_tick_ns ? 0 : mtime_ns;
}

void BucketScan::end(FolderMerge& merge, const WalkFolder& folder, FolderEnd end, ScanPart& part) {
    const format::Folder* old = old_folder(folder.path);
    const std::int64_t mtime_ns = end == FolderEnd::whole ? mtime_to_keep(folder.mtime_ns) : 0;
    auto own = merge.finish(folder, end, mtime_ns, m_first_seen, [&](std::string_view name, format::Record& record) {
        classify(folder.path, name, record, part);
    });
    if (own && std::ranges::any_of(own->records, is_damaged_stub)) own->mtime_ns = 0;  // a quick scan tells of it, too
    std::uint8_t visit = k_visited;
    if (!own) visit |= k_as_it_was;
    if (end != FolderEnd::whole) visit |= k_keep_below;
    mark(old, visit);
    part.unchanged += merge.unchanged();
    for (const format::Record* record : merge.gone()) {
        const auto files = m_next.map->checked_files(*m_old, *old);
        if (is_silent(*record, files->name(*record))) continue;
        to_file_record(part.gone.emplace_back(), folder.path, files->name(*record), *record, m_next.times);
    }
    if (own) part.folders.push_back(std::move(own));
}

// Its content is unknown, not gone.
void BucketScan::could_not_read(const WalkFolder& folder, ScanPart& part) {
    if (const format::Folder* old = old_folder(folder.path)) return mark(old, k_visited | k_as_it_was | k_keep_below);
    auto own = std::make_unique<OwnFolder>();
    own->path = folder.path;
    own->ino = folder.ino;
    part.folders.push_back(std::move(own));
}

void BucketScan::classify(std::string_view folder, std::string_view name, format::Record& record,
                          ScanPart& part) const {
    std::string path(folder);
    if (!path.empty()) path += '/';
    path.append(name);
    const bool no_data =
        never_data(name) || in_hidden_folder(folder) || (m_options.ignored_name && m_options.ignored_name(name));
    // A stub that somebody appended to or cut has any size. It was ignored, too, if the last scan saw it damaged.
    const bool was_a_stub = record.state != static_cast<std::uint8_t>(FileState::data);
    record.state = static_cast<std::uint8_t>(no_data ? FileState::ignored : FileState::data);
    if (no_data) return;
    if (!text::is_utf8(name) || text::escape_controls(name).size() != name.size())
        find(part, Severity::note, "odd_name", path, "the name is not plain UTF-8 text or holds control characters");
    const bool like_a_stub = record.size > 0 && record.size % k_stub_size == 0 && record.size <= k_most_stub_bytes;
    if (like_a_stub || was_a_stub) classify_stub(path, record, part);
}

void BucketScan::classify_stub(const std::string& path, format::Record& record, ScanPart& part) const {
    const auto stub = read_stub_at(m_root.get(), path);
    const auto pages =
        static_cast<std::uint16_t>(std::clamp<std::uint64_t>(record.size / k_stub_size, 1, k_most_pages));
    if (stub && !*stub) return;
    if (stub) {
        record.state = static_cast<std::uint8_t>(FileState::stub);
        record.stub_pages = pages;
        record.size = (*stub)->size;
        return;
    }
    if (stub.error().code == Errc::corrupt) {  // never trusted, never touched, and looked at again by every scan
        record.state = static_cast<std::uint8_t>(FileState::ignored);
        record.stub_pages = pages;
        return find(part, Severity::error, "damaged_stub", path, stub.error().message);
    }
    if (stub.error().code != Errc::not_found)
        find(part, Severity::warning, "unreadable", path,
             "it cannot be told whether this is a stub: " + stub.error().message);
}

void BucketScan::keep_all() {
    for (std::size_t i = 0; i < m_old_folders.size(); ++i) m_visits[i] = k_visited | k_as_it_was;
}

Status BucketScan::run(const CancelFlag& cancel) {
    const unsigned threads = m_options.threads ? m_options.threads : usable_threads();
    m_parts.resize(threads);
    const auto make_sink = [this](unsigned worker) { return std::make_unique<ScanSink>(*this, m_parts[worker]); };
    WalkOptions walk_options;
    walk_options.threads = threads;
    auto root = open_folder(m_bucket.root);
    Status walked;
    if (!root) {
        walked = std::move(root).error();
    } else {
        m_root = std::move(root).value();
        std::vector<std::string> starts{std::string()};
        if (m_options.quick && !m_old_folders.empty()) {
            TRY(starts, moved_folders(cancel));
        }
        walked = walk_from(m_bucket.root, starts, walk_options, cancel, make_sink);
    }
    if (m_damaged) return InventoryMap::damaged("a folder of bucket " + m_bucket.name + " does not match its checksum");
    if (walked || walked.error().code == Errc::cancelled) return walked;
    keep_all();
    find(m_parts[0], Severity::error, "bucket_unreadable", "", walked.error().message);
    return {};
}

// Of the folders that were not met: those below one that could not be read whole.
std::vector<bool> BucketScan::folders_to_keep() const {
    std::vector<bool> keep(m_old_folders.size());
    std::vector<std::pair<std::string_view, bool>> above;  // from the bucket's folder down: is what is below kept?
    for (std::size_t i = 0; i < m_old_folders.size(); ++i) {
        const std::string_view path = m_next.map->path(*m_old, m_old_folders[i]);
        while (!above.empty() && !format::lies_in(path, above.back().first)) above.pop_back();
        const std::uint8_t visit = m_visits[i];
        const bool kept_by_parent = !above.empty() && above.back().second;
        keep[i] = visit & k_visited ? (visit & k_as_it_was) != 0 : kept_by_parent;
        above.emplace_back(path, visit & k_visited ? (visit & k_keep_below) != 0 : kept_by_parent);
    }
    return keep;
}

void BucketScan::list_gone(std::size_t folder, std::vector<FileRecord>& gone) const {
    const auto files = m_next.map->files(*m_old, m_old_folders[folder]);
    if (!files) return;
    const std::string_view path = m_next.map->path(*m_old, m_old_folders[folder]);
    for (const format::Record& record : files->records)
        if (!is_silent(record, files->name(record)))
            to_file_record(gone.emplace_back(), path, files->name(record), record, m_next.times);
}

std::vector<FileRecord> BucketScan::gone_records(const std::vector<bool>& keep) {
    std::vector<FileRecord> gone;
    for (ScanPart& part : m_parts) std::ranges::move(part.gone, std::back_inserter(gone));
    for (std::size_t i = 0; i < keep.size(); ++i)
        if (!keep[i] && !(m_visits[i] & k_visited)) list_gone(i, gone);
    std::ranges::sort(
        gone, [](const FileRecord& a, const FileRecord& b) { return format::compare_paths(a.path, b.path) < 0; });
    return gone;
}

void BucketScan::list_gone_records(const std::vector<bool>& keep, Scan& scan, std::uint32_t number) {
    for (FileRecord& record : gone_records(keep)) {
        const bool rule = record.state == FileState::ignored;
        (rule ? scan.rules_bucket : scan.gone_bucket).push_back(number);
        if (rule)
            scan.rules.push_back(std::move(record.path));
        else
            scan.gone.push_back(std::move(record));
    }
}

// What the records of changed and new folders are to the scan; their marks are gone afterwards.
void BucketScan::list_changes(const std::vector<std::unique_ptr<OwnFolder>>& own, Scan& scan,
                              std::uint32_t number) const {
    std::size_t added = 0;
    for (const auto& folder : own)
        added += static_cast<std::size_t>(
            std::ranges::count(folder->records, std::uint8_t(RecordChange::added), &format::Record::reserved));
    scan.added.reserve(scan.added.size() + added);  // growing by doubling would take twice the memory for a moment
    for (const auto& folder : own) {
        for (format::Record& record : folder->records) {
            const auto change = static_cast<RecordChange>(std::exchange(record.reserved, std::uint8_t{0}));
            if (change == RecordChange::none || is_silent(record, folder->files().name(record))) continue;
            if (static_cast<FileState>(record.state) == FileState::ignored) {
                FileRecord rule;
                to_file_record(rule, folder->path, folder->files().name(record), record, m_next.times);
                scan.rules.push_back(std::move(rule.path));
                scan.rules_bucket.push_back(number);
                continue;
            }
            const bool is_new = change == RecordChange::added;
            FileRecord& out = (is_new ? scan.added : scan.changed).emplace_back();
            to_file_record(out, folder->path, folder->files().name(record), record, m_next.times);
            (is_new ? scan.added_bucket : scan.changed_bucket).push_back(number);
        }
    }
}

// Kept old folders and own ones, both in path order, become one row.
std::vector<FolderSlot> BucketScan::weave(std::vector<std::unique_ptr<OwnFolder>> own,
                                          const std::vector<bool>& keep) const {
    std::vector<FolderSlot> folders;
    std::size_t from = 0;
    const auto keep_until = [&](const OwnFolder* before) {
        for (; from < keep.size(); ++from) {
            const std::string_view path = m_next.map->path(*m_old, m_old_folders[from]);
            if (before && format::compare_paths(path, before->path) >= 0) return;
            if (keep[from]) folders.emplace_back().old = from;
        }
    };
    for (auto& folder : own) {
        keep_until(folder.get());
        folders.emplace_back().own = std::move(folder);
    }
    keep_until(nullptr);
    return folders;
}

NextBucket BucketScan::take(Scan& scan, std::uint32_t number, FindingDigest& findings, bool& differs) {
    std::vector<std::unique_ptr<OwnFolder>> own;
    for (ScanPart& part : m_parts) {
        std::ranges::move(part.folders, std::back_inserter(own));
        scan.unchanged += part.unchanged;
        findings.merge(std::move(part.findings));
    }
    std::ranges::sort(own, [](const auto& a, const auto& b) { return format::compare_paths(a->path, b->path) < 0; });
    const std::vector<bool> keep = folders_to_keep();
    list_gone_records(keep, scan, number);
    list_changes(own, scan, number);
    differs = !m_old || !own.empty() || std::ranges::find(keep, false) != keep.end();
    NextBucket next;
    next.name = m_bucket.name;
    next.old = m_old;
    next.folders = weave(std::move(own), keep);
    return next;
}

}  // namespace neurolake::lake
