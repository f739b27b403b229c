// arrow_scalars.cpp: numbers, times and bytes of Arrow for people.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_scalars.hpp"

#include <fmt/format.h>

#include <array>

#include "formats/arrow_file.hpp"
#include "formats/value_json.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

using model::TypeKind;
using Meaning = ArrowLayout::Meaning;

namespace {

std::int64_t signed_number(std::string_view bytes) {
    switch (bytes.size()) {
        case 1:
            return little_endian_at<std::int8_t>(bytes);
        case 2:
            return little_endian_at<std::int16_t>(bytes);
        case 4:
            return little_endian_at<std::int32_t>(bytes);
        default:
            return little_endian_at<std::int64_t>(bytes);
    }
}

std::uint64_t unsigned_number(std::string_view bytes) {
    switch (bytes.size()) {
        case 1:
            return little_endian_at<std::uint8_t>(bytes);
        case 2:
            return little_endian_at<std::uint16_t>(bytes);
        case 4:
            return little_endian_at<std::uint32_t>(bytes);
        default:
            return little_endian_at<std::uint64_t>(bytes);
    }
}

json::Value integer_json(const ArrowLayout& layout, std::string_view bytes) {
    if (layout.meaning == Meaning::boolean) return bytes[0] != 0;
    return layout.is_signed ? json::Value(signed_number(bytes)) : json::Value(unsigned_number(bytes));
}

json::Value real_json(std::string_view bytes) {
    if (bytes.size() == 2) return float_json(half_float(little_endian_at<std::uint16_t>(bytes)));
    return bytes.size() == 4 ? float_json(little_endian_at<float>(bytes))
                             : double_json(little_endian_at<double>(bytes));
}

// A negative scale means zeros before the point.
std::string decimal_text(int scale, std::string_view bytes) {
    std::string digits = wide_text(bytes);
    if (scale < 0 && digits != "0") digits.append(static_cast<std::size_t>(-scale), '0');
    return scaled_text(std::move(digits), scale);
}

// Units a second; 0 is seconds.
std::uint32_t per_second(unsigned unit) {
    constexpr std::array<std::uint32_t, 4> k_units{1, 1000, 1000000, 1000000000};
    return k_units[unit % k_units.size()];
}

// In days, or in milliseconds of which only the days count.
std::string date_text_of(const ArrowLayout& layout, std::string_view bytes) {
    constexpr std::int64_t k_day = 86400000;
    std::int64_t days = signed_number(bytes);
    if (layout.unit == 1) days = days / k_day - (days % k_day < 0 ? 1 : 0);
    return stored_time_text(TypeKind::date, days, 0);
}

std::string duration_text(const ArrowLayout& layout, std::string_view bytes) {
    constexpr std::array<std::string_view, 4> k_units{"s", "ms", "us", "ns"};
    return fmt::format("{} {}", signed_number(bytes), k_units[layout.unit % k_units.size()]);
}

// Nanoseconds as milliseconds, with a fraction where it is needed only.
std::string milliseconds(std::int64_t nanos) {
    std::string out = scaled_text(WideInteger{nanos}, 6);
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
    return out;
}

// As Parquet's intervals, which have all three parts.
std::string interval_text(const ArrowLayout& layout, std::string_view bytes) {
    const auto first = little_endian_at<std::int32_t>(bytes);
    if (layout.unit == 0) return fmt::format("{} months 0 days 0 ms", first);
    const auto second = little_endian_at<std::int32_t>(bytes, 4);
    if (layout.unit == 1) return fmt::format("0 months {} days {} ms", first, second);
    return fmt::format("{} months {} days {} ms", first, second,
                       milliseconds(little_endian_at<std::int64_t>(bytes, 8)));
}

}  // namespace

json::Value arrow_scalar(const ArrowLayout& layout, std::string_view bytes) {
    switch (layout.stored) {
        case ArrowStored::integer:
            return integer_json(layout, bytes);
        case ArrowStored::real:
            return real_json(bytes);
        case ArrowStored::decimal:
            return decimal_text(layout.scale, bytes);
        case ArrowStored::date:
            return date_text_of(layout, bytes);
        case ArrowStored::time:
            return stored_time_text(TypeKind::time, signed_number(bytes), per_second(layout.unit));
        case ArrowStored::timestamp:
            return stored_time_text(layout.meaning == Meaning::in_zone ? TypeKind::timestamp_tz : TypeKind::timestamp,
                                    signed_number(bytes), per_second(layout.unit));
        case ArrowStored::duration:
            return duration_text(layout, bytes);
        case ArrowStored::interval:
            return interval_text(layout, bytes);
        case ArrowStored::fixed_binary:
            return layout.meaning == Meaning::uuid ? uuid_text(bytes) : bytes_text(bytes);
        default:
            return {};
    }
}

}  // namespace neurolake::formats
