// compatibility_test.cpp: backward, forward, full, none, from the readers' side.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "model/compatibility.hpp"

using namespace neurolake::model;

namespace {

Column column(const char* name, Type type, bool nullable = true) {
    Column c;
    c.name = name;
    c.type = std::move(type);
    c.nullable = nullable;
    return c;
}

std::string verdict(const std::vector<Column>& before, const std::vector<Column>& after) {
    return std::string(compatibility(before, after).verdict());
}

using Columns = std::vector<Column>;

}  // namespace

TEST_CASE("a new column that may be null goes together with old data and old readers", "[model]") {
    const Columns before{column("id", TypeKind::int64)};
    CHECK(verdict(before, {before[0], column("email", TypeKind::text)}) == "full");
    CHECK(verdict(before, {before[0], column("email", TypeKind::text, false)}) == "forward");
    CHECK(verdict(before, before) == "full");
    CHECK(verdict({}, before) == "full");
}

TEST_CASE("a column that is gone breaks old readers only", "[model]") {
    const Columns before{column("id", TypeKind::int64), column("zip", TypeKind::text)};
    const Compatibility found = compatibility(before, {before[0]});
    CHECK(found.verdict() == "backward");
    CHECK(found.forward == std::vector<std::string>{"zip is gone"});
    CHECK(found.lost == found.forward);
}

TEST_CASE("a wider type is backward, a narrower one forward, an unrelated one none", "[model]") {
    const auto pair = [](Type a, Type b) { return verdict({column("x", std::move(a))}, {column("x", std::move(b))}); };
    CHECK(pair(TypeKind::int32, TypeKind::int64) == "backward");
    CHECK(pair(TypeKind::int64, TypeKind::int32) == "forward");
    CHECK(pair(TypeKind::date, TypeKind::float64) == "none");
    CHECK(pair(TypeKind::date, TypeKind::timestamp) == "backward");
    CHECK(pair(Type::decimal(10, 2), Type::decimal(12, 2)) == "backward");
    CHECK(pair(TypeKind::int64, TypeKind::text) == "backward");
    CHECK(pair(TypeKind::unknown, TypeKind::date) == "full");
    CHECK(pair(TypeKind::date, TypeKind::unknown) == "full");
}

TEST_CASE("integers whose evidence fits a double may become one", "[model]") {
    Column small = column("qty", TypeKind::int64), large = small;
    small.evidence.values = large.evidence.values = 2;
    small.evidence.min = large.evidence.min = "-5";
    small.evidence.max = "999999999999999";
    large.evidence.max = "1000000000000000";
    const Columns fractions{column("qty", TypeKind::float64)};
    CHECK(verdict({small}, fractions) == "backward");
    CHECK(verdict({large}, fractions) == "none");
    CHECK_FALSE(diff({small}, fractions).breaking);
    CHECK(diff({large}, fractions).breaking);
}

TEST_CASE("nulls where there were none break old readers, and their end breaks old data", "[model]") {
    const Columns sure{column("id", TypeKind::int64, false)}, loose{column("id", TypeKind::int64)};
    CHECK(verdict(sure, loose) == "backward");
    CHECK(verdict(loose, sure) == "forward");
}

TEST_CASE("what breaks depends on what was asked", "[model]") {
    const Columns before{column("id", TypeKind::int64), column("zip", TypeKind::text)};
    const Compatibility gone = compatibility(before, {before[0]});
    CHECK(breaks(gone, "") == std::vector<std::string>{"zip is gone"});
    CHECK(breaks(gone, "backward").empty());
    CHECK(breaks(gone, "forward").size() == 1);
    CHECK(breaks(gone, "full").size() == 1);
    CHECK(breaks(gone, "none").empty());
    const Compatibility wider = compatibility({column("x", TypeKind::int32)}, {column("x", TypeKind::int64)});
    CHECK(breaks(wider, "").empty());
    CHECK(breaks(wider, "forward") == std::vector<std::string>{"x is int64 now, which readers of int32 do not know"});
    CHECK(breaks(wider, "backward").empty());
    const Compatibility narrower = compatibility({column("x", TypeKind::int64)}, {column("x", TypeKind::int32)});
    const std::vector<std::string> lost{"x is int32 now, which may not hold all values of int64"};
    for (const char* asked : {"", "backward", "full"}) CHECK(breaks(narrower, asked) == lost);
    CHECK(breaks(narrower, "forward").empty());
    CHECK(is_compatibility("full"));
    CHECK_FALSE(is_compatibility("sideways"));
}

TEST_CASE("fields of objects follow the rules of columns", "[model]") {
    const auto of = [](const char* type) { return Columns{column("m", *parse_type(type))}; };
    struct Case {
        const char *before, *after, *verdict;
        std::vector<std::string> lost;
    };
    const Case cases[] = {
        {"struct<a:int64>", "struct<a:int64,b:text>", "full", {}},
        {"struct<a:int64>", "struct<a:int64,b:text!>", "forward", {}},
        {"struct<a:int64,b:text>", "struct<a:int64>", "backward", {"m.b is gone"}},
        {"struct<a:int32>", "struct<a:int64>", "backward", {}},
        {"struct<a:int32!>", "struct<a:int32>", "backward", {}},
        {"struct<a:int64>", "struct<a:double>", "none", {"m.a is double now, which may not hold all values of int64"}},
        {"struct<a:unknown>", "struct<a:text>", "full", {}},
        {"list<int32>", "list<int64>", "backward", {}},
        {"list<struct<a:int64>>", "list<struct<a:int64,b:int64>>", "full", {}},
        {"list<struct<a:int64>>", "list<struct<b:int64>>", "backward", {"m[].a is gone"}},
        {"map<text,text>",
         "map<text,int64>",
         "forward",
         {"m{value} is int64 now, which may not hold all values of text"}},
        {"list<int64>",
         "struct<a:int64>",
         "none",
         {"m is struct<a:int64> now, which may not hold all values of list<int64>"}},
    };
    for (const Case& each : cases) {
        CAPTURE(each.before, each.after);
        const Compatibility found = compatibility(of(each.before), of(each.after));
        CHECK(found.verdict() == each.verdict);
        CHECK(found.lost == each.lost);
    }
}

TEST_CASE("a schema version carries the verdict, the first one none", "[model]") {
    const Columns before{column("id", TypeKind::int64)};
    CHECK(diff(before, {before[0], column("x", TypeKind::text)}).compatibility == "full");
    CHECK(diff(before, before).compatibility.empty());
}

TEST_CASE("full is as good as backward and forward, and nothing short of it is full", "[model]") {
    for (const char* asked : {"none", "backward", "forward", "full"}) CHECK(satisfies("full", asked));
    CHECK(satisfies("backward", "backward"));
    CHECK_FALSE(satisfies("backward", "forward"));
    CHECK_FALSE(satisfies("forward", "full"));
    CHECK(satisfies("none", "none"));
    CHECK_FALSE(satisfies("none", "backward"));
}

TEST_CASE("the keys of the folders stand behind the columns of the files", "[model]") {
    Table table;
    table.columns = {column("id", TypeKind::int64)};
    table.partition_columns = {column("year", TypeKind::int64)};
    CHECK(whole_schema(table) == Columns{column("id", TypeKind::int64), column("year", TypeKind::int64)});
}
