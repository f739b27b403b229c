// edit_test.cpp: editing one value leaves every other byte alone, or refuses.
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "config/edit.hpp"
#include "config/settings_file.hpp"
#include "scratch.hpp"

using namespace neurolake;
using config::set_value;
using scratch::environment;

namespace {

// set_value on `before` must give exactly `after`.
void check_edit(const std::string& before, const char* key, const char* value, const std::string& after) {
    INFO(key << " = " << value << " in\n" << before);
    scratch::Lake lake;
    lake.settings(before);
    const Status done = set_value(lake.home(), key, value);
    if (!done) FAIL_CHECK(done.error().message);
    CHECK(lake.read("config/settings.yaml") == after);
    if (before != after) CHECK(lake.read("config/settings.yaml.bak") == before);
}

Error refused(const std::string& before, const char* key, const char* value) {
    INFO(key << " = " << value << " in\n" << before);
    scratch::Lake lake;
    lake.settings(before);
    const Status done = set_value(lake.home(), key, value);
    CHECK(lake.read("config/settings.yaml") == before);
    CHECK_FALSE(std::filesystem::exists(lake.home() / "config/settings.yaml.bak"));
    REQUIRE_FALSE(done);
    return done.error();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string with_buckets(const std::string& buckets, const std::function<Status(const std::filesystem::path&)>& act) {
    scratch::Lake lake;
    lake.settings("");
    lake.buckets(buckets);
    const Status done = act(lake.home());
    if (!done) FAIL_CHECK(done.error().message);
    return lake.read("config/buckets.yaml");
}

}  // namespace

TEST_CASE("a value is replaced and comments, quotes around others, line ends and a byte order mark stay", "[config]") {
    check_edit("storage:\n  local_capacity_gb: 100   # room\n  low: '1GB'\n", "storage.local_capacity_gb", "250",
               "storage:\n  local_capacity_gb: 250   # room\n  low: '1GB'\n");
    check_edit("storage:\r\n  low: '1GB' # it''s\r\n  high: 2GB\r\n", "storage.low", "1.5GB",
               "storage:\r\n  low: 1.5GB # it''s\r\n  high: 2GB\r\n");
    check_edit("\xEF\xBB\xBFstorage:\n  high: \"2GB\"", "storage.high", "3GB", "\xEF\xBB\xBFstorage:\n  high: 3GB");
    check_edit("# \xC3\xA4\nstorage: # \xE6\x97\xA5\n    base_path: \xE6\x97\xA5\xE6\x9C\xAC # x\n",
               "storage.base_path", "\xC3\xBC b",
               "# \xC3\xA4\nstorage: # \xE6\x97\xA5\n    base_path: \xC3\xBC b # x\n");
}

TEST_CASE("a missing key goes into its section, a missing section to the end", "[config]") {
    check_edit("storage:\n  high: 2GB # h\n\n# next\ncatalog:\n  backend: json\n", "storage.low", "1GB",
               "storage:\n  high: 2GB # h\n  low: 1GB\n\n# next\ncatalog:\n  backend: json\n");
    check_edit("storage:\r\n    high: 2GB\r\n", "storage.low", "1GB", "storage:\r\n    high: 2GB\r\n    low: 1GB\r\n");
    check_edit("storage:\n  high: 2GB", "storage.low", "1GB", "storage:\n  high: 2GB\n  low: 1GB\n");
    check_edit("storage:\n  high: 2GB\n# end", "burst.unit", "file",
               "storage:\n  high: 2GB\n# end\nburst:\n  unit: file\n");
    check_edit("", "burst.unit", "file", "burst:\n  unit: file\n");
    check_edit("# only\n", "burst.unit", "file", "# only\nburst:\n  unit: file\n");
    check_edit("burst: # later\ncatalog:\n", "burst.unit", "file", "burst: # later\n  unit: file\ncatalog:\n");
    check_edit("burst:\n  include:\n    - a\n    - b\n", "burst.unit", "file",
               "burst:\n  include:\n    - a\n    - b\n  unit: file\n");
}

TEST_CASE("a new value stands behind its commented-out example", "[config]") {
    check_edit("burst:\n  # min_size: 1\n  # unit: table  # t\n  # stub: guarded\n", "burst.unit", "file",
               "burst:\n  # min_size: 1\n  # unit: table  # t\n  unit: file\n  # stub: guarded\n");
    check_edit("storage:\n  # high: 1\ncatalog:\n  # high: 2\n", "storage.high", "9GB",
               "storage:\n  # high: 1\n  high: 9GB\ncatalog:\n  # high: 2\n");
}

TEST_CASE("braces and lists on one line are edited too", "[config]") {
    check_edit("storage: {high: 2GB, low: 1GB} # c\n", "storage.high", "3GB", "storage: {high: 3GB, low: 1GB} # c\n");
    check_edit("storage: {high: 2GB} # c\n", "storage.low", "1GB", "storage: {high: 2GB, low: 1GB} # c\n");
    check_edit("storage: {}\n", "storage.low", "1GB", "storage: {low: 1GB}\n");
    check_edit("burst:\n  include: [a, 'b, ]']  # x\n", "burst.include", "*.csv,it's",
               "burst:\n  include: ['*.csv', 'it''s']  # x\n");
    check_edit("burst:\n  exclude: [a]\n", "burst.exclude", "", "burst:\n  exclude: []\n");
}

TEST_CASE("what cannot be edited safely is refused with the place", "[config]") {
    CHECK(contains(refused("burst:\n  include:\n    - a\n", "burst.include", "b").message,
                   "config/settings.yaml:3:5: cannot edit this in place"));
    CHECK(refused("burst: {include: [a,\n  b]}\n", "burst.unit", "file").code == Errc::unsupported);
    CHECK(refused("storage:\n  base_path: one\n    two\n", "storage.base_path", "x").code == Errc::config);
    CHECK(refused("storage: ~\n", "storage.low", "1GB").code == Errc::unsupported);
}

TEST_CASE("a value that would not load is refused and nothing is written", "[config]") {
    CHECK(contains(refused("storage:\n  high: 2GB\n", "storage.high", "banana").message, "'banana' is not a size"));
    CHECK(contains(refused("storage:\n  high: 2GB\n", "storage.low", "3GB").message, "is above the high mark"));
    CHECK(refused("storage:\n", "storage.hihg", "3GB").hint == "did you mean storage.high?");
    CHECK(refused("storage:\n", "storage.base_path", "a\nb").code == Errc::usage);
    CHECK(contains(refused("storage:\n", "hybrid_storage.secret_access_key", "x").message, "is a secret"));
    CHECK(contains(refused("storage:\n   high: 2GB\n  low: 1GB\n", "storage.high", "3GB").message,
                   "config/settings.yaml:3:"));
}

TEST_CASE("an old mistake elsewhere does not stop an edit that mends another one", "[config]") {
    check_edit("storage:\n  high: x\n  low: y\n", "storage.high", "3GB", "storage:\n  high: 3GB\n  low: y\n");
}

TEST_CASE("text is quoted where another reader would take it for something else", "[config]") {
    const auto purpose = [](const char* value) {
        const std::string text = with_buckets(
            "buckets:\n  one:\n", [&](const auto& home) { return set_value(home, "buckets.one.purpose", value); });
        const std::string head = "buckets:\n  one:\n    purpose: ";
        REQUIRE(text.starts_with(head));
        return text.substr(head.size(), text.size() - head.size() - 1);
    };
    CHECK(purpose("Customer behavior analysis") == "Customer behavior analysis");
    CHECK(purpose("yes") == "'yes'");
    CHECK(purpose("12") == "'12'");
    CHECK(purpose("a: b") == "'a: b'");
    CHECK(purpose("a #b") == "'a #b'");
    CHECK(purpose("it's") == "it's");
    CHECK(purpose("'x'") == "'''x'''");
    CHECK(purpose("") == "''");
    CHECK(purpose("- x") == "'- x'");
    CHECK(purpose("[x]") == "'[x]'");
    CHECK(purpose("&x") == "'&x'");
    CHECK(purpose("C:\\x") == "'C:\\x'");
    CHECK(purpose("\xC3\xA4 \xE6\x97\xA5") == "\xC3\xA4 \xE6\x97\xA5");
}

TEST_CASE("the file's mode stays, and a link stays a link", "[config]") {
    scratch::Lake lake;
    lake.write("real.yaml", "storage:\n  high: 2GB\n");
    std::filesystem::create_symlink("../real.yaml", lake.home() / "config/settings.yaml");
    ::chmod((lake.home() / "real.yaml").c_str(), 0640);
    REQUIRE(set_value(lake.home(), "storage.high", "3GB"));
    CHECK(std::filesystem::is_symlink(lake.home() / "config/settings.yaml"));
    CHECK(lake.read("real.yaml") == "storage:\n  high: 3GB\n");
    struct stat seen {};
    REQUIRE(::stat((lake.home() / "real.yaml").c_str(), &seen) == 0);
    CHECK((seen.st_mode & 07777) == 0640);
}

TEST_CASE("a file that somebody changed meanwhile is left alone", "[config]") {
    scratch::Lake lake;
    lake.settings("storage:\n  high: 2GB\n");
    const auto path = lake.home() / "config/settings.yaml";
    const auto file = config::SettingsFile::read(path, "config/settings.yaml", config::SettingsFile::Missing::error);
    REQUIRE(file);
    lake.settings("storage:\n  high: 9GB\n");
    const Status late = file->write("storage:\n  high: 3GB\n");
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::conflict);
    CHECK(lake.read("config/settings.yaml") == "storage:\n  high: 9GB\n");
    CHECK_FALSE(std::filesystem::exists(lake.home() / "config/settings.yaml.bak"));
    const auto fresh = config::SettingsFile::read(lake.home() / "config/buckets.yaml", "config/buckets.yaml",
                                                  config::SettingsFile::Missing::empty);
    REQUIRE(fresh);
    lake.buckets("buckets:\n  one:\n");
    CHECK(fresh->write("buckets:\n").error().code == Errc::conflict);
    CHECK(lake.read("config/buckets.yaml") == "buckets:\n  one:\n");
}

TEST_CASE("every template takes an edit of every setting", "[config]") {
    for (const std::string& name : config::template_names()) {
        for (const config::Option& option : config::options()) {
            if (option.secret) continue;
            std::string value(option.fallback);
            if (option.kind == config::Kind::size || option.kind == config::Kind::size_or_percent) value = "17MiB";
            if (option.kind == config::Kind::percent) value = "60";
            if (option.kind == config::Kind::url) value = "https://s3.example.org";
            if (option.kind == config::Kind::folder) value = "../some where";
            if (option.kind == config::Kind::globs) value = "*.csv,b/**";
            if (option.kind == config::Kind::boolean) value = option.fallback == "true" ? "false" : "true";
            INFO(name << ": " << option.key << " = " << value);
            scratch::Lake lake;
            const std::string before(*config::settings_template(name));
            lake.settings(before);
            const Status done = set_value(lake.home(), option.key, value);
            if (!done) FAIL_CHECK(done.error().message);
            auto loaded = config::Config::load(lake.home(), environment());
            if (!loaded) FAIL(loaded.error().message);
            CHECK(loaded->get(option.key)->value == (option.kind == config::Kind::globs ? "[*.csv, b/**]" : value));
            const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
            CHECK(lines(lake.read("config/settings.yaml")) - lines(before) <= 1);
        }
    }
}

TEST_CASE("a new bucket is added behind the others, whose comments stay", "[config]") {
    lake::Bucket bucket;
    bucket.name = "customer-analytics";
    bucket.purpose = "Customer behavior analysis";
    bucket.retention_days = 365;
    bucket.created_at = "2026-11-22T08:31:00Z";
    bucket.burst.min_size = 4096;
    bucket.burst.include = std::vector<std::string>{"*.csv"};
    const std::string entry =
        "  customer-analytics:\n    path: buckets/customer-analytics\n    tier: local\n    retention_days: 365\n"
        "    purpose: Customer behavior analysis\n    created_at: '2026-11-22T08:31:00Z'\n    burst:\n      min_size: "
        "4096\n"
        "      include: ['*.csv']\n";
    const auto add = [&](const auto& home) { return config::write_bucket(home, bucket); };
    CHECK(with_buckets("# mine\nbuckets:\n  # first\n  one:\n    tier: local # t\n# end\n", add) ==
          "# mine\nbuckets:\n  # first\n  one:\n    tier: local # t\n" + entry + "# end\n");
    CHECK(with_buckets("# mine\n", add) == "# mine\nbuckets:\n" + entry);
    CHECK(with_buckets("buckets:\n", add) == "buckets:\n" + entry);
    scratch::Lake fresh;
    fresh.settings("buckets:\n  other:\n");
    REQUIRE(config::write_bucket(fresh.home(), bucket));
    CHECK(fresh.read("config/buckets.yaml").ends_with("buckets:\n" + entry));
    CHECK(fresh.read("config/settings.yaml") == "buckets:\n  other:\n");
    auto loaded = config::Config::load(fresh.home(), environment());
    REQUIRE(loaded);
    REQUIRE(loaded->settings().buckets.size() == 2);
    CHECK(loaded->settings().buckets[0].burst.include == bucket.burst.include);
}

TEST_CASE("only the changed fields of a bucket are written, where the bucket stands", "[config]") {
    scratch::Lake lake;
    lake.settings("buckets:\n  one: # c\n    tier: local # t\n    purpose: old\n");
    auto loaded = config::Config::load(lake.home(), environment());
    REQUIRE(loaded);
    lake::Bucket bucket = loaded->settings().buckets.at(0);
    bucket.purpose = "new";
    bucket.burst.min_age_days = 3;
    REQUIRE(config::write_bucket(lake.home(), bucket));
    CHECK(lake.read("config/settings.yaml") ==
          "buckets:\n  one: # c\n    tier: local # t\n    purpose: new\n    burst:\n      min_age_days: 3\n");
    CHECK_FALSE(std::filesystem::exists(lake.home() / "config/buckets.yaml"));
    bucket.purpose = "";
    bucket.burst.min_age_days.reset();
    bucket.auto_catalog = false;
    REQUIRE(config::write_bucket(lake.home(), bucket));
    auto again = config::Config::load(lake.home(), environment());
    REQUIRE(again);
    CHECK(again->settings().buckets.at(0).purpose.empty());
    CHECK_FALSE(again->settings().buckets.at(0).auto_catalog);
    CHECK_FALSE(again->settings().buckets.at(0).burst.min_age_days);
}

TEST_CASE("a bucket is renamed with its usual folder, in both files", "[config]") {
    scratch::Lake lake;
    lake.settings(
        "storage:\n  base_path: C:/NeuroLake\nbuckets:\n  one:\n    path: C:/NeuroLake/buckets/one # p\n  oned:\n");
    lake.buckets("buckets:\n  'one': # c\n    purpose: one\n");
    REQUIRE(config::rename_bucket(lake.home(), "one", "two"));
    CHECK(lake.read("config/settings.yaml") ==
          "storage:\n  base_path: C:/NeuroLake\nbuckets:\n  two:\n    path: buckets/two # p\n  oned:\n");
    CHECK(lake.read("config/buckets.yaml") == "buckets:\n  two: # c\n    purpose: one\n");
    CHECK(config::rename_bucket(lake.home(), "none", "x-y").error().code == Errc::not_found);
    CHECK(config::rename_bucket(lake.home(), "two", "oned").error().code == Errc::already_exists);
    CHECK(config::rename_bucket(lake.home(), "two", "Bad").error().code == Errc::usage);
}

TEST_CASE("removing a bucket keeps the comments around it", "[config]") {
    const std::string text =
        "buckets:\n  # about one\n  one:\n    tier: local\n    burst:\n      include:\n        - a\n\n  # about two\n  "
        "two:\n    tier: cloud # c\n";
    CHECK(with_buckets(text, [](const auto& home) { return config::remove_bucket(home, "one"); }) ==
          "buckets:\n  # about one\n\n  # about two\n  two:\n    tier: cloud # c\n");
    CHECK(
        with_buckets(text, [](const auto& home) { return config::remove_bucket(home, "two"); }) ==
        "buckets:\n  # about one\n  one:\n    tier: local\n    burst:\n      include:\n        - a\n\n  # about two\n");
    CHECK(with_buckets("buckets:\n  one:\n", [](const auto& home) { return config::remove_bucket(home, "one"); }) ==
          "buckets:\n");
}
