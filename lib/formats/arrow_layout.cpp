// arrow_layout.cpp: widths, units and children of each field.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_layout.hpp"

#include <algorithm>

#include "formats/arrow_file.hpp"

namespace neurolake::formats {
namespace {

using Stored = ArrowStored;

// Fields of a Field table in Schema.fbs.
constexpr unsigned k_name = 0, k_type_type = 2, k_type = 3, k_dictionary = 4, k_children = 5, k_metadata = 6;
constexpr int k_max_depth = 64;

Error broken() { return {Errc::corrupt, "the schema's metadata does not add up"}; }

// Fields of one schema may share their tables: what is visited is counted.
constexpr std::size_t k_max_fields = 100000;

bool is_whole(std::int32_t bits) { return bits == 8 || bits == 16 || bits == 32 || bits == 64; }

std::string_view extension(const FlatTable& field) {
    const std::size_t count = std::min<std::size_t>(field.count(k_metadata), 50);
    for (std::size_t i = 0; i < count; ++i)
        if (const auto pair = field.item(k_metadata, i); pair && pair->text(0) == "ARROW:extension:name")
            return pair->text(1);
    return {};
}

template <typename Width>
Status take_integer(const FlatTable& type, Width& width, bool& is_signed) {
    const auto bits = type.number<std::int32_t>(0, 0);
    if (!is_whole(bits)) return broken();
    width = static_cast<Width>(bits / 8);
    is_signed = type.number<std::uint8_t>(1, 0) != 0;
    return {};
}

std::uint32_t width_of_interval(unsigned unit) {
    constexpr std::uint32_t k_months = 4, k_days_ms = 8, k_months_days_nanos = 16;
    return unit == 0 ? k_months : unit == 1 ? k_days_ms : k_months_days_nanos;
}

Status take_numbers(const FlatTable& type, ArrowLayout& out) {
    switch (out.stored) {
        case Stored::integer:
            return take_integer(type, out.width, out.is_signed);
        case Stored::real: {
            constexpr std::uint32_t k_half = 2;
            const auto precision = type.number<std::int16_t>(0, 0);
            out.width = k_half << std::clamp<int>(precision, 0, 2);
            return precision >= 0 && precision <= 2 ? Status() : broken();
        }
        case Stored::decimal: {
            const auto bits = type.number<std::int32_t>(2, 128);
            if (bits != 32 && bits != 64 && bits != 128 && bits != 256) return broken();
            out.width = static_cast<std::uint32_t>(bits / 8);
            out.scale = type.number<std::int32_t>(1, 0);
            return out.scale >= -76 && out.scale <= 76 ? Status() : broken();
        }
        case Stored::fixed_binary: {
            const auto size = type.number<std::int32_t>(0, 0);
            if (size < 0) return broken();
            out.width = static_cast<std::uint32_t>(size);
            return {};
        }
        default:
            return {};
    }
}

// The unit of a time, which must be one of those there are.
Status take_unit(std::int16_t unit, std::int16_t last, ArrowLayout& out) {
    if (unit < 0 || unit > last) return broken();
    out.unit = static_cast<std::uint8_t>(unit);
    return {};
}

Status take_times(const FlatTable& type, ArrowLayout& out) {
    constexpr std::int16_t k_last_date = 1, k_last_time = 3, k_last_interval = 2;
    switch (out.stored) {
        case Stored::date:
            TRY_DO(take_unit(type.number<std::int16_t>(0, 1), k_last_date, out));
            out.width = out.unit == 0 ? 4 : 8;
            return {};
        case Stored::time: {
            TRY_DO(take_unit(type.number<std::int16_t>(0, 1), k_last_time, out));
            const auto bits = type.number<std::int32_t>(1, 32);
            out.width = bits == 64 ? 8 : 4;
            return bits == 32 || bits == 64 ? Status() : broken();
        }
        case Stored::timestamp:
            out.width = 8;
            if (!type.text(1).empty()) out.meaning = ArrowLayout::Meaning::in_zone;
            return take_unit(type.number<std::int16_t>(0, 0), k_last_time, out);
        case Stored::duration:
            out.width = 8;
            return take_unit(type.number<std::int16_t>(0, 1), k_last_time, out);
        case Stored::interval:
            TRY_DO(take_unit(type.number<std::int16_t>(0, 0), k_last_interval, out));
            out.width = width_of_interval(out.unit);
            return {};
        default:
            return {};
    }
}

bool is_pair(const ArrowLayout& entries) {
    return entries.stored == Stored::structure && entries.children.size() == 2 && !entries.dictionary;
}
bool is_run_end(const ArrowLayout& ends) {
    return ends.stored == Stored::integer && ends.is_signed && ends.width > 1 && !ends.dictionary;
}

Status take_nested(const FlatTable& type, ArrowLayout& out) {
    if (out.stored == Stored::fixed_list) {
        const auto items = type.number<std::int32_t>(0, 0);
        if (items < 0) return broken();
        out.items = static_cast<std::uint32_t>(items);
    }
    if (out.stored == Stored::one_of) {
        constexpr std::size_t k_most_ids = 128;
        out.dense = type.number<std::int16_t>(0, 0) == 1;
        const std::string_view ids = type.vector(1, 4);
        for (std::size_t at = 0; at + 4 <= ids.size() && out.ids.size() < k_most_ids; at += 4)
            out.ids.push_back(little_endian_at<std::int32_t>(ids, at));
    }
    const bool one_child = out.stored == Stored::list || out.stored == Stored::large_list ||
                           out.stored == Stored::fixed_list || out.stored == Stored::map ||
                           out.stored == Stored::list_view || out.stored == Stored::large_list_view;
    if (one_child && out.children.size() != 1) return broken();
    if (out.stored == Stored::map && !is_pair(out.children[0])) return broken();
    if (out.stored == Stored::run_end && (out.children.size() != 2 || !is_run_end(out.children[0]))) return broken();
    return {};
}

Status take_dictionary(const FlatTable& field, ArrowLayout& out) {
    const auto encoding = field.table(k_dictionary);
    if (!encoding) return {};
    out.dictionary = encoding->number<std::int64_t>(0, 0);
    const auto index = encoding->table(1);
    return index ? take_integer(*index, out.index_width, out.index_is_signed) : Status();
}

Result<ArrowLayout> layout_of(const FlatTable& field, int depth, std::size_t& fields) {
    if (depth > k_max_depth || ++fields > k_max_fields) return broken();
    ArrowLayout out;
    out.name = field.text(k_name);
    const auto stored = field.number<std::uint8_t>(k_type_type, 0);
    const auto type = field.table(k_type);
    if (!type || stored == 0 || stored > static_cast<std::uint8_t>(Stored::large_list_view)) return broken();
    out.stored = static_cast<Stored>(stored);
    for (std::size_t i = 0; i < field.count(k_children); ++i) {
        const auto child = field.item(k_children, i);
        if (!child) return broken();
        TRY(ArrowLayout below, layout_of(*child, depth + 1, fields));
        out.children.push_back(std::move(below));
    }
    TRY_DO(take_numbers(*type, out));
    TRY_DO(take_times(*type, out));
    TRY_DO(take_nested(*type, out));
    TRY_DO(take_dictionary(field, out));
    const std::string_view name = out.dictionary ? std::string_view() : extension(field);
    if (name == "arrow.uuid" && out.stored == Stored::fixed_binary && out.width == 16)
        out.meaning = ArrowLayout::Meaning::uuid;
    if (name == "arrow.bool8" && out.stored == Stored::integer && out.width == 1)
        out.meaning = ArrowLayout::Meaning::boolean;
    return out;
}

}  // namespace

Result<std::vector<ArrowLayout>> read_arrow_layout(const FlatTable& schema) {
    if (schema.number<std::int16_t>(0, 0) != 0)
        return Error(Errc::unsupported, "numbers stand with their highest byte first, which is not read here");
    std::vector<ArrowLayout> out;
    std::size_t fields = 0;
    for (std::size_t i = 0; i < schema.count(1); ++i) {
        const auto field = schema.item(1, i);
        if (!field) return broken();
        TRY(ArrowLayout column, layout_of(*field, 0, fields));
        out.push_back(std::move(column));
    }
    return out;
}

bool has_dictionary(const std::vector<ArrowLayout>& fields) {
    return std::ranges::any_of(fields, [](const ArrowLayout& f) { return f.dictionary || has_dictionary(f.children); });
}

}  // namespace neurolake::formats
