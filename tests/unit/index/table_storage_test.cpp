// table_storage_test.cpp: the live versions of the older table storage, by its metadata and history.
// SPDX-License-Identifier: Apache-2.0
#include "index/table_storage.hpp"

#include <catch2/catch.hpp>

using namespace neurolake;
using namespace neurolake::index;

namespace {

constexpr std::string_view k_metadata = R"({"name":"t","schema":{"a":"int64"},"version":6})";

std::optional<LiveVersions> live(std::string_view metadata, std::string_view history) {
    auto result = live_versions(metadata, history);
    if (!result) FAIL(result.error().message);
    return *result;
}

}  // namespace

TEST_CASE("live are the versions from the last overwrite to the one of the metadata", "[index]") {
    const auto appended = live(k_metadata, R"([{"version":0,"operation":"CREATE","mode":null},
        {"version":1,"operation":"WRITE","mode":"append"}])");
    REQUIRE(appended);
    CHECK(appended->from == 1);
    CHECK(appended->to == 6);
    const auto over = live(k_metadata, R"([{"version":2,"mode":"overwrite"},{"version":4,"mode":"overwrite"},
        {"version":5,"mode":null},{"version":6,"mode":"append"},{"version":7,"mode":"overwrite"}])");
    REQUIRE(over);
    CHECK(over->from == 4);  // version 7 was never finished
    CHECK(over->holds(6));
    CHECK_FALSE(over->holds(2));
    CHECK_FALSE(over->holds(7));
    CHECK(live("\xEF\xBB\xBF" + std::string(k_metadata), "[]")->to == 6);
}

TEST_CASE("what is not of the table storage is left alone", "[index]") {
    CHECK_FALSE(live("{}", "[]"));
    CHECK_FALSE(live(R"({"name":"t","schema":{},"version":"6"})", "[]"));
    CHECK_FALSE(live(R"([1])", "[]"));
    CHECK_FALSE(live(k_metadata, "{}"));
    CHECK_FALSE(live_versions(k_metadata, "[{").has_value());
    CHECK_FALSE(live_versions("", "[]").has_value());
}

TEST_CASE("the version stands in the file's name", "[index]") {
    CHECK(version_of_name("data_v1.ncf") == 1);
    CHECK(version_of_name("data_v120.ncf") == 120);
    for (const char* other : {"data_v.ncf", "data_v1", "data_v1.ncf.gz", "data_vx.ncf", "data_v-1.ncf", "xdata_v1.ncf",
                              "data_v99999999999999999999.ncf", "data_v1 .ncf"})
        CHECK_FALSE(version_of_name(other).has_value());
}
