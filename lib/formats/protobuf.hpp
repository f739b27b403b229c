// protobuf.hpp: a bounded reader of Protocol Buffers messages, as ORC footers are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace neurolake::formats {

// One field of a message. What a field of another wire type than expected yields is zero, or nothing.
struct ProtobufField {
    enum Wire : std::uint8_t { k_varint = 0, k_fixed64 = 1, k_bytes = 2, k_fixed32 = 5 };
    std::uint64_t id = 0;
    Wire wire = k_varint;
    std::uint64_t number = 0;  // of the numeric wire types: as stored
    std::string_view bytes;    // of k_bytes: text, a message, or packed numbers

    std::int64_t zigzag() const {  // sint32, sint64
        return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
    }
    double real() const { return wire == k_fixed64 ? std::bit_cast<double>(number) : 0; }
};

// Source: Protocol Buffers' "Encoding". Never allocates and never reads outside its bytes. A failure is sticky: ok()
// turns false and nothing more is read, so callers check once at the end. Groups (deprecated) are a failure.
class ProtobufReader {
public:
    explicit ProtobufReader(std::string_view message) : m_bytes(message) {}

    bool ok() const { return m_ok; }

    // The next field; false at the end of the message.
    bool next(ProtobufField& field) {
        if (!m_ok || m_at >= m_bytes.size()) return false;
        const std::uint64_t tag = varint();
        field = {tag >> 3, static_cast<ProtobufField::Wire>(tag & 7), 0, {}};
        switch (field.wire) {
            case ProtobufField::k_varint:
                field.number = varint();
                break;
            case ProtobufField::k_fixed64:
                field.number = fixed<std::uint64_t>();
                break;
            case ProtobufField::k_fixed32:
                field.number = fixed<std::uint32_t>();
                break;
            case ProtobufField::k_bytes:
                field.bytes = take(varint());
                break;
            default:
                m_ok = false;
        }
        return m_ok;
    }

    // Each number of a repeated field, which is packed or not; false where it is neither.
    template <typename OnNumber>
    static bool numbers(const ProtobufField& field, OnNumber on_number) {
        if (field.wire == ProtobufField::k_varint) {
            on_number(field.number);
            return true;
        }
        if (field.wire != ProtobufField::k_bytes) return false;
        ProtobufReader in(field.bytes);
        while (in.m_ok && in.m_at < in.m_bytes.size()) {
            const std::uint64_t number = in.varint();
            if (in.m_ok) on_number(number);
        }
        return in.m_ok;
    }

private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && m_at < m_bytes.size(); shift += 7) {
            const auto byte = static_cast<unsigned char>(m_bytes[m_at++]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        m_ok = false;
        return 0;
    }

    template <typename T>
    T fixed() {
        static_assert(std::endian::native == std::endian::little);
        T value = 0;
        const std::string_view bytes = take(sizeof value);
        if (m_ok) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }

    std::string_view take(std::uint64_t size) {
        if (!m_ok || size > m_bytes.size() - m_at) {
            m_ok = false;
            return {};
        }
        const std::string_view out = m_bytes.substr(m_at, static_cast<std::size_t>(size));
        m_at += out.size();
        return out;
    }

    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_ok = true;
};

}  // namespace neurolake::formats
