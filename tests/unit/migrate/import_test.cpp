// import_test.cpp: what an import plans: matches, words, and entries that survive being written and read.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "migrate/imported.hpp"
#include "migrate/migrate.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::migrate;

namespace {

constexpr const char* k_now = "2026-11-22T08:00:00Z";

model::Table table(std::string bucket, std::string name, bool folder = true) {
    model::Table t;
    t.id = (bucket + "-" + name + "-0000000000000000").substr(0, 16);
    t.bucket = std::move(bucket);
    t.path = name + (folder ? "" : ".csv");
    t.name = std::move(name);
    t.is_folder = folder;
    t.format = "csv";
    model::Column column;
    column.name = "id";
    column.type = model::TypeKind::int64;
    t.columns = {column};
    return t;
}

ForeignTable foreign_table(std::string name) {
    ForeignTable t;
    t.name = std::move(name);
    t.source = "catalog.json";
    t.owner = "them";
    return t;
}

struct Lake {
    explicit Lake(std::vector<model::Table> tables) {
        options.folder = scratch / "catalog";
        REQUIRE(catalog::Catalog::create(options));
        auto writer = open();
        catalog::Batch batch;
        batch.upserts = std::move(tables);
        batch.indexed_at = k_now;
        if (!batch.upserts.empty()) REQUIRE(writer.apply(batch));
    }
    catalog::Catalog open() const {
        auto catalog = catalog::Catalog::open(options);
        REQUIRE(catalog);
        return std::move(*catalog);
    }
    Report bring(const Foreign& foreign) const {
        auto catalog = open();
        auto plan = plan_import(catalog, foreign, k_now);
        REQUIRE(plan);
        REQUIRE(catalog.apply(plan->batch));
        return plan->report;
    }
    tests::Scratch scratch;
    catalog::Options options;
};

std::string table_for(const Lake& lake, const ForeignTable& table) {
    Foreign foreign;
    foreign.tables = {table};
    const auto catalog = lake.open();
    const auto plan = plan_import(catalog, foreign, k_now);
    REQUIRE(plan);
    return plan->report.attached.empty() ? "" : plan->report.attached[0].table;
}

}  // namespace

TEST_CASE("an entry says all that is known of a table and reads back", "[migrate]") {
    Imported imported;
    imported.table = foreign_table("zoo.raw.animals");
    imported.table.path = "raw/animals";
    imported.table.description = "d";
    imported.table.tags = {"a", "b"};
    imported.table.terms = {"Animal"};
    imported.table.compatibility = "backward";
    imported.table.columns = {{"id", "bigint", false, "key", "Id", true, false}, {"x", "", true, "", "", false, true}};
    imported.table.versions = {{2, k_now, "why", {{"id", "int", true, "", "", false, false}}}};
    imported.table.suggested_description = "s";
    imported.table.suggested_tags = {"t"};
    imported.table.created_at = k_now;
    imported.table.more = json::Value::object().set("k", 1);
    imported.imported_at = k_now;
    imported.attached = "0123456789abcdef";
    CHECK(imported_from_json(json::parse(json::dump(to_json(imported))).value()) == imported);
    CHECK(to_json(imported).text("id") == "table:zoo.raw.animals");
}

TEST_CASE("a table is meant by its place, its full name, or its own name where only one has it", "[migrate]") {
    auto gone = table("old", "events");
    gone.deleted_at = k_now;
    const Lake lake(
        {table("raw", "animals"), table("mart", "animals"), table("raw", "plants"), table("raw", "file", false), gone});
    CHECK(table_for(lake, foreign_table("zoo.raw.animals")) == "raw.animals");
    CHECK(table_for(lake, foreign_table("mart.animals")) == "mart.animals");
    CHECK(table_for(lake, foreign_table("zoo.else.animals")).empty());
    CHECK(table_for(lake, foreign_table("zoo.else.plants")) == "raw.plants");
    CHECK(table_for(lake, foreign_table("plants")) == "raw.plants");
    CHECK(table_for(lake, foreign_table("plant")).empty());
    CHECK(table_for(lake, foreign_table("events")).empty());
    auto placed = foreign_table("other.name");
    placed.path = "mart/animals";
    CHECK(table_for(lake, placed) == "mart.animals");
    auto elsewhere = foreign_table("else.plants");  // of another lake's bucket
    elsewhere.path = "else/plants";
    CHECK(table_for(lake, elsewhere).empty());
    auto file = foreign_table("raw/file.csv");
    file.kind = "file";
    file.path = "raw/file.csv";
    CHECK(table_for(lake, file) == "raw.file");
    file.path = "raw/animals/part.csv";  // one of the files of a table
    CHECK(table_for(lake, file).empty());
}

TEST_CASE("two names never take one table", "[migrate]") {
    const Lake lake({table("raw", "animals")});
    Foreign foreign;
    foreign.tables = {foreign_table("a.b.animals"), foreign_table("c.d.animals")};
    for (int again = 0; again < 2; ++again) {
        const Report report = lake.bring(foreign);
        REQUIRE(report.attached.size() == 1);
        CHECK(report.attached[0].name == "a.b.animals");
        CHECK(report.ambiguous == std::vector<std::string>{"c.d.animals"});
    }
}

TEST_CASE("a table that was taken stays taken through renames, and is free when it is gone", "[migrate]") {
    const Lake lake({table("raw", "animals")});
    Foreign foreign;
    foreign.tables = {foreign_table("zoo.raw.animals")};
    CHECK(lake.bring(foreign).attached.size() == 1);
    auto catalog = lake.open();
    REQUIRE(catalog.rename_bucket("raw", "cooked"));
    CHECK(lake.bring(foreign).attached[0].table == "cooked.animals");
    catalog = lake.open();
    catalog::Batch batch;
    batch.tombstones = {catalog.tables()[0].id};
    batch.indexed_at = k_now;
    REQUIRE(catalog.apply(batch));
    CHECK(lake.bring(foreign).waiting == std::vector<std::string>{"zoo.raw.animals"});
}

TEST_CASE("terms fill what the glossary does not say", "[migrate]") {
    const Lake lake({});
    auto catalog = lake.open();
    REQUIRE(catalog.change_entries(
        {{catalog::List::glossary, "churn", R"({"id":"churn","term":"Churn","definition":"mine"})"}}));
    Foreign foreign;
    foreign.terms = {{"churn", "theirs", {"loss"}}, {"New", "n", {}}};
    CHECK(lake.bring(foreign).new_terms == 1);
    CHECK(lake.open().entry(catalog::List::glossary, "churn").value() ==
          R"({"id":"churn","term":"Churn","definition":"mine","synonyms":["loss"]})");
    CHECK(lake.bring(foreign).new_terms == 0);
}
