// traced_command.hpp: run a command and learn which files it, and all that it started, read and wrote.
// SPDX-License-Identifier: Apache-2.0
//
// By ptrace(2) and a seccomp(2) filter that stops only the calls that open, rename, link or cut a file: the command
// runs at full speed between them, static programs are seen as well as others, and nothing has to be set up or be root.
// What it costs, as with strace: set-user-id programs below it get no other rights unless we are root; io_uring, which
// would pass by the filter, is not offered to it (programs fall back to plain calls); and as no process below may lose
// its tracer, the call ends when the last of them has ended, also one that was left in the background. Programs that
// trace others (gdb, strace) cannot run below. What this program itself does below is left aside: it is no step of a
// job.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace neurolake::run {

struct FileUse {
    std::string path;      // absolute, as the kernel names the file; bytes
    bool read = false;     // opened for reading; what the command itself had made before is not counted
    bool written = false;  // there at the end, and made or changed by the command
    friend bool operator==(const FileUse&, const FileUse&) = default;
};

struct CommandEnd {
    int rc = 0;                     // as a shell has it: 128 + the signal that ended it
    std::vector<FileUse> files;     // by path; both flags may be set
    bool nested = false;            // another run_traced() above us has the files
    std::optional<Error> not_run;   // there is no such program, or it cannot be run
    std::optional<Error> untraced;  // why the files are not known (ptrace is forbidden here); the command did run
};

// Runs words[0], found by PATH, with our standard streams, terminal and working directory. Only regular files below the
// folders `below` (absolute, without links) are told. SIGINT and SIGQUIT are left to the command, SIGTERM and SIGHUP
// are handed on to it; once it has ended, each of the four goes to all that it left, and the second one kills them.
// What the caller ignored stays ignored. A program that is not there or cannot be run is rc 127 or 126, with `not_run`.
// One call at a time in a process. `waits` is told, once, how many processes the command left that are there a second
// after its end.
Result<CommandEnd> run_traced(const std::vector<std::string>& words, std::vector<std::string> below,
                              const std::function<void(std::size_t)>& waits);

}  // namespace neurolake::run
