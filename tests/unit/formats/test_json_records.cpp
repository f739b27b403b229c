// test_json_records.cpp: where the rows of a JSON file are: lists in objects, features, values; keys that stand twice.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "formats/json_records.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

TEST_CASE("the one list of objects in an object holds the rows", "[formats]") {
    const std::string text =
        "{\"count\": 2, \"data\": [\n  {\"id\": 1, \"name\": \"a rather long name\"},\n"
        "  {\"id\": 2, \"name\": \"another name of some length\"}\n], \"next\": null}";
    const Profile profile = profile_of(text, "api.json");
    CHECK(profile.rows == 2);
    CHECK(profile.dialect == "list of objects in data");
    REQUIRE(profile.columns.size() == 2);
    CHECK(type_of(profile, "id") == "int64");
    CHECK(profile.findings.empty());
    const ScratchFile file(text);
    const auto shown = head(file.fd(), "api.json", 10);
    REQUIRE(shown.has_value());
    CHECK(shown->columns == std::vector<std::string>{"id", "name"});
    CHECK(shown->cells.size() == 2);
    CHECK(profile_of(gzip(text).value(), "api.json.gz").rows == 2);

    std::string large = "{\"data\":[";
    for (int i = 0; i < 100000; ++i) large += fmt::format("{}{{\"id\":{},\"word\":\"x, ]}}\"}}", i ? "," : "", i);
    CHECK(profile_of(large + "],\"total\":5}", "large.json").rows == 100000);
    const Profile cut = profile_of(large, "cut.json");
    CHECK(cut.rows == 100000);
    CHECK_FALSE(cut.rows_exact);
    CHECK(find_code(cut, "damaged") != nullptr);
}

TEST_CASE("an object that has more than one list, or a small one, is one row", "[formats]") {
    const std::string twenty(200, 'x');
    CHECK(profile_of("{\"a\":[{\"x\":1}],\"b\":[{\"x\":1}]}", "t.json").rows == 1);
    CHECK(profile_of("{\"text\":\"" + twenty + "\",\"a\":[{\"x\":1},{\"x\":2}]}", "t.json").rows == 1);
    CHECK(profile_of("{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13]}", "t.json").rows == 1);
    CHECK(profile_of("{\n\"aa\":[{\"x\":1}]}\n{\n\"aa\":[{\"x\":1}]}", "t.json").rows == 2);
    CHECK_FALSE(find_record_list("{\"a\":[", false).has_value());
    CHECK_FALSE(find_record_list("{\"a\"", false).has_value());
    CHECK_FALSE(find_record_list("{", true).has_value());
    CHECK_FALSE(find_record_list("{\"a\":[{]}}", true).has_value());
    CHECK_FALSE(find_record_list("{\"a\":\"", true).has_value());
}

TEST_CASE("features of GeoJSON are rows, their properties columns", "[formats]") {
    const std::string text =
        "{\"type\":\"FeatureCollection\",\"features\":[\n"
        "{\"type\":\"Feature\",\"id\":7,\"properties\":{\"name\":\"here\",\"height\":1.5},"
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2.5]}},\n"
        "{\"type\":\"Feature\",\"id\":8,\"properties\":{\"name\":\"there\",\"height\":2},"
        "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4]]]}}\n],"
        "\"crs\":{\"some\":\"long text that makes the list small " +
        std::string(1000, '.') + "\"}}";
    const Profile profile = profile_of(text, "places.geojson");
    CHECK(profile.rows == 2);
    CHECK(profile.dialect == "GeoJSON features");
    std::vector<std::string> names;
    for (const auto& column : profile.columns) names.push_back(column.name);
    CHECK(names == std::vector<std::string>{"id", "name", "height", "geometry"});
    CHECK(type_of(profile, "height") == "double");
    CHECK(evidence_of(profile, "name").distinct == 2);
    CHECK(type_of(profile, "geometry").starts_with("struct<type:text,coordinates:"));
    const ScratchFile file(text);
    const auto shown = head(file.fd(), "places.geojson", 1);
    REQUIRE(shown.has_value());
    CHECK(shown->columns == names);
    CHECK(shown->cells[0][1] == "here");
    const std::string alike =
        "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":1,\"properties\":{\"geometry\":"
        "\"round\",\"id\":\"a\",\"type\":\"t\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}]}";
    const Rows both = rows_of(alike, "alike.geojson");
    CHECK(both.columns == std::vector<std::string>{"id", "geometry_2", "id_2", "type", "geometry"});
    CHECK(both.cells[0] == std::vector<std::optional<std::string>>{"1", "round", "a", "t",
                                                                   "{\"type\":\"Point\",\"coordinates\":[1,2]}"});
    CHECK(type_of(profile_of(alike, "alike.geojson"), "geometry_2") == "text");
    const Profile last = profile_of(
        "{\"features\":[{\"type\":\"Feature\",\"properties\":{\"a\":1},\"geometry\":null}],\"type\":"
        "\"FeatureCollection\"}",
        "places.json");
    CHECK(type_of(last, "a") == "int64");
}

TEST_CASE("documents that are no objects are rows of one value", "[formats]") {
    const Profile numbers = profile_of("[1, 2.5, 3]", "n.json");
    CHECK(numbers.rows == 3);
    CHECK(type_of(numbers, "value") == "double");
    CHECK(numbers.findings.empty());
    const Profile lists = profile_of("[1,\"a\"]\n[2,\"b\"]\n", "l.jsonl");
    CHECK(lists.rows == 2);
    CHECK(type_of(lists, "value") == "list<text>");
    CHECK(find_code(profile_of("[{\"a\":1}]\n x", "n.json"), "damaged") != nullptr);
    CHECK(profile_of("[{\"a\":1}]\n", "one.jsonl").rows == 1);
    CHECK(type_of(profile_of("\"a word\"", "s.json"), "value") == "text");
    CHECK(profile_of("null", "s.json").rows == 1);
    const Profile mixed = profile_of("{\"a\":1}\n5\n{\"a\":2}\n", "m.jsonl");
    CHECK(mixed.rows == 2);
    REQUIRE(find_code(mixed, "not_an_object") != nullptr);
    CHECK(find_code(mixed, "not_an_object")->line == 2);
}

TEST_CASE("hundreds of thousands of odd rows take no longer than good ones", "[formats]") {
    std::string numbers = "[0", twice;
    for (int i = 1; i < 300000; ++i) numbers += fmt::format(",\n{}", i);
    CHECK(profile_of(numbers + "]", "n.json").rows == 300000);
    for (int i = 0; i < 300000; ++i) twice += "{\"a\":1,\"a\":2}\n";
    const Profile profile = profile_of(twice, "t.jsonl");
    CHECK(profile.rows == 300000);
    CHECK(find_code(profile, "duplicate_key")->line == 1);
}

TEST_CASE("JSON that was cut keeps the rows before the cut", "[formats]") {
    const Profile list = profile_of("[{\"a\":1},\n{\"a\":2},\n{\"a\":\"x", "t.json");
    CHECK(list.rows == 2);
    CHECK_FALSE(list.rows_exact);
    REQUIRE(find_code(list, "damaged") != nullptr);
    CHECK(find_code(list, "damaged")->message == "damaged JSON at line 3, after 2 rows");
    CHECK(profile_of("{\n\"a\":1}\n{\n\"a\":2}\n{\n\"a\":", "t.json").rows == 2);
}

TEST_CASE("a document of very many values counts once and takes little memory", "[formats]") {
    std::string list = "1";
    while (list.size() < (3u << 20)) list += ",1";
    const std::string rows = "{\"a\":1,\"b\":[" + list + "]}\n{\"a\":2,\"b\":[\"\\u0041\"]}\n";
    const Profile profile = profile_of(rows, "t.jsonl");
    CHECK(profile.rows == 2);
    CHECK(evidence_of(profile, "a").values == 2);
    CHECK(evidence_of(profile, "b").values == 2);
    CHECK(type_of(profile, "b") == "list<text>");
    CHECK(profile_of("{\"b\":[" + list + ",]}\n{\"b\":[1]}\n", "t.jsonl").rows == 1);
}

TEST_CASE("a key that stands twice in one object is told", "[formats]") {
    const Profile profile =
        profile_of("{\"a\":1,\"b\":2}\n{\"a\":1,\"a\":\"x\"}\n{\"a\":3,\"b\":{\"a\":1}}\n", "d.jsonl");
    CHECK(profile.rows == 3);
    CHECK(type_of(profile, "a") == "text");
    REQUIRE(find_code(profile, "duplicate_key") != nullptr);
    CHECK(find_code(profile, "duplicate_key")->line == 2);
    CHECK(find_code(profile, "duplicate_key")->message == "1 row has a key twice in one object: line 2");
}

TEST_CASE("a number beyond a double is JSON all the same", "[formats]") {
    const Profile profile = profile_of("{\"a\":1e400}\n{\"a\":1}\n", "n.jsonl");
    CHECK(profile.rows == 2);
    CHECK(type_of(profile, "a") == "text");
    CHECK(profile.findings.empty());
    CHECK(profile_of("{\"a\":1}{\"a\":2} {\"a\":3}\n\n\r\n{\"a\":4}", "c.jsonl").rows == 4);
}
