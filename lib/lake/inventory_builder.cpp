// inventory_builder.cpp: corrections to the next inventory before it is written.
// SPDX-License-Identifier: Apache-2.0
#include "lake/inventory_builder.hpp"

#include <algorithm>
#include <cassert>

namespace neurolake::lake {

namespace format = inventory_format;

namespace {

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {{}, path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

bool is_pending(const format::Record& record) {
    return record.indexed == 0 && static_cast<FileState>(record.state) != FileState::ignored;
}

std::string join(std::string_view folder, std::string_view name) {
    std::string path(folder);
    if (!path.empty()) path += '/';
    return path.append(name);
}

}  // namespace

void OwnFolder::append(std::string_view name, format::Record record) {
    record.name_offset = static_cast<std::uint32_t>(names.size());
    record.name_bytes = static_cast<std::uint16_t>(name.size());
    names.append(name);
    records.push_back(record);
}

void OwnFolder::sort() {
    const FolderFiles view = files();
    std::ranges::stable_sort(records, {}, [&view](const format::Record& r) { return view.name(r); });
    const auto same_name = [&view](const format::Record& a, const format::Record& b) {
        return view.name(a) == view.name(b);
    };
    records.erase(std::unique(records.begin(), records.end(), same_name), records.end());
}

format::Totals OwnFolder::totals() const {
    format::Totals totals;
    totals.symlinks = symlinks;
    totals.specials = specials;
    for (const format::Record& record : records) {
        const auto state = static_cast<FileState>(record.state);
        if (state == FileState::ignored) {
            ++totals.ignored_files;
            continue;
        }
        const bool local = state == FileState::data;
        ++(local ? totals.files : totals.cloud_files);
        (local ? totals.bytes : totals.cloud_bytes) += record.size;
        if (local) totals.allocated += record.allocated();
        totals.add_mtime(record.mtime_ns);
    }
    return totals;
}

std::uint32_t OwnFolder::pending() const {
    return static_cast<std::uint32_t>(std::ranges::count_if(records, is_pending));
}

InventoryBuilder::Impl::Impl(std::shared_ptr<const InventoryMap> old) : map(std::move(old)) {
    if (!map) return;
    times.assign(map->times().begin(), map->times().end());
    taken_at_ns = map->taken_at_ns();
}

NextBucket InventoryBuilder::Impl::copy_of(const format::Bucket& old) const {
    NextBucket bucket;
    bucket.name = map->name(old);
    bucket.old = &old;
    bucket.folders.resize(old.folder_count);
    for (std::size_t i = 0; i < bucket.folders.size(); ++i) bucket.folders[i].old = i;
    return bucket;
}

NextBucket* InventoryBuilder::Impl::find(std::string_view bucket) {
    const auto found = std::ranges::find(buckets, bucket, &NextBucket::name);
    return found == buckets.end() ? nullptr : &*found;
}

NextBucket& InventoryBuilder::Impl::find_or_add(std::string_view bucket) {
    if (NextBucket* found = find(bucket)) return *found;
    NextBucket fresh;
    fresh.name = bucket;
    changed = true;
    return *buckets.insert(std::ranges::lower_bound(buckets, bucket, {}, &NextBucket::name), std::move(fresh));
}

void InventoryBuilder::Impl::place(NextBucket bucket) {
    NextBucket* there = find(bucket.name);
    if (!there) there = &find_or_add(std::string(bucket.name));
    *there = std::move(bucket);
}

std::uint32_t InventoryBuilder::Impl::time_number(std::int64_t ns) {
    if (ns == 0) return 0;
    if (time_numbers.empty())
        for (std::size_t i = 0; i < times.size(); ++i)
            time_numbers.emplace(times[i], static_cast<std::uint32_t>(i + 1));
    const auto [entry, is_new] = time_numbers.emplace(ns, static_cast<std::uint32_t>(times.size() + 1));
    if (is_new) times.push_back(ns);
    return entry->second;
}

std::string_view InventoryBuilder::Impl::path(const NextBucket& bucket, const FolderSlot& slot) const {
    return slot.own ? std::string_view(slot.own->path) : map->path(*bucket.old, map->folders(*bucket.old)[slot.old]);
}

FolderFiles InventoryBuilder::Impl::files(const NextBucket& bucket, const FolderSlot& slot) const {
    if (slot.own) return slot.own->files();
    return map->files(*bucket.old, map->folders(*bucket.old)[slot.old]).value_or(FolderFiles{});
}

format::Totals InventoryBuilder::Impl::totals(const NextBucket& bucket, const FolderSlot& slot) const {
    return slot.own ? slot.own->totals() : map->folders(*bucket.old)[slot.old].totals;
}

format::Totals InventoryBuilder::Impl::totals(const NextBucket& bucket) const {
    format::Totals all;
    for (const FolderSlot& slot : bucket.folders) all.add(totals(bucket, slot));
    return all;
}

std::uint32_t InventoryBuilder::Impl::pending(const NextBucket& bucket, const FolderSlot& slot) const {
    return slot.own ? slot.own->pending() : map->folders(*bucket.old)[slot.old].pending;
}

std::size_t InventoryBuilder::Impl::lower_bound(const NextBucket& bucket, std::string_view wanted) const {
    const auto before = [&](const FolderSlot& slot, std::string_view p) {
        return format::compare_paths(path(bucket, slot), p) < 0;
    };
    return static_cast<std::size_t>(std::lower_bound(bucket.folders.begin(), bucket.folders.end(), wanted, before) -
                                    bucket.folders.begin());
}

OwnFolder& InventoryBuilder::Impl::own(NextBucket& bucket, FolderSlot& slot) {
    if (slot.own) return *slot.own;
    const format::Folder& old = map->folders(*bucket.old)[slot.old];
    auto copy = std::make_unique<OwnFolder>();
    copy->path = map->path(*bucket.old, old);
    copy->mtime_ns = old.mtime_ns;
    copy->ino = old.ino;
    copy->symlinks = old.totals.symlinks;
    copy->specials = old.totals.specials;
    const FolderFiles old_files = files(bucket, slot);
    copy->records.assign(old_files.records.begin(), old_files.records.end());
    if (!copy->records.empty()) copy->names.assign(old_files.names, old.names_bytes);
    slot.own = std::move(copy);
    changed = true;
    return *slot.own;
}

OwnFolder& InventoryBuilder::Impl::own_folder(NextBucket& bucket, std::string_view wanted) {
    if (!wanted.empty()) {  // every folder's parent is there
        const std::string_view above = split_path(wanted).first;
        const std::size_t at = lower_bound(bucket, above);
        if (at == bucket.folders.size() || path(bucket, bucket.folders[at]) != above) own_folder(bucket, above);
    }
    const std::size_t at = lower_bound(bucket, wanted);
    if (at < bucket.folders.size() && path(bucket, bucket.folders[at]) == wanted)
        return own(bucket, bucket.folders[at]);
    FolderSlot fresh;
    fresh.own = std::make_unique<OwnFolder>();
    fresh.own->path = wanted;
    changed = true;
    return *bucket.folders.insert(bucket.folders.begin() + static_cast<std::ptrdiff_t>(at), std::move(fresh))->own;
}

const format::Record* InventoryBuilder::Impl::find(std::string_view bucket, std::string_view wanted,
                                                   std::string_view& folder, std::string_view& name) {
    std::tie(folder, name) = split_path(wanted);
    const NextBucket* in = find(bucket);
    if (!in) return nullptr;
    const std::size_t at = lower_bound(*in, folder);
    if (at == in->folders.size() || path(*in, in->folders[at]) != folder) return nullptr;
    return files(*in, in->folders[at]).find(name);
}

InventoryBuilder::InventoryBuilder(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
InventoryBuilder::~InventoryBuilder() = default;

std::unique_ptr<InventoryBuilder> InventoryBuilder::from(const Inventory& old) {
    auto impl = std::make_unique<Impl>(old.impl().map);
    if (impl->map)
        for (const auto& bucket : impl->map->buckets()) impl->buckets.push_back(impl->copy_of(bucket));
    return std::make_unique<InventoryBuilder>(std::move(impl));
}

void InventoryBuilder::put(std::string_view bucket, const FileRecord& record) {
    const auto [folder_path, name] = split_path(record.path);
    assert(!name.empty() && name.size() <= 0xFFFF);
    OwnFolder& folder = m_impl->own_folder(m_impl->find_or_add(bucket), folder_path);
    format::Record raw;
    raw.size = record.size;
    raw.mtime_ns = record.mtime_ns;
    raw.ino = record.ino;
    raw.ctime_ns = record.ctime_ns;
    raw.state = static_cast<std::uint8_t>(record.state);
    raw.set_allocated(record.allocated);
    // How long the stub's own file is follows from what it takes up; a guess too many only reads the stub once more.
    if (record.state == FileState::stub) raw.stub_pages = 1;
    raw.first_seen = m_impl->time_number(record.first_seen_ns);
    raw.indexed = m_impl->time_number(record.indexed_ns);
    if (const format::Record* there = folder.files().find(name)) {
        raw.name_offset = there->name_offset;
        raw.name_bytes = there->name_bytes;
        folder.records[static_cast<std::size_t>(there - folder.records.data())] = raw;
        return;
    }
    folder.append(name, raw);
    const auto fresh = folder.records.end() - 1;
    const FolderFiles files = folder.files();
    const auto at = std::upper_bound(folder.records.begin(), fresh, name,
                                     [&](std::string_view n, const format::Record& r) { return n < files.name(r); });
    std::rotate(at, fresh, folder.records.end());
}

void InventoryBuilder::mark_indexed(std::string_view bucket, std::string_view path, Time at) {
    std::string_view folder, name;
    const format::Record* record = m_impl->find(bucket, path, folder, name);
    if (!record) return;
    const std::uint32_t number = m_impl->time_number(to_ns(at));
    if (record->indexed == number) return;
    OwnFolder& own = m_impl->own_folder(*m_impl->find(bucket), folder);
    if (const format::Record* there = own.files().find(name))
        own.records[static_cast<std::size_t>(there - own.records.data())].indexed = number;
    m_impl->changed = true;
}

void InventoryBuilder::mark_all_indexed(
    Time at, const std::function<bool(std::string_view bucket, std::string_view path)>& except) {
    const std::uint32_t number = m_impl->time_number(to_ns(at));
    for (NextBucket& bucket : m_impl->buckets) {
        for (FolderSlot& slot : bucket.folders) {
            if (m_impl->pending(bucket, slot) == 0) continue;
            const FolderFiles files = m_impl->files(bucket, slot);
            for (std::size_t i = 0; i < files.records.size(); ++i) {
                const format::Record& record = slot.own ? slot.own->records[i] : files.records[i];
                if (!is_pending(record)) continue;
                const std::string_view name = files.name(record);
                if (except && except(bucket.name, join(m_impl->path(bucket, slot), name))) continue;
                m_impl->own(bucket, slot).records[i].indexed = number;
                m_impl->changed = true;
            }
        }
    }
}

void InventoryBuilder::rename_bucket(std::string_view from, std::string_view to) {
    NextBucket* bucket = m_impl->find(from);
    if (!bucket || from == to) return;
    drop_bucket(to);
    m_impl->find(from)->name = to;
    std::ranges::sort(m_impl->buckets, {}, &NextBucket::name);
    m_impl->changed = true;
}

void InventoryBuilder::drop_bucket(std::string_view bucket) {
    const auto dropped = std::erase_if(m_impl->buckets, [&](const NextBucket& b) { return b.name == bucket; });
    if (dropped > 0) m_impl->changed = true;
}

void InventoryBuilder::put_back(std::string_view bucket) {
    const format::Bucket* old = m_impl->map ? m_impl->map->find(bucket) : nullptr;
    if (old) m_impl->place(m_impl->copy_of(*old));
}

Status InventoryBuilder::commit(const std::filesystem::path& file) const {
    if (!m_impl->changed && m_impl->map && m_impl->map->note_look(file, m_impl->taken_at_ns)) return {};
    return write_inventory(*m_impl, file);
}

void InventoryBuilder::for_each(std::string_view bucket, std::string_view under,
                                const std::function<bool(const FileRecord&)>& visit) const {
    const NextBucket* in = m_impl->find(bucket);
    if (!in) return;
    std::size_t at = m_impl->lower_bound(*in, under);
    if (at == in->folders.size() || !format::lies_in(m_impl->path(*in, in->folders[at]), under)) {
        if (const auto record = find(bucket, under)) visit(*record);
        return;
    }
    FileRecord record;
    for (; at < in->folders.size(); ++at) {
        const std::string_view path = m_impl->path(*in, in->folders[at]);
        if (!format::lies_in(path, under)) return;
        const FolderFiles files = m_impl->files(*in, in->folders[at]);
        for (const format::Record& raw : files.records) {
            to_file_record(record, path, files.name(raw), raw, m_impl->times);
            if (!visit(record)) return;
        }
    }
}

void InventoryBuilder::for_each_folder(std::string_view bucket,
                                       const std::function<void(const FolderSummary&)>& visit) const {
    const NextBucket* in = m_impl->find(bucket);
    if (!in) return;
    for (const FolderSlot& slot : in->folders) {
        const format::Totals totals = m_impl->totals(*in, slot);
        visit({m_impl->path(*in, slot), totals.files + totals.cloud_files, totals.ignored_files,
               m_impl->pending(*in, slot)});
    }
}

std::optional<FileRecord> InventoryBuilder::find(std::string_view bucket, std::string_view path) const {
    std::string_view folder, name;
    const format::Record* raw = m_impl->find(bucket, path, folder, name);
    if (!raw) return std::nullopt;
    FileRecord record;
    to_file_record(record, folder, name, *raw, m_impl->times);
    return record;
}

std::optional<BucketTotals> InventoryBuilder::totals(std::string_view bucket) const {
    const NextBucket* in = m_impl->find(bucket);
    if (!in) return std::nullopt;
    return to_bucket_totals(m_impl->totals(*in), in->folders.size());
}

}  // namespace neurolake::lake
