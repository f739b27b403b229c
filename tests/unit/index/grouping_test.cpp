// grouping_test.cpp: the rules that turn files into tables, their names, and their partitions.
// SPDX-License-Identifier: Apache-2.0
#include "index/grouping.hpp"

#include <catch2/catch.hpp>

#include "index/assemble.hpp"
#include "index/naming.hpp"
#include "index/partition.hpp"
#include "unit/index/files_of_tables.hpp"

using namespace neurolake;
using namespace neurolake::index;
using namespace neurolake::index::test;
using model::GroupingRule;

namespace {

std::string shape(const std::vector<Group>& groups) {
    std::string out;
    for (const Group& g : groups) out += g.path + (g.is_folder ? "/" : "") + ":" + std::to_string(g.files.size()) + " ";
    return out;
}

std::vector<std::string> named(const std::vector<Group>& groups, std::vector<std::string> kept = {},
                               std::set<std::string> taken = {}) {
    std::vector<const Group*> pointers;
    for (const Group& g : groups) pointers.push_back(&g);
    kept.resize(groups.size());
    return give_names(pointers, kept, std::move(taken));
}

Group group_at(std::string path, bool is_folder) {
    Group g;
    g.path = std::move(path);
    g.is_folder = is_folder;
    return g;
}

}  // namespace

TEST_CASE("a folder of like files is one table", "[index]") {
    const Unit u = unit("orders", {file("orders/a.csv"), file("orders/b.csv", "csv", {"id", "name", "zip", "email"})});
    const auto groups = group("raw-data", u);
    CHECK(shape(groups) == "orders/:2 ");
    CHECK(groups[0].rule == GroupingRule::folder);
    CHECK(groups[0].reason.find("share format csv") != std::string::npos);
}

TEST_CASE("one file in a folder makes the folder a table", "[index]") {
    CHECK(shape(group("raw-data", unit("customers", {file("customers/customers.ncf", "ncf")}))) == "customers/:1 ");
}

TEST_CASE("files directly in a bucket are tables of their own, however alike", "[index]") {
    CHECK(shape(group("raw-data", unit("", {file("a.csv"), file("b.csv")}))) == "a.csv:1 b.csv:1 ");
}

TEST_CASE("files of one folder that are not alike are tables of their own, and the reason names two", "[index]") {
    auto groups = group("raw-data", unit("x", {file("x/a.csv"), file("x/b.csv", "csv", {"other", "columns"})}));
    CHECK(shape(groups) == "x/a.csv:1 x/b.csv:1 ");
    CHECK(groups[0].reason.find("a.csv and b.csv share 0 of 3") != std::string::npos);
    groups = group("raw-data", unit("x", {file("x/a.csv"), file("x/b.parquet", "parquet")}));
    CHECK(shape(groups) == "x/a.csv:1 x/b.parquet:1 ");
    CHECK(groups[1].reason.find("a.csv is csv, b.parquet is parquet") != std::string::npos);
}

TEST_CASE("similar means 70 percent of the names, or all names of the smaller side", "[index]") {
    CHECK(similar_columns({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"},
                          {"a", "b", "c", "d", "e", "f", "g", "x", "y", "z"}));
    CHECK_FALSE(similar_columns({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"},
                                {"a", "b", "c", "d", "e", "f", "w", "x", "y", "z"}));
    CHECK(similar_columns({"a", "b"}, {"a", "b", "c", "d", "e"}));
    CHECK_FALSE(similar_columns({"id"}, {"a", "b", "id"}));
    CHECK(similar_columns({}, {"a"}));
}

TEST_CASE("empty and unreadable files join their folder's table and decide nothing", "[index]") {
    File empty = file("x/empty.csv", "empty", {}, 0), broken = file("x/broken.csv");
    broken.profile.reset();
    broken.failed = true;
    broken.why_failed = "permission denied";
    File nameless = file("x/zero", "empty", {}, 0);
    const Unit u = unit("x", {file("x/a.csv"), broken, empty, nameless});
    const auto groups = group("raw-data", u);
    CHECK(shape(groups) == "x/:4 ");
    const model::Table t = assemble("raw-data", "x", groups[0], nullptr, k_now);
    CHECK(t.format == "csv");
    CHECK(t.columns.size() == 3);
    CHECK(t.rows == 10);
    CHECK_FALSE(t.rows_exact);
    REQUIRE(t.findings.size() == 1);
    CHECK(t.findings[0].path == "raw-data/x/broken.csv");
    CHECK(t.findings[0].severity == model::Finding::Severity::error);
}

TEST_CASE("a file of unknown format is listed beside the folder's table, not in it", "[index]") {
    auto groups = group("raw-data", unit("x", {file("x/a.csv"), file("x/logo.png", "unknown", {})}));
    CHECK(shape(groups) == "x/:1 x/logo.png:1 ");
    const Unit pictures = unit("x", {file("x/1.png", "unknown", {}), file("x/2.png", "unknown", {})});
    groups = group("raw-data", pictures);
    CHECK(shape(groups) == "x/:2 ");
    CHECK(assemble("raw-data", "x", groups[0], nullptr, k_now).format == "unknown");
}

TEST_CASE("key=value folders make one partitioned table with typed keys", "[index]") {
    const Unit u = unit("events",
                        {file("events/year=2023/month=12/a.csv"), file("events/year=2024/month=01/a.csv"),
                         file("events/year=2024/month=01/b.csv")},
                        Unit::Kind::partitions);
    const auto groups = group("raw-data", u);
    CHECK(shape(groups) == "events/:3 ");
    CHECK(groups[0].findings.empty());
    const model::Table t = assemble("raw-data", "events", groups[0], nullptr, k_now);
    REQUIRE(t.partition_columns.size() == 2);
    CHECK(t.partition_columns[0].name == "year");
    CHECK(t.partition_columns[0].type.kind == model::TypeKind::int64);
    CHECK(t.partition_columns[1].type.kind == model::TypeKind::int64);
    CHECK(t.partition_columns[0].evidence.min == "2023");
    REQUIRE(t.partitions.size() == 2);
    CHECK(t.partitions[1].path == "events/year=2024/month=01");
    CHECK(t.partitions[1].values == std::vector<std::string>{"2024", "01"});
    CHECK(t.partitions[1].rows == 20);
    CHECK(t.rows == 30);
}

TEST_CASE("mixed depth and mixed keys are warnings that name two files", "[index]") {
    Unit u = unit("e", {file("e/flat.csv"), file("e/y=1/a.csv"), file("e/y=2/a.csv")}, Unit::Kind::partitions);
    auto groups = group("raw-data", u);
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "mixed_depth");
    CHECK(groups[0].findings[0].message.find("e/flat.csv") != std::string::npos);
    CHECK(groups[0].findings[0].message.find("e/y=1/a.csv") != std::string::npos);
    const auto t = assemble("raw-data", "e", groups[0], nullptr, k_now);
    CHECK(t.partitions[0].values == std::vector<std::string>{std::string(k_null_partition)});
    CHECK(t.partition_columns[0].nullable);
    CHECK(t.partition_columns[0].evidence.values == 20);  // rows, as of any other column
    CHECK(t.partition_columns[0].evidence.nulls == 10);

    u = unit("e", {file("e/m=1/y=1/a.csv"), file("e/y=1/m=1/a.csv"), file("e/y=2/m=1/a.csv")}, Unit::Kind::partitions);
    groups = group("raw-data", u);
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "mixed_keys");
    CHECK(groups[0].keys == std::vector<std::string>{"y", "m"});
    u = unit("e", {file("e/y=1/y=2/a.csv")}, Unit::Kind::partitions);
    CHECK(group("raw-data", u)[0].keys == std::vector<std::string>{"y"});
    u = unit("e",
             {file("e/y=1/a.csv"), file("e/y=1/m=1/a.csv"), file("e/y=2/a.csv"), file("e/y=2/m=1/a.csv"),
              file("e/y=3/a.csv")},
             Unit::Kind::partitions);
    groups = group("raw-data", u);
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].message ==
          "e/y=1/m=1/a.csv lies under y, m, but e/y=1/a.csv under y (2 files so); missing keys count as null");
    CHECK(groups[0].keys == std::vector<std::string>{"y", "m"});
}

TEST_CASE("files of one partitioned table that are not alike are told of once", "[index]") {
    const Unit u =
        unit("e", {file("e/y=1/a.csv"), file("e/y=2/a.csv", "csv", {"other", "columns"})}, Unit::Kind::partitions);
    const auto groups = group("raw-data", u);
    REQUIRE(groups[0].findings.size() == 1);
    CHECK(groups[0].findings[0].code == "mixed_columns");
}

TEST_CASE("partition values are typed by what they all are", "[index]") {
    const auto type = [](std::vector<std::string> values) {
        return model::to_string(partition_column("k", values).type);
    };
    CHECK(type({"2023", "2024"}) == "int64");
    CHECK(type({"01", "12"}) == "int64");
    CHECK(type({"01", "1"}) == "text");
    CHECK(type({"0", "00", "10"}) == "text");
    CHECK(type({"1", "10"}) == "int64");
    CHECK(partition_column("k", {"1", "01", "10"}).evidence.reason ==
          "values of the folders named k=...; text, because 01 and 1 are both written");
    CHECK(type({"01234", "90210"}) == "text");
    CHECK(type({"2024-01-01", "2024-12-31"}) == "date");
    CHECK(type({"2024-01-01", "2024-13-31"}) == "text");
    CHECK(type({"1", "0.5"}) == "double");
    CHECK(type({"123456789012345", "0.5"}) == "double");
    CHECK(type({"1234567890123456", "0.5"}) == "text");  // more digits than a double keeps
    CHECK(type({"123456789012345678"}) == "int64");
    CHECK(type({"007", "008"}) == "text");
    CHECK(type({"true", "false"}) == "boolean");
    CHECK(type({"de", "5"}) == "text");
    CHECK(type({"123456789012345678901"}) == "text");
    CHECK(type({std::string(k_null_partition)}) == "unknown");
    CHECK(type({std::string(k_null_partition), "7"}) == "int64");
    const model::Column some = partition_column("k", {std::string(k_null_partition), "10", "9", "9"});
    CHECK(some.nullable);
    CHECK(some.evidence.nulls == 1);
    CHECK(some.evidence.values == 3);
    CHECK(some.evidence.distinct == 2);
    CHECK(some.evidence.min == "9");
    CHECK(some.evidence.max == "10");
    CHECK(some.evidence.longest == 2);
    CHECK_FALSE(partition_column("k", {"7"}).nullable);
}

TEST_CASE("key=value names are found and decoded", "[index]") {
    CHECK(key_value("city=New%20York")->second == "New York");
    CHECK(key_value("empty=")->second.empty());
    CHECK_FALSE(key_value("=x"));
    CHECK_FALSE(key_value("plain"));
    CHECK_FALSE(key_value("a b=1"));
    CHECK(partition_root("a/b/y=1/m=2") == "a/b");
    CHECK(partition_root("y=1") == "");
    CHECK_FALSE(partition_root("a/b"));
    CHECK_FALSE(partition_root(""));
}

TEST_CASE("an override file makes one table of a whole tree, or one of each file", "[index]") {
    Unit u =
        unit("mess", {file("mess/a.csv"), file("mess/deep/b.json", "json", {"other"})}, Unit::Kind::override_table);
    u.table_name = "tidy";
    auto groups = group("raw-data", u);
    CHECK(shape(groups) == "mess/:2 ");
    CHECK(groups[0].rule == GroupingRule::override_file);
    CHECK(named(groups) == std::vector<std::string>{"tidy"});
    CHECK(assemble("raw-data", "tidy", groups[0], nullptr, k_now).format == "mixed");
    u.kind = Unit::Kind::override_files;
    CHECK(shape(group("raw-data", u)) == "mess/a.csv:1 mess/deep/b.json:1 ");
}

TEST_CASE("what a person made one table may have files of other columns, and keys in its folders", "[index]") {
    Unit u = unit("t", {file("t/y=1/a.csv"), file("t/y=2/a.csv", "csv", {"id", "name"})}, Unit::Kind::override_table);
    u.table_name = "orders";
    const auto groups = group("raw-data", u);
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].findings.empty());
    CHECK(groups[0].keys == std::vector<std::string>{"y"});
}

TEST_CASE("keys that an override file does not have are named with their line, and the rest counts", "[index]") {
    const Override o =
        parse_override("# mine\n\ntable: \"a b\"  # note\nfoo: 1\nsingle_file: no\r\nignore: no # not yet");
    CHECK(o.table == "a b");
    CHECK_FALSE(o.ignore);
    CHECK_FALSE(o.single_file);
    REQUIRE(o.findings.size() == 1);
    CHECK(o.findings[0].line == 4);
    CHECK(o.findings[0].severity == model::Finding::Severity::error);
    CHECK(o.findings[0].message.find("\"foo\"") != std::string::npos);
    CHECK(parse_override("").findings.empty());
    CHECK(parse_override("table: it's #1\n").table == "it's");
    CHECK(parse_override("\xEF\xBB\xBFtable: 'x y'\n").table == "x y");
}

TEST_CASE("a broken override file says nothing at all, but where it is broken", "[index]") {
    for (const char* line :
         {"table: [1,",  "table: [1]",    "table: {a: b}",  "table: \"a",   "table: 'a' b", "table:",  "table: ~",
          "table: a: b", "ignore: maybe", "ignore: [true]", "  nested: 1",  "- table: x",   "table x", "table:x",
          "{table: z}",  "table: &a b",   "table: |",       "table: a\x01", "table: \xff",  "table: ,"}) {
        CAPTURE(line);
        const Override o = parse_override("single_file: true\n" + std::string(line) + "\nignore: true\n");
        CHECK_FALSE(o.table);
        CHECK_FALSE(o.ignore);
        CHECK_FALSE(o.single_file);
        REQUIRE(o.findings.size() == 1);
        CHECK(o.findings[0].code == "override_broken");
        CHECK(o.findings[0].severity == model::Finding::Severity::error);
        CHECK(o.findings[0].line == 2);
    }
}

TEST_CASE("an override file that says two things says nothing", "[index]") {
    const auto refused = [](const char* text, std::uint64_t line, const char* why) {
        CAPTURE(text);
        const Override o = parse_override(text);
        CHECK_FALSE((o.table || o.ignore || o.single_file));
        REQUIRE(o.findings.size() == 1);
        CHECK(o.findings[0].code == "override_broken");
        CHECK(o.findings[0].line == line);
        CHECK(o.findings[0].message.find(why) != std::string::npos);
    };
    refused("table: a\nignore: true\n", 2, "\"table\" and \"ignore\" contradict each other");
    refused("ignore: true\n# x\ntable: a\n", 3, "\"table\" and \"ignore\" contradict each other");
    refused("table: a\nsingle_file: true\n", 2, "\"table\" and \"single_file\" contradict each other");
    refused("table: a\ntable: b\n", 2, "\"table\" stands there twice");
    refused("ignore: true\nignore: true\n", 2, "\"ignore\" stands there twice");
    CHECK(parse_override("table: a\nignore: false\n").table == "a");
}

TEST_CASE("names follow the place and are safe to type", "[index]") {
    const auto name = [](std::string path, bool is_folder) { return plain_name(group_at(std::move(path), is_folder)); };
    CHECK(name("customers.csv", false) == "customers");
    CHECK(name("orders.csv.gz", false) == "orders");
    CHECK(name("a.csv.csv", false) == "a_csv");
    CHECK(name("orders", true) == "orders");
    CHECK(name("v1.2", true) == "v1_2");
    CHECK(name("sales/2024 Q1/orders.csv", false) == "sales.2024_Q1.orders");
    CHECK(name("logo.png", false) == "logo_png");
    CHECK(name("größe", true) == "größe");
    CHECK(name("bad\xff\n", true) == "bad__");
    CHECK(name("", true) == "all");
}

TEST_CASE("names are unique, and once given they stay", "[index]") {
    std::vector<Group> both{group_at("orders.csv", false), group_at("orders.parquet", false)};
    CHECK(named(both) == std::vector<std::string>{"orders_csv", "orders_parquet"});
    CHECK(named(both, {"orders", ""}) == std::vector<std::string>{"orders", "orders_parquet"});
    std::vector<Group> with_folder{group_at("orders", true), group_at("orders.csv", false)};
    CHECK(named(with_folder) == std::vector<std::string>{"orders", "orders_csv"});
    CHECK(named(with_folder, {}, {"orders"})[0] != "orders");
    std::vector<Group> alike{group_at("a b", true), group_at("a_b", true), group_at("a.b", true)};
    const auto names = named(alike);
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == 3);
    CHECK(named(alike) == names);
}

TEST_CASE("of two folders that want one name neither has it, of a folder and a file the folder", "[index]") {
    auto names = named({group_at("a b", true), group_at("a_b", true)});
    CHECK(names[0] != "a_b");
    CHECK(names[1] != "a_b");
    CHECK(names[0] != names[1]);
    names = named({group_at("a_b.csv", false), group_at("a_b", true)});
    CHECK(names == std::vector<std::string>{"a_b_csv", "a_b"});
}

TEST_CASE("an override without a name, or with a word behind its quote, is broken", "[index]") {
    for (const char* text : {"table:\n", "table: \"\"\n", "table: \"a\"#b\n"}) {
        INFO(text);
        const Override parsed = parse_override(text);
        CHECK_FALSE(parsed.table);
        REQUIRE(parsed.findings.size() == 1);
        CHECK(parsed.findings[0].code == "override_broken");
    }
    CHECK(parse_override("table: \"a\" #b\n").table == "a");
}

TEST_CASE("a folder's key that is a column as well is one column, and differing values are told", "[index]") {
    std::vector<File> files{file("t/year=2023/a.csv", "csv", {"id", "Year"}),
                            file("t/year=2024/b.csv", "csv", {"id", "Year"})};
    for (const char* year : {"2023", "2024"}) {
        model::Column& c = files[year[3] - '3'].profile->profile.columns[1];
        c.evidence.min = c.evidence.max = year;
    }
    const auto made = [&] {
        const Unit u = unit("t", files, Unit::Kind::partitions);
        return assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    };
    model::Table t = made();
    REQUIRE(t.columns.size() == 1);
    CHECK(t.columns[0].name == "id");
    REQUIRE(t.partition_columns.size() == 1);
    CHECK(t.partition_columns[0].name == "year");
    CHECK(t.findings.empty());
    files[1].profile->profile.columns[1].evidence.min = "2021";
    t = made();
    REQUIRE(t.findings.size() == 1);
    CHECK(t.findings[0].code == "partition_column");
    CHECK(t.findings[0].path == "raw-data/t/year=2024/b.csv");
    CHECK(t.findings[0].message ==
          "year is a key of the folders and a column of the files: readers take the folder's value, 2024 here, and "
          "t/year=2024/b.csv holds 2021 to 2024");
}

TEST_CASE("what is known of a folder before its files are grouped stays with its table", "[index]") {
    Unit u = unit("t", {file("t/a.csv")});
    u.findings = {{model::Finding::Severity::note, "older_versions", "b/t", 0, "some are kept"}};
    CHECK(group("b", u)[0].findings == u.findings);
}

TEST_CASE("a key of the folder beside values of the file is told by both ends of them, nulls say nothing", "[index]") {
    const auto told = [](const char* min, const char* max, std::uint64_t nulls) {
        File f = file("t/year=2023/a.csv", "csv", {"id", "year"});
        model::Evidence& seen = f.profile->profile.columns[1].evidence;
        if (min) seen.min = min;
        if (max) seen.max = max;
        seen.values = min ? 1 : 0;
        seen.nulls = nulls;
        const Unit u = unit("t", {f}, Unit::Kind::partitions);
        return assemble("b", "t", group("b", u)[0], nullptr, k_now).findings.size();
    };
    CHECK(told("2023", "2023", 0) == 0);
    CHECK(told("2023", "2024", 0) == 1);
    CHECK(told("2022", "2023", 0) == 1);
    CHECK(told(nullptr, nullptr, 5) == 0);
}
