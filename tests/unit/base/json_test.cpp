// json_test.cpp: reading, writing, and paths that are no UTF-8.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <catch2/catch.hpp>

using namespace neurolake;

TEST_CASE("what is written reads back equal in every style", "[base]") {
    json::Value v = json::Value::object();
    v.set("a", 1)
        .set("b", -5)
        .set("big", 18446744073709551615ull)
        .set("d", 1.5)
        .set("s", "x\"\\\n\x01")
        .set("n", nullptr);
    v.set("list", json::Array{true, false, json::Value::object().set("k", json::Array{})});
    v.set("empty", json::Value::object());
    for (const auto style : {json::Style::compact, json::Style::pretty, json::Style::entries}) {
        const auto again = json::parse(json::dump(v, style));
        REQUIRE(again);
        CHECK(*again == v);
    }
    CHECK(json::dump(v).find('\n') == std::string::npos);
}

TEST_CASE("whole doubles stay doubles", "[base]") {
    CHECK(json::dump(json::Value(2.0)) == "2.0");
    CHECK(json::parse("2.0")->as_int() == std::nullopt);
}

TEST_CASE("bad JSON is corrupt, never a crash", "[base]") {
    for (const char* bad : {"", "{", "[1,]", "{\"a\":}", "nul", "\"\xff\"", "1 2", "{\"a\":1"}) {
        INFO(bad);
        const auto v = json::parse(bad);
        REQUIRE_FALSE(v);
        CHECK(v.error().code == Errc::corrupt);
    }
    CHECK_FALSE(json::parse(std::string(100'000, '[')));
}

TEST_CASE("controls, bidi marks and invalid bytes never reach the output raw", "[base]") {
    CHECK(json::dump(json::Value("a\x1b[31m\x7f")) == R"("a\u001b[31m\u007f")");
    CHECK(json::dump(json::Value("\xE2\x80\xAEtxt")) == R"("\u202etxt")");
    CHECK(json::dump(json::Value("a\xff")) == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("paths keep their bytes", "[base]") {
    for (const std::string& path : {std::string("plain/ü.csv"), std::string("bad\xff\xfe/x\n")}) {
        json::Value v = json::Value::object();
        json::set_path(v, "path", path);
        const auto again = json::parse(json::dump(v));
        REQUIRE(again);
        CHECK(json::get_path(*again, "path") == path);
    }
}

TEST_CASE("set replaces in place and keeps the order", "[base]") {
    json::Value v = json::Value::object();
    v.set("a", 1).set("b", 2).set("a", 3);
    CHECK(json::dump(v) == R"({"a":3,"b":2})");
}
