// msgpack_reader.hpp: a bounded pull reader of MessagePack that never allocates by a declared number.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace neurolake::formats {

// Source: the MessagePack specification (2013 and later). A failure is sticky: ok() turns false and reads yield
// nothing.
class MsgpackReader {
public:
    explicit MsgpackReader(std::string_view bytes) : m_bytes(bytes) {}

    bool ok() const { return m_ok; }
    std::size_t left() const { return m_bytes.size() - m_at; }
    void fail() { m_ok = false; }

    // Each takes the next value if it is of that kind, else leaves it and returns nothing.
    bool nil();
    std::optional<bool> boolean();
    std::optional<std::int64_t> integer();   // beyond int64: clamped
    std::optional<std::uint64_t> natural();  // non-negative ones only
    std::optional<double> number();          // integers and floats
    std::optional<std::string_view> text();  // str, and bin of older writers
    std::optional<std::uint64_t> array();    // how many elements follow; fails when they cannot fit
    std::optional<std::uint64_t> map();      // how many pairs follow; the same
    void skip();                             // any value; depth at most 64

    // The value as text whatever it is: text as is, numbers and booleans spelled; containers are skipped and yield
    // nothing.
    std::optional<std::string> scalar_text();

private:
    std::uint8_t peek() const { return m_at < m_bytes.size() ? static_cast<std::uint8_t>(m_bytes[m_at]) : 0xC1; }
    std::uint64_t big_endian(std::size_t at, std::size_t size);
    bool need(std::uint64_t size);
    std::optional<std::uint64_t> count(std::uint8_t fix, std::uint8_t fix_mask, std::uint8_t wide,
                                       std::uint64_t least_bytes);
    void skip(int depth);

    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_ok = true;
};

}  // namespace neurolake::formats
