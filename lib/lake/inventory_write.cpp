// inventory_write.cpp: writes the next inventory in one pass: header, contents, then bucket by bucket.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "lake/inventory_builder.hpp"

namespace neurolake::lake {

namespace format = inventory_format;

namespace {

constexpr std::size_t k_buffer = 1 << 20;

std::uint64_t padded(std::uint64_t size) { return (size + 7) / 8 * 8; }

// Appends to the file in big writes and keeps count.
class Output {
public:
    explicit Output(AtomicFile& file) : m_file(file) { m_buffer.reserve(k_buffer); }
    std::uint64_t at() const { return m_at; }

    Status put(const void* data, std::size_t size) {
        m_at += size;
        if (m_buffer.size() + size > k_buffer) TRY_DO(flush());
        if (size >= k_buffer) return m_file.write({static_cast<const char*>(data), size});
        m_buffer.append(static_cast<const char*>(data), size);
        return {};
    }
    Status pad() {
        static constexpr char zeros[8] = {};
        return put(zeros, padded(m_at) - m_at);
    }
    Status flush() {
        Status written = m_file.write(m_buffer);
        m_buffer.clear();
        return written;
    }

private:
    AtomicFile& m_file;
    std::string m_buffer;
    std::uint64_t m_at = 0;
};

class Writer {
public:
    Writer(const InventoryBuilder::Impl& next, AtomicFile& file) : m_next(next), m_output(file) {}
    Status run();

private:
    Status lay_out();
    Status lay_out(const NextBucket& bucket, format::Bucket& table, std::uint64_t& at);
    FolderFiles files(const NextBucket& bucket, const FolderSlot& slot) const;
    std::uint64_t names_bytes(const NextBucket& bucket, const FolderSlot& slot) const;
    format::Folder describe(const NextBucket& bucket, const FolderSlot& slot) const;
    Status write_contents();
    Status write_bucket(std::size_t number);

    const InventoryBuilder::Impl& m_next;
    Output m_output;
    format::Header m_header;
    std::vector<format::Bucket> m_buckets;
};

// A folder's table entry but for its place in the file.
format::Folder Writer::describe(const NextBucket& bucket, const FolderSlot& slot) const {
    if (!slot.own) return m_next.map->folders(*bucket.old)[slot.old];
    const OwnFolder& own = *slot.own;
    format::Folder folder;
    folder.path_bytes = static_cast<std::uint32_t>(own.path.size());
    folder.record_count = static_cast<std::uint32_t>(own.records.size());
    folder.names_bytes = static_cast<std::uint32_t>(own.names.size());
    folder.pending = own.pending();
    folder.mtime_ns = own.mtime_ns;
    folder.ino = own.ino;
    folder.totals = own.totals();
    folder.check = format::check_of_folder(folder, own.path, own.records, own.names);
    return folder;
}

// lay_out() has checked them all.
FolderFiles Writer::files(const NextBucket& bucket, const FolderSlot& slot) const {
    if (slot.own) return slot.own->files();
    return *m_next.map->checked_files(*bucket.old, m_next.map->folders(*bucket.old)[slot.old]);
}

std::uint64_t Writer::names_bytes(const NextBucket& bucket, const FolderSlot& slot) const {
    return slot.own ? slot.own->names.size() : m_next.map->folders(*bucket.old)[slot.old].names_bytes;
}

Status Writer::lay_out() {
    std::uint64_t at = sizeof m_header;
    m_header.buckets_offset = at;
    at += m_next.buckets.size() * sizeof(format::Bucket);
    m_header.times_offset = at;
    at += m_next.times.size() * sizeof(std::int64_t);
    m_buckets.resize(m_next.buckets.size());
    for (std::size_t i = 0; i < m_buckets.size(); ++i) {
        m_buckets[i].name_offset = at;
        m_buckets[i].name_bytes = m_next.buckets[i].name.size();
        at += m_buckets[i].name_bytes;
    }
    at = padded(at);
    for (std::size_t i = 0; i < m_buckets.size(); ++i) TRY_DO(lay_out(m_next.buckets[i], m_buckets[i], at));
    m_header.file_bytes = at;
    return {};
}

Status Writer::lay_out(const NextBucket& bucket, format::Bucket& table, std::uint64_t& at) {
    table.folder_count = bucket.folders.size();
    for (const FolderSlot& slot : bucket.folders) {
        if (!slot.own && !m_next.map->files(*bucket.old, m_next.map->folders(*bucket.old)[slot.old]))
            return InventoryMap::damaged("a folder of bucket " + bucket.name + " does not match its checksum");
        if (slot.own && slot.own->names.size() > 0xFFFFFFFFu)
            return Error(Errc::unsupported, "the names in one folder are more than 4 GiB", "", slot.own->path);
        table.record_count += files(bucket, slot).records.size();
        table.names_bytes += names_bytes(bucket, slot);
        table.paths_bytes += m_next.path(bucket, slot).size();
    }
    table.totals = m_next.totals(bucket);
    table.folders_offset = at;
    at += table.folder_count * sizeof(format::Folder);
    table.paths_offset = at;
    at += padded(table.paths_bytes);
    table.records_offset = at;
    at += table.record_count * sizeof(format::Record);
    table.names_offset = at;
    at += padded(table.names_bytes);
    return {};
}

Status Writer::write_contents() {
    std::memcpy(m_header.magic, format::k_magic, sizeof m_header.magic);
    m_header.version = format::k_version;
    m_header.header_bytes = sizeof m_header;
    m_header.taken_at_ns = m_next.taken_at_ns;
    m_header.bucket_count = static_cast<std::uint32_t>(m_buckets.size());
    m_header.time_count = static_cast<std::uint32_t>(m_next.times.size());
    format::Check check;
    check.update(m_buckets.data(), m_buckets.size() * sizeof(format::Bucket));
    check.update(m_next.times.data(), m_next.times.size() * sizeof(std::int64_t));
    for (const NextBucket& bucket : m_next.buckets) check.update(bucket.name.data(), bucket.name.size());
    m_header.contents_check = check.value();
    m_header.header_check = format::check_of(&m_header, offsetof(format::Header, header_check));
    TRY_DO(m_output.put(&m_header, sizeof m_header));
    TRY_DO(m_output.put(m_buckets.data(), m_buckets.size() * sizeof(format::Bucket)));
    TRY_DO(m_output.put(m_next.times.data(), m_next.times.size() * sizeof(std::int64_t)));
    for (const NextBucket& bucket : m_next.buckets) TRY_DO(m_output.put(bucket.name.data(), bucket.name.size()));
    return m_output.pad();
}

Status Writer::write_bucket(std::size_t number) {
    const NextBucket& bucket = m_next.buckets[number];
    std::uint64_t paths = 0, records = 0, names = 0;
    for (const FolderSlot& slot : bucket.folders) {
        format::Folder folder = describe(bucket, slot);
        folder.path_offset = std::exchange(paths, paths + folder.path_bytes);
        folder.first_record = std::exchange(records, records + folder.record_count);
        folder.first_name = std::exchange(names, names + folder.names_bytes);
        TRY_DO(m_output.put(&folder, sizeof folder));
    }
    for (const FolderSlot& slot : bucket.folders) {
        const std::string_view path = m_next.path(bucket, slot);
        TRY_DO(m_output.put(path.data(), path.size()));
    }
    TRY_DO(m_output.pad());
    for (const FolderSlot& slot : bucket.folders) {
        const auto of_folder = files(bucket, slot).records;
        TRY_DO(m_output.put(of_folder.data(), of_folder.size_bytes()));
    }
    for (const FolderSlot& slot : bucket.folders)
        TRY_DO(m_output.put(files(bucket, slot).names, names_bytes(bucket, slot)));
    return m_output.pad();
}

Status Writer::run() {
    TRY_DO(lay_out());
    TRY_DO(write_contents());
    for (std::size_t i = 0; i < m_buckets.size(); ++i) TRY_DO(write_bucket(i));
    return m_output.flush();
}

}  // namespace

Status write_inventory(const InventoryBuilder::Impl& next, const std::filesystem::path& file) {
    TRY(AtomicFile out, AtomicFile::create(file, 0600));
    TRY_DO(Writer(next, out).run().with_context("write " + file.string()));
    return out.commit(Overwrite::yes);
}

}  // namespace neurolake::lake
