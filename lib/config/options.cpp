// options.cpp: the rows. A new setting is one row here and one line in config-templates/settings.yaml.
// SPDX-License-Identifier: Apache-2.0
#include "config/options.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace neurolake::config {

namespace {

constexpr double k_inf = std::numeric_limits<double>::infinity();

tier::Mark mark(const Value& v) { return {v.bytes, v.origin}; }

std::string trimmed_prefix(std::string text) {
    while (text.starts_with('/')) text.erase(0, 1);
    while (text.ends_with('/')) text.pop_back();
    return text;
}

// libpq's connection strings: password=..., sslpassword=..., or a URI's user:password@.
bool names_password(std::string_view dsn) {
    if (text::lower(dsn).find("password") != std::string::npos) return true;
    const std::size_t start = dsn.find("://");
    if (start == std::string_view::npos) return false;
    const std::string_view authority = dsn.substr(start + 3, dsn.find_first_of("/?", start + 3) - start - 3);
    const std::size_t at = authority.rfind('@');
    return dsn.find('@') != std::string_view::npos &&
           (at == std::string_view::npos || authority.substr(0, at).find(':') != std::string_view::npos);
}

using S = Settings;
using V = const Value&;

const std::array k_options =
    {
        // storage
        Option{
            {"storage.base_path", Kind::text, ".", "where the lake lay when this was written; the real place counts"},
            [](S& s, V v) { s.base_path_hint = v.text; }},
        Option{{"storage.local_capacity_gb",
                Kind::gigabytes,
                "100",
                "room the lake may use, in units of 2^30 bytes",
                {},
                0,
                k_inf,
                false,
                nullptr,
                "storage.capacity"},
               [](S& s, V v) { s.tier.marks.capacity = mark(v); }},
        Option{{"storage.capacity", Kind::size, "", "the same with a unit, for instance 80GB or 80GiB"},
               [](S& s, V v) { s.tier.marks.capacity = mark(v); }},
        Option{{"storage.cloud_burst_enabled", Kind::boolean, "true",
                "false: burst moves nothing; true without a configured store moves nothing either"},
               [](S& s, V v) { s.tier.enabled = v.on; }},
        Option{{"storage.cloud_burst_threshold_percent",
                Kind::percent,
                "",
                "a high mark as a share of the capacity (older key)",
                {},
                1,
                100},
               [](S& s, V v) {
                   s.tier.marks.threshold_percent = v.number;
                   s.tier.marks.threshold_percent_origin = v.origin;
               }},
        Option{{"storage.high", Kind::size, "", "the high mark with a unit: burst begins when the lake uses more"},
               [](S& s, V v) { s.tier.marks.threshold = mark(v); }},
        Option{{"storage.low", Kind::size, "", "where burst stops; without it, 90 % of the high mark"},
               [](S& s, V v) { s.tier.marks.low = mark(v); }},
        Option{{"storage.min_free",
                Kind::size_or_percent,
                "5%",
                "room to keep free on the volume, as a size or a share; also a high mark",
                {},
                0,
                90},
               [](S& s, V v) {
                   if (v.is_percent) {
                       s.tier.marks.min_free_percent = v.number;
                       s.tier.marks.min_free.reset();
                   } else {
                       s.tier.marks.min_free = mark(v);
                   }
               }},
        // catalog
        Option{{"catalog.storage_path", Kind::folder, "catalog", "folder of the catalog's files"},
               [](S& s, V v) { s.catalog.folder = v.path; }},
        Option{{"catalog.backend", Kind::word, "json", "where tables and schemas are kept", "json|sqlite|postgresql"},
               [](S& s, V v) { s.catalog.backend = v.text; }},
        Option{{"catalog.dsn",
                Kind::text,
                "",
                "connection of the postgresql backend; its password is better kept in ~/.pgpass",
                {},
                -k_inf,
                k_inf,
                true,
                names_password},
               [](S& s, V v) { s.catalog.dsn = v.text; }},
        Option{{"catalog.sample_rows", Kind::integer, "0", "rows read to find a text file's types; 0 = all", {}, 0},
               [](S& s, V v) { s.index.sample_rows = static_cast<std::uint64_t>(v.integer); }},
        Option{{"catalog.settle_seconds",
                Kind::number,
                "5",
                "files younger than this are left for the next run",
                {},
                0,
                86400},
               [](S& s, V v) {
                   s.index.settle_seconds = v.number;
                   s.tier.settle_seconds = v.number;
               }},
        Option{{"catalog.strict", Kind::boolean, "false", "a breaking schema change makes `catalog index` exit 3"},
               [](S& s, V v) { s.index.strict = v.on; }},
        // hybrid_storage
        Option{{"hybrid_storage.local_threshold_gb",
                Kind::gigabytes,
                "80",
                "the high mark in units of 2^30 bytes: burst begins when the lake uses more",
                {},
                0,
                k_inf,
                false,
                nullptr,
                "storage.high"},
               [](S& s, V v) { s.tier.marks.threshold = mark(v); }},
        Option{
            {"hybrid_storage.cloud_provider", Kind::word, "s3",
             "directory: a folder such as a NAS mount; azure and gcs are not built in yet", "s3|azure|gcs|directory"},
            [](S& s, V v) { s.store.provider = v.text; }},
        Option{{"hybrid_storage.cloud_bucket", Kind::text, "", "name of the cloud bucket; it must be yours and exist"},
               [](S& s, V v) { s.store.bucket = v.text; }},
        Option{{"hybrid_storage.endpoint", Kind::url, "", "URL of an S3-compatible server; without it, Amazon's own"},
               [](S& s, V v) { s.store.endpoint = v.text; }},
        Option{{"hybrid_storage.region", Kind::text, "", "region of the cloud bucket, for instance eu-central-1"},
               [](S& s, V v) { s.store.region = v.text; }},
        Option{{"hybrid_storage.prefix", Kind::text, "",
                "begin of every key; without it, neurolake/ and the first 8 letters of the lake's id"},
               [](S& s, V v) { s.tier.prefix = trimmed_prefix(v.text); }},
        Option{
            {"hybrid_storage.storage_class", Kind::text, "", "storage class of new objects; without it, the bucket's"},
            [](S& s, V v) { s.store.storage_class = v.text; }},
        Option{{"hybrid_storage.path_style", Kind::boolean, "",
                "true: endpoint/bucket/key; false: bucket.endpoint/key; without it, what fits"},
               [](S& s, V v) { s.store.path_style = v.on; }},
        Option{{"hybrid_storage.ca_file", Kind::folder, "", "certificate authorities to trust instead of the system's"},
               [](S& s, V v) { s.store.ca_file = v.path.string(); }},
        Option{{"hybrid_storage.allow_http", Kind::boolean, "false",
                "true: plain http also to other machines (not advised)"},
               [](S& s, V v) { s.store.allow_http = v.on; }},
        Option{{"hybrid_storage.verify", Kind::word, "auto",
                "proof before a file is freed; auto: the store's checksum, else reading back", "auto"},
               [](S&, V) {}},
        Option{{"hybrid_storage.concurrency", Kind::integer, "8", "requests at the same time", {}, 1, 64},
               [](S& s, V v) { s.store.concurrency = static_cast<unsigned>(v.integer); }},
        Option{{"hybrid_storage.part_size",
                Kind::size,
                "16MiB",
                "size of an upload's parts",
                {},
                5.0 * (1 << 20),
                5.0 * (1 << 30)},
               [](S& s, V v) { s.store.part_size = v.bytes; }},
        Option{{"hybrid_storage.directory", Kind::folder, "", "provider directory: the folder that takes the objects"},
               [](S& s, V v) { s.store.directory = v.path.string(); }},
        Option{{"hybrid_storage.credentials_file", Kind::folder, "", "file with access keys, readable by you alone"},
               [](S& s, V v) { s.store.credentials_file = v.path.string(); }},
        Option{{"hybrid_storage.profile", Kind::text, "", "profile in the shared credentials file"},
               [](S& s, V v) { s.store.profile = v.text; }},
        Option{{"hybrid_storage.access_key_id",
                Kind::text,
                "",
                "better kept in the environment or the shared credentials file",
                {},
                -k_inf,
                k_inf,
                true},
               [](S& s, V v) { s.store.access_key_id = v.text; }},
        Option{{"hybrid_storage.secret_access_key",
                Kind::text,
                "",
                "better kept in the environment or the shared credentials file",
                {},
                -k_inf,
                k_inf,
                true},
               [](S& s, V v) { s.store.secret_access_key = v.text; }},
        // burst
        Option{{"burst.min_age_days", Kind::number, "0", "younger files stay", {}, 0, 36500},
               [](S& s, V v) { s.tier.min_age_days = v.number; }},
        Option{{"burst.min_size", Kind::size, "64KiB", "smaller files stay", {}, 0},
               [](S& s, V v) { s.tier.min_size = v.bytes; }},
        Option{{"burst.include", Kind::globs, "[]", "only these move: patterns on bucket/path; empty = all"},
               [](S& s, V v) { s.tier.include = v.list; }},
        Option{{"burst.exclude", Kind::globs, "[]", "these never move: patterns on bucket/path"},
               [](S& s, V v) { s.tier.exclude = v.list; }},
        Option{{"burst.unit", Kind::word, "table", "what moves whole: a table or partition, or single files",
                "table|file"},
               [](S& s, V v) { s.tier.unit = v.text == "file" ? tier::UnitKind::file : tier::UnitKind::table; }},
        Option{{"burst.stub", Kind::word, "guarded",
                "guarded: stubs have mode 0000; readable: 0444, so that plain copies of the lake succeed",
                "guarded|readable"},
               [](S& s, V v) { s.tier.readable_stub = v.text == "readable"; }},
        Option{{"burst.bandwidth", Kind::size, "", "bytes a second at most, for instance 10MB", {}, 1024},
               [](S& s, V v) {
                   s.tier.bandwidth = v.bytes;
                   s.store.bytes_per_second = v.bytes;
               }},
        Option{{"burst.max_per_run", Kind::size, "", "a run moves at most this much", {}, 1},
               [](S& s, V v) { s.tier.max_per_run = v.bytes; }},
        Option{{"burst.error_stop_pct",
                Kind::percent,
                "50",
                "a run stops when this share of its files failed",
                {},
                1,
                100},
               [](S& s, V v) { s.tier.error_stop_percent = v.number; }},
        // retention
        Option{{"retention.cloud", Kind::boolean, "false",
                "true: retention also removes copies in the cloud (not in this version)"},
               [](S& s, V v) {
                   s.retention.cloud = v.on;
                   s.tier.retention_cloud = v.on;
               }},
        Option{{"retention.trash_days",
                Kind::integer,
                "7",
                "how long removed files stay in the trash (this version empties none)",
                {},
                0,
                36500},
               [](S& s, V v) { s.retention.trash_days = static_cast<int>(v.integer); }},
        Option{{"retention.max_delete_pct",
                Kind::percent,
                "50",
                "retention stops when it would remove more of a bucket (not in this version)",
                {},
                0,
                100},
               [](S& s, V v) { s.retention.max_delete_percent = v.number; }},
        // monitoring
        Option{{"monitoring.log_level", Kind::word, "INFO", "how much the logs say", "DEBUG|INFO|WARNING|ERROR"},
               [](S& s, V v) { s.monitoring.log_level = v.text; }},
        Option{{"monitoring.log_path", Kind::folder, "logs", "folder of the logs"},
               [](S& s, V v) { s.monitoring.log_folder = v.path; }},
        Option{{"monitoring.audit_enabled", Kind::boolean, "true",
                "keep logs/audit.log, the chained list of every change"},
               [](S& s, V v) { s.monitoring.audit_enabled = v.on; }},
        Option{{"monitoring.metrics_enabled", Kind::boolean, "false", "write metrics for a text-file collector"},
               [](S& s, V v) { s.monitoring.metrics_enabled = v.on; }},
};

using B = lake::Bucket;

const std::array k_bucket_fields = {
    BucketField{{"path", Kind::folder, "", "the bucket's folder; without it, buckets/NAME"},
                [](B& b, V v) {
                    b.root = v.path;
                    b.configured_path = v.text;
                }},
    BucketField{{"tier", Kind::word, "local",
                 "local: moves when the lake is full; cloud: at every burst; pinned: never", "local|cloud|pinned"},
                [](B& b, V v) { b.tier = lake::tier_from(v.text).value_or(lake::Tier::local); }},
    BucketField{{"retention_days", Kind::days, "-1",
                 "days to keep files; -1 or forever = for ever; noted only, nothing is removed in this version"},
                [](B& b, V v) { b.retention_days = static_cast<int>(v.integer); }},
    BucketField{{"purpose", Kind::text, "", "what the bucket is for"}, [](B& b, V v) { b.purpose = v.text; }},
    BucketField{{"auto_catalog", Kind::boolean, "true", "false: `catalog index` leaves it out unless named"},
                [](B& b, V v) { b.auto_catalog = v.on; }},
    BucketField{{"created_at", Kind::moment, "", "when the bucket was made"}, [](B& b, V v) { b.created_at = v.text; }},
    BucketField{{"burst.min_age_days", Kind::number, "", "as burst.min_age_days, for this bucket", {}, 0, 36500},
                [](B& b, V v) { b.burst.min_age_days = v.number; }},
    BucketField{{"burst.min_size", Kind::size, "", "as burst.min_size, for this bucket", {}, 0},
                [](B& b, V v) { b.burst.min_size = v.bytes; }},
    BucketField{{"burst.include", Kind::globs, "", "patterns on the path inside the bucket"},
                [](B& b, V v) { b.burst.include = v.list; }},
    BucketField{{"burst.exclude", Kind::globs, "", "patterns on the path inside the bucket"},
                [](B& b, V v) { b.burst.exclude = v.list; }},
};

}  // namespace

std::span<const Option> options() { return k_options; }
std::span<const BucketField> bucket_fields() { return k_bucket_fields; }

const Option* find_option(std::string_view key) {
    const auto found = std::find_if(k_options.begin(), k_options.end(), [&](const Option& o) { return o.key == key; });
    return found == k_options.end() ? nullptr : &*found;
}

const BucketField* find_bucket_field(std::string_view field) {
    const auto found = std::find_if(k_bucket_fields.begin(), k_bucket_fields.end(),
                                    [&](const BucketField& f) { return f.key == field; });
    return found == k_bucket_fields.end() ? nullptr : &*found;
}

bool is_secret(const Rule& rule, std::string_view written) {
    return rule.secret && (!rule.holds_secret || rule.holds_secret(written));
}

std::string environment_name(std::string_view key) {
    std::string name = "NEUROLAKE_";
    for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

}  // namespace neurolake::config
