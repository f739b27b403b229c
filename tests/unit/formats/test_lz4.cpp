// test_lz4.cpp: the beginnings of LZ4 blocks and Snappy streams, whole, cut and damaged.
// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"
#include "formats/lz4.hpp"
#include "formats/snappy.hpp"

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
    const std::string stream(
        "\x08\x04"
        "ab\x11\x02",
        6);
    CHECK(unsnappy_beginning(stream, 100) ==
          "ababab"
          "ab");
    CHECK(unsnappy_beginning(stream, 3) == "aba");
}
