// inventory_map.hpp: an inventory file in memory by mmap: what is read is checked first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "lake/inventory.hpp"
#include "lake/inventory_format.hpp"

namespace neurolake::lake {

// The files of one folder, wherever they are kept.
struct FolderFiles {
    std::span<const inventory_format::Record> records;
    const char* names = nullptr;  // the folder's names; records know their place in it

    std::string_view name(const inventory_format::Record& record) const {
        return {names + record.name_offset, record.name_bytes};
    }
    const inventory_format::Record* find(std::string_view name) const;
};

// Immutable and thread-safe. Kept alive by everything that still refers to its folders.
class InventoryMap {
public:
    // not_found when there is no file; corrupt when header, contents or sections are not what they must be.
    static Result<std::shared_ptr<const InventoryMap>> open(const std::filesystem::path& file);
    ~InventoryMap();
    InventoryMap(const InventoryMap&) = delete;
    InventoryMap& operator=(const InventoryMap&) = delete;

    std::span<const inventory_format::Bucket> buckets() const { return m_buckets; }
    const inventory_format::Bucket* find(std::string_view bucket) const;
    std::string_view name(const inventory_format::Bucket& bucket) const;
    std::span<const inventory_format::Folder> folders(const inventory_format::Bucket& bucket) const;
    std::string_view path(const inventory_format::Bucket& bucket, const inventory_format::Folder& folder) const;
    // The first folder not before `path`.
    std::size_t lower_bound(const inventory_format::Bucket& bucket, std::string_view path) const;
    // Nothing when the folder's checksum or places are wrong.
    std::optional<FolderFiles> files(const inventory_format::Bucket& bucket,
                                     const inventory_format::Folder& folder) const;
    // The same without the checksum, for a folder that was checked before.
    std::optional<FolderFiles> checked_files(const inventory_format::Bucket& bucket,
                                             const inventory_format::Folder& folder) const;
    static Error damaged(std::string_view what);
    std::span<const std::int64_t> times() const { return m_times; }
    std::int64_t time(std::uint32_t number) const {
        return number && number <= m_times.size() ? m_times[number - 1] : 0;
    }

    std::int64_t taken_at_ns() const;
    Status verify() const;

    // Notes in the file itself that the tree was looked at again and found unchanged. False when `file` is no longer
    // the file this was read from, or cannot be written: then it has to be written anew.
    bool note_look(const std::filesystem::path& file, std::int64_t taken_at_ns) const;

private:
    InventoryMap(const char* data, std::size_t size, Identity identity)
        : m_data(data), m_size(size), m_identity(identity) {}
    static Result<std::shared_ptr<InventoryMap>> upgraded(const InventoryMap& old);
    Status check_header() const;
    Status check_contents();
    Status check_sections(const inventory_format::Bucket& bucket) const;
    Status verify(const inventory_format::Bucket& bucket) const;
    static Status verify(const inventory_format::Folder& folder, const FolderFiles& files, const std::string& where);
    const inventory_format::LastLook* latest_look() const;
    bool has(std::uint64_t offset, std::uint64_t count, std::uint64_t item) const;
    template <typename T>
    std::span<const T> section(std::uint64_t offset, std::uint64_t count) const {
        return {reinterpret_cast<const T*>(m_data + offset), static_cast<std::size_t>(count)};
    }
    const inventory_format::Header& header() const {
        return *reinterpret_cast<const inventory_format::Header*>(m_data);
    }

    const char* m_data;
    std::size_t m_size;
    Identity m_identity;
    std::span<const inventory_format::Bucket> m_buckets;
    std::span<const std::int64_t> m_times;
};

struct Inventory::Impl {
    std::shared_ptr<const InventoryMap> map;  // null = empty
};

// A record as the outside knows it; `record.path` keeps its memory from call to call.
void to_file_record(FileRecord& out, std::string_view folder, std::string_view name,
                    const inventory_format::Record& record, std::span<const std::int64_t> times);
BucketTotals to_bucket_totals(const inventory_format::Totals& totals, std::uint64_t folder_count);

}  // namespace neurolake::lake
