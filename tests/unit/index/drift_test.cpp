// drift_test.cpp: how the files of a table differ, told once and with names.
// SPDX-License-Identifier: Apache-2.0
#include "index/drift.hpp"

#include <catch2/catch.hpp>

#include "unit/index/files_of_tables.hpp"

using namespace neurolake;
using namespace neurolake::index;
using namespace neurolake::index::test;

TEST_CASE("each way in which columns drift is told once with two file names", "[index]") {
    const Unit u = unit(
        "t", {file("t/a.csv", "csv", {"id", "name", "zip"}), file("t/b.csv", "csv", {"id", "name"}),
              file("t/c.csv", "csv", {"id", "name", "zip"}), file("t/d.csv", "csv", {"id", "name", "zip", "city"})});
    const auto groups = group("b", u);
    REQUIRE(groups.size() == 1);
    REQUIRE(groups[0].findings.size() == 2);
    CHECK(groups[0].findings[0].code == "column_drift");
    CHECK(groups[0].findings[0].path == "b/t/b.csv");
    CHECK(groups[0].findings[0].message ==
          "t/b.csv lacks zip, which t/a.csv has (1 of 4 files); what a file lacks counts as null");
    CHECK(groups[0].findings[1].path == "b/t/d.csv");
    CHECK(groups[0].findings[1].message ==
          "t/d.csv has city, which t/a.csv lacks (1 of 4 files); what a file lacks counts as null");
}

TEST_CASE("of as many files on both sides, the first tells what is usual", "[index]") {
    const auto message = [](std::vector<std::string> first, std::vector<std::string> second) {
        const auto groups = group(
            "b", unit("t", {file("t/a.csv", "csv", std::move(first)), file("t/b.csv", "csv", std::move(second))}));
        return groups[0].findings.at(0).message;
    };
    CHECK(message({"id", "name", "zip"}, {"id", "name"}) ==
          "t/b.csv lacks zip, which t/a.csv has (1 of 2 files); what a file lacks counts as null");
    CHECK(message({"id", "name"}, {"id", "name", "zip"}) ==
          "t/b.csv has zip, which t/a.csv lacks (1 of 2 files); what a file lacks counts as null");
}

TEST_CASE("many ways to drift are summed up in the last of four lines", "[index]") {
    std::vector<File> files{file("t/a.csv", "csv", {"id", "name", "zip"}),
                            file("t/b.csv", "csv", {"id", "name", "zip"})};
    for (const char* extra : {"p", "q", "r", "s", "u", "u"})
        files.push_back(file("t/c_" + std::string(extra) + std::to_string(files.size()) + ".csv", "csv",
                             {"id", "name", "zip", extra}));
    const auto groups = group("b", unit("t", files));
    REQUIRE(groups.size() == 1);
    REQUIRE(groups[0].findings.size() == 4);
    CHECK(groups[0].findings[3].path == "b/t/c_s5.csv");
    CHECK(groups[0].findings[3].message ==
          "other files have s, u, which t/a.csv lacks (3 of 8 files); what a file lacks counts as null");
}

TEST_CASE("types that only text can hold are a warning with the row that forced them", "[index]") {
    File odd = file("t/b.csv");
    odd.profile->profile.columns[2].type = model::TypeKind::text;
    odd.profile->profile.columns[2].evidence.reason = "\"n/a\" first at row 7";
    odd.profile->profile.columns[2].evidence.forced_row = 7;
    const Unit u = unit("t", {file("t/a.csv"), odd, file("t/c.csv")});
    const auto groups = group("b", u);
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "type_drift");
    CHECK(groups[0].findings[0].line == 7);
    CHECK(groups[0].findings[0].message ==
          "zip is int64 in t/a.csv but text in t/b.csv (\"n/a\" first at row 7); text in 1 of 3 files");
}

TEST_CASE("the odd one is told where most files have text, and where only JSON holds both", "[index]") {
    const auto with_type = [](std::string path, model::Type type, std::string reason = {}) {
        File f = file(std::move(path));
        f.profile->profile.columns[2].type = std::move(type);
        f.profile->profile.columns[2].evidence.reason = std::move(reason);
        return f;
    };
    const auto text = model::TypeKind::text;
    auto groups = group("b", unit("t", {with_type("t/a.csv", text), file("t/b.csv"), with_type("t/c.csv", text)}));
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].message == "zip is text in t/a.csv but int64 in t/b.csv; int64 in 1 of 3 files");
    const model::Type list = model::Type::list_of(model::TypeKind::int64);
    model::Type structure(model::TypeKind::structure);
    structure.fields.push_back({"a", model::TypeKind::int64, true});
    groups = group("b", unit("t", {with_type("t/a.csv", list), with_type("t/b.csv", structure)}));
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "type_drift");
    // Words that mean nothing are no type of their own.
    groups = group("b", unit("t", {file("t/a.csv"), with_type("t/b.csv", text, "no value but NA")}));
    CHECK(groups[0].findings.empty());
}

TEST_CASE("orders of dates that contradict each other are told, the rarer one as the odd one", "[index]") {
    const auto dates = [](std::string path, std::string order) {
        File f = file(std::move(path));
        f.profile->profile.columns[2].type = model::TypeKind::date;
        f.profile->profile.columns[2].evidence.reason = std::move(order);
        return f;
    };
    const std::string days = "dates are written day, month, year: proven by a day beyond 12",
                      months = "dates are written month, day, year: proven by a day beyond 12",
                      alike = "day and month are alike in all dates";
    auto groups = group("b", unit("t", {dates("t/a.csv", months), dates("t/b.csv", days), dates("t/c.csv", days)}));
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "date_order");
    CHECK(groups[0].findings[0].message.starts_with(
        "the dates of zip are written day, month, year in t/b.csv, but month, day, year in t/a.csv;"));
    groups = group("b", unit("t", {dates("t/a.csv", months), dates("t/b.csv", alike)}));
    CHECK(groups[0].findings.empty());
}

TEST_CASE("numbers that are open beside decimal commas of another file are told", "[index]") {
    const auto numbers = [](std::string path, std::string reason, bool open) {
        File f = file(std::move(path));
        f.profile->profile.columns[2].type = model::TypeKind::float64;
        f.profile->profile.columns[2].evidence.reason = std::move(reason);
        f.profile->profile.written.resize(3);
        f.profile->profile.written[2].may_group = open;
        return f;
    };
    const std::string comma = "fraction first at row 1; decimal comma", point = "fraction first at row 1";
    const auto groups = group("b", unit("t", {numbers("t/a.csv", point, false), numbers("t/b.csv", point, true),
                                              numbers("t/c.csv", comma, false)}));
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "decimal_mark");
    CHECK(groups[0].findings[0].path == "b/t/b.csv");
    CHECK(groups[0].findings[0].message ==
          "the numbers of zip have a decimal comma in t/c.csv, and those such as 1.234 in t/b.csv are 1234 or 1.234; "
          "such alone in 1 of 3 files: the column is text");
    CHECK(group("b", unit("t", {numbers("t/a.csv", comma, false), numbers("t/b.csv", point, false)}))[0]
              .findings.empty());
}

TEST_CASE("words for no value count as text beside text, and that is told", "[index]") {
    File numbers = file("t/a.csv"), words = file("t/b.csv");
    numbers.profile->profile.columns[2].evidence.reason = "all values are integers; NA in 1 row is no value";
    numbers.profile->profile.columns[2].evidence.nulls = 1;
    words.profile->profile.columns[2].type = model::TypeKind::text;
    const auto groups = group("b", unit("t", {numbers, words}));
    REQUIRE(groups[0].findings.size() == 2);
    CHECK(groups[0].findings[1].code == "null_words");
    CHECK(groups[0].findings[1].message ==
          "NA in 1 row of zip in t/a.csv counts as text, as zip is text in t/b.csv; alone it would mean no value");
}

TEST_CASE("the gist of a remark is the same whichever files and however many it names", "[index]") {
    const auto of = [](std::string message, const std::string& folder) {
        return gist({model::Finding::Severity::warning, "column_drift", "", 0, std::move(message)}, folder);
    };
    CHECK(of("t/b.csv lacks zip, which t/a.csv has (1 of 4 files)", "t") ==
          of("t/c.csv lacks zip, which t/b.csv has (12 of 40 files)", "t"));
    CHECK(of("t/b.csv lacks zip, which t/a.csv has (1 of 4 files)", "t") !=
          of("t/b.csv lacks city, which t/a.csv has (1 of 4 files)", "t"));
    CHECK(of("a.csv lacks zip", "") != of("b.csv lacks zip", ""));
}

TEST_CASE("types that widen without a loss are no drift", "[index]") {
    File narrow = file("t/a.csv"), wider = file("t/b.csv"), empty = file("t/c.csv");
    wider.profile->profile.columns[2].type = model::TypeKind::float64;
    for (File* f : {&narrow, &wider}) {
        f->profile->profile.columns[2].evidence.min = "1";
        f->profile->profile.columns[2].evidence.max = "9";
    }
    empty.profile->profile.columns[2].type = model::TypeKind::unknown;
    CHECK(group("b", unit("t", {narrow, wider, empty}))[0].findings.empty());
}
