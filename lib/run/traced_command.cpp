// traced_command.cpp: fork, trace, wait: the life of a command under ptrace(2).
// SPDX-License-Identifier: Apache-2.0
#include "run/traced_command.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include "base/file.hpp"
#include "run/call_filter.hpp"
#include "run/file_uses.hpp"
#include "run/stopped_call.hpp"

namespace neurolake::run {

namespace {

constexpr long k_options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                           PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
constexpr int k_group_stop = 128;  // PTRACE_EVENT_STOP

// What the child tells before it is the command; nothing once it is.
struct Trouble {
    enum class Step { filter, exec } step = Step::exec;
    int error = 0;
};

volatile pid_t g_command = 0;

extern "C" void hand_on(int signal) {
    if (g_command > 0) ::kill(g_command, signal);
}

// The terminal's signals reach the command by themselves, and it decides; those meant for us alone are handed on.
class SignalsOfCommand {
public:
    SignalsOfCommand() {
        struct sigaction ignore {
        }, forward{};
        ignore.sa_handler = SIG_IGN;
        forward.sa_handler = hand_on;
        for (std::size_t i = 0; i < 4; ++i) ::sigaction(k_signals[i], i < 2 ? &ignore : &forward, &m_old[i]);
    }
    ~SignalsOfCommand() {
        g_command = 0;
        for (std::size_t i = 0; i < 4; ++i) ::sigaction(k_signals[i], &m_old[i], nullptr);
    }
    SignalsOfCommand(const SignalsOfCommand&) = delete;
    SignalsOfCommand& operator=(const SignalsOfCommand&) = delete;

    static constexpr int k_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

private:
    struct sigaction m_old[4];
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
[[noreturn]] void become(char* const* words, const std::vector<sock_filter>& filter, const Pipe& go, int trouble) {
    const auto tell = [&](Trouble::Step step) {
        const Trouble told{step, errno};
        [[maybe_unused]] const auto written = ::write(trouble, &told, sizeof told);
    };
    char traced = '-';
    ::close(go.write.get());  // so that the end of the parent is the end of the pipe
    if (::read(go.read.get(), &traced, 1) != 1) ::_exit(127);
    for (const int signal : SignalsOfCommand::k_signals) ::signal(signal, SIG_DFL);
    ::signal(SIGPIPE, SIG_DFL);  // which we ignore ourselves
    if (traced == 't' && !install(filter)) tell(Trouble::Step::filter);
    ::execvp(words[0], words);
    tell(Trouble::Step::exec);
    ::_exit(127);
}

class Tracer {
public:
    Tracer(pid_t command, FileUses& uses) : m_command(command), m_uses(uses) {}

    // Until the last process below has ended; the wait status of the command itself.
    Result<int> wait_for_all() {
        std::optional<int> ended;
        while (true) {
            int status = 0;
            const pid_t process = ::waitpid(-1, &status, __WALL);
            if (process < 0 && errno == EINTR) continue;
            if (process < 0 && errno == ECHILD && ended) return *ended;
            if (process < 0) return os_error(errno, "wait for the command");
            if (!WIFSTOPPED(status)) {
                m_calls.erase(process);
                if (process == m_command) ended = status;
                continue;
            }
            stopped(process, status);
        }
    }

private:
    void stopped(pid_t process, int status) {
        const int signal = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP) return at_call(process);
        if (event == k_group_stop && signal != SIGTRAP) return go_on(PTRACE_LISTEN, process);
        if (event != 0) return go_on(PTRACE_CONT, process);
        if (signal == (SIGTRAP | 0x80)) return after_call_of(process);
        go_on(PTRACE_CONT, process, signal);
    }

    // Only calls whose end matters are stopped at a second time.
    void at_call(pid_t process) {
        auto call = read_call(process);
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

    pid_t m_command;
    FileUses& m_uses;
    std::map<pid_t, StoppedCall> m_calls;  // those that are being made
};

// Redirections of the shell that started us: the command reads and writes them, and never opens them.
void note_standard_streams(FileUses& uses) {
    for (int fd = 0; fd < 3; ++fd) {
        const int flags = ::fcntl(fd, F_GETFL);
        char path[4096];
        const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
        if (flags < 0 || size <= 0) continue;
        const auto mode = static_cast<std::uint64_t>(flags) & O_ACCMODE;
        uses.opened(std::string(path, static_cast<std::size_t>(size)), mode == O_RDWR ? O_WRONLY : mode);
    }
}

Error no_exec(const std::string& program, int error) {
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

Result<CommandEnd> run_traced(const std::vector<std::string>& words, std::vector<std::string> below) {
    FileUses uses(std::move(below));
    note_standard_streams(uses);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const auto filter = call_filter();
    TRY(Pipe go, make_pipe());
    TRY(Pipe trouble, make_pipe());

    const SignalsOfCommand signals;
    const pid_t command = ::fork();
    if (command < 0) return os_error(errno, "start " + words[0]);
    if (command == 0) become(argv.data(), filter, go, trouble.write.get());
    g_command = command;
    trouble.write.reset();

    CommandEnd end;
    errno = ENOSYS;
    const bool traced = !filter.empty() && ::ptrace(PTRACE_SEIZE, command, nullptr, k_options) == 0;
    if (!traced) end.untraced = not_traced("tracing is not permitted here", errno);
    [[maybe_unused]] const auto written = ::write(go.write.get(), traced ? "t" : "-", 1);
    TRY(const int status, traced ? Tracer(command, uses).wait_for_all() : wait_untraced(command));

    for (Trouble told; ::read(trouble.read.get(), &told, sizeof told) == sizeof told;) {
        if (told.step == Trouble::Step::exec)
            end.not_run = no_exec(words[0], told.error);
        else
            end.untraced = not_traced("no filter for its calls can be set", told.error);
    }
    end.rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (end.not_run && end.not_run->code != Errc::not_found) end.rc = 126;
    if (!end.untraced) end.files = uses.result();
    return end;
}

}  // namespace neurolake::run
