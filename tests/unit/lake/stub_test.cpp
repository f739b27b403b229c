// stub_test.cpp: stubs verify or are not trusted; the list of cloud objects; the note for people.
// SPDX-License-Identifier: Apache-2.0
#include "lake/stub.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "lake/cloud_list.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;
using tests::Scratch;
using tests::slurp;

namespace {

Stub sample(std::string path = "orders/2024.csv") {
    Stub stub;
    stub.lake = std::string(32, 'a');
    stub.op = "0123456789ab";
    stub.bucket = "raw-data";
    stub.path = std::move(path);
    stub.size = 123456789012;
    stub.allocated = 4096;
    stub.mode = 0640;
    stub.uid = 1000;
    stub.mtime_ns = 1700000000123456789;
    stub.sha256 = std::string(64, 'c');
    stub.store = {"s3", "http://127.0.0.1:9000", "us-east-1", "lake", "p/raw-data/orders/2024.csv", "v1", "\"e\"",
                  true};
    stub.uploaded_at = "2026-11-22T08:30:00Z";
    stub.table = "raw-data.orders";
    stub.rows = 42;
    stub.xattrs = {{"user.note", std::string("\0\xff", 2)}};
    return stub;
}

}  // namespace

TEST_CASE("a stub reads back as written", "[lake]") {
    for (const std::string& path :
         {std::string("orders/2024.csv"), std::string("bad\xff\n/x"), std::string(3900, 'p')}) {
        const Stub stub = sample(path);
        const auto bytes = encode(stub);
        REQUIRE(bytes);
        CHECK(bytes->size() % k_stub_size == 0);
        const auto again = decode(*bytes);
        REQUIRE(again);
        REQUIRE(*again);
        CHECK(json::dump(to_json(**again)) == json::dump(to_json(stub)));
    }
    CHECK(encode(sample())->size() == k_stub_size);
}

TEST_CASE("every flipped byte of a stub is noticed", "[lake]") {
    const std::string good = *encode(sample());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] ^= 0x20;
        const auto read = decode(bad);
        INFO("byte " << i);
        CHECK_FALSE((read && *read));
    }
}

TEST_CASE("a stub that was appended to or cut is not trusted", "[lake]") {
    const std::string good = *encode(sample());
    CHECK(decode(good + "x").error().code == Errc::corrupt);
    CHECK(decode(good + good).error().code == Errc::corrupt);
    CHECK(decode(good.substr(0, 4000)).error().code == Errc::corrupt);
    CHECK(decode(good.substr(0, 20)).error().code == Errc::corrupt);
    CHECK_FALSE(*decode("id,name\n1,x\n"));
    CHECK_FALSE(*decode(""));
}

TEST_CASE("stubs of mode 0000 are read and stay 0000; other files are no stubs", "[lake]") {
    Scratch scratch;
    const auto file = scratch.write("b/x.csv", *encode(sample("x.csv")));
    scratch.write("b/plain.csv", "a,b\n");
    REQUIRE(::chmod(file.c_str(), 0) == 0);
    auto dir = open_folder(scratch / "b");
    const auto stub = read_stub_at(dir->get(), "x.csv");
    REQUIRE(stub);
    REQUIRE(*stub);
    CHECK((*stub)->path == "x.csv");
    CHECK((identity_of_path(file)->mode & 07777) == 0);
    CHECK_FALSE(*read_stub_at(dir->get(), "plain.csv"));
    CHECK(read_stub_at(dir->get(), "none").error().code == Errc::not_found);
}

TEST_CASE("the note lists the stubs of its folder and goes with the last one", "[lake]") {
    Scratch scratch;
    const auto file = scratch.write("b/orders/x.csv", *encode(sample("orders/x.csv")));
    scratch.write("b/orders/here.csv", "a\n");
    auto bucket = open_folder(scratch / "b");
    REQUIRE(refresh_note(bucket->get(), "raw-data", "orders"));
    const std::string note = slurp(scratch / "b/orders/_IN-CLOUD.txt");
    CHECK(note.find("x.csv") != std::string::npos);
    CHECK(note.find("here.csv") == std::string::npos);
    CHECK(note.find("neurolake recall raw-data/orders") != std::string::npos);
    std::filesystem::remove(file);
    REQUIRE(refresh_note(bucket->get(), "raw-data", "orders"));
    CHECK_FALSE(std::filesystem::exists(scratch / "b/orders/_IN-CLOUD.txt"));
    scratch.write("b/orders/_IN-CLOUD.txt", "my own words");
    REQUIRE(refresh_note(bucket->get(), "raw-data", "orders"));
    CHECK(slurp(scratch / "b/orders/_IN-CLOUD.txt") == "my own words");
}

TEST_CASE("the list of cloud objects keeps the last word on each path", "[lake]") {
    Scratch scratch;
    const auto file = scratch / "cloud.jsonl";
    auto list = CloudList::open(file);
    REQUIRE(list);
    REQUIRE(list->append({{sample("a"), false, "t1"}, {sample("b"), false, "t1"}, {sample("c"), false, "t1"}}));
    REQUIRE(list->append({{sample("a"), true, "t2"}}));
    REQUIRE(list->remove("raw-data", "b", "t3"));
    for (const bool compacted : {false, true}) {
        if (compacted) REQUIRE(list->compact());
        const auto again = CloudList::open(file);
        REQUIRE(again);
        CHECK(again->entries().size() == 2);
        REQUIRE(again->find("raw-data", "a"));
        CHECK(again->find("raw-data", "a")->recalled);
        CHECK_FALSE(again->find("raw-data", "b"));
        CHECK_FALSE(again->find("raw-data", "c")->recalled);
    }
}

TEST_CASE("a torn last line is told and does not harm the next append", "[lake]") {
    Scratch scratch;
    const auto file = scratch / "cloud.jsonl";
    auto list = CloudList::open(file);
    REQUIRE(list->append({{sample("a"), false, "t1"}}));
    const std::string whole = slurp(file);
    scratch.write("cloud.jsonl", whole + whole.substr(0, 50));
    list = CloudList::open(file);
    REQUIRE(list);
    CHECK(list->torn());
    REQUIRE(list->append({{sample("b"), false, "t2"}}));
    CHECK(CloudList::open(file)->entries().size() == 2);
}
