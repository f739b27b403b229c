// stub_places.cpp: every stub of the tree opened and asked for its object.
// SPDX-License-Identifier: Apache-2.0
#include "lake/stub_places.hpp"

#include <algorithm>
#include <iterator>

#include "lake/stub.hpp"

namespace neurolake::lake {
namespace {

std::vector<Bucket> mounted(const Lake& lake, const std::vector<Bucket>& buckets) {
    std::vector<Bucket> here;
    std::ranges::copy_if(buckets, std::back_inserter(here), [&](const Bucket& bucket) {
        return check_bucket_mount(lake, bucket) && open_folder(bucket.root);
    });
    return here;
}

}  // namespace

Result<Places> stub_places(const Lake& lake, const std::vector<Bucket>& buckets, const InventoryBuilder& found) {
    Places places;
    for (const Bucket& bucket : buckets) {
        TRY_DO(check_bucket_mount(lake, bucket));
        TRY(const Fd root, open_folder(bucket.root));
        std::optional<Error> unreadable;
        found.for_each(bucket.name, "", [&](const FileRecord& record) {
            if (record.state != FileState::stub) return true;
            auto stub = read_stub_at(root.get(), record.path);
            if (stub && stub->has_value()) places.emplace((*stub)->store.key, bucket.name + "/" + record.path);
            if (!stub && stub.error().code != Errc::not_found) unreadable = std::move(stub).error();
            return !unreadable;
        });
        if (unreadable) return std::move(*unreadable).with_context("what its stubs rely on is not known");
    }
    return places;
}

Result<Places> held_places(const Lake& lake, const std::vector<Bucket>& buckets, const InventoryBuilder& found,
                           const CloudList& list) {
    TRY(Places places, stub_places(lake, mounted(lake, buckets), found));
    for (const CloudEntry& entry : list.entries()) {
        if (!entry.recalled) continue;
        const auto record = found.find(entry.stub.bucket, entry.stub.path);
        if (record && record->state == FileState::data)
            places.emplace(entry.stub.store.key, entry.stub.bucket + "/" + entry.stub.path);
    }
    return places;
}

Result<Places> held_places(const Lake& lake, const std::vector<Bucket>& buckets, const CloudList& list,
                           const Clock& clock, const CancelFlag& cancel) {
    const auto old = Inventory::open(lake.layout().inventory).value_or(Inventory());
    TRY(const auto found, scan(mounted(lake, buckets), old, {}, clock, cancel));
    return held_places(lake, buckets, *found.next, list);
}

}  // namespace neurolake::lake
