// inventory.cpp: the door of the inventory: questions to an immutable snapshot.
// SPDX-License-Identifier: Apache-2.0
#include "lake/inventory.hpp"

#include "lake/inventory_map.hpp"

namespace neurolake::lake {

namespace format = inventory_format;

Inventory::Inventory() : m_impl(std::make_unique<Impl>()) {}
Inventory::Inventory(Inventory&&) noexcept = default;
Inventory& Inventory::operator=(Inventory&&) noexcept = default;
Inventory::~Inventory() = default;

Result<Inventory> Inventory::open(const std::filesystem::path& file) {
    Inventory inventory;
    auto map = InventoryMap::open(file);
    if (!map && map.error().code == Errc::not_found) return inventory;
    if (!map) {
        Error error = std::move(map).error();
        if (error.path.empty()) error.path = file.string();
        return error;
    }
    inventory.m_impl->map = std::move(map).value();
    return inventory;
}

Status Inventory::verify() const { return m_impl->map ? m_impl->map->verify() : Status{}; }

std::vector<std::string> Inventory::buckets() const {
    std::vector<std::string> names;
    if (!m_impl->map) return names;
    for (const auto& bucket : m_impl->map->buckets()) names.emplace_back(m_impl->map->name(bucket));
    return names;
}

std::optional<BucketTotals> Inventory::totals(std::string_view bucket) const {
    const auto* found = m_impl->map ? m_impl->map->find(bucket) : nullptr;
    if (!found) return std::nullopt;
    return to_bucket_totals(found->totals, found->folder_count);
}

std::optional<FileRecord> Inventory::find(std::string_view bucket, std::string_view path) const {
    const InventoryMap* map = m_impl->map.get();
    const auto* in = map ? map->find(bucket) : nullptr;
    if (!in) return std::nullopt;
    const std::size_t slash = path.rfind('/');
    const std::string_view folder = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    const std::size_t at = map->lower_bound(*in, folder);
    const auto folders = map->folders(*in);
    if (at == folders.size() || map->path(*in, folders[at]) != folder) return std::nullopt;
    const auto files = map->files(*in, folders[at]);
    const format::Record* record = files ? files->find(name) : nullptr;
    if (!record) return std::nullopt;
    FileRecord out;
    to_file_record(out, folder, name, *record, map->times());
    return out;
}

void Inventory::for_each(std::string_view bucket, std::string_view under,
                         const std::function<bool(const FileRecord&)>& visit) const {
    const InventoryMap* map = m_impl->map.get();
    const auto* in = map ? map->find(bucket) : nullptr;
    if (!in) return;
    const auto folders = map->folders(*in);
    std::size_t at = map->lower_bound(*in, under);
    if (at == folders.size() || !format::lies_in(map->path(*in, folders[at]), under)) {  // no folder: a file, perhaps
        if (const auto record = find(bucket, under)) visit(*record);
        return;
    }
    FileRecord record;
    for (; at < folders.size(); ++at) {
        const std::string_view path = map->path(*in, folders[at]);
        if (!format::lies_in(path, under)) return;
        const auto files = map->files(*in, folders[at]);
        if (!files) continue;
        for (const format::Record& raw : files->records) {
            to_file_record(record, path, files->name(raw), raw, map->times());
            if (!visit(record)) return;
        }
    }
}

Time Inventory::taken_at() const { return time_from_ns(m_impl->map ? m_impl->map->taken_at_ns() : 0); }

}  // namespace neurolake::lake
