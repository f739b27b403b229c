// test_lz4.cpp: the beginnings of LZ4 blocks and Snappy streams, whole, cut and damaged.
// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"
#include "formats/lz4.hpp"
#include "formats/snappy.hpp"

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
    const std::string stream(
        "\x08\x04"
        "ab\x11\x02",
        6);
    CHECK(unsnappy_beginning(stream, 100) ==
          "ababab"
          "ab");
    CHECK(unsnappy_beginning(stream, 3) == "aba");
}
