// partition.cpp: names of partition folders and the types of their values.
// SPDX-License-Identifier: Apache-2.0
#include "index/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "model/merge.hpp"

namespace neurolake::index {
namespace {

std::string decoded(std::string_view s) {
    auto plain = text::percent_decode(s);
    return plain ? std::move(*plain) : std::string(s);
}

bool all_digits(std::string_view s) {
    return !s.empty() && std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isdigit(c); });
}

bool is_integer(std::string_view s) {
    if (s.starts_with('-')) s.remove_prefix(1);
    if (!all_digits(s) || s.size() > 18) return false;
    return s.size() <= 2 || s.front() != '0';
}

bool is_fraction(std::string_view s) {
    if (s.starts_with('-')) s.remove_prefix(1);
    const std::size_t dot = s.find('.');
    if (dot == std::string_view::npos || s.size() > 16) return false;
    const std::string_view whole = s.substr(0, dot);
    return all_digits(whole) && all_digits(s.substr(dot + 1)) && (whole.size() == 1 || whole.front() != '0');
}

bool is_date(std::string_view s) {
    if (s.size() != 10 || s[4] != '-' || s[7] != '-') return false;
    return all_digits(s.substr(0, 4)) && parse_rfc3339(s).has_value();
}

model::Type type_of(std::string_view s) {
    if (is_integer(s)) return model::TypeKind::int64;
    if (is_fraction(s)) return model::TypeKind::float64;
    if (is_date(s)) return model::TypeKind::date;
    if (s == "true" || s == "false") return model::TypeKind::boolean;
    return model::TypeKind::text;
}

// "01", not "10": a number that is written longer than it need be.
bool is_padded(std::string_view s) {
    if (s.starts_with('-')) s.remove_prefix(1);
    return s.size() > 1 && s.front() == '0' && is_integer(s);
}

bool is_one_digit(std::string_view s) {
    if (s.starts_with('-')) s.remove_prefix(1);
    return s.size() == 1 && is_integer(s);
}

// "01" beside "1": as numbers, two folders would have one value.
struct Widths {
    const std::string_view *padded = nullptr, *bare = nullptr;
    explicit Widths(const std::vector<std::string_view>& values) {
        for (const std::string_view& value : values) {
            if (!padded && is_padded(value)) padded = &value;
            if (!bare && is_one_digit(value)) bare = &value;
        }
    }
    bool differ() const { return padded && bare; }
};

// Whole numbers that share a column with fractions count as int32: is_fraction admits no more than a double's digits.
model::Type common_type(const std::vector<std::string_view>& values) {
    const bool fractions = std::any_of(values.begin(), values.end(), is_fraction);
    model::Type type;
    for (const std::string_view value : values) {
        model::Type one = type_of(value);
        if (fractions && one.kind == model::TypeKind::int64 && value.size() <= 15) one = model::TypeKind::int32;
        type = model::widen(type, one);
    }
    return type;
}

}  // namespace

std::optional<std::pair<std::string, std::string>> key_value(std::string_view folder_name) {
    const std::size_t equals = folder_name.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const std::string_view key = folder_name.substr(0, equals);
    const auto is_key_byte = [](unsigned char c) {
        return std::isalnum(c) || c == '_' || c == '-' || c == '%' || c >= 0x80;
    };
    if (!std::all_of(key.begin(), key.end(), is_key_byte)) return std::nullopt;
    return std::pair(decoded(key), decoded(folder_name.substr(equals + 1)));
}

std::optional<std::string_view> partition_root(std::string_view folder) {
    std::size_t start = 0;
    while (start <= folder.size() && !folder.empty()) {
        const std::size_t end = std::min(folder.find('/', start), folder.size());
        if (key_value(folder.substr(start, end - start))) return folder.substr(0, start ? start - 1 : 0);
        start = end + 1;
    }
    return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> keys_between(std::string_view root, std::string_view folder) {
    std::vector<std::pair<std::string, std::string>> keys;
    std::string_view rest = folder.substr(std::min(folder.size(), root.size()));
    for (const std::string_view part : text::split(rest, '/'))
        if (auto pair = key_value(part)) keys.push_back(std::move(*pair));
    return keys;
}

model::Column partition_column(std::string name, const std::vector<std::string>& values) {
    model::Column column;
    column.name = std::move(name);
    column.nullable = false;
    std::set<std::string_view> distinct;
    std::vector<std::string_view> sorted;
    for (const std::string& value : values) {
        if (value == k_null_partition) {
            ++column.evidence.nulls;
            column.nullable = true;
        } else if (distinct.insert(value).second) {
            sorted.push_back(value);
        }
    }
    column.evidence.values = values.size() - column.evidence.nulls;
    column.evidence.distinct = distinct.size();
    const Widths widths(sorted);
    column.type = widths.differ() ? model::Type(model::TypeKind::text) : common_type(sorted);
    for (const std::string_view value : sorted) {
        column.evidence.longest = std::max<std::uint64_t>(column.evidence.longest, value.size());
        std::optional<std::string>&min = column.evidence.min, &max = column.evidence.max;
        if (!min || model::compare_values(column.type, value, *min) < 0) min = value;
        if (!max || model::compare_values(column.type, value, *max) > 0) max = value;
    }
    column.evidence.reason = "values of the folders named " + column.name + "=...";
    if (widths.differ())
        column.evidence.reason +=
            fmt::format("; text, because {} and {} are both written", *widths.padded, *widths.bare);
    return column;
}

}  // namespace neurolake::index
