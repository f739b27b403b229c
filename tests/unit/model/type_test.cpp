// type_test.cpp: names of types round-trip; widening loses no value and does not depend on order.
// SPDX-License-Identifier: Apache-2.0
#include "model/type.hpp"

#include <catch2/catch.hpp>

using namespace neurolake::model;

namespace {

Type type(std::string_view text) {
    auto parsed = parse_type(text);
    INFO(text);
    REQUIRE(parsed);
    return *parsed;
}

std::string widened(std::string_view a, std::string_view b) { return to_string(widen(type(a), type(b))); }

const std::vector<std::string> k_all{"unknown",
                                     "boolean",
                                     "int8",
                                     "int16",
                                     "int32",
                                     "int64",
                                     "uint8",
                                     "uint16",
                                     "uint32",
                                     "uint64",
                                     "float",
                                     "double",
                                     "date",
                                     "decimal(10,2)",
                                     "decimal(38,0)",
                                     "time",
                                     "uuid",
                                     "text",
                                     "timestamp_tz",
                                     "interval",
                                     "timestamp",
                                     "binary",
                                     "json",
                                     "list<int64>",
                                     "map<text,int64>",
                                     "struct<a:int64,b:text>",
                                     "decimal(15,15)"};

}  // namespace

TEST_CASE("every type's name parses back to the type", "[model]") {
    for (const std::string& name : k_all) CHECK(to_string(type(name)) == name);
    for (const char* name : {"list<list<struct<a:int8,b:list<uint64>>>>", "map<int32,struct<x:decimal(5,5)>>",
                             "struct<\"a b\":int64!,\"q\\\"\\\\\":text,größe:double,\"\":date>", "struct<>"})
        CHECK(to_string(type(name)) == name);
}

TEST_CASE("a text that is no type is refused with the place", "[model]") {
    for (const char* text :
         {"", "int", "decimal", "decimal(2,3)", "decimal(99999,0)", "list<int64", "list<>", "map<text>", "struct<a>",
          "int64 ", "struct<a:int64,,b:text>", "list<int64,int64>", "struct<\"a:int64>"}) {
        INFO(text);
        auto parsed = parse_type(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == neurolake::Errc::usage);
        CHECK(parsed.error().message.find("at character") != std::string::npos);
    }
}

TEST_CASE("a type nested a million deep is refused, not a crash", "[model]") {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += "list<";
    CHECK_FALSE(parse_type(deep));
}

TEST_CASE("names of list elements do not make types differ", "[model]") {
    Type item(TypeKind::list);
    item.fields.push_back({"item", TypeKind::int32, true});
    CHECK(item == type("list<int32>"));
    CHECK_FALSE(item == type("list<int32!>"));
    CHECK_FALSE(type("struct<a:int8>") == type("struct<b:int8>"));
}

TEST_CASE("integers widen to the smallest integer that holds both", "[model]") {
    CHECK(widened("int8", "int64") == "int64");
    CHECK(widened("uint8", "uint32") == "uint32");
    CHECK(widened("uint8", "int8") == "int16");
    CHECK(widened("uint32", "int8") == "int64");
    CHECK(widened("uint8", "int64") == "int64");
    CHECK(widened("uint64", "int8") == "decimal(20,0)");
}

TEST_CASE("integers and decimals widen to a decimal with room for all digits", "[model]") {
    CHECK(widened("int32", "decimal(10,2)") == "decimal(12,2)");
    CHECK(widened("decimal(10,2)", "decimal(6,4)") == "decimal(12,4)");
    CHECK(widened("decimal(38,0)", "decimal(38,38)") == "text");
    CHECK(widened("int64", "decimal(29,19)") == "decimal(38,19)");
    CHECK(widened("int64", "decimal(30,20)") == "text");
}

TEST_CASE("exact numbers become double only when a double holds every digit", "[model]") {
    CHECK(widened("int32", "double") == "double");
    CHECK(widened("int64", "double") == "text");
    CHECK(widened("uint64", "float") == "text");
    CHECK(widened("decimal(15,2)", "double") == "double");
    CHECK(widened("decimal(16,2)", "double") == "text");
    CHECK(widened("decimal(16,12)", "float") == "text");
    CHECK(widened("float", "double") == "double");
    CHECK(widened("int8", "float") == "double");
}

TEST_CASE("dates and times never lose their zone or their day", "[model]") {
    CHECK(widened("date", "timestamp") == "timestamp");
    CHECK(widened("timestamp", "timestamp_tz") == "text");
    CHECK(widened("date", "timestamp_tz") == "text");
    CHECK(widened("date", "int64") == "text");
    CHECK(widened("boolean", "int8") == "text");
}

TEST_CASE("nested types widen field by field, unlike shapes to json", "[model]") {
    CHECK(widened("list<int8>", "list<int64>") == "list<int64>");
    CHECK(widened("struct<a:int8,b:text>", "struct<b:int64,c:date>") == "struct<a:int8,b:text,c:date>");
    CHECK(widened("map<text,int8>", "map<text,date>") == "map<text,text>");
    CHECK(widened("list<int8>", "int8") == "json");
    CHECK(widened("list<int8>", "map<text,int8>") == "json");
    CHECK(widened("struct<a:int8!>", "struct<b:int8!>") == "struct<a:int8,b:int8>");
}

TEST_CASE("unknown decides nothing, and bytes are never squeezed into text", "[model]") {
    for (const std::string& name : k_all) {
        CHECK(widened("unknown", name) == name);
        CHECK(widened(name, "unknown") == name);
    }
    CHECK(widened("binary", "text") == "binary");
}

TEST_CASE("widening is commutative, idempotent and holds both sides", "[model]") {
    for (const std::string& a : k_all)
        for (const std::string& b : k_all) {
            INFO(a << " + " << b);
            const Type both = widen(type(a), type(b));
            CHECK(both == widen(type(b), type(a)));
            CHECK(widen(both, both) == both);
            CHECK(holds(both, type(a)));
            CHECK(holds(both, type(b)));
        }
}

TEST_CASE("widening three scalars gives the same type in any order", "[model]") {
    const std::vector<std::string> scalars{"boolean", "int8",    "int32",        "int64",       "uint8", "uint64",
                                           "float",   "double",  "decimal(9,2)", "date",        "text",  "uuid",
                                           "binary",  "unknown", "timestamp",    "timestamp_tz"};
    for (const std::string& a : scalars)
        for (const std::string& b : scalars)
            for (const std::string& c : scalars) {
                INFO(a << ", " << b << ", " << c);
                CHECK(widen(widen(type(a), type(b)), type(c)) == widen(type(a), widen(type(b), type(c))));
            }
}

TEST_CASE("holds tells a widening from a narrowing", "[model]") {
    CHECK(holds(type("int64"), type("int8")));
    CHECK_FALSE(holds(type("int8"), type("int64")));
    CHECK(holds(type("text"), type("date")));
    CHECK_FALSE(holds(type("date"), type("text")));
    CHECK(holds(type("double"), type("unknown")));
    CHECK_FALSE(holds(type("unknown"), type("double")));
    CHECK_FALSE(holds(type("struct<a:int8>"), type("struct<a:int8,b:int8>")));
    CHECK(holds(type("struct<a:int8,b:int8>"), type("struct<a:int8>")));
}
