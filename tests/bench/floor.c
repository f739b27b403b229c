/* floor.c: the least a walk of a tree can cost: getdents64 and one statx a name, threads on one stack, sums only.
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: bench_floor FOLDER [THREADS]. No error handling beyond what a tree of the generator needs, no reports, no
 * limits on depth or descriptors: the yardstick that the real walk is measured against. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    struct folder *parent;
    int fd, users; /* users: own reading and subfolders not yet opened */
    int reading;   /* opened, and more names may follow */
    char name[256];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct folder **stack;
static size_t used, room, unfinished;

struct sums {
    uint64_t files, folders, bytes, blocks;
};

static void push(struct folder *f) {
    pthread_mutex_lock(&lock);
    if (used == room) stack = realloc(stack, (room = room ? room * 2 : 64) * sizeof *stack);
    stack[used++] = f;
    unfinished++;
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(&changed);
}

static void unuse(struct folder *f) {
    if (__atomic_sub_fetch(&f->users, 1, __ATOMIC_ACQ_REL) == 0) {
        close(f->fd);
        free(f);
    }
}

static void read_folder(struct folder *f, struct sums *sums, char *buffer, size_t size) {
    if (!f->reading) {
        f->fd = openat(f->parent ? f->parent->fd : AT_FDCWD, f->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->parent) unuse(f->parent);
        if (f->fd < 0) return;
        sums->folders++;
    }
    size_t filled = 0;
    ssize_t got = 1;
    while (size - filled >= 1024 && (got = getdents64(f->fd, buffer + filled, size - filled)) > 0)
        filled += (size_t)got;
    if (got > 0) { /* a wide folder: another thread may read on while this one describes what it has */
        f->reading = 1;
        __atomic_add_fetch(&f->users, 1, __ATOMIC_RELAXED);
        push(f);
    }
    for (size_t at = 0; at < filled;) {
        struct dirent64 *d = (struct dirent64 *)(buffer + at);
        at += d->d_reclen;
        if (d->d_name[0] == '.' && (!d->d_name[1] || (d->d_name[1] == '.' && !d->d_name[2]))) continue;
        struct statx sx;
        if (statx(f->fd, d->d_name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx) != 0) continue;
        if (S_ISDIR(sx.stx_mode)) {
            struct folder *child = calloc(1, sizeof *child);
            child->parent = f;
            child->users = 1;
            strcpy(child->name, d->d_name);
            __atomic_add_fetch(&f->users, 1, __ATOMIC_RELAXED);
            push(child);
        } else {
            sums->files++;
            sums->bytes += sx.stx_size;
            sums->blocks += sx.stx_blocks;
        }
    }
    unuse(f);
}

static void *work(void *arg) {
    const size_t size = 32 * 1024;
    char *buffer = malloc(size);
    pthread_mutex_lock(&lock);
    while (1) {
        while (used == 0 && unfinished > 0) pthread_cond_wait(&changed, &lock);
        if (used == 0) break;
        struct folder *f = stack[--used];
        pthread_mutex_unlock(&lock);
        read_folder(f, arg, buffer, size);
        pthread_mutex_lock(&lock);
        if (--unfinished == 0) pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    free(buffer);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    const int threads = argc > 2 ? atoi(argv[2]) : 2;
    struct folder *root = calloc(1, sizeof *root);
    root->users = 1;
    snprintf(root->name, sizeof root->name, ".");
    if (threads < 1 || threads > 64 || chdir(argv[1]) != 0) return 2;
    push(root);
    pthread_t ids[64];
    struct sums sums[64] = {{0}}, all = {0};
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, &sums[i]);
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        all.files += sums[i].files;
        all.folders += sums[i].folders;
        all.bytes += sums[i].bytes;
        all.blocks += sums[i].blocks;
    }
    printf("%" PRIu64 " files %" PRIu64 " folders %" PRIu64 " bytes %" PRIu64 " allocated\n", all.files,
           all.folders - 1, all.bytes, all.blocks * 512);
    return 0;
}
