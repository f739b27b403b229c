// run_test.cpp: whole index runs over a real folder: what is read, what is written, what a crash or a signal leaves.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <set>

#include "base/file.hpp"
#include "index/index.hpp"
#include "unit/index/test_lake.hpp"

using namespace neurolake;
namespace fs = std::filesystem;
using neurolake::index::test::TestLake;

TEST_CASE("an index makes tables, a second one writes nothing", "[index]") {
    TestLake lake;
    for (int i = 0; i < 30; ++i) lake.put("raw-data/t/" + std::to_string(i) + ".csv", "id,x\n1,2\n");
    lake.put("processed/one.csv", "id\n1\n2\n");
    index::Report report = lake.index();
    CHECK(report.files_read == 31);
    CHECK(report.tables == 2);
    CHECK(report.rows == 32);
    CHECK(lake.names() == std::set<std::string>{"raw-data.t", "processed.one"});
    const std::string before = lake.bytes();
    const auto inode = identity_of_path(lake.options.folder / "tables.json")->ino;
    report = lake.index();
    CHECK(report.files_read == 0);
    CHECK(report.files_unchanged == 31);
    CHECK(report.changes.empty());
    CHECK(report.tables == 2);
    CHECK(report.rows == 32);
    CHECK(lake.bytes() == before);
    CHECK(identity_of_path(lake.options.folder / "tables.json")->ino == inode);
}

TEST_CASE("a full index reads everything again and changes nothing", "[index]") {
    TestLake lake;
    lake.put("raw-data/t/a.csv", "id\n1\n");
    lake.index();
    const std::string before = lake.bytes();
    index::Options full;
    full.full = true;
    CHECK(lake.index(full).files_read == 1);
    CHECK(lake.bytes() == before);
}

TEST_CASE("an interrupted index leaves the catalog as it was, and what was read is not read twice", "[index]") {
    TestLake lake;
    for (int i = 0; i < 20; ++i) lake.put("raw-data/t/" + std::to_string(i) + ".csv", "id\n1\n");
    const std::string before = lake.bytes();
    {
        auto catalog = lake.open();
        index::Options one_thread;
        one_thread.threads = 1;
        auto report = index::run(*lake.lake, lake.buckets, catalog, one_thread, lake.clock, *lake.cancel,
                                 [&](std::uint64_t done, std::uint64_t, std::uint64_t) {
                                     if (done == 12) lake.cancel->cancel();
                                 });
        REQUIRE_FALSE(report);
        CHECK(report.error().code == Errc::cancelled);
    }
    CHECK(lake.bytes() == before);
    lake.cancel = std::make_unique<CancelFlag>();
    CHECK(lake.index().files_read == 8);
    CHECK(lake.names() == std::set<std::string>{"raw-data.t"});
}

TEST_CASE("a run that died between catalog and inventory is simply done again, without reading", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "id\n1\n");
    lake.index();
    const std::string inventory = *read_file(lake.lake->layout().inventory);
    lake.put("raw-data/b.csv", "id\n1\n");
    lake.index();
    const std::string after = lake.bytes();
    REQUIRE(write_file_atomic(lake.lake->layout().inventory, inventory));
    const index::Report report = lake.index();
    CHECK(report.files_read == 0);
    CHECK(report.changes.empty());
    CHECK(lake.bytes() == after);
}

TEST_CASE("a replaced file of equal size and time is noticed by its inode", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "id\n1\n");
    lake.put("raw-data/b.csv", "id\nx\n");
    const fs::path a = lake.lake->layout().buckets / "raw-data/a.csv",
                   b = lake.lake->layout().buckets / "raw-data/b.csv";
    struct stat info {};
    REQUIRE(::stat(a.c_str(), &info) == 0);
    const timespec times[2] = {info.st_mtim, info.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, b.c_str(), times, 0) == 0);
    lake.index();
    CHECK(lake.open().find("raw-data.a")->columns[0].type.kind == model::TypeKind::int64);
    fs::rename(b, a);
    lake.index();
    CHECK(lake.open().find("raw-data.a")->columns[0].type.kind == model::TypeKind::text);
    CHECK(lake.names() == std::set<std::string>{"raw-data.a"});
}

TEST_CASE("a file written in place is noticed, also where size and mtime were put back", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "id\n1\n");
    const fs::path a = lake.lake->layout().buckets / "raw-data/a.csv";
    struct stat info {};
    REQUIRE(::stat(a.c_str(), &info) == 0);
    lake.index();
    {
        std::fstream file(a, std::ios::in | std::ios::out);
        file.seekp(3);
        file << 'x';
    }
    const timespec times[2] = {info.st_atim, info.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, a.c_str(), times, 0) == 0);
    CHECK(lake.index().changes.size() == 1);
    CHECK(lake.open().find("raw-data.a")->columns[0].type.kind == model::TypeKind::text);
}

TEST_CASE("other permissions have a file read once more, and are no change", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "id\n1\n");
    lake.index();
    const std::string before = lake.bytes();
    REQUIRE(::chmod((lake.lake->layout().buckets / "raw-data/a.csv").c_str(), 0600) == 0);
    const index::Report report = lake.index();
    CHECK(report.files_read == 1);
    CHECK(report.changes.empty());
    CHECK(lake.bytes() == before);
    CHECK(lake.index().files_read == 0);
}

TEST_CASE("files that are linked elsewhere between the scan and the reading are taken in all the same", "[index]") {
    TestLake lake;
    for (int i = 0; i < 10; ++i) lake.put("raw-data/t/" + std::to_string(i) + ".csv", "id,v\n1,2\n");
    const fs::path folder = lake.lake->layout().buckets / "raw-data/t", links = lake.home / "links";
    fs::create_directories(links);
    index::Options one_thread;
    one_thread.threads = 1;
    {
        auto catalog = lake.open();
        const auto link_all = [&](std::uint64_t done, std::uint64_t, std::uint64_t) {  // as a backup by links does
            for (int i = 0; done == 1 && i < 10; ++i)
                fs::create_hard_link(folder / (std::to_string(i) + ".csv"), links / std::to_string(i));
        };
        const auto report =
            index::run(*lake.lake, lake.buckets, catalog, one_thread, lake.clock, *lake.cancel, link_all);
        REQUIRE(report);
        CHECK(report->settling.empty());
    }
    CHECK(lake.open().find("raw-data.t")->files == 10);
    const index::Report report = lake.index();
    CHECK(report.files_read == 1);  // the first, which was linked after it was read
    CHECK(report.changes.empty());
    CHECK(lake.index().files_read == 0);
}

TEST_CASE("a link out of the bucket is never read", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "id\n1\n");
    std::ofstream(lake.home / "secret.csv") << "password\n1\n";
    fs::create_symlink(lake.home / "secret.csv", lake.lake->layout().buckets / "raw-data/link.csv");
    fs::create_directory_symlink(lake.home, lake.lake->layout().buckets / "raw-data/up");
    lake.index();
    CHECK(lake.names() == std::set<std::string>{"raw-data.a"});
}

TEST_CASE("every file of a thousand is in the sum, however many threads read", "[index]") {
    std::string first;
    for (const unsigned threads : {1u, 3u, 8u}) {
        TestLake lake;
        for (int i = 0; i < 300; ++i)
            lake.put("raw-data/t/" + std::to_string(i) + ".csv",
                     "id,v\n" + std::to_string(i) + "," + (i % 2 ? "1" : "0.5") + "\n");
        index::Options how;
        how.threads = threads;
        lake.index(how);
        const auto catalog = lake.open();
        const model::Table* t = catalog.find("raw-data.t");
        REQUIRE(t);
        CHECK(t->rows == 300);
        const std::string columns =
            json::dump(model::to_json(t->columns[0])) + json::dump(model::to_json(t->columns[1]));
        if (first.empty()) first = columns;
        CHECK(columns == first);
    }
}

TEST_CASE("tombstones stay through later runs and a table keeps its id when it comes back", "[index]") {
    TestLake lake;
    lake.put("raw-data/t/a.csv", "id\n1\n");
    lake.put("raw-data/u/a.csv", "id\n1\n");
    lake.index();
    const std::string id = lake.open().find("raw-data.t")->id;
    fs::remove_all(lake.lake->layout().buckets / "raw-data/t");
    CHECK(lake.index().changes.size() == 1);
    lake.put("raw-data/v.csv", "id\n1\n");
    lake.index();
    const auto catalog = lake.open();
    CHECK(std::count_if(catalog.tables().begin(), catalog.tables().end(),
                        [&](const auto& t) { return t.id == id && !t.deleted_at.empty(); }) == 1);
    lake.put("raw-data/t/a.csv", "id,more\n1,2\n");
    lake.index();
    CHECK(lake.open().find("raw-data.t")->id == id);
    CHECK(lake.open().history(id)->versions.size() == 2);
}

TEST_CASE("loose files and partitions may both lie directly in a bucket", "[index]") {
    TestLake lake;
    lake.put("raw-data/day=2024-01-01/a.csv", "id\n1\n");
    lake.put("raw-data/day=2024-01-02/a.csv", "id\n1\n");
    lake.put("raw-data/loose.csv", "x\n1\n");
    lake.index();
    CHECK(lake.names() == std::set<std::string>{"raw-data.all", "raw-data.loose"});
    const auto catalog = lake.open();
    CHECK(catalog.find("raw-data.all")->partition_columns[0].type.kind == model::TypeKind::date);
    CHECK(catalog.table_of("raw-data", "loose.csv")->name == "loose");
    CHECK(catalog.table_of("raw-data", "day=2024-01-02/a.csv")->name == "all");
    CHECK(lake.index().changes.empty());
}

TEST_CASE("a file that is still settling leaves its table as it was", "[index]") {
    TestLake lake;
    lake.put("raw-data/fresh.csv", "x,y\n1,2\n");
    lake.put("raw-data/t/a.csv", "x\n1\n");
    lake.put("raw-data/t/b.csv", "x\n2\n");
    lake.index();
    const std::string before = lake.bytes();
    const auto waits = [&](const std::string& path, const std::string& text) {
        lake.put("raw-data/" + path, text, 0);
        index::Options long_wait;
        long_wait.settle_seconds = 60;
        const index::Report report = lake.index(long_wait);
        CHECK(report.changes.empty());
        CHECK(report.findings.empty());
        CHECK(report.files_read == 0);
        CHECK(report.settling == std::vector<std::string>{"raw-data/" + path});
        CHECK(lake.bytes() == before);
    };
    index::Options at_once;
    at_once.settle_seconds = 0;
    SECTION("of the same size, of another size, and told when it is read") {
        waits("fresh.csv", "x,y\n9,9\n");
        waits("fresh.csv", "x,y,z\n9,9,9\n");
        const index::Report report = lake.index(at_once);
        REQUIRE(report.changes.size() == 1);
        CHECK(report.changes[0].table == "raw-data.fresh");
        CHECK(report.changes[0].schema_changes == std::vector<std::string>{"+ z int64"});
    }
    SECTION("one file of several") {
        waits("t/b.csv", "x\n2\n3\n");
        const index::Report report = lake.index(at_once);
        REQUIRE(report.changes.size() == 1);
        CHECK(report.changes[0].rows == 3);
    }
    SECTION("also when nothing is known of its content") {
        fs::remove(lake.lake->layout().state / "profiles");
        waits("fresh.csv", "x,y\n9,9\n");
        CHECK(lake.index(at_once).changes.size() == 1);
    }
}

TEST_CASE("a change tells of how many rows it knows for sure, before and now", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "x\n1\n2\n3\n");
    index::Options sample, full;
    sample.sample_rows = 2;
    full.full = true;
    index::Report report = lake.index(sample);
    CHECK_FALSE(report.changes.at(0).rows_exact);
    CHECK_FALSE(lake.index().rows_exact);
    report = lake.index(full);
    REQUIRE(report.changes.size() == 1);
    CHECK_FALSE(report.changes[0].rows_before_exact);
    CHECK(report.changes[0].rows_before == 2);
    CHECK(report.changes[0].rows_exact);
    CHECK(report.changes[0].rows == 3);
    CHECK(report.rows_exact);
}

TEST_CASE("a range that a person's word hid or shows again is no change of values", "[index]") {
    TestLake lake;
    lake.put("raw-data/a.csv", "id,code\n1,x\n2,y\n");
    lake.put("raw-data/wide.csv", "a,b,c,d,e,f\n1,2,3,4,5,6\n");
    lake.index();
    auto catalog = lake.open();
    const auto hide = [&](const char* name) {
        model::Table table = **catalog.get(name);
        for (model::Column& column : table.columns) column.evidence.min = column.evidence.max = std::nullopt;
        return table;
    };
    catalog::Batch batch;
    batch.upserts = {hide("raw-data.a"), hide("raw-data.wide")};
    batch.indexed_at = batch.upserts[0].indexed_at;
    REQUIRE(catalog.apply(batch));
    const auto report = lake.index({.full = true});
    REQUIRE(report.changes.size() == 2);
    CHECK(report.changes[0].reason == "what is known of id, code changed, no value did");
    CHECK(report.changes[1].reason == "what is known of 6 columns changed, no value did");
    CHECK((*lake.open().get("raw-data.a"))->columns[0].evidence.max == "2");
}

TEST_CASE("how the files of a table differ is told once, not at each change of the table", "[index]") {
    TestLake lake;
    lake.put("raw-data/t/2023.csv", "id,qty\n1,7\n");
    lake.put("raw-data/t/2024.csv", "id,qty\n1,x\n");
    REQUIRE(lake.index().findings.size() == 1);
    lake.put("raw-data/t/2025.csv", "id,qty\n1,8\n");
    index::Report report = lake.index();
    CHECK(report.changes.size() == 1);
    CHECK(report.findings.empty());  // "1 of 2 files" became "1 of 3 files": nothing new
    CHECK(report.remarked == std::vector<std::string>{"raw-data.t"});
    index::Options full;
    full.full = true;
    CHECK(lake.index(full).findings.size() == 1);
    lake.put("raw-data/t/2025.csv", "id,qty,more\n1,8,1\n");
    report = lake.index();
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].code == "column_drift");
    lake.put("raw-data/t/2026.csv", "id,qty,price\n1,8,1\n");
    report = lake.index();
    REQUIRE(report.findings.size() == 1);  // another way to differ than the one before
    CHECK(report.findings[0].path == "raw-data/t/2026.csv");
}

TEST_CASE("a file that no table is made of is not unchanged when it is seen first", "[index]") {
    TestLake lake;
    lake.put("raw-data/off/_neurolake.yaml", "ignore: true\n");
    lake.put("raw-data/off/a.csv", "id\n1\n");
    lake.put("raw-data/b.csv", "id\n1\n");
    index::Report report = lake.index();
    CHECK(report.files_seen == 2);
    CHECK(report.files_read == 1);
    CHECK(report.files_unchanged == 0);
    report = lake.index();
    CHECK(report.files_unchanged == 2);
    fs::rename(lake.lake->layout().buckets / "raw-data/b.csv", lake.lake->layout().buckets / "raw-data/c.csv");
    report = lake.index();
    CHECK(report.files_read + report.files_unchanged == 2);
}
