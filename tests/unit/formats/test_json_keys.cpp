// test_json_keys.cpp: objects of very many, very long and repeated keys: what is known of a column goes on being
// counted.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "fixture.hpp"
#include "formats/json_shape.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

// Every counted thing of a column in one line.
std::string counts_of(const Profile& profile, std::string_view column) {
    const model::Evidence& e = evidence_of(profile, column);
    return fmt::format("{} values, {} nulls, {} to {}", e.values, e.nulls, e.min.value_or("?"), e.max.value_or("?"));
}

}  // namespace

TEST_CASE("columns are counted to the end where later keys have no room", "[formats]") {
    std::string lines;
    for (int i = 0; i < 6000; ++i) lines += fmt::format("{{\"id\":{},\"k{}\":{}}}\n", i, i, i);
    const Profile wide = profile_of(lines, "w.jsonl");
    CHECK(wide.rows == 6000);
    CHECK(counts_of(wide, "id") == "6000 values, 0 nulls, 0 to 5999");
    CHECK(wide.columns.size() == JsonShape::k_max_fields);
    CHECK(find_code(wide, "too_many_columns") != nullptr);
    const Profile more = profile_of(lines + "{\"id\":999999,\"k0\":7}\n", "w.jsonl");
    CHECK(counts_of(more, "id") == "6001 values, 0 nulls, 0 to 999999");
    CHECK(counts_of(more, "k0") == "2 values, 5999 nulls, 0 to 7");
    // What is left out is JSON all the same.
    CHECK(profile_of(lines + "{\"id\":1,\"left\":{\"a\":,}}\n{\"left\":[{},[],{\"a\":[1e5,\"\\u0041\"]}]}\n", "w.jsonl")
              .rows == 6001);
    for (const char* bad : {"{\"z\":{\"a\" b}}", "{\"z\":{,,,}}", "{\"z\":[1,]}", "{\"z\":01}", "{\"z\":[1 2]}",
                            "{\"z\":\"\\q\"}", "{\"z\":{\"a\":1]}", "{\"z\":[}", "{\"z\":}", "{\"z\":{1:2}}"}) {
        INFO(bad);
        const Profile profile = profile_of(lines + bad + "\n", "w.jsonl");
        CHECK(profile.rows == 6000);
        CHECK(find_code(profile, "bad_line") != nullptr);
    }
}

TEST_CASE("what stands below columns takes no room from them", "[formats]") {
    std::string lines;
    for (int i = 0; i < 6000; ++i)
        lines += fmt::format("{{\"id\":{},\"m\":{{\"k{}\":{{\"x\":1,\"y\":2,\"z\":3,\"w\":4}}}}{}}}\n", i, i % 4090,
                             i < 5000 ? "" : ",\"note\":\"n\"");
    const Profile profile = profile_of(lines, "m.jsonl");
    CHECK(counts_of(profile, "id") == "6000 values, 0 nulls, 0 to 5999");
    CHECK(counts_of(profile, "note") == "1000 values, 5000 nulls, n to n");
    CHECK(evidence_of(profile, "m").values == 6000);
    CHECK(find_code(profile, "too_many_columns") == nullptr);
    REQUIRE(find_code(profile, "too_many_keys") != nullptr);
    CHECK(find_code(profile, "too_many_keys")->message ==
          "objects in column m have too many different keys to follow: json there");
    std::string two;
    for (int i = 0; i < 4097; ++i) two += fmt::format("{{\"m\":{{\"k{}\":1}},\"n\":[{{\"k{}\":2}}]}}\n", i, i);
    CHECK(find_code(profile_of(two, "m.jsonl"), "too_many_keys")->message ==
          "objects in 2 columns, m among them, have too many different keys to follow: json there");
}

TEST_CASE("an object of keys that are data is a value in every row", "[formats][threads]") {
    std::string lines;
    for (int i = 0; i < 6000; ++i) lines += fmt::format("{{\"m\":{{\"k{}\":1}},\"z\":{}}}\n", i, i);
    lines += "{\"m\":{\"k0\":7},\"z\":1}\n";
    const Profile profile = profile_of(lines, "m.jsonl");
    CHECK(type_of(profile, "m") == "json");
    CHECK(evidence_of(profile, "m").values == 6001);
    CHECK(evidence_of(profile, "m").nulls == 0);
    CHECK(find_code(profile, "too_many_keys") != nullptr);
    // Several threads, each of which finds room for other keys first, say the same.
    Options four;
    four.threads = 4;
    four.segment_bytes = 16u << 10;
    std::string wide;
    for (int i = 0; i < 6000; ++i) wide += fmt::format("{{\"k{}\":1,\"id\":{}}}\n", i * 7 % 6000, i);
    for (const std::string& text : {lines, wide}) {
        const Profile one = profile_of(text, "m.jsonl"), parts = profile_of(text, "m.jsonl", four);
        CHECK(parts.columns == one.columns);
        CHECK(parts.findings == one.findings);
    }
}

TEST_CASE("very long keys take little memory, and are told", "[formats]") {
    std::string lines;
    for (int i = 0; i < 5; ++i) lines += fmt::format("{{\"{:03}{}\":1,\"id\":{}}}\n", i, std::string(400000, 'k'), i);
    const Profile profile = profile_of(lines, "l.jsonl");
    CHECK(profile.columns.size() == 3);
    CHECK(counts_of(profile, "id") == "5 values, 0 nulls, 0 to 4");
    REQUIRE(find_code(profile, "too_many_columns") != nullptr);
    CHECK(find_code(profile, "too_many_columns")->message ==
          "the keys of objects are longer than 1 MiB together: the keys beyond are not columns");
}

TEST_CASE("a key that stands twice in a row counts as one value", "[formats]") {
    const Profile profile = profile_of(
        "{\"a\":1,\"a\":2,\"b\":[{\"x\":1},{\"x\":2}],\"c\":null,\"c\":1,\"d\":{},\"d\":{}}\n{}\n{\"a\":null,\"a\":"
        "null}\n",
        "d.jsonl");
    CHECK(profile.rows == 3);
    CHECK(counts_of(profile, "a") == "1 values, 2 nulls, 1 to 2");
    CHECK(counts_of(profile, "b") == "1 values, 2 nulls, ? to ?");
    CHECK(counts_of(profile, "c") == "1 values, 2 nulls, 1 to 1");
    CHECK(counts_of(profile, "d") == "1 values, 2 nulls, ? to ?");
}
