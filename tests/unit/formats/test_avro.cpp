// test_avro.cpp: Avro files of independent writers are read right, and files that lie are caught.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <tuple>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "formats/avro_schema.hpp"
#include "formats/snappy.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

std::string sample(const std::string& name) { return sample_of("avro", name + ".avro"); }

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
    const std::string nothing = header(R"({"type":"record","name":"r","fields":[{"name":"a","type":"null"}]})");
    CHECK(lie(nothing + block(INT64_MAX, "") + block(INT64_MAX, "") + block(INT64_MAX, "")).find("more rows") !=
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

TEST_CASE("the counts of an Avro file's blocks are held against their bytes", "[formats]") {
    const std::string schema = R"({"type":"record","name":"r","fields":[{"name":"a","type":"string"}]})";
    const auto told = [&](const std::string& bytes) {
        const Profile profile = profile_of(bytes, "x.avro");
        std::string out = fmt::format("{}{}", profile.rows_exact ? "" : "at least ", profile.rows);
        for (const model::Finding& finding : profile.findings) out += "; " + finding.message;
        return out;
    };
    const std::string row = text("x"), three = row + row + row;
    std::string many;
    for (int i = 0; i < 2000; ++i) many += row;
    const std::string gz = gzip(many)->substr(10), deflated = gz.substr(0, gz.size() - 8);
    // No codec makes so many rows of so few bytes.
    for (const std::string codec : {"deflate", "snappy", "zstandard", "bzip2"})
        CHECK(told(header(schema, codec) + block(1000000000000000, deflated))
                  .starts_with("at least 0; block 1 claims 1000000000000000 rows, but has "));
    CHECK(told(header(schema, "deflate") + block(2000, deflated)) == "2000");
    // What is read for what it means is counted, too.
    CHECK(told(header(schema, "deflate") + block(3, deflated)) == "at least 3; block 1 claims 3 rows, but holds more");
    CHECK(told(header(schema, "deflate") + block(20000, deflated)) ==
          "at least 1000; block 1 claims 20000 rows, but holds 4000 bytes only");
    const std::string plain = header(schema);
    CHECK(told(plain + block(3, three)) == "3");
    CHECK(told(plain + block(2, three)) == "at least 2; block 1 claims 2 rows, but holds more");
    CHECK(told(plain + block(1, row) + block(0, row)) == "at least 1; block 2 claims 0 rows, but holds more");
    const std::string large = text("xxxxxxxx");
    CHECK(told(plain + block(1, row) + block(4, large + large + large) + block(2, row + row)) ==
          "at least 6; the first rows cannot be read: a block does not hold what the schema says");
    // Rows may be empty, and are as many as the count says.
    const std::string nothing = R"({"type":"record","name":"r","fields":[{"name":"a","type":"null"}]})";
    CHECK(told(header(nothing) + block(1000000000, "")) == "1000000000");
    const std::string packed = *zstd(std::string(8u << 20, '\0'));  // of one byte each, shrunk by a factor of thousands
    CHECK(told(header(schema, "zstandard") + block(8 << 20, packed)) == "8388608");
}

TEST_CASE("all blocks of an Avro file are held against the schema where all is to be verified", "[formats]") {
    Options full;
    full.full = true;
    for (const char* name : {"types_null", "types_deflate", "types_bzip2", "nested_snappy", "nested_zstandard",
                             "nested_xz", "many_blocks", "no_rows", "values"}) {
        INFO(name);
        const Profile profile = profile_of(sample(name), "x.avro", full);
        CHECK(profile.rows_exact);
        CHECK(profile.rows == sample_profile(name).rows);
        CHECK(profile.findings.empty());
    }
    // No column of these is looked at for what it means, so that the counts alone are believed.
    const std::string schema =
        R"({"type":"record","name":"r","fields":[{"name":"a","type":"boolean"},{"name":"b","type":["null","float"]}]})";
    const std::string row("\1\0", 2), good = header(schema) + block(2, row + row);
    const auto told = [&](const std::string& bytes, const Options& options) {
        const Profile profile = profile_of(bytes, "x.avro", options);
        std::string out = fmt::format("{}{}", profile.rows_exact ? "" : "at least ", profile.rows);
        for (const model::Finding& finding : profile.findings) out += "; " + finding.message;
        return out;
    };
    const std::string more = good + block(1, row + row) + block(1, row), other = good + block(2, row + "\1\4");
    CHECK(told(more, {}) == "4");
    CHECK(told(more, full) == "at least 4; block 2 claims 1 row, but holds more");
    CHECK(told(other, {}) == "4");
    CHECK(told(other, full) == "at least 3; block 2, row 2 of 2: a block does not hold what the schema says");
    // What takes no bytes is as many as the count says, and is not counted out.
    const std::string nulls = header(R"({"type":"array","items":"null"})") + block(1, number(4000000000) + number(0));
    CHECK(told(nulls, full) == "1");
    CHECK(told(header(R"("null")") + block(1000000000000, ""), full) == "1000000000000");
}

TEST_CASE("the rows before damage of an Avro file are counted and shown", "[formats]") {
    const std::string schema = R"({"type":"record","name":"r","fields":[{"name":"a","type":"string"}]})";
    const std::string good = header(schema) + block(2, text("a") + text("b"));
    for (const std::string& rest : {number(3), number(3) + number(6) + "\x02", std::string("\xff\xff"),
                                    block(1, "\x7f"), number(1) + text("c") + std::string(16, 'z')}) {
        const Profile profile = profile_of(good + rest, "x.avro");
        CHECK(profile.rows >= 2);
        CHECK_FALSE(profile.rows_exact);
        CHECK(profile.findings.size() == 1);
        const Rows rows = rows_of(good + rest, "x.avro");
        REQUIRE(rows.cells.size() >= 2);
        CHECK(rows.cells[1][0] == "b");
        CHECK_FALSE(rows.cut);
    }
}

TEST_CASE("the checksum of an Avro block of Snappy is compared where the block is read", "[formats]") {
    const std::string schema = R"({"type":"record","name":"r","fields":[{"name":"a","type":"string"}]})";
    const std::string row = text("abc");
    std::string stored = std::string("\x04\x0c", 2) + row;
    const std::uint32_t crc = crc32_of(row);
    for (int shift = 24; shift >= 0; shift -= 8) stored += static_cast<char>(crc >> shift & 0xFF);
    CHECK(rows_of(header(schema, "snappy") + block(1, stored), "x.avro").cells[0][0] == "abc");
    stored.back() ^= 1;
    const std::string bad = header(schema, "snappy") + block(1, stored);
    const Profile profile = profile_of(bad, "x.avro");
    REQUIRE(find_code(profile, "damaged_rows") != nullptr);
    CHECK(find_code(profile, "damaged_rows")->message.find("checksum") != std::string::npos);
    CHECK_FALSE(profile.rows_exact);
    CHECK(head_of(bad, "x.avro").error().code == Errc::corrupt);
}

TEST_CASE("symbols and field names that every value repeats count as what a row holds", "[formats]") {
    const std::string zeros(90000, '\0');
    const auto row_of = [&](const std::string& items, std::size_t count) {
        const std::string schema =
            R"({"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":)" + items + "}}]}";
        const std::string bytes = number(static_cast<std::int64_t>(count)) + zeros.substr(0, count) + number(0);
        return header(schema) + block(2, bytes + bytes);
    };
    const auto symbol = [](std::size_t size) {
        return R"({"type":"enum","name":"E","symbols":[")" + std::string(size, 'n') + R"("]})";
    };
    const auto field = [](std::size_t size) {
        return R"({"type":"record","name":"Q","fields":[{"name":")" + std::string(size, 'n') + R"(","type":"int"}]})";
    };
    for (const std::string& items : {symbol(500), symbol(100000), field(5000)}) {
        const std::string bytes = row_of(items, 30000);
        CHECK(head_of(bytes, "x.avro").error().code == Errc::guard);
        const Profile profile = profile_of(bytes, "x.avro");
        CHECK(profile.rows == 2);
        CHECK(profile.rows_exact);
        CHECK(profile.findings.empty());
    }
    CHECK(rows_of(row_of(symbol(500), 3000), "x.avro").cells.size() == 2);
    CHECK(rows_of(row_of(field(5000), 300), "x.avro").cells.size() == 2);
    // What is spelled by six characters inside a list takes the room of six.
    const std::string control = text(std::string(800u << 10, '\x01'));
    const std::string list = header(R"({"type":"array","items":"string"})") + block(1, number(1) + control + number(0));
    CHECK(head_of(list, "x.avro").error().code == Errc::guard);
    CHECK(rows_of(header(R"("string")") + block(1, control), "x.avro").cells.size() == 1);
    // Cells of very many columns take room, too.
    std::string columns;
    for (int i = 0; i < 3000; ++i) columns += fmt::format(R"({}{{"name":"f{}","type":"null"}})", i ? "," : "", i);
    const std::string wide =
        header(R"({"type":"record","name":"R","fields":[)" + columns + "]}") + block(1000000000, "");
    const Rows rows = rows_of(wide, "x.avro", 200);
    CHECK(rows.cells.size() > 100);
    CHECK(rows.cells.size() < 200);
    CHECK(rows.cut);
}

namespace {

// Each type has two of the one before, and each is a column.
std::string doubling(int types, int columns, const std::string& name = "a") {
    std::string fields = R"({"name":"c0","type":{"type":"record","name":"r0","fields":[{"name":"a","type":"int"}]}})";
    for (int i = 1; i < types; ++i)
        fields += fmt::format(
            R"(,{{"name":"c{0}","type":{{"type":"record","name":"r{0}","fields":[{{"name":"{2}","type":"r{1}"}},{{"name":"b","type":"r{1}"}}]}}}})",
            i, i - 1, name);
    for (int i = types; i < columns; ++i) fields += fmt::format(R"(,{{"name":"c{}","type":"r{}"}})", i, types - 1);
    return R"({"type":"record","name":"R","fields":[)" + fields + "]}";
}

}  // namespace

TEST_CASE("types that double with every name stay small, all of a file together", "[formats]") {
    for (const auto& [types, columns, name] :
         {std::tuple(40, 40, std::string("a")), std::tuple(40, 500, std::string("a")),
          std::tuple(30, 60, std::string(5000, 'n'))}) {
        const auto parsed = parse_avro_schema(doubling(types, columns, name));
        REQUIRE(parsed.has_value());
        std::size_t size = 0;
        const std::vector<model::Type> all = parsed->types();
        for (const model::Type& type : all) size += model::to_string(type).size();
        CHECK(size < (2u << 20));
        CHECK(model::to_string(all[1]).ends_with("!>!>"));
        CHECK(model::to_string(all[1]).find("json") == std::string::npos);
        CHECK(parsed->least_bytes(parsed->root) > 0);
    }
    // Shares are for those that need more than there is: the first of many columns may be the largest.
    std::string large, small;
    for (int i = 0; i < 1000; ++i) large += fmt::format(R"({}{{"name":"f{}","type":"int"}})", i ? "," : "", i);
    for (int i = 0; i < 5000; ++i) small += fmt::format(R"(,{{"name":"s{}","type":["null","string"]}})", i);
    const auto parsed = parse_avro_schema(
        R"({"type":"record","name":"R","fields":[{"name":"c","type":{"type":"record","name":"L","fields":[)" + large +
        "]}}" + small + "]}");
    REQUIRE(parsed.has_value());
    const std::vector<model::Type> types = parsed->types();
    CHECK(types.front().fields.size() == 1000);
    CHECK(types.back() == model::TypeKind::text);
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
    CHECK(type(R"({"type":"record","name":"R","fields":[
        {"name":"a","type":{"type":"enum","name":"New","aliases":["Old"],"symbols":["X"]}},
        {"name":"b","type":{"type":"record","name":"Old","fields":[{"name":"n","type":"long"}]}},
        {"name":"c","type":"Old"},{"name":"d","type":"New"}]})") ==
          "struct<a:text!,b:struct<n:int64!>!,c:struct<n:int64!>!,d:text!>");
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
