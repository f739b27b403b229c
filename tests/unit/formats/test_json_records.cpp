// test_json_records.cpp: where the rows of a JSON file are: lists in objects, features, values; keys that stand twice.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <tuple>

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
    // Half of it, to the byte: a list of 22 bytes, brackets and all.
    for (const std::string& blanks : {std::string(), std::string(10, '\n'), std::string(2u << 20, ' ')}) {
        const std::string list = "{\"data\":[{\"]]]]]a\":1},{\"a\":2}],\"next\":null";
        CHECK(profile_of(list + " }" + blanks, "t.json").rows == 2);
        CHECK(rows_of(list + " }" + blanks, "t.json").cells.size() == 2);
        CHECK(profile_of(list + "  }" + blanks, "t.json").rows == 1);
        CHECK(rows_of(list + "  }" + blanks, "t.json").cells.size() == 1);
    }
    CHECK_FALSE(look_at_first_object("{\"a\":[", false).records.has_value());
    CHECK_FALSE(look_at_first_object("{\"a\"", false).records.has_value());
    CHECK_FALSE(look_at_first_object("{", true).records.has_value());
    CHECK_FALSE(look_at_first_object("{\"a\":[{]}}", true).records.has_value());
    CHECK_FALSE(look_at_first_object("{\"a\":\"", true).records.has_value());
}

TEST_CASE("what stands behind the list of rows is read, however long the list is", "[formats]") {
    const auto page = [](int rows, std::string_view name = "data") {
        std::string list = fmt::format("\"{}\":[{{\"id\":0}}", name);
        for (int i = 1; i < rows; ++i) list += fmt::format(",{{\"id\":{},\"text\":\"{}\"}}", i, std::string(400, 'x'));
        return list + "]";
    };
    for (const int rows : {3, 3000}) {
        INFO(rows);
        const std::string data = page(rows);
        REQUIRE((rows == 3 || (data.size() > (1u << 20) && data.size() < (2u << 20))));
        // Another list, another value, more than the list: the object is the row, for the index and for a look.
        for (const auto& [text, objects, column] :
             {std::tuple("{\"next\":0," + data + "} {\"next\":1," + data + "}", 2, "next"),
              std::tuple("{" + data + "," + page(rows, "orders") + "}", 1, "orders"),
              std::tuple("{" + data + ",\"a\":\"" + std::string(data.size() + 20, 'x') + "\"}", 1, "a")}) {
            const Profile profile = profile_of(text, "t.json");
            CHECK(profile.rows == static_cast<std::uint64_t>(objects));
            CHECK(profile.rows_exact);
            CHECK(profile.findings.empty());
            CHECK(type_of(profile, column) != "no such column");
            CHECK(rows_of(text, "t.json", 5000).cells.size() == static_cast<std::size_t>(objects));
            CHECK(profile_of(gzip(text).value(), "t.json.gz").columns == profile.columns);
        }
        for (const auto& [text, what] :
             {std::pair("{" + data + "}<html>502</html>",
                        "something stands behind the end of the JSON object and is not read"),
              std::pair("{" + data + ",\"b\":tru ][ }}}}", "damaged JSON behind the list of objects in data"),
              std::pair("{" + data + ",\"b\":tru}", "damaged JSON behind the list of objects in data"),
              std::pair("{" + data + ",}", "damaged JSON behind the list of objects in data"),
              std::pair("{" + data + ",\"b\":1,}", "damaged JSON behind the list of objects in data"),
              std::pair("{" + data + " \"b\"}", "damaged JSON behind the list of objects in data"),
              std::pair("{" + data + "]}", "damaged JSON behind the list of objects in data"),
              std::pair("{\"b\":tru," + data + "}", "damaged JSON before the list of objects in data"),
              std::pair("{" + data + ",\"b\":1", "the JSON object is never closed: the file was cut"),
              std::pair("{" + data, "the JSON object is never closed: the file was cut")}) {
            const Profile profile = profile_of(text, "t.json");
            CHECK(profile.rows == static_cast<std::uint64_t>(rows));
            CHECK_FALSE(profile.rows_exact);
            REQUIRE(find_code(profile, "damaged") != nullptr);
            CHECK(find_code(profile, "damaged")->message == what);
        }
        const Profile good = profile_of("{\"a\":{\"b\":[{}]}," + data + " , \"b\" : [1,{}] ,\"c\":{} } \n", "t.json");
        CHECK(good.rows == static_cast<std::uint64_t>(rows));
        CHECK(good.rows_exact);
        CHECK(good.findings.empty());
    }
    // As one row the object would be too large: the list is read all the same, and the rest is told.
    const std::string large = page(12000);
    for (const std::string& text : {"{" + large + "," + page(3, "orders") + "}", "{" + large + "}{" + large + "}",
                                    "{" + page(3000) + ",\"a\":[[" + std::string(3u << 20, '1') + "]]}"}) {
        const Profile profile = profile_of(text, "t.json");
        CHECK(profile.rows >= 3000);
        CHECK_FALSE(profile.rows_exact);
        CHECK(find_code(profile, "too_large") != nullptr);
        CHECK(rows_of(text, "t.json").columns == std::vector<std::string>{"id", "text"});
    }
}

TEST_CASE("a large list of features is GeoJSON, also when its type stands behind it", "[formats]") {
    std::string features = "\"features\":[";
    for (int i = 0; features.size() < (5u << 20); ++i)
        features += fmt::format(
            "{}{{\"geometry\":{{\"coordinates\":[1,{}],\"type\":\"Point\"}},\"properties\":{{\"id\":{},\"name\":\"{}\"}"
            "},"
            "\"type\":\"Feature\"}}",
            i > 0 ? "," : "", i, i, std::string(100, 'x'));
    const std::string text = "{" + features + "],\"type\":\"FeatureCollection\"}";
    const Profile profile = profile_of(text, "sorted.json");
    CHECK(profile.dialect == "GeoJSON features");
    CHECK(profile.findings.empty());
    std::vector<std::string> names;
    for (const auto& column : profile.columns) names.push_back(column.name);
    CHECK(names == std::vector<std::string>{"id", "name", "geometry"});
    CHECK(rows_of(text, "sorted.json").columns == names);
    CHECK(profile_of("{" + features + "]}", "none.json").dialect == "list of objects in features");
}

TEST_CASE("what stands behind an empty list is told", "[formats]") {
    for (const char* text : {"[]\n{\"a\":1}\n{\"a\":2}\n", "[]{\"a\":1}", "[]x", "[]]", "[]{", "[,", "[,}", "[ ,]", "[",
                             "[ ", "[1,,2]", "[1,]", "[,1]"}) {
        INFO(text);
        const Profile profile = profile_of(text, "t.json");
        CHECK_FALSE(profile.rows_exact);
        CHECK(find_code(profile, "damaged") != nullptr);
    }
    CHECK(profile_of(" [ \n ] \n", "t.json").findings.empty());
    const std::string blanks(3u << 20, ' ');
    CHECK(profile_of("[{\"a\":1}" + blanks + "]" + blanks, "t.json").findings.empty());
    CHECK(find_code(profile_of("[]" + blanks + "x", "t.json"), "damaged") != nullptr);
    CHECK(find_code(profile_of("[{\"a\":1}," + blanks + "]", "t.json"), "damaged") != nullptr);
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
