// inventory_test.cpp: what is put into an inventory comes out of the file again, and damage is told.
// SPDX-License-Identifier: Apache-2.0
#include "lake/inventory.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "base/file.hpp"
#include "lake/inventory_format.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;
using tests::Scratch;
using tests::slurp;
namespace fs = std::filesystem;
namespace format = inventory_format;

namespace {

FileRecord record_of(std::string path, std::uint64_t size, FileState state = FileState::data) {
    FileRecord record;
    record.path = std::move(path);
    record.state = state;
    record.size = size;
    record.allocated = (size + 4095) / 4096 * 4096;
    record.ino = size + 7;
    record.mtime_ns = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(size);
    record.first_seen_ns = 1'700'000'001'000'000'000;
    return record;
}

bool equal(const FileRecord& a, const FileRecord& b) {
    return a.path == b.path && a.state == b.state && a.size == b.size && a.allocated == b.allocated && a.ino == b.ino &&
           a.mtime_ns == b.mtime_ns && a.first_seen_ns == b.first_seen_ns && a.indexed_ns == b.indexed_ns;
}

template <typename Source>
std::vector<std::string> paths(const Source& source, std::string_view bucket, std::string_view under = {}) {
    std::vector<std::string> all;
    source.for_each(bucket, under, [&](const FileRecord& record) {
        all.push_back(record.path);
        return true;
    });
    return all;
}

Inventory reopen(const InventoryBuilder& builder, const fs::path& file) {
    REQUIRE(builder.commit(file));
    auto opened = Inventory::open(file);
    REQUIRE(opened);
    REQUIRE(opened->verify());
    return std::move(opened).value();
}

}  // namespace

namespace {

// The same inventory as a program wrote it that did not know ctime.
std::string as_version_1(const std::string& bytes) {
    format::Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::vector<format::Bucket> buckets(header.bucket_count);
    std::memcpy(buckets.data(), bytes.data() + header.buckets_offset, buckets.size() * sizeof(format::Bucket));
    std::string out = bytes.substr(0, buckets.empty() ? bytes.size() : buckets[0].folders_offset);
    for (format::Bucket& b : buckets) {
        const format::Bucket now = b;
        std::string records;
        for (std::uint64_t i = 0; i < b.record_count; ++i)
            records += bytes.substr(b.records_offset + i * sizeof(format::Record), format::k_record_bytes_1);
        std::vector<format::Folder> folders(b.folder_count);
        std::memcpy(folders.data(), bytes.data() + b.folders_offset, folders.size() * sizeof(format::Folder));
        for (format::Folder& f : folders)
            f.check =
                format::check_of_folder(f, std::string_view(bytes).substr(b.paths_offset + f.path_offset, f.path_bytes),
                                        std::string_view(records).substr(f.first_record * format::k_record_bytes_1,
                                                                         f.record_count * format::k_record_bytes_1),
                                        std::string_view(bytes).substr(b.names_offset + f.first_name, f.names_bytes));
        b.folders_offset = out.size();
        out.append(reinterpret_cast<const char*>(folders.data()), folders.size() * sizeof(format::Folder));
        b.paths_offset = out.size();
        out += bytes.substr(now.paths_offset, now.records_offset - now.paths_offset);
        b.records_offset = out.size();
        out += records;
        b.names_offset = out.size();
        out += bytes.substr(now.names_offset, (now.names_bytes + 7) / 8 * 8);
    }
    std::memcpy(out.data() + header.buckets_offset, buckets.data(), buckets.size() * sizeof(format::Bucket));
    format::Check check;
    check.update(buckets.data(), buckets.size() * sizeof(format::Bucket));
    check.update(out.data() + header.times_offset, header.time_count * 8);
    for (const format::Bucket& b : buckets) check.update(out.data() + b.name_offset, b.name_bytes);
    header.version = 1;
    header.file_bytes = out.size();
    header.contents_check = check.value();
    header.header_check = format::check_of(&header, offsetof(format::Header, header_check));
    std::memcpy(out.data(), &header, sizeof header);
    return out;
}

}  // namespace

TEST_CASE("an inventory of version 1 is read with every ctime unknown, and damage in it is still damage",
          "[lake][inventory]") {
    const Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    std::vector<FileRecord> records{record_of("a.csv", 10), record_of("x/b.csv", 20),
                                    record_of("x/y/c.csv", 4096, FileState::stub)};
    for (FileRecord& record : records) {
        record.ctime_ns = 1'700'000'000'500'000'000;
        for (const char* bucket : {"raw-data", "other"}) builder->put(bucket, record);
    }
    const Inventory now = reopen(*builder, scratch / "inventory");
    CHECK(now.find("other", "x/b.csv")->ctime_ns == records[1].ctime_ns);
    const std::string old = as_version_1(slurp(scratch / "inventory"));
    {
        REQUIRE(write_file_atomic(scratch / "old", old));
        const auto read = Inventory::open(scratch / "old");
        REQUIRE(read);
        REQUIRE(read->verify());
        for (const char* bucket : {"raw-data", "other"})
            for (const FileRecord& record : records) {
                const auto found = read->find(bucket, record.path);
                REQUIRE(found);
                CHECK(equal(*found, record));
                CHECK(found->ctime_ns == 0);
            }
        CHECK(read->totals("other")->bytes == now.totals("other")->bytes);
        REQUIRE(InventoryBuilder::from(*read)->commit(scratch / "new"));
        CHECK(Inventory::open(scratch / "new")->find("other", "a.csv"));
    }
    for (std::size_t i = 0; i < old.size(); i += 7) {  // never a crash, never a wrong record
        std::string bad = old;
        bad[i] = static_cast<char>(bad[i] ^ 0x21);
        REQUIRE(write_file_atomic(scratch / "bad", bad));
        const auto read = Inventory::open(scratch / "bad");
        if (!read) continue;
        for (const FileRecord& record : records)
            if (const auto found = read->find("other", record.path)) CHECK(equal(*found, record));
    }
}

TEST_CASE("a missing inventory is an empty one", "[lake][inventory]") {
    Scratch scratch;
    const auto opened = Inventory::open(scratch / "inventory");
    REQUIRE(opened);
    CHECK(opened->buckets().empty());
    CHECK_FALSE(opened->totals("raw-data"));
    CHECK_FALSE(opened->find("raw-data", "a"));
    CHECK(paths(*opened, "raw-data").empty());
    CHECK(to_ns(opened->taken_at()) == 0);
    CHECK(opened->verify());
}

TEST_CASE("an inventory without buckets survives its file", "[lake][inventory]") {
    Scratch scratch;
    const Inventory empty = reopen(*InventoryBuilder::from(Inventory()), scratch / "inventory");
    CHECK(empty.buckets().empty());
    struct stat st {};
    REQUIRE(::stat((scratch / "inventory").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
}

TEST_CASE("records come back from the file as they were put, in path order", "[lake][inventory]") {
    Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    std::map<std::string, FileRecord> put;
    const std::string huge(255, 'n'), deep = std::string(3000, 'd');
    std::string chain;
    for (int i = 0; i < 60; ++i) chain += (i ? "/" : "") + deep.substr(0, 200);
    for (const std::string& path :
         {std::string("z.csv"), std::string("a/2.csv"), std::string("a/1.csv"), std::string("a-b/x.csv"),
          std::string("a/b/c/d.csv"), std::string("two\nlines/\xff.csv"), huge + "/" + huge, chain + "/bottom.csv"}) {
        FileRecord record = record_of(path, put.size() * 1000 + 1);
        record.indexed_ns = put.size() % 2 ? 1'700'000'002'000'000'000 + static_cast<std::int64_t>(put.size()) : 0;
        put[path] = record;
        builder->put("raw-data", record);
    }
    FileRecord wide = record_of("extremes", ~0ull);
    wide.allocated = (1ull << 47) * 512;
    wide.ino = ~0ull;
    wide.mtime_ns = -5;
    put["extremes"] = wide;
    builder->put("raw-data", wide);
    builder->put("archive", record_of("only", 1));

    const Inventory inventory = reopen(*builder, scratch / "inventory");
    CHECK(inventory.buckets() == std::vector<std::string>{"archive", "raw-data"});
    const auto all = paths(inventory, "raw-data");
    CHECK(all.size() == put.size());
    CHECK(all == paths(*builder, "raw-data"));
    CHECK(all.front() == "extremes");  // files of a folder before the folders in it
    for (const auto& [path, record] : put) {
        INFO(path);
        const auto found = inventory.find("raw-data", path);
        REQUIRE(found);
        CHECK(equal(*found, record));
        const auto built = builder->find("raw-data", path);
        REQUIRE(built);
        CHECK(equal(*built, record));
    }
    CHECK(paths(inventory, "raw-data", "a") == std::vector<std::string>{"a/1.csv", "a/2.csv", "a/b/c/d.csv"});
    CHECK(paths(inventory, "raw-data", "a/b") == std::vector<std::string>{"a/b/c/d.csv"});
    CHECK(paths(inventory, "raw-data", "a/1.csv") == std::vector<std::string>{"a/1.csv"});
    CHECK(paths(inventory, "raw-data", "a/none").empty());
    CHECK_FALSE(inventory.find("raw-data", "a"));
    CHECK_FALSE(inventory.find("raw-data", "a/0.csv"));
    CHECK_FALSE(inventory.find("other", "z.csv"));
}

TEST_CASE("visiting stops when told to", "[lake][inventory]") {
    auto builder = InventoryBuilder::from(Inventory());
    for (int i = 0; i < 5; ++i) builder->put("raw-data", record_of("f" + std::to_string(i), 1));
    int visited = 0;
    builder->for_each("raw-data", "", [&](const FileRecord&) { return ++visited < 3; });
    CHECK(visited == 3);
}

TEST_CASE("totals count local data, stubs and the rest apart", "[lake][inventory]") {
    Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    builder->put("raw-data", record_of("a/b/data1", 100));
    builder->put("raw-data", record_of("a/data2", 5000));
    FileRecord stub = record_of("a/stub", 1'000'000, FileState::stub);
    stub.allocated = 4096;
    builder->put("raw-data", stub);
    builder->put("raw-data", record_of(".DS_Store", 77, FileState::ignored));
    for (const auto& totals : {builder->totals("raw-data"), reopen(*builder, scratch / "i").totals("raw-data")}) {
        REQUIRE(totals);
        CHECK(totals->files == 2);
        CHECK(totals->bytes == 5100);
        CHECK(totals->allocated == 4096 + 8192);
        CHECK(totals->cloud_files == 1);
        CHECK(totals->cloud_bytes == 1'000'000);
        CHECK(totals->ignored_files == 1);
        CHECK(totals->folders == 2);
        CHECK(totals->oldest_ns == 1'700'000'000'000'000'100);
        CHECK(totals->newest_ns == 1'700'000'000'001'000'000);
    }
}

TEST_CASE("corrections to an opened inventory leave the rest alone", "[lake][inventory]") {
    Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    for (int i = 0; i < 300; ++i)
        builder->put("raw-data", record_of("d" + std::to_string(i % 10) + "/f" + std::to_string(i), 10));
    builder->put("archive", record_of("x", 1));
    const Inventory first = reopen(*builder, scratch / "inventory");

    auto next = InventoryBuilder::from(first);
    const Time at = time_from_ns(1'800'000'000'000'000'000);
    next->mark_indexed("raw-data", "d3/f3", at);
    FileRecord stub = record_of("d3/f13", 10, FileState::stub);
    next->put("raw-data", stub);
    next->put("raw-data", record_of("new/deep/file", 3));
    next->rename_bucket("archive", "attic");
    const Inventory second = reopen(*next, scratch / "inventory");
    CHECK(second.buckets() == std::vector<std::string>{"attic", "raw-data"});
    CHECK(paths(second, "attic") == std::vector<std::string>{"x"});
    CHECK(paths(second, "raw-data").size() == 301);
    CHECK(second.find("raw-data", "d3/f3")->indexed_ns == to_ns(at));
    CHECK(second.find("raw-data", "d3/f13")->state == FileState::stub);
    CHECK(second.find("raw-data", "d4/f4")->indexed_ns == 0);
    CHECK(second.totals("raw-data")->files == 300);
    CHECK(second.totals("raw-data")->cloud_files == 1);
    CHECK(paths(first, "raw-data").size() == 300);  // a snapshot stays what it was

    auto last = InventoryBuilder::from(second);
    last->drop_bucket("attic");
    last->mark_all_indexed(at, [](std::string_view bucket, std::string_view path) {
        return bucket == "raw-data" && path.substr(0, 3) == "d4/";
    });
    const Inventory third = reopen(*last, scratch / "inventory");
    CHECK(third.buckets() == std::vector<std::string>{"raw-data"});
    CHECK(third.find("raw-data", "d5/f5")->indexed_ns == to_ns(at));
    CHECK(third.find("raw-data", "d3/f13")->indexed_ns == to_ns(at));
    CHECK(third.find("raw-data", "d4/f4")->indexed_ns == 0);
}

TEST_CASE("marking all indexed keeps the time of what was indexed before", "[lake][inventory]") {
    auto builder = InventoryBuilder::from(Inventory());
    FileRecord known = record_of("known", 1);
    known.indexed_ns = 42;
    builder->put("raw-data", known);
    builder->put("raw-data", record_of("new", 1));
    builder->put("raw-data", record_of("ignored", 1, FileState::ignored));
    builder->mark_all_indexed(time_from_ns(99), {});
    CHECK(builder->find("raw-data", "known")->indexed_ns == 42);
    CHECK(builder->find("raw-data", "new")->indexed_ns == 99);
    CHECK(builder->find("raw-data", "ignored")->indexed_ns == 0);
}

TEST_CASE("every damaged byte of the header and the contents is noticed at once", "[lake][inventory]") {
    Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    builder->put("raw-data", record_of("a/b", 1));
    REQUIRE(builder->commit(scratch / "good"));
    const std::string good = slurp(scratch / "good");
    REQUIRE(good.size() > sizeof(format::Header) + sizeof(format::Bucket));
    format::Header header;
    good.copy(reinterpret_cast<char*>(&header), sizeof header);
    const std::size_t contents_end = header.times_offset + header.time_count * 8 + std::string_view("raw-data").size();
    for (std::size_t at = 0; at < contents_end; ++at) {
        if (at >= offsetof(format::Header, looks) && at < sizeof header) continue;  // see the next test
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        const auto opened = Inventory::open(scratch.write("bad", bad));
        INFO(at);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::corrupt);
        CHECK_FALSE(opened.error().hint.empty());
    }
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, sizeof header - 1, sizeof header, good.size() - 1}) {
        const auto opened = Inventory::open(scratch.write("short", good.substr(0, length)));
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::corrupt);
    }
    CHECK(Inventory::open(scratch.write("long", good + "x")).error().code == Errc::corrupt);
}

TEST_CASE("every damaged byte of a folder's table, records and names is noticed by verify", "[lake][inventory]") {
    Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    builder->put("raw-data", record_of("a/b-long-enough.csv", 1));
    builder->put("raw-data", record_of("a/c", 2));
    REQUIRE(builder->commit(scratch / "good"));
    const std::string good = slurp(scratch / "good");
    format::Header header;
    good.copy(reinterpret_cast<char*>(&header), sizeof header);
    format::Bucket bucket;
    good.copy(reinterpret_cast<char*>(&bucket), sizeof bucket, header.buckets_offset);
    const std::size_t paths_end = bucket.paths_offset + bucket.paths_bytes;
    const std::size_t names_end = bucket.names_offset + bucket.names_bytes;
    std::size_t missed = 0;
    for (std::size_t at = bucket.folders_offset; at < names_end; ++at) {
        if (at >= paths_end && at < bucket.records_offset) continue;  // padding
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x01);
        const auto opened = Inventory::open(scratch.write("bad", bad));
        REQUIRE(opened);
        const auto verified = opened->verify();
        missed += verified ? 1 : 0;
        paths(*opened, "raw-data");  // never outside of the file, whatever it says
        opened->find("raw-data", "a/c");
    }
    CHECK(missed == 0);
}

TEST_CASE("a damaged folder is never written on as if it were whole", "[lake][inventory]") {
    Scratch scratch;
    auto builder = InventoryBuilder::from(Inventory());
    builder->put("raw-data", record_of("a/b", 1));
    REQUIRE(builder->commit(scratch / "inventory"));
    std::string bad = slurp(scratch / "inventory");
    bad[bad.size() - 8] ^= 1;  // the name "b"
    const auto opened = Inventory::open(scratch.write("inventory", bad));
    REQUIRE(opened);
    auto next = InventoryBuilder::from(*opened);
    next->put("raw-data", record_of("new", 1));
    const auto written = next->commit(scratch / "inventory");
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Errc::corrupt);
    CHECK(slurp(scratch / "inventory") == bad);
}

TEST_CASE("a newer version is refused, not called damaged", "[lake][inventory]") {
    Scratch scratch;
    REQUIRE(InventoryBuilder::from(Inventory())->commit(scratch / "inventory"));
    std::string bytes = slurp(scratch / "inventory");
    bytes[offsetof(format::Header, version)] = 9;
    const std::uint64_t check = format::check_of(bytes.data(), offsetof(format::Header, header_check));
    bytes.replace(offsetof(format::Header, header_check), sizeof check, reinterpret_cast<const char*>(&check),
                  sizeof check);
    const auto opened = Inventory::open(scratch.write("inventory", bytes));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::unsupported);
}

TEST_CASE("paths are ordered folder by folder", "[lake][inventory]") {
    using format::compare_paths;
    CHECK(compare_paths("", "a") < 0);
    CHECK(compare_paths("a", "a") == 0);
    CHECK(compare_paths("a/b", "a-b") < 0);
    CHECK(compare_paths("a", "a/b") < 0);
    CHECK(compare_paths("a\x01", "a/b") > 0);
    CHECK(compare_paths("long/common/path/x", "long/common/path-x") < 0);
    CHECK(compare_paths("b", "a/b") > 0);
    CHECK(compare_paths("\xff", "a") > 0);
    CHECK(format::lies_in("a/b", "a"));
    CHECK(format::lies_in("a", "a"));
    CHECK_FALSE(format::lies_in("a-b", "a"));
}
