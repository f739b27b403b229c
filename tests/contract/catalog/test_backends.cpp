// test_backends.cpp: what every backend keeps, gives back, refuses and survives.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <thread>

#include "base/file.hpp"
#include "base/json.hpp"
#include "contract/catalog/catalogs.hpp"

using namespace neurolake;
using namespace neurolake::catalog;
using namespace neurolake::contract;

TEST_CASE("a new catalog is empty, and making it again changes nothing", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    CHECK(shelf.open().tables().empty());
    CHECK(is_there(shelf.options).value() == false);
    REQUIRE(Catalog::create(shelf.options));
    CHECK(is_there(shelf.options).value() == true);
    CHECK(holds_something(shelf.options).value() == false);
    auto catalog = shelf.open();
    CHECK(catalog.tables().empty());
    CHECK(catalog.indexed_at().empty());
    CHECK(catalog.totals() == Totals{});
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    REQUIRE(Catalog::create(shelf.options));
    CHECK(shelf.open().tables().size() == 1);
    CHECK(holds_something(shelf.options).value() == true);
    CHECK(shelf.open().check());
}

TEST_CASE("everything is read back as the json backend reads it, byte for byte", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    Shelf json("json");
    auto there = shelf.open(), here = json.open();
    fill_with_oddities(there);
    fill_with_oddities(here);
    CHECK(contents(shelf.options) == contents(json.options));
    const auto again = shelf.open();
    CHECK(again.tables() == here.tables());
    CHECK(again.indexed_at() == "2026-11-22T08:00:00Z");
    CHECK(again.totals() == here.totals());
    for (const List list : k_all_lists) {
        const auto entries = again.entries(list).value();
        CHECK(entries == here.entries(list).value());
        CHECK(entries == there.entries(list).value());
        for (const std::string& entry : entries) CHECK(again.entry(list, id_of_entry(entry)).value() == entry);
        CHECK(again.entry(list, "no such").value().empty());
    }
    for (const auto& t : here.tables()) CHECK(again.history(t.id)->versions == here.history(t.id)->versions);
    const auto found = [](const Catalog& catalog, const char* words) {
        std::vector<std::string> names;
        for (const Hit& hit : catalog.search(words).best) names.push_back(hit.table->name);
        return names;
    };
    for (const char* words : {"EMAIL", "orders", "größe", "backslash", "nothing"})
        CHECK(found(again, words) == found(here, words));
    CHECK(again.check());
}

TEST_CASE("changes replace, add and take away, and the rest stays", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    auto catalog = shelf.open();
    fill_with_oddities(catalog);
    auto orders = *catalog.find("raw-data.orders");
    orders.rows = 9;
    orders.owner = "me";
    Batch next = batch({table("raw-data", "fresh")}, "2026-11-23T08:00:00Z");
    next.tombstones = {"a-lower"};
    next.entries = {{List::glossary, "apple", std::nullopt},
                    {List::glossary, "never there", std::nullopt},
                    put(List::glossary, "Umsatz", "turnover"),
                    put(List::glossary, "Umsatz", "revenue")};
    REQUIRE(catalog.update_tables({orders}));
    REQUIRE(catalog.apply(next));
    REQUIRE(catalog.rename_bucket("Z", "zz"));
    REQUIRE(catalog.change_entries({put(List::lineage, "edge")}));
    const auto again = shelf.open();
    CHECK(again.tables() == catalog.tables());
    CHECK(again.find("raw-data.orders")->rows == 9);
    CHECK_FALSE(again.find("a.lower"));
    CHECK(again.find("zz.upper"));
    CHECK_FALSE(again.find("Z.upper"));
    CHECK(again.find("raw-data.fresh"));
    CHECK(again.indexed_at() == "2026-11-23T08:00:00Z");
    CHECK(again.entry(List::glossary, "apple")->empty());
    CHECK(again.entry(List::glossary, "Umsatz").value() == R"({"id":"Umsatz","more":"revenue"})");
    CHECK(again.entries(List::glossary)->size() == 3);
    CHECK(again.entry(List::lineage, "edge").value() == R"({"id":"edge"})");
    CHECK(again.check());
}

TEST_CASE("a table that is gone can be forgotten, one that lives cannot", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    auto catalog = shelf.open();
    fill_with_oddities(catalog);
    Batch next = batch({}, "2026-11-23T08:00:00Z");
    next.tombstones = {"a-lower"};
    next.entries = {put(List::samples, "a-lower", "rows")};
    REQUIRE(catalog.apply(next));
    const std::size_t before = catalog.tables().size();
    const auto totals = catalog.totals();
    CHECK_FALSE(catalog.forget({catalog.find("raw-data.orders")->id}));
    CHECK_FALSE(catalog.forget({"never there"}));
    CHECK(shelf.open().tables().size() == before);
    REQUIRE(catalog.forget({"a-lower"}));
    const auto again = shelf.open();
    CHECK(again.tables() == catalog.tables());
    CHECK(again.tables().size() == before - 1);
    CHECK(again.totals() == totals);
    CHECK(again.entry(List::samples, "a-lower")->empty());
    CHECK_FALSE(again.history("a-lower"));
    CHECK(again.check());
}

TEST_CASE("of two writers the second is told that the catalog changed, and changes nothing", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    auto first = shelf.open(), second = shelf.open();
    REQUIRE(first.apply(batch({table("raw-data", "orders")})));
    const auto refused = second.apply(batch({table("raw-data", "lost")}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::conflict);
    CHECK(refused.error().hint == "run the command again");
    CHECK(shelf.open().tables().size() == 1);
    REQUIRE(first.apply(batch({table("raw-data", "more")})));
    CHECK(shelf.open().tables().size() == 2);
    auto late = shelf.open();
    REQUIRE(first.apply(batch({table("raw-data", "third")})));
    CHECK(late.apply(batch({table("raw-data", "lost")})).error().code == Errc::conflict);
    CHECK_FALSE(shelf.open().find("raw-data.lost"));
}

TEST_CASE("a change that changes nothing is no change", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    auto catalog = shelf.open();
    fill_with_oddities(catalog);
    auto other = shelf.open();
    REQUIRE(catalog.change_entries({put(List::glossary, "apple"), {List::glossary, "nobody", std::nullopt}}));
    CHECK(other.apply(batch({table("raw-data", "orders2")})));  // no conflict
}

TEST_CASE("a change that only takes away counts, and so do odd ids", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    const std::string long_id(600, 'x'), like_ours = "sha256:x";
    const auto entry = [](const std::string& id) {
        return EntryChange{List::glossary, id, "{\"id\":\"" + id + "\",\"term\":\"t\"}"};
    };
    auto catalog = shelf.open();
    REQUIRE(catalog.change_entries({entry("a"), entry(long_id), entry(long_id + "y"), entry(like_ours)}));
    CHECK(shelf.open().entries(List::glossary).value().size() == 4);
    for (const std::string& id : {long_id, long_id + "y", like_ours})
        CHECK(shelf.open().entry(List::glossary, id).value() == *entry(id).entry);
    REQUIRE(catalog.change_entries({{List::glossary, "a", std::nullopt}}));
    CHECK(shelf.open().entries(List::glossary).value().size() == 3);
    Batch batch;
    batch.upserts.resize(1);
    batch.upserts[0].id = "0123456789abcdef";
    batch.upserts[0].bucket = "raw-data";
    batch.upserts[0].name = batch.upserts[0].path = "orders";
    batch.indexed_at = "2026-11-22T08:00:00Z";
    REQUIRE(catalog.apply(batch));
    Batch gone;
    gone.tombstones = {"0123456789abcdef"};
    gone.indexed_at = "2026-11-23T08:00:00Z";
    REQUIRE(catalog.apply(gone));
    REQUIRE(catalog.forget(gone.tombstones));
    CHECK(shelf.open().tables().empty());
}

TEST_CASE("readers see the old state or the new one while a writer writes", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    constexpr int k_tables = 60, k_rounds = 25;
    const auto state = [](int round) {
        std::vector<model::Table> tables;
        for (int i = 0; i < k_tables; ++i) {
            tables.push_back(table("raw-data", "t" + std::to_string(i)));
            tables.back().rows = static_cast<std::uint64_t>(round);
        }
        auto all = batch(std::move(tables), "2026-11-22T08:00:" + std::to_string(10 + round) + "Z");
        for (int i = 0; i < k_tables; ++i)
            all.entries.push_back(put(List::samples, std::to_string(i), std::to_string(round)));
        return all;
    };
    auto writer = shelf.open();
    REQUIRE(writer.apply(state(0)));
    std::atomic<bool> over{false};
    std::atomic<int> halves{0}, looks{0}, failures{0};
    std::vector<std::thread> readers;
    for (int r = 0; r < 2; ++r)
        readers.emplace_back([&] {
            while (!over) {
                auto catalog = Catalog::open(shelf.options);
                if (!catalog) {
                    ++failures;
                    continue;
                }
                const auto& tables = catalog->tables();
                bool half = tables.size() != k_tables;
                for (const auto& t : tables) half = half || t.rows != tables[0].rows;
                half = half || catalog->indexed_at() != "2026-11-22T08:00:" + std::to_string(10 + tables[0].rows) + "Z";
                const auto samples = catalog->entries(List::samples);
                half = half || !samples || samples->size() != k_tables;
                if (!half)
                    for (const auto& entry : *samples)
                        half = half || json::parse(entry)->text("more") != json::parse((*samples)[0])->text("more");
                halves += half;
                ++looks;
            }
        });
    for (int round = 1; round <= k_rounds; ++round) CHECK(writer.apply(state(round)));
    while (looks < 4) std::this_thread::yield();
    over = true;
    for (auto& reader : readers) reader.join();
    CHECK(halves == 0);
    CHECK(failures == 0);
    CHECK(shelf.open().tables()[0].rows == k_rounds);
}

TEST_CASE("a writer killed at any moment leaves the old or the new state", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    constexpr std::size_t k_tables = 80;
    const auto state = [](std::uint64_t round) {
        std::vector<model::Table> tables;
        for (std::size_t i = 0; i < k_tables; ++i) {
            tables.push_back(table("raw-data", "t" + std::to_string(i)));
            tables.back().rows = round;
        }
        return batch(std::move(tables), "2026-11-22T08:00:" + std::to_string(10 + round) + "Z");
    };
    REQUIRE(shelf.open().apply(state(0)));
    const auto write = [&](std::uint64_t round) {
        auto catalog = Catalog::open(shelf.options);
        return catalog && catalog->apply(state(round));
    };
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(in_child([&] { return write(1); }));
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    std::uint64_t before = 1;
    int died = 0;
    constexpr int k_kills = 16;
    for (int step = 0; step < k_kills; ++step) {
        const std::uint64_t next = before % 40 + 1;
        died += !in_child([&] { return write(next); }, static_cast<int>(whole.count() * step / k_kills));
        const auto catalog = shelf.open();
        REQUIRE(catalog.tables().size() == k_tables);
        const std::uint64_t seen = catalog.tables()[0].rows;
        CHECK((seen == before || seen == next));
        for (const auto& t : catalog.tables()) CHECK(t.rows == seen);
        CHECK(catalog.check());
        before = seen;
    }
    CHECK(died > 0);
    // A server may take a moment to notice that its client is gone.
    bool again = false;
    for (int i = 0; i < 50 && !again; ++i) again = in_child([&] { return write(50); });
    CHECK(again);
    CHECK(shelf.open().tables()[0].rows == 50);
}

TEST_CASE("a catalog is carried from any backend to any other, unchanged", "[contract]") {
    const auto all = backends();
    const std::string from = GENERATE(from_range(backends()));
    for (const std::string& to : all) {
        if (to == from) continue;
        INFO(from << " to " << to);
        Shelf shelf(from);
        auto catalog = shelf.open();
        fill_with_oddities(catalog);
        const auto before = contents(shelf.options);
        auto target = open_backend_alone(shelf.in(to));
        REQUIRE(target);
        REQUIRE((*target)->fill(before));
        CHECK(contents_of(**target).value() == before);
        CHECK(contents(shelf.in(to)) == before);
        const auto copied = Catalog::open(shelf.in(to));
        REQUIRE(copied);
        CHECK(copied->tables() == catalog.tables());
        for (const List list : k_all_lists) {
            INFO(name_of(list));
            CHECK_FALSE(copied->entries(list).value().empty());
            CHECK(copied->entries(list).value() == catalog.entries(list).value());
        }
        CHECK(copied->totals() == catalog.totals());
        CHECK(copied->indexed_at() == catalog.indexed_at());
        CHECK(copied->check());
    }
}

TEST_CASE("what is set aside is kept, and the backend is empty then", "[contract]") {
    Shelf shelf(GENERATE(from_range(backends())));
    INFO(shelf.options.backend);
    auto catalog = shelf.open();
    fill_with_oddities(catalog);
    const auto before = contents(shelf.options);
    const auto renamed = set_aside(shelf.options, "moved-20261122T080000Z");
    REQUIRE(renamed);
    CHECK_FALSE(renamed->empty());
    CHECK_FALSE(is_there(shelf.options).value());
    CHECK_FALSE(holds_something(shelf.options).value());
    CHECK(set_aside(shelf.options, "moved-20261122T080001Z")->empty());
    if (shelf.options.backend == "postgresql") {
        auto aside = shelf.options;
        aside.lake_id += ".moved-20261122T080000Z";
        CHECK(contents(aside) == before);
        CHECK(shelf.open().tables().empty());
    } else {
        // Its own files were moved away: an empty catalog would hide that.
        const auto refused = Catalog::open(shelf.options);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::not_found);
        CHECK(refused.error().hint.find("neurolake catalog migrate") != std::string::npos);
        CHECK_FALSE(Catalog::create(shelf.options));
    }
}
