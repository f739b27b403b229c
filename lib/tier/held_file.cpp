// held_file.cpp: opening without following links, leases, and looking again.
// SPDX-License-Identifier: Apache-2.0
#include "tier/held_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/text.hpp"

namespace neurolake::tier {

namespace {

// Where nothing tells of writers, a file must have rested this long before it is touched.
constexpr double k_settle_without_lease = 60;
constexpr auto k_watch_interval = std::chrono::milliseconds(50);
constexpr std::size_t k_aside_each_time = 64;

Error changed(const std::string& name, std::string_view what) {
    return Error(Errc::conflict,
                 fmt::format("{} {}: kept here, tried again next time", text::escape_controls(name), what), {}, name);
}

double seconds_since(std::int64_t ns, Time now) { return static_cast<double>(to_ns(now) - ns) / 1e9; }

// The fields that count: allocation may change at any time (delayed writing), and says nothing about the bytes.
enum class Ctime { compare, ignore };
std::string_view difference(const Identity& a, const Identity& b, Ctime ctime) {
    if (a.dev != b.dev || a.ino != b.ino) return "was replaced by another file";
    if (a.size != b.size) return "changed its size";
    if (a.mtime_ns != b.mtime_ns) return "was modified";
    if (a.mode != b.mode || a.uid != b.uid || a.gid != b.gid) return "changed owner or mode";
    if (a.nlink != b.nlink) return "got or lost a hard link";
    if (ctime == Ctime::compare && a.ctime_ns != b.ctime_ns) return "was changed (its change time moved)";
    return {};
}

}  // namespace

std::string folder_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string name_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Result<int> Folders::open(const std::filesystem::path& bucket_root, const std::string& folder) {
    const std::scoped_lock lock(m_mutex);
    const auto found = m_open.find({bucket_root.native(), folder});
    if (found != m_open.end()) return found->second.get();
    auto& root = m_open[{bucket_root.native(), ""}];
    if (!root) {
        TRY(root, open_folder(bucket_root));
    }
    if (folder.empty()) return root.get();
    TRY(Fd fd, open_beneath(root.get(), folder, O_RDONLY | O_DIRECTORY));
    return m_open.emplace(std::pair(bucket_root.native(), folder), std::move(fd)).first->second.get();
}

Result<int> Folders::root(const std::filesystem::path& bucket_root) { return open(bucket_root, ""); }

Result<int> Folders::parent_of(const std::filesystem::path& bucket_root, std::string_view path) {
    return open(bucket_root, folder_of(path));
}

void Folders::clear() {
    const std::scoped_lock lock(m_mutex);
    m_open.clear();
}

HeldFile::HeldFile(Fd file, Identity identity, LeaseWatch& watch)
    : m_file(std::move(file)), m_identity(identity), m_watch(watch) {}

HeldFile::~HeldFile() { m_watch.remove(this); }

namespace {

Status check_kind(const Identity& identity, const std::string& name) {
    if (!identity.is_regular())
        return Error(Errc::unsupported, fmt::format("{} is not a regular file", text::escape_controls(name)), {}, name);
    // Past the year 2262 nanoseconds do not fit, and many a file system gives back another time than it was given.
    if (identity.mtime_ns == INT64_MAX || identity.mtime_ns == INT64_MIN)
        return Error(Errc::unsupported,
                     fmt::format("the time of {} is too far away to be kept", text::escape_controls(name)),
                     "give it another time with: touch", name);
    if (identity.nlink != 1)
        return Error(Errc::unsupported,
                     fmt::format("{} has {} hard links: moving one name would free nothing",
                                 text::escape_controls(name), identity.nlink),
                     {}, name);
    return {};
}

Status check_settled(const Identity& identity, const std::string& name, double settle, Time now) {
    const auto rested = std::min(seconds_since(identity.mtime_ns, now), seconds_since(identity.ctime_ns, now));
    if (rested < settle) return changed(name, fmt::format("changed less than {:g} s ago", settle));
    return {};
}

}  // namespace

Result<std::unique_ptr<HeldFile>> HeldFile::open(int folder_fd, const std::string& name, std::optional<double> settle,
                                                 Time now, LeaseWatch& watch) {
    TRY(Fd fd, open_beneath(folder_fd, name, O_RDONLY));
    TRY(const auto identity, identity_of(fd.get()));
    TRY_DO(check_kind(identity, name));
    if (settle) TRY_DO(check_settled(identity, name, *settle, now));
    std::unique_ptr<HeldFile> held(new HeldFile(std::move(fd), identity, watch));
    // A broken lease sends a signal; SIGIO would end the process, SIGURG is ignored unless someone wants it.
    if (::fcntl(held->fd(), F_SETSIG, SIGURG) == 0 && ::fcntl(held->fd(), F_SETLEASE, F_RDLCK) == 0) {
        held->m_writers = Writers::none;
        watch.add(held.get());
    } else if (errno == EAGAIN) {
        return changed(name, "is open for writing by another program");
    } else if (settle) {
        TRY_DO(check_settled(identity, name, std::max(*settle, k_settle_without_lease), now));
    }
    // A writer may have come and gone between the first look and the lease.
    TRY_DO(held->unchanged(folder_fd, name));
    return held;
}

void HeldFile::moved_aside() { m_watch.move_aside(this); }

bool HeldFile::lease_held() {
    if (m_writers != Writers::none) return false;
    if (lease_broken()) return false;
    if (::fcntl(m_file.get(), F_GETLEASE) == F_RDLCK) return true;
    m_broken.store(true, std::memory_order_release);
    ::fcntl(m_file.get(), F_SETLEASE, F_UNLCK);  // lets the waiting writer go on
    return false;
}

Status HeldFile::unchanged(int folder_fd, const std::string& name) {
    TRY(const auto open_now, identity_of(fd()));
    TRY(const auto named_now, identity_at(folder_fd, name.c_str()));
    for (const auto& now : {open_now, named_now})
        if (const auto what = difference(m_identity, now, Ctime::compare); !what.empty()) return changed(name, what);
    if (m_writers == Writers::none && !lease_held()) return changed(name, "is being opened for writing");
    return {};
}

Status HeldFile::still_itself(int folder_fd, const std::string& name) {
    TRY(const auto open_now, identity_of(fd()));
    TRY(const auto named_now, identity_at(folder_fd, name.c_str()));
    for (const auto& now : {open_now, named_now})
        if (const auto what = difference(m_identity, now, Ctime::ignore); !what.empty()) return changed(name, what);
    if (m_writers == Writers::none && !lease_held()) return changed(name, "is being opened for writing");
    return {};
}

LeaseWatch::LeaseWatch() : m_thread([this] { run(); }) {}

LeaseWatch::~LeaseWatch() {
    {
        const std::scoped_lock lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void LeaseWatch::put_into(std::vector<HeldFile*>& list, HeldFile* file) {
    file->m_list = &list;
    file->m_place = list.size();
    list.push_back(file);
}

// The last one takes its place.
void LeaseWatch::take_out(HeldFile* file) {
    if (!file->m_list) return;
    auto& list = *file->m_list;
    list[file->m_place] = list.back();
    list[file->m_place]->m_place = file->m_place;
    list.pop_back();
    file->m_list = nullptr;
}

void LeaseWatch::add(HeldFile* file) {
    const std::scoped_lock lock(m_mutex);
    put_into(m_held, file);
}

void LeaseWatch::remove(HeldFile* file) {
    const std::scoped_lock lock(m_mutex);
    take_out(file);
}

void LeaseWatch::move_aside(HeldFile* file) {
    const std::scoped_lock lock(m_mutex);
    if (!file->m_list) return;  // it has no lease
    take_out(file);
    put_into(m_aside, file);
}

void LeaseWatch::look_at_some_aside() {
    for (auto count = std::min(k_aside_each_time, m_aside.size()); count > 0; --count) {
        m_next_aside = (m_next_aside + 1) % m_aside.size();
        m_aside[m_next_aside]->lease_held();
    }
}

void LeaseWatch::run() {
    std::unique_lock lock(m_mutex);
    while (!m_stop) {
        for (auto* file : m_held) file->lease_held();
        look_at_some_aside();
        m_wake.wait_for(lock, k_watch_interval, [this] { return m_stop; });
    }
}

std::vector<std::pair<std::string, std::string>> read_xattrs(int fd) {
    std::vector<std::pair<std::string, std::string>> out;
    const auto size = ::flistxattr(fd, nullptr, 0);
    if (size <= 0) return out;
    std::string names(static_cast<std::size_t>(size), '\0');
    const auto got = ::flistxattr(fd, names.data(), names.size());
    if (got <= 0) return out;
    names.resize(static_cast<std::size_t>(got));
    for (const auto part : text::split(names, '\0')) {
        if (!part.starts_with("user.") && !part.starts_with("system.posix_acl_")) continue;
        const std::string name(part);
        const auto length = ::fgetxattr(fd, name.c_str(), nullptr, 0);
        if (length < 0) continue;
        std::string value(static_cast<std::size_t>(length), '\0');
        const auto read = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
        if (read < 0) continue;
        value.resize(static_cast<std::size_t>(read));
        out.emplace_back(name, std::move(value));
    }
    return out;
}

}  // namespace neurolake::tier
