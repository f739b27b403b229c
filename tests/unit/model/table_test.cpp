// table_test.cpp: tables and histories survive JSON whole; the diff of two schemas says what changed.
// SPDX-License-Identifier: Apache-2.0
#include "model/table.hpp"

#include <catch2/catch.hpp>

using namespace neurolake;
using namespace neurolake::model;

namespace {

Column column(std::string name, Type type) {
    Column c;
    c.name = std::move(name);
    c.type = std::move(type);
    return c;
}

Table full_table() {
    Table t;
    t.id = "0123456789abcdef";
    t.bucket = "raw-data";
    t.name = "orders.\xff";  // names are bytes
    t.path = "orders/\xff\n";
    t.format = "csv";
    t.rule = GroupingRule::partitions;
    t.rule_reason = "key=value folders";
    t.description = "all \x80 orders";
    t.owner = "a@b";
    t.tags = {"pii", "\xff"};
    t.columns = {column("id", TypeKind::int64), column("b\xe9", TypeKind::text)};
    t.columns[0].nullable = false;
    t.columns[0].semantic = "id_key";
    t.columns[1].pii = true;
    t.columns[1].semantic_evidence.source = "values";
    t.columns[1].semantic_evidence.checked = 9;
    t.columns[1].semantic_evidence.matched = 8;
    t.columns[1].semantic_evidence.sample = "a***@\xff";
    t.columns[1].semantic_evidence.field = "who.mail";
    t.columns[1].semantic_evidence.first_rows = 1000;
    t.columns[0].not_pii = true;
    t.columns[0].term = "order\xff";
    t.terms = {"order\xff"};
    t.compatibility = "backward";
    t.sampled_rows = 5;
    Evidence& e = t.columns[1].evidence;
    e.values = 7;
    e.nulls = 2;
    e.min = "";
    e.max = "\x01z\xfe";
    e.longest = 12;
    e.distinct = 0;
    e.reason = "letters first at row 2";
    e.forced_row = 2;
    e.forced_path = "orders/\xff";
    t.partition_columns = {column("year", TypeKind::int64)};
    t.partitions = {{{"2024"}, "orders/year=2024", 2, 100, 10, false}, {{"\xff"}, "orders/year=\xff", 1, 1, 1, true}};
    t.files = 3;
    t.bytes = 18'446'744'073'709'551'615u;
    t.rows = 11;
    t.rows_exact = false;
    t.tier = TableTier::mixed;
    t.cloud_files = 1;
    t.cloud_bytes = 100;
    t.cloud_partitions = {"orders/year=\xff"};
    t.schema_version = 3;
    t.first_seen = t.indexed_at = t.modified_at = t.deleted_at = "2026-11-22T08:31:00Z";
    t.findings = {{Finding::Severity::error, "unreadable", "raw-data/orders/\xff", 7, "cannot read"}};
    return t;
}

}  // namespace

TEST_CASE("a table survives JSON text whole, whatever bytes its names have", "[model]") {
    const Table before = full_table();
    auto parsed = json::parse(json::dump(to_json(before)));
    REQUIRE(parsed);
    auto after = table_from_json(*parsed);
    REQUIRE(after);
    CHECK(before == *after);
    Table plain;
    plain.id = "1";
    plain.bucket = "b";
    plain.name = "t";
    plain.is_folder = false;
    auto again = table_from_json(to_json(plain));
    REQUIRE(again);
    CHECK(plain == *again);
}

TEST_CASE("a table with a missing or senseless member is corrupt and says which", "[model]") {
    const auto broken = [](std::string_view key, json::Value value) {
        json::Value v = to_json(full_table());
        v.set(key, std::move(value));
        auto table = table_from_json(v);
        REQUIRE_FALSE(table);
        CHECK(table.error().code == Errc::corrupt);
        return table.error().message;
    };
    CHECK(broken("id", "").find("\"id\"") != std::string::npos);
    CHECK(broken("bucket", "other").find("other") != std::string::npos);
    CHECK(broken("rule", "magic").find("magic") != std::string::npos);
    CHECK(broken("tier", nullptr).find("tier") != std::string::npos);
    json::Value column = json::Value::object();
    column.set("name", "x").set("type", "int65");
    json::Value columns = json::Value::array();
    columns.push(std::move(column));
    CHECK(broken("columns", std::move(columns)).find("int65") != std::string::npos);
}

TEST_CASE("a schema history survives JSON", "[model]") {
    SchemaHistory h;
    h.table_id = "0123456789abcdef";
    h.table = "raw-data.orders";
    h.versions = {{1, "2026-01-01T00:00:00Z", {column("id", TypeKind::int64)}, {}, false},
                  {2, "2026-01-02T00:00:00Z", {column("id", TypeKind::int8)}, {"~ id int64 -> int8"}, true}};
    h.versions[1].compatibility = "forward";
    h.versions[1].gone = {column("zip", TypeKind::text)};
    h.versions[1].gone[0].description = "where\xff";
    h.versions[1].gone[0].not_pii = true;
    auto parsed = json::parse(json::dump(to_json(h), json::Style::pretty));
    REQUIRE(parsed);
    auto after = history_from_json(*parsed);
    REQUIRE(after);
    CHECK(*after == h);
}

TEST_CASE("the diff names new, gone and changed columns, and what breaks a reader", "[model]") {
    const std::vector<Column> before{column("id", TypeKind::int64), column("qty", TypeKind::int64),
                                     column("zip", TypeKind::text)};
    SECTION("a new column breaks nobody") {
        auto after = before;
        after.push_back(column("email", TypeKind::text));
        const SchemaVersion v = diff(before, after);
        CHECK(v.changes == std::vector<std::string>{"+ email text"});
        CHECK_FALSE(v.breaking);
        CHECK(v.columns == after);
    }
    SECTION("a column that is gone breaks") {
        const SchemaVersion v = diff(before, {before[0], before[1]});
        CHECK(v.changes == std::vector<std::string>{"- zip"});
        CHECK(v.breaking);
    }
    SECTION("a wider type does not break, a narrower one does") {
        auto after = before;
        after[1].type = TypeKind::text;
        CHECK(diff(before, after).changes == std::vector<std::string>{"~ qty int64 -> text"});
        CHECK_FALSE(diff(before, after).breaking);
        CHECK(diff(after, before).breaking);
    }
    SECTION("what may be null now breaks readers who never met one") {
        auto after = before;
        after[0].nullable = false;
        const SchemaVersion v = diff(after, before);
        CHECK(v.changes == std::vector<std::string>{"~ id int64! -> int64"});
        CHECK(v.compatibility == "backward");
        CHECK(diff(before, after).changes == std::vector<std::string>{"~ id int64 -> int64!"});
        CHECK(diff(before, after).compatibility == "forward");
        CHECK(diff(after, after).changes.empty());
    }
    SECTION("order and evidence are no change") {
        auto after = std::vector<Column>{before[2], before[0], before[1]};
        after[0].evidence.values = 9;
        const SchemaVersion v = diff(before, after);
        CHECK(v.changes.empty());
        CHECK_FALSE(v.breaking);
        CHECK(v.columns[0].evidence == Evidence{});
    }
}
