// traced_command.cpp: fork, trace, wait: the life of a command under ptrace(2).
// SPDX-License-Identifier: Apache-2.0
#include "run/traced_command.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/file.hpp"
#include "run/call_filter.hpp"
#include "run/file_uses.hpp"
#include "run/stopped_call.hpp"

namespace neurolake::run {

namespace fs = std::filesystem;

namespace {

constexpr long k_options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                           PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
constexpr int k_group_stop = 128;  // PTRACE_EVENT_STOP

// What the child tells before it is the command; nothing once it is.
struct Trouble {
    enum class Step { filter, exec } step = Step::exec;
    int error = 0;
};

// What a signal handler may read: the command, and when that has ended what it left.
constexpr std::size_t k_most_left = 256;
volatile pid_t g_processes[k_most_left];
volatile std::sig_atomic_t g_count = 0, g_left = 0, g_asked = 0;

extern "C" void hand_on(int signal) {
    const int sent = g_left && g_asked ? SIGKILL : signal;
    g_asked = g_left;
    for (int i = 0; i < g_count; ++i) ::kill(g_processes[i], sent);
}

// The terminal's signals reach the command by themselves, and it decides; those meant for us alone are handed on.
class SignalsOfCommand {
public:
    SignalsOfCommand() {
        for (std::size_t i = 0; i < 4; ++i) {
            ::sigaction(k_signals[i], nullptr, &m_old[i]);
            handle(i, i < 2 ? SIG_IGN : hand_on);
        }
    }
    ~SignalsOfCommand() {
        g_count = 0;
        g_left = 0;
        g_asked = 0;
        for (std::size_t i = 0; i < 4; ++i) ::sigaction(k_signals[i], &m_old[i], nullptr);
    }
    SignalsOfCommand(const SignalsOfCommand&) = delete;
    SignalsOfCommand& operator=(const SignalsOfCommand&) = delete;

    void of(pid_t command) const {
        g_processes[0] = command;
        g_count = 1;
    }
    // Nobody else listens to the terminal any more.
    void of_those_left(const std::set<pid_t>& left) const {
        g_count = 0;
        int count = 0;
        for (const pid_t process : left)
            if (static_cast<std::size_t>(count) < k_most_left) g_processes[count++] = process;
        g_left = 1;
        g_count = count;
        for (std::size_t i = 0; i < 4; ++i) handle(i, hand_on);
    }
    void reset_in_child() const {
        for (std::size_t i = 0; i < 4; ++i) ::signal(k_signals[i], ignored(i) ? SIG_IGN : SIG_DFL);
    }

private:
    static constexpr int k_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

    bool ignored(std::size_t i) const { return m_old[i].sa_handler == SIG_IGN; }
    void handle(std::size_t i, void (*handler)(int)) const {
        if (ignored(i)) return;
        struct sigaction action {};
        action.sa_handler = handler;
        ::sigaction(k_signals[i], &action, nullptr);
    }

    struct sigaction m_old[4];
};

// Wakes wait(2) once a second, from start() on.
class EverySecond {
public:
    EverySecond() = default;
    ~EverySecond() {
        if (!m_runs) return;
        set(0);
        ::sigaction(SIGALRM, &m_old, nullptr);
    }
    EverySecond(const EverySecond&) = delete;
    EverySecond& operator=(const EverySecond&) = delete;

    void start() {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        m_runs = ::sigaction(SIGALRM, &action, &m_old) == 0;
        set(1);
    }

private:
    static void set(int seconds) {
        const itimerval times{{seconds, 0}, {seconds, 0}};
        ::setitimer(ITIMER_REAL, &times, nullptr);
    }
    bool m_runs = false;
    struct sigaction m_old {};
};

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return os_error(errno, "make a pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// In the child: waits until the parent traces it ('t') or cannot ('-'), then becomes the command. Never returns.
[[noreturn]] void become(char* const* words, const std::vector<sock_filter>& filter, const SignalsOfCommand& signals,
                         const Pipe& go, int trouble) {
    const auto tell = [&](Trouble::Step step) {
        const Trouble told{step, errno};
        [[maybe_unused]] const auto written = ::write(trouble, &told, sizeof told);
    };
    char traced = '-';
    ::close(go.write.get());  // so that the end of the parent is the end of the pipe
    if (::read(go.read.get(), &traced, 1) != 1) ::_exit(127);
    signals.reset_in_child();
    ::signal(SIGPIPE, SIG_DFL);  // which we ignore ourselves
    if (traced == 't' && !install(filter)) tell(Trouble::Step::filter);
    ::execvp(words[0], words);
    tell(Trouble::Step::exec);
    ::_exit(127);
}

std::string program_of(const std::string& process) {
    char path[4096];
    const ssize_t size = ::readlink(("/proc/" + process + "/exe").c_str(), path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

// Are we ourselves traced by this program, which sees what the command does?
bool is_below_another() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("TracerPid:")) continue;
        const std::string tracer = line.substr(line.find_first_not_of(" \t", 10));
        return tracer != "0" && program_of(tracer) == program_of("self");
    }
    return false;
}

class Tracer {
public:
    Tracer(pid_t command, FileUses& uses, const SignalsOfCommand& signals,
           const std::function<void(std::size_t)>& waits)
        : m_command(command), m_uses(uses), m_signals(signals), m_waits(waits), m_ourselves(program_of("self")) {
        m_alive.insert(command);
    }

    // Until the last process below has ended; the wait status of the command itself. Other children that we may have
    // are not waited for.
    Result<int> wait_for_all() {
        int ended = 0;
        while (!m_alive.empty()) {
            int status = 0;
            const pid_t process = ::waitpid(-1, &status, __WALL);
            if (process < 0 && errno == EINTR) {
                tell_of_those_left();
                continue;
            }
            if (process < 0 && errno == ECHILD) break;
            if (process < 0) return os_error(errno, "wait for the command");
            if (WIFSTOPPED(status)) {
                stopped(process, status);
                continue;
            }
            if (m_alive.erase(process) == 0) continue;
            m_calls.erase(process);
            m_own.erase(process);
            if (process == m_command) ended = status;
            if (m_alive.count(m_command) == 0) left_behind(process == m_command);
        }
        return ended;
    }

private:
    // Calls of the machine's older interface pass the filter unseen.
    static bool is_32_bit(pid_t process) {
        char begin[EI_NIDENT] = {};
        const Fd program(::open(("/proc/" + std::to_string(process) + "/exe").c_str(), O_RDONLY | O_CLOEXEC));
        return program && ::read(program.get(), begin, sizeof begin) == sizeof begin && begin[EI_CLASS] == ELFCLASS32;
    }

    void left_behind(bool just_now) {
        m_signals.of_those_left(m_alive);
        if (!just_now || m_alive.empty()) return;
        m_ended_at = Clock::now();
        m_every_second.start();
    }
    // Those of a pipeline may end a moment after it: they are not worth a word.
    void tell_of_those_left() {
        if (m_told || !m_ended_at || Clock::now() - *m_ended_at < std::chrono::seconds(1)) return;
        m_told = true;
        m_waits(m_alive.size());
    }

    void stopped(pid_t process, int status) {
        const int signal = WSTOPSIG(status), event = status >> 16;
        m_alive.insert(process);
        if (event == PTRACE_EVENT_SECCOMP) return at_call(process);
        if (event == k_group_stop && signal != SIGTRAP) return go_on(PTRACE_LISTEN, process);
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) born(process);
        if (event == PTRACE_EVENT_EXEC) became(process);
        if (event != 0) return go_on(PTRACE_CONT, process);
        if (signal == (SIGTRAP | 0x80)) return after_call_of(process);
        go_on(PTRACE_CONT, process, signal);
    }

    void born(pid_t parent) {
        unsigned long child = 0;
        if (::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &child) != 0) return;
        const auto process = static_cast<pid_t>(child);
        m_alive.insert(process);
        if (m_own.count(parent) != 0) m_own.insert(process);
    }

    void became(pid_t process) {
        if (is_32_bit(process)) m_uses.unseen_program();
        unsigned long former = 0;  // a thread that becomes a program takes its process's number, and its own is gone
        if (::ptrace(PTRACE_GETEVENTMSG, process, nullptr, &former) == 0 && static_cast<pid_t>(former) != process)
            m_alive.erase(static_cast<pid_t>(former));
        if (!m_ourselves.empty() && program_of(std::to_string(process)) == m_ourselves)
            m_own.insert(process);
        else
            m_own.erase(process);
    }

    // Only calls whose end matters are stopped at a second time.
    void at_call(pid_t process) {
        auto call = m_own.count(process) == 0 ? read_call(process, m_uses) : std::nullopt;
        if (!call) return go_on(PTRACE_CONT, process);
        before_call(*call, m_uses);
        m_calls[process] = *std::move(call);
        go_on(PTRACE_SYSCALL, process);
    }

    void after_call_of(pid_t process) {
        __ptrace_syscall_info info{};
        const bool known = ::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) > 0;
        if (known && info.op == PTRACE_SYSCALL_INFO_ENTRY) return go_on(PTRACE_SYSCALL, process);
        const auto call = m_calls.find(process);
        if (call != m_calls.end()) {
            if (known && info.op == PTRACE_SYSCALL_INFO_EXIT) after_call(process, call->second, info.exit.rval, m_uses);
            m_calls.erase(call);
        }
        go_on(PTRACE_CONT, process);
    }

    // One that was killed meanwhile says so to the next wait.
    static void go_on(__ptrace_request how, pid_t process, int signal = 0) {
        (void)::ptrace(how, process, nullptr, static_cast<long>(signal));
    }

    using Clock = std::chrono::steady_clock;

    pid_t m_command;
    FileUses& m_uses;
    const SignalsOfCommand& m_signals;
    const std::function<void(std::size_t)>& m_waits;
    std::string m_ourselves;                      // our own program
    std::set<pid_t> m_alive, m_own;               // all processes and threads below; those that run our own program
    std::map<pid_t, StoppedCall> m_calls;         // those that are being made
    std::optional<Clock::time_point> m_ended_at;  // the command, with others left
    EverySecond m_every_second;
    bool m_told = false;
};

// What whoever started us had opened for the command: it reads and writes that, and never opens it. A position that has
// moved at the end was read from.
class InheritedFiles {
public:
    explicit InheritedFiles(FileUses& uses) : m_uses(uses) {
        std::error_code failed;
        for (fs::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end; at.increment(failed))
            look_at(std::atoi(at->path().filename().c_str()));
    }

    void note_reads() const {
        for (const auto& [fd, path, position] : m_read)
            if (::lseek(fd, 0, SEEK_CUR) != position) m_uses.opened(path, O_RDONLY);
    }

private:
    void look_at(int fd) {
        const int flags = ::fcntl(fd, F_GETFL);
        std::error_code failed;
        const std::string path = fs::read_symlink("/proc/self/fd/" + std::to_string(fd), failed).string();
        if (flags < 0 || failed || (::fcntl(fd, F_GETFD) & FD_CLOEXEC) || !m_uses.covers(path)) return;
        const int mode = flags & O_ACCMODE;
        if (mode != O_WRONLY) m_read.push_back({fd, path, ::lseek(fd, 0, SEEK_CUR)});
        if (mode != O_RDONLY) {
            m_uses.look_before(path);
            m_uses.opened(path, O_WRONLY);
        }
    }

    struct Reading {
        int fd;
        std::string path;
        off_t position;
    };
    FileUses& m_uses;
    std::vector<Reading> m_read;
};

Error no_exec(const std::string& program, int error) {
    if (error == ENOENT && program.find('/') != std::string::npos && ::access(program.c_str(), F_OK) == 0)
        return Error(Errc::denied, "run " + program + ": the program in its first line, or its loader, is not there",
                     "", program);
    if (error == ENOENT)
        return Error(Errc::not_found, "there is no program \"" + program + "\"", "is it in your PATH?");
    return os_error(error, "run " + program, program);
}

Error not_traced(const char* why, int error) {
    return Error(Errc::denied,
                 std::string("the files of the command are not known: ") + why + ": " + std::strerror(error),
                 "in a container it needs the system call ptrace (docker run --cap-add SYS_PTRACE)");
}

Result<int> wait_untraced(pid_t command) {
    int status = 0;
    while (::waitpid(command, &status, 0) < 0)
        if (errno != EINTR) return os_error(errno, "wait for the command");
    return status;
}

}  // namespace

Result<CommandEnd> run_traced(const std::vector<std::string>& words, std::vector<std::string> below,
                              const std::function<void(std::size_t)>& waits) {
    FileUses uses(std::move(below));
    const InheritedFiles inherited(uses);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const auto filter = call_filter();
    TRY(Pipe go, make_pipe());
    TRY(Pipe trouble, make_pipe());

    const SignalsOfCommand signals;
    const pid_t command = ::fork();
    if (command < 0) return os_error(errno, "start " + words[0]);
    if (command == 0) become(argv.data(), filter, signals, go, trouble.write.get());
    signals.of(command);
    trouble.write.reset();

    CommandEnd end;
    errno = ENOSYS;
    const bool traced = !filter.empty() && ::ptrace(PTRACE_SEIZE, command, nullptr, k_options) == 0;
    const int why = errno;
    end.nested = !traced && is_below_another();
    if (!traced && !end.nested) end.untraced = not_traced("tracing is not permitted here", why);
    [[maybe_unused]] const auto written = ::write(go.write.get(), traced ? "t" : "-", 1);
    TRY(const int status, traced ? Tracer(command, uses, signals, waits).wait_for_all() : wait_untraced(command));

    for (Trouble told; ::read(trouble.read.get(), &told, sizeof told) == sizeof told;) {
        if (told.step == Trouble::Step::exec)
            end.not_run = no_exec(words[0], told.error);
        else
            end.untraced = not_traced("no filter for its calls can be set", told.error);
    }
    end.rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (end.not_run && end.not_run->code != Errc::not_found) end.rc = 126;
    inherited.note_reads();
    if (uses.unseen_programs() > 0)
        end.untraced = Error(Errc::denied, "not all files of the command are known: it ran a 32-bit program",
                             "say the rest with --in and --out");
    if (uses.missed_calls() > 0)
        end.untraced = Error(Errc::denied,
                             "not all files of the command are known: " + std::to_string(uses.missed_calls()) +
                                 " of its calls came from programs that may not be looked into",
                             "run it as root, or say the rest with --in and --out");
    end.files = uses.result();
    return end;
}

}  // namespace neurolake::run
