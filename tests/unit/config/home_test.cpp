// home_test.cpp: which folder is the lake, and that no folder named C: is ever made.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "scratch.hpp"

using namespace neurolake;
using config::find_home;
using config::Platform;
using scratch::environment;

TEST_CASE("--home counts over NEUROLAKE_HOME, then a parent folder, then the default", "[config]") {
    scratch::Lake lake;
    lake.settings("");
    std::filesystem::create_directories(lake.home() / "buckets/raw-data");
    const auto env = environment({{"NEUROLAKE_HOME", "/srv/named"}, {"HOME", "/home/ana"}});
    const auto flag = find_home("/srv/flag/", env, "/tmp");
    CHECK(flag->path == "/srv/flag");
    CHECK(flag->rule == "--home");
    CHECK(find_home("sub", env, "/tmp")->path == "/tmp/sub");
    const auto named = find_home(std::nullopt, env, lake.home() / "buckets/raw-data");
    CHECK(named->path == "/srv/named");
    CHECK(named->rule == "NEUROLAKE_HOME");
    const auto user = environment({{"HOME", "/home/ana"}, {"NEUROLAKE_HOME", ""}});
    const auto parent = find_home(std::nullopt, user, lake.home() / "buckets/raw-data");
    CHECK(parent->path == lake.home());
    CHECK(parent->rule.starts_with("parent folder of "));
    const auto fallback = find_home(std::nullopt, user, lake.root());
    CHECK(fallback->path == "/home/ana/NeuroLake");
    CHECK(fallback->rule == "default");
    CHECK(find_home("~/x", user, "/tmp")->path == "/home/ana/x");
}

TEST_CASE("a drive letter is refused on POSIX and the default on Windows", "[config]") {
    for (const char* path : {"C:/NeuroLake", "C:\\NeuroLake", "d:", "c:/"}) {
        INFO(path);
        const auto flag = find_home(path, environment(), "/tmp");
        REQUIRE_FALSE(flag);
        CHECK(flag.error().code == Errc::usage);
        REQUIRE_FALSE(find_home(std::nullopt, environment({{"NEUROLAKE_HOME", path}}), "/tmp"));
        CHECK(find_home(path, environment(), "/tmp", Platform::windows)->path == path);
    }
    scratch::Lake none;
    CHECK(find_home(std::nullopt, environment(), none.root(), Platform::windows)->path == "C:\\NeuroLake");
}

TEST_CASE("without HOME there is no default, and the message says what to do", "[config]") {
    scratch::Lake none;
    const auto home = find_home(std::nullopt, environment(), none.root());
    REQUIRE_FALSE(home);
    CHECK(home.error().code == Errc::usage);
    CHECK(home.error().hint.find("--home") != std::string::npos);
    CHECK_FALSE(find_home("", environment(), "/tmp"));
}
