// bucket_rename.cpp: the steps of a rename, in the order that a crash can be picked up from.
// SPDX-License-Identifier: Apache-2.0
#include "bucket_rename.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "index/profile_store.hpp"
#include "tier/policy.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

fs::path intent_file(const lake::Layout& layout) { return layout.state / "rename.json"; }

Status write_intent(const lake::Layout& layout, const RenameIntent& intent) {
    const auto value =
        json::Value::object().set("schema", "neurolake.rename/1").set("from", intent.from).set("to", intent.to);
    return write_file_atomic(intent_file(layout), json::dump(value) + "\n", 0600, Overwrite::yes);
}

// An intent that is over says so by empty names: the file is replaced, never removed.
Status clear_intent(const lake::Layout& layout) { return write_intent(layout, {}); }

const lake::Bucket* named(const config::Settings& settings, const std::string& name) {
    const auto found = std::ranges::find(settings.buckets, name, &lake::Bucket::name);
    return found == settings.buckets.end() ? nullptr : &*found;
}

Status move_folder(const lake::Lake& lake, const lake::Bucket& bucket, const RenameIntent& intent) {
    const lake::Layout& layout = lake.layout();
    if (bucket.outside) {
        lake::Bucket renamed = bucket;
        renamed.name = intent.to;
        return lake::write_bucket_marker(lake, renamed);
    }
    if (!fs::exists(layout.buckets / intent.from)) return {};  // moved already, or the folder was never there
    TRY(const Fd folder, open_folder(layout.buckets));
    auto moved = rename_noreplace(folder.get(), intent.from.c_str(), folder.get(), intent.to.c_str());
    if (!moved && fs::exists(layout.buckets / intent.to))
        return Error(
            Errc::conflict,
            fmt::format("bucket {0} is half renamed to {1}, and both folders are there now", intent.from, intent.to),
            fmt::format("move what is in buckets/{0} into buckets/{1}, remove buckets/{0}, and run again", intent.from,
                        intent.to));
    TRY_DO(moved);
    return sync_folder(folder.get());
}

Status rename_settings(Session& session, const RenameIntent& intent) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const config::Settings* settings, session.settings());
    const lake::Bucket* old = named(*settings, intent.from);
    if (!old) return {};  // done already
    TRY_DO(move_folder(*lake, *old, intent));
    const bool has_path = !old->configured_path.empty() && !old->outside;
    // The path first: a crash in between leaves the old name with the right folder.
    if (has_path) {
        TRY_DO(config::set_value(lake->layout().home, "buckets." + intent.from + ".path", "buckets/" + intent.to));
    }
    TRY_DO(config::rename_bucket(lake->layout().home, intent.from, intent.to));
    session.reload_settings();
    return {};
}

// What is known of files whose bytes are in the cloud cannot be read again.
Status rename_profiles(const lake::Layout& layout, const RenameIntent& intent) {
    TRY(auto profiles, index::ProfileStore::open(layout.state / "profiles"));
    profiles.rename_bucket(intent.from, intent.to);
    return profiles.commit();
}

Status rename_inventory(Session& session, const RenameIntent& intent) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const lake::Inventory* inventory, session.inventory());
    if (!inventory->totals(intent.from)) return {};
    const auto next = lake::InventoryBuilder::from(*inventory);
    next->rename_bucket(intent.from, intent.to);
    TRY_DO(next->commit(lake->layout().inventory));
    session.reload_inventory();
    return {};
}

Status rename_cloud_list(Session& session, const RenameIntent& intent) {
    TRY(lake::CloudList * list, session.cloud_list());
    const auto of_old = [&](const lake::CloudEntry& entry) { return entry.stub.bucket == intent.from; };
    if (std::ranges::none_of(list->entries(), of_old)) return {};
    list->rename_bucket(intent.from, intent.to);
    return list->compact();
}

Status rename_pins(const lake::Layout& layout, const RenameIntent& intent) {
    TRY(tier::Pins pins, tier::read_pins(layout.pins));
    bool changed = false;
    for (auto& path : pins.paths) {
        if (!text::starts_with_folder(path, intent.from)) continue;
        path = intent.to + path.substr(intent.from.size());
        changed = true;
    }
    return changed ? tier::write_pins(layout.pins, pins) : Status{};
}

}  // namespace

Result<std::optional<RenameIntent>> unfinished_rename(const lake::Layout& layout) {
    const auto text = read_file(intent_file(layout), 1 << 16);
    if (!text && text.error().code == Errc::not_found) return std::optional<RenameIntent>();
    if (!text) return Error(text.error());
    auto parsed = json::parse(*text);
    if (!parsed || !parsed->is_object())
        return Error(Errc::corrupt, intent_file(layout).string() + " is damaged: which rename was begun is not known",
                     "neurolake doctor --fix renames it aside", intent_file(layout).string());
    const json::Value& value = *parsed;
    RenameIntent intent{value.text("from"), value.text("to")};
    if (intent.from.empty()) return std::optional<RenameIntent>();
    return std::optional(intent);
}

Status rename_everywhere(Session& session, const RenameIntent& intent) {
    TRY(const lake::Lake* lake, session.lake());
    const lake::Layout& layout = lake->layout();
    TRY_DO(write_intent(layout, intent));
    TRY_DO(rename_settings(session, intent));
    TRY(catalog::Catalog * catalog, session.catalog());
    TRY_DO(catalog->rename_bucket(intent.from, intent.to));
    TRY_DO(rename_profiles(layout, intent));
    TRY_DO(rename_inventory(session, intent));
    TRY_DO(rename_cloud_list(session, intent));
    TRY_DO(rename_pins(layout, intent));
    TRY_DO(session.audit("bucket.renamed", json::Value::object().set("from", intent.from).set("to", intent.to)));
    return clear_intent(layout);
}

void finish_cut_off_rename(Session& session) {
    if (session.dry_run()) return;
    const auto lake = session.lake();
    if (!lake) return;
    const auto left = unfinished_rename((*lake)->layout());
    if (!left || !*left) return;
    const RenameIntent intent = **left;
    const auto told = [&](std::string_view how, const Error& why) {
        session.out().warn(
            fmt::format("the rename of bucket {} to {} was cut off{}: {}", intent.from, intent.to, how, why.message));
    };
    std::optional<LockFile> held;
    if (!session.holds_lock()) {
        auto lock = (*lake)->lock("finish a rename", {}, SystemClock());
        if (!lock) return;  // somebody is at work, perhaps on this
        held = std::move(*lock);
    }
    if (const auto done = rename_everywhere(session, intent); !done)
        told(" and cannot be finished", done.error());
    else
        session.out().warn(
            fmt::format("finished the rename of bucket {} to {}, which was cut off", intent.from, intent.to));
}

}  // namespace neurolake::apps
