// status_report.cpp: gathers the facts of `neurolake status`; what cannot be read becomes a warning, not a failure.
// SPDX-License-Identifier: Apache-2.0
#include "status_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/formats.hpp"
#include "index/renamed_bucket.hpp"
#include "marks_report.hpp"
#include "store_place.hpp"
#include "tier/tier.hpp"

namespace neurolake::apps {

namespace {

class Gatherer {
public:
    Gatherer(Session& session, const lake::Lake& lake, const config::Settings& settings)
        : m_session(session), m_lake(lake), m_settings(settings) {}

    Result<StatusReport> gather(Counting counting, std::optional<std::int64_t> max_age) {
        m_report.home = m_lake.layout().home.string();
        m_report.lake_id = m_lake.id();
        m_report.counting = counting;
        m_report.counted_at = m_session.now();
        m_report.warnings = m_settings.warnings;
        m_report.burst_enabled = m_settings.tier.enabled;
        if (counting == Counting::cached) TRY_DO(take_inventory());
        for (const lake::Bucket& bucket : m_settings.buckets) TRY_DO(add_bucket(bucket, counting));
        add_unregistered();
        TRY(m_report.marks, marks_for(m_session, m_report.total.bytes));
        add_cloud();
        add_catalog();
        TRY_DO(add_last_runs(max_age));
        add_journal();
        add_forecast();
        return std::move(m_report);
    }

private:
    void warn(std::string text) { m_report.warnings.push_back(std::move(text)); }

    Status take_inventory() {
        TRY(m_inventory, m_session.inventory());
        m_report.counted_at = m_inventory->taken_at();
        if (m_report.counted_at == Time{}) warn("nothing was counted yet; run: neurolake catalog index");
        return {};
    }

    Result<BucketSizes> count(const lake::Bucket& bucket, Counting counting) {
        if (counting == Counting::cached) {
            const auto totals = m_inventory->totals(bucket.name);
            if (!totals) return Error(Errc::not_found, "not counted yet; run: neurolake catalog index");
            return sizes_of(*totals);
        }
        TRY_DO(lake::check_bucket_mount(m_lake, bucket));
        lake::StatsOptions options;
        options.top = 0;
        options.ignored_name = [](std::string_view name) { return formats::is_known_non_data(name); };
        TRY(const auto stats, lake::stats(bucket, options, m_session.cancel()));
        for (const auto& finding : stats.findings)
            if (finding.severity != model::Finding::Severity::note)
                warn(fmt::format("{}: {}", finding.path, finding.message));
        return sizes_of(stats);
    }

    // What the index would say of it.
    std::optional<std::string> lost_folder(const lake::Bucket& bucket) {
        const auto inventory = m_session.inventory();
        if (bucket.outside || !inventory) return std::nullopt;  // its marker tells more
        const auto lost = index::lost_folder(bucket, **inventory, m_lake.layout().buckets, m_settings.buckets);
        if (!lost) return std::nullopt;
        return fmt::format("its folder {} cannot be read: {}", bucket.root.string(), lost->advice);
    }

    Status add_bucket(const lake::Bucket& bucket, Counting counting) {
        TRY_DO(m_session.check_cancelled());
        BucketUse use{bucket, std::nullopt, {}};
        if (auto sizes = count(bucket, counting)) {
            use.sizes = *sizes;
            m_report.total.files += sizes->files;
            m_report.total.folders += sizes->folders;
            m_report.total.bytes += sizes->bytes;
            m_report.total.allocated += sizes->allocated;
            m_report.total.cloud_files += sizes->cloud_files;
            m_report.total.cloud_bytes += sizes->cloud_bytes;
        } else {
            if (sizes.error().code == Errc::cancelled) return std::move(sizes).error();
            use.problem = sizes.error().message;
            if (const auto lost = lost_folder(bucket)) use.problem = *lost;
            if (m_report.counted_at != Time{}) warn(fmt::format("bucket {}: {}", bucket.name, use.problem));
        }
        m_report.buckets.push_back(std::move(use));
        return {};
    }

    void add_unregistered() {
        auto found = lake::unregistered_buckets(m_lake.layout(), m_settings.buckets);
        if (!found) return warn(found.error().message);
        for (const lake::Bucket& bucket : *found)
            warn(fmt::format("the folder buckets/{} is no registered bucket; {}", bucket.name, how_to_adopt(bucket)));
    }

    void add_cloud() {
        const store::Options& store = m_settings.store;
        m_report.provider = store.provider;
        m_report.missing = store::missing(store);
        if (store.provider == "directory")
            m_report.target = store.directory;
        else if (!store.bucket.empty())
            m_report.target = store.bucket + (store.endpoint.empty() ? "" : " at " + store.endpoint);
        if (const auto gone = missing_directory(store)) warn("object store directory " + *gone);
        if (const auto same = on_lake_disk(store, m_lake.layout().home)) warn("object store directory " + *same);
    }

    void add_catalog() {
        auto catalog = m_session.catalog();
        if (!catalog) return warn(fmt::format("{}; run: neurolake doctor", catalog.error().message));
        std::uint64_t tables = 0;
        for (const model::Table& table : (*catalog)->tables()) tables += table.deleted_at.empty() ? 1 : 0;
        m_report.tables = tables;
        m_indexed_at = (*catalog)->indexed_at();
    }

    Status add_last_runs(std::optional<std::int64_t> max_age) {
        TRY(const auto runs, lake::LastRuns::read(m_lake.layout().last_run));
        for (const char* verb : {"index", "burst", "verify"}) {
            LastRunOf last{verb, runs.find(verb), false, false};
            if (!last.run && last.verb == "index" && !m_indexed_at.empty())
                last.run = lake::LastRun{m_indexed_at, 0, m_indexed_at};
            const bool can_burst = m_settings.tier.enabled && m_report.missing.empty();
            last.expected = last.verb == "index" || (last.verb == "burst" && can_burst);
            if (max_age && last.expected) last.stale = is_stale(last.run, *max_age);
            m_report.last.push_back(std::move(last));
        }
        return {};
    }

    bool is_stale(const std::optional<lake::LastRun>& run, std::int64_t max_age) const {
        if (!run || run->good_at.empty()) return true;
        const auto good = parse_rfc3339(run->good_at);
        return !good || m_session.now() - *good > std::chrono::seconds(max_age);
    }

    void add_journal() {
        if (auto unfinished = tier::unfinished(m_lake.layout()))
            m_report.unfinished = std::move(*unfinished);
        else
            warn(unfinished.error().message);
        m_report.locked_by = LockFile::holder(m_lake.layout().lock);
    }

    // From the history that each index run adds to: looking writes nothing.
    void add_forecast() {
        const lake::UsagePoint now{m_session.now(), m_report.total.bytes, m_report.total.cloud_bytes};
        if (auto history = lake::read_usage(m_lake.layout().state / "usage.jsonl"))
            m_report.forecast = lake::forecast(*history, now, m_report.marks.high.bytes, m_report.marks.capacity.bytes);
    }

    Session& m_session;
    const lake::Lake& m_lake;
    const config::Settings& m_settings;
    const lake::Inventory* m_inventory = nullptr;
    std::string m_indexed_at;
    StatusReport m_report;
};

json::Value strings(const std::vector<std::string>& lines) {
    auto list = json::Value::array();
    for (const auto& line : lines) list.push(line);
    return list;
}

json::Value last_json(const StatusReport& report) {
    auto object = json::Value::object();
    for (const LastRunOf& last : report.last) {
        if (!last.run) {
            object.set(last.verb, json::Value());
            continue;
        }
        auto entry = json::Value::object().set("at", last.run->at).set("rc", last.run->rc);
        entry.set("good_at", last.run->good_at.empty() ? json::Value() : json::Value(last.run->good_at));
        object.set(last.verb, entry.set("stale", last.stale));
    }
    return object;
}

json::Value forecast_json(const std::optional<lake::Forecast>& forecast) {
    if (!forecast) return {};
    return json::Value::object()
        .set("bytes_per_day", static_cast<std::int64_t>(forecast->bytes_per_day))
        .set("days_to_high", json::Value(forecast->days_to_high))
        .set("days_to_full", json::Value(forecast->days_to_full));
}

}  // namespace

bool StatusReport::stale() const {
    return std::any_of(last.begin(), last.end(), [](const LastRunOf& one) { return one.stale; });
}

Result<StatusReport> status_of(Session& session, Counting counting, std::optional<std::int64_t> max_age) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const config::Settings* settings, session.settings());
    return Gatherer(session, *lake, *settings).gather(counting, max_age);
}

json::Value to_json(const StatusReport& report) {
    auto buckets = json::Value::array();
    for (const BucketUse& use : report.buckets) {
        auto value = bucket_json(use.bucket, use.sizes);
        buckets.push(value.set("problem", use.problem.empty() ? json::Value() : json::Value(use.problem)));
    }
    auto total = json::Value::object()
                     .set("file_count", report.total.files)
                     .set("dir_count", report.total.folders)
                     .set("size_bytes", report.total.bytes)
                     .set("size_gb", size_gb(report.total.bytes))
                     .set("allocated_bytes", report.total.allocated)
                     .set("cloud_file_count", report.total.cloud_files)
                     .set("cloud_bytes", report.total.cloud_bytes);
    auto cloud = json::Value::object()
                     .set("provider", report.provider)
                     .set("target", report.target)
                     .set("burst_enabled", report.burst_enabled)
                     .set("configured", report.missing.empty())
                     .set("missing", strings(report.missing));
    auto value = json::Value::object().set("schema", "neurolake.status/1");
    json::set_path(value, "home", report.home);
    return value.set("lake", report.lake_id)
        .set("cached", report.counting == Counting::cached)
        .set("counted_at", report.counted_at == Time{} ? json::Value() : json::Value(to_rfc3339(report.counted_at)))
        .set("marks", marks_json(report.marks))
        .set("over", report.marks.over())
        .set("stale", report.stale())
        .set("buckets", std::move(buckets))
        .set("total", std::move(total))
        .set("cloud", std::move(cloud))
        .set("tables", json::Value(report.tables))
        .set("last", last_json(report))
        .set("forecast", forecast_json(report.forecast))
        .set("unfinished", strings(report.unfinished))
        .set("locked_by", json::Value(report.locked_by))
        .set("warnings", strings(report.warnings));
}

}  // namespace neurolake::apps
