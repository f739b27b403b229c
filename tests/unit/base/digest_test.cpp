// digest_test.cpp: published vectors for digests, hex and base64.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "support/scratch.hpp"

using namespace neurolake;

TEST_CASE("SHA-256 gives the vectors of FIPS 180-4", "[base]") {
    CHECK(to_hex(*sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(*sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 pieces;
    for (int i = 0; i < 1000; ++i) pieces.update(std::string(1000, 'a'));
    CHECK(to_hex(*pieces.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK(to_hex(*pieces.finish()) == to_hex(*sha256("")));
}

TEST_CASE("MD5 and HMAC give the vectors of their RFCs", "[base]") {
    CHECK(to_hex(*md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
    Md5 running;
    running.update("message ");
    running.update("digest");
    CHECK(to_hex(*running.finish()) == to_hex(*md5("message digest")));
    CHECK(to_hex(*running.finish()) == to_hex(*md5("")));
    CHECK(to_hex(*hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("a file's digest does not move its offset", "[base]") {
    tests::Scratch scratch;
    const std::string bytes(700'000, 'z');
    auto file = open_file(scratch.write("f", bytes), O_RDONLY);
    REQUIRE(::lseek(file->get(), 5, SEEK_SET) == 5);
    CHECK(*sha256_of(file->get()) == *sha256(bytes));
    CHECK(::lseek(file->get(), 0, SEEK_CUR) == 5);
}

TEST_CASE("base64 and hex go there and back", "[base]") {
    const std::string all = [] {
        std::string s;
        for (int i = 0; i < 256; ++i) s += static_cast<char>(i);
        return s;
    }();
    for (std::size_t n = 0; n <= all.size(); ++n) {
        const std::string part = all.substr(0, n);
        CHECK(*from_base64(to_base64(part)) == part);
        CHECK(*from_hex(to_hex(part.data(), part.size())) == part);
    }
    CHECK(to_base64("foob") == "Zm9vYg==");
    CHECK_FALSE(from_base64("Zm9"));
    CHECK_FALSE(from_base64("Zm9*"));
    CHECK_FALSE(from_hex("0g"));
    CHECK_FALSE(from_hex("0"));
}

TEST_CASE("random names differ", "[base]") { CHECK(random_hex(16) != random_hex(16)); }
