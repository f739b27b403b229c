// foreign_test.cpp: what the files of older catalogs say, and what in them has lost its other half.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/foreign.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::migrate;
namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() { fs::create_directories(place.path() / "from"); }
    void put(const std::string& name, std::string_view text) const {
        const fs::path file = place.path() / "from" / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    Foreign read() const {
        auto foreign = read_foreign(place.path() / "from", place.path() / "buckets");
        if (!foreign) FAIL(foreign.error().message);
        return std::move(*foreign);
    }
    tests::Scratch place;
};

std::vector<std::string> orphans(const Foreign& foreign) {
    std::vector<std::string> found;
    for (const Orphan& orphan : foreign.orphans) found.push_back(orphan.what + " " + orphan.name);
    std::ranges::sort(found);
    return found;
}

const ForeignTable& table(const Foreign& foreign, std::string_view name) {
    const auto found = std::ranges::find(foreign.tables, name, &ForeignTable::name);
    REQUIRE(found != foreign.tables.end());
    return *found;
}

}  // namespace

TEST_CASE("records of an older catalog that lost what they belong to are orphans, and nothing else is", "[migrate]") {
    const Folder folder;
    folder.put("catalog.json", R"({"assets":{
        "table_zoo_raw_animals":{"asset_type":"table","asset_id":"table_zoo_raw_animals","name":"animals",
            "database":"zoo","schema":"raw","fully_qualified_name":"zoo.raw.animals","tags":["a"],
            "columns":[{"name":"id","type":"int"},{"name":"mail","type":"text"}]},
        "table_zoo_raw_a_b":{"asset_type":"table","asset_id":"table_zoo_raw_a_b","name":"other",
            "database":"zoo","schema":"raw_a","fully_qualified_name":"zoo.raw_a.other","columns":[]},
        "table_zoo_raw_animals_col_mail":{"asset_type":"column","table_id":"table_zoo_raw_animals","name":"mail",
            "sensitive":true,"business_term":"Mail"},
        "table_zoo_raw_animals_col_old":{"asset_type":"column","table_id":"table_zoo_raw_animals","name":"old"}},
        "tags":{"a":["table_zoo_raw_animals"],"b":["table_zoo_raw_animals"],"c":["nobody"]},
        "lineage":{"q1":{"inputs":["gone"],"outputs":["table_zoo_raw_animals"]}},
        "business_glossary":{"g":{"term":"Post","related_columns":["table_zoo_raw_animals_col_mail"]}}})");
    folder.put(".deleted_plants/x", "");
    fs::create_symlink("catalog.json", folder.place.path() / "from" / "metadata.json");
    const Foreign foreign = folder.read();
    CHECK(foreign.sources == std::vector<std::string>{"catalog.json"});
    CHECK(orphans(foreign) == std::vector<std::string>{"asset gone", "collision table_zoo_raw_a_b",
                                                       "column table_zoo_raw_animals_col_old",
                                                       "dropped_table .deleted_plants", "tag b", "tag c"});
    const ForeignTable& animals = table(foreign, "zoo.raw.animals");
    REQUIRE(animals.columns.size() == 2);
    CHECK_FALSE(animals.columns[0].pii_suggested);
    CHECK(animals.columns[1].pii_suggested);
    CHECK(animals.columns[1].term == "Mail");  // what the column says itself stands above the glossary
}

TEST_CASE("of a table storage the versions from the last overwrite on are live", "[migrate]") {
    const Folder folder;
    folder.put("t/_metadata.json", R"({"name":"t","schema":{"id":"int"},"location":"x","version":3})");
    folder.put("t/_history.json", R"([
        {"operation":"WRITE","mode":"append","version":1,"files_added":1},
        {"operation":"WRITE","mode":"overwrite","version":2,"files_added":1},
        {"operation":"MERGE","version":3,"files_added":1},
        {"operation":"WRITE","mode":"append","version":3,"files_added":0},
        {"operation":"WRITE","mode":"append","version":4,"files_added":1}])");
    CHECK(json::dump(*table(folder.read(), "t").more.find("live_versions")) == "[2]");
}

TEST_CASE("a table known by its schemas alone has the columns of the last one", "[migrate]") {
    const Folder folder;
    folder.put("schemas.json", R"({"zoo.raw.plants":[{"version":1,"columns":[{"name":"id","type":"int"}]},
        {"version":2,"columns":[{"name":"id","type":"int"},{"name":"x","type":"text"}]}]})");
    const Foreign foreign = folder.read();
    CHECK(table(foreign, "zoo.raw.plants").versions.size() == 2);
    CHECK(table(foreign, "zoo.raw.plants").columns.size() == 2);
}

TEST_CASE("a column comes from the input that its mapping names", "[migrate]") {
    const Folder folder;
    folder.put("lineage.json", R"({"lineage_graph":{
        "q1":{"type":"query","inputs":["a.readings","b.other"],"outputs":["c.out"],
              "column_mapping":{"t":["readings.temp","loose"]}},
        "q2":{"type":"query","inputs":["a.readings"],"outputs":["c.alone"],
              "column_mapping":{"t":["other.temp"],"u":["bare"]}}},
        "column_lineage":{"c.out.t":["readings.temp","gone.x"]}})");
    const Foreign foreign = folder.read();
    std::vector<std::string> told;
    for (const ForeignEdge& edge : foreign.edges)
        for (const auto& [from, to] : edge.columns) told.push_back(edge.from + "." + from + " > " + edge.to + "." + to);
    std::ranges::sort(told);
    CHECK(told == std::vector<std::string>{"a.readings.bare > c.alone.u", "a.readings.temp > c.out.t"});
    CHECK(orphans(foreign) == std::vector<std::string>{"column_lineage c.out.t"});
}

TEST_CASE("one odd record costs itself, not its file", "[migrate]") {
    const auto told = [](const Foreign& foreign) {
        std::vector<std::string> names;
        for (const Orphan& wrong : foreign.wrong) names.push_back(wrong.name + ": " + wrong.message);
        return names;
    };
    const Folder folder;
    folder.put(".storage_metadata.json", R"({"a.csv":{"tier":"cloud","size_bytes":5},"n":5,"none":{"size_bytes":1},
        "word":{"tier":"warm","size_bytes":-1},"number":{"tier":7,"size_bytes":1},"null":null})");
    folder.put("schemas.json", R"({"s":[{"version":1,"columns":[{"name":"id","type":"int"}]},7,{"version":2},
        {"version":3,"columns":"x"}],"t":[],"u":"x"})");
    folder.put("metadata.json", R"({"metadata":{"m":{"ai_generated_description":"d"},"x":7,"y":{}}})");
    folder.put("few/_metadata.json", R"({"name":"few","schema":{"id":"int"}})");
    folder.put("five/_metadata.json", R"({"name":5,"schema":{"id":"int"}})");
    const Foreign foreign = folder.read();
    CHECK(foreign.unread.empty());
    std::vector<std::string> lost;
    for (const RecordedFile& file : foreign.files) lost.push_back(file.path + " " + file.tier);
    CHECK(lost == std::vector<std::string>{"a.csv cloud", "none ", "word warm", "number "});
    CHECK(table(foreign, "s").versions.size() == 2);
    CHECK(table(foreign, "s").columns.size() == 1);
    CHECK(table(foreign, "m").suggested_description == "d");
    CHECK(table(foreign, "few").columns.size() == 1);
    CHECK(table(foreign, "five").columns.size() == 1);
    CHECK(told(foreign) ==
          std::vector<std::string>{
              "schemas.json: s[1]: it is a number, not an object", "schemas.json: s[2]: it has no columns",
              "schemas.json: s[3]: its columns is a text, not a list", "schemas.json: u: it is a text, not a list",
              "metadata.json: metadata.x: it is a number, not an object",
              "five/_metadata.json: table: its name is a number, not a text",
              ".storage_metadata.json: n: it is a number, not an object",
              ".storage_metadata.json: word: its size_bytes is a number, not a size",
              ".storage_metadata.json: number: its tier is a number, not a text"});
}

TEST_CASE("a folder of files that are none of ours is told from an empty one", "[migrate]") {
    const Folder folder;
    folder.put("schemas.json", R"({"a":1})");
    const auto foreign = read_foreign(folder.place.path() / "from", folder.place.path() / "buckets");
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == Errc::usage);
    CHECK(foreign.error().message.find("schemas.json is JSON, but no catalog that is known here") != std::string::npos);
}
