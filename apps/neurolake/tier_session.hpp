// tier_session.hpp: everything a burst, recall, why or cloud command needs, composed from the session once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "progress.hpp"
#include "session.hpp"
#include "tier/tier.hpp"

namespace neurolake::apps {

class TierSession {
public:
    // What a damaged catalog, or list of pins, means: what may be burst is not known; the stubs to recall are.
    enum class Catalog { needed, if_readable };
    // `progress` may be null; it must outlive this.
    static Result<std::unique_ptr<TierSession>> open(Session& session, Progress* progress,
                                                     Catalog catalog = Catalog::needed);
    TierSession(const TierSession&) = delete;
    TierSession& operator=(const TierSession&) = delete;

    tier::Context& context() { return *m_context; }
    const tier::Pins& pins() const { return m_pins; }
    // Why there is no store for new objects: not configured, refused. Empty when there is one.
    const std::optional<Error>& no_store() const { return m_no_store; }

    // recover(), with its findings as warnings. Nothing on a dry run.
    Result<tier::RecoveryReport> recover();
    // A walk of every bucket, guarded: one whose disk is gone is left out with a warning, or no_lake when it is among
    // `asked` (bucket names); one that lost more than half of its files is guard, unless accepted.
    Result<lake::ScanResult> scan(bool accept_shrink, const std::set<std::string>& asked = {});
    void warn(const std::vector<model::Finding>& findings);

private:
    explicit TierSession(Session& session) : m_session(session) {}
    Result<store::ObjectStore*> store_of(const lake::StoreLocation& location);

    Session& m_session;
    SystemClock m_clock;  // what is moved is judged by the real time; --now is for plans
    std::vector<lake::Bucket> m_buckets;
    tier::Policy m_policy;
    tier::Pins m_pins;
    lake::StoreLocation m_target;
    store::Options m_options;
    std::optional<Error> m_no_store;
    std::mutex m_stores_mutex;
    std::map<std::string, std::unique_ptr<store::ObjectStore>> m_stores;
    std::unique_ptr<tier::Context> m_context;
};

// The words for a place: BUCKET/path, a path on the disk, or a table's name. "bucket/path", as tier's requests take it.
Result<std::string> tier_path(Session& session, const std::string& words);

// An array of {path, code, message}; {path, key, sha256, bytes, uploaded}; {path, rule, why, bytes}.
json::Value failed_json(const std::vector<tier::Failed>& failed);
json::Value moved_json(const std::vector<tier::Moved>& moved);
void print_failed(Output& out, const std::vector<tier::Failed>& failed);
// For a run that did nothing: the error cloud when the store alone is why, for every file.
Status not_all_refused(const std::vector<tier::Failed>& failed);

}  // namespace neurolake::apps
