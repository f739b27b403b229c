// thrift_compact.cpp: variable-length integers, and skipping what is not asked for.
// SPDX-License-Identifier: Apache-2.0
#include "formats/thrift_compact.hpp"

namespace neurolake::formats {

std::uint64_t ThriftReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t b = byte();
        value |= static_cast<std::uint64_t>(b & 0x7F) << shift;
        if ((b & 0x80) == 0) return m_ok ? value : 0;
    }
    fail();
    return 0;
}

void ThriftReader::skip(Type type) {
    switch (type) {
        case k_true:
        case k_false:
            return;
        case k_i8:
            return skip_bytes(1);
        case k_i16:
        case k_i32:
        case k_i64:
            varint();
            return;
        case k_double:
            return skip_bytes(8);
        case k_uuid:
            return skip_bytes(16);
        case k_binary:
            return skip_bytes(varint());
        case k_list:
        case k_set:
            // A boolean in a list takes a byte, in a struct none.
            return read_list(type, [&](Type t) { t == k_true || t == k_false ? skip_bytes(1) : skip(t); });
        case k_map: {
            const std::uint64_t count = varint();
            if (count == 0) return;
            if (count > m_bytes.size() - m_at || ++m_depth > k_max_depth) return fail();
            const std::uint8_t types = byte();
            const auto skip_element = [&](std::uint8_t t) {
                t == k_true || t == k_false ? skip_bytes(1) : skip(static_cast<Type>(t));
            };
            for (std::uint64_t i = 0; i < count && m_ok; ++i) {
                skip_element(types >> 4);
                skip_element(types & 0x0F);
            }
            --m_depth;
            return;
        }
        case k_struct:
            return read_struct([&](std::int16_t, Type t) { skip(t); });
        case k_stop:
            break;
    }
    fail();
}

}  // namespace neurolake::formats
