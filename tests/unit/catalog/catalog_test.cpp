// catalog_test.cpp: the catalog keeps tables and histories, whole or not at all, and finds them again.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog.hpp"
#include "catalog/glossary.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/file.hpp"
#include "base/json.hpp"
#include "catalog/backend.hpp"
#include "catalog/search.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::catalog;
namespace fs = std::filesystem;

namespace {

struct Scratch {
    Scratch() { options.folder = folder / "catalog"; }
    std::string text(const char* file) const { return read_file(options.folder / file).value(); }
    Catalog open() const {
        auto catalog = Catalog::open(options);
        REQUIRE(catalog);
        return std::move(*catalog);
    }
    neurolake::tests::Scratch place;
    fs::path folder = place.path();
    Options options;
};

model::Column column(std::string name, model::Type type) {
    model::Column c;
    c.name = std::move(name);
    c.type = std::move(type);
    return c;
}

model::Table table(std::string bucket, std::string name, bool is_folder = true) {
    model::Table t;
    t.id = bucket + "-" + name;
    t.bucket = std::move(bucket);
    t.name = t.path = std::move(name);
    t.is_folder = is_folder;
    t.rule = is_folder ? model::GroupingRule::folder : model::GroupingRule::single_file;
    t.format = "csv";
    t.columns = {column("id", model::TypeKind::int64), column("email", model::TypeKind::text)};
    t.rows = 3;
    return t;
}

Batch batch(std::vector<model::Table> tables, std::string at = "2026-11-22T08:00:00Z") {
    Batch b;
    for (const auto& t : tables) {
        b.versions.push_back(model::diff({}, t.columns));
        b.versions.back().version = t.schema_version;
        b.version_tables.push_back(t.id);
    }
    b.upserts = std::move(tables);
    b.indexed_at = std::move(at);
    return b;
}

}  // namespace

TEST_CASE("a new catalog has four valid documents that name their schemas", "[catalog]") {
    Scratch scratch;
    REQUIRE(Catalog::create(scratch.options));
    for (const auto& [file, schema] :
         std::vector<std::pair<const char*, std::string>>{{"tables.json", "neurolake.tables/1"},
                                                          {"schemas.json", "neurolake.schemas/1"},
                                                          {"lineage.json", "neurolake.lineage/1"},
                                                          {"glossary.json", "neurolake.glossary/1"}}) {
        auto document = json::parse(scratch.text(file));
        REQUIRE(document);
        CHECK(document->text("schema") == schema);
    }
    Catalog catalog = scratch.open();
    CHECK(catalog.tables().empty());
    CHECK(catalog.indexed_at().empty());
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    const std::string before = scratch.text("tables.json");
    REQUIRE(Catalog::create(scratch.options));  // safe to run again
    CHECK(scratch.text("tables.json") == before);
}

TEST_CASE("a missing catalog reads as an empty one", "[catalog]") {
    Scratch scratch;
    CHECK(scratch.open().tables().empty());
    CHECK_FALSE(fs::exists(scratch.options.folder));
}

TEST_CASE("tables and their histories come back as they were", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    auto odd = table("raw-data", "b\xff\n\"x");
    odd.id = "odd";
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), odd, table("archive", "2023")})));
    for (const Catalog* c : {&catalog}) {
        const Catalog again = scratch.open();
        CHECK(again.tables() == c->tables());
        CHECK(again.indexed_at() == "2026-11-22T08:00:00Z");
        REQUIRE(again.tables().size() == 3);
        CHECK(again.tables()[0].full_name() == "archive.2023");
        REQUIRE(again.find(odd.full_name()));
        CHECK(*again.find(odd.full_name()) == odd);
        auto history = again.history("raw-data-orders");
        REQUIRE(history);
        CHECK(history->table == "raw-data.orders");
        REQUIRE(history->versions.size() == 1);
        CHECK(history->versions[0].columns.size() == 2);
        CHECK(again.check());
    }
}

TEST_CASE("the file is what the JSON writer makes of it, one table a line", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("raw-data", "customers")})));
    for (const char* file : {"tables.json", "schemas.json"}) {
        const std::string text = scratch.text(file);
        CHECK(json::dump(*json::parse(text), json::Style::entries) + "\n" == text);
        CHECK(std::count(text.begin(), text.end(), '\n') == (file[0] == 't' ? 11 : 8));
    }
}

TEST_CASE("nothing is written when nothing changes", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    const auto same = table("raw-data", "orders");
    REQUIRE(catalog.apply(batch({same})));
    const auto inode = identity_of_path(scratch.options.folder / "tables.json")->ino;
    REQUIRE(catalog.apply(Batch{}));
    REQUIRE(catalog.update_tables({same}));
    REQUIRE(catalog.rename_bucket("nobody", "someone"));
    CHECK(identity_of_path(scratch.options.folder / "tables.json")->ino == inode);
}

TEST_CASE("only the entry of a changed table changes in the file", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "a"), table("raw-data", "b")})));
    const std::string schemas = scratch.text("schemas.json");
    auto b = *catalog.find("raw-data.b");
    b.rows = 99;
    REQUIRE(catalog.update_tables({b}));
    CHECK(scratch.open().find("raw-data.b")->rows == 99);
    CHECK(*scratch.open().find("raw-data.a") == table("raw-data", "a"));
    CHECK(scratch.text("schemas.json") == schemas);
}

TEST_CASE("a table whose files are gone stays as a tombstone and is not found", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    Batch gone;
    gone.tombstones = {"raw-data-orders", "never-known"};
    gone.indexed_at = "2026-11-23T08:00:00Z";
    REQUIRE(catalog.apply(gone));
    CHECK_FALSE(catalog.find("raw-data.orders"));
    REQUIRE(catalog.tables().size() == 1);
    CHECK(catalog.tables()[0].deleted_at == "2026-11-23T08:00:00Z");
    CHECK_FALSE(catalog.table_of("raw-data", "orders/a.csv"));
    auto error = catalog.get("raw-data.orders");
    REQUIRE_FALSE(error);
    CHECK(error.error().hint.find("gone") != std::string::npos);
    auto newcomer = table("raw-data", "orders");
    newcomer.id = "another";
    REQUIRE(catalog.apply(batch({newcomer})));
    CHECK(scratch.open().find("raw-data.orders")->id == "another");
    CHECK(scratch.open().tables().size() == 2);
}

TEST_CASE("get understands bare names and helps with wrong ones", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("archive", "old"), table("processed", "old")})));
    CHECK((*catalog.get("orders"))->full_name() == "raw-data.orders");
    CHECK(catalog.get("old").error().code == Errc::usage);
    REQUIRE(catalog.apply(batch({table("raw-data", "tz.zone"), table("raw-data", "orders.old"),
                                 table("raw-data", "a.part"), table("raw-data", "b.part")})));
    CHECK((*catalog.get("zone"))->full_name() == "raw-data.tz.zone");  // the last part, where only one has it
    CHECK(catalog.get("old").error().hint == "say which: archive.old or processed.old");
    CHECK(catalog.get("part").error().hint == "say which: raw-data.a.part or raw-data.b.part");
    CHECK(catalog.get("raw-data.part").error().hint == "did you mean raw-data.a.part or raw-data.b.part?");
    CHECK(catalog.get("raw-dta.part").error().hint == "did you mean raw-data.a.part or raw-data.b.part?");
    auto wrong = catalog.get("raw-data.order");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == Errc::not_found);
    CHECK(wrong.error().hint.find("raw-data.orders") != std::string::npos);
}

TEST_CASE("a file's table is its own, its folder's, or the partitioned one above", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    auto parts = table("raw-data", "events");
    parts.rule = model::GroupingRule::partitions;
    auto whole = table("raw-data", "");
    whole.name = "all";
    auto single = table("raw-data", "orders/x.csv", false);
    REQUIRE(catalog.apply(batch({parts, table("raw-data", "orders"), single, table("archive", "orders")})));
    const auto of = [&](const char* bucket, const char* path) {
        const auto* t = catalog.table_of(bucket, path);
        return t ? t->full_name() : "";
    };
    CHECK(of("raw-data", "orders/a.csv") == "raw-data.orders");
    CHECK(of("raw-data", "orders/x.csv") == "raw-data.orders/x.csv");
    CHECK(of("raw-data", "orders/deep/a.csv") == "");
    CHECK(of("raw-data", "events/year=2024/month=01/a.csv") == "raw-data.events");
    CHECK(of("raw-data", "eventsx/a.csv") == "");
    CHECK(of("archive", "orders/a.csv") == "archive.orders");
    CHECK(of("raw-data", "loose.csv") == "");
    REQUIRE(catalog.apply(batch({whole})));
    CHECK(of("raw-data", "loose.csv") == "raw-data.all");
}

TEST_CASE("schema versions that no table names yet are not shown, and are replaced by the next run", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    const std::string old_tables = scratch.text("tables.json");
    auto wider = table("raw-data", "orders");
    wider.schema_version = 2;
    wider.columns.push_back(column("dead_run", model::TypeKind::date));
    REQUIRE(catalog.apply(batch({wider})));
    // As if the run had died between the two files.
    REQUIRE(write_file_atomic(scratch.options.folder / "tables.json", old_tables));
    Catalog after = scratch.open();
    CHECK(after.history("raw-data-orders")->versions.size() == 1);
    CHECK(after.check());
    wider.columns.back().name = "next_run";
    REQUIRE(after.apply(batch({wider})));
    auto history = scratch.open().history("raw-data-orders");
    REQUIRE(history->versions.size() == 2);
    CHECK(history->versions[1].columns[2].name == "next_run");
}

TEST_CASE("a damaged file is corrupt, said with advice, and never overwritten", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    const std::string good = scratch.text("tables.json");
    for (const std::string& bad :
         {good.substr(0, good.size() / 2), std::string(), std::string("[]"),
          std::string("{\"schema\":\"neurolake.other/1\",\"tables\":[]}"),
          std::string("{\"schema\":\"neurolake.tables/1\"}"),
          std::string("{\"schema\":\"neurolake.tables/1\",\"tables\":[{\"name\":\"a.b\"}]}")}) {
        REQUIRE(write_file_atomic(scratch.options.folder / "tables.json", bad));
        auto broken = Catalog::open(scratch.options);
        REQUIRE_FALSE(broken);
        CHECK(broken.error().code == Errc::corrupt);
        CHECK(broken.error().hint.find("doctor --fix") != std::string::npos);
        CHECK(scratch.text("tables.json") == bad);
    }
}

TEST_CASE("a changed byte inside an entry is noticed although the file opens lazily", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    std::string text = scratch.text("tables.json");
    text.replace(text.find("\"int64\""), 7, "\"int65\"");
    REQUIRE(write_file_atomic(scratch.options.folder / "tables.json", text));
    auto broken = Catalog::open(scratch.options);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().message.find("int65") != std::string::npos);
}

TEST_CASE("a catalog that a person reformatted or edited is understood and tidied by the next write", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("archive", "old")})));
    auto document = *json::parse(scratch.text("tables.json"));
    auto& list = *document.find("tables")->as_array();
    std::swap(list[0], list[1]);
    REQUIRE(write_file_atomic(scratch.options.folder / "tables.json", json::dump(document, json::Style::pretty)));
    Catalog edited = scratch.open();
    CHECK(edited.find("raw-data.orders"));
    CHECK(edited.tables()[0].full_name() == "archive.old");
    CHECK(edited.tables() == catalog.tables());
    REQUIRE(edited.apply(batch({table("raw-data", "new")})));
    CHECK(json::dump(*json::parse(scratch.text("tables.json")), json::Style::entries) + "\n" ==
          scratch.text("tables.json"));
}

TEST_CASE("a writer that read an older state is refused", "[catalog]") {
    Scratch scratch;
    Catalog one = scratch.open(), two = scratch.open();
    REQUIRE(one.apply(batch({table("raw-data", "orders")})));
    auto late = two.apply(batch({table("raw-data", "customers")}));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::conflict);
    CHECK(scratch.open().tables() == one.tables());
}

TEST_CASE("renaming a bucket renames its tables and keeps ids and histories", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("archive", "old")})));
    REQUIRE(catalog.rename_bucket("raw-data", "a-raw"));
    const Catalog again = scratch.open();
    REQUIRE(again.find("a-raw.orders"));
    CHECK_FALSE(again.find("raw-data.orders"));
    CHECK(again.history("raw-data-orders")->table == "a-raw.orders");
    CHECK(again.history("raw-data-orders")->versions.size() == 1);
    CHECK(again.table_of("a-raw", "orders/x.csv"));
}

TEST_CASE("search finds names, columns, tags and descriptions, all words, any case", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    auto customers = table("raw-data", "customers");
    customers.tags = {"PII"};
    customers.description = "everyone who ever bought \"something\"";
    auto orders = table("raw-data", "orders");
    orders.columns = {column("Größe", model::TypeKind::int64)};
    orders.columns[0].evidence.min = "hidden";
    REQUIRE(catalog.apply(batch({customers, orders})));
    const auto found = [&](const char* words) {
        std::string out;
        for (const Hit& hit : catalog.search(words).best) out += hit.table->name + ":" + hit.found[0].where + " ";
        return out;
    };
    CHECK(found("EMAIL") == "customers:column ");
    CHECK(found("raw-data") == "customers:bucket orders:bucket ");
    CHECK(found("pii bought") == "customers:tag ");
    CHECK(found("\"something\"") == "customers:description ");
    CHECK(found("Größe") == "orders:column ");
    CHECK(found("hidden").empty());
    CHECK(found("email Größe").empty());
    CHECK(found("  ").empty());
}

TEST_CASE("backends that nobody knows are refused by name", "[catalog]") {
    Scratch scratch;
    scratch.options.backend = "mongodb";
    auto catalog = Catalog::open(scratch.options);
    REQUIRE_FALSE(catalog);
    CHECK(catalog.error().code == Errc::usage);
    CHECK(Catalog::create(scratch.options).error().message.find("mongodb") != std::string::npos);
}

TEST_CASE("5,000 tables open without being parsed and answer the same as parsed ones", "[catalog]") {
    Scratch scratch;
    std::vector<model::Table> many;
    for (int i = 0; i < 5000; ++i) many.push_back(table("raw-data", "t" + std::to_string(i)));
    Catalog writer = scratch.open();
    REQUIRE(writer.apply(batch(many)));
    const Catalog lazy = scratch.open();
    const model::Table* one = lazy.find("raw-data.t4321");
    REQUIRE(one);
    CHECK(*one == many[4321]);
    CHECK(lazy.tables().size() == 5000);
    CHECK(*one == *lazy.find("raw-data.t4321"));  // the pointer from before is still good
    CHECK(lazy.search("t4321").total == 1);
    const Hits some = lazy.search("t", 7);
    CHECK(some.best.size() == 7);
    CHECK(some.total == 5000);
}

TEST_CASE("search tells the most likely table first", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    std::vector<model::Table> all;
    for (const char* name : {"preorders", "new_orders", "orders2024", "orders", "a", "b", "c", "d", "e", "f"})
        all.push_back(table("sales", name));
    for (auto& one : all) one.columns = {column("id", model::TypeKind::int64)};
    all[4].owner = "orders team";
    all[5].columns[0].description = "of the orders";
    all[6].terms = {"Purchase"};
    all[7].tags = {"orders"};
    all[8].columns[0].name = "orders_total";
    all[9].columns[0].name = "Orders";
    REQUIRE(catalog.apply(batch(all)));
    Term term{"Purchase", "what was bought", {"orders"}};
    REQUIRE(catalog.change_entries({{List::glossary, term_id(term.name), to_entry(term)}}));
    std::string order;
    const Hits hits = catalog.search("Orders");
    for (const Hit& hit : hits.best) order += hit.table->name + " ";
    CHECK(order == "orders f orders2024 new_orders preorders e d c b a ");
    CHECK(hits.best[7].found[0].match == "Purchase (orders)");
    CHECK(catalog.search("orders purchase").best.size() == 1);
    CHECK(catalog.search("sales orders").total == 10);
    CHECK(catalog.search("sales.orders").best.size() == 1);
}

TEST_CASE("every place of a table where a word stands is told, the best first", "[catalog]") {
    auto orders = table("raw-data", "zips");
    orders.columns = {column("note", model::TypeKind::text), column("old_zip", model::TypeKind::text),
                      column("ZIP", model::TypeKind::text)};
    orders.columns[0].description = "which zip it went to";
    orders.columns[1].term = "Postal code";
    orders.tags = {"zipped", "gold"};
    const auto words = search_words("zip nothing", {{"Postal code", "", {"zip code"}}});
    std::string places;
    for (const auto& place : all_places(orders, words))
        places += place.where + ":" + place.match + "(" + place.column + ") ";
    CHECK(places ==
          "column:ZIP(ZIP) table:raw-data.zips() column:old_zip(old_zip) tag:zipped() term:Postal code (zip "
          "code)(old_zip) description:which zip it went to(note) ");
}

TEST_CASE("an entry that was edited by hand is searched as the others", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    auto odd = table("raw-data", "odd");
    odd.tags = {"a \\ \"tag\"", "gr\xc3\xbc\xc3\x9f"};
    odd.columns[0].evidence.reason = "\"name\":\"trap\"";
    REQUIRE(catalog.apply(batch({odd})));
    CHECK(catalog.search("\"tag\"").total == 1);
    CHECK(catalog.search("\\").best.at(0).found[0].match == odd.tags[0]);
    CHECK(catalog.search("trap").total == 0);
    CHECK(catalog.search("gr\xc3\xbc").total == 1);
}

TEST_CASE("entries of the other lists are kept by id, replaced and removed", "[catalog]") {
    Scratch scratch;
    REQUIRE(Catalog::create(scratch.options));
    Catalog catalog = scratch.open();
    REQUIRE(catalog.change_entries({{List::lineage, "b", R"({"id":"b","n":1})"},
                                    {List::lineage, "a", R"({"id":"a"})"},
                                    {List::glossary, "a", R"({"id":"a","term":"x"})"}}));
    REQUIRE(catalog.change_entries({{List::lineage, "b", R"({"id":"b","n":2})"}, {List::glossary, "a", std::nullopt}}));
    const Catalog again = scratch.open();
    CHECK(again.entries(List::lineage).value() == std::vector<std::string>{R"({"id":"a"})", R"({"id":"b","n":2})"});
    CHECK(again.entries(List::glossary).value().empty());
    CHECK(again.entry(List::lineage, "b").value() == R"({"id":"b","n":2})");
    CHECK(again.entry(List::lineage, "c").value().empty());
}

TEST_CASE("what was imported has a file of its own once there is something", "[catalog]") {
    Scratch scratch;
    REQUIRE(Catalog::create(scratch.options));
    CHECK_FALSE(std::filesystem::exists(scratch.options.folder / "imported.json"));
    Catalog catalog = scratch.open();
    CHECK(catalog.entries(List::imported).value().empty());
    REQUIRE(catalog.change_entries({{List::imported, "a", R"({"id":"a"})"}}));
    CHECK(scratch.open().entry(List::imported, "a").value() == R"({"id":"a"})");
    REQUIRE(scratch.open().check());
}

TEST_CASE("the empty lineage of earlier versions is read and replaced", "[catalog]") {
    Scratch scratch;
    REQUIRE(Catalog::create(scratch.options));
    std::ofstream(scratch.options.folder / "lineage.json")
        << R"({"schema":"neurolake.lineage/1","runs":[],"edges":[]})";
    Catalog catalog = scratch.open();
    CHECK(catalog.entries(List::lineage).value().empty());
    REQUIRE(catalog.change_entries({{List::lineage, "a", R"({"id":"a"})"}}));
    CHECK(scratch.open().entries(List::lineage).value().size() == 1);
}

TEST_CASE("tables with findings are found by severity, whatever a person's words look like", "[catalog]") {
    using Severity = model::Finding::Severity;
    Scratch scratch;
    REQUIRE(Catalog::create(scratch.options));
    std::vector<model::Table> tables{table("raw-data", "calm"), table("raw-data", "noted"), table("raw-data", "warned"),
                                     table("raw-data", "broken"), table("raw-data", "gone")};
    tables[0].description = R"("severity":"error")";
    tables[1].findings = {{Severity::note, "n", "raw-data/noted", 0, "m"}};
    tables[2].findings = {{Severity::note, "n", "raw-data/warned", 0, "m"}, {Severity::warning, "w", "", 0, "m"}};
    tables[3].findings = {{Severity::error, "e", "raw-data/broken", 7, "m"}};
    tables[4].findings = tables[3].findings;
    tables[4].deleted_at = "2026-11-22T08:00:00Z";
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch(tables)));
    const auto names = [&](Severity severity) {
        const Catalog again = scratch.open();
        std::string all;
        for (const model::Table* t : again.tables_with(severity)) all += t->id + " ";
        return all;
    };
    CHECK(names(Severity::error) == "raw-data-broken ");
    CHECK(names(Severity::warning) == "raw-data-broken raw-data-warned ");
    CHECK(names(Severity::note) == "raw-data-broken raw-data-noted raw-data-warned ");
}

TEST_CASE("totals are those of the tables that are there, after each change", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    const auto told = [&] {
        const Totals now = catalog.totals(), again = scratch.open().totals();
        CHECK(now == again);
        return std::pair(now.tables, now.rows);
    };
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("raw-data", "people")})));
    CHECK(told() == std::pair<std::uint64_t, std::uint64_t>(2, 6));
    model::Table grown = table("raw-data", "orders");
    grown.rows = 10;
    REQUIRE(catalog.apply(batch({grown})));
    CHECK(told() == std::pair<std::uint64_t, std::uint64_t>(2, 13));
    Batch gone;
    gone.tombstones = {"raw-data-people"};
    gone.indexed_at = "2026-11-23T08:00:00Z";
    REQUIRE(catalog.apply(gone));
    CHECK(told() == std::pair<std::uint64_t, std::uint64_t>(1, 10));
}

TEST_CASE("what is gone stays gone since then, can be forgotten with its history, and what is there cannot",
          "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("raw-data", "people")})));
    Batch gone;
    gone.tombstones = {"raw-data-people"};
    gone.indexed_at = "2026-11-23T08:00:00Z";
    REQUIRE(catalog.apply(gone));
    gone.indexed_at = "2026-11-24T08:00:00Z";
    REQUIRE(catalog.apply(gone));
    const auto is_people = [](const model::Table& t) { return t.name == "people"; };
    const auto people = std::ranges::find_if(catalog.tables(), is_people);
    REQUIRE(people != catalog.tables().end());
    CHECK(people->deleted_at == "2026-11-23T08:00:00Z");
    const auto refused = catalog.forget({"raw-data-orders"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::usage);
    REQUIRE(catalog.forget({"raw-data-people"}));
    const Catalog again = scratch.open();
    CHECK(again.tables().size() == 1);
    CHECK(again.entries(List::histories).value().size() == 1);
}

TEST_CASE("a place is looked up in the catalog as it is now", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    REQUIRE(catalog.table_of("raw-data", "orders/a.csv"));
    model::Table moved = table("raw-data", "orders");
    moved.path = "sales";
    REQUIRE(catalog.apply(batch({moved})));
    CHECK_FALSE(catalog.table_of("raw-data", "orders/a.csv"));
    CHECK(catalog.table_of("raw-data", "sales/a.csv"));
}

TEST_CASE("remarks follow a bucket to its new name, those of a bucket that begins alike stay", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    model::Table odd = table("raw", "orders");
    odd.findings = {{model::Finding::Severity::warning, "short_row", "raw/orders/a.csv", 2, "a row is short"},
                    {model::Finding::Severity::note, "other", "rawest/a.csv", 0, "beside it"}};
    REQUIRE(catalog.apply(batch({odd})));
    REQUIRE(catalog.rename_bucket("raw", "new"));
    const model::Table* table = catalog.find("new.orders");
    REQUIRE(table);
    CHECK(table->findings[0].path == "new/orders/a.csv");
    CHECK(table->findings[1].path == "rawest/a.csv");
}

TEST_CASE("a history carries its table's present name", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    model::Table renamed = table("raw-data", "orders");
    renamed.name = "sales";
    renamed.schema_version = 2;
    REQUIRE(catalog.apply(batch({renamed})));
    CHECK(scratch.text("schemas.json").find("raw-data.sales") != std::string::npos);
    CHECK(scratch.text("schemas.json").find("raw-data.orders\"") == std::string::npos);
}

TEST_CASE("a word of a name counts for more than letters within one", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "a_reorders"), table("raw-data", "b_orders")})));
    const Hits hits = catalog.search("orders", 0);
    REQUIRE(hits.best.size() == 2);
    CHECK(hits.best[0].table->name == "b_orders");
}

TEST_CASE("a term is found by its name before its synonyms, in any case", "[catalog]") {
    const std::vector<Term> terms{{"Client", "who buys", {"Customer"}}, {"Customer", "who pays", {}}};
    const auto definition = [](const std::vector<Term>& all, std::string_view word) {
        const Term* found = find_term(all, word);
        return found ? found->definition : "none";
    };
    CHECK(definition(terms, "customer") == "who pays");
    CHECK(definition(terms, "CLIENT") == "who buys");
    CHECK(definition({terms[0]}, "customer") == "who buys");
    CHECK_FALSE(find_term(terms, "cust"));
}

TEST_CASE("a check tells a table that stands there twice and a history that cannot be read", "[catalog]") {
    Scratch scratch;
    Catalog catalog = scratch.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders"), table("raw-data", "people")})));
    CHECK(catalog.check());
    const auto edited = [&](const char* file, std::string_view what, std::string_view with) {
        const std::string text = scratch.text(file);
        std::string other = text;
        other.replace(other.find(what), what.size(), with);
        std::ofstream(scratch.options.folder / file) << other;
        const Status status = scratch.open().check();
        std::ofstream(scratch.options.folder / file) << text;
        return status ? std::string() : status.error().message;
    };
    CHECK(edited("tables.json", "\"id\":\"raw-data-people\"", "\"id\":\"raw-data-orders\"").find("twice") !=
          std::string::npos);
    CHECK_FALSE(edited("schemas.json", "\"type\":\"int64\"", "\"type\":\"int65\"").empty());
}
