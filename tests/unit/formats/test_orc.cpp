// test_orc.cpp: ORC files of an independent writer are read right, and footers that lie are caught.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "orc_maker.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

std::string sample(const std::string& name) { return sample_of("orc", name); }

// A table of one column of this type, with this said of it.
Profile column_of(const Message& type_of_it, const Message& statistics, std::uint64_t rows = 10,
                  bool new_calendar = true) {
    Message footer;
    footer.message(3, stripe(3, 0, rows)).message(4, type(12, {{"c", 1}})).message(4, type_of_it).number(6, rows);
    footer.message(7, Message()).message(7, statistics);
    if (new_calendar) footer.number(11, 2);
    return profile_of(file_of(footer), "x.orc");
}
Message counted(std::uint64_t values) { return Message().number(1, values); }
Message bounds(std::uint64_t id, const Message& of, std::uint64_t values = 10) {
    return counted(values).message(id, of);
}

std::string range(const Profile& profile) {
    REQUIRE(profile.columns.size() == 1);
    const model::Evidence& evidence = profile.columns[0].evidence;
    return evidence.min.value_or("?") + " .. " + evidence.max.value_or("?");
}

}  // namespace

TEST_CASE("every type of ORC has its own here, whatever compresses the footer", "[formats]") {
    struct Expected {
        std::string name, type, min, max;
        std::uint64_t nulls;
    };
    const std::vector<Expected> expected{
        {"b", "boolean", "true", "true", 1},
        {"i8", "int8", "-1", "1", 0},
        {"i16", "int16", "-150", "50", 0},
        {"i32", "int32", "-150000", "50000", 0},
        {"i64", "int64", "-15000000000", "5000000000", 0},
        {"u8", "int8", "-56", "-54", 0},  // the writer has no other type for it
        {"u64", "int64", "0", "2", 0},
        {"f32", "float", "-0.25", "0.75", 0},
        {"f64", "double", "0", "0.3333333333333333", 1},
        {"s", "text", "name 0", "name 2", 0},
        {"n", "text", "", "", 1},  // no UTF-8
        {"fs", "text", "ab", "ab", 0},
        {"d", "date", "1950-05-01", "1950-05-03", 0},
        {"ts", "timestamp", "2024-02-29 12:30:00.123456789", "2024-02-29 12:30:02.123456789", 0},
        {"ts3", "timestamp", "1961-02-28 12:30:00.5", "1961-02-28 12:30:02.5", 0},
        {"dec", "decimal(9,2)", "-0.50", "1.50", 0},
        {"big", "decimal(38,10)", "1.0000000000", "3.0000000000", 0},
        {"l", "list<int32>", "", "", 0},
        {"m", "map<text,int64>", "", "", 0},
        {"st", "struct<a:int32,b:text,c:list<double>>", "", "", 0},
        {"seven", "int8", "7", "7", 0},
    };
    const std::pair<const char*, const char*> files[] = {
        {"none", "no codec"}, {"zlib", "zlib"}, {"snappy", "Snappy"}, {"lz4", "LZ4"}, {"zstd", "Zstandard"}};
    for (const auto& [codec, words] : files) {
        INFO(codec);
        const Profile profile = profile_of(sample("types-" + std::string(codec) + ".orc"), "x.orc");
        CHECK(profile.format == "orc");
        CHECK(profile.dialect == "1 stripe, " + std::string(words) + ", written by ORC C++");
        CHECK(profile.rows == 3);
        CHECK(profile.rows_exact);
        CHECK(profile.findings.empty());
        REQUIRE(profile.columns.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const model::Column& column = profile.columns[i];
            INFO(expected[i].name);
            CHECK(column.name == expected[i].name);
            CHECK(model::to_string(column.type) == expected[i].type);
            CHECK(column.evidence.min.value_or("") == expected[i].min);
            CHECK(column.evidence.max.value_or("") == expected[i].max);
            CHECK(column.evidence.nulls == expected[i].nulls);
            CHECK(column.evidence.values == 3 - expected[i].nulls);
        }
        CHECK(evidence_of(profile, "i64").reason == "declared as bigint");
        CHECK(evidence_of(profile, "dec").reason == "declared as decimal(9,2)");
    }
    const Profile empty = profile_of(sample("empty.orc"), "x.orc");
    CHECK((empty.rows == 0 && empty.rows_exact && empty.columns.size() == 1 && empty.findings.empty()));
    CHECK(profile_of(sample("rows.orc"), "unnamed").format == "orc");  // by its first bytes
}

TEST_CASE("types of ORC that one writer alone has are known, too", "[formats]") {
    Message footer;
    footer.message(4, type(12, {{"u", 1}, {"v", 4}, {"c", 5}, {"at", 6}, {"old", 7}, {"new", 8}}));
    footer.message(4, type(13, {{"", 2}, {"", 3}})).message(4, type(3)).message(4, type(7));
    footer.message(4, type(16).number(4, 20)).message(4, type(17).number(4, 3)).message(4, type(18));
    footer.message(4, type(14)).message(4, type(99)).number(6, 0).number(9, 4).text(12, "451");
    const Profile profile = profile_of(file_of(footer), "x.orc");
    CHECK(profile.findings.empty());
    CHECK(profile.dialect == "0 stripes, no codec, written by Trino 451");
    CHECK(type_of(profile, "u") == "json");
    CHECK(type_of(profile, "v") == "text");
    CHECK(evidence_of(profile, "v").reason == "declared as varchar(20)");
    CHECK(evidence_of(profile, "c").reason == "declared as char(3)");
    CHECK(type_of(profile, "at") == "timestamp_tz");
    CHECK(type_of(profile, "old") == "text");  // a decimal that does not say how many digits it has
    CHECK(type_of(profile, "new") == "unknown");
    Message bare;
    bare.message(4, type(10, {{"", 1}})).message(4, type(4)).number(6, 0);
    CHECK(type_of(profile_of(file_of(bare), "x.orc"), "value") == "list<int64>");
}

TEST_CASE("ranges of ORC are told as far as they are known", "[formats]") {
    const Message a_long = type(4), instant = type(18), plain = type(9);
    CHECK(range(column_of(a_long, bounds(2, Message().zigzag(1, -5).zigzag(2, 7)))) == "-5 .. 7");
    CHECK(range(column_of(a_long, counted(10))) == "? .. ?");
    // Nobody counted the nulls: there may be some.
    for (const Message& uncounted : {Message(), Message().message(2, Message().zigzag(1, 5).zigzag(2, 7))}) {
        const Profile unknown = column_of(a_long, uncounted);
        CHECK((unknown.columns[0].evidence.values == 0 && unknown.columns[0].evidence.nulls == 0));
        CHECK(range(unknown) == (uncounted.bytes.empty() ? "? .. ?" : "5 .. 7"));
    }
    // A bound is for people to read, and so is the name of a field.
    const std::string long_name(2000, 'n');
    Message nested;
    nested.message(4, type(12, {{"s", 1}})).message(4, type(12, {{long_name, 2}})).message(4, type(4)).number(6, 0);
    CHECK(type_of(profile_of(file_of(nested), "x.orc"), "s") == "struct<" + std::string(1024, 'n') + ":int64>");
    const std::string long_text(300, 'a');
    CHECK(range(column_of(type(7), bounds(4, Message().text(1, long_text).text(2, long_text)))).size() == 2 * 256 + 4);
    CHECK(range(column_of(a_long, bounds(2, Message().zigzag(1, -5)))) == "? .. ?");
    const Profile nulls = column_of(a_long, bounds(2, Message().zigzag(1, 1).zigzag(2, 1), 4));
    CHECK(nulls.columns[0].evidence.nulls == 6);
    // One that says more values than rows is not believed.
    CHECK(column_of(a_long, counted(11)).columns[0].evidence.values == 10);
    CHECK(range(column_of(type(0), bounds(5, Message().text(1, std::string(1, 4))))) == "false .. true");
    CHECK(range(column_of(type(0), bounds(5, Message().text(1, std::string(1, 0))))) == "false .. false");
    CHECK(range(column_of(type(0), bounds(5, Message().number(1, 10)))) == "true .. true");
    CHECK(range(column_of(type(0), bounds(5, Message().number(1, 11)))) == "? .. ?");
    const Message tenth = type(14).number(5, 9).number(6, 2);
    CHECK(range(column_of(tenth, bounds(6, Message().text(1, "-0.5").text(2, "12")))) == "-0.50 .. 12.00");
    CHECK(range(column_of(tenth, bounds(6, Message().text(1, "-0.555").text(2, "12")))) == "? .. ?");
    CHECK(range(column_of(tenth, bounds(6, Message().text(1, "x").text(2, "12")))) == "? .. ?");
    // Places that no decimal can have are nothing to fill up to.
    for (const std::uint64_t scale : {std::uint64_t{10}, std::uint64_t{300} << 20, std::uint64_t{1} << 62})
        for (const std::uint64_t precision : {0, 9, 39}) {
            const Profile odd = column_of(type(14).number(5, precision).number(6, scale),
                                          bounds(6, Message().text(1, "1").text(2, "2")));
            CHECK(type_of(odd, "c") == "text");
            CHECK(range(odd) == "? .. ?");
        }
    // Old writers give milliseconds alone: where in them the value lies is not known.
    const auto times = [](Message of) { return bounds(9, of.zigzag(3, -500).zigzag(4, 1000)); };
    CHECK(range(column_of(plain, times(Message()))) == "? .. ?");
    CHECK(range(column_of(plain, times(Message().number(5, 2).number(6, 1)))) ==
          "1969-12-31 23:59:59.500000001 .. 1970-01-01 00:00:01");
    CHECK(range(column_of(instant, times(Message().number(6, 1)))) == "1969-12-31 23:59:59.5Z .. 1970-01-01 00:00:01Z");
    CHECK(range(column_of(plain, times(Message().number(5, 1)))) ==
          "1969-12-31 23:59:59.5 .. 1970-01-01 00:00:01.000999999");
    // Days before the calendar's reform mean others in files of the old calendar.
    const Message early = bounds(7, Message().zigzag(1, -141428).zigzag(2, 0));
    CHECK(range(column_of(type(15), early)) == "1582-10-14 .. 1970-01-01");
    CHECK(range(column_of(type(15), early, 10, false)) == "? .. ?");
    CHECK(range(column_of(type(15), bounds(7, Message().zigzag(1, -141427).zigzag(2, 0)), 10, false)) ==
          "1582-10-15 .. 1970-01-01");
    // What is told of people is not kept.
    CHECK(range(column_of(type(7), bounds(4, Message().text(1, "ann@example.org").text(2, "bob@example.org")))) ==
          "? .. ?");
    // Statistics of encrypted columns are masked.
    Message footer;
    footer.message(3, stripe(3, 0, 2))
        .message(4, type(12, {{"c", 1}}))
        .message(4, a_long)
        .number(6, 2)
        .message(10, Message());
    footer.message(7, Message()).message(7, counted(0));
    const Profile secret = profile_of(file_of(footer), "x.orc");
    CHECK(secret.columns[0].evidence.nulls == 0);
    CHECK(find_code(secret, "encrypted_columns") != nullptr);
}

TEST_CASE("an ORC footer that does not fit the file is told", "[formats]") {
    const auto with = [](std::uint64_t rows, const Message& one_stripe) {
        Message footer;
        footer.message(3, one_stripe).message(4, type(12, {{"c", 1}})).message(4, type(3)).number(6, rows);
        return profile_of(file_of(footer, "ORC" + std::string(100, 'x')), "x.orc");
    };
    CHECK(with(5, stripe(3, 100, 5)).findings.empty());
    const Profile fewer = with(6, stripe(3, 100, 5));
    CHECK_FALSE(fewer.rows_exact);
    CHECK(find_code(fewer, "row_count_mismatch")->message == "the footer says 6 rows, its stripes 5");
    for (const std::uint64_t rows : {(std::uint64_t{1} << 63) + 5, ~std::uint64_t{0}})
        CHECK(find_code(with(rows, stripe(3, 100, rows)), "damaged") != nullptr);
    for (const Message& outside : {stripe(4, 100, 5), stripe(3, 101, 5), stripe(~std::uint64_t{0}, 100, 5)}) {
        const Profile profile = with(5, outside);
        CHECK_FALSE(profile.rows_exact);
        CHECK(find_code(profile, "bad_offset") != nullptr);
    }
}

TEST_CASE("types of ORC that make no tree are damage", "[formats]") {
    const auto verdict = [](const std::vector<Message>& types) {
        Message footer;
        for (const Message& each : types) footer.message(4, each);
        const Profile profile = profile_of(file_of(footer), "x.orc");
        CHECK(profile.columns.empty());
        return profile.findings.empty() ? "nothing" : profile.findings[0].code + ": " + profile.findings[0].message;
    };
    const std::string broken = "damaged: the footer's types do not add up";
    CHECK(verdict({type(12, {{"c", 0}})}) == broken);                                            // itself
    CHECK(verdict({type(12, {{"c", 2}}), type(4)}) == broken);                                   // none
    CHECK(verdict({type(12, {{"a", 1}, {"b", 1}}), type(4)}) == broken);                         // twice
    CHECK(verdict({type(12, {{"a", 1}}), type(10, {{"", 2}}), type(10, {{"", 1}})}) == broken);  // a circle
    CHECK(verdict({type(12, {{"", 1}}), type(4)}) == broken);                                    // without a name
    CHECK(verdict({type(12, {{"a", 1}}), type(11, {{"", 2}}), type(4)}) == broken);              // a map of keys alone
    CHECK(verdict({type(12, {{"a", 1}}), type(4, {{"", 2}}), type(4)}) == broken);
    CHECK(verdict({}) == "damaged: the footer does not add up");
    std::vector<Message> deep{type(12, {{"a", 1}})};
    for (std::uint64_t i = 2; i < 100; ++i) deep.push_back(type(10, {{"", i}}));
    deep.push_back(type(4));
    CHECK(verdict(deep) == "too_large: the types are nested deeper than we read");
    CHECK(verdict(std::vector<Message>(20001, type(4))) == "too_large: the footer has more types than we read");
}

TEST_CASE("an ORC file cut or changed anywhere is read without harm, and a cut one says so", "[formats]") {
    const CancelFlag cancel;
    for (const char* name :
         {"types-none.orc", "types-zlib.orc", "types-snappy.orc", "types-lz4.orc", "types-zstd.orc"}) {
        const std::string bytes = sample(name);
        for (std::size_t size = 1; size < bytes.size(); size += 7) {
            INFO(name << " cut to " << size);
            const Profile cut = profile_of(std::string_view(bytes).substr(0, size), name);
            CHECK_FALSE(cut.rows_exact);
            CHECK(cut.findings.size() == 1);
        }
        for (std::size_t at = bytes.size() - 1500; at < bytes.size(); ++at) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
            const ScratchFile file(changed);
            CHECK(profile(file.fd(), name, {}, cancel).has_value());
        }
    }
}

TEST_CASE("what of ORC is not read is named", "[formats]") {
    Message post;
    post.number(1, 5).number(2, 6).number(3, 1000).text(8000, "ORC");
    const std::string brotli = "ORC" + std::string("\x04\0\0xx", 5) + post.bytes + static_cast<char>(post.bytes.size());
    CHECK(find_code(profile_of(brotli, "x.orc"), "unsupported")->message ==
          "the footer: it is compressed by Brotli, which is not read here");
    const Profile zipped = profile_of(*gzip(sample("rows.orc")), "x.orc.gz");
    CHECK(zipped.format == "unknown");
    CHECK(find_code(zipped, "unsupported") != nullptr);
    CHECK(find_code(profile_of("", "x.orc"), "empty_file") != nullptr);
    CHECK(find_code(profile_of("no ORC file", "x.orc"), "truncated") != nullptr);
    Message far;
    far.number(1, 1000).text(8000, "ORC");
    const std::string short_file = "ORC" + far.bytes + static_cast<char>(far.bytes.size());
    CHECK(find_code(profile_of(short_file, "x.orc"), "bad_length") != nullptr);
    // A bomb: 200 chunks of zeros that inflate to 256 KiB each.
    const auto zeros = zstd(std::string(256u << 10, '\0'));
    std::string footer;
    for (int i = 0; i < 200; ++i) {
        const auto head = static_cast<std::uint32_t>(zeros->size() << 1);
        footer += std::string({static_cast<char>(head), static_cast<char>(head >> 8), static_cast<char>(head >> 16)});
        footer += *zeros;
    }
    Message of_bomb;
    of_bomb.number(1, footer.size()).number(2, 5).number(3, 256u << 10).text(8000, "ORC");
    const std::string bomb = "ORC" + footer + of_bomb.bytes + static_cast<char>(of_bomb.bytes.size());
    CHECK(find_code(profile_of(bomb, "x.orc"), "too_large") != nullptr);

    CHECK(profile_of("ORC,b\n1,2\n", "x.csv").format == "csv");
    CHECK(profile_of(*gzip("ORC,b\n1,2\n"), "x.csv.gz").format == "csv");
}
