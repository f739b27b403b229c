// grouping_test.cpp: the rules that turn files into tables, their names, their partitions, their schema.
// SPDX-License-Identifier: Apache-2.0
#include "index/grouping.hpp"

#include <catch2/catch.hpp>

#include "index/assemble.hpp"
#include "index/naming.hpp"
#include "index/partition.hpp"

using namespace neurolake;
using namespace neurolake::index;
using model::GroupingRule;

namespace {

constexpr const char* k_now = "2026-11-22T08:00:00Z";

model::Column column(std::string name, model::Type type = model::TypeKind::int64, std::uint64_t values = 1) {
    model::Column c;
    c.name = std::move(name);
    c.type = std::move(type);
    c.evidence.values = values;
    return c;
}

File file(std::string path, std::string format = "csv", std::vector<std::string> columns = {"id", "name", "zip"},
          std::uint64_t rows = 10) {
    File f;
    f.path = std::move(path);
    f.size = 100;
    f.mtime_ns = 1'000'000'000;
    f.profile.emplace();
    f.profile->profile.format = std::move(format);
    f.profile->profile.rows = rows;
    for (std::string& name : columns) f.profile->profile.columns.push_back(column(std::move(name)));
    return f;
}

Unit unit(std::string root, std::vector<File> files, Unit::Kind kind = Unit::Kind::folder) {
    Unit u;
    u.kind = kind;
    u.root = std::move(root);
    u.files = std::move(files);
    u.touched = true;
    return u;
}

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
    CHECK(type({"true", "false"}) == "boolean");
    CHECK(type({"de", "5"}) == "text");
    CHECK(type({"123456789012345678901"}) == "text");
    CHECK(type({std::string(k_null_partition)}) == "unknown");
    CHECK(type({std::string(k_null_partition), "7"}) == "int64");
    CHECK(partition_column("k", {std::string(k_null_partition), "7"}).nullable);
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

TEST_CASE("stubs count as part of the table and set its tier", "[index]") {
    File away = file("t/y=1/a.csv"), here = file("t/y=2/a.csv");
    away.state = lake::FileState::stub;
    Unit u = unit("t", {away, here}, Unit::Kind::partitions);
    auto t = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    CHECK(t.tier == model::TableTier::mixed);
    CHECK(t.files == 2);
    CHECK(t.bytes == 200);
    CHECK(t.cloud_files == 1);
    CHECK(t.cloud_bytes == 100);
    CHECK(t.cloud_partitions == std::vector<std::string>{"t/y=1"});
    CHECK(t.rows == 20);
    u.files[1].state = lake::FileState::stub;
    CHECK(assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now).tier == model::TableTier::cloud);
}

TEST_CASE("a stub without a profile keeps the columns the table had", "[index]") {
    const Unit known = unit("t", {file("t/a.csv")});
    const auto before = assemble("raw-data", "t", group("raw-data", known)[0], nullptr, k_now);
    File away = file("t/a.csv");
    away.state = lake::FileState::stub;
    away.profile.reset();
    const Unit lost = unit("t", {away});
    const auto after = assemble("raw-data", "t", group("raw-data", lost)[0], &before, "later");
    REQUIRE(after.columns.size() == 3);
    CHECK(after.columns[0].type == before.columns[0].type);
    CHECK(after.schema_version == 1);
    CHECK_FALSE(after.rows_exact);
}

TEST_CASE("a table keeps identity, words and times, and is unchanged when its files are", "[index]") {
    const Unit u = unit("t", {file("t/a.csv")});
    auto before = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    CHECK(before.id.size() == 16);
    CHECK(next_version(before, nullptr, k_now)->version == 1);
    before.tags = {"pii"};
    before.owner = "ana";
    const auto same = assemble("raw-data", "t", group("raw-data", u)[0], &before, "2027-01-01T00:00:00Z");
    CHECK(same == before);
    CHECK_FALSE(next_version(same, &before, k_now));
    const Unit more = unit("t", {file("t/a.csv"), file("t/b.csv")});
    const auto grown = assemble("raw-data", "t", group("raw-data", more)[0], &before, "2027-01-01T00:00:00Z");
    CHECK(grown.id == before.id);
    CHECK(grown.tags == before.tags);
    CHECK(grown.first_seen == k_now);
    CHECK(grown.indexed_at == "2027-01-01T00:00:00Z");
    CHECK(grown.schema_version == 1);
}

TEST_CASE("a changed column makes the next schema version", "[index]") {
    const Unit u = unit("t", {file("t/a.csv")});
    const auto before = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    const Unit wider = unit("t", {file("t/a.csv", "csv", {"id", "name", "zip", "email"})});
    auto after = assemble("raw-data", "t", group("raw-data", wider)[0], &before, k_now);
    CHECK(after.schema_version == 2);
    auto version = next_version(after, &before, k_now);
    REQUIRE(version);
    CHECK(version->changes == std::vector<std::string>{"+ email int64"});
    CHECK_FALSE(version->breaking);
    after = assemble("raw-data", "t", group("raw-data", u)[0], &after, k_now);
    CHECK(after.schema_version == 3);
    CHECK(next_version(after, &before, k_now));
}

TEST_CASE("columns that lost all values keep their type; an emptied file keeps its columns", "[index]") {
    const Unit u = unit("t", {file("t/a.csv")});
    const auto before = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    Unit nulls = u;
    nulls.files[0].profile->profile.columns[0] = column("id", model::TypeKind::unknown, 0);
    auto after = assemble("raw-data", "t", group("raw-data", nulls)[0], &before, k_now);
    CHECK(after.columns[0].type.kind == model::TypeKind::int64);
    CHECK(after.schema_version == 1);
    const Unit emptied = unit("t", {file("t/a.csv", "empty", {}, 0)});
    after = assemble("raw-data", "t", group("raw-data", emptied)[0], &before, k_now);
    CHECK(after.columns.size() == 3);
    CHECK(after.schema_version == 1);
    CHECK(after.rows == 0);
    const Unit replaced = unit("t", {file("t/a.csv", "unknown", {}, 0)});
    CHECK(assemble("raw-data", "t", group("raw-data", replaced)[0], &before, k_now).columns.empty());
}

TEST_CASE("a table that lost most of its files says so", "[index]") {
    std::vector<File> many;
    for (int i = 0; i < 10; ++i) many.push_back(file("t/" + std::to_string(i) + ".csv"));
    const Unit full = unit("t", many);
    const auto before = assemble("raw-data", "t", group("raw-data", full)[0], nullptr, k_now);
    const Unit rest = unit("t", {many[0], many[1]});
    const auto after = assemble("raw-data", "t", group("raw-data", rest)[0], &before, k_now);
    REQUIRE(after.findings.size() == 1);
    CHECK(after.findings[0].code == "files_gone");
    CHECK(after.findings[0].message.find("8 of its 10") != std::string::npos);
}

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

TEST_CASE("many ways to drift are summed up in the last of four lines", "[index]") {
    std::vector<File> files{file("t/a.csv", "csv", {"id", "name", "zip"}),
                            file("t/b.csv", "csv", {"id", "name", "zip"})};
    for (const char* extra : {"p", "q", "r", "s", "u"})
        files.push_back(file(std::string("t/c_") + extra + ".csv", "csv", {"id", "name", "zip", extra}));
    const auto groups = group("b", unit("t", files));
    REQUIRE(groups.size() == 1);
    REQUIRE(groups[0].findings.size() == 4);
    CHECK(groups[0].findings[3].path == "b/t/c_s.csv");
    CHECK(groups[0].findings[3].message ==
          "other files have s, u, which t/a.csv lacks (2 of 7 files); what a file lacks counts as null");
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
