// parquet_bounds.cpp: stored statistics as values and as text.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_bounds.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.hpp"
#include "formats/cell.hpp"

namespace neurolake::formats {

using model::Type;
using model::TypeKind;

namespace {

template <typename T>
std::optional<T> little_endian(std::string_view bytes) {
    static_assert(std::endian::native == std::endian::little);
    if (bytes.size() != sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
}

bool is_unsigned(const Type& type) {
    return type.kind == TypeKind::uint8 || type.kind == TypeKind::uint16 || type.kind == TypeKind::uint32 ||
           type.kind == TypeKind::uint64;
}

ParquetValue decimal_of_bytes(std::string_view bytes) {
    const auto value = big_endian_integer(bytes);
    return value ? ParquetValue(*value) : ParquetValue();
}

template <typename Signed, typename Unsigned>
ParquetValue integer_value(const Type& type, std::string_view bytes) {
    if (is_unsigned(type)) {
        const auto v = little_endian<Unsigned>(bytes);
        return v ? ParquetValue(static_cast<WideInteger>(*v)) : ParquetValue();
    }
    const auto v = little_endian<Signed>(bytes);
    return v ? ParquetValue(static_cast<WideInteger>(*v)) : ParquetValue();
}

// Units a second of a stored time.
std::uint32_t units(const ParquetElement& element) {
    if (element.unit == ParquetUnit::nanos) return 1000000000;
    const bool converted_millis = element.converted == 9 || element.converted == 7;
    return element.unit == ParquetUnit::millis || (element.unit == ParquetUnit::none && converted_millis) ? 1000
                                                                                                          : 1000000;
}

}  // namespace

ParquetValue decode_parquet_value(const ParquetElement& element, const Type& type, std::string_view bytes) {
    switch (element.physical) {
        case ParquetPhysical::boolean: {
            if (bytes.size() != 1) return {};
            return static_cast<WideInteger>(bytes[0] != 0);
        }
        case ParquetPhysical::int32:
            return integer_value<std::int32_t, std::uint32_t>(type, bytes);
        case ParquetPhysical::int64:
            return integer_value<std::int64_t, std::uint64_t>(type, bytes);
        case ParquetPhysical::float32: {
            const auto v = little_endian<float>(bytes);
            return v && !std::isnan(*v) ? ParquetValue(static_cast<double>(*v)) : ParquetValue();
        }
        case ParquetPhysical::float64: {
            const auto v = little_endian<double>(bytes);
            return v && !std::isnan(*v) ? ParquetValue(*v) : ParquetValue();
        }
        case ParquetPhysical::byte_array:
        case ParquetPhysical::fixed:
            if (type.kind == TypeKind::decimal) return decimal_of_bytes(bytes);
            if (type.kind == TypeKind::text && text::is_utf8(bytes)) return std::string(bytes);
            return {};
        default:
            return {};
    }
}

std::optional<std::string> parquet_value_text(const ParquetElement& element, const Type& type,
                                              const ParquetValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<double>(&value))
        return element.physical == ParquetPhysical::float32 ? fmt::format("{}", static_cast<float>(*number))
                                                            : double_text(*number);
    const auto* integer = std::get_if<WideInteger>(&value);
    if (integer == nullptr) return std::nullopt;
    switch (type.kind) {
        case TypeKind::boolean:
            return *integer != 0 ? "true" : "false";
        case TypeKind::decimal:
            return scaled_text(*integer, type.scale);
        case TypeKind::date:
        case TypeKind::time:
        case TypeKind::timestamp:
        case TypeKind::timestamp_tz:
            return stored_time_text(type.kind, static_cast<std::int64_t>(*integer), units(element));
        default:
            return wide_text(*integer);
    }
}

void ParquetBounds::add(const ParquetElement& element, const Type& type, const ParquetChunk& chunk, std::int64_t rows) {
    const ParquetStatistics& statistics = chunk.statistics;
    if (statistics.nulls && *statistics.nulls >= 0 && *statistics.nulls <= rows)
        m_nulls += static_cast<std::uint64_t>(*statistics.nulls);
    else
        m_nulls_known = false;
    const bool all_null = statistics.nulls && *statistics.nulls == rows;
    if (all_null) return;
    // The older fields were compared as signed bytes by some writers: only numbers can be trusted.
    const bool usable =
        statistics.has_bounds && !(statistics.legacy_bounds && (is_unsigned(type) || type.kind == TypeKind::text));
    ParquetValue low = usable ? decode_parquet_value(element, type, statistics.min) : ParquetValue();
    ParquetValue high = usable ? decode_parquet_value(element, type, statistics.max) : ParquetValue();
    if (low.index() == 0 || high.index() == 0) m_known = false;
    if (!m_known) return;
    if (m_min.index() == 0 || low < m_min) m_min = std::move(low);
    if (m_max.index() == 0 || m_max < high) m_max = std::move(high);
}

std::optional<std::string> ParquetBounds::min(const ParquetElement& element, const Type& type) const {
    return m_known ? parquet_value_text(element, type, m_min) : std::nullopt;
}

std::optional<std::string> ParquetBounds::max(const ParquetElement& element, const Type& type) const {
    return m_known ? parquet_value_text(element, type, m_max) : std::nullopt;
}

}  // namespace neurolake::formats
