// merge_test.cpp: columns of several files become one, with evidence that stays true.
// SPDX-License-Identifier: Apache-2.0
#include "model/merge.hpp"

#include <catch2/catch.hpp>

using namespace neurolake::model;

namespace {

Column column(std::string name, Type type, std::uint64_t values, std::string min, std::string max,
              std::string reason = {}, std::uint64_t row = 0, std::string path = {}) {
    Column c;
    c.name = std::move(name);
    c.type = std::move(type);
    c.nullable = false;
    c.evidence.values = values;
    c.evidence.min = std::move(min);
    c.evidence.max = std::move(max);
    c.evidence.reason = std::move(reason);
    c.evidence.forced_row = row;
    c.evidence.forced_path = std::move(path);
    return c;
}

Column all_null(std::string name, std::uint64_t nulls) {
    Column c;
    c.name = std::move(name);
    c.evidence.nulls = nulls;
    return c;
}

}  // namespace

TEST_CASE("counts add up and bounds follow the numbers, not their text", "[model]") {
    const Column c = merge(column("n", TypeKind::int64, 3, "9", "80"), column("n", TypeKind::int64, 2, "-10", "100"));
    CHECK(c.type.kind == TypeKind::int64);
    CHECK(c.evidence.values == 5);
    CHECK(c.evidence.min == "-10");
    CHECK(c.evidence.max == "100");
    CHECK_FALSE(c.nullable);
}

TEST_CASE("a file's own words about a column are kept, the earlier file's first", "[model]") {
    Column before = column("n", TypeKind::int64, 1, "1", "1"), after = before;
    after.description = "The price";
    CHECK(merge(before, after).description == "The price");
    before.description = "Price";
    CHECK(merge(before, after).description == "Price");
}

TEST_CASE("an all-null column changes neither type nor bounds of the other", "[model]") {
    for (const Column& c : {merge(all_null("n", 7), column("n", TypeKind::date, 1, "2024-01-02", "2024-01-02")),
                            merge(column("n", TypeKind::date, 1, "2024-01-02", "2024-01-02"), all_null("n", 7))}) {
        CHECK(c.type.kind == TypeKind::date);
        CHECK(c.evidence.nulls == 7);
        CHECK(c.evidence.min == "2024-01-02");
        CHECK(c.nullable);
    }
}

TEST_CASE("a side whose values nobody counted leaves the bounds open", "[model]") {
    Column uncounted = all_null("n", 0);
    uncounted.type = TypeKind::int64;
    uncounted.evidence.reason = "declared as long";
    const Column counted = column("n", TypeKind::int64, 3, "1", "9");
    for (const Column& c : {merge(uncounted, counted), merge(counted, uncounted)}) {
        CHECK_FALSE(c.evidence.min);
        CHECK_FALSE(c.evidence.max);
    }
}

TEST_CASE("the reason kept is that of the side which forced the final type", "[model]") {
    const Column ints = column("zip", TypeKind::int64, 9, "10000", "99999");
    const Column zips = column("zip", TypeKind::text, 9, "01234", "99999", "leading zero first at row 4", 4, "b.csv");
    for (const Column& c : {merge(ints, zips), merge(zips, ints)}) {
        CHECK(c.type.kind == TypeKind::text);
        CHECK(c.evidence.reason == "leading zero first at row 4");
        CHECK(c.evidence.forced_row == 4);
        CHECK(c.evidence.forced_path == "b.csv");
    }
}

TEST_CASE("when neither side forced the type alone, both are named", "[model]") {
    const Column c = merge(column("x", TypeKind::date, 1, "2024-01-01", "2024-01-01", "", 1, "a.csv"),
                           column("x", TypeKind::int64, 1, "5", "5", "", 1, "b.csv"));
    CHECK(c.type.kind == TypeKind::text);
    CHECK(c.evidence.reason == "date in a.csv, int64 in b.csv");
}

TEST_CASE("the earlier of two equal reasons stays", "[model]") {
    const Column c = merge(column("x", TypeKind::text, 1, "a", "a", "letters first at row 1", 1, "a.csv"),
                           column("x", TypeKind::text, 1, "b", "b", "letters first at row 9", 9, "b.csv"));
    CHECK(c.evidence.forced_path == "a.csv");
    CHECK(c.evidence.min == "a");
    CHECK(c.evidence.max == "b");
}

TEST_CASE("bounds of numbers are dropped when the column becomes text", "[model]") {
    const Column c = merge(column("x", TypeKind::int64, 2, "9", "10"), column("x", TypeKind::text, 1, "a", "a"));
    CHECK_FALSE(c.evidence.min);
    CHECK_FALSE(c.evidence.max);
}

TEST_CASE("small integers and fractions of two files make a double, huge ones text", "[model]") {
    const Column fractions = column("q", TypeKind::float64, 1, "0.5", "0.5", "fraction first at row 1", 1, "b.csv");
    CHECK(merge(column("q", TypeKind::int64, 2, "1", "12"), fractions).type.kind == TypeKind::float64);
    CHECK(merge(fractions, column("q", TypeKind::int64, 2, "1", "12")).type.kind == TypeKind::float64);
    CHECK(merge(column("q", TypeKind::int64, 2, "1", "9007199254740993"), fractions).type.kind == TypeKind::text);
    CHECK(merge(column("q", TypeKind::int64, 2, "-9007199254740993", "1"), fractions).type.kind == TypeKind::text);
}

TEST_CASE("no digit is lost where decimals meet other numbers, and none is asked for that no value has", "[model]") {
    const auto type_of = [](const Column& a, const Column& b) {
        CHECK(merge(a, b).type == merge(b, a).type);
        return to_string(merge(a, b).type);
    };
    const Column fraction = column("q", TypeKind::float64, 1, "0.5", "0.5");
    const Column precise = column("q", Type::decimal(26, 12), 1, "1.5", "12345678901234.123456789012");
    const Column price = column("q", Type::decimal(17, 2), 2, "-3", "99999.25"),
                 few = column("q", TypeKind::int64, 2, "-99", "7");
    const Column fine = column("q", Type::decimal(22, 20), 1, "10.00000000000000000001", "12");
    CHECK(type_of(fraction, precise) == "text");
    CHECK(type_of(fraction, price) == "double");
    CHECK(type_of(fraction, fine) == "text");
    CHECK(type_of(few, fine) == "decimal(22,20)");
    CHECK(type_of(column("q", TypeKind::int64, 1, "1", "9223372036854775807"), fine) == "text");
    CHECK(type_of(column("q", Type::decimal(38, 0), 1, "1", "700"), fine) == "decimal(23,20)");
    CHECK(holds_values(fine.type, few));
    CHECK(holds_values(TypeKind::float64, price));
    CHECK_FALSE(holds_values(TypeKind::float64, precise));
    CHECK_FALSE(holds_values(Type::decimal(5, 2), price));
}

TEST_CASE("what becomes text has no bounds, as those of dates and booleans are not how they are written", "[model]") {
    const Column text = column("x", TypeKind::text, 1, "hello", "hello");
    for (const Column& other : {column("x", TypeKind::date, 2, "2024-01-25", "2024-02-01"),
                                column("x", TypeKind::timestamp, 2, "2024-01-25 00:00:00", "2024-02-01 00:00:00"),
                                column("x", TypeKind::boolean, 2, "false", "true")})
        for (const Column& c : {merge(text, other), merge(other, text)}) {
            CHECK(c.type.kind == TypeKind::text);
            CHECK_FALSE(c.evidence.min);
            CHECK_FALSE(c.evidence.max);
        }
    CHECK(merge(text, all_null("x", 2)).evidence.min == "hello");
}

TEST_CASE("the bounds of days among timestamps are timestamps", "[model]") {
    const Column days = column("x", TypeKind::date, 2, "2024-01-25", "2024-02-01");
    const Column times = column("x", TypeKind::timestamp, 2, "2024-01-25 10:00:00", "2024-01-26 00:00:00.5");
    for (const Column& c : {merge(days, times), merge(times, days)}) {
        CHECK(c.type.kind == TypeKind::timestamp);
        CHECK(c.evidence.min == "2024-01-25 00:00:00");
        CHECK(c.evidence.max == "2024-02-01 00:00:00");
    }
}

TEST_CASE("columns of a later file are appended, absent ones become nullable", "[model]") {
    std::vector<Column> columns{column("id", TypeKind::int64, 1, "1", "1"), column("old", TypeKind::text, 1, "x", "x")};
    merge_into(columns, {column("new", TypeKind::date, 1, "2024-01-01", "2024-01-01"),
                         column("id", TypeKind::int64, 1, "2", "2")});
    REQUIRE(columns.size() == 3);
    CHECK(columns[0].name == "id");
    CHECK(columns[0].evidence.values == 2);
    CHECK_FALSE(columns[0].nullable);
    CHECK(columns[1].nullable);
    CHECK(columns[2].name == "new");
    CHECK(columns[2].nullable);
}

TEST_CASE("values compare as their type orders them", "[model]") {
    CHECK(compare_values(TypeKind::int64, "9", "10") < 0);
    CHECK(compare_values(TypeKind::text, "9", "10") > 0);
    CHECK(compare_values(Type::decimal(20, 0), "18446744073709551615", "18446744073709551614") > 0);
    CHECK(compare_values(TypeKind::float64, "-2.5", "-2.50") == 0);
    CHECK(compare_values(TypeKind::float64, "-0.0", "0") == 0);
    CHECK(compare_values(TypeKind::float64, "1e3", "999.5") > 0);
    CHECK(compare_values(TypeKind::float64, "-0.07", "-0.5") > 0);
    CHECK(compare_values(TypeKind::timestamp_tz, "2024-01-01T00:00:00+02:00", "2023-12-31T23:00:00Z") < 0);
}

TEST_CASE("a bound that one side does not know is known of neither, and the longest value of any counts", "[model]") {
    Column open = column("n", TypeKind::int64, 2, "1", "9"), known = column("n", TypeKind::int64, 2, "3", "4");
    open.evidence.max.reset();
    open.evidence.longest = 1;
    known.evidence.longest = 7;
    for (const Column& c : {merge(open, known), merge(known, open)}) {
        CHECK(c.evidence.min == "1");
        CHECK_FALSE(c.evidence.max);
        CHECK(c.evidence.longest == 7);
    }
}

TEST_CASE("distinct values are told as long as one side alone has values", "[model]") {
    Column some = column("n", TypeKind::int64, 5, "1", "9");
    some.evidence.distinct = 4;
    CHECK(merge(some, all_null("n", 3)).evidence.distinct == 4);
    CHECK(merge(all_null("n", 3), some).evidence.distinct == 4);
    CHECK_FALSE(merge(some, some).evidence.distinct);
}

TEST_CASE("what any file says to be about people is, and meanings that contradict each other are none", "[model]") {
    Column said = column("x", TypeKind::text, 1, "a", "a"), silent = said, other = said;
    said.pii = true;
    said.semantic = "pii_name";
    other.semantic = "geo_lat";
    for (const Column& c : {merge(said, silent), merge(silent, said)}) {
        CHECK(c.pii);
        CHECK(c.semantic == "pii_name");
    }
    CHECK(merge(said, other).semantic.empty());
    CHECK(merge(other, said).pii);
}
