// call_filter.hpp: the seccomp filter that stops a command at the calls that name files, and nowhere else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <vector>

namespace neurolake::run {

// Empty where the processor is one whose calls we do not know (x86-64 and 64-bit ARM are known): nothing can be traced.
std::vector<sock_filter> call_filter();

// For the process itself, before it becomes the command; only async-signal-safe calls. False with errno.
bool install(const std::vector<sock_filter>& filter);

}  // namespace neurolake::run
