// reserve.cpp: the bytes and inodes kept back, so that a burst can run on a full disk.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/digest.hpp"
#include "lake/lake.hpp"

namespace neurolake::lake {

namespace {

constexpr std::size_t k_reserve_bytes = 1u << 20;
// A stub, a journal record and each file written anew need an inode before the original gives one back.
constexpr std::uint64_t k_spare_inodes = 64;
constexpr std::uint64_t k_least_share = 16;  // a small disk keeps back a sixteenth of what it has left, no more

Status make_bytes(const Layout& layout) {
    const auto there = identity_of_path(layout.reserve);
    if (there && there->size == k_reserve_bytes && there->allocated >= k_reserve_bytes) return {};
    // Bytes that no file system folds away as a hole or compresses to nothing.
    std::string bytes;
    bytes.reserve(k_reserve_bytes);
    while (bytes.size() < k_reserve_bytes) {
        TRY(const auto block, sha256(std::to_string(bytes.size())));
        bytes.append(reinterpret_cast<const char*>(block.data()), block.size());
    }
    return write_file_atomic(layout.reserve, bytes, 0600, Overwrite::yes);
}

std::string spare_name(std::uint64_t n) { return fmt::format("spare-{}", n); }

Status make_inodes(const Layout& layout) {
    TRY_DO(make_folders(layout.spare));
    TRY(const Fd folder, open_folder(layout.spare));
    std::uint64_t most = k_spare_inodes;
    // File systems without a fixed number of inodes say zero.
    if (const auto space = disk_space(layout.spare); space && space->inodes_free > 0)
        most = std::min(most, space->inodes_free / k_least_share);
    for (std::uint64_t n = 0; n < most; ++n) {
        const Fd spare(
            ::openat(folder.get(), spare_name(n).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!spare) return os_error(errno, "keep inodes in " + layout.spare.string(), layout.spare.string());
    }
    return {};
}

}  // namespace

Status make_reserve(const Layout& layout) {
    TRY_DO(make_bytes(layout));
    return make_inodes(layout);
}

void release_reserve(const Layout& layout) {
    ::unlink(layout.reserve.c_str());
    for (std::uint64_t n = 0; n < k_spare_inodes; ++n) ::unlink((layout.spare / spare_name(n)).c_str());
}

}  // namespace neurolake::lake
