// profile_store_test.cpp: profiles come back as they were; damage costs a re-read, never a wrong answer.
// SPDX-License-Identifier: Apache-2.0
#include "index/profile_store.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>

using namespace neurolake;
using namespace neurolake::index;
namespace fs = std::filesystem;

namespace {

struct Scratch {
    Scratch() {
        char name[] = "/tmp/neurolake-profiles-XXXXXX";
        folder = ::mkdtemp(name);
        file = folder / "profiles";
    }
    ~Scratch() { fs::remove_all(folder); }
    ProfileStore open() const {
        auto store = ProfileStore::open(file);
        REQUIRE(store);
        return std::move(*store);
    }
    fs::path folder, file;
};

// Written by the programs of their time: one file a.csv of one int64 column "id" with two rows.
constexpr std::string_view k_store_1{
    "\x4e\x4c\x50\x52\x4f\x46\x31\x0a\x4e\x46\x52\x4d\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x79\x00"
    "\x00\x00\x00\x00\x00\x00\xf3\x2b\x88\x3c\x08\x2a\xa5\x41\x72\x61\x77\x2d\x64\x61\x74\x61\x09\x05\x61\x2e"
    "\x63\x73\x76\x03\x63\x73\x76\x22\x6f\x6e\x65\x20\x63\x6f\x6c\x75\x6d\x6e\x2c\x20\x71\x75\x6f\x74\x65\x20"
    "\x22\x2c\x20\x68\x65\x61\x64\x65\x72\x2c\x20\x75\x74\x66\x2d\x38\x00\x02\x69\x64\x05\x69\x6e\x74\x36\x34"
    "\x01\x31\x01\x32\x17\x61\x6c\x6c\x20\x76\x61\x6c\x75\x65\x73\x20\x61\x72\x65\x20\x69\x6e\x74\x65\x67\x65"
    "\x72\x73\x01\x00\x07\xa4\x93\xbc\x05\xc6\xb5\xb9\xa9\xee\xc2\xb9\xea\x31\x01\x02\x03\x02\x01\x01\x04\x05"
    "\x01\x03\x02\x00\x01\x06\x01\x07\x01\x03\x08\x00\x00",
    169};
constexpr std::string_view k_store_2{
    "\x4e\x4c\x50\x52\x4f\x46\x32\x0a\x4e\x46\x52\x4d\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00"
    "\x00\x00\x00\x00\x00\x00\xe0\x40\x0a\x79\xb1\x39\xb9\x9c\x72\x61\x77\x2d\x64\x61\x74\x61\x09\x05\x61\x2e"
    "\x63\x73\x76\x03\x63\x73\x76\x22\x6f\x6e\x65\x20\x63\x6f\x6c\x75\x6d\x6e\x2c\x20\x71\x75\x6f\x74\x65\x20"
    "\x22\x2c\x20\x68\x65\x61\x64\x65\x72\x2c\x20\x75\x74\x66\x2d\x38\x00\x02\x69\x64\x05\x69\x6e\x74\x36\x34"
    "\x01\x31\x01\x32\x17\x61\x6c\x6c\x20\x76\x61\x6c\x75\x65\x73\x20\x61\x72\x65\x20\x69\x6e\x74\x65\x67\x65"
    "\x72\x73\x01\x00\x07\x86\x94\xbc\x05\xd6\xee\x85\xcb\xe0\xc3\xb9\xea\x31\x01\x02\x03\x02\x01\x01\x04\x05"
    "\x01\x03\x03\x03\x02\x00\x03\x02\x00\x02\x00\x01\x06\x01\x07\x01\x03\x08\x00\x00",
    176};
constexpr std::string_view k_store_3{
    "\x4e\x4c\x50\x52\x4f\x46\x33\x0a\x4e\x46\x52\x4d\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x8a\x00"
    "\x00\x00\x00\x00\x00\x00\x58\x00\x6b\x93\x61\x0a\x72\x2a\x72\x61\x77\x2d\x64\x61\x74\x61\x09\x05\x61\x2e"
    "\x63\x73\x76\x03\x63\x73\x76\x22\x6f\x6e\x65\x20\x63\x6f\x6c\x75\x6d\x6e\x2c\x20\x71\x75\x6f\x74\x65\x20"
    "\x22\x2c\x20\x68\x65\x61\x64\x65\x72\x2c\x20\x75\x74\x66\x2d\x38\x00\x02\x69\x64\x05\x69\x6e\x74\x36\x34"
    "\x01\x31\x01\x32\x17\x61\x6c\x6c\x20\x76\x61\x6c\x75\x65\x73\x20\x61\x72\x65\x20\x69\x6e\x74\x65\x67\x65"
    "\x72\x73\x01\x00\x07\xdf\x80\xf8\x05\x9e\xc7\xc5\xf8\xd5\x95\xbe\xea\x31\x8a\xe6\xdc\xff\x9b\xe7\xbf\xea"
    "\x31\x03\x01\x02\x03\x02\x01\x01\x04\x05\x01\x03\x03\x03\x02\x00\x03\x02\x00\x02\x00\x01\x06\x01\x07\x01"
    "\x03\x08\x00\x00",
    186};

constexpr std::string_view k_store_4{
    "\x4e\x4c\x50\x52\x4f\x46\x34\x0a\x4e\x46\x52\x4d\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x8b\x00"
    "\x00\x00\x00\x00\x00\x00\x69\x21\x65\x0c\xa4\xb7\xa7\x14\x72\x61\x77\x2d\x64\x61\x74\x61\x09\x05\x61\x2e"
    "\x63\x73\x76\x03\x63\x73\x76\x22\x6f\x6e\x65\x20\x63\x6f\x6c\x75\x6d\x6e\x2c\x20\x71\x75\x6f\x74\x65\x20"
    "\x22\x2c\x20\x68\x65\x61\x64\x65\x72\x2c\x20\x75\x74\x66\x2d\x38\x00\x02\x69\x64\x05\x69\x6e\x74\x36\x34"
    "\x01\x31\x01\x32\x17\x61\x6c\x6c\x20\x76\x61\x6c\x75\x65\x73\x20\x61\x72\x65\x20\x69\x6e\x74\x65\x67\x65"
    "\x72\x73\x01\x00\x07\xa2\xc5\xde\x06\xac\xe9\xd8\xe1\x84\xd7\xce\xea\x31\xb2\xda\x9f\xea\xca\xa8\xd0\xea"
    "\x31\x04\x01\x02\x03\x02\x01\x01\x04\x05\x01\x03\x03\x03\x02\x00\x03\x02\x00\x00\x02\x00\x01\x06\x01\x07"
    "\x01\x03\x08\x00\x00",
    187};

FileProfile profile(std::uint64_t rows) {
    FileProfile f;
    f.size = 1234567890123;
    f.ino = 42;
    f.mtime_ns = -5;
    f.ctime_ns = 7;
    f.profile.format = "csv";
    f.profile.dialect = "delimiter ,";
    f.profile.rows = rows;
    f.profile.rows_exact = false;
    model::Column c;
    c.name = "b\xff";
    c.type = model::Type::list_of(model::Type::decimal(10, 2));
    c.nullable = false;
    c.pii = true;
    c.semantic = "pii_email";
    c.semantic_evidence = {"values", 1000, 990, "a***@e***.com", "contact.email", 1000, {{0, 990, "a***@e***.com"}},
                           17};
    c.evidence.values = rows;
    c.evidence.nulls = 1;
    c.evidence.min = "";
    c.evidence.longest = 300;
    c.evidence.distinct = 0;
    c.evidence.reason = "fraction first at row 25001";
    c.evidence.forced_row = 25001;
    f.profile.columns = {c, c};
    f.profile.columns[1].description = "The price, before tax";
    f.profile.written = {{"10", "9", 3, true, true, 2, 0}, {"", std::nullopt, 0, false, false, 0, 0}};
    f.profile.findings = {{model::Finding::Severity::error, "short_row", "", 7, "row 7 is short"}};
    return f;
}

bool equal(const FileProfile& a, const FileProfile& b) {
    return a.size == b.size && a.ino == b.ino && a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns &&
           a.made_by == b.made_by && a.profile.format == b.profile.format && a.profile.dialect == b.profile.dialect &&
           a.profile.compression == b.profile.compression && a.profile.columns == b.profile.columns &&
           a.profile.written == b.profile.written && a.profile.rows == b.profile.rows &&
           a.profile.rows_exact == b.profile.rows_exact && a.profile.findings == b.profile.findings;
}

}  // namespace

TEST_CASE("a folder's profiles survive being packed", "[index]") {
    const FolderProfiles folder{{"a.csv", profile(5)}, {"b\n\xff", profile(0)}, {"", FileProfile{}}};
    const auto again = decode(encode(folder));
    REQUIRE(again);
    REQUIRE(again->size() == 3);
    for (const auto& [name, file] : folder) CHECK(equal(file, again->at(name)));
    CHECK(decode(encode({}))->empty());
}

TEST_CASE("bytes that are cut or changed are refused or read as something, never a crash", "[index]") {
    const std::string good = encode({{"a.csv", profile(5)}, {"b.csv", profile(6)}});
    for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(decode(std::string_view(good).substr(0, size)));
    for (std::size_t i = 0; i < good.size(); ++i)
        for (const char byte : {'\x00', '\x7f', '\xff'}) {
            std::string bad = good;
            bad[i] = byte;
            (void)decode(bad);
        }
    CHECK_FALSE(decode(good + "x"));
}

TEST_CASE("what was committed is there after reopening, the last word counts", "[index]") {
    Scratch scratch;
    {
        ProfileStore store = scratch.open();
        store.put("raw-data", "orders", {{"a.csv", profile(1)}});
        store.put("raw-data", "", {{"x.csv", profile(2)}});
        store.put("archive", "orders", {{"a.csv", profile(3)}});
        CHECK(store.load("raw-data", "orders").size() == 1);  // staged is seen
        REQUIRE(store.commit());
        store.put("raw-data", "orders", {{"a.csv", profile(4)}, {"b.csv", profile(5)}});
        REQUIRE(store.commit());
    }
    const ProfileStore store = scratch.open();
    CHECK_FALSE(store.damaged());
    REQUIRE(store.load("raw-data", "orders").size() == 2);
    CHECK(equal(store.load("raw-data", "orders").at("a.csv"), profile(4)));
    CHECK(equal(store.load("raw-data", "").at("x.csv"), profile(2)));
    CHECK(equal(store.load("archive", "orders").at("a.csv"), profile(3)));
    CHECK(store.load("archive", "nothing").empty());
}

TEST_CASE("an unchanged or uncommitted store leaves no trace on disk", "[index]") {
    Scratch scratch;
    ProfileStore store = scratch.open();
    store.put("raw-data", "orders", {{"a.csv", profile(1)}});
    CHECK_FALSE(fs::exists(scratch.file));
    ProfileStore other = scratch.open();
    REQUIRE(other.commit());
    CHECK_FALSE(fs::exists(scratch.file));
}

TEST_CASE("a torn tail loses only the torn frame and is healed by the next commit", "[index]") {
    Scratch scratch;
    ProfileStore first = scratch.open();
    first.put("b", "one", {{"a.csv", profile(1)}});
    REQUIRE(first.commit());
    const auto whole = fs::file_size(scratch.file);
    first.put("b", "two", {{"a.csv", profile(2)}});
    REQUIRE(first.commit());
    const auto both = fs::file_size(scratch.file);
    for (auto size = whole; size < both; size += 7) {
        fs::resize_file(scratch.file, size);
        ProfileStore store = scratch.open();
        CHECK(store.damaged() == (size != whole));
        CHECK(store.load("b", "one").size() == 1);
        CHECK(store.load("b", "two").empty());
        store.put("b", "two", {{"a.csv", profile(2)}});
        REQUIRE(store.commit());
        CHECK(scratch.open().load("b", "two").size() == 1);
        CHECK(scratch.open().load("b", "one").size() == 1);
    }
}

TEST_CASE("a flipped byte in a frame makes its folder unknown, not wrong", "[index]") {
    Scratch scratch;
    ProfileStore first = scratch.open();
    first.put("b", "one", {{"a.csv", profile(1)}});
    first.put("b", "two", {{"a.csv", profile(2)}});
    REQUIRE(first.commit());
    std::string bytes = *read_file(scratch.file);
    for (std::size_t i = 0; i < bytes.size(); i += 5) {
        std::string bad = bytes;
        bad[i] = static_cast<char>(bad[i] ^ 0x10);
        REQUIRE(write_file_atomic(scratch.file, bad));
        const ProfileStore store = scratch.open();
        for (const char* folder : {"one", "two"}) {
            const auto loaded = store.load("b", folder);
            if (!loaded.empty()) CHECK(equal(loaded.at("a.csv"), profile(folder[0] == 'o' ? 1 : 2)));
        }
    }
}

TEST_CASE("dead frames do not pile up, and forgotten folders go", "[index]") {
    Scratch scratch;
    ProfileStore store = scratch.open();
    FolderProfiles many;
    for (int i = 0; i < 500; ++i) many["file-" + std::to_string(i)] = profile(static_cast<std::uint64_t>(i));
    store.put("b", "kept", {{"a.csv", profile(1)}});
    for (int round = 0; round < 100; ++round) {
        many["file-0"] = profile(static_cast<std::uint64_t>(round));
        store.put("b", "big", many);
        REQUIRE(store.commit());
    }
    CHECK(fs::file_size(scratch.file) < 3u << 20);
    store.put("b", "big", {});
    store.put("b", "kept", {{"a.csv", profile(9)}});
    REQUIRE(store.commit());
    const ProfileStore again = scratch.open();
    CHECK(again.load("b", "big").empty());
    CHECK(equal(again.load("b", "kept").at("a.csv"), profile(9)));
}

TEST_CASE("profiles follow a bucket to its new name, also when told twice", "[index]") {
    const Scratch scratch;
    {
        auto store = scratch.open();
        store.put("old", "", {{"a.csv", profile(1)}});
        store.put("old", "deep/er", {{"b.csv", profile(2)}});
        store.put("other", "", {{"c.csv", profile(3)}});
        REQUIRE(store.commit());
    }
    for (int times = 0; times < 2; ++times) {
        auto store = scratch.open();
        store.rename_bucket("old", "new");
        REQUIRE(store.commit());
    }
    const auto store = scratch.open();
    CHECK(store.load("old", "").empty());
    CHECK(store.load("old", "deep/er").empty());
    CHECK(store.load("new", "").at("a.csv").profile.rows == 1);
    CHECK(store.load("new", "deep/er").at("b.csv").profile.rows == 2);
    CHECK(store.load("other", "").at("c.csv").profile.rows == 3);
}

TEST_CASE("profiles of older programs are read, and written anew by the next commit", "[index]") {
    for (const auto& [bytes, codec] :
         {std::pair(k_store_1, 1), std::pair(k_store_2, 2), std::pair(k_store_3, 3), std::pair(k_store_4, 4)}) {
        const Scratch scratch;
        REQUIRE(write_file_atomic(scratch.file, bytes));
        {
            auto store = scratch.open();
            CHECK_FALSE(store.damaged());
            store.put("raw-data", "new", {{"b.csv", profile(1)}});
            REQUIRE(store.commit());
        }
        CHECK(read_file(scratch.file)->starts_with("NLPROF5\n"));
        const auto store = scratch.open();
        const auto old = store.load("raw-data", "");
        REQUIRE(old.contains("a.csv"));
        const FileProfile& known = old.at("a.csv");
        CHECK(known.made_by == codec);
        CHECK((known.ctime_ns != 0) == (codec >= 3));
        CHECK(known.size == 7);
        CHECK(known.profile.rows == 2);
        REQUIRE(known.profile.columns.size() == 1);
        CHECK(known.profile.columns[0].name == "id");
        CHECK(known.profile.columns[0].evidence.max == "2");
        CHECK(store.load("raw-data", "new").at("b.csv").made_by == k_codec);
    }
}
