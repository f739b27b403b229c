// parquet_encodings.cpp: runs, bit-packed numbers, differences, and strings that share beginnings.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_encodings.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace neurolake::formats {
namespace {

bool take_varint(std::string_view& rest, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (rest.empty()) return false;
        const auto b = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        value |= static_cast<std::uint64_t>(b & 0x7F) << shift;
        if (b < 0x80) return true;
    }
    return false;
}

bool take(std::string_view& rest, std::uint64_t size, std::string_view& bytes) {
    if (size > rest.size()) return false;
    bytes = rest.substr(0, static_cast<std::size_t>(size));
    rest.remove_prefix(bytes.size());
    return true;
}

// `width` bits from bit `at` on, the lowest first.
bool bits_at(std::string_view bytes, std::uint64_t at, unsigned width, std::uint64_t& value) {
    value = 0;
    if (width > 64 || at > bytes.size() * std::uint64_t{8} || width > bytes.size() * std::uint64_t{8} - at)
        return false;
    for (unsigned got = 0; got < width;) {
        const auto b = static_cast<unsigned char>(bytes[static_cast<std::size_t>(at / 8)]);
        const unsigned skip = static_cast<unsigned>(at % 8), now = std::min(8 - skip, width - got);
        value |= static_cast<std::uint64_t>((b >> skip) & ((1u << now) - 1)) << got;
        got += now;
        at += now;
    }
    return true;
}

std::uint64_t unzigzag(std::uint64_t v) { return (v >> 1) ^ (~(v & 1) + 1); }

template <typename T>
T little_endian(std::string_view bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

class PlainValues final : public ParquetDecoder {
public:
    PlainValues(std::string_view bytes, std::size_t size) : m_rest(bytes), m_size(size) {}
    bool next(std::string_view& value) override {
        std::uint64_t size = m_size;
        if (m_size == 0) {
            std::string_view length;
            if (!take(m_rest, 4, length)) return false;
            size = little_endian<std::uint32_t>(length);
        }
        return take(m_rest, size, value);
    }

private:
    std::string_view m_rest;
    std::size_t m_size;  // 0: each value has its own
};

class PlainBooleans final : public ParquetDecoder {
public:
    explicit PlainBooleans(std::string_view bytes) : m_bytes(bytes) {}
    bool next(std::string_view& value) override {
        std::uint64_t bit = 0;
        if (!bits_at(m_bytes, m_at++, 1, bit)) return false;
        m_value = static_cast<char>(bit);
        value = {&m_value, 1};
        return true;
    }

private:
    std::string_view m_bytes;
    std::uint64_t m_at = 0;
    char m_value = 0;
};

class RunBooleans final : public ParquetDecoder {
public:
    explicit RunBooleans(std::string_view bytes) : m_runs(bytes.substr(std::min<std::size_t>(4, bytes.size())), 1) {}
    bool next(std::string_view& value) override {
        std::uint32_t bit = 0;
        if (!m_runs.next(bit)) return false;
        m_value = static_cast<char>(bit & 1);
        value = {&m_value, 1};
        return true;
    }

private:
    ParquetRuns m_runs;
    char m_value = 0;
};

class DictionaryValues final : public ParquetDecoder {
public:
    DictionaryValues(std::string_view bytes, const ParquetDictionary& dictionary) : m_dictionary(dictionary) {
        if (bytes.empty()) return;
        const unsigned width = static_cast<unsigned char>(bytes[0]);
        if (width <= 32) m_indices = ParquetRuns(bytes.substr(1), width);
    }
    bool next(std::string_view& value) override {
        std::uint32_t index = 0;
        if (!m_indices.next(index) || index >= m_dictionary.values.size()) return false;
        value = m_dictionary.values[index];
        return true;
    }

private:
    ParquetRuns m_indices;
    const ParquetDictionary& m_dictionary;
};

class DeltaNumbers final : public ParquetDecoder {
public:
    DeltaNumbers(std::string_view bytes, std::size_t size) : m_deltas(bytes), m_size(size) {}
    bool next(std::string_view& value) override {
        if (!m_deltas.next(m_number)) return false;
        value = {reinterpret_cast<const char*>(&m_number), m_size};  // the low bytes come first
        return true;
    }

private:
    ParquetDeltas m_deltas;
    std::size_t m_size;
    std::int64_t m_number = 0;
};

// Lengths first, then all bytes.
class DeltaLengths final : public ParquetDecoder {
public:
    explicit DeltaLengths(std::string_view bytes) : m_lengths(bytes) { m_ok = m_lengths.behind(m_rest); }
    bool next(std::string_view& value) override {
        std::int64_t length = 0;
        return m_ok && m_lengths.next(length) && length >= 0 && take(m_rest, static_cast<std::uint64_t>(length), value);
    }

private:
    ParquetDeltas m_lengths;
    std::string_view m_rest;
    bool m_ok = false;
};

// How much of the value before each begins with, then what follows.
class DeltaBytes final : public ParquetDecoder {
public:
    explicit DeltaBytes(std::string_view bytes) : m_prefixes(bytes) {
        std::string_view rest;
        if (m_prefixes.behind(rest)) m_suffixes = std::make_unique<DeltaLengths>(rest);
    }
    bool next(std::string_view& value) override {
        constexpr std::size_t k_longest = 16u << 20;
        std::int64_t prefix = 0;
        std::string_view suffix;
        if (!m_suffixes || !m_prefixes.next(prefix) || !m_suffixes->next(suffix)) return false;
        if (prefix < 0 || static_cast<std::uint64_t>(prefix) > m_value.size()) return false;
        m_value.resize(static_cast<std::size_t>(prefix));
        if (suffix.size() > k_longest - std::min(k_longest, m_value.size())) return false;
        m_value += suffix;
        value = m_value;
        return true;
    }

private:
    ParquetDeltas m_prefixes;
    std::unique_ptr<DeltaLengths> m_suffixes;
    std::string m_value;
};

// The first bytes of all values, then the second ones ...
class SplitBytes final : public ParquetDecoder {
public:
    SplitBytes(std::string_view bytes, std::size_t size)
        : m_bytes(bytes),
          m_count(bytes.size() % size == 0 ? bytes.size() / size : 0),
          m_value(m_count > 0 ? size : 0, '\0') {}
    bool next(std::string_view& value) override {
        if (m_at >= m_count) return false;
        for (std::size_t i = 0; i < m_value.size(); ++i) m_value[i] = m_bytes[i * m_count + m_at];
        ++m_at;
        value = m_value;
        return true;
    }

private:
    std::string_view m_bytes;
    std::size_t m_count, m_at = 0;
    std::string m_value;
};

}  // namespace

bool ParquetRuns::begin_run() {
    std::uint64_t header = 0;
    if (!take_varint(m_rest, header)) return false;
    m_packed = (header & 1) != 0;
    m_left = header >> 1;
    if (m_packed) {
        if (m_left > ~std::uint64_t{0} / 8) return false;
        m_left *= 8;
        m_bit = 0;
        return true;
    }
    std::string_view bytes;
    if (!take(m_rest, (m_width + 7) / 8, bytes)) return false;
    m_value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        m_value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return true;
}

bool ParquetRuns::next(std::uint32_t& value) {
    while (m_left == 0) {
        if (m_packed) {  // whole bytes: eight values take as many as each has bits
            m_rest.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>((m_bit + 7) / 8, m_rest.size())));
            m_packed = false;
        }
        if (!begin_run()) return false;
    }
    --m_left;
    if (m_packed) {
        std::uint64_t bits = 0;
        if (!bits_at(m_rest, m_bit, m_width, bits)) return false;
        m_bit += m_width;
        m_value = static_cast<std::uint32_t>(bits);
    }
    value = m_value;
    return true;
}

ParquetDeltas::ParquetDeltas(std::string_view bytes) : m_rest(bytes) {
    std::uint64_t first = 0;
    m_ok = take_varint(m_rest, m_block) && take_varint(m_rest, m_minis) && take_varint(m_rest, m_total) &&
           take_varint(m_rest, first) && m_minis > 0 && m_block > 0 && m_block % m_minis == 0 &&
           (m_block / m_minis) % 8 == 0 && m_block <= (1u << 30);
    m_value = unzigzag(first);
    if (m_ok) m_per_mini = m_block / m_minis;
    m_at = m_block;  // a block begins with the second value
}

bool ParquetDeltas::begin_block() {
    std::uint64_t least = 0;
    if (!take_varint(m_rest, least) || !take(m_rest, m_minis, m_widths)) return false;
    m_least = unzigzag(least);
    m_at = 0;
    return true;
}

bool ParquetDeltas::next(std::int64_t& value) {
    if (!m_ok || m_given >= m_total) return false;
    if (m_given > 0) {
        if (m_at == m_block && !begin_block()) return m_ok = false;
        const unsigned width = static_cast<unsigned char>(m_widths[static_cast<std::size_t>(m_at / m_per_mini)]);
        const std::uint64_t in_mini = m_at % m_per_mini;
        if (width > 64) return m_ok = false;
        if (in_mini == 0) {  // the last one may be cut
            m_mini = m_rest.substr(
                0, static_cast<std::size_t>(std::min<std::uint64_t>(m_per_mini / 8 * width, m_rest.size())));
            m_rest.remove_prefix(m_mini.size());
        }
        std::uint64_t delta = 0;
        if (!bits_at(m_mini, in_mini * width, width, delta)) return m_ok = false;
        m_value += m_least + delta;
        ++m_at;
    }
    ++m_given;
    value = static_cast<std::int64_t>(m_value);
    return true;
}

bool ParquetDeltas::behind(std::string_view& rest) const {
    if (!m_ok) return false;
    ParquetDeltas ahead = *this;
    std::uint64_t left = m_total > 0 ? m_total - 1 : 0;
    while (left > 0) {
        if (!ahead.begin_block()) return false;
        for (const char bits : ahead.m_widths) {
            const unsigned width = static_cast<unsigned char>(bits);
            std::string_view mini;
            if (width > 64 || !take(ahead.m_rest, m_per_mini / 8 * width, mini)) return false;
            left -= std::min(left, m_per_mini);
            if (left == 0) break;  // miniblocks without values are not stored
        }
    }
    rest = ahead.m_rest;
    return true;
}

std::size_t parquet_value_size(const ParquetElement& element) {
    switch (element.physical) {
        case ParquetPhysical::boolean:
            return 1;
        case ParquetPhysical::int32:
        case ParquetPhysical::float32:
            return 4;
        case ParquetPhysical::int64:
        case ParquetPhysical::float64:
            return 8;
        case ParquetPhysical::int96:
            return 12;
        case ParquetPhysical::fixed:
            return static_cast<std::size_t>(std::max(element.type_length, 0));
        default:
            return 0;
    }
}

Result<std::unique_ptr<ParquetDecoder>> parquet_decoder(std::int64_t encoding, const ParquetElement& element,
                                                        std::string_view bytes, const ParquetDictionary* dictionary) {
    using Made = std::unique_ptr<ParquetDecoder>;
    constexpr std::int64_t k_plain = 0, k_old_dictionary = 2, k_runs = 3, k_deltas = 5, k_delta_lengths = 6,
                           k_delta_bytes = 7, k_dictionary = 8, k_split = 9;
    const ParquetPhysical type = element.physical;
    const std::size_t size = parquet_value_size(element);
    const bool is_text = type == ParquetPhysical::byte_array, is_fixed = type == ParquetPhysical::fixed;
    const bool is_integer = type == ParquetPhysical::int32 || type == ParquetPhysical::int64;
    if (is_fixed && size == 0) return Error(Errc::corrupt, "values of no bytes");
    if ((encoding == k_old_dictionary || encoding == k_dictionary) && dictionary == nullptr)
        return Error(Errc::corrupt, "the dictionary is missing");
    if (encoding == k_old_dictionary || encoding == k_dictionary)
        return Made(std::make_unique<DictionaryValues>(bytes, *dictionary));
    if (type == ParquetPhysical::boolean) {
        if (encoding == k_plain) return Made(std::make_unique<PlainBooleans>(bytes));
        if (encoding == k_runs) return Made(std::make_unique<RunBooleans>(bytes));
    } else if (encoding == k_plain)
        return Made(std::make_unique<PlainValues>(bytes, size));
    if (encoding == k_deltas && is_integer) return Made(std::make_unique<DeltaNumbers>(bytes, size));
    if (encoding == k_delta_lengths && is_text) return Made(std::make_unique<DeltaLengths>(bytes));
    if (encoding == k_delta_bytes && (is_text || is_fixed)) return Made(std::make_unique<DeltaBytes>(bytes));
    if (encoding == k_split && size > 1) return Made(std::make_unique<SplitBytes>(bytes, size));
    return Error(Errc::corrupt, fmt::format("encoding {} is none that values of this type can have", encoding));
}

}  // namespace neurolake::formats
