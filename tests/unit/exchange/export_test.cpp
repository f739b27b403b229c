// export_test.cpp: what an export holds, and that its failure is told.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "lake_fixture.hpp"

using namespace neurolake;
using namespace neurolake::exchange;
using catalog::List;
using neurolake::tests::CatalogOf;
using neurolake::tests::column;
using neurolake::tests::table;

TEST_CASE("a choice takes the entries that speak of its tables along", "[exchange]") {
    auto orders = table("raw-data", "orders", {column("id", "int64")});
    orders.columns[0].term = "order";
    const auto other = table("raw-data", "other", {column("id", "int64")});
    const CatalogOf lake({orders, other});
    auto writer = lake.open();
    REQUIRE(writer.change_entries({{List::lineage, "e1", R"({"id":"e1","from":["x.y"],"to":"raw-data.orders"})"},
                                   {List::lineage, "e2", R"({"id":"e2","from":["x.y"],"to":"raw-data.other"})"},
                                   {List::lineage, "e3", R"({"id":"e3","columns":[{"from":"raw-data.orders.id"}]})"},
                                   {List::samples, orders.id, R"({"id":")" + orders.id + R"(","rows":[["1"]]})"},
                                   {List::samples, other.id, R"({"id":")" + other.id + R"(","rows":[["2"]]})"},
                                   {List::glossary, "order", R"({"id":"order","definition":"d"})"},
                                   {List::glossary, "else", R"({"id":"else","definition":"d"})"}}));
    const auto value = json::parse(lake.text(write_json, {"orders"}));
    REQUIRE(value);
    const auto ids = [&](std::string_view list) {
        std::vector<std::string> out;
        for (const auto& entry : value->items(list)) out.push_back(entry.text("id"));
        return out;
    };
    CHECK(ids("tables") == std::vector{orders.id});
    CHECK(ids("lineage") == std::vector<std::string>{"e1", "e3"});
    CHECK(ids("samples") == std::vector{orders.id});
    CHECK(ids("glossary") == std::vector<std::string>{"order"});
    CHECK(json::parse(lake.text(write_json))->items("lineage").size() == 3);
}

TEST_CASE("the export ends where its sink fails", "[exchange]") {
    const CatalogOf lake(
        {table("raw-data", "a", {column("x", "text")}), table("raw-data", "b", {column("x", "text")})});
    const catalog::Catalog catalog = lake.open();
    const Content content = choose(catalog, {}, {}).value();
    int calls = 0;
    const Sink full = [&](std::string_view) -> Status {
        return ++calls > 1 ? Status(Error(Errc::full, "full")) : Status();
    };
    for (const auto write : {write_json, write_jsonl, write_csv}) {
        calls = 0;
        const Status done = write(content, full);
        REQUIRE_FALSE(done);
        CHECK(done.error().code == Errc::full);
        CHECK(calls == 2);
    }
}

TEST_CASE("CSV disarms formulas and leaves numbers alone", "[exchange]") {
    auto t = table("raw-data", "t", {column("=1+1", "text"), column("-5", "int64"), column("a,\"b\"", "text")});
    t.description = "@here";
    const CatalogOf lake({t});
    const std::string text = lake.text(write_csv);
    CHECK(text.find("raw-data.t,'=1+1,1,text,yes,no,no,,,,0,0,,'@here,") != std::string::npos);
    CHECK(text.find("raw-data.t,-5,2,int64") != std::string::npos);
    CHECK(text.find("raw-data.t,\"a,\"\"b\"\"\",3,text") != std::string::npos);
}
