// failnth.c: LD_PRELOAD library with one counter over all calls that change a disk or a network: the Nth fails or kills.
// SPDX-License-Identifier: Apache-2.0
//
// cc -O2 -shared -fPIC -o failnth.so failnth.c -ldl
//   FAILNTH=N:ACTION[:CALLS]   N may be "5+" (the 5th and all later). ACTION: an errno name, KILL (SIGKILL before the
//                              call), SHORT (half a write), LIE (fsync does nothing and says 0). CALLS: comma list, else all.
//   FAILNTH_UNDER=/path        only calls on files below this prefix count; sends on sockets always do
//   FAILNTH_COUNT=file         at exit the number of counted calls is written there, and each call's name on a line
//   FAILNTH_AHEAD=SECONDS      the wall clock is that much ahead: files just made have settled
//   FAILNTH_NO_SLEEP=1         sleeping ends at once and moves all clocks on instead
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum Action { NOTHING, FAIL, KILL, SHORT, LIE };
enum { MOST_NAMES = 1 << 16 };

static atomic_int counter;
static int target = -1, and_later, error_number, ready;
static enum Action action;
static const char *calls, *under, *count_file;
static const char* names[MOST_NAMES];
static atomic_long slept_ns;
static long ahead_ns;
static int no_sleep;

static const struct {
    const char* name;
    int number;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
              {"EACCES", EACCES}, {"EMFILE", EMFILE}, {"ENOENT", ENOENT}, {"EXDEV", EXDEV},   {"EINVAL", EINVAL},
              {"ESTALE", ESTALE}, {"EPIPE", EPIPE},   {"ENOSYS", ENOSYS}};

static void read_action(const char* words) {
    char* rest;
    target = (int)strtol(words, &rest, 10);
    if (*rest == '+') {
        and_later = 1;
        ++rest;
    }
    if (*rest != ':') return;
    const char* word = rest + 1;
    const char* colon = strchr(word, ':');
    size_t length = colon ? (size_t)(colon - word) : strlen(word);
    calls = colon ? colon + 1 : NULL;
    action = FAIL;
    if (!strncmp(word, "KILL", length)) action = KILL;
    if (!strncmp(word, "SHORT", length)) action = SHORT;
    if (!strncmp(word, "LIE", length)) action = LIE;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; ++i)
        if (strlen(errors[i].name) == length && !strncmp(word, errors[i].name, length)) error_number = errors[i].number;
}

__attribute__((constructor)) static void begin(void) {
    const char* words = getenv("FAILNTH");
    under = getenv("FAILNTH_UNDER");
    count_file = getenv("FAILNTH_COUNT");
    if (words) read_action(words);
    const char* ahead = getenv("FAILNTH_AHEAD");
    if (ahead) ahead_ns = atol(ahead) * 1000000000L;
    no_sleep = getenv("FAILNTH_NO_SLEEP") != NULL;
    ready = 1;
}

__attribute__((destructor)) static void end(void) {
    if (!count_file) return;
    FILE* file = fopen(count_file, "w");
    if (!file) return;
    int total = counter;
    fprintf(file, "%d\n", total);
    for (int i = 1; i <= total && i < MOST_NAMES; ++i) fprintf(file, "%s\n", names[i]);
    fclose(file);
}

static int in_list(const char* name) {
    if (!calls) return 1;
    size_t length = strlen(name);
    for (const char* at = calls; (at = strstr(at, name)); at += length)
        if ((at == calls || at[-1] == ',') && (at[length] == 0 || at[length] == ',')) return 1;
    return 0;
}

static int fd_counts(int fd) {
    if (!under) return fd > 2;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return !strncmp(path, under, strlen(under));
}

static int path_counts(int dir, const char* path) {
    if (!under || !path) return 1;
    if (path[0] == '/') return !strncmp(path, under, strlen(under));
    if (dir != AT_FDCWD) return fd_counts(dir);
    char folder[4096];
    return getcwd(folder, sizeof folder) && !strncmp(folder, under, strlen(under));
}

// What to do instead of this call.
static enum Action hit(const char* name, int counts) {
    if (!ready || !counts || !in_list(name)) return NOTHING;
    int now = ++counter;
    if (now < MOST_NAMES) names[now] = name;
    if (target < 0 || (and_later ? now < target : now != target)) return NOTHING;
    if (action == KILL) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (action == FAIL) errno = error_number;
    return action;
}

#define REAL(type, name, ...)                    \
    static type (*real)(__VA_ARGS__);            \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
#define FAIL_OR(name, counts) \
    if (hit(#name, counts) == FAIL) return -1

ssize_t write(int fd, const void* bytes, size_t size) {
    REAL(ssize_t, write, int, const void*, size_t);
    enum Action what = hit("write", fd_counts(fd));
    if (what == FAIL) return -1;
    return real(fd, bytes, what == SHORT && size > 1 ? size / 2 : size);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
    REAL(ssize_t, pwrite64, int, const void*, size_t, off64_t);
    enum Action what = hit("pwrite", fd_counts(fd));
    if (what == FAIL) return -1;
    return real(fd, bytes, what == SHORT && size > 1 ? size / 2 : size, at);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }
ssize_t send(int fd, const void* bytes, size_t size, int flags) {
    REAL(ssize_t, send, int, const void*, size_t, int);
    enum Action what = hit("send", 1);
    if (what == FAIL) return -1;
    return real(fd, bytes, what == SHORT && size > 1 ? size / 2 : size, flags);
}
int fsync(int fd) {
    REAL(int, fsync, int);
    enum Action what = hit("fsync", fd_counts(fd));
    return what == FAIL ? -1 : what == LIE ? 0 : real(fd);
}
int fdatasync(int fd) {
    REAL(int, fdatasync, int);
    enum Action what = hit("fdatasync", fd_counts(fd));
    return what == FAIL ? -1 : what == LIE ? 0 : real(fd);
}
int ftruncate64(int fd, off64_t size) {
    REAL(int, ftruncate64, int, off64_t);
    FAIL_OR(ftruncate, fd_counts(fd));
    return real(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int fallocate64(int fd, int mode, off64_t at, off64_t size) {
    REAL(int, fallocate64, int, int, off64_t, off64_t);
    FAIL_OR(fallocate, fd_counts(fd));
    return real(fd, mode, at, size);
}
int fallocate(int fd, int mode, off_t at, off_t size) { return fallocate64(fd, mode, at, size); }
int rename(const char* from, const char* to) {
    REAL(int, rename, const char*, const char*);
    FAIL_OR(rename, path_counts(AT_FDCWD, from));
    return real(from, to);
}
int renameat(int from_dir, const char* from, int to_dir, const char* to) {
    REAL(int, renameat, int, const char*, int, const char*);
    FAIL_OR(rename, path_counts(from_dir, from));
    return real(from_dir, from, to_dir, to);
}
int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) {
    REAL(int, renameat2, int, const char*, int, const char*, unsigned);
    FAIL_OR(renameat2, path_counts(from_dir, from));
    return real(from_dir, from, to_dir, to, flags);
}
int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) {
    REAL(int, linkat, int, const char*, int, const char*, int);
    FAIL_OR(linkat, path_counts(to_dir, to));
    return real(from_dir, from, to_dir, to, flags);
}
int unlink(const char* path) {
    REAL(int, unlink, const char*);
    FAIL_OR(unlink, path_counts(AT_FDCWD, path));
    return real(path);
}
int unlinkat(int dir, const char* path, int flags) {
    REAL(int, unlinkat, int, const char*, int);
    FAIL_OR(unlinkat, path_counts(dir, path));
    return real(dir, path, flags);
}
int mkdir(const char* path, mode_t mode) {
    REAL(int, mkdir, const char*, mode_t);
    FAIL_OR(mkdir, path_counts(AT_FDCWD, path));
    return real(path, mode);
}
int mkdirat(int dir, const char* path, mode_t mode) {
    REAL(int, mkdirat, int, const char*, mode_t);
    FAIL_OR(mkdir, path_counts(dir, path));
    return real(dir, path, mode);
}
int fchmod(int fd, mode_t mode) {
    REAL(int, fchmod, int, mode_t);
    FAIL_OR(fchmod, fd_counts(fd));
    return real(fd, mode);
}
int fchown(int fd, uid_t user, gid_t group) {
    REAL(int, fchown, int, uid_t, gid_t);
    FAIL_OR(fchown, fd_counts(fd));
    return real(fd, user, group);
}
int futimens(int fd, const struct timespec times[2]) {
    REAL(int, futimens, int, const struct timespec*);
    FAIL_OR(futimens, fd_counts(fd));
    return real(fd, times);
}

// Opening counts only where it makes a file.
static int opened(int dir, const char* path, int flags, mode_t mode, int (*real)(int, const char*, int, ...)) {
    if (flags & O_CREAT) FAIL_OR(open, path_counts(dir, path));
    return real(dir, path, flags, mode);
}
#define OPEN(name, has_dir)                                                             \
    int name(has_dir const char* path, int flags, ...) {                                \
        va_list rest;                                                                   \
        va_start(rest, flags);                                                          \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;         \
        va_end(rest);                                                                   \
        static int (*real)(int, const char*, int, ...);                                 \
        if (!real) real = (int (*)(int, const char*, int, ...))dlsym(RTLD_NEXT, "openat64"); \
        return opened(DIR_OF_##name, path, flags, mode, real);                          \
    }
#define NO_DIR
#define DIR_OF_open AT_FDCWD
#define DIR_OF_open64 AT_FDCWD
#define DIR_OF_openat dir
#define DIR_OF_openat64 dir
#define WITH_DIR int dir,
OPEN(open, NO_DIR)
OPEN(open64, NO_DIR)
OPEN(openat, WITH_DIR)
OPEN(openat64, WITH_DIR)

static void move(struct timespec* time, long ns) {
    time->tv_sec += ns / 1000000000L;
    time->tv_nsec += ns % 1000000000L;
    if (time->tv_nsec >= 1000000000L) {
        time->tv_nsec -= 1000000000L;
        ++time->tv_sec;
    }
}

int clock_gettime(clockid_t clock, struct timespec* time) {
    REAL(int, clock_gettime, clockid_t, struct timespec*);
    int rc = real(clock, time);
    if (rc == 0 && clock == CLOCK_REALTIME) move(time, ahead_ns + slept_ns);
    if (rc == 0 && clock == CLOCK_MONOTONIC) move(time, slept_ns);
    return rc;
}

static long ns_of(const struct timespec* time) { return time->tv_sec * 1000000000L + time->tv_nsec; }

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* wanted, struct timespec* left) {
    REAL(int, clock_nanosleep, clockid_t, int, const struct timespec*, struct timespec*);
    if (!no_sleep) return real(clock, flags, wanted, left);
    long ns = ns_of(wanted);
    if (flags & TIMER_ABSTIME) {
        struct timespec now;
        clock_gettime(clock, &now);
        ns -= ns_of(&now);
    }
    if (ns > 0) slept_ns += ns;
    return 0;
}

int nanosleep(const struct timespec* wanted, struct timespec* left) {
    return clock_nanosleep(CLOCK_REALTIME, 0, wanted, left) ? -1 : 0;
}
