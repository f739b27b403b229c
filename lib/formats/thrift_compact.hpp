// thrift_compact.hpp: a bounded reader of Thrift's compact protocol, as Parquet footers use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace neurolake::formats {

// Source: the Thrift compact protocol specification. Never allocates and never reads outside its bytes. A failure is
// sticky: ok() turns false and every read yields zero, so callers check once at the end.
class ThriftReader {
public:
    enum Type : std::uint8_t {
        k_stop = 0,
        k_true = 1,
        k_false = 2,
        k_i8 = 3,
        k_i16 = 4,
        k_i32 = 5,
        k_i64 = 6,
        k_double = 7,
        k_binary = 8,
        k_list = 9,
        k_set = 10,
        k_map = 11,
        k_struct = 12,
        k_uuid = 13,
    };

    explicit ThriftReader(std::string_view bytes) : m_bytes(bytes) {}

    bool ok() const { return m_ok; }
    std::size_t position() const { return m_at; }

    // Calls on_field(id, type) for each field of a struct; what it does not read, it must skip(type). Booleans are
    // their type: is_true(type).
    template <typename OnField>
    void read_struct(OnField on_field) {
        if (++m_depth > k_max_depth) fail();
        std::int16_t id = 0;
        while (m_ok) {
            const std::uint8_t head = byte();
            const auto type = static_cast<Type>(head & 0x0F);
            if (type == k_stop) break;
            id = (head >> 4) != 0 ? static_cast<std::int16_t>(id + (head >> 4)) : static_cast<std::int16_t>(integer());
            if (m_ok) on_field(id, type);
        }
        --m_depth;
    }

    // Calls on_element(type) for each element of a list or set.
    template <typename OnElement>
    void read_list(Type type, OnElement on_element) {
        if (type != k_list && type != k_set) return fail();
        const std::uint8_t head = byte();
        const std::uint64_t count = (head >> 4) == 15 ? varint() : head >> 4;
        if (count > m_bytes.size() - m_at) return fail();  // every element takes at least one byte
        if (++m_depth > k_max_depth) fail();
        for (std::uint64_t i = 0; i < count && m_ok; ++i) on_element(static_cast<Type>(head & 0x0F));
        --m_depth;
    }

    static bool is_true(Type type) { return type == k_true; }
    std::int64_t integer() {  // of i16, i32, i64
        const std::uint64_t v = varint();
        return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
    }
    std::int64_t integer(Type type) {
        if (type == k_i8) return static_cast<std::int8_t>(byte());
        if (type != k_i16 && type != k_i32 && type != k_i64) return fail(), 0;
        return integer();
    }
    std::string_view binary(Type type) {
        if (type != k_binary) return fail(), std::string_view();
        const std::uint64_t size = varint();
        if (size > m_bytes.size() - m_at) return fail(), std::string_view();
        const std::string_view out = m_bytes.substr(m_at, static_cast<std::size_t>(size));
        m_at += out.size();
        return out;
    }
    void skip(Type type);
    void fail() { m_ok = false; }

private:
    static constexpr int k_max_depth = 64;

    std::uint8_t byte() {
        if (!m_ok || m_at >= m_bytes.size()) return fail(), std::uint8_t{0};
        return static_cast<std::uint8_t>(m_bytes[m_at++]);
    }
    std::uint64_t varint();
    void skip_bytes(std::uint64_t count) {
        if (count > m_bytes.size() - m_at) return fail();
        m_at += static_cast<std::size_t>(count);
    }

    std::string_view m_bytes;
    std::size_t m_at = 0;
    int m_depth = 0;
    bool m_ok = true;
};

}  // namespace neurolake::formats
