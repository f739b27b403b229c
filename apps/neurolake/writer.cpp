// writer.cpp: a writer takes over from a run that died.
// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tier_session.hpp"

namespace neurolake::apps {

Status begin_writing(Session& session) {
    TRY_DO(session.lock());
    return recover_files(session);
}

Status begin_change(Session& session) {
    TRY_DO(session.lock_to_change());
    return recover_files(session);
}

namespace {

bool lies_in(const std::filesystem::path& file, const std::filesystem::path& folder) {
    const auto [end, _] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    return end == folder.end();
}

}  // namespace

Status check_output_place(Session& session, const std::string& file) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const auto buckets, session.buckets({}));
    std::error_code failed;
    const auto place = std::filesystem::weakly_canonical(std::filesystem::absolute(file, failed), failed);
    const auto canonical = [&](const std::filesystem::path& folder) {
        return std::filesystem::weakly_canonical(folder, failed);
    };
    const lake::Layout& layout = lake->layout();
    for (const auto& folder : {layout.config, layout.catalog, layout.state, layout.logs})
        if (lies_in(place, canonical(folder)))
            return Error(Errc::usage, fmt::format("write to {}: the lake keeps its own files there", file),
                         "name a file outside of config, catalog, logs and .neurolake", file);
    for (const auto& bucket : buckets)
        if (lies_in(place, canonical(bucket.root)) && std::filesystem::exists(place, failed))
            return Error(Errc::usage, fmt::format("write to {}: that is a data file of bucket {}", file, bucket.name),
                         "another name; neurolake put --overwrite replaces data and keeps the old file in the trash",
                         file);
    const auto folder = place.parent_path();
    if (!folder.empty() && !std::filesystem::exists(folder, failed) && !failed)
        return Error(Errc::not_found, fmt::format("write to {}: there is no folder {}", file, folder.string()),
                     "make that folder, or name a file elsewhere", file);
    return {};
}

Status recover_files(Session& session) {
    if (session.dry_run()) return {};
    TRY(const lake::Lake* lake, session.lake());
    std::error_code failed;
    if (std::filesystem::is_empty(lake->layout().journal, failed) || failed) return {};
    TRY(const auto tiers, TierSession::open(session, nullptr, TierSession::Catalog::if_readable));
    TRY_DO(tiers->recover());
    session.reload_inventory();
    return {};
}

}  // namespace neurolake::apps
