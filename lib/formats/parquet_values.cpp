// parquet_values.cpp: numbers, times and bytes of Parquet for people.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_values.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "formats/cell.hpp"
#include "formats/parquet_bounds.hpp"
#include "formats/value_json.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

using model::TypeKind;

namespace {

template <typename T>
T little_endian(std::string_view bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

// The older timestamp: nanoseconds of the day, and the day counted from noon of 4714 BC.
json::Value int96_json(std::string_view bytes) {
    constexpr std::int64_t k_day_of_1970 = 2440588, k_day = 86400, k_nanos = 1000000000;
    const auto nanos = little_endian<std::int64_t>(bytes);
    const auto day = static_cast<std::int64_t>(little_endian<std::uint32_t>(bytes.substr(8)));
    if (nanos < 0 || nanos >= k_day * k_nanos) return bytes_text(bytes);
    return timestamp_text((day - k_day_of_1970) * k_day + nanos / k_nanos, static_cast<std::uint32_t>(nanos % k_nanos));
}

constexpr std::size_t k_widest_decimal = 64;  // bytes: 154 digits

json::Value bytes_json(const ParquetElement& element, const model::Type& type, std::string_view bytes) {
    const auto months = [&](std::size_t at) { return little_endian<std::uint32_t>(bytes.substr(at)); };
    switch (type.kind) {
        case TypeKind::text:
        case TypeKind::json:
            return bytes;
        case TypeKind::uuid:
            return bytes.size() == 16 ? uuid_text(bytes) : bytes_text(bytes);
        case TypeKind::interval:
            if (bytes.size() != 12) break;
            return fmt::format("{} months {} days {} ms", months(0), months(4), months(8));
        case TypeKind::float32:
            if (bytes.size() != 2) break;
            return float_json(half_float(little_endian<std::uint16_t>(bytes)));
        case TypeKind::decimal:
            if (const auto text = parquet_value_text(element, type, decode_parquet_value(element, type, bytes)))
                return *text;
            // Decimals of more than 38 digits.
            if (!bytes.empty() && bytes.size() <= k_widest_decimal)
                return scaled_text(wide_text(std::string(bytes.rbegin(), bytes.rend())), type.scale);
            break;
        default:
            break;
    }
    return bytes_text(bytes);
}

json::Value integer_json(const ParquetElement& element, const model::Type& type, std::string_view bytes) {
    const ParquetValue value = decode_parquet_value(element, type, bytes);
    const auto* integer = std::get_if<WideInteger>(&value);
    if (integer == nullptr) return {};
    switch (type.kind) {
        case TypeKind::decimal:
        case TypeKind::date:
        case TypeKind::time:
        case TypeKind::timestamp:
        case TypeKind::timestamp_tz:
            return parquet_value_text(element, type, value).value_or("");
        default:
            return *integer < 0 ? json::Value(static_cast<std::int64_t>(*integer))
                                : json::Value(static_cast<std::uint64_t>(*integer));
    }
}

}  // namespace

json::Value parquet_json(const ParquetElement& element, const model::Type& type, std::string_view bytes) {
    switch (element.physical) {
        case ParquetPhysical::boolean:
            return bytes.size() == 1 ? json::Value(bytes[0] != 0) : json::Value();
        case ParquetPhysical::int32:
        case ParquetPhysical::int64:
            return integer_json(element, type, bytes);
        case ParquetPhysical::int96:
            return bytes.size() == 12 ? int96_json(bytes) : json::Value();
        case ParquetPhysical::float32:
            return bytes.size() == 4 ? float_json(little_endian<float>(bytes)) : json::Value();
        case ParquetPhysical::float64:
            return bytes.size() == 8 ? double_json(little_endian<double>(bytes)) : json::Value();
        case ParquetPhysical::byte_array:
        case ParquetPhysical::fixed:
            return bytes_json(element, type, bytes);
        default:
            return {};
    }
}

bool parquet_fits(const ParquetElement& element, const model::Type& type, std::string_view bytes) {
    if (element.physical != ParquetPhysical::int32 || bytes.size() != sizeof(std::int32_t)) return true;
    const auto stored = little_endian<std::int32_t>(bytes);
    switch (type.kind) {
        case TypeKind::int8:
            return std::in_range<std::int8_t>(stored);
        case TypeKind::int16:
            return std::in_range<std::int16_t>(stored);
        case TypeKind::uint8:
            return std::in_range<std::uint8_t>(stored);
        case TypeKind::uint16:
            return std::in_range<std::uint16_t>(stored);
        default:
            return true;
    }
}

}  // namespace neurolake::formats
