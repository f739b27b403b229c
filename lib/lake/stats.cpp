// stats.cpp: sums of a fresh walk, one set a worker, added up at the end.
// SPDX-License-Identifier: Apache-2.0
#include "lake/stats.hpp"

#include <algorithm>
#include <memory>

#include "base/file.hpp"
#include "lake/finding_digest.hpp"
#include "lake/ignored_names.hpp"
#include "lake/inventory_format.hpp"
#include "lake/stub.hpp"
#include "lake/walk.hpp"

namespace neurolake::lake {

namespace {

constexpr std::uint64_t k_most_stub_bytes = 1u << 20;

bool larger(const LargeFile& a, const LargeFile& b) { return a.size != b.size ? a.size > b.size : a.path < b.path; }

// What one worker counted. Its memory depends on the number of formats and the wish for largest files only.
struct Counts {
    BucketStats sums;
    inventory_format::Totals mtimes;
    FindingDigest findings;
    std::vector<LargeFile> largest;  // a heap whose top is the smallest of them
};

class StatsSink final : public WalkSink {
public:
    StatsSink(const StatsOptions& options, int bucket_fd, const std::string& bucket, Counts& counts)
        : m_options(options), m_bucket_fd(bucket_fd), m_bucket(bucket), m_counts(counts) {}

    void entries(const WalkFolder& folder, std::span<const WalkEntry> batch) override {
        if (folder.number + 1 != m_folder) {
            m_folder = folder.number + 1;
            m_hidden = in_hidden_folder(folder.path);
        }
        for (const WalkEntry& entry : batch) count(folder, entry);
    }

    void finding(model::Finding finding) override {
        finding.path = finding.path.empty() ? m_bucket : m_bucket + "/" + finding.path;
        m_counts.findings.add(std::move(finding));
    }

private:
    void count(const WalkFolder& folder, const WalkEntry& entry) {
        BucketStats& sums = m_counts.sums;
        if (entry.kind == EntryKind::folder) {
            ++sums.dir_count;
        } else if (entry.kind == EntryKind::file) {
            if (!entry.unknown) count_file(folder, entry);
        } else {
            const bool link = entry.kind == EntryKind::symlink;
            ++(link ? sums.symlinks : sums.specials);
            report(link ? "symlink" : "special_file", path_of(folder, entry),
                   link ? "symlink not followed" : "neither file nor folder (pipe, socket or device): left alone");
        }
    }

    void count_file(const WalkFolder& folder, const WalkEntry& entry) {
        BucketStats& sums = m_counts.sums;
        if (m_hidden || never_data(entry.name) || (m_options.ignored_name && m_options.ignored_name(entry.name))) {
            ++sums.ignored_files;
            return;
        }
        std::uint64_t size = entry.size;
        const State state = may_be_stub(entry) ? stub_state(folder, entry, size) : State::local;
        if (state == State::damaged) {
            ++sums.ignored_files;
            return;
        }
        const bool cloud = state == State::cloud;
        ++(cloud ? sums.cloud_files : sums.file_count);
        (cloud ? sums.cloud_bytes : sums.size_bytes) += size;
        if (!cloud) sums.allocated_bytes += entry.allocated;
        m_counts.mtimes.add_mtime(entry.mtime_ns);
        count_format(entry.name, size);
        keep_if_large(folder, entry, size, cloud);
    }

    enum class State { local, cloud, damaged };

    static bool may_be_stub(const WalkEntry& entry) {
        const std::uint32_t mode = entry.mode & 0777;
        const bool whole = entry.size % k_stub_size == 0;  // one with the mode of a stub may be damaged
        return entry.size > 0 && entry.size <= k_most_stub_bytes && (mode == 0 || (mode == 0444 && whole));
    }

    State stub_state(const WalkFolder& folder, const WalkEntry& entry, std::uint64_t& size) {
        const std::string path = path_of(folder, entry);
        const auto stub = read_stub_at(m_bucket_fd, path);
        if (stub && *stub) size = (*stub)->size;
        if (stub) return *stub ? State::cloud : State::local;
        if (stub.error().code != Errc::corrupt) return State::local;
        report("damaged_stub", path, stub.error().message, model::Finding::Severity::error);
        return State::damaged;
    }

    void count_format(std::string_view name, std::uint64_t size) {
        if (!m_options.format_of) return;
        const std::string_view format = m_options.format_of(name);
        auto& shares = m_counts.sums.by_format;
        if (m_last_share < shares.size() && shares[m_last_share].format == format)
            return add(shares[m_last_share], size);
        const auto found = std::ranges::find(shares, format, &FormatShare::format);
        m_last_share = static_cast<std::size_t>(found - shares.begin());
        if (found == shares.end()) shares.push_back({std::string(format), 0, 0});
        add(shares[m_last_share], size);
    }

    static void add(FormatShare& share, std::uint64_t size) {
        ++share.files;
        share.bytes += size;
    }

    void keep_if_large(const WalkFolder& folder, const WalkEntry& entry, std::uint64_t size, bool in_cloud) {
        auto& heap = m_counts.largest;
        if (m_options.top == 0) return;
        const bool full = heap.size() >= m_options.top;
        if (full && size < heap.front().size) return;
        LargeFile file{path_of(folder, entry), size, in_cloud};
        if (full && !larger(file, heap.front())) return;
        if (full) {
            std::ranges::pop_heap(heap, larger);
            heap.pop_back();
        }
        heap.push_back(std::move(file));
        std::ranges::push_heap(heap, larger);
    }

    static std::string path_of(const WalkFolder& folder, const WalkEntry& entry) {
        std::string path(folder.path);
        if (!path.empty()) path += '/';
        return path.append(entry.name);
    }

    void report(const char* code, const std::string& path, std::string message,
                model::Finding::Severity severity = model::Finding::Severity::note) {
        model::Finding found;
        found.severity = severity;
        found.code = code;
        found.path = path;
        found.message = std::move(message);
        finding(std::move(found));
    }

    const StatsOptions& m_options;
    const int m_bucket_fd;
    const std::string& m_bucket;
    Counts& m_counts;
    std::uint64_t m_folder = 0;  // number + 1 of the folder that m_hidden is about
    bool m_hidden = false;
    std::size_t m_last_share = 0;
};

void add_formats(std::vector<FormatShare>& into, const std::vector<FormatShare>& from) {
    for (const FormatShare& share : from) {
        const auto found = std::ranges::find(into, share.format, &FormatShare::format);
        if (found == into.end()) {
            into.push_back(share);
            continue;
        }
        found->files += share.files;
        found->bytes += share.bytes;
    }
}

BucketStats add_up(std::vector<Counts>& parts, unsigned top) {
    BucketStats all;
    inventory_format::Totals mtimes;
    FindingDigest findings;
    for (Counts& part : parts) {
        all.file_count += part.sums.file_count;
        all.dir_count += part.sums.dir_count;
        all.size_bytes += part.sums.size_bytes;
        all.allocated_bytes += part.sums.allocated_bytes;
        all.cloud_files += part.sums.cloud_files;
        all.cloud_bytes += part.sums.cloud_bytes;
        all.ignored_files += part.sums.ignored_files;
        all.symlinks += part.sums.symlinks;
        all.specials += part.sums.specials;
        mtimes.add(part.mtimes);
        add_formats(all.by_format, part.sums.by_format);
        std::ranges::move(part.largest, std::back_inserter(all.largest));
        findings.merge(std::move(part.findings));
    }
    all.oldest_ns = mtimes.oldest_ns;
    all.newest_ns = mtimes.newest_ns;
    std::ranges::sort(all.by_format, [](const FormatShare& a, const FormatShare& b) {
        return a.bytes != b.bytes ? a.bytes > b.bytes : a.format < b.format;
    });
    std::ranges::sort(all.largest, larger);
    if (all.largest.size() > top) all.largest.resize(top);
    all.findings = findings.take();
    return all;
}

}  // namespace

Result<BucketStats> stats(const Bucket& bucket, const StatsOptions& options, const CancelFlag& cancel) {
    TRY(const Fd root, open_folder(bucket.root));
    const unsigned threads = options.threads ? options.threads : usable_threads();
    std::vector<Counts> parts(threads);
    WalkOptions walk_options;
    walk_options.threads = threads;
    TRY_DO(walk(bucket.root, walk_options, cancel, [&](unsigned worker) {
        return std::make_unique<StatsSink>(options, root.get(), bucket.name, parts[worker]);
    }));
    return add_up(parts, options.top);
}

}  // namespace neurolake::lake
