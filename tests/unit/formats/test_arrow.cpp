// test_arrow.cpp: Arrow files and streams of an independent writer are read right, and damaged ones are caught.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "base/compress.hpp"
#include "fixture.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

std::string sample(const std::string& name) { return sample_of("arrow", name); }

}  // namespace

TEST_CASE("every type of Arrow has its own here, in files and streams alike", "[formats]") {
    const std::vector<std::pair<std::string, std::string>> expected{
        {"b", "boolean"},
        {"i8", "int8"},
        {"i16", "int16"},
        {"i32", "int32"},
        {"i64", "int64"},
        {"u8", "uint8"},
        {"u16", "uint16"},
        {"u32", "uint32"},
        {"u64", "uint64"},
        {"f16", "float"},
        {"f32", "float"},
        {"f64", "double"},
        {"s", "text"},
        {"ls", "text"},
        {"bin", "binary"},
        {"fsb", "binary"},
        {"dd", "date"},
        {"dm", "date"},
        {"ts", "timestamp"},
        {"tm", "timestamp"},
        {"tu", "timestamp"},
        {"tn", "timestamp"},
        {"tz", "timestamp_tz"},
        {"t0", "time"},
        {"t1", "time"},
        {"t2", "time"},
        {"t3", "time"},
        {"iym", "interval"},
        {"dur", "interval"},
        {"dec", "decimal(10,2)"},
        {"dict", "text"},
        {"lst", "list<int64>"},
        {"fsl", "list<float>"},
        {"st", "struct<a:int32!,b:text>"},
        {"mp", "map<text!,int32>"},
        {"deep", "list<struct<p:list<text>>>"},
        {"nothing", "unknown"},
    };
    for (const char* name : {"types.arrow", "types.arrows"}) {
        INFO(name);
        const Profile profile = profile_of(sample(name), name);
        CHECK(profile.format == "arrow");
        CHECK(profile.rows == 6);
        CHECK(profile.rows_exact);
        CHECK(profile.findings.empty());
        REQUIRE(profile.columns.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(profile.columns[i].name == expected[i].first);
            CHECK(model::to_string(profile.columns[i].type) == expected[i].second);
        }
        // Nulls stand in the batches' nodes, behind those of nested columns before them.
        for (const char* column : {"b", "s", "lst", "fsl", "st", "mp", "deep"})
            CHECK(evidence_of(profile, column).nulls == 2);
        for (const char* column : {"i8", "dict", "tz"}) CHECK(evidence_of(profile, column).nulls == 0);
        CHECK(evidence_of(profile, "nothing").nulls == 6);
        CHECK(profile.columns[4].description == "the key");
        CHECK_FALSE(profile.columns[4].nullable);
        CHECK(evidence_of(profile, "tz").reason == "declared as timestamp[ms, Europe/Berlin]");
        CHECK(evidence_of(profile, "fsb").reason == "declared as binary, extension arrow.uuid");
    }
    CHECK(type_of(profile_of(sample("union.arrow"), "u.arrow"), "u") == "json");
}

TEST_CASE("rows of Arrow are those of all record batches", "[formats]") {
    const Profile file = profile_of(sample("batches.arrow"), "x.arrow");
    CHECK(file.rows == 2000);
    CHECK(file.dialect == "file, 20 record batches");
    CHECK(file.bytes_read < sample("batches.arrow").size());
    const Profile stream = profile_of(sample("batches.arrows"), "x");  // known by its first message alone
    CHECK(stream.rows == 2000);
    CHECK(stream.dialect == "stream, 20 record batches");
    for (const char* name : {"empty.arrow", "empty.arrows"}) {
        const Profile empty = profile_of(sample(name), name);
        CHECK(empty.rows == 0);
        CHECK(empty.columns.size() == 2);
        CHECK(empty.findings.empty());
    }
    CHECK(profile_of(sample("plain.feather"), "x.feather").rows == 3);
    const Profile nulls = profile_of(*gzip(sample("types.arrow")), "x.arrow.gz");
    CHECK(nulls.columns.size() == 37);
    CHECK(evidence_of(nulls, "deep").nulls == 2);
    for (const char* name : {"batches.arrow", "batches.arrows"}) {
        CHECK(profile_of(*gzip(sample(name)), std::string(name) + ".gz").rows == 2000);
        CHECK(profile_of(*zstd(sample(name)), std::string(name) + ".zst").rows == 2000);
    }
}

TEST_CASE("an Arrow file that lost its footer keeps the batches before the cut", "[formats]") {
    const std::string whole = sample("batches.arrow");
    const Profile cut = profile_of(whole.substr(0, whole.size() - 9000), "x.arrow");
    CHECK(cut.columns.empty());  // this writer leaves the schema to the footer
    CHECK(cut.rows > 1000);
    CHECK(cut.rows < 2000);
    CHECK(cut.rows % 100 == 0);
    CHECK_FALSE(cut.rows_exact);
    REQUIRE(cut.findings.size() == 1);
    CHECK(cut.findings[0].message.find("it was cut") != std::string::npos);
    const std::string stream = sample("batches.arrows");
    const Profile half = profile_of(stream.substr(0, stream.size() / 2), "x.arrows");
    CHECK(half.rows > 800);
    CHECK_FALSE(half.rows_exact);
    CHECK(half.findings.size() == 1);
}

TEST_CASE("an Arrow file cut or changed anywhere is read without harm, and a cut one says so", "[formats]") {
    for (const char* name : {"types.arrow", "types.arrows", "union.arrow", "plain.feather"}) {
        const std::string bytes = sample(name);
        const bool stream = std::string_view(name).ends_with("s");
        for (std::size_t size = 1; size < bytes.size() - 16; size += 21) {
            INFO(name << " cut to " << size);
            const Profile cut = profile_of(std::string_view(bytes).substr(0, size), name);
            // A stream may end behind any message.
            if (!stream) CHECK_FALSE(cut.rows_exact);
            CHECK(cut.findings.size() <= 1);
        }
        const CancelFlag cancel;
        constexpr int k_changes[] = {0xFF, 0x01, 0x80};
        for (std::size_t at = 0; at < bytes.size(); at += 20) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ k_changes[at / 20 % 3]);
            const ScratchFile file(changed);
            CHECK(profile(file.fd(), name, {}, cancel).has_value());
        }
    }
}

TEST_CASE("what an Arrow file claims is held against its size", "[formats]") {
    std::string bytes = sample("batches.arrow");
    const auto lie = [&](std::size_t at, std::uint64_t value, std::size_t size) {
        std::string changed = bytes;
        std::memcpy(changed.data() + at, &value, size);
        const Profile profile = profile_of(changed, "x.arrow");
        CHECK_FALSE(profile.rows_exact);
        REQUIRE(profile.findings.size() == 1);
        return profile.findings[0].message;
    };
    CHECK(lie(bytes.size() - 10, 0x7FFFFFFF, 4).find("the footer says it has 2147483647 bytes") != std::string::npos);
    CHECK(lie(bytes.size() - 10, 0, 4).find("the footer does not add up") != std::string::npos);
    // A message of two thousand million bytes in the middle of a stream.
    const std::string stream = sample("batches.arrows");
    std::string endless = stream.substr(0, stream.size() / 2);
    endless += std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 8);
    const Profile profile = profile_of(endless, "x.arrows");
    CHECK_FALSE(profile.rows_exact);
    CHECK(profile.findings.size() == 1);
}

TEST_CASE("neighbours of Arrow are named, not guessed", "[formats]") {
    const Profile feather = profile_of(std::string("FEA1\0\0\0\0old bytes FEA1", 22), "x.feather");
    CHECK(feather.format == "unknown");
    REQUIRE(feather.findings.size() >= 1);
    CHECK(feather.findings[0].message.find("Feather version 1") != std::string::npos);
}
