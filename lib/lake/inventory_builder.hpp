// inventory_builder.hpp: the next inventory while it is put together: old folders by reference, changed ones in memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lake/inventory.hpp"
#include "lake/inventory_format.hpp"
#include "lake/inventory_map.hpp"

namespace neurolake::lake {

// A folder that differs from the old inventory, or is new.
struct OwnFolder {
    std::string path;
    std::int64_t mtime_ns = 0;  // 0 = do not rely on it in a quick scan
    std::uint64_t ino = 0;
    std::uint64_t symlinks = 0, specials = 0;
    std::vector<inventory_format::Record> records;  // sorted by name
    std::string names;

    FolderFiles files() const { return {records, names.data()}; }
    void append(std::string_view name, inventory_format::Record record);  // the caller sorts afterwards
    void sort();                                                          // also drops names that came twice
    inventory_format::Totals totals() const;
    std::uint32_t pending() const;
};

// Either a folder of the old file, or an own one.
struct FolderSlot {
    std::uint64_t old = 0;  // index into the old bucket's folders
    std::unique_ptr<OwnFolder> own;
};

struct NextBucket {
    std::string name;
    const inventory_format::Bucket* old = nullptr;  // of Impl::map
    std::vector<FolderSlot> folders;                // sorted by path
};

struct InventoryBuilder::Impl {
    std::shared_ptr<const InventoryMap> map;  // what the slots refer to; may be null
    std::vector<std::int64_t> times;          // begins with those of `map`, whose numbers stay
    std::unordered_map<std::int64_t, std::uint32_t> time_numbers;
    std::vector<NextBucket> buckets;  // sorted by name
    std::int64_t taken_at_ns = 0;
    bool changed = false;  // anything but taken_at differs from `map`

    explicit Impl(std::shared_ptr<const InventoryMap> old);
    // All folders of the old bucket by reference.
    NextBucket copy_of(const inventory_format::Bucket& old) const;
    NextBucket* find(std::string_view bucket);
    NextBucket& find_or_add(std::string_view bucket);
    void place(NextBucket bucket);  // instead of the one of the same name

    std::uint32_t time_number(std::int64_t ns);  // 0 stays 0

    std::string_view path(const NextBucket& bucket, const FolderSlot& slot) const;
    FolderFiles files(const NextBucket& bucket, const FolderSlot& slot) const;  // nothing when damaged
    inventory_format::Totals totals(const NextBucket& bucket, const FolderSlot& slot) const;
    inventory_format::Totals totals(const NextBucket& bucket) const;
    std::uint32_t pending(const NextBucket& bucket, const FolderSlot& slot) const;
    // The index of the first slot not before `path`.
    std::size_t lower_bound(const NextBucket& bucket, std::string_view path) const;
    // The folder to write into; made (with all folders above it) when missing.
    OwnFolder& own_folder(NextBucket& bucket, std::string_view path);
    OwnFolder& own(NextBucket& bucket, FolderSlot& slot);
    const inventory_format::Record* find(std::string_view bucket, std::string_view path, std::string_view& folder,
                                         std::string_view& name);
};

// The whole file, written beside and put in place; see docs/formats/inventory.md.
Status write_inventory(const InventoryBuilder::Impl& next, const std::filesystem::path& file);

}  // namespace neurolake::lake
