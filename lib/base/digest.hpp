// digest.hpp: SHA-256, HMAC, MD5 (libcrypto behind a fence), hex and base64.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace neurolake {

using Sha256Digest = std::array<std::uint8_t, 32>;  // FIPS 180-4
using Md5Digest = std::array<std::uint8_t, 16>;     // RFC 1321; for Content-MD5 only, never as proof alone

// Incremental SHA-256. Every libcrypto call is checked: an out-of-memory digest aborts the operation with an Error
// from finish(), it never yields a wrong hash.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();
    void update(std::string_view bytes);
    void update(const void* data, std::size_t size);
    Result<Sha256Digest> finish();  // afterwards the object starts anew
    void reset();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

// The same for MD5.
class Md5 {
public:
    Md5();
    Md5(Md5&&) noexcept;
    Md5& operator=(Md5&&) noexcept;
    ~Md5();
    void update(std::string_view bytes);
    Result<Md5Digest> finish();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

Result<Sha256Digest> sha256(std::string_view bytes);
Result<Md5Digest> md5(std::string_view bytes);
Result<Sha256Digest> hmac_sha256(std::string_view key, std::string_view bytes);  // RFC 2104
// Reads the whole file from offset 0 with pread; does not move the file offset.
Result<Sha256Digest> sha256_of(int fd);

std::string to_hex(const void* data, std::size_t size);
template <std::size_t N>
std::string to_hex(const std::array<std::uint8_t, N>& digest) {
    return to_hex(digest.data(), N);
}
Result<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);  // RFC 4648, with padding
template <std::size_t N>
std::string to_base64(const std::array<std::uint8_t, N>& digest) {
    return to_base64(std::string_view(reinterpret_cast<const char*>(digest.data()), N));
}
Result<std::string> from_base64(std::string_view text);
// Bytes from the kernel's generator, as lower-case hex of 2 * count characters.
std::string random_hex(std::size_t count);

}  // namespace neurolake
