// stopped_call.hpp: a system call of a traced process, at which it stands: what it asks for, on which files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "run/file_uses.hpp"

namespace neurolake::run {

// One of the calls of call_filter(), read when it is about to be made. Paths are absolute and free of links but for
// their last part.
struct StoppedCall {
    enum class Kind { open, rename, link, truncate };
    Kind kind = Kind::open;
    std::uint64_t flags = 0;  // open: as open(2) has them
    std::string path;         // open, truncate: the file; rename, link: the old name
    std::string to;           // rename, link: the new name
    bool exchanged = false;   // rename: both names change hands
};

// nullopt: the process is gone, or its memory cannot be read; where that is forbidden, `uses` counts the call.
std::optional<StoppedCall> read_call(pid_t process, FileUses& uses);

void before_call(const StoppedCall& call, FileUses& uses);
// `result` is what the call returned; an open tells the file by the descriptor it got.
void after_call(pid_t process, const StoppedCall& call, std::int64_t result, FileUses& uses);

}  // namespace neurolake::run
