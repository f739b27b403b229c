// writer.cpp: a writer takes over from a run that died.
// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

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
