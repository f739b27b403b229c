// tier_session.cpp: composing tier's context; stores for existing stubs by where the stubs say they are.
// SPDX-License-Identifier: Apache-2.0
#include "tier_session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "formats/formats.hpp"
#include "lake/instance.hpp"
#include "lake_path.hpp"

namespace neurolake::apps {

namespace {

constexpr std::size_t k_short_id = 12;

lake::StoreLocation location_of(const store::Options& options) {
    lake::StoreLocation target;
    target.provider = options.provider;
    target.region = options.region;
    target.endpoint = options.provider == "directory" ? options.directory : options.endpoint;
    target.bucket = options.provider == "directory" ? std::string() : options.bucket;
    target.path_style = options.path_style.value_or(!options.endpoint.empty());
    return target;
}

// Same place as the settings name: the settings' own store serves it. A share may be mounted elsewhere today than when
// a stub was made; its marker tells that it is the lake's.
bool served_by(const lake::StoreLocation& location, const lake::StoreLocation& target) {
    if (location.provider != target.provider) return false;
    if (location.provider == "directory")
        return location.endpoint == target.endpoint || ::access(location.endpoint.c_str(), F_OK) != 0;
    return location.bucket == target.bucket && location.endpoint == target.endpoint;
}

}  // namespace

Result<std::unique_ptr<TierSession>> TierSession::open(Session& session, Progress* progress, Catalog need) {
    std::unique_ptr<TierSession> made(new TierSession(session));
    TRY(const lake::Lake* lake, session.lake());
    TRY(const config::Settings* settings, session.settings());
    auto catalog = session.catalog();
    if (!catalog && need == Catalog::needed) return std::move(catalog).error();
    TRY(JsonLog * audit, session.audit_log());
    auto pins = tier::read_pins(lake->layout().pins);
    if (!pins && need == Catalog::needed) return std::move(pins).error();
    if (pins) made->m_pins = std::move(*pins);
    made->m_buckets = settings->buckets;
    made->m_policy = settings->tier;
    if (made->m_policy.prefix.empty()) made->m_policy.prefix = "neurolake/" + lake->id().substr(0, k_short_id);
    made->m_options = settings->store;
    made->m_options.lake_id = lake->id();
    if (made->m_options.state_folder.empty()) made->m_options.state_folder = lake->layout().state.string();
    made->m_target = location_of(settings->store);
    store::ObjectStore* store = nullptr;
    if (auto opened = session.store())
        store = *opened;
    else
        made->m_no_store = std::move(opened).error();
    // Whoever moves data holds the lock; plans and `why` do not, and may try another day.
    const bool planning = session.globals().now && !session.holds_lock();
    const Clock& clock = planning ? session.clock() : made->m_clock;
    auto* self = made.get();
    made->m_context = std::unique_ptr<tier::Context>(
        new tier::Context{*lake, made->m_buckets, catalog ? *catalog : nullptr, store,
                          [self](const lake::StoreLocation& location) { return self->store_of(location); },
                          made->m_target, made->m_policy, *audit, clock, session.cancel()});
    auto& context = *made->m_context;
    context.instance = lake::instance_id(lake->layout(), session.holds_lock() ? lake::Keep::yes : lake::Keep::no);
    context.concurrency = std::max(1u, settings->store.concurrency);
    context.part_size = settings->store.part_size;
    context.log_line = [&session](std::string_view event) { return session.log_line(event, 0); };
    if (progress) {
        context.step = [progress](std::string_view line) { progress->step(line); };
        context.progress = [progress](std::uint64_t done, std::uint64_t total, std::string_view what) {
            progress->update(done, total, what);
        };
    }
    return made;
}

Result<store::ObjectStore*> TierSession::store_of(const lake::StoreLocation& location) {
    // Asked by every worker of a recall; opening one is not meant for several threads.
    const std::scoped_lock lock(m_stores_mutex);
    if (served_by(location, m_target)) return m_session.store();
    const auto key = location.provider + '\0' + location.endpoint + '\0' + location.bucket;
    auto& kept = m_stores[key];
    if (!kept) {
        auto options = m_options;
        options.provider = location.provider;
        options.bucket = location.bucket;
        options.region = location.region;
        options.endpoint = location.provider == "directory" ? std::string() : location.endpoint;
        options.directory = location.provider == "directory" ? location.endpoint : std::string();
        options.path_style = location.path_style;
        TRY(kept, store::open(options, m_clock, m_session.cancel()));
    }
    return kept.get();
}

void TierSession::warn(const std::vector<model::Finding>& findings) {
    for (const auto& finding : findings) {
        const auto line =
            finding.path.empty() ? finding.message : text::escape_controls(finding.path) + ": " + finding.message;
        if (finding.severity == model::Finding::Severity::note)
            m_session.out().why(line);
        else
            m_session.out().warn(line);
    }
}

Result<tier::RecoveryReport> TierSession::recover() {
    if (m_session.dry_run()) return tier::RecoveryReport{};
    TRY(auto report, tier::recover(*m_context));
    warn(report.findings);
    return report;
}

Result<lake::ScanResult> TierSession::scan(bool accept_shrink, const std::set<std::string>& asked) {
    std::vector<lake::Bucket> there;
    for (const auto& bucket : m_buckets) {
        auto mounted = lake::check_bucket_mount(m_context->lake, bucket);
        if (!mounted && asked.contains(bucket.name)) return std::move(mounted).error();
        if (!mounted) m_session.out().warn(mounted.error().message + ": left out");
        if (mounted) there.push_back(bucket);
    }
    TRY(const lake::Inventory* before, m_session.inventory());
    lake::ScanOptions options;
    options.ignored_name = formats::is_known_non_data;
    TRY(auto result, lake::scan(there, *before, options, m_clock, m_session.cancel()));
    if (!accept_shrink) TRY_DO(lake::check_shrink(result.scan, *before));
    return result;
}

Result<std::string> tier_path(Session& session, const std::string& words) {
    auto place = resolve(session, words);
    if (place) return place->full();
    if (words.find('/') == std::string::npos) {
        TRY(catalog::Catalog * catalog, session.catalog());
        if (const auto table = catalog->get(words))
            return (*table)->path.empty() ? (*table)->bucket : (*table)->bucket + "/" + (*table)->path;
    }
    return std::move(place).error();
}

json::Value failed_json(const std::vector<tier::Failed>& failed) {
    auto out = json::Value::array();
    for (const auto& one : failed) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", one.path);
        out.push(entry.set("code", to_string(one.code)).set("message", one.message));
    }
    return out;
}

json::Value moved_json(const std::vector<tier::Moved>& moved) {
    auto out = json::Value::array();
    for (const auto& one : moved) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", one.path);
        json::set_path(entry, "key", one.key);
        out.push(entry.set("sha256", one.sha256).set("bytes", one.bytes).set("uploaded", one.uploaded));
    }
    return out;
}

void print_failed(Output& out, const std::vector<tier::Failed>& failed) {
    for (const auto& one : failed) out.warn(text::escape_controls(one.path) + ": " + one.message);
}

Status not_all_refused(const std::vector<tier::Failed>& failed) {
    const bool all = std::all_of(failed.begin(), failed.end(), [](const auto& one) { return one.by_store; });
    if (failed.empty() || !all) return {};
    return Error(Errc::cloud, "nothing was done: the object store refused or could not be reached",
                 "see the lines above, then try: neurolake cloud test");
}

}  // namespace neurolake::apps
