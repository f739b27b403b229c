// test_csv_types.cpp: the type of each column follows from all its rows, whatever their order.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <vector>

#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

std::string table(const std::string& header, const std::vector<std::string>& rows) {
    std::string out = header + "\n";
    for (const std::string& row : rows) out += row + "\n";
    return out;
}

// The type of a column with these cells.
std::string type_of_cells(const std::vector<std::string>& cells) {
    std::string out = "k,v\n";
    for (const std::string& cell : cells) out += "x," + cell + "\n";
    return type_of(profile_of(out, "t.csv"), "v");
}

std::string reason_of_cells(const std::vector<std::string>& cells) {
    std::string out = "k,v\n";
    for (const std::string& cell : cells) out += "x," + cell + "\n";
    return evidence_of(profile_of(out, "t.csv"), "v").reason;
}

}  // namespace

TEST_CASE("a leading zero late in a file makes the column text, and the row is named", "[formats]") {
    std::vector<std::string> rows;
    for (int i = 1; i <= 50000; ++i) {
        const std::string zip = i <= 30000 ? std::to_string(10000 + i) : fmt::format("0{}", 1000 + i % 9000);
        const std::string quantity = i <= 25000 ? std::to_string(i % 100) : fmt::format("{}.5", i % 100);
        rows.push_back(fmt::format("{},{},{},user{}@example.org", i, zip, quantity, i));
    }
    Profile profile = profile_of(table("id,zip,qty,email", rows), "orders.csv");
    CHECK(profile.format == "csv");
    CHECK(profile.rows == 50000);
    CHECK(profile.rows_exact);
    CHECK(type_of(profile, "id") == "int64");
    CHECK(type_of(profile, "zip") == "text");
    CHECK(evidence_of(profile, "zip").reason == "leading zero first at row 30001");
    CHECK(evidence_of(profile, "zip").forced_row == 30001);
    CHECK(type_of(profile, "qty") == "double");
    CHECK(evidence_of(profile, "qty").reason == "fraction first at row 25001");
    CHECK(type_of(profile, "email") == "text");
    CHECK(profile.findings.empty());

    SECTION("the same rows in any order give the same types, counts and bounds") {
        std::mt19937 random(7);
        std::shuffle(rows.begin(), rows.end(), random);
        Profile shuffled = profile_of(table("id,zip,qty,email", rows), "orders.csv");
        REQUIRE(shuffled.columns.size() == profile.columns.size());
        for (std::size_t i = 0; i < profile.columns.size(); ++i) {
            model::Column &a = profile.columns[i], &b = shuffled.columns[i];
            a.evidence.forced_row = b.evidence.forced_row = 0;
            a.evidence.reason = a.evidence.reason.substr(0, a.evidence.reason.find(" first at row"));
            b.evidence.reason = b.evidence.reason.substr(0, b.evidence.reason.find(" first at row"));
            CHECK(a == b);
        }
    }
}

TEST_CASE("spellings decide types and never lose a digit", "[formats]") {
    CHECK(type_of_cells({"1", "-2", "9223372036854775807"}) == "int64");
    CHECK(type_of_cells({"1", "9223372036854775808"}) == "decimal(19,0)");
    CHECK(type_of_cells({std::string(38, '9')}) == "decimal(38,0)");
    CHECK(type_of_cells({std::string(39, '9')}) == "text");
    CHECK(type_of_cells({"1", "2.5"}) == "double");
    CHECK(type_of_cells({"0.1", "1e-7", "NaN"}) == "double");
    CHECK(type_of_cells({"0.30000000000000004", "0.1"}) == "double");  // a double spelled in full
    CHECK(type_of_cells({"1.2345678901234567890"}) == "decimal(20,19)");
    CHECK(type_of_cells({"1.5", "12345678901234567"}) == "decimal(18,1)");
    CHECK(type_of_cells({"1e5", "12345678901234567"}) == "text");
    CHECK(type_of_cells({"007"}) == "text");
    CHECK(type_of_cells({"0", "0.5", "-0.25"}) == "double");
    CHECK(type_of_cells({"00.5"}) == "text");
    CHECK(type_of_cells({"true", "false"}) == "boolean");
    CHECK(type_of_cells({"true", "maybe"}) == "text");
    CHECK(type_of_cells({"yes", "no"}) == "text");
    CHECK(type_of_cells({"2024-02-29", "1999-12-31"}) == "date");
    CHECK(type_of_cells({"2023-02-29"}) == "text");
    CHECK(type_of_cells({"2024-13-01"}) == "text");
    CHECK(type_of_cells({"2024-02-29", "2024-02-29 12:30:00"}) == "timestamp");
    CHECK(type_of_cells({"2024-02-29T12:30:00.123456"}) == "timestamp");
    CHECK(type_of_cells({"2024-02-29T12:30:00Z", "2024-02-29 12:30:00+02:00"}) == "timestamp_tz");
    CHECK(type_of_cells({"2024-02-29 12:30:00", "2024-02-29 12:30:00Z"}) == "text");
    CHECK(type_of_cells({"123e4567-e89b-12d3-a456-426614174000"}) == "uuid");
    CHECK(type_of_cells({"+49123"}) == "text");
    CHECK(type_of_cells({"", ""}) == "unknown");
    CHECK(type_of_cells({"", "5", ""}) == "int64");
    CHECK(type_of_cells({"NaN"}) == "text");
    CHECK(type_of_cells({"1e999"}) == "text");
    CHECK(type_of_cells({"12-34"}) == "text");
    CHECK(type_of_cells({"-"}) == "text");
    CHECK(type_of_cells({"."}) == "text");
    CHECK(type_of_cells({" 5", "6 "}) == "int64");
}

TEST_CASE("no digit of a number with an exponent is lost", "[formats]") {
    CHECK(type_of_cells({"6.02214076e23", "-1E-5"}) == "double");
    CHECK(type_of_cells({"1.7976931348623157e308"}) == "double");
    CHECK(type_of_cells({"1.23456789012345678e5"}) == "text");
    CHECK(type_of_cells({"100000000000000000000e+0"}) == "double");
    CHECK(type_of_cells({"1e-400"}) == "text");
}

TEST_CASE("words for nothing are nulls beside values, texts beside texts, and the evidence says so", "[formats]") {
    CHECK(type_of_cells({"1", "NA", "3"}) == "int64");
    CHECK(reason_of_cells({"1", "NA", "-", "NA"}) == "all values are integers; NA, - in 3 rows is no value");
    CHECK(type_of_cells({"2024-01-31", "\\N"}) == "date");
    CHECK(type_of_cells({"true", "NULL", "false"}) == "boolean");
    CHECK(type_of_cells({"NA", "DE", "FR"}) == "text");
    CHECK(reason_of_cells({"NA", "DE", "FR"}) == "text (before it only words that may mean nothing) first at row 2");
    CHECK(type_of_cells({"NULL", "NULL"}) == "unknown");
    CHECK(type_of_cells({"-", "NULL"}) == "text");
    const Profile numbers = profile_of("k,v\nx,1\nx,NA\nx,2\nx,\n", "t.csv");
    CHECK(evidence_of(numbers, "v").values == 2);
    CHECK(evidence_of(numbers, "v").nulls == 2);
    CHECK(evidence_of(numbers, "v").distinct == 2);
    CHECK(evidence_of(numbers, "v").max == "2");
    const Profile countries = profile_of("k,v\nx,NA\nx,DE\nx,FR\n", "t.csv");
    CHECK(evidence_of(countries, "v").values == 3);
    CHECK(evidence_of(countries, "v").nulls == 0);
    CHECK(evidence_of(countries, "v").distinct == 3);
    CHECK(evidence_of(countries, "v").max == "NA");
}

TEST_CASE("codes of digits and E are text, numbers with an exponent are numbers", "[formats]") {
    CHECK(type_of_cells({"12E5", "34E7", "1E5"}) == "text");
    CHECK(reason_of_cells({"12", "34E7"}) == "code of digits and E, such as 12E5, first at row 2");
    CHECK(type_of_cells({"12E5", "12F5"}) == "text");
    CHECK(type_of_cells({"12E5", "NA", "7"}) == "text");
    CHECK(type_of_cells({"1.0E5", "2E5"}) == "double");
    CHECK(type_of_cells({"1E+05", "2E5"}) == "double");
    CHECK(type_of_cells({"1e-3"}) == "double");
    CHECK(type_of_cells({"0.5", "1e5"}) == "double");
    CHECK(type_of(profile_of("{\"v\":1E5}\n{\"v\":2e5}\n", "t.jsonl"), "v") == "double");
}

TEST_CASE("zeros that were written at the end of fractions are kept", "[formats]") {
    CHECK(type_of_cells({"1.9", "1.10", "1.20"}) == "decimal(3,2)");
    CHECK(reason_of_cells({"1.9", "1.10", "1.20"}) ==
          "fraction such as 1.10, whose last zero a double would not keep, first at row 2");
    CHECK(type_of_cells({"10", "2.50"}) == "decimal(4,2)");
    CHECK(type_of_cells({"12.50", "3.99"}) == "double");
    CHECK(type_of_cells({"1.0", "2.25", "3.125"}) == "double");
    CHECK(type_of_cells({"1.10", "1.9", "1.5e+3"}) == "double");
    CHECK(type_of_cells({"1.10", "1.9", "1.9.1"}) == "text");
}

TEST_CASE("days are first between dots, unless something speaks against it", "[formats]") {
    CHECK(type_of_cells({"01.02.2024", "03.04.2024"}) == "date");
    CHECK(reason_of_cells({"01.02.2024", "03.04.2024"}) == "dates are written day, month, year, by the dots");
    CHECK(type_of_cells({"1.2.2024 10:30", "03.04.2024 9:05"}) == "timestamp");
    CHECK(type_of_cells({"01.02.2024", "01.31.2024"}) == "text");
    CHECK(reason_of_cells({"01.02.2024", "01.31.2024"}) == "month before day between dots first at row 2");
    CHECK(type_of_cells({"01.02.2024", "03/04/2024"}) == "text");
    const Profile profile = profile_of("k,v\nx,01.02.2024\nx,03.01.2024\n", "t.csv");
    CHECK(evidence_of(profile, "v").min == "2024-01-03");
    CHECK(evidence_of(profile, "v").max == "2024-02-01");
}

TEST_CASE("addresses of four groups are no numbers with thousands", "[formats]") {
    const Profile hosts = profile_of("k;v\nx;192.168.100.200\nx;192.168.100.201\n", "t.csv");
    CHECK(type_of(hosts, "v") == "text");
    CHECK(evidence_of(hosts, "v").reason == "IPv4 address first at row 1");
    CHECK(type_of(profile_of("k;v\nx;1.234.567.890\nx;100.200.150.250\n", "t.csv"), "v") == "int64");
}

TEST_CASE("day and month are told apart by the whole column or not at all", "[formats]") {
    CHECK(type_of_cells({"01/02/2024", "31/12/2023"}) == "date");
    CHECK(reason_of_cells({"01/02/2024", "31/12/2023"}) ==
          "dates are written day, month, year: proven by a day beyond 12 first at row 2");
    CHECK(type_of_cells({"1/2/2024", "12/31/2023"}) == "date");
    CHECK(type_of_cells({"1/2/2024", "3/4/2024"}) == "text");
    CHECK(reason_of_cells({"3/3/2024", "3/4/2024"}) ==
          "date such as 1/2/2024 that may be in January or February first at row 2");
    CHECK(type_of_cells({"31/12/2023", "30/11/2023", "12/31/2023"}) == "text");
    CHECK(reason_of_cells({"31/12/2023", "30/11/2023", "12/31/2023"}) == "month before day first at row 3");
    CHECK(type_of_cells({"31/12/2023", "31.12.2023"}) == "text");
    CHECK(type_of_cells({"31.12.2023 23:59", "1.1.2024 0:00:30.5"}) == "timestamp");
    CHECK(type_of_cells({"12/31/2023 11:59 PM"}) == "timestamp");
    CHECK(type_of_cells({"2024/02/29", "2024/2/1"}) == "date");
    CHECK(type_of_cells({"2023/02/29"}) == "text");
    CHECK(type_of_cells({"31/12/23"}) == "text");
    CHECK(type_of_cells({"31/12/2023", "2023-12-31", "2023-12-31"}) == "text");
    CHECK(reason_of_cells({"31/12/2023", "2023-12-31", "2023-12-31"}) == "date in another spelling first at row 1");
    const Profile profile = profile_of("k,v\nx,31/12/2023\nx,2/1/2023\nx,-\n", "t.csv");
    CHECK(evidence_of(profile, "v").min == "2023-01-02");
    CHECK(evidence_of(profile, "v").max == "2023-12-31");
    CHECK(evidence_of(profile, "v").nulls == 1);
}

TEST_CASE("commas in numbers mean what the whole column proves, else they are text", "[formats]") {
    const auto verdict = [](std::string_view header_and_rows, std::string_view wanted_type) {
        const Profile profile = profile_of(header_and_rows, "t.csv");
        CHECK(type_of(profile, "v") == wanted_type);
        return evidence_of(profile, "v").reason;
    };
    CHECK(verdict("k;v\nx;1,5\nx;-2,25\nx;3\n", "double") == "fraction first at row 1; decimal comma");
    CHECK(verdict("k;v\nx;1.234,56\nx;1.000.000\n", "double") == "fraction first at row 1; decimal comma");
    CHECK(verdict("k;v\nx;1,5\nx;2.5\nx;2,5\n", "text") == "decimal point among decimal commas first at row 2");
    CHECK(verdict("k,v\nx,\"1,234.25\"\nx,\"12\"\n", "double") == "fraction first at row 1; commas between thousands");
    CHECK(verdict("k,v\nx,\"1,234.50\"\nx,\"12\"\n", "decimal(6,2)") ==
          "fraction such as 1.10, whose last zero a double would not keep, first at row 1; commas between thousands");
    CHECK(verdict("k,v\nx,\"1,234,567\"\nx,\"1,000\"\nx,12\n", "int64") ==
          "all values are integers; commas between thousands");
    CHECK(verdict("k,v\nx,\"1,234\"\nx,\"5,678\"\n", "text") ==
          "number such as 1,234 that is 1234 or 1.234 first at row 1");
    CHECK(verdict("k;v\nx;1,234\nx;0,5\n", "double") == "fraction first at row 1; decimal comma");
    CHECK(verdict("k;v\nx;1,234.5\nx;0,5\nx;0,6\n", "text") == "comma with another meaning first at row 1");
    CHECK(verdict("k,v\nx,\"1,5\"\nx,\"2,5\"\n", "text") ==
          "comma that may be decimal or stand between two values first at row 1");
    CHECK(verdict("k,v\nx,\"1,2,3\"\n", "text") == "text first at row 1");
    // 1.200 beside prices of 19,90 may be 1200.
    const std::string open = "number such as 1.234 that is 1234 or 1.234, in a file with decimal commas, first at row ";
    CHECK(verdict("p;v\n1,5;7\n2,5;1.200\n3,5;NA\n", "text") == open + "2");
    CHECK(verdict("p;v\n1,5;12.345\n2,5;9999\n", "text") == open + "1");
    CHECK(verdict("p;v\n1,5;1.000.000\n2,5;1.200\n", "text") ==
          "number such as 1.234 that is 1234 or 1.234 first at row 2");
    CHECK(verdict("p;v\n1,5;-77.209\n2,5;7.084\n", "text") == open + "1");
    CHECK(verdict("p;v\n1,5;-77.209\n2,5;-0.125\n", "double") == "fraction first at row 1");
    CHECK(verdict("p;v\n1,5;77.209\n2,5;-0.125\n", "double") == "fraction first at row 1");
    CHECK(verdict("p;v\n1,5;1.25\n2,5;1.234\n", "double") == "fraction first at row 1");
    CHECK(verdict("p;v\n1,5;0.125\n2,5;1.200\n", "double") == "fraction first at row 1");
    CHECK(verdict("p;v\n1,5;1.234\n2,5;12000\n", "double") == "fraction first at row 1");
    CHECK(verdict("p;v\n1,5;1234.567\n2,5;1.200\n", "double") == "fraction first at row 1");
    CHECK(verdict("p;v\n15;1.200\n25;3.500\n", "double") == "fraction first at row 1");  // nothing says otherwise
    CHECK(verdict("k;v\nx;1,5\nx;NA\n", "double") == "fraction first at row 1; decimal comma; NA in 1 row is no value");
    CHECK(verdict("k,v\nx,12%\n", "text") == "percentage first at row 1");
    CHECK(verdict("k,v\nx,$12.50\n", "text") == "amount with a currency first at row 1");
    const Profile profile = profile_of("k;v\nx;1.234,56\nx;-7,5\n", "t.csv");
    CHECK(evidence_of(profile, "v").min == "-7.5");
    CHECK(evidence_of(profile, "v").max == "1234.56");
}

TEST_CASE("the reason names what forced the type and where", "[formats]") {
    CHECK(reason_of_cells({"1", "2", "x", "3"}) == "text first at row 3");
    CHECK(reason_of_cells({"1", "2", "true", "3"}) == "boolean first at row 3");
    CHECK(reason_of_cells({"01234", "10115", "n.n."}) == "leading zero first at row 1");
    CHECK(reason_of_cells({"1", "x", "01234"}) == "text first at row 2");
    CHECK(reason_of_cells({"1", "true", "01234", "x"}) == "boolean first at row 2");
    CHECK(reason_of_cells({"2024-01-01", "7", "true", "x"}) == "number first at row 2");
    CHECK(reason_of_cells({"2024-01-01", "7", "2024-01-02"}) == "number first at row 2");
    CHECK(reason_of_cells({"1", "1e+5"}) == "exponent first at row 2");
    CHECK(reason_of_cells({"1", "99999999999999999999"}) == "integer beyond int64 first at row 2");
    CHECK(reason_of_cells({"2024-01-01", "2024-01-01 10:00"}) == "time of day first at row 2");
    CHECK(reason_of_cells({"1", "2"}) == "all values are integers");
    CHECK(reason_of_cells({"", ""}) == "no value seen");
}

TEST_CASE("evidence counts values and nulls and keeps the bounds in the type's own order", "[formats]") {
    const Profile profile = profile_of(
        "n,f,d,t,b,big\n10,1.5,2024-03-01,beta,true,1\n9,,2023-12-31,,false,-99999999999999999999\n"
        "-5,0.25,,alpha,true,99999999999999999998.5\n",
        "t.csv");
    const model::Evidence n = evidence_of(profile, "n");
    CHECK(n.values == 3);
    CHECK(n.nulls == 0);
    CHECK(n.min == "-5");
    CHECK(n.max == "10");
    CHECK(n.distinct == 3);
    const model::Evidence f = evidence_of(profile, "f");
    CHECK(f.nulls == 1);
    CHECK(f.min == "0.25");
    CHECK(f.max == "1.5");
    CHECK(evidence_of(profile, "d").min == "2023-12-31");
    CHECK(evidence_of(profile, "d").max == "2024-03-01");
    CHECK(evidence_of(profile, "t").min == "alpha");
    CHECK(evidence_of(profile, "t").max == "beta");
    CHECK(evidence_of(profile, "t").longest == 5);
    CHECK(evidence_of(profile, "b").min == "false");
    CHECK(evidence_of(profile, "big").min == "-99999999999999999999");
    CHECK(evidence_of(profile, "big").max == "99999999999999999998.5");
    CHECK(type_of(profile, "big") == "decimal(21,1)");
}

TEST_CASE("distinct values are estimated within a few per cent", "[formats]") {
    std::string many = "id,half,one\n";
    for (int i = 0; i < 100000; ++i) many += fmt::format("{},{},same\n", i, i / 2);
    const Profile profile = profile_of(many, "t.csv");
    const auto id = static_cast<double>(evidence_of(profile, "id").distinct.value());
    const auto half = static_cast<double>(evidence_of(profile, "half").distinct.value());
    CHECK(id == Approx(100000).epsilon(0.15));
    CHECK(half == Approx(50000).epsilon(0.15));
    CHECK(evidence_of(profile, "one").distinct == 1);
}

TEST_CASE("only a cell in quotes is an empty text", "[formats]") {
    const Profile profile = profile_of("a,b\nx,1\n\"\",\"\"\n,\n", "t.csv");
    CHECK(profile.rows == 3);
    CHECK(evidence_of(profile, "a").values == 2);
    CHECK(evidence_of(profile, "a").nulls == 1);
    CHECK(evidence_of(profile, "b").values == 1);
    CHECK(evidence_of(profile, "b").nulls == 2);
    CHECK(type_of(profile, "b") == "int64");
}

TEST_CASE("bounds of numbers of several spellings are those of all of them", "[formats]") {
    const auto bounds = [](const std::string& values) {
        const Profile p = profile_of("n;m\n" + values, "x.csv");
        const model::Evidence& e = evidence_of(p, "n");
        return type_of(p, "n") + " " + e.min.value_or("none") + " to " + e.max.value_or("none");
    };
    CHECK(bounds("1.5;a\n9;b\n-3;c\n") == "double -3 to 9");
    CHECK(bounds("12345678901234567890;a\n5;b\n-7;c\n") == "decimal(20,0) -7 to 12345678901234567890");
    CHECK(bounds("-12345678901234567890;a\n-22345678901234567890;b\n") ==
          "decimal(20,0) -22345678901234567890 to -12345678901234567890");
    CHECK(bounds("1969-12-31 23:00:00;a\n1969-12-30 01:00:00.5;b\n") ==
          "timestamp 1969-12-30 01:00:00.5 to 1969-12-31 23:00:00");
    CHECK(bounds("12/31/2024;a\n1/2/2024;b\n") == "date 2024-01-02 to 2024-12-31");
    CHECK(bounds("1/13/2024 9:05 PM;a\n1/14/2024 12:10 AM;b\n") ==
          "timestamp 2024-01-13 21:05:00 to 2024-01-14 00:10:00");
    CHECK(bounds("\"\";a\nx;b\n") == "text  to x");
    const std::string first = "123e4567-e89b-12d3-a456-426614174000", second = "223e4567-e89b-12d3-a456-426614174000";
    CHECK(bounds("\"\";a\n" + second + ";b\n" + first + ";c\n") == "uuid " + first + " to " + second);
    CHECK(bounds(" " + second + ";b\n" + first + ";c\n") == "uuid none to none");
    const std::string capital = "F0000000-0000-4000-8000-000000000001", small = "a0000000-0000-4000-8000-000000000002";
    CHECK(bounds(capital + ";a\n" + small + ";b\n") == "uuid none to none");  // as texts F stands before a
    CHECK(bounds(small + ";a\n" + capital + ";b\n" + first + ";c\n") == "uuid none to none");
    CHECK(bounds(capital + ";a\n" + "123E4567-E89B-12D3-A456-426614174000;b\n") ==
          "uuid 123E4567-E89B-12D3-A456-426614174000 to " + capital);
    CHECK(bounds("\"\";a\n31/12/2024;b\n") == "date 2024-12-31 to 2024-12-31");
    CHECK(bounds("2024-12-31;a\n\"\";b\n") == "date 2024-12-31 to 2024-12-31");
    CHECK(bounds("\"\";a\n1/2/2024;b\n").starts_with("text"));  // day or month first?
    CHECK(bounds("NA;a\nNULL;b\n") == "unknown none to none");
    const std::string long_word(255, 'a');
    CHECK(bounds(long_word + "\xC3\xA9;a\n") == "text " + long_word + " to " + long_word);
}

TEST_CASE("a value that only looks like a number or a date makes the column text", "[formats]") {
    const auto type = [](const std::string& values) { return type_of(profile_of("n;m\n" + values, "x.csv"), "n"); };
    CHECK(type("12345678901234567890;a\n1e5;b\n") == "text");
    CHECK(type("12345678901234567890;a\n0.12345678901234567891;b\n") == "text");  // 40 digits together
    CHECK(type("9007199254740993.5;a\n") == "decimal(17,1)");                     // no double gives it back
    CHECK(type("2024-01-01 24:00:00;a\n") == "text");
    CHECK(type("2024-01-01T00:00:00+18:00;a\n") == "timestamp_tz");
    CHECK(type("2024-01-01T00:00:00+19:00;a\n") == "text");
    CHECK(type("29/02/2000;a\n") == "date");
    CHECK(type("29/02/1900;a\n") == "text");
    CHECK(type("31/12/2024;a\n2024/12/31;b\n") == "text");
    CHECK(type("01,234;a\n05,678;b\n") == "text");
    CHECK(type("1,234,567;a\n12345;b\n") == "text");
    CHECK(type("1,234;a\n1.234;b\n") == "text");
    CHECK(type("\"\";a\n\"\";b\n") == "text");
    const Profile mixed = profile_of("n;m\n1,234;a\n2024-01-01;b\n", "x.csv");
    CHECK(type_of(mixed, "n") == "text");
    CHECK(evidence_of(mixed, "n").reason == "number with a comma first at row 1");
    CHECK(evidence_of(mixed, "n").forced_row == 1);
    const Profile many = profile_of("n;m\n1,234;a\n1,5;b\n2024-01-01;c\n", "x.csv");
    CHECK(evidence_of(many, "n").reason == "value in another spelling first at row 3");
    const Profile odd = profile_of("n;m\n31/12/2024;a\n30/12/2024;b\n5;c\n", "x.csv");
    CHECK(evidence_of(odd, "n").forced_row == 3);
}

TEST_CASE("words for nothing are no values that differ", "[formats]") {
    CHECK(evidence_of(profile_of("n;m\n1;a\n2;b\nNA;c\n", "x.csv"), "n").distinct == 2u);
    CHECK(evidence_of(profile_of("n;m\nx;a\ny;b\nNA;c\n", "x.csv"), "n").distinct == 3u);
}
