// value_json.cpp: numbers by their shortest text.
// SPDX-License-Identifier: Apache-2.0
#include "formats/value_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "formats/cell.hpp"

namespace neurolake::formats {
namespace {

json::Value real_json(double value, const std::string& text) {
    return std::isfinite(value) ? json::Value(std::strtod(text.c_str(), nullptr)) : json::Value(text);
}

}  // namespace

json::Value float_json(float value) {
    const auto wide = static_cast<double>(value);
    return real_json(wide, std::isfinite(wide) ? fmt::format("{}", value) : double_text(wide));
}

json::Value double_json(double value) { return real_json(value, double_text(value)); }

float half_float(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
    if (exponent == 31) return fraction != 0 ? std::nanf("") : sign * INFINITY;
    if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
    return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

std::optional<std::string> cell_of(const json::Value& value) {
    if (value.is_null()) return std::nullopt;
    if (const std::string* text = value.as_string()) return *text;
    if (value.as_int() || value.as_uint() || value.is_array() || value.is_object()) return json::dump(value);
    if (const auto real = value.as_double()) return double_text(*real);
    return json::dump(value);
}

}  // namespace neurolake::formats
