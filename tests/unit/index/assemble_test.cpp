// assemble_test.cpp: what a table keeps of its former state, and what its files add up to.
// SPDX-License-Identifier: Apache-2.0
#include "index/assemble.hpp"
#include "model/row_sum.hpp"

#include <catch2/catch.hpp>

#include "index/kept_words.hpp"
#include "unit/index/files_of_tables.hpp"

using namespace neurolake;
using namespace neurolake::index;
using namespace neurolake::index::test;

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
    Unit half = unit("t", {away, file("t/y=1/b.csv"), here}, Unit::Kind::partitions);
    CHECK(assemble("raw-data", "t", group("raw-data", half)[0], nullptr, k_now).cloud_partitions.empty());
    u.files[1].state = lake::FileState::stub;
    CHECK(assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now).tier == model::TableTier::cloud);
}

TEST_CASE("rows beyond the greatest number there is are at least that many", "[index]") {
    const std::uint64_t half = std::uint64_t{1} << 62, most = model::k_most_rows;
    const Unit u = unit("t", {file("t/y=1/a.csv", "csv", {"id"}, half), file("t/y=1/b.csv", "csv", {"id"}, half)},
                        Unit::Kind::partitions);
    const auto t = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    CHECK(t.rows == most);
    CHECK_FALSE(t.rows_exact);
    REQUIRE(t.partitions.size() == 1);
    CHECK(t.partitions[0].rows == most);
    CHECK_FALSE(t.partitions[0].rows_exact);
    const Unit less = unit("t", {file("t/a.csv", "csv", {"id"}, half), file("t/b.csv", "csv", {"id"}, half - 1)});
    CHECK(assemble("raw-data", "t", group("raw-data", less)[0], nullptr, k_now).rows == most);
    CHECK(assemble("raw-data", "t", group("raw-data", less)[0], nullptr, k_now).rows_exact);
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

TEST_CASE("a stub without a profile keeps its columns beside a file that has fewer, and what they mean", "[index]") {
    const Unit known = unit("t", {file("t/a.csv")});
    auto before = assemble("raw-data", "t", group("raw-data", known)[0], nullptr, k_now);
    before.columns[2].semantic = "email";
    before.columns[2].semantic_evidence.source = "values";
    before.columns[2].pii = true;
    File away = file("t/a.csv");
    away.state = lake::FileState::stub;
    away.profile.reset();
    const Unit mixed = unit("t", {away, file("t/b.csv", "csv", {"id", "name"})});
    const auto after = assemble("raw-data", "t", group("raw-data", mixed)[0], &before, k_now);
    REQUIRE(after.columns.size() == 3);
    CHECK(after.columns[2].name == "zip");
    CHECK(after.columns[2].pii);
    CHECK(after.columns[2].semantic == "email");
    // Values that were read say it themselves.
    const auto read = assemble("raw-data", "t", group("raw-data", known)[0], &before, k_now);
    CHECK_FALSE(read.columns[2].pii);
    CHECK(read.columns[2].semantic.empty());
}

TEST_CASE("more errors than a table keeps are counted, and are an error", "[index]") {
    std::vector<File> broken;
    for (int i = 0; i < 105; ++i) {
        broken.push_back(file("t/" + std::to_string(i) + ".csv"));
        broken.back().profile.reset();
        broken.back().failed = true;
        broken.back().why_failed = "it is damaged";
    }
    const auto t = assemble("raw-data", "t", group("raw-data", unit("t", broken))[0], nullptr, k_now);
    REQUIRE(t.findings.size() == 101);
    CHECK(t.findings[0].code == "unreadable");
    CHECK(t.findings[100].code == "more_findings");
    CHECK(t.findings[100].severity == model::Finding::Severity::error);
    CHECK(t.findings[100].message == "and 5 more errors");
}

TEST_CASE("remarks crowd out no warning, and neither crowds out an error", "[index]") {
    using Severity = model::Finding::Severity;
    std::vector<File> files;
    for (int i = 10; i < 40; ++i) {
        files.push_back(file("t/" + std::to_string(i) + ".csv"));
        files.back().profile->profile.findings = {{Severity::note, "crlf", {}, 0, "a remark"}};
    }
    files[28].profile->profile.findings[0].severity = Severity::warning;
    files[29].profile->profile.findings[0].severity = Severity::error;
    const auto t = assemble("raw-data", "t", group("raw-data", unit("t", files))[0], nullptr, k_now);
    REQUIRE(t.findings.size() == 22);
    CHECK(t.findings[0].path == "raw-data/t/10.csv");
    CHECK(t.findings[18].path == "raw-data/t/28.csv");
    CHECK(t.findings[19].path == "raw-data/t/38.csv");  // in the order of the files
    CHECK(t.findings[20].path == "raw-data/t/39.csv");
    CHECK(t.findings[21].severity == Severity::note);
    CHECK(t.findings[21].message == "and 9 more");
}

TEST_CASE("a table is as new as its newest file, and sampled as far as the file of which most was read", "[index]") {
    File newer = file("t/a.csv"), older = file("t/b.csv");
    newer.mtime_ns = 5'000'000'000;
    newer.profile->sampled_rows = 7;
    const auto t = assemble("raw-data", "t", group("raw-data", unit("t", {newer, older}))[0], nullptr, k_now);
    CHECK(t.modified_at == "1970-01-01T00:00:05Z");
    CHECK(t.sampled_rows == 7);
}

TEST_CASE("a table keeps identity, words and times, and is unchanged when its files are", "[index]") {
    const Unit u = unit("t", {file("t/a.csv")});
    auto before = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    CHECK(before.id.size() == 16);
    CHECK(next_version(before, nullptr, k_now)->version == 1);
    before.tags = {"pii"};
    before.owner = "ana";
    before.terms = {"order"};
    before.compatibility = "backward";
    before.description = "all of them";
    before.columns[1].description = "who";
    const auto same = assemble("raw-data", "t", group("raw-data", u)[0], &before, "2027-01-01T00:00:00Z");
    CHECK(same == before);
    CHECK_FALSE(next_version(same, &before, k_now));
    const Unit more = unit("t", {file("t/a.csv"), file("t/b.csv")});
    const auto grown = assemble("raw-data", "t", group("raw-data", more)[0], &before, "2027-01-01T00:00:00Z");
    CHECK(grown.id == before.id);
    CHECK(grown.tags == before.tags);
    CHECK(grown.terms == before.terms);
    CHECK(grown.owner == "ana");
    CHECK(grown.compatibility == "backward");
    CHECK(grown.description == "all of them");
    CHECK(grown.columns[1].description == "who");
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
    CHECK(after.columns[0].evidence.values == 0);
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
    const auto left = [&](std::size_t had, std::size_t has, std::string deleted_at = {}) {
        const Unit u = unit("t", {many.begin(), many.begin() + static_cast<std::ptrdiff_t>(had)});
        auto then = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
        then.deleted_at = std::move(deleted_at);
        const Unit now = unit("t", {many.begin(), many.begin() + static_cast<std::ptrdiff_t>(has)});
        return assemble("raw-data", "t", group("raw-data", now)[0], &then, k_now).findings.size();
    };
    CHECK(left(10, 4) == 1);
    CHECK(left(10, 5) == 0);  // half of them
    CHECK(left(4, 1) == 1);
    CHECK(left(3, 1) == 0);          // of so few, nothing is to be said
    CHECK(left(10, 2, k_now) == 0);  // it was gone, and comes back
}

TEST_CASE("a file's own description stands where a person said something else of the column", "[index]") {
    Unit u = unit("t", {file("t/a.csv")});
    u.files[0].profile->profile.columns[0].description = "as the file says";
    auto before = assemble("raw-data", "t", group("raw-data", u)[0], nullptr, k_now);
    before.columns[0].description.clear();
    before.columns[0].term = "Order";
    const auto after = assemble("raw-data", "t", group("raw-data", u)[0], &before, k_now);
    CHECK(after.columns[0].description == "as the file says");
    CHECK(after.columns[0].term == "Order");
}

TEST_CASE("a table that comes back shares half of its column names", "[index]") {
    model::Table gone;
    for (const char* name : {"a", "b", "c", "d"}) gone.columns.push_back(column(name));
    const auto back = [&](std::vector<std::string> columns) {
        const File f = file("t/x.csv", "csv", std::move(columns));
        Group g;
        g.files = {&f};
        return came_back(gone, g);
    };
    CHECK(back({"a", "b", "x", "y"}));
    CHECK_FALSE(back({"a", "x", "y", "z"}));
    CHECK_FALSE(back({"a", "b", "u", "v", "w"}));
    CHECK(back({}));  // it says nothing
}

TEST_CASE("only words of columns that went are kept with the version, a person's word on people too", "[index]") {
    model::Table before, now;
    for (const char* name : {"stays", "goes", "plain"}) before.columns.push_back(column(name));
    before.columns[0].description = before.columns[1].description = "said";
    before.columns[1].pii = true;
    before.columns[1].semantic_evidence.source = "person";
    now.columns = {column("stays"), column("new")};
    const auto gone = words_that_went(now, before);
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].name == "goes");
    CHECK(gone[0].description == "said");
    CHECK(gone[0].pii);
    model::SchemaHistory history;
    history.versions.resize(2);
    history.versions[0].columns = before.columns;
    history.versions[1].columns = now.columns;
    history.versions[1].gone = gone;
    model::Table again = now;
    again.columns = {column("stays"), column("goes")};
    again.columns[0].description = "other";
    give_back_words(again, now, history);
    CHECK(again.columns[1].description == "said");
    CHECK(again.columns[1].pii);
    CHECK(again.columns[0].description == "other");
}
