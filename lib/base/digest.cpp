// digest.cpp: libcrypto's digests, every call checked; hex and base64.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cstddef>

#include "base/file.hpp"

namespace neurolake {

namespace {

Error digest_failed() { return Error(Errc::io, "the digest library failed (out of memory?)", "try again"); }

// A digest in progress.
struct Running {
    EVP_MD_CTX* context = nullptr;
    const EVP_MD* kind;
    bool failed = false;
    explicit Running(const EVP_MD* k) : context(EVP_MD_CTX_new()), kind(k) { start(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { EVP_MD_CTX_free(context); }

    void start() { failed = !context || EVP_DigestInit_ex(context, kind, nullptr) != 1; }
    void update(const void* data, std::size_t size) {
        if (!failed && EVP_DigestUpdate(context, data, size) != 1) failed = true;
    }
    template <std::size_t N>
    Result<std::array<std::uint8_t, N>> finish() {
        std::array<std::uint8_t, N> out{};
        unsigned size = 0;
        const bool ok = !failed && EVP_DigestFinal_ex(context, out.data(), &size) == 1 && size == out.size();
        start();
        if (!ok) return digest_failed();
        return out;
    }
};

template <std::size_t N>
Result<std::array<std::uint8_t, N>> one_shot(const EVP_MD* kind, std::string_view bytes) {
    std::array<std::uint8_t, N> out{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) != 1 || size != N)
        return digest_failed();
    return out;
}

}  // namespace

struct Sha256::State : Running {
    State() : Running(EVP_sha256()) {}
};
struct Md5::State : Running {
    State() : Running(EVP_md5()) {}
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(const void* data, std::size_t size) { m_state->update(data, size); }
void Sha256::update(std::string_view bytes) { update(bytes.data(), bytes.size()); }
Result<Sha256Digest> Sha256::finish() { return m_state->finish<32>(); }
void Sha256::reset() { m_state->start(); }

Md5::Md5() : m_state(std::make_unique<State>()) {}
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;
Md5::~Md5() = default;

void Md5::update(std::string_view bytes) { m_state->update(bytes.data(), bytes.size()); }
Result<Md5Digest> Md5::finish() { return m_state->finish<16>(); }

Result<Sha256Digest> sha256(std::string_view bytes) { return one_shot<32>(EVP_sha256(), bytes); }
Result<Md5Digest> md5(std::string_view bytes) { return one_shot<16>(EVP_md5(), bytes); }

Result<Sha256Digest> hmac_sha256(std::string_view key, std::string_view bytes) {
    Sha256Digest out{};
    unsigned size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(), out.data(), &size) ||
        size != out.size())
        return digest_failed();
    return out;
}

Result<Sha256Digest> sha256_of(int fd) {
    Sha256 hash;
    std::array<std::byte, 64 << 10> buffer;  // not set to zero: most files are smaller
    for (std::uint64_t offset = 0;;) {
        TRY(const std::size_t n, read_some(fd, buffer, offset));
        if (n == 0) return hash.finish();
        hash.update(buffer.data(), n);
        offset += n;
    }
}

std::string to_hex(const void* data, std::size_t size) {
    static constexpr char k_digits[] = "0123456789abcdef";
    const auto* bytes = static_cast<const unsigned char*>(data);
    std::string out;
    out.reserve(size * 2);
    for (std::size_t i = 0; i < size; ++i) {
        out += k_digits[bytes[i] >> 4];
        out += k_digits[bytes[i] & 15];
    }
    return out;
}

Result<std::string> from_hex(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    if (text.size() % 2) return Error(Errc::usage, "a hex text of odd length");
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0) return Error(Errc::usage, "a hex text with other characters than 0-9 a-f");
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

namespace {
constexpr char k_base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string to_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k) out += k <= left ? k_base64[group >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

Result<std::string> from_base64(std::string_view text) {
    const Error bad(Errc::usage, "a base64 text that is not RFC 4648");
    if (text.size() % 4) return bad;
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    std::string out;
    std::uint32_t group = 0;
    int bits = 0;
    for (const char c : text) {
        const auto* at = static_cast<const char*>(std::char_traits<char>::find(k_base64, 64, c));
        if (!at) return bad;
        group = group << 6 | static_cast<std::uint32_t>(at - k_base64);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(group >> bits & 255);
        }
    }
    return out;
}

std::string random_hex(std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t done = 0; done < count;) {
        const ssize_t n = ::getrandom(bytes.data() + done, count - done, 0);
        if (n > 0) done += static_cast<std::size_t>(n);
    }
    return to_hex(bytes.data(), bytes.size());
}

}  // namespace neurolake
