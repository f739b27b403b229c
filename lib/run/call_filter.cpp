// call_filter.cpp: the program for seccomp(2), in the instructions of bpf.
// SPDX-License-Identifier: Apache-2.0
#include "run/call_filter.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

namespace neurolake::run {

namespace {

#if defined(__x86_64__)
constexpr unsigned k_processor = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned k_processor = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned k_processor = 0;
#endif

constexpr unsigned k_stopped[] = {
#ifdef SYS_open  // the older names, which newer processors do not have
    SYS_open,     SYS_creat,   SYS_rename,    SYS_link,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_openat,   SYS_openat2, SYS_renameat2, SYS_linkat, SYS_truncate};

sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)); }
sock_filter answer(unsigned what) { return BPF_STMT(BPF_RET | BPF_K, what); }
sock_filter skip_unless_equal(unsigned value) { return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1); }

}  // namespace

std::vector<sock_filter> call_filter() {
    if (k_processor == 0) return {};
    std::vector<sock_filter> filter{load(offsetof(seccomp_data, arch)),
                                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k_processor, 1, 0), answer(SECCOMP_RET_ALLOW),
                                    load(offsetof(seccomp_data, nr))};
    for (const unsigned call : k_stopped) {
        filter.push_back(skip_unless_equal(call));
        filter.push_back(answer(SECCOMP_RET_TRACE));
    }
    filter.push_back(skip_unless_equal(SYS_io_uring_setup));
    filter.push_back(answer(SECCOMP_RET_ERRNO | ENOSYS));
    filter.push_back(answer(SECCOMP_RET_ALLOW));
    return filter;
}

bool install(const std::vector<sock_filter>& filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return true;
    // Who is not root must first give up that programs may gain rights.
    return errno == EACCES && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace neurolake::run
