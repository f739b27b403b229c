// import_test.cpp: what an import plans: matches, words, and entries that survive being written and read.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "catalog/lineage.hpp"
#include "migrate/imported.hpp"
#include "migrate/migrate.hpp"
#include "model/meaning.hpp"
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
    imported.table.columns = {{"id", "bigint", false, "key", "Id", true, false},
                              {"x", "", true, "", "", false, true},
                              {"y", "", true, "", "", false, false, true}};
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

TEST_CASE("a word stands for one term, whichever import brought it", "[migrate]") {
    const Lake lake({});
    auto catalog = lake.open();
    REQUIRE(catalog.change_entries(
        {{catalog::List::glossary, "churn", R"({"id":"churn","term":"Churn","synonyms":["Loss"]})"}}));
    Foreign foreign;
    foreign.terms = {{"a", "first", {"s", "B", "A", "loss"}}, {"b", "", {"s", "S2", "s2"}}, {"A", "second", {}},
                     {"LOSS", "a synonym here", {}},          {"Churn", "d", {"new\x1b"}},  {"\x1b", "", {}}};
    for (int again = 0; again < 2; ++again) {
        const Report report = lake.bring(foreign);
        std::vector<std::string> told;
        for (const Orphan& each : report.orphans) told.push_back(each.what + " " + each.name);
        CHECK(told == std::vector<std::string>{"term A", "term LOSS", "term \x1b", "synonym B", "synonym loss",
                                               "synonym s", "synonym new\x1b"});
        CHECK(report.terms == 5);
        CHECK(report.new_terms == (again ? 0 : 2));
    }
    CHECK(lake.open().entries(catalog::List::glossary).value() ==
          std::vector<std::string>{R"({"id":"a","term":"a","definition":"first","synonyms":["s"]})",
                                   R"({"id":"b","term":"b","synonyms":["S2"]})",
                                   R"({"id":"churn","term":"Churn","definition":"d","synonyms":["Loss"]})"});
}

TEST_CASE("words that no command could take away are left out and told", "[migrate]") {
    const Lake lake({table("raw", "animals")});
    Foreign foreign;
    foreign.tables = {foreign_table("raw.animals")};
    foreign.tables[0].tags = {"l\x1bv", "live"};
    foreign.tables[0].terms = {"a\nb"};
    foreign.tables[0].columns = {{"id", "int", true, "", "x\x7f", false, false}};
    const Report report = lake.bring(foreign);
    REQUIRE(report.wrong.size() == 3);
    CHECK(report.wrong[0].what == "control_character");
    CHECK(report.wrong[0].name == "catalog.json: raw.animals");
    CHECK(report.wrong[0].message == "its tag l\x1bv holds control characters");
    const auto catalog = lake.open();
    CHECK(catalog.find("raw.animals")->tags == std::vector<std::string>{"live"});
    CHECK(catalog.find("raw.animals")->terms.empty());
    CHECK(catalog.find("raw.animals")->columns[0].term.empty());
}

TEST_CASE("what a person said elsewhere counts here, and when it came is remembered", "[migrate]") {
    auto people = table("raw", "people");
    people.columns[0].pii = true;
    const Lake lake({people});
    Foreign foreign;
    foreign.tables = {foreign_table("zoo.raw.people")};
    foreign.tables[0].columns = {{"id", "int", true, "", "", false, true}};
    foreign.tables[0].suggested_tags = {"crm"};  // kept for whoever wants to look
    lake.bring(foreign);
    const auto catalog = lake.open();
    CHECK(catalog.find("raw.people")->columns[0].not_pii);
    CHECK_FALSE(catalog.find("raw.people")->columns[0].pii);
    CHECK(catalog.entries(catalog::List::imported).value().size() == 1);
    foreign.tables[0].suggested_tags = {"crm", "old"};
    auto plan = plan_import(catalog, foreign, "2027-01-01T00:00:00Z");
    REQUIRE(plan);
    REQUIRE(plan->batch.entries.size() == 1);
    CHECK(plan->batch.entries[0].entry->find(k_now) != std::string::npos);
    CHECK(plan->batch.entries[0].entry->find("2027") == std::string::npos);
}

TEST_CASE("what a person said is about people there is hidden here, unless a person here said else", "[migrate]") {
    auto people = table("raw", "people");
    people.columns.resize(3, people.columns[0]);
    people.columns[0].name = "nick";
    people.columns[0].evidence.min = "ann";
    people.columns[0].evidence.max = "zoe";
    people.columns[1].name = "code";
    model::say_not_pii(people.columns[1]);
    people.columns[2].name = "name";
    model::say_pii(people.columns[2]);
    const Lake lake({people});
    Foreign foreign;
    foreign.tables = {foreign_table("zoo.raw.people")};
    foreign.tables[0].owner.clear();
    foreign.tables[0].columns = {{"nick", "text", true, "", "", false, false, true},
                                 {"code", "text", true, "", "", false, false, true},
                                 {"name", "text", true, "", "", false, true, false}};
    const Report report = lake.bring(foreign);
    CHECK(report.attached[0].taken == std::vector<std::string>{"about people: nick"});
    CHECK(report.attached[0].kept == std::vector<std::string>{"about people: code", "not about people: name"});
    const auto catalog = lake.open();
    const auto& columns = catalog.find("raw.people")->columns;
    CHECK(columns[0].pii);
    CHECK(model::has_word(columns[0]));
    CHECK_FALSE(columns[0].evidence.min.has_value());
    CHECK_FALSE(columns[0].evidence.max.has_value());
    CHECK(columns[1].not_pii);
    CHECK(columns[2].pii);
    CHECK(lake.bring(foreign).attached[0].taken.empty());
}

TEST_CASE("what has no place in the table here is kept and told once", "[migrate]") {
    const Lake lake({table("raw", "animals")});
    Foreign foreign;
    foreign.tables = {foreign_table("zoo.raw.animals")};
    foreign.tables[0].columns = {{"wings", "text", true, "", "", false, false, false}};
    const auto told = [&] {
        const auto aside = lake.bring(foreign).attached[0].aside;
        return std::ranges::find(aside, "column wings") != aside.end();
    };
    CHECK(told());
    CHECK_FALSE(told());
}

TEST_CASE("lineage that is imported again counts once, also when it says more", "[migrate]") {
    const Lake lake({});
    Foreign foreign;
    foreign.jobs = {{"nightly", "select 1", "", k_now}};
    foreign.edges = {{"a", "b", "nightly", {}, k_now}};
    lake.bring(foreign);
    const auto counted = [&] {
        const auto catalog = lake.open();
        const auto lineage = catalog::Lineage::read(catalog);
        REQUIRE(lineage->edges().size() == 1);
        REQUIRE(lineage->jobs().size() == 1);
        return std::pair(lineage->edges()[0].count, lineage->jobs()[0].runs);
    };
    const auto once = counted();
    foreign.jobs[0].sql = "select 2";
    foreign.edges[0].columns = {{"x", "y"}};
    lake.bring(foreign);
    lake.bring(foreign);
    CHECK(counted() == once);
}

TEST_CASE("what a table here does not say is kept, also where it takes no word", "[migrate]") {
    const Lake lake({table("raw", "tagged"), table("raw", "older"), table("raw", "same")});
    Foreign foreign;
    foreign.tables = {foreign_table("zoo.raw.tagged"), foreign_table("zoo.raw.older"), foreign_table("zoo.raw.same")};
    for (ForeignTable& each : foreign.tables) each.owner.clear();
    foreign.tables[0].suggested_tags = {"crm"};
    foreign.tables[1].versions = {{1, k_now, "", {}}, {2, k_now, "", {}}};
    foreign.texts = {{"transformation", "t1", "x.json", json::Value::object().set("a", 1)}};
    CHECK(lake.bring(foreign).histories == 1);
    const auto catalog = lake.open();
    const auto kept = [&](const char* id) { return catalog.entry(catalog::List::imported, id).value(); };
    CHECK_FALSE(kept("table:zoo.raw.tagged").empty());
    CHECK_FALSE(kept("table:zoo.raw.older").empty());
    CHECK(kept("table:zoo.raw.same").empty());
    foreign.texts[0].content.set("a", 2);
    const auto plan = plan_import(catalog, foreign, "2027-01-01T00:00:00Z");
    REQUIRE(plan);
    REQUIRE(plan->batch.entries.size() == 1);
    CHECK(plan->batch.entries[0].id == "transformation:t1");
    CHECK(json::parse(*plan->batch.entries[0].entry)->text("imported_at") == k_now);
}
