// inventory_upgrade.cpp: copies section by section, each record a little longer.
// SPDX-License-Identifier: Apache-2.0
#include "lake/inventory_upgrade.hpp"

#include <cstring>
#include <vector>

#include "lake/inventory_format.hpp"

namespace neurolake::lake {

namespace format = inventory_format;

namespace {

class Upgrade {
public:
    explicit Upgrade(std::string_view bytes) : m_in(bytes) {}
    std::optional<std::string> run();

private:
    bool has(std::uint64_t offset, std::uint64_t count, std::uint64_t item) const {
        return offset <= m_in.size() && count <= (m_in.size() - offset) / item;
    }
    template <typename T>
    std::vector<T> read(std::uint64_t offset, std::uint64_t count) const {
        std::vector<T> items(static_cast<std::size_t>(count));
        if (count > 0) std::memcpy(items.data(), m_in.data() + offset, items.size() * sizeof(T));
        return items;
    }
    std::string_view piece(std::uint64_t offset, std::uint64_t bytes) const { return m_in.substr(offset, bytes); }
    std::uint64_t put(std::string_view bytes) {
        const std::uint64_t at = m_out.size();
        m_out.append(bytes).append((8 - bytes.size() % 8) % 8, '\0');
        return at;
    }
    std::string records_of(const format::Bucket& bucket) const;
    void check_anew(const format::Bucket& old, format::Folder& folder, std::string_view records) const;
    bool copy(format::Bucket& bucket);

    std::string_view m_in;
    std::string m_out;
};

std::string Upgrade::records_of(const format::Bucket& bucket) const {
    std::string records(bucket.record_count * sizeof(format::Record), '\0');
    for (std::uint64_t i = 0; i < bucket.record_count; ++i)
        std::memcpy(records.data() + i * sizeof(format::Record),
                    m_in.data() + bucket.records_offset + i * format::k_record_bytes_1, format::k_record_bytes_1);
    return records;
}

void Upgrade::check_anew(const format::Bucket& old, format::Folder& folder, std::string_view records) const {
    const auto within = [](std::uint64_t from, std::uint64_t count, std::uint64_t all) {
        return from <= all && count <= all - from;
    };
    if (!within(folder.path_offset, folder.path_bytes, old.paths_bytes) ||
        !within(folder.first_record, folder.record_count, old.record_count) ||
        !within(folder.first_name, folder.names_bytes, old.names_bytes))
        return;  // whoever asks for it finds it damaged
    const std::string_view path = piece(old.paths_offset + folder.path_offset, folder.path_bytes);
    const std::string_view names = piece(old.names_offset + folder.first_name, folder.names_bytes);
    const std::string_view before = piece(old.records_offset + folder.first_record * format::k_record_bytes_1,
                                          folder.record_count * format::k_record_bytes_1);
    const bool fits = format::check_of_folder(folder, path, before, names) == folder.check;
    const std::string_view now =
        records.substr(folder.first_record * sizeof(format::Record), folder.record_count * sizeof(format::Record));
    const std::uint64_t check = format::check_of_folder(folder, path, now, names);
    folder.check = fits ? check : ~check;
}

bool Upgrade::copy(format::Bucket& bucket) {
    const format::Bucket old = bucket;
    if (!has(old.name_offset, old.name_bytes, 1) ||
        !has(old.folders_offset, old.folder_count, sizeof(format::Folder)) ||
        !has(old.paths_offset, old.paths_bytes, 1) ||
        !has(old.records_offset, old.record_count, format::k_record_bytes_1) ||
        !has(old.names_offset, old.names_bytes, 1))
        return false;
    auto folders = read<format::Folder>(old.folders_offset, old.folder_count);
    const std::string records = records_of(old);
    for (format::Folder& folder : folders) check_anew(old, folder, records);
    bucket.name_offset = put(piece(old.name_offset, old.name_bytes));
    bucket.folders_offset =
        put({reinterpret_cast<const char*>(folders.data()), folders.size() * sizeof(format::Folder)});
    bucket.paths_offset = put(piece(old.paths_offset, old.paths_bytes));
    bucket.records_offset = put(records);
    bucket.names_offset = put(piece(old.names_offset, old.names_bytes));
    return true;
}

std::optional<std::string> Upgrade::run() {
    format::Header header;
    if (m_in.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, m_in.data(), sizeof header);
    if (!has(header.buckets_offset, header.bucket_count, sizeof(format::Bucket)) ||
        !has(header.times_offset, header.time_count, 8))
        return std::nullopt;
    auto buckets = read<format::Bucket>(header.buckets_offset, header.bucket_count);
    const std::string_view times = piece(header.times_offset, std::uint64_t{header.time_count} * 8);
    const std::uint64_t contents_before = header.contents_check;
    format::Check was, check;
    was.update(buckets.data(), buckets.size() * sizeof(format::Bucket));
    was.update(times.data(), times.size());
    m_out.assign(sizeof header + buckets.size() * sizeof(format::Bucket), '\0');
    header.buckets_offset = sizeof header;
    header.times_offset = put(times);
    for (format::Bucket& bucket : buckets) {
        if (!has(bucket.name_offset, bucket.name_bytes, 1)) return std::nullopt;
        was.update(m_in.data() + bucket.name_offset, bucket.name_bytes);
        if (!copy(bucket)) return std::nullopt;
    }
    check.update(buckets.data(), buckets.size() * sizeof(format::Bucket));
    check.update(times.data(), times.size());
    for (const format::Bucket& bucket : buckets) check.update(m_out.data() + bucket.name_offset, bucket.name_bytes);
    header.version = format::k_version;
    header.file_bytes = m_out.size();
    header.contents_check = was.value() == contents_before ? check.value() : ~check.value();
    header.header_check = format::check_of(&header, offsetof(format::Header, header_check));
    std::memcpy(m_out.data(), &header, sizeof header);
    if (!buckets.empty())
        std::memcpy(m_out.data() + sizeof header, buckets.data(), buckets.size() * sizeof(format::Bucket));
    return std::move(m_out);
}

}  // namespace

std::optional<std::string> upgrade_inventory(std::string_view bytes) { return Upgrade(bytes).run(); }

}  // namespace neurolake::lake
