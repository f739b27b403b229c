// flatbuffer.hpp: a bounded reader of FlatBuffers tables, as Arrow's metadata uses them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace neurolake::formats {

// Source: FlatBuffers "Internals". Never allocates and never reads outside its bytes, wherever offsets point. Offsets
// go forward only, so that tables cannot contain themselves; many may share one, so callers count what they visit.
class FlatTable {
public:
    // The table a buffer begins with; nothing when it is none.
    static std::optional<FlatTable> root(std::string_view bytes) { return at_offset(bytes, 0); }

    // A number of the table, or the fallback where it is not stored.
    template <typename T>
    T number(unsigned field, T fallback) const {
        const std::size_t at = place(field, sizeof(T));
        return at == 0 ? fallback : load<T>(m_bytes, at);
    }
    std::optional<FlatTable> table(unsigned field) const {
        const std::size_t at = place(field, 4);
        return at == 0 ? std::nullopt : at_offset(m_bytes, at);
    }
    std::string_view text(unsigned field) const { return vector(field, 1); }
    // The bytes of a vector of numbers or structs; empty when missing or wrong.
    std::string_view vector(unsigned field, std::size_t element_bytes) const {
        const std::size_t at = place(field, 4);
        if (at == 0) return {};
        const std::size_t start = at + load<std::uint32_t>(m_bytes, at);
        if (start > m_bytes.size() || m_bytes.size() - start < 4) return {};
        const std::uint64_t size = std::uint64_t{load<std::uint32_t>(m_bytes, start)} * element_bytes;
        if (size > m_bytes.size() - start - 4) return {};
        return m_bytes.substr(start + 4, static_cast<std::size_t>(size));
    }
    // Vectors of tables.
    std::size_t count(unsigned field) const { return vector(field, 4).size() / 4; }
    std::optional<FlatTable> item(unsigned field, std::size_t i) const {
        const std::string_view offsets = vector(field, 4);
        if (i >= offsets.size() / 4) return std::nullopt;
        return at_offset(m_bytes, static_cast<std::size_t>(offsets.data() - m_bytes.data()) + 4 * i);
    }

private:
    FlatTable(std::string_view bytes, std::size_t at, std::size_t slots, std::size_t slots_size)
        : m_bytes(bytes), m_at(at), m_slots(slots), m_slots_size(slots_size) {}

    template <typename T>
    static T load(std::string_view bytes, std::size_t at) {
        T value;
        std::memcpy(&value, bytes.data() + at, sizeof(T));
        return value;
    }

    // The table that the offset stored at `at` leads to.
    static std::optional<FlatTable> at_offset(std::string_view bytes, std::size_t at) {
        if (bytes.size() < 4 || at > bytes.size() - 4) return std::nullopt;
        const std::size_t table = at + load<std::uint32_t>(bytes, at);
        if (table > bytes.size() - 4) return std::nullopt;
        const std::int64_t slots = static_cast<std::int64_t>(table) - load<std::int32_t>(bytes, table);
        if (slots < 0 || slots > static_cast<std::int64_t>(bytes.size()) - 4) return std::nullopt;
        const auto start = static_cast<std::size_t>(slots);
        const std::size_t size = load<std::uint16_t>(bytes, start);
        if (size < 4 || size > bytes.size() - start) return std::nullopt;
        return FlatTable(bytes, table, start, size);
    }

    // Where a field of so many bytes stands; 0 = nowhere.
    std::size_t place(unsigned field, std::size_t width) const {
        const std::size_t slot = 4 + 2 * std::size_t{field};
        if (slot + 2 > m_slots_size) return 0;
        const std::size_t offset = load<std::uint16_t>(m_bytes, m_slots + slot);
        if (offset < 4 || offset > m_bytes.size() - m_at || width > m_bytes.size() - m_at - offset) return 0;
        return m_at + offset;
    }

    std::string_view m_bytes;
    std::size_t m_at, m_slots, m_slots_size;
};

}  // namespace neurolake::formats
