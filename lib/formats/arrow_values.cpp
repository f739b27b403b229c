// arrow_values.cpp: validity, offsets, indices, views, runs and unions: from a row to its bytes.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/arrow_scalars.hpp"
#include "formats/value_json.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

using Stored = ArrowStored;

namespace {

constexpr std::uint64_t k_max_value = 16u << 20;  // bytes
constexpr std::uint64_t k_max_inside = 4u << 20;  // of the texts inside a value, which are copied more often
constexpr std::uint64_t k_value_cost = 128;       // that a value inside another takes beside its name and text

bool has_wide_offsets(Stored stored) {
    return stored == Stored::large_binary || stored == Stored::large_utf8 || stored == Stored::large_list ||
           stored == Stored::large_list_view;
}

}  // namespace

Status ArrowValues::spend(std::uint64_t bytes) {
    if (bytes > m_room) return Error(Errc::guard, "a row holds more than can be shown");
    m_room -= bytes;
    return {};
}

Result<std::string_view> ArrowValues::bytes(ArrowArray& array, std::size_t buffer, std::uint64_t from,
                                            std::uint64_t size) {
    auto out = array.batch->body().bytes(array.buffer + buffer, from, size, m_budget);
    if (out || out.error().code == Errc::io || out.error().code == Errc::cancelled) return out;
    const Error& e = out.error();
    return Error(e.code, fmt::format("{}: {}", array.batch->name(), e.message), e.hint);
}

Result<std::int64_t> ArrowValues::number(ArrowArray& array, std::size_t buffer, std::uint64_t i, std::size_t width,
                                         bool is_signed) {
    TRY(const std::string_view stored, bytes(array, buffer, i * width, width));
    switch (width) {
        case 1:
            return is_signed ? little_endian_at<std::int8_t>(stored) : little_endian_at<std::uint8_t>(stored);
        case 2:
            return is_signed ? little_endian_at<std::int16_t>(stored) : little_endian_at<std::uint16_t>(stored);
        case 4:
            return is_signed ? std::int64_t{little_endian_at<std::int32_t>(stored)}
                             : std::int64_t{little_endian_at<std::uint32_t>(stored)};
        default:
            return little_endian_at<std::int64_t>(stored);
    }
}

Result<json::Value> ArrowValues::at(ArrowArray& array, std::uint64_t row) {
    m_room = m_text_room = k_max_value;
    return present(array, row);
}

// A value inside another.
Result<json::Value> ArrowValues::value(ArrowArray& array, std::uint64_t i) {
    TRY_DO(spend(k_value_cost));
    TRY_DO(m_budget.spend(2 * k_value_cost));
    m_text_room = std::min(m_text_room, k_max_inside);
    return present(array, i);
}

Result<bool> ArrowValues::is_null(ArrowArray& array, std::uint64_t i) {
    if (!array.may_be_null) return false;
    TRY(const std::string_view bits, bytes(array, 0, i / 8, 1));
    return (static_cast<unsigned char>(bits[0]) >> i % 8 & 1) == 0;
}

Result<json::Value> ArrowValues::present(ArrowArray& array, std::uint64_t i) {
    if (i >= array.length) return array.batch->damaged("a column has fewer values than rows");
    TRY(const bool null, is_null(array, i));
    if (null) return json::Value();
    return array.encoded ? decoded(array, i) : plain(array, i);
}

// A value of a dictionary.
Result<json::Value> ArrowValues::decoded(ArrowArray& array, std::uint64_t i) {
    const ArrowLayout& layout = *array.layout;
    TRY(const std::int64_t index, number(array, 1, i, layout.index_width, layout.index_is_signed));
    if (index < 0) return array.batch->damaged("an index into a dictionary is negative");
    const auto entry = m_dictionaries.entry(layout, static_cast<std::uint64_t>(index));
    if (!entry) return Error(entry.error().code, fmt::format("{}: {}", array.batch->name(), entry.error().message));
    return present(*entry->first, entry->second);
}

Result<json::Value> ArrowValues::plain(ArrowArray& array, std::uint64_t i) {
    const ArrowLayout& layout = *array.layout;
    switch (layout.stored) {
        case Stored::none:
        case Stored::null:
            return json::Value();
        case Stored::boolean: {
            TRY(const std::string_view bits, bytes(array, 1, i / 8, 1));
            return json::Value((static_cast<unsigned char>(bits[0]) >> i % 8 & 1) != 0);
        }
        case Stored::binary:
        case Stored::utf8:
        case Stored::large_binary:
        case Stored::large_utf8: {
            TRY(const Range place, range(array, i));
            return text(array, 2, place.begin, place.end - place.begin);
        }
        case Stored::binary_view:
        case Stored::utf8_view:
            return viewed(array, i);
        case Stored::structure:
            return structure(array, i);
        case Stored::list:
        case Stored::large_list:
        case Stored::list_view:
        case Stored::large_list_view:
        case Stored::fixed_list:
        case Stored::map:
            return list(array, i);
        case Stored::one_of:
            return one_of(array, i);
        case Stored::run_end:
            return run(array, i);
        case Stored::fixed_binary:
            if (layout.meaning != ArrowLayout::Meaning::uuid) return text(array, 1, i * layout.width, layout.width);
            break;
        default:
            break;
    }
    TRY(const std::string_view stored, bytes(array, 1, i * layout.width, layout.width));
    return arrow_scalar(layout, stored);
}

// Of bytes that are shown in part no more is read than it takes.
Result<json::Value> ArrowValues::text(ArrowArray& array, std::size_t buffer, std::uint64_t begin, std::uint64_t size) {
    constexpr std::uint64_t k_told = 65;  // one more than is shown says that there are more
    if (!array.layout->is_bytes()) {
        TRY_DO(spend(size));
        if (size > m_text_room) return Error(Errc::guard, "a row holds more than can be shown");
        m_text_room -= size;
        TRY(const std::string_view stored, bytes(array, buffer, begin, size));
        return json::Value(stored);
    }
    TRY_DO(spend(2 * k_told));
    TRY(const std::string_view stored, bytes(array, buffer, begin, std::min(size, k_told)));
    return json::Value(bytes_text(stored));
}

// Short ones stand in the view, of others it says where.
Result<json::Value> ArrowValues::viewed(ArrowArray& array, std::uint64_t i) {
    constexpr std::uint64_t k_view = 16, k_in_view = 12;
    TRY(const std::string_view view, bytes(array, 1, i * k_view, k_view));
    const auto size = little_endian_at<std::int32_t>(view), buffer = little_endian_at<std::int32_t>(view, 8),
               begin = little_endian_at<std::int32_t>(view, 12);
    if (size < 0) return array.batch->damaged("a text has fewer than no bytes");
    const auto length = static_cast<std::uint64_t>(size);
    if (length <= k_in_view) return text(array, 1, i * k_view + 4, length);
    if (buffer < 0 || static_cast<std::size_t>(buffer) >= array.variadic || begin < 0)
        return array.batch->damaged("a text stands outside its buffers");
    return text(array, 2 + static_cast<std::size_t>(buffer), static_cast<std::uint64_t>(begin), length);
}

// Where the values of a list, or the bytes of a text, stand.
Result<ArrowValues::Range> ArrowValues::range(ArrowArray& array, std::uint64_t i) {
    const ArrowLayout& layout = *array.layout;
    const std::size_t width = has_wide_offsets(layout.stored) ? 8 : 4;
    if (layout.stored == Stored::fixed_list) return Range{i * layout.items, (i + 1) * layout.items};
    TRY(const std::int64_t begin, number(array, 1, i, width));
    const bool is_view = layout.stored == Stored::list_view || layout.stored == Stored::large_list_view;
    const auto other = is_view ? number(array, 2, i, width) : number(array, 1, i + 1, width);
    if (!other) return other.error();
    std::int64_t end = *other;
    if (is_view && __builtin_add_overflow(begin, *other, &end)) end = -1;
    if (begin < 0 || end < begin) return array.batch->damaged("an offset is less than the one before");
    return Range{static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)};
}

Result<json::Value> ArrowValues::structure(ArrowArray& array, std::uint64_t i) {
    json::Object object;
    for (ArrowArray& child : array.children) {
        TRY_DO(spend(child.layout->name.size()));
        TRY(json::Value field, value(child, i));
        object.emplace_back(std::string(child.layout->name), std::move(field));
    }
    return json::Value(std::move(object));
}

Result<json::Value> ArrowValues::list(ArrowArray& array, std::uint64_t i) {
    TRY(const Range place, range(array, i));
    ArrowArray& items = array.children[0];
    if (place.end > items.length) return array.batch->damaged("an offset lies outside the values of its list");
    if (array.layout->stored == Stored::map) return map(items, place.begin, place.end);
    json::Array out;
    for (std::uint64_t at = place.begin; at < place.end; ++at) {
        TRY(json::Value item, value(items, at));
        out.push_back(std::move(item));
    }
    return json::Value(std::move(out));
}

Result<json::Value> ArrowValues::map(ArrowArray& entries, std::uint64_t begin, std::uint64_t end) {
    json::Object out;
    for (std::uint64_t at = begin; at < end; ++at) {
        TRY(const json::Value key, value(entries.children[0], at));
        TRY(json::Value item, value(entries.children[1], at));
        out.emplace_back(cell_of(key).value_or("null"), std::move(item));
    }
    return json::Value(std::move(out));
}

Result<json::Value> ArrowValues::one_of(ArrowArray& array, std::uint64_t i) {
    const std::vector<std::int32_t>& ids = array.layout->ids;
    TRY(const std::int64_t id, number(array, 0, i, 1));
    const auto found = std::ranges::find(ids, id);
    const std::int64_t child = ids.empty() ? id : found - ids.begin();
    if (child < 0 || static_cast<std::size_t>(child) >= array.children.size())
        return array.batch->damaged("a union has a type that it does not have");
    if (!array.layout->dense) return value(array.children[static_cast<std::size_t>(child)], i);
    TRY(const std::int64_t at, number(array, 1, i, 4));
    if (at < 0) return array.batch->damaged("an offset of a union is negative");
    return value(array.children[static_cast<std::size_t>(child)], static_cast<std::uint64_t>(at));
}

// The first run that ends behind the row; mostly that of the row before, or the next.
Result<json::Value> ArrowValues::run(ArrowArray& array, std::uint64_t i) {
    ArrowArray &ends = array.children[0], &values = array.children[1];
    const auto end_of = [&](std::uint64_t at) { return number(ends, 1, at, ends.layout->width); };
    std::uint64_t low = 0, high = ends.length;
    if (array.run > 0 && array.run < ends.length) {
        TRY(const std::int64_t before, end_of(array.run - 1));
        if (before >= 0 && i >= static_cast<std::uint64_t>(before)) low = array.run;
    }
    for (int tries = 0; low < high; ++tries) {
        const std::uint64_t probe = tries < 2 ? low : low + (high - low) / 2;
        TRY(const std::int64_t end, end_of(probe));
        const bool behind = end >= 0 && static_cast<std::uint64_t>(end) <= i;
        behind ? low = probe + 1 : high = probe;
    }
    if (low >= ends.length) return array.batch->damaged("its runs end before its rows");
    array.run = low;
    return value(values, low);
}

}  // namespace neurolake::formats
