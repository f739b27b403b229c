// log.cpp: appending, rotating and chaining JSON lines.
// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/digest.hpp"
#include "base/file.hpp"

namespace neurolake {

namespace {

constexpr char k_no_line_before[] = "0000000000000000000000000000000000000000000000000000000000000000";

std::string numbered(const std::filesystem::path& file, int n) { return file.string() + "." + std::to_string(n); }

// The last line (torn or whole, without newline), read backwards; empty for an empty file.
Result<std::string> last_line(int fd, std::uint64_t size) {
    std::string tail;
    while (size > 0) {
        const std::uint64_t step = std::min<std::uint64_t>(size, 4096);
        std::string block(step, '\0');
        TRY_DO(read_exact(fd, std::as_writable_bytes(std::span(block)), size - step));
        tail.insert(0, block);
        size -= step;
        const std::size_t end = tail.find_last_not_of('\n');
        const std::size_t newline = end == std::string::npos ? end : tail.rfind('\n', end);
        if (newline != std::string::npos) return tail.substr(newline + 1, end - newline);
    }
    const std::size_t end = tail.find_last_not_of('\n');
    return end == std::string::npos ? std::string() : tail.substr(0, end + 1);
}

Result<bool> ends_torn(int fd, std::uint64_t size) {
    if (size == 0) return false;
    std::byte last{};
    TRY_DO(read_exact(fd, {&last, 1}, size - 1));
    return last != std::byte{'\n'};
}

// Opens and locks the file that bears the name *now*: another process may have rotated it between open and lock.
Result<Fd> open_locked(const std::filesystem::path& file) {
    while (true) {
        TRY(Fd fd, open_file(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0600));
        while (::flock(fd.get(), LOCK_EX) != 0)
            if (errno != EINTR) return os_error(errno, "lock " + file.string(), file.string());
        TRY(const Identity open, identity_of(fd.get()));
        const auto named = identity_of_path(file);
        if (named && named->ino == open.ino && named->dev == open.dev) return fd;
    }
}

Status rotate(const std::filesystem::path& file, int keep) {
    ::unlink(numbered(file, keep).c_str());
    for (int n = keep - 1; n >= 1; --n) ::rename(numbered(file, n).c_str(), numbered(file, n + 1).c_str());
    if (::rename(file.c_str(), numbered(file, 1).c_str()) != 0)
        return os_error(errno, "rotate " + file.string(), file.string());
    return sync_folder(file.parent_path());
}

}  // namespace

JsonLog::JsonLog(std::filesystem::path file, Chain chain, std::uint64_t rotate_bytes, int keep)
    : m_file(std::move(file)), m_chain(chain), m_rotate_bytes(rotate_bytes), m_keep(keep) {}

Status JsonLog::append(json::Value line) {
    std::vector<json::Value> one;
    one.push_back(std::move(line));
    return append(std::move(one));
}

Status JsonLog::append(std::vector<json::Value> lines) {
    if (lines.empty()) return {};
    TRY(Fd fd, open_locked(m_file));
    TRY(Identity now, identity_of(fd.get()));
    TRY(std::string before,
        m_chain == Chain::sha256 ? last_line(fd.get(), now.size) : Result<std::string>(std::string()));
    if (now.size > m_rotate_bytes) {
        TRY_DO(rotate(m_file, m_keep));  // the chain goes on into the new file
        TRY(fd, open_locked(m_file));
        TRY(now, identity_of(fd.get()));
    }
    TRY(const bool torn, ends_torn(fd.get(), now.size));
    std::string text = torn ? "\n" : "";
    for (json::Value& line : lines) {
        if (m_chain == Chain::sha256) {
            TRY(const auto digest, sha256(before));
            line.set("prev", before.empty() ? std::string(k_no_line_before) : to_hex(digest));
        }
        before = json::dump(line);
        text += before + "\n";
    }
    if (auto written = write_all(fd.get(), text); !written) {
        // What did get in would be half a line, or some of the lines.
        if (::ftruncate(fd.get(), static_cast<off_t>(now.size)) != 0) return os_error(errno, "cut " + m_file.string());
        return std::move(written).with_context(m_file.string());
    }
    if (m_chain == Chain::sha256) TRY_DO(sync_file(fd.get()).with_context(m_file.string()));
    return {};
}

}  // namespace neurolake
