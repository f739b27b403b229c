// orc_statistics.cpp: how many values a column has, the least and the greatest, in the words of the catalog.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "formats/cell.hpp"
#include "formats/orc_footer.hpp"
#include "formats/orc_scalars.hpp"
#include "formats/protobuf.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {
namespace {

// A message with the least value in field 1 and the greatest in field 2.
template <typename Take>
bool take_bounds(std::string_view message, Take take, OrcStatistics& out) {
    ProtobufReader in(message);
    for (ProtobufField field; in.next(field);) {
        if (field.id == 1) out.min = take(field);
        if (field.id == 2) out.max = take(field);
    }
    return in.ok();
}

using Text = std::optional<std::string>;

Text integer_text(const ProtobufField& field) { return fmt::format("{}", field.zigzag()); }

Text real_text(const ProtobufField& field, OrcKind kind) {
    const double value = field.real();
    if (std::isnan(value)) return std::nullopt;
    return kind == OrcKind::real ? fmt::format("{}", static_cast<float>(value)) : double_text(value);
}

Text string_text(const ProtobufField& field) { return text::is_utf8(field.bytes) ? Text(field.bytes) : std::nullopt; }

Text date_of(const ProtobufField& field, bool old_calendar) {
    const std::int64_t days = field.zigzag();
    if (old_calendar && days < k_gregorian_since) return std::nullopt;
    return stored_time_text(model::TypeKind::date, days, 0);
}

// "12.5" with as many places as the column has.
Text decimal_text(std::string_view digits, const OrcType& type) {
    if (!type.is_sized_decimal()) return std::nullopt;
    const std::uint64_t scale = type.scale;
    const std::string_view unsigned_digits = digits.substr(digits.starts_with('-'));
    const std::size_t point = std::min(unsigned_digits.find('.'), unsigned_digits.size());
    const auto all_digits = [](std::string_view s) {
        return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    const std::string_view fraction = unsigned_digits.substr(std::min(point + 1, unsigned_digits.size()));
    if (point == 0 || digits.size() > 80 || fraction.size() > scale) return std::nullopt;
    if (!all_digits(unsigned_digits.substr(0, point)) || !all_digits(fraction)) return std::nullopt;
    std::string out(digits.substr(0, digits.size() - unsigned_digits.size() + point));
    if (scale == 0) return out;
    out += '.';
    out += fraction;
    return out + std::string(static_cast<std::size_t>(scale) - fraction.size(), '0');
}

// Milliseconds, and behind them the nanoseconds of each, which writers before ORC 1.6 did not keep: then it is not
// known where in its millisecond a bound lies.
void take_timestamps(std::string_view message, bool is_instant, bool old_calendar, OrcStatistics& out) {
    constexpr std::uint64_t k_min = 3, k_max = 4, k_min_nanos = 5, k_max_nanos = 6;
    std::optional<std::int64_t> min, max, min_nanos, max_nanos;
    ProtobufReader in(message);
    for (ProtobufField field; in.next(field);) {
        if (field.id == k_min) min = field.zigzag();
        if (field.id == k_max) max = field.zigzag();
        if (field.id == k_min_nanos) min_nanos = static_cast<std::int64_t>(field.number) - 1;  // 0 is not set
        if (field.id == k_max_nanos) max_nanos = static_cast<std::int64_t>(field.number) - 1;
    }
    if (!in.ok() || (!min_nanos && !max_nanos)) return;
    const auto text = [&](std::optional<std::int64_t> millis, std::int64_t nanos) -> Text {
        constexpr std::int64_t k_second = 1000, k_day = 86400, k_millisecond = 1000000;
        if (!millis || nanos < 0 || nanos >= k_millisecond) return std::nullopt;
        std::int64_t seconds = *millis / k_second, rest = *millis % k_second;
        if (rest < 0) {
            rest += k_second;
            --seconds;
        }
        if (old_calendar && seconds < k_gregorian_since * k_day) return std::nullopt;
        return timestamp_text(seconds, static_cast<std::uint32_t>(rest * k_millisecond + nanos)) +
               (is_instant ? "Z" : "");
    };
    out.min = text(min, min_nanos.value_or(0));
    out.max = text(max, max_nanos.value_or(999999));
}

// How many are true.
void take_booleans(std::string_view message, OrcStatistics& out) {
    std::optional<std::uint64_t> trues;
    ProtobufReader in(message);
    for (ProtobufField field; in.next(field);)
        if (field.id == 1 && !ProtobufReader::numbers(field, [&](std::uint64_t n) { trues = trues.value_or(n); }))
            return;
    if (!in.ok() || !trues || !out.values || *trues > *out.values || *out.values == 0) return;
    out.min = *trues == *out.values ? "true" : "false";
    out.max = *trues == 0 ? "false" : "true";
}

class Reader {
public:
    Reader(const OrcType& type, bool old_calendar) : m_type(type), m_old_calendar(old_calendar) {}

    OrcStatistics read(std::string_view message) const {
        OrcStatistics out;
        std::string_view bounds;
        ProtobufReader in(message);
        for (ProtobufField field; in.next(field);) {
            if (field.id == 1) out.values = field.number;
            if (field.id == field_of_bounds()) bounds = field.bytes;
        }
        if (!in.ok()) return {};
        if (!bounds.empty()) take(bounds, out);
        if (!out.min || !out.max) out.min = out.max = std::nullopt;
        return out;
    }

private:
    // Of ColumnStatistics; 0: none of them.
    std::uint64_t field_of_bounds() const {
        switch (m_type.kind) {
            case OrcKind::byte:
            case OrcKind::short_integer:
            case OrcKind::integer:
            case OrcKind::long_integer:
                return 2;
            case OrcKind::real:
            case OrcKind::double_real:
                return 3;
            case OrcKind::string:
            case OrcKind::varchar:
            case OrcKind::character:
                return 4;
            case OrcKind::boolean:
                return 5;
            case OrcKind::decimal:
                return 6;
            case OrcKind::date:
                return 7;
            case OrcKind::timestamp:
            case OrcKind::instant:
                return 9;
            default:
                return 0;
        }
    }

    void take(std::string_view bounds, OrcStatistics& out) const {
        switch (field_of_bounds()) {
            case 2:
                return settle(take_bounds(bounds, integer_text, out), out);
            case 3:
                return settle(take_bounds(
                                  bounds, [&](auto& f) { return real_text(f, m_type.kind); }, out),
                              out);
            case 4:
                return settle(take_bounds(bounds, string_text, out), out);
            case 5:
                return take_booleans(bounds, out);
            case 6:
                return settle(take_bounds(
                                  bounds, [&](auto& f) { return decimal_text(f.bytes, m_type); }, out),
                              out);
            case 7:
                return settle(take_bounds(
                                  bounds, [&](auto& f) { return date_of(f, m_old_calendar); }, out),
                              out);
            default:
                return take_timestamps(bounds, m_type.kind == OrcKind::instant, m_old_calendar, out);
        }
    }
    static void settle(bool whole, OrcStatistics& out) {
        if (!whole) out.min = out.max = std::nullopt;
    }

    const OrcType& m_type;
    bool m_old_calendar;
};

}  // namespace

std::vector<OrcStatistics> orc_statistics(std::string_view bytes, const OrcFooter& footer,
                                          const std::vector<OrcColumn>& columns) {
    constexpr std::uint64_t k_statistics = 7;
    std::vector<OrcStatistics> out(columns.size());
    if (footer.encrypted) return out;  // those of encrypted columns are masked, and they do not say which they are
    std::vector<std::size_t> column_of(footer.types.size(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) column_of[columns[i].node] = i;
    std::size_t node = 0;
    ProtobufReader in(bytes);
    for (ProtobufField field; in.next(field);) {
        if (field.id != k_statistics || node >= column_of.size()) continue;
        if (const std::size_t column = column_of[node]; column < columns.size())
            out[column] = Reader(footer.types[node], footer.old_calendar).read(field.bytes);
        ++node;
    }
    return out;
}

}  // namespace neurolake::formats
