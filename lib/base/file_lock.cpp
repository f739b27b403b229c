// file_lock.cpp: an exclusive lock that dies with its process.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake {

namespace {

std::string holder_text(int fd) {
    auto text = read_file(fd, 4096);
    if (!text) return {};
    return std::string(text::trim(*text));
}

}  // namespace

Result<LockFile> LockFile::acquire(const std::filesystem::path& path, std::string_view holder_words,
                                   std::chrono::milliseconds wait) {
    TRY(Fd file, open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    const auto until = std::chrono::steady_clock::now() + wait;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return os_error(errno, "lock " + path.string(), path.string());
        if (std::chrono::steady_clock::now() >= until) {
            const std::string holder = holder_text(file.get());
            return Error(Errc::locked,
                         "another run holds the lake" + (holder.empty() ? std::string() : " (" + holder + ")") +
                             "; nothing done",
                         "wait until it ends, or use --wait", path.string());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    // The words are for people only: a full disk must not keep anyone from the lock.
    if (::ftruncate(file.get(), 0) == 0) {
        [[maybe_unused]] const auto written = ::pwrite(file.get(), holder_words.data(), holder_words.size(), 0);
    }
    return LockFile(std::move(file));
}

std::optional<std::string> LockFile::holder(const std::filesystem::path& path) {
    auto file = open_file(path, O_RDONLY | O_NOFOLLOW);
    if (!file) return std::nullopt;
    if (::flock(file->get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
    return holder_text(file->get());
}

}  // namespace neurolake
