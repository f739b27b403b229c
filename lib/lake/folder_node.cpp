// folder_node.cpp: opening folders by name in their parents, and from the root again when descriptors ran short.
// SPDX-License-Identifier: Apache-2.0
#include "lake/folder_node.hpp"
#include "base/clock.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <vector>

namespace neurolake::lake {

namespace {

constexpr int k_folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
constexpr int k_step_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

int open_by_components(int root_fd, const std::string& path, int flags) {
    Fd at;
    std::size_t from = 0;
    while (true) {
        const std::size_t slash = path.find('/', from);
        const bool last = slash == std::string::npos;
        const std::string name = path.substr(from, last ? std::string::npos : slash - from);
        Fd next(::openat(at ? at.get() : root_fd, name.c_str(), last ? flags : k_step_flags));
        if (!next || last) return next.release();
        at = std::move(next);
        from = slash + 1;
    }
}

// One step of at most PATH_MAX bytes; links anywhere on the way are refused, so a swapped folder cannot lead outside.
int open_step(int root_fd, const std::string& path, int flags) {
    struct open_how how {};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    do fd = ::syscall(SYS_openat2, root_fd, path.c_str(), &how, sizeof how);
    while (fd < 0 && errno == EAGAIN);  // a rename raced with the check of "beneath"
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return open_by_components(root_fd, path, flags);
    return static_cast<int>(fd);
}

// Any length: in steps that fit the kernel's limit. errno is set on failure.
int open_from_root(int root_fd, std::string_view path) {
    if (path.empty()) return ::openat(root_fd, ".", k_folder_flags);
    Fd at;
    while (path.size() >= PATH_MAX) {
        const std::size_t cut = path.rfind('/', PATH_MAX - 2);
        if (cut == std::string_view::npos) {
            errno = ENAMETOOLONG;
            return -1;
        }
        Fd next(open_step(at ? at.get() : root_fd, std::string(path.substr(0, cut)), k_step_flags));
        if (!next) return -1;
        at = std::move(next);
        path.remove_prefix(cut + 1);
    }
    return open_step(at ? at.get() : root_fd, std::string(path), k_folder_flags);
}

}  // namespace

OpenFolders::OpenFolders() {
    struct rlimit limit {};
    const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    m_limit = known ? static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur / 4, 16, 256)) : 256;
}

FolderNode::FolderNode(FolderNode* parent, std::string_view name, const WalkEntry& entry, std::uint64_t number)
    : m_parent(parent), m_name(name), m_number(number), m_dev(entry.dev), m_ino(entry.ino), m_mtime_ns(entry.mtime_ns) {
    parent->add_need();
    parent->m_holds.fetch_add(1, std::memory_order_relaxed);
}

FolderNode::FolderNode(std::string path, std::uint64_t number)
    : m_parent(nullptr), m_name(std::move(path)), m_number(number) {}

void FolderNode::path_into(std::string& out) const {
    std::vector<const FolderNode*> chain;
    for (const FolderNode* node = this; node; node = node->m_parent) chain.push_back(node);
    out.clear();
    for (auto node = chain.rbegin(); node != chain.rend(); ++node) {
        if (!out.empty()) out += '/';
        out += (*node)->m_name;
    }
}

int FolderNode::open_from_parent() {
    const std::lock_guard lock(m_parent->m_mutex);
    if (!m_parent->m_fd) return -1;
    const int fd = ::openat(m_parent->m_fd.get(), m_name.c_str(), k_folder_flags);
    return fd >= 0 ? fd : -1 - errno;
}

int FolderNode::open(int root_fd, OpenFolders& open_folders) {
    int fd = m_parent ? open_from_parent() : -1;
    if (fd < -1) return -1 - fd;
    if (fd == -1) {
        std::string path;
        path_into(path);
        fd = open_from_root(root_fd, path);
        if (fd < 0) return errno;
        struct stat st {};
        if (::fstat(fd, &st) != 0 || (m_parent && (st.st_dev != m_dev || st.st_ino != m_ino))) {
            ::close(fd);
            return ENOENT;  // another folder took the name meanwhile
        }
        m_dev = st.st_dev;
        m_ino = st.st_ino;
        m_mtime_ns = saturated_ns(st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    }
    m_fd = Fd(fd);
    m_opened = true;
    open_folders.add(1);
    return 0;
}

void FolderNode::leave_parent(OpenFolders& open_folders) {
    if (m_parent) m_parent->drop_need(open_folders);
}

void FolderNode::drop_need(OpenFolders& open_folders) {
    if (m_needs.fetch_sub(1, std::memory_order_acq_rel) == 1) close_early(open_folders);
}

void FolderNode::close_early(OpenFolders& open_folders) {
    const std::lock_guard lock(m_mutex);
    if (!m_fd) return;
    m_fd.reset();
    open_folders.add(-1);
}

void FolderNode::release(FolderNode* node) {
    while (node && node->m_holds.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        FolderNode* const parent = node->m_parent;
        delete node;
        node = parent;
    }
}

}  // namespace neurolake::lake
