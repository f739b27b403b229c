// reading.cpp: known profiles, settling files, and the workers that read the rest.
// SPDX-License-Identifier: Apache-2.0
#include "index/reading.hpp"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "base/file.hpp"

namespace neurolake::index {
namespace {

// The inode tells a replaced file of equal size and time, and ctime one that was written in place, but both change when
// a file comes back from the cloud: once the catalog took the content in, size and time suffice.
bool is_of(const FileProfile& profile, const File& f) {
    if (profile.size != f.size || profile.mtime_ns != f.mtime_ns) return false;
    if (f.indexed || f.state == lake::FileState::stub) return true;
    const bool unwritten = profile.ctime_ns == f.ctime_ns || profile.ctime_ns == 0 || f.ctime_ns == 0;
    return profile.ino == f.ino && unwritten;
}

// Young is also what lies a little in the future: clocks of other machines.
void judge_age(File& f, const Options& options, Time now) {
    const double age = static_cast<double>(to_ns(now) - f.mtime_ns) / 1e9;
    f.settling = options.settle_seconds > 0 && std::abs(age) < options.settle_seconds;
    if (f.settling) f.settles_in = options.settle_seconds - age;
}

using OpenedFolders = std::map<std::pair<std::string, std::string>, FolderProfiles>;  // by bucket and folder

std::string_view ending_of(std::string_view path) {
    const std::string_view name = name_of(path);
    return name.substr(std::min(name.find('.'), name.size()));
}

const FileProfile* moved_profile(const File& f, const ProfileStore& store, const Moves& moves, OpenedFolders& opened) {
    const PlaceBefore* before = place_before(moves, f);
    if (!before) return nullptr;
    const auto& [bucket, path] = *before;
    // The name says how a file is read. A stub cannot be read again.
    if (f.state == lake::FileState::data && ending_of(path) != ending_of(f.path)) return nullptr;
    const std::string folder(parent_of(path));
    const auto [at, fresh] = opened.try_emplace({bucket, folder});
    if (fresh) at->second = store.load(bucket, folder);
    const auto known = at->second.find(std::string(name_of(path)));
    return known != at->second.end() && is_of(known->second, f) ? &known->second : nullptr;
}

void note_own_words(const FolderProfiles& folder, OwnWords& said) {
    for (const auto& [name, known] : folder)
        for (const model::Column& column : known.profile.columns)
            if (!column.description.empty()) said.emplace(column.name, column.description);
}

// ctime apart: a link to the file moves it, too, and who reads now reads what is there now.
bool same_content(const Identity& id, const File& f) {
    return id.ino == f.ino && id.size == f.size && id.mtime_ns == f.mtime_ns;
}

void fail(File& f, const Error& error) {
    f.profile.reset();
    f.failed = true;
    f.why_failed = error.message;
}

Status take(File& f, Result<formats::Profile> profile, std::int64_t ctime_ns, const formats::Options& options,
            std::atomic<std::uint64_t>& bytes) {
    if (!profile) {
        fail(f, profile.error());
        return {};
    }
    bytes += profile->bytes_read;
    const bool sampled = options.sample_rows > 0 && !profile->rows_exact && profile->rows == options.sample_rows;
    f.profile = FileProfile{
        f.size, f.ino, f.mtime_ns, ctime_ns, sampled ? options.sample_rows : 0, k_codec, std::move(*profile)};
    return {};
}

// A sample must not take away what all rows of the same content told.
formats::Options options_for(const File& f, formats::Options options) {
    if (f.profile && is_of(*f.profile, f) && f.profile->sampled_rows == 0) options.sample_rows = 0;
    return options;
}

// Reads one file; what it was is decided by its identity before and after.
Status read_one(File& f, int bucket_fd, const formats::Options& wanted, const CancelFlag& cancel,
                std::atomic<std::uint64_t>& bytes) {
    const formats::Options options = options_for(f, wanted);
    f.read_now = true;
    auto fd = open_beneath(bucket_fd, f.path, O_RDONLY);
    if (!fd) {
        if (fd.error().code == Errc::not_found)
            f.settling = true;  // gone since the walk: the next one will say so
        else
            fail(f, fd.error());
        return {};
    }
    for (int tries = 3;;) {
        const auto before = identity_of(fd->get());
        auto profile = formats::profile(fd->get(), name_of(f.path), options, cancel);
        const auto after = identity_of(fd->get());
        if (!profile && profile.error().code == Errc::cancelled) return std::move(profile).error();
        if (!before || !after || !same_content(*before, f) || !same_content(*after, f)) {
            f.settling = true;
            return {};
        }
        if (before->ctime_ns == after->ctime_ns) return take(f, std::move(profile), before->ctime_ns, options, bytes);
        if (--tries > 0) continue;  // a link or permissions, or somebody wrote and put the time back: look again
        f.settling = true;
        return {};
    }
}

// The program that read the file did not know its format, or did not look at what its values mean.
bool not_looked_at(const FileProfile& known) {
    const std::string& format = known.profile.format;
    if (format == "unknown" || format == "arrow") return known.made_by < 5;
    return known.made_by < (format == "parquet" || format == "avro" ? 4 : 2);
}

bool needs_reading(const File& f, const Options& options) {
    if (f.state != lake::FileState::data || f.settling) return false;
    if (options.full || !f.profile || !is_of(*f.profile, f)) return true;
    if (not_looked_at(*f.profile)) return true;
    const std::uint64_t sampled = f.profile->sampled_rows;  // less than is asked for now?
    return sampled != 0 && (options.sample_rows == 0 || options.sample_rows > sampled);
}

}  // namespace

const PlaceBefore* place_before(const Moves& moves, const File& f) {
    const auto [first, last] = moves.equal_range({f.ino, f.size, f.mtime_ns});
    const PlaceBefore* best = nullptr;
    int likeness = -1;
    for (auto at = first; at != last; ++at) {
        const std::string_view path = at->second.path;
        const int like = name_of(path) == name_of(f.path) ? 2 : ending_of(path) == ending_of(f.path) ? 1 : 0;
        if (like <= likeness) continue;
        likeness = like;
        best = &at->second;
    }
    return best;
}

void recall_profiles(const std::string& bucket, Unit& unit, const ProfileStore& store, const Moves& moves,
                     const Options& options, Time now) {
    std::map<std::string, FolderProfiles> opened;
    OpenedFolders opened_before;
    for (File& f : unit.files) {
        const std::string folder(parent_of(f.path));
        const auto [at, fresh] = opened.try_emplace(folder);
        if (fresh) {
            at->second = store.load(bucket, folder);
            note_own_words(at->second, unit.said);
        }
        const auto known = at->second.find(std::string(name_of(f.path)));
        if (known != at->second.end()) f.profile = known->second;
        if (!f.profile || !is_of(*f.profile, f))
            if (const FileProfile* moved = moved_profile(f, store, moves, opened_before)) f.profile = *moved;
        const bool fits = f.profile && is_of(*f.profile, f);
        if (f.state == lake::FileState::stub) {
            if (!fits) f.profile.reset();  // of other content than what is in the cloud
        } else if (!fits) {
            judge_age(f, options, now);
        }
    }
}

void add_jobs(Unit& unit, int bucket_fd, const Options& options, std::vector<ReadJob>& jobs) {
    for (File& f : unit.files)
        if (needs_reading(f, options)) jobs.push_back({&f, bucket_fd});
}

Result<ReadTotals> read_files(std::vector<ReadJob>& jobs, const Options& options, const CancelFlag& cancel,
                              const Progress& progress) {
    std::sort(jobs.begin(), jobs.end(), [](const ReadJob& a, const ReadJob& b) {
        return a.file->size != b.file->size ? a.file->size > b.file->size : a.file->path < b.file->path;
    });
    const formats::Options format_options{.sample_rows = options.sample_rows, .full = options.full};
    const unsigned threads = options.threads ? options.threads : usable_threads();
    std::mutex mutex;  // of progress and of the first error
    std::optional<Error> stop;
    std::atomic<std::uint64_t> bytes{0}, done{0};
    parallel_for(jobs.size(), threads, [&](std::size_t i, unsigned) {
        if (cancel.cancelled()) return;
        auto status = read_one(*jobs[i].file, jobs[i].bucket_fd, format_options, cancel, bytes);
        const std::uint64_t count = ++done;
        const std::lock_guard lock(mutex);
        if (!status && !stop) stop = std::move(status).error();
        if (progress) progress(count, jobs.size(), bytes.load());
    });
    if (stop) return std::move(*stop);
    if (cancel.cancelled())
        return Error(Errc::cancelled, "indexing was interrupted; the catalog is as it was",
                     "run neurolake catalog index again: what was read is not read twice");
    ReadTotals totals{0, bytes.load()};
    for (const ReadJob& job : jobs) {
        if (job.file->settling) job.file->settles_in = options.settle_seconds;  // it changed just now
        totals.files += !job.file->settling;
    }
    return totals;
}

void remember_profiles(const std::string& bucket, const Unit& unit, ProfileStore& store) {
    std::map<std::string, FolderProfiles> folders;
    for (const File& f : unit.files) {
        FolderProfiles& folder = folders[std::string(parent_of(f.path))];
        if (f.profile) folder[std::string(name_of(f.path))] = *f.profile;
    }
    for (const auto& [folder, profiles] : folders)
        if (encode(store.load(bucket, folder)) != encode(profiles)) store.put(bucket, folder, profiles);
}

}  // namespace neurolake::index
