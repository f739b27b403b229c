// recall_file.cpp: the bytes of one stub into staging, checked.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "base/text.hpp"
#include "tier/free.hpp"
#include "tier/recall.hpp"
#include "tier/swap.hpp"

namespace neurolake::tier {

namespace {

constexpr std::size_t k_block = 4096;
constexpr std::uint32_t k_set_ids = 06000;

Error mismatch(const RecallFile& file, std::string_view what) {
    return Error(
        Errc::mismatch,
        fmt::format("the object {} {}: the stub stays as it is", text::escape_controls(file.stub.store.key), what),
        "see what else is affected with: neurolake cloud verify --full; --keep-bad keeps the download to look at",
        file.full_path());
}

bool sparse(const lake::Stub& stub) { return stub.allocated + 64 * k_block < stub.size; }

bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

// Writes at an offset; whole blocks of zeros of a sparse file stay holes.
Status write_at(int fd, std::string_view bytes, std::uint64_t offset, bool holes) {
    while (!bytes.empty()) {
        const auto step = holes ? std::min<std::size_t>(bytes.size(), k_block - offset % k_block) : bytes.size();
        if (holes && all_zero(bytes.substr(0, step))) {
            bytes.remove_prefix(step);
            offset += step;
            continue;
        }
        const auto n = ::pwrite(fd, bytes.data(), step, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error(errno, "write the download");
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return {};
}

// Space is taken before the first byte is asked for, so that a full disk costs nothing.
Status preallocate(int fd, const lake::Stub& stub) {
    if (sparse(stub) || stub.size == 0) return {};
    if (::fallocate(fd, 0, 0, static_cast<off_t>(stub.size)) == 0) return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) return {};
    return os_error(errno, fmt::format("take {} for the download", text::size_text(stub.size)));
}

struct timespec timespec_of(std::int64_t ns) {
    constexpr std::int64_t k_second = 1'000'000'000;
    const auto rest = (ns % k_second + k_second) % k_second;
    return {static_cast<time_t>((ns - rest) / k_second), static_cast<long>(rest)};
}

}  // namespace

void RecallRun::warn(const RecallFile& file, std::string code, std::string message) {
    const std::scoped_lock lock(m_mutex);
    m_report.findings.push_back(
        {model::Finding::Severity::warning, std::move(code), file.full_path(), 0, std::move(message)});
}

// Looks at what stands at the name, and enters the file into its record.
Status RecallRun::prepare(RecallFile& file) {
    // Where the stub is lost, its folder may be, too.
    if (file.at_name == AtName::nothing) TRY_DO(make_folders(file.bucket->root / folder_of(file.path)));
    TRY(file.folder, m_folders.parent_of(file.bucket->root, file.path));
    const auto name = name_of(file.path);
    if (file.at_name != AtName::nothing) {
        TRY(file.identity, identity_at(file.folder, name.c_str()));
    }
    TRY(const auto folder, identity_of(file.folder));
    OpFile entry;
    entry.n = static_cast<unsigned>(file.entry);
    entry.state = OpState::recalling;
    entry.bucket = file.bucket->name;
    entry.path = file.path;
    entry.table = file.stub.table;
    entry.identity = file.identity;
    entry.sha256 = file.stub.sha256;
    entry.key = file.stub.store.key;
    entry.stub = file.stub;
    const bool same_disk = folder.dev == m_staging_dev;
    file.staging = same_disk ? m_staging.get() : file.folder;
    file.download = same_disk ? entry_name(*file.record, entry) : side_name(*file.record, entry);
    file.record->files.push_back(std::move(entry));
    return {};
}

Status RecallRun::fetch(store::ObjectStore& store, RecallFile& file, int fd) {
    const bool holes = sparse(file.stub);
    const auto received = [&](std::uint64_t bytes) {
        const std::scoped_lock lock(m_mutex);
        m_received += bytes;
        if (m_context.progress) m_context.progress(m_received, m_total, file.full_path());
    };
    const auto range = [&](std::uint64_t offset, std::uint64_t length) -> Status {
        auto at = offset;
        TRY(const auto info, store.get(file.stub.store.key, file.stub.store.version_id, offset, length, {},
                                       [&](std::string_view bytes) -> Status {
                                           if (m_context.cancel.cancelled())
                                               return Error(Errc::cancelled, "stopped while receiving");
                                           if (at + bytes.size() > file.stub.size)
                                               return mismatch(file, "is longer than the file was");
                                           TRY_DO(write_at(fd, bytes, at, holes));
                                           at += bytes.size();
                                           received(bytes.size());
                                           return {};
                                       }));
        const auto expected = length ? length : file.stub.size - offset;
        if (at - offset != expected)
            return mismatch(file, fmt::format("gave {} bytes instead of {}", at - offset, expected));
        return {};
    };
    const auto step = 2 * m_context.part_size;
    if (file.stub.size <= 2 * step) return range(0, 0);
    const auto count = (file.stub.size + step - 1) / step;
    std::optional<Error> failure;
    std::mutex mutex;
    parallel_for(count, m_context.concurrency, [&](std::size_t i, unsigned) {
        {
            const std::scoped_lock lock(mutex);
            if (failure) return;
        }
        auto got = range(i * step, std::min<std::uint64_t>(step, file.stub.size - i * step));
        const std::scoped_lock lock(mutex);
        if (!got && !failure) failure = std::move(got).error();
    });
    return failure ? Status(std::move(*failure)) : Status();
}

// The download, whole, of the right length and content, and durable.
Status RecallRun::download(RecallFile& file, int fd) {
    auto store = m_context.store_of(file.stub.store);
    if (!store) {
        file.failed_by_store = true;
        return std::move(store).error();
    }
    TRY_DO(preallocate(fd, file.stub));
    auto got = fetch(**store, file, fd);
    file.failed_by_store = !got && refused_by_store(got.error().code);
    if (!got && got.error().code == Errc::not_found)
        return mismatch(file, fmt::format("is not there any more ({})", got.error().message));
    TRY_DO(got);
    // A sparse file's hole at the end was not written: its last byte gives the length.
    TRY(const auto now, identity_of(fd));
    if (now.size < file.stub.size) TRY_DO(write_at(fd, std::string_view("", 1), file.stub.size - 1, false));
    TRY(const auto digest, sha256_of(fd));
    if (to_hex(digest) != file.stub.sha256) return mismatch(file, "has other content than the file had");
    return {};
}

// Mode, owner, attributes and, last, time. What cannot be restored is told.
Status RecallRun::restore_attributes(RecallFile& file, int fd) {
    const auto& stub = file.stub;
    auto mode = stub.mode;
    TRY(const auto now, identity_of(fd));
    // A stub is made with its file's owner. One whose owner is another was copied or edited by somebody: no one gets
    // a set-id program, or another's file, out of that.
    const bool own = file.at_name != AtName::stub || (file.identity.uid == stub.uid && file.identity.gid == stub.gid) ||
                     ::geteuid() != 0;
    const auto uid = own ? stub.uid : file.identity.uid;
    const auto gid = own ? stub.gid : file.identity.gid;
    const bool owned = (now.uid == uid && now.gid == gid) || ::fchown(fd, uid, gid) == 0;
    if (!owned) warn(file, "owner_not_restored", fmt::format("its owner {}:{} could not be restored", uid, gid));
    if (!own || !owned) mode &= ~k_set_ids;
    for (const auto& [name, value] : stub.xattrs)
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0)
            warn(file, "attribute_not_restored", fmt::format("its attribute {} could not be restored", name));
    if (::fchmod(fd, mode & 07777) != 0) return os_error(errno, "restore the mode");
    const struct timespec times[2] = {timespec_of(stub.mtime_ns), timespec_of(stub.mtime_ns)};
    if (::futimens(fd, times) != 0) warn(file, "time_not_restored", "its modification time could not be restored");
    return sync_file(fd);
}

// A download that is not to be: removed, or kept for a person to look at.
void RecallRun::keep_or_forget(RecallFile& file, const Error& why) {
    auto& op = file.record->files[file.entry];
    const auto what = holds(file.staging, file.download, file.stub.op);
    // Anything but our own download stays, with its record, for recovery.
    if (!what || *what == Holds::own_stub || *what == Holds::other_stub) return;
    if (*what == Holds::something) {
        if (m_request.keep_bad && why.code == Errc::mismatch) {
            const auto bad = "bad-" + entry_name(*file.record, op);
            if (rename_noreplace(file.staging, file.download.c_str(), m_staging.get(), bad.c_str()))
                warn(file, "bad_download_kept", fmt::format("the bad download is .neurolake/staging/{}", bad));
        } else if (auto gone = forget_entry(file.staging, file.download); !gone) {
            return;
        }
    }
    op.path.clear();
}

// The bytes whole in staging, checked, with all that the file had, and durable.
void RecallRun::bring(RecallFile& file) {
    if (should_stop()) {
        file.record->files[file.entry].path.clear();
        file.failed = true;
        return;
    }
    const auto steps = [&]() -> Status {
        Fd fd(::openat(file.staging, file.download.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!fd) return os_error(errno, "begin the download of " + text::escape_controls(file.full_path()));
        TRY_DO(download(file, fd.get()));
        TRY_DO(restore_attributes(file, fd.get()));
        TRY(file.back, identity_of(fd.get()));
        return {};
    };
    auto done = steps();
    if (done) return;
    keep_or_forget(file, done.error());
    fail(file, std::move(done).error());
}

// --to: a plain copy elsewhere; stub and records stay as they are.
Status RecallRun::copy_out(RecallFile& file) {
    const auto target = m_request.to / file.bucket->name / file.path;
    TRY_DO(make_folders(target.parent_path()));
    TRY(auto out, AtomicFile::create(target, 0600));
    TRY_DO(download(file, out.fd()));
    file.at_name = AtName::nothing;  // the copy belongs to whoever makes it
    TRY_DO(restore_attributes(file, out.fd()));
    TRY_DO(out.commit(Overwrite::no));
    const std::scoped_lock lock(m_mutex);
    m_report.recalled.push_back({file.full_path(), file.stub.store.key, file.stub.sha256, file.stub.size, false});
    m_report.bytes += file.stub.size;
    return {};
}

}  // namespace neurolake::tier
