// put_file.cpp: check, copy beside, compare, rename; the source of a move goes last.
// SPDX-License-Identifier: Apache-2.0
#include "lake/put_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "lake/stub.hpp"

namespace neurolake::lake {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t k_block = 1u << 20;
constexpr std::size_t k_longest_name = 240;  // leaves room for the name of a temporary or of a stub's side name

bool has_controls(std::string_view bytes) {
    for (const unsigned char c : bytes) {
        if (c < 0x20 || c == 0x7F) return true;
    }
    return false;
}

struct Source {
    Fd file;
    Identity identity;
};

Result<Source> open_source(const PutRequest& request) {
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | (request.move ? O_NOFOLLOW : 0);
    TRY(Fd file, open_file(request.source, flags));
    TRY(const Identity identity, identity_of(file.get()));
    if (identity.is_directory()) {
        return Error(Errc::usage, fmt::format("{} is a folder", request.source.string()),
                     "copy folders with cp -r or rsync: buckets are plain folders", request.source.string());
    }
    if (!identity.is_regular()) {
        return Error(Errc::usage, fmt::format("{} is no regular file", request.source.string()), {},
                     request.source.string());
    }
    const auto stub = read_stub(file.get());
    if (stub && *stub) {
        return Error(Errc::conflict, fmt::format("{} only stands for data in the cloud", request.source.string()),
                     fmt::format("bring it back first: neurolake recall {}/{}", (*stub)->bucket, (*stub)->path),
                     request.source.string());
    }
    return Source{std::move(file), identity};
}

// Makes the folders of `target` below the bucket, step by step and never through a link.
Status make_parents(int bucket_fd, std::string_view target) {
    for (std::size_t slash = target.find('/'); slash != std::string_view::npos; slash = target.find('/', slash + 1)) {
        const std::string folder(target.substr(0, slash));
        if (open_beneath(bucket_fd, folder, O_RDONLY | O_DIRECTORY)) continue;
        const std::size_t last = folder.rfind('/');
        const std::string above = last == std::string::npos ? "." : folder.substr(0, last);
        const std::string name = last == std::string::npos ? folder : folder.substr(last + 1);
        TRY(const Fd parent, open_beneath(bucket_fd, above, O_RDONLY | O_DIRECTORY));
        if (::mkdirat(parent.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
            return os_error(errno, "make the folder " + folder, folder);
        }
        TRY_DO(sync_folder(parent.get()));
        TRY_DO(open_beneath(bucket_fd, folder, O_RDONLY | O_DIRECTORY));  // a link or file in the way says so
    }
    return {};
}

// True when something is there that --overwrite may replace.
Result<bool> check_place(int bucket_fd, const PutRequest& request, const Identity& source) {
    auto there = open_beneath(bucket_fd, request.target, O_PATH);
    if (!there && there.error().code == Errc::not_found) return false;
    if (!there) return std::move(there).error();
    TRY(const Identity old, identity_of(there->get()));
    const auto refuse = [&](Errc code, std::string why, std::string hint) {
        return Error(code, fmt::format("{} {}", request.target, why), std::move(hint), request.target);
    };
    if (old.dev == source.dev && old.ino == source.ino) {
        return refuse(Errc::usage, "is the very file to copy", "give another target");
    }
    if (!old.is_regular()) return refuse(Errc::already_exists, "is in the way and no regular file", {});
    const auto stub = read_stub_at(bucket_fd, request.target);
    if (stub && *stub) {
        return refuse(Errc::conflict, "stands for data in the cloud", "bring it back first: neurolake recall");
    }
    if (request.overwrite == Overwrite::no) {
        return refuse(Errc::already_exists, "exists",
                      "choose another name, or --overwrite (the old file goes to trash)");
    }
    return true;
}

// Reads, hashes and writes block by block; where the file system shares blocks, only reads and hashes.
Result<std::string> copy_and_hash(const Source& source, int target, const PutHooks& hooks, const CancelFlag& cancel) {
    const bool shared = ::ioctl(target, FICLONE, source.file.get()) == 0;
    if (!shared && source.identity.size > 0 &&
        ::fallocate(target, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(source.identity.size)) != 0 && errno == ENOSPC) {
        return os_error(ENOSPC, fmt::format("make room for {} bytes", source.identity.size));
    }
    Sha256 hash;
    const auto block = std::make_unique<std::array<std::byte, k_block>>();
    for (std::uint64_t at = 0;;) {
        if (cancel.cancelled()) return Error(Errc::cancelled, "stopped by a signal", "nothing was put in place");
        TRY(const std::size_t n, read_some(source.file.get(), *block, at));
        if (n == 0) break;
        hash.update(block->data(), n);
        if (!shared) TRY_DO(write_all(target, {reinterpret_cast<const char*>(block->data()), n}));
        at += n;
        if (hooks.progress) hooks.progress(at);
    }
    TRY(const Sha256Digest digest, hash.finish());
    return to_hex(digest);
}

Status take_over_times(const Source& source, int target) {
    const timespec modified{static_cast<time_t>(source.identity.mtime_ns / 1'000'000'000),
                            static_cast<long>(source.identity.mtime_ns % 1'000'000'000)};
    const timespec times[2] = {modified, modified};
    if (::fchmod(target, source.identity.mode & 0777) != 0 || ::futimens(target, times) != 0) {
        return os_error(errno, "set mode and time of the copy");
    }
    return {};
}

// The last step of a move: the copy is durable; it is read back, and the source must still be what was copied.
Status remove_source(const PutRequest& request, const Source& source, const fs::path& copy, const std::string& digest) {
    TRY(const Fd written, open_file(copy, O_RDONLY | O_NOFOLLOW));
    TRY(const Sha256Digest again, sha256_of(written.get()));
    if (to_hex(again) != digest) {
        return Error(Errc::mismatch, fmt::format("the copy {} reads back different; the source stays", copy.string()),
                     "check the disk", copy.string());
    }
    TRY(const Identity now, identity_of_path(request.source));
    if (!(now == source.identity)) {
        return Error(Errc::conflict, fmt::format("{} changed after it was copied; it stays", request.source.string()),
                     {}, request.source.string());
    }
    if (::unlink(request.source.c_str()) != 0) {
        return os_error(errno, "remove the moved file " + request.source.string(), request.source.string());
    }
    return sync_folder(fs::absolute(request.source).parent_path());
}

}  // namespace

Status check_target(std::string_view target) {
    const auto refuse = [&](std::string_view why) {
        return Error(Errc::usage, fmt::format("'{}' cannot be a file's name: {}", text::escape_controls(target), why),
                     "give BUCKET/NAME with an ordinary name", std::string(target));
    };
    if (target.empty()) return refuse("it is empty");
    if (has_controls(target)) return refuse("it has control characters");
    for (const std::string_view part : text::split(target, '/')) {
        if (part.empty() || part == "." || part == "..") return refuse("it has empty or dotted folders");
        if (part.size() > k_longest_name) return refuse(fmt::format("a part is longer than {} bytes", k_longest_name));
        if (part.starts_with(".neurolake") || part == k_note_name || part.find(".nl-tmp-") != part.npos) {
            return refuse("the name is used by the lake itself");
        }
    }
    return {};
}

Result<PutResult> put_file(const Bucket& bucket, const PutRequest& request, const PutHooks& hooks,
                           const CancelFlag& cancel) {
    TRY_DO(check_target(request.target));
    TRY(const Source source, open_source(request));
    TRY(const Fd root, open_folder(bucket.root));
    TRY(const bool replaces, check_place(root.get(), request, source.identity));
    TRY_DO(make_parents(root.get(), request.target));
    const fs::path place = bucket.root / request.target;
    TRY(AtomicFile copy, AtomicFile::create(place, 0600));
    TRY(const std::string digest, copy_and_hash(source, copy.fd(), hooks, cancel));
    TRY(const Identity after, identity_of(source.file.get()));
    if (!(after == source.identity)) {
        return Error(Errc::conflict, fmt::format("{} changed while it was copied", request.source.string()),
                     "try again when nothing writes it", request.source.string());
    }
    TRY_DO(take_over_times(source, copy.fd()));
    if (replaces) TRY_DO(hooks.keep_old(place));
    auto committed = copy.commit(replaces ? Overwrite::yes : Overwrite::no);
    if (!committed && committed.error().code == Errc::already_exists) {
        return Error(Errc::already_exists, fmt::format("{} exists", request.target),
                     "choose another name, or --overwrite", request.target);
    }
    if (!committed) return std::move(committed).error();
    if (request.move) TRY_DO(remove_source(request, source, place, digest));
    return PutResult{source.identity.size, digest, replaces};
}

}  // namespace neurolake::lake
