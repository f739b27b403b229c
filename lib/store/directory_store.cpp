// directory_store.cpp: objects as plain files below a folder.
// SPDX-License-Identifier: Apache-2.0
#include "store/directory_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "store/directory_target.hpp"
#include "store/keys.hpp"
#include "store/object_record.hpp"
#include "store/probe.hpp"

namespace neurolake::store {
namespace {

constexpr const char* k_records = ".neurolake-objects";
constexpr const char* k_temporary = ".tmp-";
constexpr std::size_t k_buffer = 1 << 20;
constexpr std::time_t k_temporary_keeps = 24 * 3600;
constexpr std::uint64_t k_record_limit = 1 << 20;

// Where one object lies below the target: folder and name of the bytes; the record lies likewise below k_records.
struct Place {
    std::string folder, name;
    std::string record_folder() const { return folder.empty() ? k_records : std::string(k_records) + "/" + folder; }
    std::string record_name() const { return name + ".json"; }
    std::string path() const { return folder.empty() ? name : folder + "/" + name; }
};

Result<Place> place_of(const std::string& key) {
    TRY_DO(check_key(key, KeyPlace::folder, 64 << 10));
    TRY(const std::string path, shorten_components(escape_key(key, KeyPlace::folder)));
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return Place{"", path};
    return Place{path.substr(0, slash), path.substr(slash + 1)};
}

enum class Create { no, yes };

// Walks down component by component, so that no link below the target is ever followed.
Result<Fd> open_below(int root, std::string_view folder, Create create) {
    Fd at(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!at) return os_error(errno, "open the object store directory");
    if (folder.empty()) return at;
    for (const std::string_view part : text::split(folder, '/')) {
        const std::string name(part);
        constexpr int k_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        Fd next(::openat(at.get(), name.c_str(), k_flags));
        if (!next && errno == ENOENT && create == Create::yes) {
            if (::mkdirat(at.get(), name.c_str(), 0777) == 0) {
                TRY_DO(sync_folder(at.get()));
            } else if (errno != EEXIST) {
                return os_error(errno, "create folder " + text::escape_controls(folder), std::string(folder));
            }
            next = Fd(::openat(at.get(), name.c_str(), k_flags));
        }
        if (!next) return os_error(errno, "open folder " + text::escape_controls(folder), std::string(folder));
        at = std::move(next);
    }
    return at;
}

// A file that is removed again unless it was moved to its name.
class Temporary {
public:
    static Result<Temporary> create(Fd folder) {
        Temporary made;
        made.m_folder = std::move(folder);
        made.m_name = k_temporary + std::to_string(::getpid()) + "-" + random_hex(8);
        made.m_file = Fd(::openat(made.m_folder.get(), made.m_name.c_str(),
                                  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!made.m_file) return os_error(errno, "create a temporary file in the object store directory");
        return made;
    }
    Temporary(Temporary&& other) noexcept = default;
    Temporary& operator=(Temporary&&) = delete;
    ~Temporary() {
        if (m_file && !m_name.empty()) ::unlinkat(m_folder.get(), m_name.c_str(), 0);
    }

    int fd() const { return m_file.get(); }

    Status move_to(int folder, const std::string& name, Overwrite overwrite) {
        TRY_DO(overwrite == Overwrite::yes ? replace(folder, name) : move_new(folder, name));
        m_name.clear();
        return {};
    }

private:
    Temporary() = default;

    Status replace(int folder, const std::string& name) const {
        if (::renameat(m_folder.get(), m_name.c_str(), folder, name.c_str()) == 0) return {};
        return os_error(errno, "store object " + text::escape_controls(name));
    }
    // renameat2 where it exists, else a hard link, else (exFAT over a share) a look and a rename.
    Status move_new(int folder, const std::string& name) const {
        const Status moved = rename_noreplace(m_folder.get(), m_name.c_str(), folder, name.c_str());
        if (moved || moved.error().code != Errc::unsupported) return moved;
        if (::linkat(m_folder.get(), m_name.c_str(), folder, name.c_str(), 0) == 0) {
            ::unlinkat(m_folder.get(), m_name.c_str(), 0);
            return {};
        }
        if (errno == EEXIST) return os_error(errno, "store object " + text::escape_controls(name));
        if (::faccessat(folder, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
            return os_error(EEXIST, "store object " + text::escape_controls(name));
        }
        return replace(folder, name);
    }

    Fd m_folder, m_file;
    std::string m_name;
};

// What lies on the disk, not what lies in the page cache: clean pages are dropped before reading.
Result<Sha256Digest> hash_on_disk(int fd) {
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return sha256_of(fd);
}

class DirectoryStore final : public ObjectStore {
public:
    DirectoryStore(DirectoryOptions options, const CancelFlag& cancel)
        : m_target(std::move(options.folder), std::move(options.lake_id), std::move(options.state_folder)),
          m_cancel(cancel) {}

    std::string describe() const override {
        return "directory '" + text::escape_controls(m_target.folder().native()) + "'";
    }
    Capabilities capabilities() const override;
    Result<ObjectInfo> put(const PutRequest& request, UploadSource& source) override;
    Result<std::string> create_multipart(const PutRequest&) override { return no_multipart(); }
    Result<Part> put_part(const std::string&, const std::string&, unsigned, UploadSource&, std::uint64_t, std::uint64_t,
                          const Sha256Digest&) override {
        return no_multipart();
    }
    Result<ObjectInfo> complete_multipart(const PutRequest&, const std::string&, const std::vector<Part>&) override {
        return no_multipart();
    }
    Status abort_multipart(const std::string&, const std::string&) override { return {}; }  // there is none
    Result<std::vector<Part>> list_parts(const std::string&, const std::string&) override { return no_multipart(); }
    Result<std::vector<Upload>> list_uploads(const std::string&) override { return std::vector<Upload>(); }
    Result<ObjectInfo> head(const std::string& key, const std::string& version_id) override;
    Result<ObjectInfo> get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                           std::uint64_t length, const std::string& if_match, const Sink& sink,
                           const Opened& opened) override;
    Status list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) override;
    Status remove(const std::string& key, const std::string& version_id) override;
    Status check() override;

private:
    struct Found {
        Fd target, file;
        ObjectInfo info;
    };

    Error no_multipart() const { return Error(Errc::unsupported, describe() + " has no multipart uploads"); }
    Error missing(const std::string& key) const {
        return Error(Errc::not_found, "object '" + text::escape_controls(key) + "' is not in " + describe(), {}, key);
    }
    Status still_wanted() const {
        if (m_cancel.cancelled()) return Error(Errc::cancelled, "stopped while working with " + describe());
        return {};
    }
    Result<ObjectInfo> put_into(int target, const PutRequest& request, UploadSource& source);
    Result<std::uint64_t> copy(const PutRequest& request, UploadSource& source, int fd);
    Status place(int target, const Place& place, Temporary& data, Temporary& record, Overwrite overwrite);
    Result<Found> find(const std::string& key, const std::string& version_id);
    Result<ObjectInfo> stream(const Found& found, std::uint64_t offset, std::uint64_t length, const Sink& sink);
    Status list_folder(int target, const std::string& folder, const std::string& prefix,
                       const std::function<Status(const ObjectInfo&)>& each);
    Status list_entry(int target, int folder_fd, const std::string& path, const std::string& name,
                      const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each);
    void forget_old_temporaries(int records) const;
    Status try_writing() const;

    DirectoryTarget m_target;
    const CancelFlag& m_cancel;
};

std::optional<ObjectRecord> read_record(int target, const Place& place) {
    const auto fd = open_beneath(target, place.record_folder() + "/" + place.record_name(), O_RDONLY);
    if (!fd) return std::nullopt;
    const auto bytes = read_file(fd->get(), k_record_limit);
    if (!bytes) return std::nullopt;
    auto record = decode_record(*bytes);
    return record ? std::optional<ObjectRecord>(std::move(*record)) : std::nullopt;
}

ObjectInfo info_of(const std::string& key, const Identity& identity, const std::optional<ObjectRecord>& record) {
    ObjectInfo info;
    info.key = key;
    info.size = identity.size;
    info.last_modified = to_rfc3339(time_from_ns(identity.mtime_ns), Precision::nanoseconds);
    // Without a record (a crash between bytes and record, or a file put here by hand) size and time must do as token.
    info.etag = record ? record->sha256 : std::to_string(identity.size) + "-" + std::to_string(identity.mtime_ns);
    if (record) info.metadata = record->metadata;
    return info;
}

Capabilities DirectoryStore::capabilities() const {
    Capabilities can;
    can.conditional_put = can.attests_sha256 = true;
    can.max_single = std::numeric_limits<std::uint64_t>::max();
    return can;
}

// ---- put

Result<ObjectInfo> DirectoryStore::put(const PutRequest& request, UploadSource& source) {
    TRY(const Fd target, m_target.begin());
    return put_into(target.get(), request, source).with_context("put into " + describe());
}

Result<std::uint64_t> DirectoryStore::copy(const PutRequest& request, UploadSource& source, int fd) {
    std::vector<char> buffer(k_buffer);
    Sha256 hash;
    const std::uint64_t size = source.size();
    for (std::uint64_t done = 0; done < size;) {
        TRY_DO(still_wanted());
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - done));
        TRY(const std::size_t got, source.read(done, buffer.data(), want));
        if (got == 0 || got > want) {
            return Error(Errc::conflict, "the source of '" + text::escape_controls(request.key) + "' ended at " +
                                             std::to_string(done) + " of " + std::to_string(size) + " bytes");
        }
        hash.update(buffer.data(), got);
        TRY_DO(write_all(fd, {buffer.data(), got}));
        done += got;
    }
    TRY(const Sha256Digest digest, hash.finish());
    if (digest == request.sha256) return size;
    return Error(Errc::corrupt, "the bytes of '" + text::escape_controls(request.key) +
                                    "' do not have the announced SHA-256: the source changed");
}

Status finish_file(int fd, const Metadata& metadata) {
    // The owner must stay able to read the copy whatever the original's mode was.
    const mode_t mode = static_cast<mode_t>(mode_of(metadata).value_or(0644) | 0400);
    ::fchmod(fd, mode);  // best effort: shares without modes refuse it
    if (const auto mtime = mtime_of(metadata)) {
        timespec times[2] = {{0, UTIME_OMIT},
                             {static_cast<time_t>(*mtime / 1'000'000'000), static_cast<long>(*mtime % 1'000'000'000)}};
        if (times[1].tv_nsec < 0) times[1] = {times[1].tv_sec - 1, times[1].tv_nsec + 1'000'000'000};
        ::futimens(fd, times);  // best effort likewise
    }
    return sync_file(fd);
}

Result<ObjectInfo> DirectoryStore::put_into(int target, const PutRequest& request, UploadSource& source) {
    TRY(const Place place_in, place_of(request.key));
    if (request.must_not_exist) {
        auto there = open_beneath(target, place_in.path(), O_RDONLY | O_PATH);
        if (there) {
            return Error(Errc::already_exists, "object '" + text::escape_controls(request.key) + "' exists", {},
                         request.key);
        }
    }
    TRY(Fd records, open_below(target, k_records, Create::yes));
    forget_old_temporaries(records.get());
    TRY(Fd records_again, open_below(target, k_records, Create::no));
    TRY(Temporary data, Temporary::create(std::move(records)));
    TRY(const std::uint64_t size, copy(request, source, data.fd()));
    TRY_DO(finish_file(data.fd(), request.metadata));
    TRY(const Sha256Digest on_disk, hash_on_disk(data.fd()));
    if (on_disk != request.sha256) {
        return Error(Errc::corrupt, "the disk gives back other bytes for '" + text::escape_controls(request.key) +
                                        "' than were written to it");
    }
    const ObjectRecord record{request.key, size, to_hex(request.sha256), request.metadata};
    TRY(Temporary record_file, Temporary::create(std::move(records_again)));
    TRY_DO(write_all(record_file.fd(), encode(record)));
    TRY_DO(sync_file(record_file.fd()));
    TRY_DO(place(target, place_in, data, record_file, request.must_not_exist ? Overwrite::no : Overwrite::yes));
    TRY(const Identity identity, identity_of(data.fd()));
    ObjectInfo info = info_of(request.key, identity, record);
    info.sha256 = on_disk;
    return info;
}

// The bytes take their name first: of two writers of one key only the one who got the name writes the record.
Status DirectoryStore::place(int target, const Place& place, Temporary& data, Temporary& record, Overwrite overwrite) {
    constexpr int k_tries = 8;  // a remove() of a neighbour may take the empty folder away in between
    for (int attempt = 1;; ++attempt) {
        auto folder = open_below(target, place.folder, Create::yes);
        Status moved = folder ? data.move_to(folder->get(), place.name, overwrite) : Status(folder.error());
        if (!moved && moved.error().code == Errc::not_found && attempt < k_tries) continue;
        TRY_DO(std::move(moved));
        TRY_DO(sync_folder(folder->get()));
        break;
    }
    for (int attempt = 1;; ++attempt) {
        auto folder = open_below(target, place.record_folder(), Create::yes);
        Status moved =
            folder ? record.move_to(folder->get(), place.record_name(), Overwrite::yes) : Status(folder.error());
        if (!moved && moved.error().code == Errc::not_found && attempt < k_tries) continue;
        TRY_DO(std::move(moved));
        return sync_folder(folder->get());
    }
}

void DirectoryStore::forget_old_temporaries(int records) const {
    const int copy_fd = ::openat(records, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy_fd < 0) return;
    DIR* folder = ::fdopendir(copy_fd);
    if (folder == nullptr) {
        ::close(copy_fd);
        return;
    }
    const std::time_t now = std::time(nullptr);
    while (const dirent* entry = ::readdir(folder)) {
        if (!std::string_view(entry->d_name).starts_with(k_temporary)) continue;
        struct stat status {};
        if (::fstatat(records, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
        if (status.st_ctime + k_temporary_keeps < now) ::unlinkat(records, entry->d_name, 0);
    }
    ::closedir(folder);
}

// ---- head and get

Result<DirectoryStore::Found> DirectoryStore::find(const std::string& key, const std::string& version_id) {
    TRY(const Place place_in, place_of(key));
    TRY(auto target, m_target.find());
    if (!target || !version_id.empty()) return missing(key);
    Found found;
    found.target = std::move(*target);
    auto file = open_beneath(found.target.get(), place_in.path(), O_RDONLY);
    if (!file && file.error().code == Errc::not_found) return missing(key);
    if (!file) return std::move(file).error();
    TRY(const Identity identity, identity_of(file->get()));
    if (!identity.is_regular()) return missing(key);
    found.file = std::move(*file);
    found.info = info_of(key, identity, read_record(found.target.get(), place_in));
    return found;
}

Result<ObjectInfo> DirectoryStore::head(const std::string& key, const std::string& version_id) {
    TRY_DO(still_wanted());
    TRY(Found found, find(key, version_id));
    TRY(found.info.sha256, hash_on_disk(found.file.get()));
    return std::move(found.info);
}

Result<ObjectInfo> DirectoryStore::get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                                       std::uint64_t length, const std::string& if_match, const Sink& sink,
                                       const Opened& opened) {
    TRY(const Found found, find(key, version_id));
    if (!if_match.empty() && if_match != found.info.etag) {
        return Error(Errc::conflict, "object '" + text::escape_controls(key) + "' in " + describe() + " was replaced",
                     {}, key);
    }
    if (offset > found.info.size) {
        return Error(Errc::usage, "range starts at " + std::to_string(offset) + ", beyond the end of object '" +
                                      text::escape_controls(key) + "' (" + std::to_string(found.info.size) + " bytes)");
    }
    if (opened) opened(found.info);
    return stream(found, offset, length, sink);
}

Result<ObjectInfo> DirectoryStore::stream(const Found& found, std::uint64_t offset, std::uint64_t length,
                                          const Sink& sink) {
    const std::uint64_t left = found.info.size - offset;
    const std::uint64_t end = offset + (length == 0 ? left : std::min(length, left));
    std::vector<std::byte> buffer(k_buffer);
    while (offset < end) {
        TRY_DO(still_wanted());
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset));
        TRY(const std::size_t got, read_some(found.file.get(), std::span(buffer).first(want), offset));
        if (got == 0) {
            return Error(Errc::corrupt, "object '" + text::escape_controls(found.info.key) + "' in " + describe() +
                                            " was cut while it was read");
        }
        TRY_DO(sink({reinterpret_cast<const char*>(buffer.data()), got}));
        offset += got;
    }
    return found.info;
}

// ---- list and remove

Status DirectoryStore::list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) {
    TRY(const auto target, m_target.find());
    if (!target) return {};
    return list_folder(target->get(), "", prefix, each);
}

Result<std::vector<std::string>> names_in(int folder_fd) {
    Fd copy(::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!copy) return os_error(errno, "list a folder of the object store directory");
    DIR* folder = ::fdopendir(copy.get());
    if (folder == nullptr) return os_error(errno, "list a folder of the object store directory");
    copy.release();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
    }
    const int failure = errno;
    ::closedir(folder);
    if (failure != 0) return os_error(failure, "list a folder of the object store directory");
    std::sort(names.begin(), names.end());
    return names;
}

// False only when no key below this folder can start with the prefix.
bool may_hold(const std::string& folder, const std::string& prefix) {
    if (has_shortened_component(folder)) return true;  // its name does not tell
    const std::string key = unescape_key(folder) + "/";
    return key.starts_with(prefix) || prefix.starts_with(key);
}

Status DirectoryStore::list_folder(int target, const std::string& folder, const std::string& prefix,
                                   const std::function<Status(const ObjectInfo&)>& each) {
    auto fd = open_below(target, folder, Create::no);
    if (!fd && fd.error().code == Errc::not_found) return {};  // removed while we walked
    if (!fd) return std::move(fd).error();
    TRY(const std::vector<std::string> names, names_in(fd->get()));
    for (const std::string& name : names) {
        TRY_DO(still_wanted());
        if (folder.empty() && (name == k_records || name == DirectoryTarget::k_marker)) continue;
        TRY_DO(list_entry(target, fd->get(), folder.empty() ? name : folder + "/" + name, name, prefix, each));
    }
    return {};
}

Status DirectoryStore::list_entry(int target, int folder_fd, const std::string& path, const std::string& name,
                                  const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) {
    const auto identity = identity_at(folder_fd, name.c_str());
    if (!identity && identity.error().code == Errc::not_found) return {};
    if (!identity) return identity.error();
    if (identity->is_directory()) return may_hold(path, prefix) ? list_folder(target, path, prefix, each) : Status();
    if (!identity->is_regular()) return {};
    std::string key = unescape_key(path);
    if (has_shortened_component(path)) {
        const std::size_t slash = path.rfind('/');
        const Place at = slash == std::string::npos ? Place{"", path} : Place{path.substr(0, slash), name};
        const auto record = read_record(target, at);
        if (!record) return {};  // bytes without their record: the key is not known
        key = record->key;
    }
    if (!key.starts_with(prefix)) return {};
    ObjectInfo info;
    info.key = std::move(key);
    info.size = identity->size;
    info.last_modified = to_rfc3339(time_from_ns(identity->mtime_ns), Precision::nanoseconds);
    return each(info);
}

void remove_empty_folders(int target, std::string folder) {
    while (!folder.empty() && folder != k_records) {
        const std::size_t slash = folder.rfind('/');
        const std::string parent = slash == std::string::npos ? "" : folder.substr(0, slash);
        const std::string name = slash == std::string::npos ? folder : folder.substr(slash + 1);
        const auto fd = open_below(target, parent, Create::no);
        if (!fd || ::unlinkat(fd->get(), name.c_str(), AT_REMOVEDIR) != 0) return;  // not empty: done
        folder = parent;
    }
}

Status remove_name(int target, const std::string& folder, const std::string& name) {
    const auto fd = open_below(target, folder, Create::no);
    if (!fd) return fd.error().code == Errc::not_found ? Status() : Status(fd.error());
    if (::unlinkat(fd->get(), name.c_str(), 0) != 0 && errno != ENOENT) {
        return os_error(errno, "remove object " + text::escape_controls(name));
    }
    TRY_DO(sync_folder(fd->get()));
    remove_empty_folders(target, folder);
    return {};
}

Status DirectoryStore::remove(const std::string& key, const std::string& version_id) {
    TRY(const Place place_in, place_of(key));
    TRY(const auto target, m_target.find());
    if (!target || !version_id.empty()) return {};
    TRY_DO(remove_name(target->get(), place_in.folder, place_in.name).with_context(describe()));
    return remove_name(target->get(), place_in.record_folder(), place_in.record_name()).with_context(describe());
}

// ---- check

Status DirectoryStore::check() {
    TRY(const auto target, m_target.find());
    if (target) return probe_round_trip(*this);
    return try_writing();  // never begun: it must not be begun by a mere look
}

Status DirectoryStore::try_writing() const {
    const std::filesystem::path& folder = m_target.folder();
    const std::string name = "'" + text::escape_controls(folder.native()) + "'";
    auto fd = open_folder(folder);
    if (!fd && fd.error().code == Errc::not_found) {
        return Error(Errc::unavailable, "object store directory " + name + " does not exist",
                     "mount the disk or share it lies on, or make it: mkdir " + name, folder.native());
    }
    if (!fd) return std::move(fd).error().with_context("object store directory " + name);
    auto made = Temporary::create(std::move(*fd));
    if (!made) return std::move(made).error().with_context("object store directory " + name);
    TRY_DO(write_all(made->fd(), "neurolake check\n"));
    return sync_file(made->fd());
}

}  // namespace

std::unique_ptr<ObjectStore> make_directory_store(DirectoryOptions options, const CancelFlag& cancel) {
    return std::make_unique<DirectoryStore>(std::move(options), cancel);
}

}  // namespace neurolake::store
