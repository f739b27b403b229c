// verify.cpp: is everything in the cloud that we rely on; is anything there that nobody relies on; lost stubs again.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <random>
#include <set>

#include "base/text.hpp"
#include "lake/stub_places.hpp"
#include "tier/free.hpp"
#include "tier/held_file.hpp"
#include "tier/journal.hpp"
#include "tier/recover.hpp"
#include "tier/swap.hpp"
#include "tier/tier.hpp"
#include "tier/verified_copy.hpp"

namespace neurolake::tier {

namespace {

// Missing, of another length, or attested to be something else. Asking for the metadata only.
Status check_by_head(store::ObjectStore& store, const lake::Stub& stub) {
    TRY(const auto info, store.head(stub.store.key, stub.store.version_id));
    const auto wrong = [&](std::string what) { return Error(Errc::mismatch, std::move(what), {}, stub.store.key); };
    if (info.size != stub.size) return wrong(fmt::format("it has {} bytes instead of {}", info.size, stub.size));
    if (info.sha256 && to_hex(*info.sha256) != stub.sha256) return wrong("it has another SHA-256 than the file");
    const auto said = info.metadata.find(store::k_meta_sha256);
    if (said != info.metadata.end() && said->second != stub.sha256)
        return wrong("it says of itself that it is another file");
    return {};
}

Status check_by_reading(store::ObjectStore& store, const lake::Stub& stub) {
    Sha256 hash;
    TRY(const auto info, store.get(stub.store.key, stub.store.version_id, 0, 0, {}, [&](std::string_view bytes) {
        hash.update(bytes);
        return Status();
    }));
    TRY(const auto digest, hash.finish());
    if (to_hex(digest) != stub.sha256)
        return Error(Errc::mismatch, "it reads as other bytes than the file's", {}, stub.store.key);
    return {};
}

bool says_lost(Errc code) { return code == Errc::mismatch || code == Errc::not_found || code == Errc::corrupt; }

}  // namespace

Result<VerifyReport> verify(Context& context, bool full, double share) {
    TRY(const auto list, lake::CloudList::open(context.lake.layout().cloud_list));
    auto entries = list.entries();
    if (share < 1) {
        std::mt19937_64 random(std::random_device{}());
        std::shuffle(entries.begin(), entries.end(), random);
        const auto some = std::ceil(static_cast<double>(entries.size()) * std::max(0.0, share));
        entries.resize(std::min(entries.size(), static_cast<std::size_t>(some)));
    }
    VerifyReport report;
    std::mutex mutex;
    // Stores are opened one after the other: opening is not meant for several threads.
    std::vector<Result<store::ObjectStore*>> stores;
    for (const auto& entry : entries)
        stores.push_back(context.store_of ? context.store_of(entry.stub.store)
                                          : Error(Errc::cloud, "no object store is configured"));
    parallel_for(entries.size(), context.concurrency, [&](std::size_t i, unsigned) {
        if (context.cancel.cancelled()) return;
        const auto& stub = entries[i].stub;
        const auto checked = !stores[i] ? Status(stores[i].error())
                             : full     ? check_by_reading(**stores[i], stub)
                                        : check_by_head(**stores[i], stub);
        const std::scoped_lock lock(mutex);
        ++report.checked;
        report.bytes += stub.size;
        if (context.progress) context.progress(report.checked, entries.size(), stub.path);
        if (checked || checked.error().code == Errc::cancelled) return;
        auto& where = says_lost(checked.error().code) ? report.lost : report.unreachable;
        where.push_back({stub.bucket + "/" + stub.path, checked.error().code, checked.error().message, true});
    });
    report.interrupted = context.cancel.cancelled();
    const auto by_path = [](const Failed& a, const Failed& b) { return a.path < b.path; };
    std::sort(report.lost.begin(), report.lost.end(), by_path);
    std::sort(report.unreachable.begin(), report.unreachable.end(), by_path);
    return report;
}

namespace {

// Keys that something relies on: cloud.jsonl, every stub in the tree, every operation in flight.
Result<std::set<std::string>> relied_on(Context& context) {
    std::set<std::string> keys;
    TRY(const auto list, lake::CloudList::open(context.lake.layout().cloud_list));
    for (const auto& entry : list.entries()) keys.insert(entry.stub.store.key);
    TRY(const auto journal, Journal(context.lake.layout()).read());
    if (!journal.damaged.empty())
        return Error(Errc::corrupt, "a journal record is damaged: what it relies on is not known",
                     "see: neurolake doctor");
    for (const auto& record : journal.records)
        for (const auto& file : record.files) keys.insert(file.key);
    const auto old = lake::Inventory::open(context.lake.layout().inventory).value_or(lake::Inventory());
    TRY(const auto scan, lake::scan(context.buckets, old, {}, context.clock, context.cancel));
    TRY(const auto places, lake::stub_places(context.lake, context.buckets, *scan.next));
    for (const auto& [key, place] : places) keys.insert(key);
    return keys;
}

}  // namespace

Result<OrphanReport> orphans(Context& context, Clean clean) {
    if (!context.store)
        return Error(Errc::cloud, "no object store is configured",
                     "set hybrid_storage.cloud_provider and cloud_bucket, and provide credentials");
    auto& store = *context.store;
    TRY(const auto keys, relied_on(context));
    const auto prefix = context.policy.prefix.empty() ? std::string() : context.policy.prefix + "/";
    OrphanReport report;
    TRY_DO(store.list(prefix, [&](const store::ObjectInfo& info) -> Status {
        if (!keys.contains(info.key)) report.orphans.push_back({info.key, "", info.size, info.last_modified});
        return {};
    }));
    TRY(const auto uploads, store.list_uploads(prefix));
    for (const auto& upload : uploads)
        if (!keys.contains(upload.key))
            report.orphans.push_back({upload.key, upload.upload_id, 0, upload.initiated, !prefix.empty()});
    for (auto& orphan : report.orphans) {
        report.bytes += orphan.bytes;
        if (context.cancel.cancelled()) return Error(Errc::cancelled, "stopped");
        if (orphan.upload_id.empty()) {
            auto info = store.head(orphan.key);
            if (!info) continue;
            const auto lake = info->metadata.find(store::k_meta_lake);
            const auto copy = info->metadata.find(store::k_meta_instance);
            orphan.ours = lake != info->metadata.end() && lake->second == context.lake.id() &&
                          copy != info->metadata.end() && copy->second == context.instance;
        }
        if (clean == Clean::no || !orphan.ours) continue;
        const auto removed =
            orphan.upload_id.empty() ? store.remove(orphan.key) : store.abort_multipart(orphan.key, orphan.upload_id);
        orphan.removed = removed.has_value();
        if (!orphan.removed) continue;
        auto line = context.log_line ? context.log_line("orphan_removed") : json::Value::object();
        json::set_path(line, "key", orphan.key);
        TRY_DO(context.audit.append(line.set("bytes", orphan.bytes)));
    }
    return report;
}

Result<std::uint64_t> restore_stubs(Context& context) {
    TRY(const auto list, lake::CloudList::open(context.lake.layout().cloud_list));
    TRY(const auto places, lake::held_places(context.lake, context.buckets, list, context.clock, context.cancel));
    Folders folders;
    TRY(const Fd trash, open_folder(context.lake.layout().trash));
    std::uint64_t made = 0;
    std::set<std::pair<const lake::Bucket*, std::string>> touched;
    for (const auto& entry : list.entries()) {
        if (entry.recalled || places.contains(entry.stub.store.key)) continue;
        const auto* bucket = bucket_named(context, entry.stub.bucket);
        if (!bucket || !lake::check_bucket_mount(context.lake, *bucket)) continue;
        const auto inside = folder_of(entry.stub.path);
        TRY_DO(make_folders(bucket->root / inside));
        TRY(const int folder, folders.parent_of(bucket->root, entry.stub.path));
        OpRecord record;
        record.op = new_op();
        OpFile file;
        file.path = entry.stub.path;
        auto place = place_of(record, file, folder, trash.get());
        TRY(const auto there, holds(folder, place.name, entry.stub.op));
        if (there != Holds::nothing) continue;
        place.op = entry.stub.op;
        TRY_DO(write_stub(place, entry.stub,
                          context.policy.readable_stub ? lake::StubMode::readable : lake::StubMode::guarded));
        if (auto placed = rename_noreplace(folder, place.side.c_str(), folder, place.name.c_str()); !placed) {
            TRY_DO(remove_own_stub(folder, place.side, place.op));
            return std::move(placed).error();
        }
        TRY_DO(sync_folder(folder));
        touched.emplace(bucket, inside);
        ++made;
    }
    for (const auto& [bucket, inside] : touched) {
        TRY(const int root, folders.root(bucket->root));
        TRY_DO(lake::refresh_note(root, bucket->name, inside));
    }
    return made;
}

}  // namespace neurolake::tier
