// sample_test.cpp: first rows are masked, cut, bounded, and survive their entry.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/json.hpp"
#include "index/sample.hpp"

using namespace neurolake;
using namespace neurolake::index;

namespace {

model::Table people() {
    model::Table table;
    table.id = "0123456789abcdef";
    table.bucket = "raw-data";
    table.name = "people";
    for (const char* name : {"id", "mail"}) {
        model::Column column;
        column.name = name;
        table.columns.push_back(column);
    }
    table.columns[1].semantic = "email";
    return table;
}

Sample sample_of(const model::Table& table) {
    Sample sample{table.id, table.full_name(), "people.csv", {"id", "mail"}, {false, false}, {}};
    sample.rows = {{"1", "anna@example.com"}, {std::nullopt, "quote \" and \n"}, {"3", std::nullopt}};
    return sample;
}

}  // namespace

TEST_CASE("a sample survives its entry, which is JSON", "[index]") {
    Sample sample = sample_of(people());
    sample.columns[0] = "bytes \xff";
    sample.masked[1] = true;
    const auto back = sample_from_entry(to_entry(sample));
    REQUIRE(back);
    CHECK(*back == sample);
    sample.rows.clear();
    REQUIRE(json::parse(to_entry(sample)));
    CHECK(sample_from_entry(to_entry(sample))->rows.empty());
    Sample without_columns;  // {} in a JSON file is a row without a cell
    without_columns.table_id = "x";
    without_columns.rows.resize(2);
    REQUIRE(json::parse(to_entry(without_columns)));
    CHECK(sample_from_entry(to_entry(without_columns))->rows.size() == 2);
    CHECK_FALSE(sample_from_entry(R"({"id":"x","columns":["a"],"rows":[["1","2"]]})"));
}

TEST_CASE("what turns out to be about people is masked in samples that were taken before", "[index]") {
    model::Table table = people();
    Sample sample = sample_of(table);
    sample.rows[0][1] = "anna";
    const Sample plain = sample;
    mask(sample, table);
    CHECK(sample == plain);
    sample.rows[0][1] = "anna@example.com";  // a lone address is masked in any column
    mask(sample, table);
    CHECK(sample.rows[0] == Cells{"1", "a***@e***.com"});
    CHECK(sample.masked == plain.masked);
    table.columns[1].not_pii = true;  // but where a person said that it is nobody's
    sample.rows[0][1] = "anna@example.com";
    mask(sample, table);
    CHECK(sample.rows[0][1] == "anna@example.com");
    table.columns[1].not_pii = false;
    table.columns[1].pii = true;
    mask(sample, table);
    CHECK(sample.masked == std::vector<bool>{false, true});
    CHECK(sample.rows[0] == Cells{"1", "a***@e***.com"});
    CHECK_FALSE(sample.rows[2][1]);
    const Sample once = sample;
    mask(sample, table);
    CHECK(sample == once);
}

TEST_CASE("rows come in the table's columns, and partitions from the path", "[index]") {
    model::Table table = people();
    table.path = "people";
    model::Column year;
    year.name = "year";
    table.partition_columns = {year};
    formats::Rows rows{{"mail", "other"}, {{"a@b.c", "x"}, {"d@e.f", "y"}}};
    std::vector<Cells> out;
    add_rows(table, "people/year=2024/a.csv", rows, 1, out);
    CHECK(out == std::vector<Cells>{{std::nullopt, "a@b.c", "2024"}});
    add_rows(table, "people/year=__HIVE_DEFAULT_PARTITION__/a.csv", rows, 2, out);
    REQUIRE(out.size() == 2);
    CHECK_FALSE(out[1][2]);
}

TEST_CASE("a column whose name hints at people is masked, until a person says otherwise", "[index]") {
    model::Table table = people();
    table.columns[0].semantic_evidence.source = "name";
    Sample sample = sample_of(table);
    sample.rows[0][0] = "Anna";
    const Sample plain = sample;
    mask(sample, table);
    CHECK(sample.rows[0][0] == "A***");
    CHECK(sample.masked[0]);
    table.columns[0].not_pii = true;
    sample = plain;
    mask(sample, table);
    CHECK(sample.rows[0][0] == "Anna");
}
