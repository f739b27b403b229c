// inventory_format.cpp: sums, checksums and the order of paths in the inventory file.
// SPDX-License-Identifier: Apache-2.0
#include "lake/inventory_format.hpp"

#include <algorithm>
#include <cstring>

namespace neurolake::lake::inventory_format {

namespace {
constexpr std::uint64_t k_odd = 0x9E3779B97F4A7C15u;  // 2^64 / golden ratio

std::uint64_t mixed(std::uint64_t lane, std::uint64_t word) { return std::rotl((lane ^ word) * k_odd, 29); }
}  // namespace

void Totals::add(const Totals& other) {
    files += other.files;
    bytes += other.bytes;
    allocated += other.allocated;
    cloud_files += other.cloud_files;
    cloud_bytes += other.cloud_bytes;
    ignored_files += other.ignored_files;
    symlinks += other.symlinks;
    specials += other.specials;
    if (other.newest_ns == 0 && other.oldest_ns == 0) return;
    add_mtime(other.newest_ns);
    add_mtime(other.oldest_ns);
}

void Record::set_allocated(std::uint64_t bytes) {
    const std::uint64_t sectors = std::min<std::uint64_t>((bytes + 511) / 512, 0xFFFFFFFFFFFFu);
    sectors_low = static_cast<std::uint32_t>(sectors);
    sectors_high = static_cast<std::uint16_t>(sectors >> 32);
}

void Check::update(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    std::size_t left = size;
    std::uint64_t words[4];
    for (; left >= sizeof words; left -= sizeof words, bytes += sizeof words) {
        std::memcpy(words, bytes, sizeof words);
        for (int i = 0; i < 4; ++i) m_lanes[i] = mixed(m_lanes[i], words[i]);
    }
    std::memset(words, 0, sizeof words);
    if (left > 0) std::memcpy(words, bytes, left);
    for (int i = 0; i < 4; ++i) m_lanes[i] = mixed(m_lanes[i], words[i]);
    m_lanes[0] = mixed(m_lanes[0], size);
}

std::uint64_t Check::value() const {
    std::uint64_t all = 0;
    for (const std::uint64_t lane : m_lanes) all = mixed(all ^ (lane >> 32), lane);
    return all ^ (all >> 31);
}

std::uint64_t check_of(const void* data, std::size_t size) {
    Check check;
    check.update(data, size);
    return check.value();
}

std::uint64_t check_of_folder(const Folder& folder, std::string_view path, std::span<const Record> records,
                              std::string_view names) {
    const std::string_view bytes(reinterpret_cast<const char*>(records.data()), records.size_bytes());
    return check_of_folder(folder, path, bytes, names);
}

std::uint64_t check_of_folder(const Folder& folder, std::string_view path, std::string_view record_bytes,
                              std::string_view names) {
    constexpr std::size_t from = offsetof(Folder, pending);
    Check check;
    check.update(reinterpret_cast<const char*>(&folder) + from, offsetof(Folder, check) - from);
    check.update(path.data(), path.size());
    check.update(record_bytes.data(), record_bytes.size());
    check.update(names.data(), names.size());
    return check.value();
}

int compare_paths(std::string_view a, std::string_view b) {
    const std::size_t common = std::min(a.size(), b.size());
    std::size_t at = 0;
    for (std::uint64_t x, y; at + 8 <= common; at += 8) {  // paths share long beginnings
        std::memcpy(&x, a.data() + at, 8);
        std::memcpy(&y, b.data() + at, 8);
        if (x != y) break;
    }
    while (at < common && a[at] == b[at]) ++at;
    if (at == common) return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
    if (a[at] == '/') return -1;
    if (b[at] == '/') return 1;
    return static_cast<unsigned char>(a[at]) < static_cast<unsigned char>(b[at]) ? -1 : 1;
}

bool lies_in(std::string_view path, std::string_view folder) {
    if (folder.empty()) return true;
    if (!path.starts_with(folder)) return false;
    return path.size() == folder.size() || path[folder.size()] == '/';
}

}  // namespace neurolake::lake::inventory_format
