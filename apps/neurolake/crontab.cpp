// crontab.cpp: runs crontab with posix_spawn, without a shell; finds the block by its first and last line.
// SPDX-License-Identifier: Apache-2.0
#include "crontab.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::apps {

namespace {

constexpr std::size_t k_limit = 1u << 20;

struct Ran {
    int exit = -1;
    std::string out, err;
};

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return Error(Errc::io, fmt::format("run crontab: no pipe: {}", std::strerror(errno)));
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Both streams to their end; what is beyond the limit is read and left out.
void read_both(int out, std::string& to_out, int err, std::string& to_err) {
    pollfd waiting[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    std::string* const texts[2] = {&to_out, &to_err};
    char buffer[4096];
    for (int open = 2; open > 0;) {
        if (::poll(waiting, 2, -1) < 0 && errno != EINTR) return;
        for (int i = 0; i < 2; ++i) {
            if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
            const ssize_t got = ::read(waiting[i].fd, buffer, sizeof buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got > 0 && texts[i]->size() < k_limit) texts[i]->append(buffer, static_cast<std::size_t>(got));
            if (got > 0) continue;
            waiting[i].fd = -1;
            --open;
        }
    }
}

// A crontab fits a file, not a pipe's buffer: the program reads it from an unnamed file.
Result<Fd> file_with(std::string_view text) {
    Fd file(::open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file.get() < 0) return Error(Errc::io, fmt::format("run crontab: no temporary file: {}", std::strerror(errno)));
    while (!text.empty()) {
        const ssize_t written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return Error(Errc::io, fmt::format("run crontab: write a temporary file: {}", std::strerror(errno)));
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

Result<Ran> run_crontab(const char* argument, std::string_view input) {
    TRY(const Fd in, file_with(input));
    TRY(Pipe out, make_pipe());
    TRY(Pipe err, make_pipe());
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
    ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
    char name[] = "crontab";
    std::string copy = argument;
    char* const argv[] = {name, copy.data(), nullptr};
    pid_t child = 0;
    const int failed = ::posix_spawnp(&child, name, &actions, nullptr, argv, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return Error(Errc::unsupported, fmt::format("run crontab: {}", std::strerror(failed)),
                     "install cron (Debian: apt-get install cron), or use the lines of: neurolake cron print");
    out.write = Fd();
    err.write = Fd();
    Ran ran;
    read_both(out.read.get(), ran.out, err.read.get(), ran.err);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return ran;
}

Error refused(std::string_view what, const Ran& ran) {
    return Error(Errc::denied, fmt::format("{}: crontab says: {}", what, text::trim(ran.err)),
                 "use the lines of neurolake cron print in a way this system allows");
}

constexpr std::string_view k_begin = "# neurolake begin ", k_end = "# neurolake end ";

std::string title(const CronBlock& block) { return fmt::format("{} {}", block.lake_id, block.home); }

// "# neurolake begin ID HOME": id and home.
std::optional<CronBlock> block_of(std::string_view line) {
    if (!line.starts_with(k_begin)) return std::nullopt;
    line.remove_prefix(k_begin.size());
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return CronBlock{std::string(line.substr(0, blank)), std::string(line.substr(blank + 1)), {}};
}

// Without its last line, before another block begins, it is no block of ours any more: a person's lines may follow.
bool is_whole(std::string_view from_begin, const CronBlock& block) {
    const std::size_t end = from_begin.find(std::string(k_end) + title(block) + "\n");
    return end != std::string_view::npos && end < from_begin.find(k_begin, 1);
}

}  // namespace

Result<std::string> read_crontab() {
    TRY(Ran ran, run_crontab("-l", {}));
    if (ran.exit == 0 && ran.out.size() >= k_limit)
        return Error(Errc::unsupported, "read the crontab: it is larger than a mebibyte");
    if (ran.exit == 0) return std::move(ran.out);
    if (ran.err.find("no crontab for") != std::string::npos) return std::string();
    return refused("read the crontab", ran);
}

Status write_crontab(std::string_view text) {
    TRY(const Ran ran, run_crontab("-", text));
    return ran.exit == 0 ? Status{} : Status(refused("write the crontab", ran));
}

std::string with_block(std::string_view crontab, const CronBlock& block,
                       const std::function<bool(const std::string& home)>& is_gone) {
    std::string out;
    std::string end_of_block;  // of the block that is being left out
    while (!crontab.empty()) {
        const std::size_t feed = std::min(crontab.find('\n'), crontab.size() - 1);
        const std::string_view line = text::trim(crontab.substr(0, feed + 1));
        if (end_of_block.empty()) {
            const auto other = block_of(line);
            const bool ours =
                other && (other->home == block.home || (other->lake_id == block.lake_id && is_gone(other->home)));
            if (ours && is_whole(crontab, *other)) end_of_block = std::string(k_end) + title(*other);
            if (end_of_block.empty()) out += crontab.substr(0, feed + 1);
        } else if (line == end_of_block) {
            end_of_block.clear();
        }
        crontab.remove_prefix(feed + 1);
    }
    if (block.lines.empty()) return out;
    if (!out.empty() && out.back() != '\n') out += '\n';
    out += fmt::format("{}{}\n", k_begin, title(block));
    for (const std::string& line : block.lines) out += line + "\n";
    return out + fmt::format("{}{}\n", k_end, title(block));
}

}  // namespace neurolake::apps
