// inventory_map.cpp: maps the file, checks it and finds things in it.
// SPDX-License-Identifier: Apache-2.0
#include "lake/inventory_map.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lake/inventory_upgrade.hpp"

namespace neurolake::lake {

namespace format = inventory_format;

Error InventoryMap::damaged(std::string_view what) {
    return Error(Errc::corrupt, "the inventory is damaged: " + std::string(what),
                 "move the file aside and run `neurolake catalog index`: it is rebuilt from the files");
}

const format::Record* FolderFiles::find(std::string_view wanted) const {
    const auto found = std::lower_bound(records.begin(), records.end(), wanted,
                                        [this](const format::Record& r, std::string_view n) { return name(r) < n; });
    return found != records.end() && name(*found) == wanted ? &*found : nullptr;
}

Result<std::shared_ptr<const InventoryMap>> InventoryMap::open(const std::filesystem::path& file) {
    TRY(const Fd fd, open_file(file, O_RDONLY | O_CLOEXEC));
    TRY(const Identity id, identity_of(fd.get()));
    if (id.size < sizeof(format::Header)) return damaged("it is too short for its header");
    void* const data = ::mmap(nullptr, id.size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (data == MAP_FAILED) return os_error(errno, "map " + file.string(), file.string());
    std::shared_ptr<InventoryMap> map(new InventoryMap(static_cast<const char*>(data), id.size, id));
    TRY_DO(map->check_header());
    if (map->header().version == 1) {
        TRY(map, upgraded(*map));
    }
    TRY_DO(map->check_contents());
    return std::shared_ptr<const InventoryMap>(map);
}

// In memory only: the next inventory that is written is of this version.
Result<std::shared_ptr<InventoryMap>> InventoryMap::upgraded(const InventoryMap& old) {
    const auto bytes = upgrade_inventory({old.m_data, old.m_size});
    if (!bytes) return damaged("the tables of an inventory of version 1 lie outside of it");
    void* const data = ::mmap(nullptr, bytes->size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return os_error(errno, "read an inventory of version 1");
    std::memcpy(data, bytes->data(), bytes->size());
    return std::shared_ptr<InventoryMap>(
        new InventoryMap(static_cast<const char*>(data), bytes->size(), old.m_identity));
}

InventoryMap::~InventoryMap() { ::munmap(const_cast<char*>(m_data), m_size); }

bool InventoryMap::has(std::uint64_t offset, std::uint64_t count, std::uint64_t item) const {
    return offset % 8 == 0 && offset <= m_size && count <= (m_size - offset) / item;
}

Status InventoryMap::check_header() const {
    const format::Header& h = header();
    if (std::memcmp(h.magic, format::k_magic, sizeof h.magic) != 0) return damaged("it does not start like one");
    if (h.header_check != format::check_of(&h, offsetof(format::Header, header_check)))
        return damaged("the checksum of its header is wrong");
    if (h.version != format::k_version && h.version != 1)
        return Error(Errc::unsupported,
                     "the inventory has version " + std::to_string(h.version) + ", this program knows version " +
                         std::to_string(format::k_version),
                     "use the program that wrote it, or move the file aside and run `neurolake catalog index`");
    if (h.header_bytes != sizeof h || h.file_bytes != m_size) return damaged("it is not as long as it says");
    return {};
}

Status InventoryMap::check_contents() {
    const format::Header& h = header();
    if (!has(h.buckets_offset, h.bucket_count, sizeof(format::Bucket)) || !has(h.times_offset, h.time_count, 8))
        return damaged("its contents lie outside of it");
    m_buckets = section<format::Bucket>(h.buckets_offset, h.bucket_count);
    m_times = section<std::int64_t>(h.times_offset, h.time_count);
    format::Check check;
    check.update(m_buckets.data(), m_buckets.size_bytes());
    check.update(m_times.data(), m_times.size_bytes());
    for (const format::Bucket& bucket : m_buckets) {
        if (!has(0, bucket.name_offset, 1) || bucket.name_bytes > m_size - bucket.name_offset)
            return damaged("the name of a bucket lies outside of it");
        check.update(m_data + bucket.name_offset, bucket.name_bytes);
    }
    if (check.value() != h.contents_check) return damaged("the checksum of its table of contents is wrong");
    for (const format::Bucket& bucket : m_buckets) TRY_DO(check_sections(bucket));
    return {};
}

Status InventoryMap::check_sections(const format::Bucket& b) const {
    const bool inside =
        has(b.folders_offset, b.folder_count, sizeof(format::Folder)) && has(b.paths_offset, b.paths_bytes, 1) &&
        has(b.records_offset, b.record_count, sizeof(format::Record)) && has(b.names_offset, b.names_bytes, 1);
    if (!inside) return damaged("the files of bucket " + std::string(name(b)) + " lie outside of it");
    return {};
}

const format::Bucket* InventoryMap::find(std::string_view bucket) const {
    const auto found = std::ranges::find_if(m_buckets, [&](const format::Bucket& b) { return name(b) == bucket; });
    return found == m_buckets.end() ? nullptr : &*found;
}

std::string_view InventoryMap::name(const format::Bucket& bucket) const {
    return {m_data + bucket.name_offset, static_cast<std::size_t>(bucket.name_bytes)};
}

std::span<const format::Folder> InventoryMap::folders(const format::Bucket& bucket) const {
    return section<format::Folder>(bucket.folders_offset, bucket.folder_count);
}

std::string_view InventoryMap::path(const format::Bucket& bucket, const format::Folder& folder) const {
    if (folder.path_offset > bucket.paths_bytes || folder.path_bytes > bucket.paths_bytes - folder.path_offset)
        return {};
    return {m_data + bucket.paths_offset + folder.path_offset, folder.path_bytes};
}

std::size_t InventoryMap::lower_bound(const format::Bucket& bucket, std::string_view wanted) const {
    const auto all = folders(bucket);
    const auto before = [&](const format::Folder& f, std::string_view p) {
        return format::compare_paths(path(bucket, f), p) < 0;
    };
    return static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), wanted, before) - all.begin());
}

std::optional<FolderFiles> InventoryMap::checked_files(const format::Bucket& bucket,
                                                       const format::Folder& folder) const {
    if (folder.first_record > bucket.record_count || folder.record_count > bucket.record_count - folder.first_record)
        return std::nullopt;
    if (folder.first_name > bucket.names_bytes || folder.names_bytes > bucket.names_bytes - folder.first_name)
        return std::nullopt;
    FolderFiles files;
    files.records = section<format::Record>(bucket.records_offset, bucket.record_count)
                        .subspan(folder.first_record, folder.record_count);
    files.names = m_data + bucket.names_offset + folder.first_name;
    return files;
}

std::optional<FolderFiles> InventoryMap::files(const format::Bucket& bucket, const format::Folder& folder) const {
    const auto found = checked_files(bucket, folder);
    if (!found) return std::nullopt;
    const std::string_view names(found->names, folder.names_bytes);
    const std::uint64_t check = format::check_of_folder(folder, path(bucket, folder), found->records, names);
    return check == folder.check ? found : std::nullopt;
}

const format::LastLook* InventoryMap::latest_look() const {
    const format::LastLook* latest = nullptr;
    for (const format::LastLook& look : header().looks) {
        if (look.check != format::check_of(&look, offsetof(format::LastLook, check))) continue;
        if (!latest || look.sequence > latest->sequence) latest = &look;
    }
    return latest;
}

std::int64_t InventoryMap::taken_at_ns() const {
    const format::LastLook* look = latest_look();
    return look ? look->taken_at_ns : header().taken_at_ns;
}

bool InventoryMap::note_look(const std::filesystem::path& file, std::int64_t taken_at_ns) const {
    const auto fd = open_file(file, O_RDWR | O_CLOEXEC);
    if (!fd) return false;
    const auto id = identity_of(fd->get());
    if (!id || id->dev != m_identity.dev || id->ino != m_identity.ino || id->size != m_size) return false;
    const format::LastLook* latest = latest_look();
    format::LastLook next;
    next.sequence = latest ? latest->sequence + 1 : 1;
    next.taken_at_ns = taken_at_ns;
    next.check = format::check_of(&next, offsetof(format::LastLook, check));
    const std::size_t slot = latest == &header().looks[0] ? 1 : 0;
    const auto at = static_cast<off_t>(offsetof(format::Header, looks) + slot * sizeof next);
    return ::pwrite(fd->get(), &next, sizeof next, at) == static_cast<ssize_t>(sizeof next);
}

Status InventoryMap::verify() const {
    for (const format::Bucket& bucket : m_buckets) TRY_DO(verify(bucket));
    return {};
}

Status InventoryMap::verify(const format::Bucket& bucket) const {
    const std::string where = "bucket " + std::string(name(bucket));
    std::uint64_t paths = 0, records = 0, names = 0;
    std::optional<std::string_view> previous;
    for (const format::Folder& folder : folders(bucket)) {
        const auto in_folder = files(bucket, folder);
        if (!in_folder) return damaged("a folder of " + where + " does not match its checksum");
        if (folder.path_offset != paths || folder.first_record != records || folder.first_name != names)
            return damaged("the folders of " + where + " do not lie one after the other");
        paths += folder.path_bytes;
        records += folder.record_count;
        names += folder.names_bytes;
        const std::string_view at = path(bucket, folder);
        if (previous && format::compare_paths(*previous, at) >= 0)
            return damaged("the folders of " + where + " are not in order");
        previous = at;
        TRY_DO(verify(folder, *in_folder, where));
    }
    return {};
}

Status InventoryMap::verify(const format::Folder& folder, const FolderFiles& files, const std::string& where) {
    std::string_view last_name;
    for (const format::Record& record : files.records) {
        if (std::uint64_t{record.name_offset} + record.name_bytes > folder.names_bytes)
            return damaged("a name in " + where + " lies outside of its folder");
        if (files.name(record) <= last_name) return damaged("the files of " + where + " are not in order");
        last_name = files.name(record);
    }
    return {};
}

void to_file_record(FileRecord& out, std::string_view folder, std::string_view name, const format::Record& record,
                    std::span<const std::int64_t> times) {
    out.path.assign(folder);
    if (!folder.empty()) out.path += '/';
    out.path.append(name);
    out.state = static_cast<FileState>(record.state);
    out.size = record.size;
    out.allocated = record.allocated();
    out.ino = record.ino;
    out.mtime_ns = record.mtime_ns;
    out.ctime_ns = record.ctime_ns;
    const auto time = [times](std::uint32_t number) {
        return number && number <= times.size() ? times[number - 1] : 0;
    };
    out.first_seen_ns = time(record.first_seen);
    out.indexed_ns = time(record.indexed);
}

BucketTotals to_bucket_totals(const format::Totals& totals, std::uint64_t folder_count) {
    BucketTotals out;
    out.files = totals.files;
    out.folders = folder_count > 0 ? folder_count - 1 : 0;  // without the bucket's own
    out.bytes = totals.bytes;
    out.allocated = totals.allocated;
    out.cloud_files = totals.cloud_files;
    out.cloud_bytes = totals.cloud_bytes;
    out.ignored_files = totals.ignored_files;
    out.symlinks = totals.symlinks;
    out.specials = totals.specials;
    out.newest_ns = totals.newest_ns;
    out.oldest_ns = totals.oldest_ns;
    return out;
}

}  // namespace neurolake::lake
