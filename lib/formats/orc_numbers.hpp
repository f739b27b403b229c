// orc_numbers.hpp: ORC's run length encodings: bits, bytes, integers of both versions, and decimals' varints.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "formats/orc_stream.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

// Source: the ORC specification v1, "Run Length Encoding". Each gives one value after the other; errors: those of the
// stream, and corrupt where a run cannot be.

class OrcBytes {
public:
    explicit OrcBytes(std::unique_ptr<OrcStream> stream) : m_stream(std::move(stream)) {}
    Result<std::uint8_t> next();

private:
    std::unique_ptr<OrcStream> m_stream;
    std::size_t m_left = 0;
    bool m_is_run = false;
    std::uint8_t m_value = 0;
};

class OrcBits {
public:
    explicit OrcBits(std::unique_ptr<OrcStream> stream) : m_bytes(std::move(stream)) {}
    Result<bool> next();

private:
    OrcBytes m_bytes;
    unsigned m_left = 0;
    std::uint8_t m_byte = 0;
};

class OrcIntegers {
public:
    OrcIntegers(std::unique_ptr<OrcStream> stream, bool is_signed, bool second_version)
        : m_stream(std::move(stream)), m_is_signed(is_signed), m_second(second_version) {}
    Result<std::int64_t> next();  // of unsigned ones the bits

private:
    Status load();
    Status load_first();
    Status load_second();
    Status short_repeat(std::uint8_t head);
    Status direct(std::uint8_t head);
    Status patched(std::uint8_t head);
    Status delta(std::uint8_t head);

    Result<std::uint64_t> varint();
    Result<std::uint64_t> big_endian(unsigned bytes);
    Result<std::size_t> length(std::uint8_t head);  // of a run, with the byte that follows
    Status packed(std::size_t count, unsigned bits, std::vector<std::uint64_t>& into);
    std::int64_t value_of(std::uint64_t stored) const;

    std::unique_ptr<OrcStream> m_stream;
    bool m_is_signed, m_second;
    std::vector<std::int64_t> m_values;  // of the run, at most 512
    std::size_t m_taken = 0;
};

// The integers of decimals: zigzag, of any length up to 128 bits.
Result<WideInteger> read_orc_wide(OrcStream& stream);

}  // namespace neurolake::formats
