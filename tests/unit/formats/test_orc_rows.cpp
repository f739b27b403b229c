// test_orc_rows.cpp: values of ORC as the specification encodes them, and streams that lie.
// SPDX-License-Identifier: Apache-2.0

#include "base/compress.hpp"
#include "fixture.hpp"
#include "formats/orc_numbers.hpp"
#include "formats/orc_scalars.hpp"
#include "orc_maker.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

using Cells = std::vector<std::vector<std::optional<std::string>>>;

std::string bytes_of(std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes) out += static_cast<char>(byte);
    return out;
}

// What the encoding gives, up to an error.
template <typename Read>
std::vector<std::int64_t> read_all(const std::string& bytes, Read read) {
    const ScratchFile file(bytes);
    const CancelFlag cancel;
    const Input input{file.fd(), bytes.size(), "x.orc", "orc", Compression::none, {}, cancel};
    const OrcCompression plain;
    OrcBudget budget;
    return read(
        std::make_unique<OrcStream>(input, plain, OrcStreamPlace{0, OrcStreamKind::data, 0, bytes.size()}, budget));
}
std::vector<std::int64_t> integers(std::initializer_list<int> bytes, bool is_signed, bool second) {
    return read_all(bytes_of(bytes), [&](auto stream) {
        OrcIntegers numbers(std::move(stream), is_signed, second);
        std::vector<std::int64_t> out;
        for (auto next = numbers.next(); next; next = numbers.next()) out.push_back(*next);
        return out;
    });
}

Cells column(const std::vector<Message>& types, const std::vector<OrcStreamBytes>& streams,
             const std::vector<Message>& encodings, std::uint64_t rows) {
    std::vector<Message> all{type(12, {{"c", 1}})};
    all.insert(all.end(), types.begin(), types.end());
    std::vector<Message> all_encodings{Message().number(1, 0)};
    all_encodings.insert(all_encodings.end(), encodings.begin(), encodings.end());
    return rows_of(file_of_stripe(all, streams, all_encodings, rows), "x.orc", 100).cells;
}
std::string refusal_of(const std::string& bytes, Errc code = Errc::corrupt) {
    const ScratchFile file(bytes);
    const auto rows = head(file.fd(), "x.orc", 10);
    if (rows) return "no refusal";
    CHECK(rows.error().code == code);
    CHECK_FALSE(rows.error().hint.empty());
    return rows.error().message;
}
const Message k_plain = Message().number(1, 0), k_second = Message().number(1, 2);

std::string sample(const std::string& name) { return sample_of("orc", name); }

}  // namespace

// The examples of the specification.
TEST_CASE("runs of ORC's integers give what the specification says", "[formats]") {
    using Values = std::vector<std::int64_t>;
    CHECK(integers({0x61, 0x00, 0x07}, false, false) == Values(100, 7));
    Values down;
    for (std::int64_t i = 100; i > 0; --i) down.push_back(i);
    CHECK(integers({0x61, 0xff, 0x64}, false, false) == down);
    CHECK(integers({0xfb, 0x02, 0x03, 0x06, 0x07, 0x0b}, false, false) == Values{2, 3, 6, 7, 11});
    CHECK(integers({0xfe, 0x03, 0x04}, true, false) == Values{-2, 2});
    CHECK(integers({0x0a, 0x27, 0x10}, false, true) == Values(5, 10000));
    CHECK(integers({0x00, 0x03}, true, true) == Values(3, -2));
    CHECK(integers({0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef}, false, true) ==
          Values{23713, 43806, 57005, 48879});
    CHECK(integers({0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46,
                    0x50, 0x5a, 0x64, 0x6e, 0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8},
                   false, true) == Values{2030, 2000, 2020, 1000000, 2040, 2050, 2060, 2070, 2080, 2090,
                                          2100, 2110, 2120, 2130,    2140, 2150, 2160, 2170, 2180, 2190});
    CHECK(integers({0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46}, false, true) ==
          Values{2, 3, 5, 7, 11, 13, 17, 19, 23, 29});
    // Downwards, and by equal steps.
    CHECK(integers({0xc6, 0x03, 0x14, 0x03, 0x21}, true, true) == Values{10, 8, 6, 5});
    CHECK(integers({0xc0, 0x03, 0x14, 0x05}, true, true) == Values{10, 7, 4, 1});
    // A patch behind the last value, and a run that is cut.
    CHECK(integers({0x8e, 0x00, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0xfc, 0xe8}, false, true).empty());
    CHECK(integers({0x5e, 0x03, 0x5c, 0xa1, 0xab}, false, true).empty());
    CHECK(integers({0xfb, 0x02, 0x03}, false, false).empty());
}

TEST_CASE("runs of ORC's bytes and bits give what the specification says", "[formats]") {
    const auto of_bytes = [](std::initializer_list<int> bytes) {
        return read_all(bytes_of(bytes), [](auto stream) {
            OrcBytes reader(std::move(stream));
            std::vector<std::int64_t> out;
            for (auto next = reader.next(); next; next = reader.next()) out.push_back(*next);
            return out;
        });
    };
    CHECK(of_bytes({0x61, 0x00}) == std::vector<std::int64_t>(100, 0));
    CHECK(of_bytes({0xfe, 0x44, 0x45}) == std::vector<std::int64_t>{0x44, 0x45});
    const auto bits = read_all(bytes_of({0xff, 0x80}), [](auto stream) {
        OrcBits reader(std::move(stream));
        std::vector<std::int64_t> out;
        for (auto next = reader.next(); next; next = reader.next()) out.push_back(*next ? 1 : 0);
        return out;
    });
    CHECK(bits == std::vector<std::int64_t>{1, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("days, times and decimals of ORC are text as in other formats", "[formats]") {
    CHECK(*orc_date_text(0, true) == "1970-01-01");
    CHECK(*orc_date_text(-141427, true) == "1582-10-15");
    CHECK(orc_date_text(-141428, true).error().code == Errc::unsupported);
    CHECK(*orc_date_text(-141428, false) == "1582-10-14");
    const auto at = [](std::int64_t seconds, std::uint64_t nanos) {
        return *orc_timestamp_text(seconds, nanos, false, false);
    };
    CHECK(at(0, 0) == "2015-01-01 00:00:00");
    CHECK(at(1, 5 << 3) == "2015-01-01 00:00:01.000000005");
    CHECK(at(1, 1 << 3 | 7) == "2015-01-01 00:00:01.1");
    CHECK(at(1, 1 << 3 | 1) == "2015-01-01 00:00:01.0000001");
    CHECK(*orc_timestamp_text(0, 0, true, false) == "2015-01-01 00:00:00Z");
    // Before 1970 seconds are cut towards it, but for less than a millisecond.
    CHECK(at(-1420070401, 5 << 3 | 7) == "1969-12-31 23:59:58.5");
    CHECK(at(-1420070401, 9 << 3) == "1969-12-31 23:59:59.000000009");
    CHECK(at(-1420070400, static_cast<std::uint64_t>(std::int64_t{-5} * 8) | 7) == "1969-12-31 23:59:59.5");
    CHECK(orc_timestamp_text(0, std::uint64_t{1000000000} << 3, false, false).error().code == Errc::corrupt);
    CHECK(orc_timestamp_text(INT64_MAX, 0, false, false).error().code == Errc::corrupt);
    CHECK(orc_timestamp_text(-20000000000, 0, false, true).error().code == Errc::unsupported);
    OrcType two_places, none_said, whole;
    two_places.precision = whole.precision = 9;
    two_places.scale = 2;
    CHECK(*orc_decimal_text(-1250, 2, two_places) == "-12.50");
    CHECK(*orc_decimal_text(-125, 1, two_places) == "-12.50");
    CHECK(*orc_decimal_text(12, 0, two_places) == "12.00");
    CHECK(*orc_decimal_text(12500, 3, two_places) == "12.50");
    CHECK(*orc_decimal_text(12505, 3, two_places) == "12.505");  // more than the type says: nothing is lost
    CHECK(*orc_decimal_text(1200, 2, whole) == "12");
    CHECK(*orc_decimal_text(125, 1, none_said) == "12.5");
    CHECK(orc_decimal_text(1, 39, two_places).error().code == Errc::corrupt);
    CHECK(orc_decimal_text(1, -1, two_places).error().code == Errc::corrupt);
    REQUIRE(orc_zone("UTC").has_value());
    CHECK_FALSE(orc_zone("UTC")->has_value());
    CHECK_FALSE(orc_zone("").has_value());
    // New York wrote 0 for its own midnight of 2015; in summer its clock is an hour further.
    std::string new_york = "TZif2" + std::string(39, '\0') + "TZif2" + std::string(31, '\0');
    new_york += std::string("\0\0\0\1\0\0\0\0", 8) + std::string("\xff\xff\xb9\xb0\0\0", 6);
    const auto zone = TimeZone::parse(new_york + "\nEST5EDT,M3.2.0,M11.1.0\n");
    REQUIRE(zone.has_value());
    const auto by_clock = [&](std::int64_t seconds) { return *orc_timestamp_text(seconds, 0, false, false, *zone); };
    CHECK(by_clock(0) == "2015-01-01 00:00:00");
    CHECK(by_clock(180 * 86400) == "2015-06-30 01:00:00");
}

TEST_CASE("the rows of ORC files of another writer are shown, whatever compresses them", "[formats]") {
    const Cells expected{
        {"true",
         "-1",
         "-150",
         "-150000",
         "-15000000000",
         "-56",
         "0",
         "-0.25",
         "0",
         "name 0",
         std::nullopt,
         "ab",
         "1950-05-01",
         "2024-02-29 12:30:00.123456789",
         "1961-02-28 12:30:00.5",
         "-0.50",
         "1.0000000000",
         "[0,5]",
         "{\"k\":0}",
         "{\"a\":0,\"b\":\"x\",\"c\":[1.5]}",
         "7"},
        {std::nullopt,
         "0",
         "-50",
         "-50000",
         "-5000000000",
         "-55",
         "1",
         "0.25",
         "0.3333333333333333",
         "name 1",
         "\xff\x00",
         "ab",
         "1950-05-02",
         "2024-02-29 12:30:01.123456789",
         "1961-02-28 12:30:01.5",
         "0.50",
         "2.0000000000",
         "[1,5]",
         "{\"k\":1}",
         "{\"a\":1,\"b\":\"x\",\"c\":[1.5]}",
         "7"},
    };
    for (const char* codec : {"none", "zlib", "snappy", "lz4", "zstd"}) {
        INFO(codec);
        const Rows rows = rows_of(sample("types-" + std::string(codec) + ".orc"), "x.orc");
        REQUIRE(rows.cells.size() == 3);
        CHECK_FALSE(rows.cut);
        for (std::size_t row = 0; row < expected.size(); ++row)
            for (std::size_t i = 0; i < expected[row].size(); ++i)
                if (rows.columns[i] != "n") {
                    INFO(rows.columns[i]);
                    CHECK(rows.cells[row][i] == expected[row][i]);
                }
    }
    CHECK(rows_of(sample("rows.orc"), "x.orc", 2).cells == Cells{{"1", "Ann", "1.5"}, {"2", "Bob", "22.25"}});
    CHECK(rows_of(sample("empty.orc"), "x.orc").cells.empty());
}

TEST_CASE("what few writers of ORC make is shown, too", "[formats]") {
    const std::string all_three = bytes_of({0xff, 0xe0}), lengths = bytes_of({0xfd, 1, 2, 0});
    // Run lengths of the first version, and a null.
    CHECK(column({type(4)}, {{1, 0, bytes_of({0xff, 0xa0})}, {1, 1, bytes_of({0xfe, 2, 3})}}, {k_plain}, 3) ==
          Cells{{"1"}, {std::nullopt}, {"-2"}});
    CHECK(column({type(7)}, {{1, 1, "abb"}, {1, 2, lengths}}, {k_plain}, 3) == Cells{{"a"}, {"bb"}, {""}});
    const Message dictionary = Message().number(1, 1).number(2, 3);
    CHECK(column({type(7)}, {{1, 1, bytes_of({0xfc, 2, 0, 1, 1})}, {1, 2, lengths}, {1, 3, "abb"}}, {dictionary}, 4) ==
          Cells{{""}, {"a"}, {"bb"}, {"bb"}});
    CHECK(column({type(8)}, {{1, 1, "\x01" + std::string(70, '\x02')}, {1, 2, bytes_of({0xfe, 1, 70})}}, {k_plain},
                 2) == Cells{{"0x01"}, {"0x" + [] {
                                 std::string s;
                                 for (int i = 0; i < 64; ++i) s += "02";
                                 return s;
                             }() + "..."}});
    // A union of a number and a text; a timestamp that is an instant; a list of nothing and of two.
    CHECK(column({type(13, {{"", 2}, {"", 3}}), type(4), type(7)},
                 {{1, 1, bytes_of({0xfd, 0, 1, 0})},
                  {2, 1, bytes_of({0xfe, 2, 4})},
                  {3, 1, "x"},
                  {3, 2, bytes_of({0xff, 1})}},
                 {k_plain, k_plain, k_plain}, 3) == Cells{{"1"}, {"x"}, {"2"}});
    CHECK(column({type(18)}, {{1, 1, bytes_of({0xff, 2})}, {1, 5, bytes_of({0xff, 0})}}, {k_plain}, 1) ==
          Cells{{"2015-01-01 00:00:01Z"}});
    CHECK(column({type(10, {{"", 2}}), type(4)}, {{1, 2, bytes_of({0xfe, 0, 2})}, {2, 1, bytes_of({0xfe, 2, 4})}},
                 {k_plain, k_plain}, 2) == Cells{{"[]"}, {"[1,2]"}});
}

TEST_CASE("streams of ORC that lie are damage, named by their column", "[formats]") {
    const auto one = [](const Message& of, const std::vector<OrcStreamBytes>& streams, std::uint64_t rows,
                        const Message& encoding = k_plain, std::string_view zone = "UTC") {
        return file_of_stripe({type(12, {{"c", 1}}), of}, streams, {k_plain, encoding}, rows, zone);
    };
    const std::string begin = "show the first rows: column c: ";
    CHECK(refusal_of(one(type(4), {{1, 1, bytes_of({0xff, 2})}}, 2)) == begin + "its data end before its rows");
    CHECK(refusal_of(one(type(4), {}, 1)) == begin + "its data end before its rows");
    CHECK(refusal_of(one(type(7), {{1, 1, bytes_of({0xff, 9})}, {1, 2, bytes_of({0xff, 1})}, {1, 3, "a"}}, 1,
                         Message().number(1, 1).number(2, 1))) ==
          begin + "a value has a number that its dictionary does not have");
    CHECK(refusal_of(one(type(7), {{1, 1, "abc"}, {1, 2, bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0x0f})}}, 1),
                     Errc::guard) == begin + "a row holds more than can be shown");
    CHECK(refusal_of(one(type(7), {{1, 1, bytes_of({0xff, 0})}}, 1, Message().number(1, 1).number(2, 3000000)),
                     Errc::guard) == begin + "its dictionary is larger than is read for the first rows");
    CHECK(
        refusal_of(one(type(9), {{1, 1, bytes_of({0xff, 2})}, {1, 5, bytes_of({0xff, 0})}}, 1, k_plain, "Nowhere/Near"),
                   Errc::unsupported) ==
        begin + "its timestamps are by the clock of Nowhere/Near, which this system's time zones do not tell");
    CHECK(refusal_of(one(type(99), {}, 1), Errc::unsupported) ==
          begin + "its type is one of a newer ORC, which is not read here");
    const std::string list =
        file_of_stripe({type(12, {{"c", 1}}), type(10, {{"", 2}}), type(4)},
                       {{1, 2, bytes_of({0xff, 0xff, 0xff, 0xff, 0x7f})}, {2, 0, bytes_of({0x7f, 0})}},
                       {k_plain, k_plain, k_plain}, 1);
    CHECK(refusal_of(list) == begin + "its data end before its rows");

    // Damage of the values is no damage of the footer: what it says stays.
    const std::string text = one(type(7), {{1, 1, "abc"}, {1, 2, bytes_of({0xff, 9})}}, 1);
    const Profile profile = profile_of(text, "x.orc");
    CHECK(profile.rows == 1);
    CHECK(profile.rows_exact);
    REQUIRE(profile.findings.size() == 1);
    CHECK(profile.findings[0].message.find("column c: its data end before its rows") != std::string::npos);
    // A stripe that claims rows the footer does not count.
    Message footer;
    footer.message(3, stripe(3, 0, 2)).message(4, type(12, {{"c", 1}})).message(4, type(4)).number(6, 5);
    CHECK(refusal_of(file_of(footer)) != "no refusal");
}

TEST_CASE("many stripes that share one large footer are given up", "[formats]") {
    Message footer;
    for (int i = 0; i < 2000; ++i)
        footer.message(3, Message().number(1, 3).number(2, 0).number(3, 0).number(4, 1u << 20).number(5, 1));
    footer.message(4, type(12, {{"c", 1}})).message(4, type(2)).number(6, 2000);
    const std::string words = bytes_of({0x38, 0});  // a field that means nothing
    std::string stripes = "ORC";
    for (int i = 0; i < (1 << 19); ++i) stripes += words;
    const std::string bytes = file_of(footer, stripes);
    CHECK(refusal_of(bytes) != "no refusal");
    CHECK(profile_of(bytes, "x.orc").rows == 2000);
}

TEST_CASE("a stream of chunks with nothing in them is given up", "[formats]") {
    std::string empty;
    for (int i = 0; i < 5000; ++i) empty += bytes_of({1, 0, 0});
    const ScratchFile file(empty);
    const CancelFlag cancel;
    const Input input{file.fd(), empty.size(), "x.orc", "orc", Compression::none, {}, cancel};
    const OrcCompression zlib{1, 256u << 10};
    OrcBudget budget;
    budget.work = 1u << 20;
    OrcStream stream(input, zlib, {0, OrcStreamKind::data, 0, empty.size()}, budget);
    CHECK(stream.byte().error().code == Errc::guard);
}

TEST_CASE("text of ORC is looked at for what it means", "[formats]") {
    std::string addresses, lengths = bytes_of({0xec});
    for (int i = 0; i < 20; ++i) {
        const std::string address = "ann" + std::to_string(i) + "@example.org";
        addresses += address;
        lengths += static_cast<char>(address.size());
    }
    const Profile profile = profile_of(
        file_of_stripe({type(12, {{"c", 1}}), type(7)}, {{1, 1, addresses}, {1, 2, lengths}}, {k_plain, k_plain}, 20),
        "x.orc");
    REQUIRE(profile.columns.size() == 1);
    CHECK(profile.findings.empty());
    CHECK(profile.columns[0].semantic == "email");
    CHECK(profile.columns[0].pii);
}
