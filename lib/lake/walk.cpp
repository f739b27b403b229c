// walk.cpp: threads share one stack of folders; each reads names in big buffers and describes them by name.
// SPDX-License-Identifier: Apache-2.0
#include "lake/walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "lake/folder_node.hpp"
#include "lake/mounts.hpp"

namespace neurolake::lake {

bool WalkSink::enter(const WalkFolder&) { return true; }
void WalkSink::folder_done(const WalkFolder&, FolderEnd) {}

namespace {

constexpr std::size_t k_name_buffer = 32 * 1024;  // about 1,000 names: the grain in which a wide folder is shared out
constexpr std::size_t k_room_for_a_name = 1024;   // a directory entry is at most 280 bytes
constexpr std::size_t k_batch = 128;              // entries a sink gets at once: they stay in the CPU's cache
constexpr unsigned k_most_threads = 64;

// The work still to do. Last in, first out: the walk goes down before it goes on, so that what waits stays small.
class WorkStack {
public:
    void push(FolderNode* node) {
        {
            const std::lock_guard lock(m_mutex);
            m_waiting.push_back(node);
            ++m_unfinished;
        }
        m_changed.notify_one();
    }

    // Null when everything is done.
    FolderNode* pop() {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return !m_waiting.empty() || m_unfinished == 0; });
        if (m_waiting.empty()) return nullptr;
        FolderNode* const node = m_waiting.back();
        m_waiting.pop_back();
        return node;
    }

    // A popped node is worked off. `refill` is called when it was the last one and may push again.
    template <typename Refill>
    void finished(const Refill& refill) {
        std::unique_lock lock(m_mutex);
        if (m_unfinished == 1) {  // nobody else can push now
            lock.unlock();
            refill();
            lock.lock();
        }
        if (--m_unfinished == 0) m_changed.notify_all();
    }

    std::size_t waiting() {
        const std::lock_guard lock(m_mutex);
        return m_waiting.size();
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<FolderNode*> m_waiting;
    std::size_t m_unfinished = 0;  // waiting and being worked on
};

EntryKind kind_of_mode(std::uint32_t mode) {
    if (S_ISREG(mode)) return EntryKind::file;
    if (S_ISDIR(mode)) return EntryKind::folder;
    return S_ISLNK(mode) ? EntryKind::symlink : EntryKind::special;
}

EntryKind kind_of_type(unsigned char type) {
    if (type == DT_DIR) return EntryKind::folder;
    if (type == DT_LNK) return EntryKind::symlink;
    return type == DT_REG || type == DT_UNKNOWN ? EntryKind::file : EntryKind::special;
}

void fill(WalkEntry& entry, const struct statx& sx) {
    entry.kind = kind_of_mode(sx.stx_mode);
    entry.unknown = false;
    entry.mode = sx.stx_mode;
    entry.uid = sx.stx_uid;
    entry.gid = sx.stx_gid;
    entry.nlink = sx.stx_nlink;
    entry.size = sx.stx_size;
    entry.allocated = sx.stx_blocks * 512;
    entry.ino = sx.stx_ino;
    entry.dev = ::makedev(sx.stx_dev_major, sx.stx_dev_minor);
    entry.mtime_ns = saturated_ns(sx.stx_mtime.tv_sec, sx.stx_mtime.tv_nsec);
    entry.ctime_ns = saturated_ns(sx.stx_ctime.tv_sec, sx.stx_ctime.tv_nsec);
}

bool means_gone(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ESTALE; }

std::string join(std::string_view folder, std::string_view name) {
    std::string path(folder);
    if (!path.empty() && !name.empty()) path += '/';
    return path.append(name);
}

using Severity = model::Finding::Severity;

class Walker;

// One thread's part: its buffer, its sink, the folder it is in.
class Worker {
public:
    Worker(Walker& walker, WalkSink& sink) : m_walker(walker), m_sink(sink), m_names(k_name_buffer) {
        m_batch.reserve(k_batch);
    }
    void run();

private:
    enum class Names { more, end };

    void work_on(FolderNode* node);
    bool enter(FolderNode* node);
    void fail(FolderNode* node, int error);
    void finish(FolderNode* node);
    Names read_names(FolderNode* node);
    void describe_names(FolderNode* node);
    void describe(FolderNode* node, const dirent64& name);
    void could_not_describe(FolderNode* node, const dirent64& name, int error);
    void deliver(FolderNode* node);
    void queue_subfolder(FolderNode* node, const WalkEntry& entry);
    void report(Severity severity, const char* code, std::string path, std::string message);
    WalkFolder folder_of(const FolderNode* node) const {
        return {m_path, node->number(), m_split, node->dev(), node->ino(), node->mtime_ns()};
    }

    Walker& m_walker;
    WalkSink& m_sink;
    std::vector<char> m_names;
    std::size_t m_names_used = 0;
    std::vector<WalkEntry> m_batch;
    std::string m_path;    // of the folder being worked on
    bool m_split = false;  // other workers have parts of it
    bool m_denied_told = false;
};

class Walker {
public:
    Walker(Fd root, const WalkOptions& options, const CancelFlag& cancel)
        : m_root(std::move(root)), m_options(options), m_cancel(cancel), m_mounts(m_root.get()) {}

    Status run(std::span<const std::string> starts, const MakeWalkSink& make_sink);

    int root_fd() const { return m_root.get(); }
    const WalkOptions& options() const { return m_options; }
    bool cancelled() const { return m_cancel.cancelled(); }
    MountWatch& mounts() { return m_mounts; }
    OpenFolders& open_folders() { return m_open_folders; }
    WorkStack& stack() { return m_stack; }
    std::uint64_t next_number() { return m_numbers.fetch_add(1, std::memory_order_relaxed); }

    // Mount points wait until all else is walked, so that a folder reached twice counts where it really lies.
    void put_off(FolderNode* node) {
        const std::lock_guard lock(m_put_off_mutex);
        m_put_off.push_back(node);
    }
    void take_up_one();
    void start_helper_if_waiting(std::size_t least);

private:
    Fd m_root;
    const WalkOptions& m_options;
    const CancelFlag& m_cancel;
    MountWatch m_mounts;
    OpenFolders m_open_folders;
    WorkStack m_stack;
    std::atomic<std::uint64_t> m_numbers{0};
    std::mutex m_put_off_mutex;
    std::vector<FolderNode*> m_put_off;
    std::mutex m_helpers_mutex;
    std::vector<std::unique_ptr<WalkSink>> m_sinks;
    std::vector<std::thread> m_helpers;
    std::atomic<bool> m_helpers_full{false};
};

void Walker::take_up_one() {
    const std::lock_guard lock(m_put_off_mutex);
    if (m_put_off.empty()) return;
    m_stack.push(m_put_off.back());
    m_put_off.pop_back();
}

void Walker::start_helper_if_waiting(std::size_t least) {
    if (m_helpers_full.load(std::memory_order_relaxed) || m_stack.waiting() < least) return;
    const std::lock_guard lock(m_helpers_mutex);
    if (m_helpers.size() + 1 >= m_sinks.size()) {
        m_helpers_full.store(true, std::memory_order_relaxed);
        return;
    }
    WalkSink& sink = *m_sinks[m_helpers.size() + 1];
    try {
        m_helpers.emplace_back([this, &sink] { Worker(*this, sink).run(); });
    } catch (const std::system_error&) {  // no thread to be had: go on with those that run
        m_helpers_full.store(true, std::memory_order_relaxed);
    }
}

Status Walker::run(std::span<const std::string> starts, const MakeWalkSink& make_sink) {
    const unsigned wanted = m_options.threads ? m_options.threads : usable_threads();
    for (unsigned i = 0; i < std::clamp(wanted, 1u, k_most_threads); ++i) m_sinks.push_back(make_sink(i));
    m_helpers.reserve(m_sinks.size());
    for (auto start = starts.rbegin(); start != starts.rend(); ++start)
        m_stack.push(new FolderNode(*start, next_number()));
    if (!starts.empty()) Worker(*this, *m_sinks[0]).run();
    // Helpers are only started by workers: when all work is done, the last start has been seen by one that ended.
    for (std::size_t i = 0; i < m_helpers.size(); ++i) m_helpers[i].join();
    if (cancelled()) return Error(Errc::cancelled, "the walk was stopped", "run the command again");
    return {};
}

void Worker::report(Severity severity, const char* code, std::string path, std::string message) {
    model::Finding finding;
    finding.severity = severity;
    finding.code = code;
    finding.path = std::move(path);
    finding.message = std::move(message);
    m_sink.finding(std::move(finding));
}

void Worker::run() {
    while (FolderNode* node = m_walker.stack().pop()) {
        work_on(node);
        m_walker.stack().finished([this] { m_walker.take_up_one(); });
    }
}

void Worker::work_on(FolderNode* node) {
    node->path_into(m_path);
    m_split = node->opened();  // then this is the rest of a wide folder
    m_denied_told = false;
    if (m_walker.cancelled()) {
        if (!node->opened()) node->leave_parent(m_walker.open_folders());
        node->mark(FolderEnd::part);
        return finish(node);
    }
    if (!m_split && !enter(node)) return;
    while (true) {
        const bool more = read_names(node) == Names::more;
        if (more && (m_split || !m_walker.open_folders().scarce())) {
            m_split = true;
            node->add_part();
            m_walker.stack().push(node);  // below the subfolders found now: the names that wait stay few
            m_walker.start_helper_if_waiting(1);
            describe_names(node);
            break;
        }
        describe_names(node);
        if (!more || m_walker.cancelled()) break;
    }
    if (!m_split && m_walker.open_folders().scarce()) node->close_early(m_walker.open_folders());
    finish(node);
}

bool Worker::enter(FolderNode* node) {
    const int error = node->open(m_walker.root_fd(), m_walker.open_folders());
    node->leave_parent(m_walker.open_folders());
    if (error != 0) {
        fail(node, error);
        return false;
    }
    if (m_walker.mounts().empty() || m_path.empty() || m_walker.mounts().claim(node->dev(), node->ino())) return true;
    report(Severity::warning, "folder_twice", m_path,
           "this folder is reached twice, through a mount; it is counted once");
    node->mark(FolderEnd::skipped);
    finish(node);
    return false;
}

void Worker::fail(FolderNode* node, int error) {
    const bool gone = means_gone(error);
    const std::string why = std::strerror(error);
    report(gone ? Severity::note : Severity::warning, gone ? "vanished" : "unreadable", m_path,
           gone ? "the folder vanished while it was being walked" : "the folder cannot be read: " + why);
    node->mark(gone ? FolderEnd::vanished : FolderEnd::unreadable);
    finish(node);
}

void Worker::finish(FolderNode* node) {
    if (!node->drop_part()) return;
    m_sink.folder_done(folder_of(node), node->end());
    node->drop_need(m_walker.open_folders());
    FolderNode::release(node);
}

Worker::Names Worker::read_names(FolderNode* node) {
    m_names_used = 0;
    while (m_names.size() - m_names_used >= k_room_for_a_name) {
        const ssize_t got = ::getdents64(node->fd(), m_names.data() + m_names_used, m_names.size() - m_names_used);
        if (got > 0) {
            m_names_used += static_cast<std::size_t>(got);
            continue;
        }
        if (got < 0 && errno == EINVAL && m_names_used > 0) return Names::more;  // the next entry is a long one
        if (got < 0 && !means_gone(errno)) {
            report(Severity::warning, "unreadable", m_path,
                   std::string("the folder cannot be read to its end: ") + std::strerror(errno));
            node->mark(FolderEnd::part);
        }
        return Names::end;
    }
    return Names::more;
}

void Worker::describe_names(FolderNode* node) {
    for (std::size_t at = 0; at < m_names_used;) {
        const auto& name = *reinterpret_cast<const dirent64*>(m_names.data() + at);
        at += name.d_reclen;
        const char* text = name.d_name;
        if (text[0] == '.' && (m_walker.options().skip_hidden || text[1] == '\0' || (text[1] == '.' && !text[2])))
            continue;
        describe(node, name);
        if (m_batch.size() < k_batch) continue;
        deliver(node);
        if (m_walker.cancelled()) break;
    }
    deliver(node);
}

void Worker::describe(FolderNode* node, const dirent64& name) {
    struct statx sx;
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (::statx(node->fd(), name.d_name, flags, STATX_BASIC_STATS, &sx) != 0)
        return could_not_describe(node, name, errno);
    WalkEntry& entry = m_batch.emplace_back();
    entry.name = name.d_name;
    fill(entry, sx);
}

void Worker::could_not_describe(FolderNode* node, const dirent64& name, int error) {
    if (means_gone(error))
        return report(Severity::note, "vanished", join(m_path, name.d_name), "it vanished while it was being walked");
    WalkEntry& entry = m_batch.emplace_back();
    entry.name = name.d_name;
    entry.kind = kind_of_type(name.d_type);
    entry.unknown = true;
    node->mark(FolderEnd::part);
    const bool denied = error == EACCES || error == EPERM;  // then it is so for every name of the folder
    if (denied && std::exchange(m_denied_told, true)) return;
    report(
        Severity::warning, "unreadable", denied ? m_path : join(m_path, name.d_name),
        std::string(denied ? "names can be read in this folder, but not what they are: " : "it cannot be looked at: ") +
            std::strerror(error));
}

void Worker::deliver(FolderNode* node) {
    if (m_batch.empty()) return;
    m_sink.entries(folder_of(node), m_batch);
    for (const WalkEntry& entry : m_batch)
        if (entry.kind == EntryKind::folder && !entry.unknown) queue_subfolder(node, entry);
    m_batch.clear();
}

void Worker::queue_subfolder(FolderNode* node, const WalkEntry& entry) {
    const std::string path = join(m_path, entry.name);
    const bool mount_point = m_walker.mounts().is_mount_point(path);
    if (!m_walker.options().cross_mounts && (mount_point || entry.dev != node->dev()))
        return report(Severity::note, "mount_boundary", path, "another file system is mounted here; it is not walked");
    const std::uint64_t number = m_walker.next_number();
    if (!m_sink.enter({path, number, false, entry.dev, entry.ino, entry.mtime_ns})) return;
    auto* child = new FolderNode(node, entry.name, entry, number);
    if (mount_point) return m_walker.put_off(child);
    m_walker.stack().push(child);
    m_walker.start_helper_if_waiting(2);  // one folder more is walked before a thread would have started
}

Result<Fd> open_root(const std::filesystem::path& root) {
    TRY(Fd folder, open_folder(root));
    return folder;
}

}  // namespace

Status walk_from(const std::filesystem::path& root, std::span<const std::string> folders, const WalkOptions& options,
                 const CancelFlag& cancel, const MakeWalkSink& make_sink) {
    TRY(Fd root_fd, open_root(root));
    Walker walker(std::move(root_fd), options, cancel);
    return walker.run(folders, make_sink);
}

Status walk(const std::filesystem::path& root, const WalkOptions& options, const CancelFlag& cancel,
            const MakeWalkSink& make_sink) {
    const std::string whole;
    return walk_from(root, std::span(&whole, 1), options, cancel, make_sink);
}

}  // namespace neurolake::lake
