// test_lz4.cpp: the beginnings of LZ4 blocks and Snappy streams, whole, cut and damaged.
// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"
#include "formats/lz4.hpp"
#include "formats/lz4_frame.hpp"
#include "formats/snappy.hpp"
#include "formats/xxhash32.hpp"

using namespace neurolake;
using namespace neurolake::formats;

TEST_CASE("LZ4 blocks and Snappy streams are inflated from their beginning", "[formats]") {
    const std::string block(
        "\x35"  // three literals, nine copied
        "abc\x03\x00\x20xy",
        9);
    CHECK(unlz4_beginning(block, 100) == "abcabcabcabcxy");
    CHECK(unlz4_beginning(block, 5) == "abcab");
    CHECK(unlz4_beginning(block.substr(0, 2), 100) == "a");
    CHECK(unlz4_beginning(std::string("\x15x\x02\x00", 4), 100) == "x");  // a copy from before the beginning
    CHECK(*unlz4(block, 14) == "abcabcabcabcxy");
    for (const std::size_t size : {13, 15}) CHECK(unlz4(block, size).error().code == Errc::corrupt);
    for (const std::size_t size : {0, 2, 5, 6, 8}) CHECK_FALSE(unlz4(block.substr(0, size), 14).has_value());
    // A run whose length takes more bytes than the part of the block that is read.
    const std::string run =
        "\x1Fz" + std::string("\x01\x00", 2) + std::string(300, '\xFF') + std::string("\x01\x10y", 3);
    const std::string zs(1 + 4 + 15 + 300 * 255 + 1, 'z');
    CHECK(*unlz4(run, zs.size() + 1) == zs + "y");
    CHECK(unlz4_beginning(run, 8192) == zs.substr(0, 8192));
    CHECK(unlz4_beginning(run.substr(0, 50), 8192) == zs.substr(0, 8192));
    // Twenty literals, whose length takes a byte of its own, then four copied.
    const std::string long_literals(
        "\xF0\x05"
        "abcdefghijklmnopqrst"
        "\x14\x00\x10!",
        26);
    for (std::size_t size = 0; size <= 25; ++size)
        CHECK(unlz4_beginning(long_literals, size) == std::string("abcdefghijklmnopqrstabcd!").substr(0, size));
    const std::string stream(
        "\x08\x04"
        "ab\x11\x02",
        6);
    CHECK(unsnappy_beginning(stream, 100) ==
          "ababab"
          "ab");
    CHECK(unsnappy_beginning(stream, 3) == "aba");
}

namespace {

Result<std::string> frame_of(std::string_view bytes, std::uint64_t size, bool whole) {
    const test::ScratchFile file(bytes);
    FileSource source(file.fd());
    return unlz4_frame(source, size, whole);
}

// A frame without checksums but that of its header.
std::string frame_with(char flags, const std::vector<std::string>& blocks) {
    std::string out("\x04\x22\x4D\x18", 4);
    const std::string header{flags, '\x40'};
    out += header + static_cast<char>(xxhash32(header) >> 8 & 0xFF);
    for (const std::string& block : blocks) out += block;
    return out + std::string(4, '\0');
}

}  // namespace

TEST_CASE("LZ4 frames of another program are inflated, whole and from their beginning, with their checksums",
          "[formats]") {
    CHECK(xxhash32("") == 0x02CC5D05);
    CHECK(xxhash32("abc") == 0x32D153FF);
    CHECK(xxhash32("Nobody inspects the spammish repetition") == 0xE2293B2F);
    // 200 times "a" by lz4 -B4 -BX --content-size.
    const std::string frame(
        "\x04\x22\x4d\x18\x7c\x40\xc8\0\0\0\0\0\0\0\x2c\x0b\0\0\0\x1f\x61\x01\0\xaf\x50\x61\x61\x61\x61\x61"
        "\xea\xa2\xbd\x1a\0\0\0\0\x47\x6f\x28\x78",
        42);
    const std::string text(200, 'a');
    CHECK(*frame_of(frame, 200, true) == text);
    CHECK(*frame_of(frame, 7, false) == text.substr(0, 7));
    CHECK(*frame_of(frame, 0, false) == "");
    for (const std::size_t size : {199, 201}) CHECK(frame_of(frame, size, true).error().code == Errc::corrupt);
    CHECK(frame_of(frame, 201, false).error().code == Errc::corrupt);
    for (std::size_t at = 0; at < frame.size(); ++at) {
        INFO(at);
        std::string changed = frame;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        CHECK_FALSE(frame_of(changed, 200, true).has_value());
        CHECK_FALSE(frame_of(frame.substr(0, at), 200, true).has_value());
    }
}

TEST_CASE("blocks of an LZ4 frame copy from the block before only where they are linked", "[formats]") {
    const std::string plain(
        "\x06\0\0\x80"
        "abcdef",
        10),
        copy(
            "\x06\0\0\0"
            "\x02\x06\0\x20xy",
            10);
    CHECK(*frame_of(frame_with('\x40', {plain, copy}), 14, true) == "abcdefabcdefxy");
    CHECK(*frame_of(frame_with('\x40', {plain, copy}), 8, false) == "abcdefab");
    CHECK_FALSE(frame_of(frame_with('\x60', {plain, copy}), 14, true).has_value());
    CHECK_FALSE(frame_of(frame_with('\x60', {plain, copy}), 8, false).has_value());
    CHECK_FALSE(frame_of(frame_with('\x41', {plain}), 6, true).has_value());  // needs a dictionary
}
