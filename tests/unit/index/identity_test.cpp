// identity_test.cpp: which table is which after files were moved, copied, split and swapped by hand.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "unit/index/test_lake.hpp"

using namespace neurolake;
namespace fs = std::filesystem;

namespace {

struct Tables : index::test::TestLake {
    fs::path at(const std::string& path) const { return lake->layout().buckets / "raw-data" / path; }
    // A file whose columns and values are like those of no other `content`.
    void file(const std::string& path, const std::string& content) {
        put("raw-data/" + path, content + "_id,amount\n" + content + ",1\n");
    }
    void move(const std::string& from, const std::string& to) {
        fs::create_directories(at(to).parent_path());
        fs::rename(at(from), at(to));
    }
    std::string id(const std::string& name) const {
        const auto catalog = open();
        const model::Table* table = catalog.find("raw-data." + name);
        return table ? table->id : "none";
    }
    bool alive(const std::string& id) const {
        const auto catalog = open();
        for (const model::Table& table : catalog.tables())
            if (table.id == id) return table.deleted_at.empty();
        return false;
    }
};

}  // namespace

TEST_CASE("tables that change places keep who they are", "[index]") {
    Tables lake;
    lake.file("a/x.csv", "apple");
    lake.file("b/y.csv", "pear");
    lake.index();
    const std::string a = lake.id("a"), b = lake.id("b");
    lake.move("a", "aside");
    lake.move("b", "a");
    lake.move("aside", "b");
    lake.index();
    CHECK(lake.id("a") == b);
    CHECK(lake.id("b") == a);
}

TEST_CASE("a table follows more than half of a place's files, not half of them", "[index]") {
    Tables lake;
    for (const char* path : {"one/1.csv", "two/1.csv", "two/2.csv"}) lake.file(path, "apple");
    lake.index();
    const std::string one = lake.id("one"), two = lake.id("two");
    lake.move("one/1.csv", "half/1.csv");
    lake.file("half/2.csv", "apple");
    lake.move("two/1.csv", "most/1.csv");
    lake.move("two/2.csv", "most/2.csv");
    lake.file("most/3.csv", "apple");
    index::Options accept;
    accept.accept_shrink = true;
    lake.index(accept);
    CHECK(lake.id("half") != one);
    CHECK_FALSE(lake.alive(one));
    CHECK(lake.id("most") == two);
}

TEST_CASE("a table that is split stays where a part of it stays, and goes to one place only", "[index]") {
    Tables lake;
    for (const char* path : {"stays/1.csv", "stays/2.csv", "stays/3.csv", "goes/1.csv", "goes/2.csv"})
        lake.file(path, "apple");
    lake.index();
    const std::string stays = lake.id("stays"), goes = lake.id("goes");
    lake.move("stays/2.csv", "other/2.csv");
    lake.move("stays/3.csv", "other/3.csv");
    lake.move("goes/1.csv", "here/1.csv");
    lake.move("goes/2.csv", "there/2.csv");
    lake.index();
    CHECK(lake.id("stays") == stays);
    CHECK(lake.id("other") != stays);
    CHECK(lake.names() == std::set<std::string>{"raw-data.here", "raw-data.other", "raw-data.stays", "raw-data.there"});
    CHECK((lake.id("here") == goes) != (lake.id("there") == goes));
}

TEST_CASE("a table whose place takes in another one's files stays, unless it went elsewhere itself", "[index]") {
    Tables lake;
    for (const char* path : {"a/1.csv", "b/1.csv", "c/1.csv"}) lake.file(path, std::string(1, path[0]));
    lake.index();
    const std::string a = lake.id("a"), b = lake.id("b"), c = lake.id("c");
    fs::remove(lake.at("b/1.csv"));
    lake.move("a/1.csv", "b/2.csv");
    lake.move("c/1.csv", "a/2.csv");
    index::Options accept;
    accept.accept_shrink = true;
    lake.index(accept);
    CHECK(lake.id("b") == b);  // its own file is gone, and nobody said that it is another table now
    CHECK(lake.id("a") == a);  // b did not take it
    CHECK_FALSE(lake.alive(c));
}

TEST_CASE("a table that was copied elsewhere and removed is the same one, whatever its files are called", "[index]") {
    Tables lake;
    lake.file("t/a.csv", "apple");
    lake.put("raw-data/t/b.csv", "apple_id,amount\nmore,1\nmost,2\n");
    lake.index();
    const std::string id = lake.id("t");
    lake.put("raw-data/u/a.csv", "apple_id,amount\nmore,1\nmost,2\n");
    lake.file("u/b.csv", "apple");
    fs::remove_all(lake.at("t"));
    lake.index();
    CHECK(lake.id("u") == id);
}

TEST_CASE("of two copies none is the table that is gone, and a table that is there stays itself", "[index]") {
    Tables lake;
    lake.file("t/a.csv", "apple");
    lake.file("other/a.csv", "pear");
    lake.file("gone/a.csv", "plum");
    lake.file("twin1/a.csv", "cherry");
    lake.file("twin2/a.csv", "cherry");
    lake.index();
    const std::string t = lake.id("t"), other = lake.id("other");
    const std::string twin1 = lake.id("twin1"), twin2 = lake.id("twin2");
    lake.file("u/a.csv", "apple");
    lake.file("v/a.csv", "apple");
    lake.file("other/a.csv", "plum");
    lake.file("w/a.csv", "cherry");
    for (const char* gone : {"t", "gone", "twin1", "twin2"}) fs::remove_all(lake.at(gone));
    index::Options accept;
    accept.accept_shrink = true;
    lake.index(accept);
    CHECK_FALSE(lake.alive(t));
    CHECK(lake.id("u") != t);
    CHECK(lake.id("v") != t);
    CHECK(lake.id("other") == other);
    CHECK(lake.id("w") != twin1);
    CHECK(lake.id("w") != twin2);
}

TEST_CASE("a bucket whose folder is gone says where most of its files lie, and only there", "[index]") {
    Tables lake;
    const fs::path buckets = lake.lake->layout().buckets;
    for (const char* path : {"1.csv", "2.csv", "3.csv", "4.csv"}) lake.file(path, "apple");
    lake.index();
    const auto advice = [&] {
        const index::Report report = lake.index();
        for (const model::Finding& finding : report.findings)
            if (finding.code == "bucket_unreadable" && finding.path == "raw-data") return finding.message;
        return std::string("none");
    };
    const auto go = [&](int files, const char* folder) {
        fs::create_directories(buckets / folder);
        for (int i = 1; i <= files; ++i)
            fs::rename(lake.at(std::to_string(i) + ".csv"), buckets / folder / (std::to_string(i) + ".csv"));
        fs::remove_all(buckets / "raw-data");
    };
    SECTION("few of them") {
        go(2, "beside");
        CHECK(advice().find("beside") == std::string::npos);
    }
    SECTION("most of them") {
        go(3, "beside");
        CHECK(advice().find("its files lie in buckets/beside now") != std::string::npos);
    }
    SECTION("copies are not they") {
        fs::copy(buckets / "raw-data", buckets / "copied");
        for (const char* name : {"1.csv", "2.csv", "3.csv", "4.csv"})
            fs::last_write_time(buckets / "copied" / name, fs::last_write_time(lake.at(name)));
        fs::remove_all(buckets / "raw-data");
        CHECK(advice().find("copied") == std::string::npos);
    }
    SECTION("a bucket without files is made again") {
        fs::remove_all(buckets / "processed");
        const index::Report report = lake.index();
        const auto told = std::ranges::find(report.findings, "processed", &model::Finding::path);
        REQUIRE(told != report.findings.end());
        CHECK(told->message.find("no file of it is known") != std::string::npos);
    }
}
