// stopped_call.cpp: arguments of another process's system call, read from its memory and from /proc.
// SPDX-License-Identifier: Apache-2.0
#include "run/stopped_call.hpp"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

namespace neurolake::run {

namespace {

// Programs that only root may read, or that gave up their rights, may not be looked into.
bool is_forbidden(int error) { return error == EPERM || error == EACCES; }

bool read_memory(pid_t process, std::uint64_t at, std::span<char> into, std::size_t& got) {
    iovec here{into.data(), into.size()}, there{reinterpret_cast<void*>(at), into.size()};
    const ssize_t size = ::process_vm_readv(process, &here, 1, &there, 1, 0);
    got = size > 0 ? static_cast<std::size_t>(size) : 0;
    return size > 0;
}

// Page by page: what follows the text's end may not be there.
std::optional<std::string> read_text(pid_t process, std::uint64_t at) {
    constexpr std::uint64_t k_page = 4096;
    std::string text;
    char page[k_page];
    while (text.size() <= PATH_MAX) {
        std::size_t got = 0;
        if (!read_memory(process, at, {page, static_cast<std::size_t>(k_page - at % k_page)}, got)) return std::nullopt;
        const std::string_view part(page, got);
        if (const auto end = part.find('\0'); end != std::string_view::npos) return text.append(part.substr(0, end));
        text += part;
        at += got;
    }
    return std::nullopt;
}

std::string link_target(const std::string& link) {
    char target[PATH_MAX];
    const ssize_t size = ::readlink(link.c_str(), target, sizeof target);
    return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

std::string of_process(pid_t process, const std::string& name) {
    return "/proc/" + std::to_string(process) + "/" + name;
}

std::string without_links(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    return real ? std::string(real.get()) : std::string();
}

// The folder without links, the last part as it stands: what rename(2) works on.
std::string with_plain_end(const std::string& path) {
    const auto end = path.find_last_not_of('/');
    const auto slash = path.rfind('/', end);
    if (end == std::string::npos || slash == std::string::npos) return path;
    const std::string folder = without_links(slash == 0 ? "/" : path.substr(0, slash));
    if (folder.empty()) return path;
    return (folder == "/" ? "" : folder) + path.substr(slash, end + 1 - slash);
}

struct Arguments {
    pid_t process;
    std::uint64_t number;
    std::uint64_t values[6];

    std::optional<std::string> path(std::size_t at, int folder = AT_FDCWD) const {
        auto text = read_text(process, values[at]);
        if (!text) return std::nullopt;
        if (text->starts_with('/')) {
            const std::string root = link_target(of_process(process, "root"));
            return with_plain_end(root.empty() || root == "/" ? *text : root + *text);
        }
        const std::string base =
            link_target(of_process(process, folder == AT_FDCWD ? "cwd" : "fd/" + std::to_string(folder)));
        if (base.empty()) return std::nullopt;
        return text->empty() ? base : with_plain_end(base + "/" + *text);
    }
    std::optional<std::string> path_at(std::size_t folder, std::size_t at) const {
        return path(at, static_cast<int>(values[folder]));
    }
};

std::optional<Arguments> arguments_of(pid_t process) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) <= 0) return std::nullopt;
    if (info.op != PTRACE_SYSCALL_INFO_SECCOMP) return std::nullopt;
    Arguments found{process, info.seccomp.nr, {}};
    std::ranges::copy(info.seccomp.args, found.values);
    return found;
}

std::optional<StoppedCall> open_of(std::optional<std::string> path, std::uint64_t flags) {
    if (!path) return std::nullopt;
    return StoppedCall{StoppedCall::Kind::open, flags, *std::move(path), {}, false};
}

std::optional<StoppedCall> open_as_told(const Arguments& call) {
    ::open_how how{};
    std::size_t got = 0;
    if (!read_memory(call.process, call.values[2], {reinterpret_cast<char*>(&how), sizeof how}, got))
        return std::nullopt;
    return open_of(call.path_at(0, 1), how.flags);
}

std::optional<StoppedCall> two_names(StoppedCall::Kind kind, std::optional<std::string> from,
                                     std::optional<std::string> to, bool exchanged = false) {
    if (!from || !to) return std::nullopt;
    return StoppedCall{kind, 0, *std::move(from), *std::move(to), exchanged};
}

std::optional<StoppedCall> call_of(const std::optional<Arguments>& call) {
    using Kind = StoppedCall::Kind;
    if (!call) return std::nullopt;
    switch (call->number) {
#ifdef SYS_open
        case SYS_open:
            return open_of(call->path(0), call->values[1]);
        case SYS_creat:
            return open_of(call->path(0), O_WRONLY | O_CREAT | O_TRUNC);
        case SYS_rename:
            return two_names(Kind::rename, call->path(0), call->path(1));
        case SYS_link:
            return two_names(Kind::link, call->path(0), call->path(1));
#endif
#ifdef SYS_renameat
        case SYS_renameat:
            return two_names(Kind::rename, call->path_at(0, 1), call->path_at(2, 3));
#endif
        case SYS_openat:
            return open_of(call->path_at(0, 1), call->values[2]);
        case SYS_openat2:
            return open_as_told(*call);
        case SYS_renameat2:
            return two_names(Kind::rename, call->path_at(0, 1), call->path_at(2, 3), call->values[4] & RENAME_EXCHANGE);
        case SYS_linkat:
            return two_names(Kind::link, call->path_at(0, 1), call->path_at(2, 3));
        case SYS_truncate: {
            auto path = call->path(0);
            if (!path) return std::nullopt;
            return StoppedCall{Kind::truncate, 0, *std::move(path), {}, false};
        }
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<StoppedCall> read_call(pid_t process, FileUses& uses) {
    const auto arguments = arguments_of(process);
    errno = 0;
    auto call = call_of(arguments);
    if (!call && is_forbidden(errno)) uses.missed();
    return call;
}

void before_call(const StoppedCall& call, FileUses& uses) {
    if (call.kind == StoppedCall::Kind::rename || call.kind == StoppedCall::Kind::link) {
        uses.look_before(call.to);
        uses.look_before(call.path);
        return;
    }
    const bool reads_only = (call.flags & O_ACCMODE) == O_RDONLY && !(call.flags & O_CREAT);
    if (call.kind == StoppedCall::Kind::open && reads_only) return;
    const std::string real = without_links(call.path);
    uses.look_before(real.empty() ? call.path : real);
}

void after_call(pid_t process, const StoppedCall& call, std::int64_t result, FileUses& uses) {
    if (result < 0) return;
    switch (call.kind) {
        case StoppedCall::Kind::open: {
            errno = 0;
            const std::string path = link_target(of_process(process, "fd/" + std::to_string(result)));
            if (path.empty() && is_forbidden(errno)) uses.missed();
            uses.opened(path, call.flags);
            break;
        }
        case StoppedCall::Kind::rename:
            if (call.exchanged) {
                uses.changed(call.path);
                uses.changed(call.to);
            } else {
                uses.renamed(call.path, call.to);
            }
            break;
        case StoppedCall::Kind::link:
            uses.linked(call.path, call.to);
            break;
        case StoppedCall::Kind::truncate:
            uses.changed(without_links(call.path));
            break;
    }
}

}  // namespace neurolake::run
