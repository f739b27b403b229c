// load_test.cpp: what the files, the environment and flags mean, and what is refused with which words.
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "scratch.hpp"

using namespace neurolake;
using config::Config;
using scratch::environment;
using scratch::load_error;

namespace {

Config load(const scratch::Lake& lake, std::map<std::string, std::string> env = {},
            std::vector<std::pair<std::string, std::string>> flags = {}) {
    auto loaded = Config::load(lake.home(), environment(std::move(env)), flags);
    if (!loaded) FAIL(loaded.error().message);
    return std::move(*loaded);
}

std::string original_settings() {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    REQUIRE(tests != nullptr);
    std::ifstream in(std::filesystem::path(tests) / "support/samples/settings-original.yaml", std::ios::binary);
    REQUIRE(in.good());
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

const lake::Bucket& bucket(const Config& config, std::string_view name) {
    for (const lake::Bucket& one : config.settings().buckets)
        if (one.name == name) return one;
    FAIL("no bucket " << name);
    std::abort();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the original settings file is accepted as it is", "[config]") {
    scratch::Lake lake;
    lake.settings(original_settings());
    const Config config = load(lake);
    const config::Settings& s = config.settings();
    REQUIRE(s.buckets.size() == 5);
    CHECK(bucket(config, "raw-data").retention_days == 90);
    CHECK(bucket(config, "processed").retention_days == 365);
    CHECK(bucket(config, "analytics").retention_days == 730);
    CHECK(bucket(config, "ml-models").retention_days == lake::k_keep_forever);
    CHECK(bucket(config, "archive").retention_days == 1095);
    CHECK(bucket(config, "archive").tier == lake::Tier::cloud);
    CHECK(bucket(config, "raw-data").tier == lake::Tier::local);
    CHECK(bucket(config, "raw-data").root == lake.home() / "buckets/raw-data");
    CHECK(bucket(config, "raw-data").configured_path == "C:/NeuroLake/buckets/raw-data");
    CHECK_FALSE(bucket(config, "raw-data").outside);
    CHECK(s.catalog.folder == lake.home() / "catalog");
    CHECK(s.tier.marks.capacity.bytes == 100ull << 30);
    REQUIRE(s.tier.marks.threshold);
    CHECK(s.tier.marks.threshold->bytes == 80ull << 30);
    CHECK(s.tier.marks.threshold->origin == "hybrid_storage.local_threshold_gb, config/settings.yaml:39");
    CHECK(s.store.bucket == "neurolake-cloud-burst");
    REQUIRE(s.warnings.size() == 2);
    CHECK(contains(s.warnings[0], "storage.base_path (config/settings.yaml:4) says C:/NeuroLake"));
    CHECK(contains(s.warnings[1], "6 paths below C:/NeuroLake are read below " + lake.home().string()));
}

TEST_CASE("an empty settings file means the defaults", "[config]") {
    scratch::Lake lake;
    lake.settings("# nothing yet\n");
    const Config config = load(lake);
    const config::Settings& s = config.settings();
    CHECK(s.buckets.empty());
    CHECK(s.tier.marks.threshold->bytes == 80ull << 30);
    CHECK(s.tier.marks.threshold->origin == "hybrid_storage.local_threshold_gb, default");
    CHECK(s.tier.marks.min_free_percent == 5);
    CHECK_FALSE(s.tier.marks.min_free);
    CHECK(s.tier.min_size == 64u << 10);
    CHECK(s.tier.prefix.empty());
    CHECK(s.store.part_size == 16u << 20);
    CHECK_FALSE(s.store.path_style);
    CHECK(s.monitoring.log_folder == lake.home() / "logs");
    CHECK(s.warnings.empty());
}

TEST_CASE("a missing settings file is an error and not the defaults", "[config]") {
    scratch::Lake lake;
    auto loaded = Config::load(lake.home(), environment());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::config);
    CHECK(contains(loaded.error().message, "is missing"));
}

TEST_CASE("the three spellings of a Windows base path load equal", "[config]") {
    for (const char* base :
         {"C:/NeuroLake", "C:\\NeuroLake", "'C:\\NeuroLake'", "\"C:\\\\NeuroLake\"", "c:/neurolake/"}) {
        INFO(base);
        scratch::Lake lake;
        lake.settings(std::string("storage:\n  base_path: ") + base +
                      "\nbuckets:\n  raw-data:\n    path: 'C:\\NeuroLake\\buckets\\raw-data'\n");
        const Config config = load(lake);
        CHECK(bucket(config, "raw-data").root == lake.home() / "buckets/raw-data");
        CHECK(config.settings().warnings.size() == 2);
    }
}

TEST_CASE("a backslash in double quotes is explained with line, character and fix", "[config]") {
    scratch::Lake lake;
    lake.settings("storage:\n  base_path: \"C:\\NeuroLake\"\n");
    auto loaded = Config::load(lake.home(), environment());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::config);
    const std::string& text = loaded.error().message;
    CHECK(contains(text, "config/settings.yaml:2:14: "));
    CHECK(contains(text, "U+0085"));
    CHECK(contains(text, "C:/NeuroLake"));
    CHECK(contains(text, "'C:\\NeuroLake'"));
}

TEST_CASE("escapes that make no control character or that YAML does not know are explained too", "[config]") {
    for (const char* path : {"\"C:\\_data\"", "\"C:\\Qdata\"", "\"C:\\Users\"", "\"C:\\xyz\"", "\"D:\\tmp\""}) {
        INFO(path);
        scratch::Lake lake;
        lake.settings(std::string("storage:\n  base_path: ") + path + "\n");
        const std::string text = load_error(lake);
        CHECK(contains(text, "config/settings.yaml:2:"));
        CHECK(contains(text, "in double quotes a backslash begins an escape"));
    }
}

TEST_CASE("all mistakes are told at once, each with its place", "[config]") {
    scratch::Lake lake;
    lake.settings(
        "storage:\n"
        "  local_capacity_gb: eighty\n"
        "  cloud_burst_enabeld: true\n"
        "hybrid_storage:\n"
        "  cloud_provider: dropbox\n"
        "  part_size: 1\n"
        "buckets:\n"
        "  raw-data:\n"
        "    retention_days: 0\n"
        "    teir: local\n"
        "  raw-data:\n"
        "    tier: warm\n"
        "retenton:\n"
        "  cloud: false\n");
    lake.buckets("buckets:\n  Raw:\n    tier: local\n");
    const std::string text = load_error(lake);
    const std::vector<std::string> expected = {
        "config/settings.yaml:2:22: storage.local_capacity_gb: 'eighty' is not a number of gigabytes",
        "config/settings.yaml:3:3: unknown key 'cloud_burst_enabeld' in storage; did you mean cloud_burst_enabled?",
        "config/settings.yaml:5:19: hybrid_storage.cloud_provider: 'dropbox' is not known here; write s3, azure, gcs, "
        "directory",
        "config/settings.yaml:6:14: hybrid_storage.part_size: 1 is out of range",
        "config/settings.yaml:9:21: buckets.raw-data.retention_days: 0 is not a retention; use -1 for ever or >= 1",
        "config/settings.yaml:10:5: unknown key 'teir' in bucket raw-data; did you mean tier?",
        "config/settings.yaml:11:3: 'raw-data' stands here twice (first on line 8); keep one",
        "config/settings.yaml:12:11: buckets.raw-data.tier: 'warm' is not known here",
        "config/settings.yaml:13:1: unknown section 'retenton'; did you mean retention?",
        "config/buckets.yaml:2:3: ",
    };
    std::size_t from = 0;
    for (const std::string& one : expected) {
        INFO(one << "\nin:\n" << text);
        const std::size_t at = text.find(one, from);
        CHECK(at != std::string::npos);
        if (at != std::string::npos) from = at;
    }
}

TEST_CASE("a key in the wrong section is told where it belongs", "[config]") {
    scratch::Lake lake;
    lake.settings("storage:\n  local_threshold_gb: 80\nburst:\n  trash_days: 3\nlog_level: INFO\n");
    const std::string text = load_error(lake);
    CHECK(contains(text, "unknown key 'local_threshold_gb' in storage; it belongs to hybrid_storage"));
    CHECK(contains(text, "unknown key 'trash_days' in burst; it belongs to retention"));
    CHECK(contains(text, "unknown section 'log_level'; write it as monitoring.log_level"));
}

TEST_CASE("every layer counts over the ones below it, and the origin says which", "[config]") {
    scratch::Lake lake;
    lake.settings(
        "burst:\n  min_age_days: 1\n  min_size: 1MiB\n  unit: file\nbuckets:\n  one:\n    retention_days: 10\n    "
        "purpose: p\n");
    lake.buckets("buckets:\n  one:\n    retention_days: 20\n");
    const Config config = load(lake, {{"NEUROLAKE_BURST_MIN_AGE_DAYS", "2"}, {"NEUROLAKE_BURST_MIN_SIZE", "2MiB"}},
                               {{"burst.min_age_days", "3"}});
    CHECK(config.settings().tier.min_age_days == 3);
    CHECK(config.get("burst.min_age_days")->origin == "flag --set");
    CHECK(config.settings().tier.min_size == 2u << 20);
    CHECK(config.get("burst.min_size")->origin == "env NEUROLAKE_BURST_MIN_SIZE");
    CHECK(config.get("burst.unit")->origin == "config/settings.yaml:4");
    CHECK(config.get("burst.stub")->origin == "default");
    CHECK(config.get("burst.stub")->value == "guarded");
    CHECK(bucket(config, "one").retention_days == 20);
    CHECK(bucket(config, "one").purpose == "p");
    CHECK(config.get("buckets.one.retention_days")->origin == "config/buckets.yaml:3");
    CHECK(config.get("buckets.one.purpose")->origin == "config/settings.yaml:8");
    REQUIRE(config.settings().warnings.size() == 1);
    CHECK(contains(config.settings().warnings[0],
                   "bucket one stands in config/settings.yaml:6 and in config/buckets.yaml:2"));
}

TEST_CASE("a wrong value in the environment or a flag is an error, never the default", "[config]") {
    scratch::Lake lake;
    lake.settings("");
    CHECK(contains(load_error(lake, {{"NEUROLAKE_STORAGE_HIGH", "lots"}}),
                   "NEUROLAKE_STORAGE_HIGH: storage.high: 'lots' is not a size"));
    auto flag = Config::load(lake.home(), environment(), {{"storage.hihg", "1GB"}});
    REQUIRE_FALSE(flag);
    CHECK(contains(flag.error().message, "--set storage.hihg: unknown key; did you mean storage.high?"));
    auto secret = Config::load(lake.home(), environment(), {{"hybrid_storage.secret_access_key", "x"}});
    REQUIRE_FALSE(secret);
    CHECK(contains(secret.error().message, "must not stand on the command line"));
}

TEST_CASE("sizes: _gb keys count in 2^30, units are exact", "[config]") {
    scratch::Lake lake;
    lake.settings(
        "storage:\n  local_capacity_gb: 0.5\n  low: 200MB\n  min_free: 1GiB\nhybrid_storage:\n  local_threshold_gb: "
        "0.25\n");
    const auto marks = load(lake).settings().tier.marks;
    CHECK(marks.capacity.bytes == 512u << 20);
    CHECK(marks.threshold->bytes == 256u << 20);
    CHECK(marks.low->bytes == 200'000'000);
    CHECK(marks.min_free->bytes == 1u << 30);
    lake.settings("storage:\n  local_capacity_gb: 80GB\nhybrid_storage:\n  local_threshold_gb: 3MiB\n");
    CHECK(load(lake).settings().tier.marks.capacity.bytes == 80'000'000'000);
    CHECK(load(lake).settings().tier.marks.threshold->bytes == 3u << 20);
    lake.settings("storage:\n  min_free: 12%\n  cloud_burst_threshold_percent: 70\n");
    const auto shares = load(lake).settings().tier.marks;
    CHECK(shares.min_free_percent == 12);
    CHECK_FALSE(shares.min_free);
    CHECK(shares.threshold_percent == 70.0);
    CHECK(shares.threshold_percent_origin == "storage.cloud_burst_threshold_percent, config/settings.yaml:3");
}

TEST_CASE("a size with a unit counts over the gigabytes of the same or a lower layer", "[config]") {
    scratch::Lake lake;
    lake.settings(
        "storage:\n  high: 3MiB\n  capacity: 50GB\n  local_capacity_gb: 10\nhybrid_storage:\n  local_threshold_gb: "
        "80\n");
    const Config config = load(lake);
    CHECK(config.settings().tier.marks.threshold->bytes == 3u << 20);
    CHECK(config.settings().tier.marks.threshold->origin == "storage.high, config/settings.yaml:2");
    CHECK(config.settings().tier.marks.capacity.bytes == 50'000'000'000);
    CHECK(config.get("hybrid_storage.local_threshold_gb")->origin == "config/settings.yaml:6, but storage.high counts");
    const Config env = load(lake, {{"NEUROLAKE_HYBRID_STORAGE_LOCAL_THRESHOLD_GB", "1"}});
    CHECK(env.settings().tier.marks.threshold->bytes == 1u << 30);
    CHECK(env.get("storage.high")->origin == "config/settings.yaml:2, but hybrid_storage.local_threshold_gb counts");
}

TEST_CASE("the low mark must lie below the high mark", "[config]") {
    scratch::Lake lake;
    lake.settings("storage:\n  high: 1GiB\n  low: 2GiB\n");
    CHECK(contains(load_error(lake), "config/settings.yaml:3:8: storage.low (2.0 GiB) is above the high mark"));
}

TEST_CASE("paths: relative ones, an old base, other absolute ones, foreign drives", "[config]") {
    scratch::Lake lake;
    lake.settings(
        "storage:\n  base_path: /srv/old lake\nbuckets:\n"
        "  one:\n    path: buckets/here\n"
        "  two:\n    path: /srv/old lake/buckets/there\n"
        "  three:\n    path: /mnt/disk/three\n"
        "  four:\n    path: ../four\n"
        "  five:\n    path: /srv/old lake 2/five\n"
        "  six:\n    path: ~/six\n");
    const Config config = load(lake, {{"HOME", "/home/ana"}});
    CHECK(bucket(config, "one").root == lake.home() / "buckets/here");
    CHECK(bucket(config, "two").root == lake.home() / "buckets/there");
    CHECK_FALSE(bucket(config, "two").outside);
    CHECK(bucket(config, "three").root == "/mnt/disk/three");
    CHECK(bucket(config, "three").outside);
    CHECK(bucket(config, "four").root == lake.root() / "four");
    CHECK(bucket(config, "five").root == "/srv/old lake 2/five");
    CHECK(bucket(config, "six").root == "/home/ana/six");
    CHECK(contains(config.settings().warnings.at(1), "a path below /srv/old lake is read below"));
    lake.settings("storage:\n  base_path: C:/NeuroLake\nbuckets:\n  one:\n    path: D:/data/one\n");
    CHECK(contains(load_error(lake),
                   "config/settings.yaml:5:11: buckets.one.path: 'D:/data/one' is a Windows path "
                   "outside storage.base_path"));
}

TEST_CASE("a base path that is this folder brings no warning, however it is spelled", "[config]") {
    scratch::Lake lake;
    std::filesystem::create_directory_symlink(lake.home(), lake.root() / "link");
    for (const std::string& base :
         {std::string("."), lake.home().string(), lake.home().string() + "/", (lake.root() / "link").string()}) {
        INFO(base);
        lake.settings("storage:\n  base_path: " + base +
                      "\nbuckets:\n  one:\n    path: " + (lake.root() / "link/buckets/one").string() + "\n");
        const Config config = load(lake);
        CHECK(config.settings().warnings.empty());
    }
}

TEST_CASE("a whole drive as base path claims nothing", "[config]") {
    scratch::Lake lake;
    lake.settings("storage:\n  base_path: /\nbuckets:\n  one:\n    path: /mnt/one\n");
    CHECK(bucket(load(lake), "one").root == "/mnt/one");
}

TEST_CASE("no two buckets share a folder, and none takes the lake's own", "[config]") {
    struct {
        const char* path;
        const char* part;
    } const cases[] = {{"buckets/one", "lies inside bucket"},
                       {"buckets/one/deep", "lies inside bucket"},
                       {"catalog", "is the lake's own folder"},
                       {".", "holds the lake itself"},
                       {"..", "holds the lake itself"},
                       {"buckets", "holds all buckets"},
                       {".neurolake/x", "is the lake's own folder"}};
    for (const auto& one : cases) {
        INFO(one.path);
        scratch::Lake lake;
        lake.settings(std::string("buckets:\n  one:\n    tier: local\n  two:\n    path: ") + one.path + "\n");
        CHECK(contains(load_error(lake), one.part));
    }
}

TEST_CASE("a directory store never lies inside the lake's own folders", "[config]") {
    scratch::Lake lake;
    for (const char* good : {"cloud", "/mnt/nas/lake", "../cloud"}) {
        INFO(good);
        lake.settings(std::string("hybrid_storage:\n  cloud_provider: directory\n  directory: ") + good + "\n");
        CHECK(load_error(lake) == "");
    }
    lake.settings("hybrid_storage:\n  directory: buckets/x\n");
    CHECK(contains(load_error(lake), "lies inside the lake's own folders"));
}

TEST_CASE("a secret in a file that others can read is refused, in a private one it is a warning", "[config]") {
    scratch::Lake lake;
    lake.settings("hybrid_storage:\n  access_key_id: AKIAIOSFODNN7EXAMPLE\n  secret_access_key: hidden-word\n");
    ::chmod((lake.home() / "config/settings.yaml").c_str(), 0644);
    CHECK(contains(load_error(lake), "config/settings.yaml:3:22: a secret in a file that others can read"));
    CHECK_FALSE(contains(load_error(lake), "hidden-word"));
    ::chmod((lake.home() / "config/settings.yaml").c_str(), 0600);
    const Config config = load(lake);
    CHECK(config.settings().store.secret_access_key == "hidden-word");
    REQUIRE(config.settings().warnings.size() == 2);
    CHECK(config.get("hybrid_storage.secret_access_key")->value == "(set)");
    CHECK(config.get("hybrid_storage.access_key_id")->value == "AKIA...MPLE");
    for (const auto& shown : config.shown()) CHECK_FALSE(contains(shown.value, "hidden"));
}

TEST_CASE("endpoints are plain URLs without credentials", "[config]") {
    scratch::Lake lake;
    const auto with = [&](const std::string& url) {
        lake.settings("hybrid_storage:\n  endpoint: '" + url + "'\n");
        return load_error(lake);
    };
    CHECK(with("http://127.0.0.1:9000") == "");
    CHECK(with("https://s3.example.org/base/") == "");
    CHECK(with("") == "");
    CHECK(contains(with("s3.example.org"), "does not begin with"));
    CHECK(contains(with("ftp://x"), "does not begin with"));
    CHECK(contains(with("https://u:p@x"), "user name or password"));
    CHECK(contains(with("https://x/?a=b"), "more than host"));
    CHECK(contains(with("https://"), "names no host"));
}

TEST_CASE("numbers are typed strictly", "[config]") {
    scratch::Lake lake;
    struct {
        const char* line;
        const char* part;
    } const cases[] = {
        {"retention:\n  trash_days: 0644", "is not a whole number"},
        {"retention:\n  trash_days: 1.5", "is not a whole number"},
        {"retention:\n  cloud: maybe", "neither true nor false"},
        {"burst:\n  error_stop_pct: 400", "out of range"},
        {"storage:\n  local_capacity_gb: .inf", "not a number"},
        {"storage:\n  local_capacity_gb: 0", "out of range"},
        {"storage:\n  local_capacity_gb: 1e300", "out of range"},
        {"storage:\n  high: 80", "has no unit and would mean 80 bytes; write for instance 80GB or 80GiB"},
        {"storage:\n  high: 0", "out of range"},
        {"storage:\n  low:", "has no value"},
        {"storage:\n  low: {a: 1}", "is a section where one value belongs"},
        {"storage:\n  low: [1]", "is a list where one value belongs"},
        {"storage: 5", "must be a section"},
        {"buckets: [a]", "must be a section"},
        {"buckets:\n  one: 5", "must be a section"},
        {"burst:\n  include: [[a]]", "each pattern must be one word"},
        {"buckets:\n  one:\n    created_at: yesterday", "is not a time"}};
    for (const auto& one : cases) {
        INFO(one.line);
        lake.settings(std::string(one.line) + "\n");
        CHECK(contains(load_error(lake), one.part));
    }
}

TEST_CASE("bucket fields are read, with rules of their own for burst", "[config]") {
    scratch::Lake lake;
    lake.settings("burst:\n  include: [a/**, '*.csv']\n  exclude: '*.tmp'\n");
    lake.buckets(
        "\xEF\xBB\xBF"
        "buckets:\r\n  one:\r\n    tier: pinned\r\n    retention_days: forever\r\n    purpose: \"yes: it's\"\r\n"
        "    auto_catalog: no\r\n    created_at: 2024-01-02T03:04:05.123456\r\n    burst:\r\n      min_size: 1KB\r\n   "
        "   min_age_days: 2.5\r\n"
        "      include:\r\n        - '*.parquet'\r\n        - x\r\n  two:\r\n");
    const Config config = load(lake);
    const lake::Bucket& one = bucket(config, "one");
    CHECK(one.tier == lake::Tier::pinned);
    CHECK(one.retention_days == lake::k_keep_forever);
    CHECK(one.purpose == "yes: it's");
    CHECK_FALSE(one.auto_catalog);
    CHECK(one.created_at == "2024-01-02T03:04:05.123456");
    CHECK(one.burst.min_size == 1000u);
    CHECK(one.burst.min_age_days == 2.5);
    CHECK(one.burst.include == std::vector<std::string>{"*.parquet", "x"});
    CHECK_FALSE(one.burst.exclude);
    CHECK(one.origin == "config/buckets.yaml:2");
    CHECK(bucket(config, "two").tier == lake::Tier::local);
    CHECK(config.settings().tier.include == std::vector<std::string>{"a/**", "*.csv"});
    CHECK(config.settings().tier.exclude == std::vector<std::string>{"*.tmp"});
    CHECK(config.get("burst.include")->value == "[a/**, *.csv]");
    lake.buckets("buckets:\n  one:\n    burst:\n      unit: file\n      min_sise: 1\n");
    CHECK(contains(load_error(lake), "unknown key 'burst.unit' in bucket one; it is a setting of the whole lake"));
    CHECK(contains(load_error(lake), "did you mean burst.min_size?"));
}
