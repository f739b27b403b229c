// inventory_format.hpp: the bytes of the inventory file, exactly as docs/formats/inventory.md describes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace neurolake::lake::inventory_format {

static_assert(std::endian::native == std::endian::little, "the inventory is read and written in place, little-endian");

inline constexpr unsigned char k_magic[8] = {'N', 'L', 'I', 'N', 'V', 0x0D, 0x0A, 0x1A};
inline constexpr std::uint32_t k_version = 2;  // 1: records without ctime_ns (inventory_upgrade.hpp)

// When the tree was last looked at without finding a change. Two of them, written in turn, so that a torn write leaves
// the other; the valid one with the higher sequence counts.
struct LastLook {
    std::uint64_t sequence = 0;
    std::int64_t taken_at_ns = 0;
    std::uint64_t check = 0;  // of the 16 bytes before it
};

struct Header {
    unsigned char magic[8] = {};
    std::uint32_t version = 0, header_bytes = 0;
    std::uint64_t file_bytes = 0;
    std::int64_t taken_at_ns = 0;
    std::uint32_t bucket_count = 0, time_count = 0;
    std::uint64_t buckets_offset = 0, times_offset = 0;
    std::uint64_t contents_check = 0;  // of the bucket table, the times and the bucket names
    std::uint64_t header_check = 0;    // of the 64 bytes before it
    LastLook looks[2];
    std::uint64_t reserved = 0;
};
static_assert(sizeof(Header) == 128 && offsetof(Header, header_check) == 64);

// Local data files count in files, bytes, allocated; stubs in the cloud_ fields, with the sizes of their originals.
struct Totals {
    std::uint64_t files = 0, bytes = 0, allocated = 0, cloud_files = 0, cloud_bytes = 0;
    std::uint64_t ignored_files = 0, symlinks = 0, specials = 0;
    std::int64_t newest_ns = 0, oldest_ns = 0;  // mtimes of data and stubs; both 0 = none

    void add(const Totals& other);
    void add_mtime(std::int64_t mtime_ns) {
        const bool first = newest_ns == 0 && oldest_ns == 0;
        if (first || mtime_ns > newest_ns) newest_ns = mtime_ns;
        if (first || mtime_ns < oldest_ns) oldest_ns = mtime_ns;
    }
    friend bool operator==(const Totals&, const Totals&) = default;
};
static_assert(sizeof(Totals) == 80);

struct Bucket {
    std::uint64_t name_offset = 0, name_bytes = 0;  // offsets are from the start of the file
    std::uint64_t folders_offset = 0, folder_count = 0;
    std::uint64_t paths_offset = 0, paths_bytes = 0;
    std::uint64_t records_offset = 0, record_count = 0;
    std::uint64_t names_offset = 0, names_bytes = 0;
    Totals totals;
};
static_assert(sizeof(Bucket) == 160);

struct Folder {
    std::uint64_t path_offset = 0;   // into the bucket's paths
    std::uint64_t first_record = 0;  // index into the bucket's records
    std::uint64_t first_name = 0;    // offset into the bucket's names
    std::uint32_t path_bytes = 0, record_count = 0, names_bytes = 0;
    std::uint32_t pending = 0;  // data and stubs with no `indexed`
    // From here on nothing depends on where the folder stands in the file.
    std::int64_t mtime_ns = 0;  // 0: not to be relied on
    std::uint64_t ino = 0;
    Totals totals;            // of the names directly in this folder
    std::uint64_t check = 0;  // of pending, mtime_ns, ino, totals, the path, the records and the names, in this order
};
static_assert(sizeof(Folder) == 144);

// Records of a folder are sorted by name, bytewise.
struct Record {
    std::uint64_t size = 0;  // of the data; for a stub, of its original
    std::int64_t mtime_ns = 0;
    std::uint64_t ino = 0;
    std::uint32_t name_offset = 0;  // into the folder's names
    std::uint16_t name_bytes = 0;
    std::uint8_t state = 0;  // FileState
    std::uint8_t reserved = 0;
    std::uint32_t sectors_low = 0;  // allocated bytes / 512, 48 bits
    std::uint16_t sectors_high = 0;
    std::uint16_t stub_pages = 0;               // size of the stub's own file / 4096; 0 for data
    std::uint32_t first_seen = 0, indexed = 0;  // numbers of times, counted from 1; 0 = never
    std::int64_t ctime_ns = 0;                  // of the file as it is on disk; 0 = not known

    std::uint64_t allocated() const { return (std::uint64_t{sectors_high} << 32 | sectors_low) * 512; }
    void set_allocated(std::uint64_t bytes);
    std::uint64_t size_on_disk() const { return stub_pages ? std::uint64_t{stub_pages} * 4096 : size; }
};
static_assert(sizeof(Record) == 56);
inline constexpr std::size_t k_record_bytes_1 = offsetof(Record, ctime_ns);  // of version 1

// 64-bit checksum against damage, not against forgery: four lanes of multiply and rotate over 32-byte blocks.
class Check {
public:
    void update(const void* data, std::size_t size);  // each update is padded to whole blocks and mixes its size
    std::uint64_t value() const;

private:
    std::uint64_t m_lanes[4] = {0x243F6A8885A308D3u, 0x13198A2E03707344u, 0xA4093822299F31D0u, 0x082EFA98EC4E6C89u};
};
std::uint64_t check_of(const void* data, std::size_t size);
std::uint64_t check_of_folder(const Folder& folder, std::string_view path, std::span<const Record> records,
                              std::string_view names);
std::uint64_t check_of_folder(const Folder& folder, std::string_view path, std::string_view record_bytes,
                              std::string_view names);

// Folder order: bytewise with '/' below every other byte, so that a folder is followed by all that lies in it.
int compare_paths(std::string_view a, std::string_view b);
// `path` is `folder` or lies below it; everything lies below "".
bool lies_in(std::string_view path, std::string_view folder);

}  // namespace neurolake::lake::inventory_format
