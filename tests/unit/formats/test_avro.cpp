// test_avro.cpp: Avro files of independent writers are read right, and files that lie are caught.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "formats/avro_schema.hpp"
#include "formats/snappy.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;
namespace fs = std::filesystem;

namespace {

std::string sample(const std::string& name) {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    auto bytes = read_file(fs::path(tests ? tests : "tests") / "support" / "samples" / "avro" / (name + ".avro"));
    REQUIRE(bytes.has_value());
    return std::move(bytes).value();
}

Profile sample_profile(const std::string& name) { return profile_of(sample(name), name + ".avro"); }

std::string number(std::int64_t value) {
    std::string out;
    std::uint64_t v = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
    for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
    return out + static_cast<char>(v);
}
std::string text(std::string_view value) {
    return number(static_cast<std::int64_t>(value.size())) + std::string(value);
}

const std::string k_sync = "0123456789abcdef";

std::string header(std::string_view schema, std::string_view codec = "null") {
    return std::string("Obj\x01", 4) + number(2) + text("avro.schema") + text(schema) + text("avro.codec") +
           text(codec) + number(0) + k_sync;
}
std::string block(std::int64_t rows, std::string_view bytes) {
    return number(rows) + number(static_cast<std::int64_t>(bytes.size())) + std::string(bytes) + k_sync;
}

Result<Rows> head_of(std::string_view bytes, std::string_view name, std::size_t count = 20) {
    const ScratchFile file(bytes);
    return head(file.fd(), name, count);
}

}  // namespace

TEST_CASE("an Avro file's columns come from its schema, its rows from its blocks", "[formats]") {
    for (const std::string codec : {"null", "deflate", "bzip2"}) {
        INFO(codec);
        const Profile types = sample_profile("types_" + codec);
        CHECK(types.format == "avro");
        CHECK(types.dialect == "1 block, codec " + codec);
        CHECK(types.rows == 3);
        CHECK(types.rows_exact);
        CHECK(types.findings.empty());
        const std::vector<std::pair<std::string, std::string>> expected{
            {"b", "boolean"},        {"i", "int32"},           {"l", "int64"},
            {"f", "float"},          {"d", "double"},          {"by", "binary"},
            {"s", "text"},           {"n", "unknown"},         {"date", "date"},
            {"tm", "time"},          {"tu", "time"},           {"tsm", "timestamp_tz"},
            {"tsu", "timestamp_tz"}, {"dec", "decimal(20,3)"}, {"decf", "decimal(12,2)"},
            {"u", "uuid"},           {"lst", "list<int64>"},   {"mp", "map<text!,list<int32!>!>"},
            {"un", "double"},        {"big", "int64"}};
        REQUIRE(types.columns.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(types.columns[i].name == expected[i].first);
            CHECK(model::to_string(types.columns[i].type) == expected[i].second);
        }
        CHECK_FALSE(types.columns[0].nullable);
        CHECK(types.columns[18].nullable);
        CHECK(evidence_of(types, "tsm").reason == "declared as long, timestamp-millis");
    }
    CHECK(sample_profile("many_blocks").rows == 2000);
    CHECK(sample_profile("no_rows").rows == 0);
    CHECK(sample_profile("no_rows").columns.size() == 20);
    CHECK(sample_profile("values").rows == 5);
    CHECK(type_of(sample_profile("values"), "value") == "int64");
}

TEST_CASE("nested, repeated and recursive records of an Avro file have types", "[formats]") {
    for (const std::string codec : {"null", "deflate", "snappy", "xz", "zstandard"}) {
        INFO(codec);
        const Profile nested = sample_profile("nested_" + codec);
        CHECK(nested.rows == 5);
        CHECK(nested.rows_exact);
        CHECK(type_of(nested, "tags") == "list<text!>");
        CHECK(type_of(nested, "home") == "struct<street:text!,zip:text!>");
        CHECK(type_of(nested, "work") == type_of(nested, "home"));
        CHECK(type_of(nested, "scores") == "map<text!,double!>");
        CHECK(type_of(nested, "colour") == "text");
        CHECK(type_of(nested, "hash") == "binary");
        CHECK(type_of(nested, "either") == "text");
        CHECK(type_of(nested, "manager").find("manager:json") != std::string::npos);
    }
}

TEST_CASE("the first rows of an Avro file are shown", "[formats]") {
    for (const std::string codec : {"null", "deflate"}) {
        const auto rows = head_of(sample("types_" + codec), "x.avro", 2);
        REQUIRE(rows.has_value());
        REQUIRE(rows->cells.size() == 2);
        const std::vector<std::optional<std::string>> expected{"true",
                                                               "-2",
                                                               "1099511627776",
                                                               "0.2",
                                                               "3",
                                                               "0x00ff",
                                                               "t\u00e4xt 2",
                                                               std::nullopt,
                                                               "2024-02-29",
                                                               "10:00:00.5",
                                                               "10:00:00.123456",
                                                               "2024-02-29 12:00:00.5Z",
                                                               "2024-02-29 12:00:00.123456Z",
                                                               "-12.345",
                                                               "99.95",
                                                               "123e4567-e89b-12d3-a456-426614174000",
                                                               "[1,null,2]",
                                                               "{\"k\":[2]}",
                                                               std::nullopt,
                                                               "1099511627776"};
        CHECK(rows->cells[1] == expected);
    }
    const auto nested = head_of(sample("nested_zstandard"), "x.avro");
    REQUIRE(nested.has_value());
    REQUIRE(nested->cells.size() == 5);
    CHECK(nested->cells[1][4] == R"({"street":"x","zip":"y"})");
    CHECK(nested->cells[4][10]->find("\"name\":\"Ann 1\"") != std::string::npos);
    CHECK(head_of(sample("many_blocks"), "x.avro", 1500)->cells[1499][1] == "row 1499");
    CHECK(head_of(sample("values"), "x.avro")->cells[4][0] == "16");
    for (const char* same : {"nested_null", "nested_snappy"})
        CHECK(head_of(sample(same), "x.avro")->cells == nested->cells);
    CHECK(head_of(sample("nested_xz"), "x.avro").error().code == Errc::unsupported);
}

TEST_CASE("Snappy's literals and copies are inflated, and lies of it found", "[formats]") {
    CHECK(*unsnappy(std::string_view("\x00", 1), 100) == "");
    CHECK(*unsnappy("\x03\x08"
                    "abc",
                    100) == "abc");
    CHECK(*unsnappy(std::string_view("\x0A\x04"
                                     "ab\x1E\x02\x00",
                                     7),
                    100) == "ababababab");  // a copy that overlaps itself
    CHECK(*unsnappy(std::string_view("\x06\x04"
                                     "ab\x01\x02",
                                     6),
                    100) == "ababab");
    CHECK(*unsnappy("\x46\xF0\x45" + std::string(70, 'x'), 100) == std::string(70, 'x'));
    for (const std::string_view bad : {std::string_view(""), std::string_view("\x03"),
                                       std::string_view("\x03\x08"
                                                        "ab"),
                                       std::string_view("\x02\x08"
                                                        "abc"),
                                       std::string_view("\x04\x08"
                                                        "abc"),
                                       std::string_view("\x06\x04"
                                                        "ab\x01\x03",
                                                        6),
                                       std::string_view("\x06\x04"
                                                        "ab\x01\x00",
                                                        6),
                                       std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF")})
        CHECK(unsnappy(bad, 100).error().code == Errc::corrupt);
    CHECK(unsnappy("\xFF\xFF\xFF\x7F"
                   "abc",
                   100)
              .error()
              .code == Errc::guard);
}

TEST_CASE("an Avro file inside gzip or Zstandard is read, too", "[formats]") {
    const Profile zipped = profile_of(*gzip(sample("many_blocks")), "x.avro.gz");
    CHECK(zipped.format == "avro");
    CHECK(zipped.compression == "gzip");
    CHECK(zipped.rows == 2000);
    CHECK(zipped.findings.empty());
    CHECK(profile_of(*zstd(sample("nested_null")), "x.avro.zst").rows == 5);
    CHECK(head_of(*gzip(sample("values")), "x.avro.gz")->cells[2][0] == "4");
}

TEST_CASE("a cut or patched Avro file keeps the rows before the damage and says what is wrong", "[formats]") {
    const std::string whole = sample("many_blocks");
    const Profile cut = profile_of(whole.substr(0, whole.size() - 100), "x.avro");
    CHECK(cut.rows > 0);
    CHECK(cut.rows < 2000);
    CHECK_FALSE(cut.rows_exact);
    REQUIRE(cut.findings.size() == 1);
    CHECK(cut.findings[0].message.find("it was cut") != std::string::npos);
    CHECK(cut.columns.size() == 2);

    std::string patched = whole;
    patched[patched.size() - 1] ^= 1;
    const Profile bad = profile_of(patched, "x.avro");
    CHECK(bad.rows < 2000);
    REQUIRE(bad.findings.size() == 1);
    CHECK(bad.findings[0].message.find("sync marker") != std::string::npos);

    std::size_t silent = 0;
    for (std::size_t size = 0; size < 400; ++size) {
        const Profile short_one = profile_of(whole.substr(0, size), "x.avro");
        CHECK(short_one.rows == 0);
        silent += short_one.findings.empty();
    }
    CHECK(silent == 1);  // the header alone is a file without rows
}

TEST_CASE("lies of an Avro file are found", "[formats]") {
    const std::string schema = R"({"type":"record","name":"r","fields":[{"name":"a","type":"long"}]})";
    CHECK(profile_of(header(schema) + block(2, "\x02\x04"), "x.avro").rows == 2);
    const auto lie = [&](const std::string& bytes) {
        const Profile profile = profile_of(bytes, "x.avro");
        CHECK(profile.format == "avro");
        CHECK_FALSE(profile.rows_exact);
        REQUIRE(profile.findings.size() == 1);
        return profile.findings[0].message;
    };
    const std::string h = header(schema);
    CHECK(lie(h + block(1000000, "\x02\x04")).find("claims 1000000 rows") != std::string::npos);
    CHECK(lie(h + number(-5) + number(2) + "\x02\x04" + k_sync).find("claims -5 rows") != std::string::npos);
    CHECK(lie(h + number(1) + number(-2)).find("in -2 bytes") != std::string::npos);
    CHECK(lie(h + number(1) + number(INT64_MAX) + "xx").find("cut") != std::string::npos);
    const std::string deflated = header(schema, "deflate");
    CHECK(lie(deflated + block(INT64_MAX, "x") + block(INT64_MAX, "x") + block(INT64_MAX, "x")).find("more rows") !=
          std::string::npos);
    CHECK(lie(header("{}")).find("without a type") != std::string::npos);
    CHECK(lie(header("not json")).find("no JSON") != std::string::npos);
    CHECK(lie(header(R"({"type":"record","name":"r","fields":[{"name":"a","type":"Nobody"}]})")).find("Nobody") !=
          std::string::npos);
    CHECK(lie(header(std::string(2u << 20, ' '))).find("more than we read") != std::string::npos);
    CHECK_FALSE(lie(header(std::string(10000, '[') + std::string(10000, ']'))).empty());
    CHECK_FALSE(lie(std::string("Obj\x01", 4) + number(INT64_MIN) + number(0)).empty());
    // An array that counts four thousand million nulls in a few bytes.
    const std::string nulls = header(R"({"type":"array","items":"null"})") + block(1, number(4000000000) + number(0));
    CHECK(profile_of(nulls, "x.avro").rows == 1);
    CHECK(head_of(nulls, "x.avro").error().code == Errc::guard);
}

TEST_CASE("types that double with every name stay small", "[formats]") {
    std::string schema = R"("int")";
    for (int i = 0; i < 60; ++i)
        schema = fmt::format(R"({{"type":"record","name":"r{}","fields":[{{"name":"a","type":{}}}{}]}})", i, schema,
                             i > 0 ? fmt::format(R"(,{{"name":"b","type":"r{}"}})", i - 1) : "");
    const auto parsed = parse_avro_schema(schema);
    REQUIRE(parsed.has_value());
    CHECK(model::to_string(parsed->type_of(parsed->root)).size() < 1000000);
    CHECK(parsed->least_bytes(parsed->root) > 0);
}

TEST_CASE("names of an Avro schema are found in their name space, and logical types only where they fit", "[formats]") {
    const auto type = [](std::string_view schema) {
        const auto parsed = parse_avro_schema(schema);
        REQUIRE(parsed.has_value());
        return model::to_string(parsed->type_of(parsed->root));
    };
    CHECK(type(R"({"type":"record","name":"a.R","fields":[
        {"name":"x","type":{"type":"enum","name":"E","symbols":["P"]}},{"name":"y","type":"a.E"},{"name":"z","type":"E"}]})") ==
          "struct<x:text!,y:text!,z:text!>");
    CHECK(type(R"({"type":"record","name":"R","namespace":"n","aliases":["Old"],"fields":[
        {"name":"next","type":["null","Old"]}]})") == "struct<next:json>");
    CHECK(type(R"({"type":"string","logicalType":"date"})") == "text");
    CHECK(type(R"({"type":"bytes","logicalType":"decimal","precision":2,"scale":5})") == "binary");
    CHECK(type(R"({"type":"fixed","name":"d","size":12,"logicalType":"duration"})") == "interval");
    CHECK(type(R"({"type":"fixed","name":"u","size":16,"logicalType":"uuid"})") == "uuid");
    CHECK(type(R"({"type":"long","logicalType":"local-timestamp-nanos"})") == "timestamp");
    CHECK(type(R"(["null","int","string"])") == "text");
    CHECK(type(R"(["int",{"type":"array","items":"int"}])") == "json");
    CHECK(type(R"({"type":{"type":"int"}})") == "int32");
    const Profile described = profile_of(
        header(R"({"type":"record","name":"r","fields":[{"name":"a","doc":"The price","type":"long"}]})"), "x.avro");
    CHECK(described.columns[0].description == "The price");
}
